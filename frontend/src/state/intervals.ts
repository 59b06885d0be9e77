/** Shares and how sure they are: intervals and tests in closed form, the same as the analysis `performance` uses. */
import type { Estimate } from "./performance";

/** The 97.5 % quantile of the standard normal distribution. */
export const Z95 = 1.959963984540054;

export const UNKNOWN: Estimate = { value: null, low: null, high: null };

/** A share of successes with its Wilson score interval; nothing without trials. */
export function wilson(successes: number, trials: number, z = Z95): Estimate {
  if (trials <= 0) return UNKNOWN;
  const share = successes / trials;
  const shrink = 1 + z ** 2 / trials;
  const centre = (share + z ** 2 / (2 * trials)) / shrink;
  const half = (z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2))) / shrink;
  // At the ends the formula gives the end itself but for rounding.
  return { value: share, low: successes === 0 ? 0 : centre - half, high: successes === trials ? 1 : centre + half };
}

/** F1 = 2J / (1 + J) grows with J = TP / (TP + FP + FN), so the interval of J carries over. */
export function f1Of(hits: number, mistakes: number): Estimate {
  const { value, low, high } = wilson(hits, hits + mistakes);
  const carry = (j: number | null) => (j === null ? null : (2 * j) / (1 + j));
  return { value: carry(value), low: carry(low), high: carry(high) };
}

/** A weighted mean of independent estimates by the method of variance estimates recovery; what is undefined counts as 0. */
export function meanOf(estimates: readonly Estimate[], weights: readonly number[] | null = null): Estimate {
  const total = weights ? weights.reduce((sum, w) => sum + w, 0) : estimates.length;
  if (total === 0) return UNKNOWN;
  let [mean, below, above] = [0, 0, 0];
  estimates.forEach(({ value, low, high }, k) => {
    const share = (weights ? (weights[k] ?? 0) : 1) / total;
    const at = value ?? 0;
    mean += share * at;
    below += (share * (at - (low ?? at))) ** 2;
    above += (share * ((high ?? at) - at)) ** 2;
  });
  return { value: mean, low: Math.max(0, mean - Math.sqrt(below)), high: Math.min(1, mean + Math.sqrt(above)) };
}

/** The mean of numbers from their sums, with mean ± 1.96 · s / √n; no interval for one number. */
export function meanOfSums(n: number, sum: number, squares: number): Estimate {
  if (n === 0) return UNKNOWN;
  const value = sum / n;
  if (n < 2) return { value, low: null, high: null };
  const half = Z95 * Math.sqrt(Math.max(0, squares - n * value ** 2) / (n - 1) / n);
  return { value, low: value - half, high: value + half };
}

/** Complementary error function: the series of erf near 0, the continued fraction beyond. */
function erfc(x: number): number {
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= (2 * x * x) / (2 * k + 1);
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The chance that a standard normal number is farther from 0 than z, on either side. */
export function twoSided(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}

/** The z beyond which both tails together hold this share. */
export function quantileOf(tails: number): number {
  let [low, high] = [0, 40];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (twoSided(middle) > tails) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Chance of two shares as different as these if they were the same (score test, two-sided); null where one has no trials. */
export function differenceTest(k1: number, n1: number, k2: number, n2: number): number | null {
  if (n1 === 0 || n2 === 0) return null;
  const pooled = (k1 + k2) / (n1 + n2);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  return deviation === 0 ? 1 : twoSided((k1 / n1 - k2 / n2) / deviation);
}

/** Interval of the difference of two shares, first minus second (Newcombe 1998, method 10: from their Wilson intervals). */
export function differenceOf(k1: number, n1: number, k2: number, n2: number, z = Z95): Estimate {
  const [a, b] = [wilson(k1, n1, z), wilson(k2, n2, z)];
  if (a.value === null || b.value === null || a.low === null || a.high === null || b.low === null || b.high === null) return UNKNOWN;
  const value = a.value - b.value;
  return { value, low: value - Math.hypot(a.value - a.low, b.high - b.value), high: value + Math.hypot(a.high - a.value, b.value - b.low) };
}

/** A stratum of a comparison: so many of so many here, and elsewhere. */
export type Stratum = readonly [k1: number, n1: number, k2: number, n2: number];

/**
 * Difference of two shares among strata alike (Mantel–Haenszel), with the interval of Sato (1989): it holds for few large
 * strata and for many small ones, where the variance within each stratum cannot be seen.
 */
export function stratifiedDifference(strata: readonly Stratum[], z = Z95): Estimate {
  let [weight, sum, p, q] = [0, 0, 0, 0];
  for (const [k1, n1, k2, n2] of strata) {
    if (n1 === 0 || n2 === 0) continue;
    const n = n1 + n2;
    weight += (n1 * n2) / n;
    sum += (k1 * n2 - k2 * n1) / n;
    p += (n1 ** 2 * k2 - n2 ** 2 * k1 + (n1 * n2 * (n2 - n1)) / 2) / n ** 2;
    q += (k1 * (n2 - k2) + k2 * (n1 - k1)) / (2 * n);
  }
  if (weight === 0) return UNKNOWN;
  const value = sum / weight;
  const half = (z * Math.sqrt(Math.max(0, value * p + q))) / weight;
  return { value, low: value - half, high: value + half };
}

/** ln Γ(x + 1) by Stirling's series, exact to 1e-10 from 10 on; smaller ones by the product. */
function logFactorial(x: number): number {
  if (x < 10) return Math.log(Array.from({ length: x }, (_, i) => i + 1).reduce((product, i) => product * i, 1));
  return (x + 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
}

/** McNemar's exact test: the chance of a split as uneven as `one` to `other` if either way were equally likely. */
export function mcnemar(one: number, other: number): number {
  const n = one + other;
  const least = Math.min(one, other);
  if (n === 0 || 2 * least >= n - 1) return 1;
  // From the largest term down, each from the one before; what is left soon adds nothing.
  let term = Math.exp(logFactorial(n) - logFactorial(least) - logFactorial(n - least) - n * Math.LN2);
  let sum = 0;
  for (let k = least; k >= 0 && term > sum * 1e-17; k--) {
    sum += term;
    term *= k / (n - k + 1);
  }
  return Math.min(1, 2 * sum);
}

/** How much the share of right ones changed among the same samples, with its interval. */
export function pairedChange(fixed: number, broken: number, total: number): Estimate {
  if (total === 0) return UNKNOWN;
  const value = (fixed - broken) / total;
  const half = (Z95 / total) * Math.sqrt(Math.max(0, fixed + broken - (fixed - broken) ** 2 / total));
  return { value, low: Math.max(-1, value - half), high: Math.min(1, value + half) };
}

/** A chance in words: "p = .03". */
export function chanceText(p: number): string {
  if (p < 0.001) return "p < .001";
  return `p = ${p >= 0.995 ? "1" : p.toFixed(p < 0.01 ? 3 : 2).replace(/^0/, "")}`;
}
