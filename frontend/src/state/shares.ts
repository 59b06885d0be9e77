/** Shares of samples with their intervals, and how many of a set are told right. */
import type { Expr } from "./clauses";
import type { Filter } from "./filter";
import { and, popcount, type Mask } from "./masks";
import type { Estimate } from "./performance";

const Z = 1.959963984540054;

/** `part` of `whole` with its 95 % Wilson score interval (Wilson 1927), as the performance analysis has it. */
export function shareOf(part: number, whole: number): Estimate {
  if (whole === 0) return { value: null, low: null, high: null };
  const share = part / whole;
  const spread = Z * Z / whole;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((share * (1 - share)) / whole + spread / (4 * whole));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

export const RIGHT: Expr = { op: "eq", column: "correct", value: true };
export const WRONG: Expr = { op: "eq", column: "correct", value: false };
export const JUDGED: Expr = { op: "not", of: { op: "null", column: "correct" } };

export interface Judged {
  count: number;
  right: Estimate;
  wrong: number;
}

/** Of a set of samples: how many there are, and how many of those with label and prediction are right. */
export function judgedIn(filter: Filter, mask: Mask): Judged {
  const count = popcount(mask);
  const [right, judged] = [filter.of(RIGHT), filter.of(JUDGED)];
  if (!right || !judged) return { count, right: shareOf(0, 0), wrong: 0 };
  const good = popcount(and(mask.slice(), right));
  const known = popcount(and(mask.slice(), judged));
  return { count, right: shareOf(good, known), wrong: known - good };
}
