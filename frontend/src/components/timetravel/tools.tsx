/** What can be set, asked and taken away above the picture. */
import { useRef, useState } from "preact/hooks";
import { fileName, saveAs } from "../../draw/save";
import { count } from "../../draw/format";
import { ALL } from "../../state/selection";
import type { Context } from "../component";
import { MODES } from "./beside";
import type { Clock } from "./clock";
import type { Courses } from "./courses";
import { OWN, OWN_WORDS, otherColours } from "./dots";
import type { Frames } from "./frames";
import { filmed, filmKind, gifOf, type Filming } from "./film";
import { placesCsv, pngOf, svgOf } from "./keep";
import { atOne, filterOver, OVERS, type Over } from "./over-time";
import type { Pen } from "./plane";
import type { Dots } from "./use-dots";
import { reason } from "../../hosts/reason";

export function ColourChoice({ ctx, by }: { ctx: Context; by: string }) {
  const recording = ctx.store.recording.value;
  return (
    <label class="choose">
      <span aria-hidden="true">Colour</span>
      <select aria-label="Colour" value={by} onChange={(event) => ctx.set({ colour: event.currentTarget.value })}>
        {OWN.map((name) => <option key={name} value={name}>{OWN_WORDS[name]}</option>)}
        {otherColours(recording).map(({ name }) => <option key={name} value={name}>{name}</option>)}
      </select>
    </label>
  );
}

const FLAGS = [
  ["wrong", "Rings around wrong predictions"], ["territories", "Territories"], ["boundaries", "Lines between territories"], ["mask", "Fade where no data are"],
  ["names", "Names on the data"], ["trails", "Ways of selected samples"], ["near", "Neighbours of the sample in focus"], ["smooth", "Move between checkpoints"], ["density", "A cloud in place of dots"],
] as const;

export function Display({ ctx }: { ctx: Context }) {
  const options = ctx.options.value;
  const { splits, layers, beside } = ctx.store.recording.value;
  const number = (name: "strength" | "size", fallback: number) => (typeof options[name] === "number" ? options[name] : fallback);
  return (
    <details class="settings">
      <summary class="button">Display</summary>
      <div class="panel">
        {FLAGS.map(([name, words]) => <label key={name} class="check"><input type="checkbox" checked={options[name] === true} onChange={() => ctx.set({ [name]: options[name] !== true })} /> {words}</label>)}
        <label class="choose"><span>Strength of territories</span><input type="range" min={0.1} max={1} step={0.05} aria-label="Strength of territories" value={number("strength", 1)} onChange={(event) => ctx.set({ strength: Number(event.currentTarget.value) })} /></label>
        <label class="choose"><span>Size of dots</span><input type="range" min={1} max={8} step={0.5} aria-label="Size of dots" value={number("size", 3)} onChange={(event) => ctx.set({ size: Number(event.currentTarget.value) })} /></label>
        {splits.length > 1 && (
          <label class="choose"><span>Standing out</span>
            <select aria-label="Split that stands out" value={typeof options["split"] === "string" ? options["split"] : ALL} onChange={(event) => ctx.set({ split: event.currentTarget.value === ALL ? null : event.currentTarget.value })}>
              <option value={ALL}>all splits</option>
              {splits.map(({ name }) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
        )}
        <label class="choose"><span>Placed by</span>
          <select aria-label="How samples are placed" value={String(options["mode"])} onChange={(event) => ctx.set({ mode: event.currentTarget.value })}>
            {MODES.map(([id, words]) => <option key={id} value={id}>{words}</option>)}
          </select>
        </label>
        {layers.length > 1 && (
          <label class="choose"><span>Layer</span>
            <select aria-label="Layer" value={typeof options["layer"] === "string" ? options["layer"] : ""} onChange={(event) => ctx.set({ layer: event.currentTarget.value || null })}>
              <option value="">the embedding</option>
              {layers.map(({ name }) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
        )}
        {(beside.length > 0 || typeof options["beside"] === "string") && (
          <label class="choose"><span>Training</span>
            <select aria-label="Training" value={typeof options["beside"] === "string" ? options["beside"] : ""} onChange={(event) => ctx.set({ beside: event.currentTarget.value || null })}>
              <option value="">this one</option>
              {[...new Set([...beside, ...(typeof options["beside"] === "string" ? [options["beside"]] : [])])].map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
        )}
        {ctx.store.recording.value.writing && <label class="check"><input type="checkbox" checked={options["follow"] === true} onChange={() => ctx.set({ follow: options["follow"] !== true })} /> Follow the running job</label>}
      </div>
    </details>
  );
}

export function OverTime({ ctx, courses, frames }: { ctx: Context; courses: Courses | null; frames: Frames | null }) {
  const { checkpoints } = ctx.store.recording.value;
  const place = Math.max(0, ctx.store.place());
  const [over, setOver] = useState<Over>("flip");
  const [between, setBetween] = useState<{ from: number | null; to: number | null }>({ from: null, to: null });
  const [said, say] = useState<string | null>(null);
  const [from, to] = [Math.min(between.from ?? 0, checkpoints.length - 1), Math.min(between.to ?? (atOne(over) ? place : checkpoints.length - 1), checkpoints.length - 1)];
  const apply = () => {
    say(null);
    filterOver(ctx, over, { from, to }, courses, frames).then((n) => say(`${count(n)} samples`), (error: unknown) => say(reason(error)));
  };
  const choose = (label: string, value: number, set: (place: number) => void) => (
    <select aria-label={label} value={String(value)} onChange={(event) => set(Number(event.currentTarget.value))}>
      {checkpoints.map(({ name }, k) => <option key={name} value={String(k)}>{`checkpoint ${k + 1}`}</option>)}
    </select>
  );
  return (
    <details class="settings">
      <summary class="button">Filter by time</summary>
      <form class="panel" onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}>
        <label class="choose"><span>Only what</span>
          <select aria-label="What happened" value={over} onChange={(event) => setOver(OVERS.find(([id]) => id === event.currentTarget.value)?.[0] ?? "flip")}>
            {OVERS.map(([id, words]) => <option key={id} value={id}>{words}</option>)}
          </select>
        </label>
        {!atOne(over) && <div class="choose"><span>after</span>{choose("After checkpoint", from, (next) => setBetween({ from: next, to: Math.max(next, to) }))}</div>}
        <div class="choose"><span>{atOne(over) ? "at" : "up to"}</span>{choose(atOne(over) ? "At checkpoint" : "Up to checkpoint", to, (next) => setBetween({ from: atOne(over) ? from : Math.min(from, next), to: next }))}</div>
        <button type="submit" class="button primary" disabled={!atOne(over) && from >= to}>Filter</button>
        {said !== null && <p class="small muted" role="status">{said}</p>}
      </form>
    </details>
  );
}

interface SaveProps {
  ctx: Context;
  pen: Pen | null;
  clock: Clock;
  frames: Frames;
  dots: Dots;
}

export function Save({ ctx, pen, clock, frames, dots }: SaveProps) {
  const [said, say] = useState<string | null>(null);
  const [filming, setFilming] = useState<number | null>(null);
  const control = useRef<AbortController | null>(null);
  const { store } = ctx;
  const name = (what: string, ending: string) => fileName([store.recording.peek().name, ctx.id, what], ending);
  const here = () => `checkpoint ${store.place() + 1}`;
  const run = (work: () => unknown) => {
    say(null);
    Promise.resolve().then(work).catch((error: unknown) => say(reason(error)));
  };
  const kind = filmKind();
  const frameNow = () => frames.frame(store.checkpoint.peek()?.name ?? "");
  const film = async (record: (asked: Filming) => Promise<Blob>, ending: string) => {
    if (!pen) return;
    control.current = new AbortController();
    setFilming(0);
    const { checkpoints, name: recording } = store.recording.peek();
    const ready = async (place: number) => {
      const frame = frames.frame(checkpoints[place]?.name ?? "");
      if (frame !== null) await Promise.all([frames.places.want(frame), frames.hasLandscapes ? frames.landscapes.want(frame) : null]);
    };
    try {
      const caption = (place: number) => `${recording} · checkpoint ${place + 1} of ${checkpoints.length}`;
      saveAs(await record({ pen, clock, ready, caption, signal: control.current.signal, told: setFilming }), name("film", ending));
    } finally {
      setFilming(null);
    }
  };
  return (
    <details class="settings">
      <summary class="button">Save</summary>
      <div class="panel">
        <button type="button" class="button" disabled={!pen} onClick={() => run(async () => pen && saveAs(await pngOf(pen), name(here(), "png")))}>Picture (PNG)</button>
        <button type="button" class="button" disabled={!pen} onClick={() => run(() => pen && saveAs(svgOf(pen), name(here(), "svg")))}>Picture (SVG)</button>
        <button type="button" class="button" onClick={() => run(async () => {
          const frame = frameNow();
          if (frame === null) throw new Error("This checkpoint has no frame in the projection.");
          saveAs(await placesCsv(ctx, frames, dots, [frame]), name(here(), "csv"));
        })}>Places here (CSV)</button>
        <button type="button" class="button" onClick={() => run(async () => saveAs(await placesCsv(ctx, frames, dots, frames.infos.map((_, frame) => frame)), name("all checkpoints", "csv")))}>Places at all checkpoints (CSV)</button>
        {filming === null ? (
          <>
            {kind && <button type="button" class="button" disabled={!pen} title="Plays once through and records it" onClick={() => run(() => film(filmed, kind.ending))}>{`Film (${kind.ending.toUpperCase()})`}</button>}
            <button type="button" class="button" disabled={!pen} title="Goes once through, picture by picture" onClick={() => run(() => film(gifOf, "gif"))}>Film (GIF)</button>
          </>
        ) : <button type="button" class="button" onClick={() => control.current?.abort()}><progress max={1} value={filming} aria-label="Filming" /> Stop filming</button>}
        {said !== null && <p class="small" role="status">{said}</p>}
      </div>
    </details>
  );
}
