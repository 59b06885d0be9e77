/** What can be taken away: the picture, the places as a table, and the whole way as a film. */
import { valueAt } from "../../hosts/arrow";
import type { Context } from "../component";
import { STEPS, type Quantised } from "../../draw/points/quantise";
import type { Clock } from "./clock";
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

const FILMS = [["video/mp4;codecs=avc1.42E01F", "mp4"], ["video/mp4", "mp4"], ["video/webm;codecs=vp9", "webm"], ["video/webm", "webm"]] as const;

/** What this browser can film in; null where it cannot. */
export function filmKind(): { type: string; ending: string } | null {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) return null;
  const found = FILMS.find(([type]) => MediaRecorder.isTypeSupported(type));
  return found ? { type: found[0], ending: found[1] } : null;
}

const FILM_FPS = 25;
/** In a film a checkpoint lasts so long, and the last one a second more. */
const FILM_MS = 800;

/** Play from the first checkpoint to the last at an even pace, whatever the machine needs, and film it. */
export async function filmed(pen: Pen, clock: Clock, ready: (place: number) => Promise<unknown>, caption: (place: number) => string, signal: AbortSignal, told: (share: number) => void): Promise<Blob> {
  const kind = filmKind();
  if (!kind) throw new Error("This browser cannot record films. Save single pictures as PNG instead, or open the page in a current Chrome, Firefox or Safari.");
  const before = clock.at.peek();
  clock.pause();
  const first = pen.canvas.picture(1);
  const film = document.createElement("canvas");
  // Codecs want even sides.
  [film.width, film.height] = [first.width & ~1, first.height & ~1];
  const paint = film.getContext("2d");
  if (!paint) throw new Error("The browser gave no canvas to film from.");
  const stream = film.captureStream(FILM_FPS);
  const recorder = new MediaRecorder(stream, { mimeType: kind.type, videoBitsPerSecond: 6e6 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => data.size > 0 && parts.push(data);
  const ended = new Promise<void>((resolve, reject) => {
    recorder.onstop = () => resolve();
    recorder.onerror = () => reject(new Error("The browser stopped filming."));
  });
  const font = getComputedStyle(document.body).fontFamily || "sans-serif";
  const shoot = (place: number) => {
    paint.drawImage(pen.canvas.picture(1), 0, 0);
    paint.font = `600 13px ${font}`;
    paint.lineWidth = 3;
    paint.strokeStyle = "#fff";
    paint.strokeText(caption(place), 12, film.height - 14);
    paint.fillStyle = "#16202a";
    paint.fillText(caption(place), 12, film.height - 14);
  };
  try {
    for (let place = 0; place <= clock.end; place++) await ready(place);
    recorder.start();
    const length = clock.end * FILM_MS;
    const since = performance.now();
    for (let passed = 0; passed < length + 1000; passed = performance.now() - since) {
      if (signal.aborted) throw new DOMException("The film was stopped; nothing of it is kept.", "AbortError");
      const at = Math.min(clock.end, passed / FILM_MS);
      clock.at.value = at;
      shoot(Math.round(at));
      told(Math.min(1, passed / (length + 1000)));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    recorder.stop();
    await ended;
  } finally {
    if (recorder.state !== "inactive") recorder.stop();
    for (const track of stream.getTracks()) track.stop();
    clock.set(before);
  }
  return new Blob(parts, { type: kind.type.split(";")[0] ?? kind.type });
}

