// @vitest-environment node
import { expect, test } from "vitest";
import { chanceText, differenceOf, differenceTest, f1Of, mcnemar, meanOf, meanOfSums, pairedChange, quantileOf, stratifiedDifference, twoSided, wilson } from "./intervals";

// Figures of SciPy 1.17, once: binomtest(k, n).proportion_ci(method="wilson"), binomtest(b, b + c).pvalue,
// chi2_contingency([[k1, n1 - k1], [k2, n2 - k2]], correction=False).pvalue, norm.isf(a / 2), 2 * norm.sf(z).
test.each([
  [8, 10, 0.490162, 0.943318],
  [0, 5, 0, 0.434482],
  [5, 5, 0.565518, 1],
  [61, 100, 0.51203, 0.699831],
])("the Wilson interval of %i of %i is SciPy's", (k, n, low, high) => {
  expect(wilson(k, n).low).toBeCloseTo(low, 6);
  expect(wilson(k, n).high).toBeCloseTo(high, 6);
});

test("without trials there is no share, never 0 / 0", () => {
  expect(wilson(0, 0)).toEqual({ value: null, low: null, high: null });
  expect(differenceTest(0, 0, 3, 4)).toBeNull();
  expect(pairedChange(0, 0, 0).value).toBeNull();
  expect(stratifiedDifference([[1, 2, 0, 0]]).value).toBeNull();
});

test.each([[30, 12, 0.0079159], [5, 2, 0.453125], [0, 0, 1], [3, 3, 1], [1, 9, 0.0214844], [9, 1, 0.0214844], [120, 130, 0.569301]])(
  "McNemar's test of %i fixed and %i broken is the exact binomial one", (fixed, broken, p) => {
    expect(mcnemar(fixed, broken)).toBeCloseTo(p, 5);
  });

test("McNemar's test holds for thousands without over- or underflow", () => {
  expect(mcnemar(1718, 860) / 4.13873e-65).toBeCloseTo(1, 4);
  expect(mcnemar(400_000, 400_000)).toBe(1);
});

test.each([[50, 100, 70, 100, 0.00389242], [11, 50, 50, 50, 1.2863e-15], [3, 10, 4, 12, 0.867258], [5, 5, 7, 7, 1]])(
  "%i of %i against %i of %i is as likely as the chi-square test without correction says", (k1, n1, k2, n2, p) => {
    expect((differenceTest(k1, n1, k2, n2) ?? 0) / p).toBeCloseTo(1, 4);
  });

test.each([[0.3, 0.76417716], [1, 0.31731051], [2, 0.045500264], [3.5, 0.00046525816], [5, 5.7330314e-7], [8, 1.2441921e-15]])("both tails beyond %f", (z, p) => {
  expect(twoSided(z) / p).toBeCloseTo(1, 6);
  expect(twoSided(-z)).toBe(twoSided(z));
});

test.each([[0.05, 1.959964], [0.05 / 80, 3.420527], [1e-6, 4.891638], [1e-12, 7.130507]])("the quantile for tails of %f", (tails, z) => {
  expect(quantileOf(tails)).toBeCloseTo(z, 5);
});

test("Newcombe's own example: 56 of 70 less 48 of 80", () => {
  const { value, low, high } = differenceOf(56, 70, 48, 80);
  expect([value, low, high].map((at) => Number(at?.toFixed(4)))).toEqual([0.2, 0.0524, 0.3339]);
});

test("one stratum alone is the plain difference of two shares", () => {
  // .5 − .25, variance .25 / 20 + .1875 / 20 = .021875
  const { value, low } = stratifiedDifference([[10, 20, 5, 20]], 1);
  expect(value).toBeCloseTo(0.25, 12);
  expect(0.25 - (low ?? 0)).toBeCloseTo(Math.sqrt(0.021875), 12);
});

test("Sato's variance by hand where the two sides differ in size", () => {
  // 10 of 20 against 5 of 40: difference .375, weight 40/3, P = −5/3, Q = 10/3, variance (.375 P + Q) / (40/3)²
  const { value, low } = stratifiedDifference([[10, 20, 5, 40]], 1);
  expect(value).toBeCloseTo(0.375, 12);
  expect(0.375 - (low ?? 0)).toBeCloseTo(Math.sqrt((10 / 3 - (0.375 * 5) / 3) / (40 / 3) ** 2), 12);
});

test("strata take away what their sizes alone would feign", () => {
  // Here 18 of 20 are of the hard kind, elsewhere 2 of 20; within each kind both are wrong equally often.
  const hard = [9, 18, 1, 2] as const;
  const easy = [0, 2, 0, 18] as const;
  expect(stratifiedDifference([hard, easy]).value).toBeCloseTo(0, 12);
  expect((hard[0] + easy[0]) / 20 - (hard[2] + easy[2]) / 20).toBeCloseTo(0.4, 12);
});

test("F1, means and their intervals by hand", () => {
  expect(f1Of(2, 2).value).toBeCloseTo(2 / 3, 12); // J = .5
  expect(f1Of(0, 0).value).toBeNull();
  const mean = meanOf([{ value: 0.5, low: 0.3, high: 0.6 }, { value: null, low: null, high: null }]);
  expect([mean.value, mean.low, mean.high].map((at) => Number(at?.toFixed(6)))).toEqual([0.25, 0.15, 0.3]);
  expect(meanOf([{ value: 1, low: 1, high: 1 }, { value: 0, low: 0, high: 0 }], [3, 1]).value).toBe(0.75);
  const one = meanOfSums(4, 2.4, 1.6); // mean .6, variance (1.6 − 4 · .36) / 3 = .0533…
  expect(one.value).toBeCloseTo(0.6, 12);
  expect((one.high ?? 0) - 0.6).toBeCloseTo((1.959963984540054 * Math.sqrt(0.16 / 3)) / 2, 12);
  expect(meanOfSums(1, 0.9, 0.81)).toEqual({ value: 0.9, low: null, high: null });
});

test("the change of pairs and its interval by hand", () => {
  // (10 − 4) / 100; standard error √(14 − .36) / 100
  const { value, low } = pairedChange(10, 4, 100);
  expect(value).toBeCloseTo(0.06, 12);
  expect(0.06 - (low ?? 0)).toBeCloseTo(1.959963984540054 * Math.sqrt(13.64) / 100, 12);
});

test.each([[0.0004, "p < .001"], [0.0079, "p = .008"], [0.031, "p = .03"], [0.4531, "p = .45"], [1, "p = 1"]])("a chance of %f reads %s", (p, words) => {
  expect(chanceText(p)).toBe(words);
});
