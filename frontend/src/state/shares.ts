/** How many of a set of samples are told right. */
import type { Expr } from "./clauses";
import type { Filter } from "./filter";
import { wilson } from "./intervals";
import { and, popcount, type Mask } from "./masks";
import type { Estimate } from "./performance";

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
  if (!right || !judged) return { count, right: wilson(0, 0), wrong: 0 };
  const good = popcount(and(mask.slice(), right));
  const known = popcount(and(mask.slice(), judged));
  return { count, right: wilson(good, known), wrong: known - good };
}
