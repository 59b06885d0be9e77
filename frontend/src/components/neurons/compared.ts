/** Two edits beside each other: what each decides otherwise than the unedited layer, and where the two part. */
import { Z95 } from "../../state/intervals";
import type { Estimate } from "../../state/performance";
import type { Known } from "../samples-strip";
import type { Accepted } from "./decided";
import { CHOSEN_BY, measured, type Changed, type Edited } from "./edits";

export type Fate = "both fix" | "first fixes" | "second fixes" | "both break" | "first breaks" | "second breaks" | "apart";

/** What becomes of a sample under two edits; null where both leave it as it is, or call it alike. */
export function fateOf(first: Changed | undefined, second: Changed | undefined): Fate | null {
  for (const [verdict, verb] of [["fixed", "fix"], ["broken", "break"]] as const) {
    const [one, other] = [first?.verdict === verdict, second?.verdict === verdict];
    if (one && other) return `both ${verb}`;
    if (one || other) return `${one ? "first" : "second"} ${verb === "fix" ? "fixes" : "breaks"}`;
  }
  const before = first?.before ?? second?.before;
  return (first?.after ?? before) === (second?.after ?? before) ? null : "apart";
}

export type Fates = ReadonlyMap<Fate, readonly number[]>;

/** Places of the samples by what becomes of them; null stands for the unedited layer, which changes nothing. */
export function fatesOf(first: Edited, second: Edited | null, within: (row: number) => boolean): Fates {
  const [one, other] = [first, second].map((edited) => new Map(edited?.changed.map((line) => [line.row, line])));
  const found = new Map<Fate, number[]>();
  for (const row of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])) {
    const fate = within(row) ? fateOf(one?.get(row), other?.get(row)) : null;
    if (fate !== null) found.set(fate, [...(found.get(fate) ?? []), row]);
  }
  return found;
}

/** By how much more samples the second is right than the first, of n that both decide; as `mitigate` tells its own intervals. */
export function lead(n: number, onlySecond: number, onlyFirst: number): Estimate {
  if (n === 0) return { value: null, low: null, high: null };
  const value = (onlySecond - onlyFirst) / n;
  // One half is added to either, so that no difference does not claim certainty.
  const half = (Z95 * Math.sqrt(Math.max(onlySecond + onlyFirst + 1 - (onlySecond - onlyFirst) ** 2 / n, 0))) / n;
  return { value, low: Math.max(-1, value - half), high: Math.min(1, value + half) };
}

/** Samples of the split that the figures are of; all where their split is not told. */
export function withinOf(edited: Edited, known: Known | null): (row: number) => boolean {
  if (known === null || edited.split === CHOSEN_BY || !known.truth.split?.values.includes(edited.split)) return () => true;
  return (row) => known.split(row) === edited.split;
}

export interface Side {
  /** A or B. */
  name: string;
  patch: Accepted;
  edited: Edited;
  /** Of the decision layer that the figures are of. */
  fingerprint: string | null;
}

function layerOf({ patch }: Side): string {
  const named = patch.params["checkpoint"];
  return typeof named === "string" ? `checkpoint ${named}` : "the last checkpoint";
}

/** Why two patches cannot be compared sample by sample; null when they can. */
export function apartBecause(first: Side, second: Side): string | null {
  if (first.fingerprint !== second.fingerprint) return `${first.name} and ${second.name} belong to different decision layers (${layerOf(first)} and ${layerOf(second)}): each changes what its own layer decides, so they are not compared sample by sample, and a difference of their figures is not one of the patches alone.`;
  const [one, other] = [first, second].map(({ edited }) => measured(edited, "accuracy"));
  if (first.edited.split !== second.edited.split) return `${first.name} was measured on ${first.edited.split}, ${second.name} on ${second.edited.split}. These are other samples: the figures stand side by side, but which patch is better cannot be told from them.`;
  if (one?.count !== other?.count || one?.before !== other?.before) return `${first.name} and ${second.name} were measured on different samples of ${first.edited.split}: the figures stand side by side, but which patch is better cannot be told from them.`;
  return null;
}
