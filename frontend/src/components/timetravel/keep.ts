/** What can be taken away: the picture, the places as a table, and the whole way as a film. */
import { valueAt } from "../../hosts/arrow";
import type { Context } from "../component";
import { STEPS, type Quantised } from "../../draw/points/quantise";
import type { Frames } from "./frames";
import type { Pen } from "./plane";
import type { Dots } from "./use-dots";

/** A field of a CSV: quoted where it must be, and never read as a formula by a spreadsheet. */
export function field(value: string | number | null): string {
  if (value === null) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(rows: Iterable<readonly (string | number | null)[]>): string {
  return [...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

function coordinate(places: Quantised, i: number, axis: 0 | 1): number {
  const { x0, x1, y0, y1 } = places.extent;
  const [from, to] = axis === 0 ? [x0, x1] : [y0, y1];
  return Number((from + ((to - from) * (places.pairs[2 * i + axis] ?? 0)) / STEPS).toPrecision(7));
}

/** Every sample that stands out, at some frames: id, checkpoint, place, label and prediction. */
export async function placesCsv(ctx: Context, frames: Frames, dots: Dots, which: readonly number[]): Promise<Blob> {
  const recording = ctx.store.recording.peek();
  const name = recording.columns.find(({ role }) => role === "id")?.name;
  const ids = name === undefined ? null : await ctx.data.columns.get(name);
  const { classes } = recording;
  const named = (column: { values: ArrayLike<number>; valid: ArrayLike<number> | null } | null | undefined, i: number) => (!column || (column.valid && !column.valid[i]) ? null : (classes[column.values[i] ?? -1] ?? null));
  const parts = [csv([["sample_id", "sample_index", "checkpoint", "x", "y", "label"]])];
  for (const frame of which) {
    const places = await frames.places.want(frame);
    parts.push(csv(function* () {
      for (let i = 0; i < places.n; i++) {
        if (places.hidden[i] || dots.filtered?.[i]) continue;
        yield [ids ? String(valueAt(ids, i) ?? "") : "", i, frames.name(frame), coordinate(places, i, 0), coordinate(places, i, 1), named(dots.truth?.label, i)];
      }
    }()));
  }
  return new Blob(parts, { type: "text/csv" });
}

export async function pngOf(pen: Pen): Promise<Blob> {
  const picture = pen.canvas.picture(Math.max(2, window.devicePixelRatio || 1));
  return new Promise((resolve, reject) => picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not make a PNG of this size."))), "image/png"));
}

/** The canvas' own shapes, with what lies above them as a picture. */
export function svgOf(pen: Pen): Blob {
  const svg = pen.canvas.svg();
  const [, width = "1", height = "1"] = /width="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)"/.exec(svg) ?? [];
  const ratio = 2;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(Number(width) * ratio), Math.round(Number(height) * ratio)];
  const paint = canvas.getContext("2d");
  if (!paint) return new Blob([svg], { type: "image/svg+xml" });
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.above(paint);
  const layer = `<image width="${width}" height="${height}" href="${canvas.toDataURL("image/png")}"/>`;
  return new Blob([svg.replace(/<\/svg>\s*$/, `${layer}</svg>\n`)], { type: "image/svg+xml" });
}
