/** Copies of one picture: side by side, one in the place of the other, or only what differs between two. */
import { useEffect, useState } from "preact/hooks";
import { count, percent, plural } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import { reason } from "../../hosts/reason";
import type { Context } from "../component";
import { acrossWords, tierWords } from "../duplicates/words";
import { Picture } from "../grid/card";
import { Glimpse, showRows } from "../samples-strip";
import { wordsOf } from "./decided";
import type { Desk } from "./desk";
import { survivorOf, type Item } from "./queue";

/** Which copy stands in the large frame, and whether it is laid over the first as a difference. */
export interface Laid {
  copy: number;
  difference: boolean;
}

export const FIRST: Laid = { copy: 0, difference: false };
/** So many copies are shown beside each other. */
const MOST = 12;
/** Pictures are compared at this size at most. */
const SIDE = 256;

export function flipped({ copy, difference }: Laid, copies: number): Laid {
  const next = (copy + 1) % Math.min(MOST, copies);
  // The first one differs from itself in nothing.
  return { copy: difference && next === 0 ? 1 : next, difference };
}

export function differing({ copy, difference }: Laid): Laid {
  return difference ? { copy, difference: false } : { copy: Math.max(1, copy), difference: true };
}

/** Mean difference of two pictures of equal length in bytes, and the share of pixels that differ by more than a hundredth. */
export function distance(a: Uint8ClampedArray, b: Uint8ClampedArray): { mean: number; share: number } {
  let [sum, far] = [0, 0];
  const pixels = Math.min(a.length, b.length) / 4;
  for (let i = 0; i < 4 * pixels; i += 4) {
    const apart = (Math.abs((a[i] ?? 0) - (b[i] ?? 0)) + Math.abs((a[i + 1] ?? 0) - (b[i + 1] ?? 0)) + Math.abs((a[i + 2] ?? 0) - (b[i + 2] ?? 0))) / 3;
    sum += apart;
    if (apart > 2.55) far++;
  }
  return { mean: pixels === 0 ? 0 : sum / pixels / 255, share: pixels === 0 ? 0 : far / pixels };
}

interface Compared {
  sizes: readonly string[];
  /** Null where the two have other sizes: no pixel of one is then a pixel of the other. */
  apart: { mean: number; share: number } | null;
}

async function loaded(address: string | Promise<string>): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = await address;
  await image.decode();
  return image;
}

async function compared(ctx: Context, rows: readonly [number, number]): Promise<Compared> {
  const images = await Promise.all(rows.map((row) => loaded(ctx.data.media(row))));
  const [a, b] = images;
  const sizes = images.map(({ naturalWidth, naturalHeight }) => `${naturalWidth} × ${naturalHeight}`);
  if (!a || !b || sizes[0] !== sizes[1]) return { sizes, apart: null };
  const scale = Math.min(1, SIDE / Math.max(a.naturalWidth, a.naturalHeight));
  const [width, height] = [a.naturalWidth, a.naturalHeight].map((side) => Math.max(1, Math.round(side * scale)));
  const pixels = images.map((image) => {
    const paint = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    paint?.drawImage(image, 0, 0, width ?? 1, height ?? 1);
    return paint?.getImageData(0, 0, width ?? 1, height ?? 1).data;
  });
  return { sizes, apart: pixels[0] && pixels[1] ? distance(pixels[0], pixels[1]) : null };
}

/** How far the two pictures in the frame lie apart, in words. */
function Apart({ ctx, first, other }: { ctx: Context; first: number; other: number }) {
  const [found, set] = useState<Compared | string | null>(null);
  useEffect(() => {
    let gone = false;
    set(null);
    compared(ctx, [first, other]).then((one) => !gone && set(one), (error: unknown) => !gone && set(`They could not be compared. ${reason(error)}`));
    return () => {
      gone = true;
    };
  }, [first, other]);
  if (found === null || typeof found === "string") return <span>{found ?? ""}</span>;
  if (!found.apart) return <span>{`sizes ${found.sizes.join(" and ")}`}</span>;
  return <span>{found.apart.mean === 0 ? `pixel for pixel the same, ${found.sizes[0]}` : `${percent(found.apart.share, 0)} of the pixels differ, by ${percent(found.apart.mean, 1)} on average; ${found.sizes[0]}`}</span>;
}

/** All copies in one place, one of them seen: switching draws nothing anew, so that the eye catches what moves. */
export function Stack({ ctx, desk, item, laid }: { ctx: Context; desk: Desk; item: Item; laid: Laid }) {
  const rows = item.rows.slice(0, MOST);
  const seen = (copy: number) => copy === laid.copy || (laid.difference && copy === 0);
  return (
    <div class={`stack ${laid.difference ? "differing" : ""}`}>
      {rows.map((row, copy) => <div key={row} class={`sheet ${seen(copy) ? "" : "away"}`} aria-hidden={!seen(copy)}><Picture ctx={ctx} sample={row} alt={desk.idOf(row)} /></div>)}
    </div>
  );
}

/** Which copy is seen, and the two ways to look at two of them. */
export function LaidBar({ ctx, desk, item, laid, lay }: { ctx: Context; desk: Desk; item: Item; laid: Laid; lay: (change: (laid: Laid, copies: number) => Laid) => void }) {
  const copies = Math.min(MOST, item.rows.length);
  const other = item.rows[laid.copy === 0 ? 1 : laid.copy] ?? 0;
  return (
    <p class="laid small">
      <button type="button" class="button" title="The next copy in the place of this one" onClick={() => lay(flipped)}>Blink <kbd>F</kbd></button>
      <button type="button" class="button" aria-pressed={laid.difference} title="Black where the two are the same; what differs is shown four times as bright" onClick={() => lay(differing)}>Difference <kbd>E</kbd></button>
      <span role="status"><b>{laid.difference ? `1 and ${laid.copy + 1} of ${copies}` : `${laid.copy + 1} of ${copies}`}</b> {desk.idOf(item.rows[laid.copy] ?? 0)}</span>
      <span class="muted"><Apart ctx={ctx} first={item.rows[0] ?? 0} other={other} /></span>
    </p>
  );
}

/** Copies side by side: label, split, and which is best kept. */
export function Copies({ ctx, desk, item, blind }: { ctx: Context; desk: Desk; item: Item; blind: boolean }) {
  const { group, rows } = item;
  const stays = survivorOf(desk, rows);
  const open = () => showRows(ctx, rows, "that are copies of each other");
  return (
    <div class="copies" role="group" aria-label="Copies side by side">
      <p class="small">
        <Door leads="show them among the samples" open={open}>{plural(rows.length, "sample")}</Door>{" "}
        {group?.conflict && !blind && <span class="badge bad">labels differ</span>}{" "}
        {group && group.splits.length > 1 && <span class="badge warn">{acrossWords(group.splits)}</span>}{" "}
        {group && tierWords(group) !== null && <span class="muted">{tierWords(group)}</span>}{" "}
        {rows.length > MOST && <span class="muted">{`the first ${count(MOST)}`}</span>}
      </p>
      <ul>
        {rows.slice(0, MOST).map((row) => {
          const standing = desk.standing(row);
          return (
            <li key={row}>
              <button type="button" class="like big" aria-label={`Open ${desk.idOf(row)}`} onClick={() => (ctx.store.focus.value = row)}><Glimpse ctx={ctx} sample={row} /></button>
              {!blind && <span class="small"><Swatch of={desk.labelOf(row)} /> {desk.nameOf(row) ?? "no label"}</span>}
              <span class="muted small">{desk.splitOf(row) ?? "no split"}{row === stays && <b title="decided ones first, then those nobody trains on"> · stays</b>}</span>
              {standing && <span class="small">{wordsOf(standing)}</span>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
