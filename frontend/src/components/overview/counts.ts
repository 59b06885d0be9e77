/** What a card counts: every bucket before and after the filter, and how often the network is right there. */
import type { Context } from "../component";
import type { Buckets } from "../../state/buckets";
import { and, countBy, type Mask } from "../../state/masks";
import type { Expr } from "../../state/clauses";

/** Below this many samples a share says little and is not drawn. */
export const FEW = 20;

export interface Counts {
  all: Uint32Array;
  passing: Uint32Array;
  /** Share right among the passing, labelled samples; null where they are few or nothing is known. */
  right: (bucket: number) => number | null;
}

const RIGHT: Expr = { op: "eq", column: "correct", value: true };
const KNOWN: Expr = { op: "not", of: { op: "null", column: "correct" } };

function both(a: Mask | null, b: Mask | null): Mask | null {
  return a && b ? and(a.slice(), b) : (a ?? b);
}

export function sourceOf(column: string): string {
  return `overview/${column}`;
}

export function countsOf(ctx: Context, column: string, buckets: Buckets, judged: boolean): Counts {
  const { filter } = ctx.data;
  const within = filter.within.value;
  const passing = both(filter.mask(sourceOf(column)), within);
  const size = buckets.size + 2;
  const all = countBy(buckets.codes, size, within);
  const shown = passing === within ? all : countBy(buckets.codes, size, passing);
  const [right, known] = judged ? [filter.of(RIGHT), filter.of(KNOWN)] : [null, null];
  if (!right || !known) return { all, passing: shown, right: () => null };
  const good = countBy(buckets.codes, size, both(right, passing));
  const judgedHere = countBy(buckets.codes, size, both(known, passing));
  return { all, passing: shown, right: (bucket) => ((judgedHere[bucket] ?? 0) < FEW ? null : (good[bucket] ?? 0) / (judgedHere[bucket] ?? 1)) };
}

/** The bucket where the network is right least often; null with fewer than two to compare. */
export function weakest(counts: Counts, buckets: Buckets): { bucket: number; right: number } | null {
  const known = Array.from({ length: buckets.size }, (_, bucket) => ({ bucket, right: counts.right(bucket) })).filter((one): one is { bucket: number; right: number } => one.right !== null);
  return known.length < 2 ? null : known.reduce((worst, one) => (one.right < worst.right ? one : worst));
}
