/** How many wrong labels are left: a bound from labels drawn at random, the same as `analyses/labels/stopping.py` gives. */

export interface Remaining {
  /** At most this share of the unseen labels is wrong, in 95 of 100 such samples. */
  rate: number;
  /** At most so many wrong labels are left among them. */
  errors: number;
  /** At least this share of all wrong labels was found. */
  recall: number;
}

const MISSED = 0.05;

/** P(at most k of n) where each happens with probability p. */
function atMost(k: number, n: number, p: number): number {
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  const odds = Math.log(p) - Math.log1p(-p);
  for (let i = 1; i <= k; i++) {
    term += Math.log((n - i + 1) / i) + odds;
    sum += Math.exp(term);
  }
  return sum;
}

/** The rate at which so few wrong ones would be drawn in 5 of 100 samples only. Clopper, Pearson (1934). */
export function highestRate(drawn: number, wrong: number): number {
  if (drawn === 0 || wrong >= drawn) return 1;
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(wrong, drawn, middle) > MISSED) low = middle;
    else high = middle;
  }
  return high;
}

/** `found` counts every wrong label found so far, those of the control sample included; `unseen` leaves the sample out. */
export function remaining(drawn: number, wrong: number, unseen: number, found: number): Remaining {
  const rate = highestRate(drawn, wrong);
  const errors = rate * unseen;
  return { rate, errors, recall: found + errors > 0 ? found / (found + errors) : 1 };
}

/** Samples of a pair that are reviewed before all of it may be decided at once, and how many of them must agree. */
export const GUARD = 30;
export const GUARD_SHARE = 0.95;

export function mayDecideAll(reviewed: number, agreed: number, size: number): boolean {
  return reviewed >= Math.min(GUARD, size) && agreed >= GUARD_SHARE * reviewed;
}
