/** Filters over time: what happened between two checkpoints, or holds at one, as a clause over the samples it names. */
import { exprOfRows } from "../../state/chosen";
import type { Truth } from "../../state/selection";
import type { Context } from "../component";
import { eventsIn, samplesOf, type Courses } from "./courses";
import type { Frames } from "./frames";
import { KIND_WORDS, type Kind } from "./kinds";

export type Over = Kind | "wrong" | "lies";

export const OVERS: readonly (readonly [Over, string])[] = [
  ["flip", "flipped between"], ["forgotten", "forgotten between"], ["learned", "learned between"], ["confidence", "jumped in confidence between"], ["movement", "moved far between"],
  ["wrong", "wrong at"], ["lies", "its place lies at"],
];

/** Whether it is asked of one checkpoint rather than of the way between two. */
export function atOne(over: Over): boolean {
  return over === "wrong" || over === "lies";
}

/** "flipped between 4 and 9": checkpoints as people count them. */
export function overWords(over: Over, from: number, to: number): string {
  if (over === "wrong") return `wrong at checkpoint ${to + 1}`;
  if (over === "lies") return `its place lies at checkpoint ${to + 1}`;
  return `${KIND_WORDS[over].past} between ${from + 1} and ${to + 1}`;
}

export function wrongRows(predictions: { values: ArrayLike<number>; valid: ArrayLike<number> | null }, truth: Truth): Uint32Array {
  const { label } = truth;
  const rows: number[] = [];
  for (let i = 0; label && i < truth.length; i++) {
    if ((label.valid && !label.valid[i]) || (predictions.valid && !predictions.valid[i])) continue;
    if (label.values[i] !== predictions.values[i]) rows.push(i);
  }
  return Uint32Array.from(rows);
}

export function lyingRows(lies: { values: ArrayLike<number>; valid: ArrayLike<number> | null }): Uint32Array {
  const rows: number[] = [];
  for (let i = 0; i < lies.values.length; i++) if (lies.values[i] && (!lies.valid || lies.valid[i])) rows.push(i);
  return Uint32Array.from(rows);
}

/** The samples a filter over time names; `from` and `to` are places in the recording. */
export async function rowsOver(ctx: Context, over: Over, places: { from: number; to: number }, courses: Courses | null, frames: Frames | null): Promise<Uint32Array> {
  const { checkpoints } = ctx.store.recording.peek();
  const [from, to] = [checkpoints[places.from]?.name ?? "", checkpoints[places.to]?.name ?? ""];
  if (over === "lies") {
    const frame = frames?.frame(to) ?? null;
    if (!frames || frame === null) throw new Error(`Checkpoint ${places.to + 1} has no frame in this projection.`);
    return lyingRows(await frames.lies.want(frame));
  }
  if (!courses) throw new Error("What happened to the samples is not worked out yet.");
  const [after, upTo] = [courses.frame(from), courses.frame(to)];
  if (upTo === null || after === null) throw new Error(`Nothing is known of checkpoint ${(upTo === null ? places.to : places.from) + 1}.`);
  if (over === "wrong") return wrongRows(await courses.predictions.want(upTo), await ctx.data.columns.truth());
  const events = await courses.events();
  return samplesOf(events, eventsIn(events, over, after, upTo));
}

/** One clause a kind and view; asked again it is another between. */
export async function filterOver(ctx: Context, over: Over, places: { from: number; to: number }, courses: Courses | null, frames: Frames | null): Promise<number> {
  const rows = await rowsOver(ctx, over, places, courses, frames);
  // Not the view's own source: a filter over time holds in the view it was made in, too.
  ctx.data.filter.set(`${ctx.id}/${over}`, exprOfRows(rows, ctx.store.recording.peek().nSamples), overWords(over, places.from, places.to));
  return rows.length;
}
