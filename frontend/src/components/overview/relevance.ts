/** How strongly a column tells the selection from the rest: an effect size in 0 … 1, and nothing where chance explains it. */
import type { Column } from "../../hosts/arrow";
import { bucketsOf } from "../../state/buckets";
import { countBy, has, minus, popcount, type Mask } from "../../state/masks";
import { ranksOf } from "../../state/sorting";

export interface Relevance {
  /** Cramér's V for values, the Kolmogorov–Smirnov distance for numbers; 0 where chance explains what is seen. */
  effect: number;
  kind: "values" | "numbers";
}

const NOTHING: Relevance = { effect: 0, kind: "values" };
/** Of two samples from one population, the distance is above this factor once in twenty times. */
const KS_95 = 1.358;

/**
 * Cramér's V of values against "in the selection", corrected for its bias (Bergsma 2013): without that, a column of
 * many rare values would seem to explain any selection.
 */
export function cramersV(inside: Uint32Array, outside: Uint32Array): number {
  const n = inside.reduce((sum, count) => sum + count, 0);
  const m = outside.reduce((sum, count) => sum + count, 0);
  const total = n + m;
  let chi = 0;
  let rows = 0;
  for (let k = 0; k < inside.length; k++) {
    const both = (inside[k] ?? 0) + (outside[k] ?? 0);
    if (both === 0) continue;
    rows++;
    const [expectedIn, expectedOut] = [(both * n) / total, (both * m) / total];
    chi += ((inside[k] ?? 0) - expectedIn) ** 2 / expectedIn + ((outside[k] ?? 0) - expectedOut) ** 2 / expectedOut;
  }
  if (n === 0 || m === 0 || rows < 2) return 0;
  const phi = Math.max(0, chi / total - (rows - 1) / (total - 1));
  const [r, c] = [rows - (rows - 1) ** 2 / (total - 1), 2 - 1 / (total - 1)];
  return Math.min(1, Math.sqrt(phi / Math.max(1e-12, Math.min(r - 1, c - 1))));
}

/** The largest gap between the two cumulative shares, over ranks; missing values do not count. */
export function kolmogorovSmirnov(ranks: { of: Int32Array; distinct: number }, selected: Mask, rest: Mask): { distance: number; n: number; m: number } {
  const [inside, outside] = [new Uint32Array(ranks.distinct), new Uint32Array(ranks.distinct)];
  let [n, m] = [0, 0];
  for (let row = 0; row < ranks.of.length; row++) {
    const rank = ranks.of[row] as number;
    if (rank < 0) continue;
    if (has(selected, row)) {
      inside[rank] = (inside[rank] as number) + 1;
      n++;
    } else if (has(rest, row)) {
      outside[rank] = (outside[rank] as number) + 1;
      m++;
    }
  }
  let [a, b, distance] = [0, 0, 0];
  for (let rank = 0; rank < ranks.distinct; rank++) {
    a += inside[rank] as number;
    b += outside[rank] as number;
    distance = Math.max(distance, Math.abs(a / (n || 1) - b / (m || 1)));
  }
  return { distance: n === 0 || m === 0 ? 0 : distance, n, m };
}

export function relevanceOf(column: Column, selected: Mask, within: Mask): Relevance {
  const rest = minus(within.slice(), selected);
  if (popcount(selected) === 0 || popcount(rest) === 0) return NOTHING;
  if (column.kind === "number" || column.kind === "bigint" || column.kind === "time") {
    const { distance, n, m } = kolmogorovSmirnov(ranksOf(column), selected, rest);
    return { effect: n > 0 && m > 0 && distance > KS_95 * Math.sqrt((n + m) / (n * m)) ? distance : 0, kind: "numbers" };
  }
  const buckets = bucketsOf(column);
  if (!buckets) return NOTHING;
  const counts = (mask: Mask) => countBy(buckets.codes, buckets.size + 2, mask).subarray(0, buckets.size + 1);
  return { effect: cramersV(counts(selected), counts(rest)), kind: "values" };
}
