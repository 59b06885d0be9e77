// @vitest-environment node
import { expect, test } from "vitest";
import type { Column } from "../hosts/arrow";
import { OUTCOMES, cellsByGroup, confusionCells, countGroups, judgedColumn, judgedOf, outcomesOf, rowsWhere, totalsByGroup, type Cells, type Judged } from "./counting";
import { every, fromRows, has, type Mask } from "./masks";
import type { NumberColumn, SampleColumns } from "./performance";
import type { Truth } from "./selection";

/** null is missing. */
function numbers(values: readonly (number | null)[]): NumberColumn {
  return { values: Float64Array.from(values, (value) => value ?? 0), valid: values.includes(null) ? Uint8Array.from(values, (value) => Number(value !== null)) : null };
}

function truthOf(labels: readonly (number | null)[]): Truth {
  return { length: labels.length, label: numbers(labels), split: null };
}

function saidOf(labels: readonly (number | null)[], predictions: readonly (number | null)[], confidence: readonly (number | null)[] = predictions.map(() => 0.5)): SampleColumns {
  const correct = labels.map((label, i) => (label === null ? null : Number(label === predictions[i])));
  return { prediction: numbers(predictions), confidence: numbers(confidence), correct: numbers(correct), loss: numbers(labels.map(() => 0)), margin: numbers(labels.map(() => 0)) };
}

const LABELS = [0, 0, 1, 1, 2, null];
const PREDICTIONS = [0, 1, 1, null, 0, 2];

function listed({ label, prediction, count }: Cells): number[][] {
  return [...label].map((own, k) => [own, prediction[k] ?? -1, count[k] ?? -1]);
}

test("the cells by hand: no label and no prediction stand in none", () => {
  const judged = judgedOf(truthOf(LABELS), saidOf(LABELS, PREDICTIONS), 3);
  expect(listed(confusionCells(judged, null))).toEqual([[0, 0, 1], [0, 1, 1], [1, 1, 1], [2, 0, 1]]);
  expect(listed(confusionCells(judged, fromRows([1, 3, 4], 6)))).toEqual([[0, 1, 1], [2, 0, 1]]);
  expect([judged.complete, judged.single]).toEqual([false, true]);
});

test("an output that is no number counts as wrong and as called nothing", () => {
  const judged = judgedOf(truthOf(LABELS), saidOf(LABELS, PREDICTIONS), 3);
  const counts = countGroups(judged, Int32Array.of(0, 0, 0, 1, 1, 1), 2, null);
  expect([...counts.support]).toEqual([3, 2]);
  expect([...counts.right]).toEqual([2, 0]);
  expect([...(counts.byClass?.labelled ?? [])]).toEqual([2, 1, 0, 0, 1, 1]);
  expect([...(counts.byClass?.called ?? [])]).toEqual([1, 2, 0, 1, 0, 0]);
  expect([...(counts.byClass?.hits ?? [])]).toEqual([1, 1, 0, 0, 0, 0]);
});

test("a missing confidence is left out of its mean alone", () => {
  const labels = [0, 1, 1];
  const judged = judgedOf(truthOf(labels), saidOf(labels, [0, 1, 0], [0.5, null, 0.25]), 2);
  const counts = countGroups(judged, new Int32Array(3), 1, null);
  expect([counts.support[0], counts.sure[0], counts.sum[0], counts.squares[0]]).toEqual([3, 2, 0.75, 0.3125]);
});

test("where samples carry several labels only right and wrong are counted", () => {
  const said = saidOf([0, 1], [0, 0]);
  const judged = judgedOf({ length: 2, label: null, split: null, lists: () => [0, 1] }, said, 2);
  const counts = countGroups(judged, new Int32Array(2), 1, null);
  expect([counts.support[0], counts.right[0], counts.byClass]).toEqual([2, 1, null]);
});

test("an index beyond the classes is no class", () => {
  const judged = judgedOf(truthOf([7, 0]), saidOf([7, 0], [0, 9]), 2);
  expect(listed(confusionCells(judged, null))).toEqual([]);
});

test("what became of each sample", () => {
  const labels = [0, 0, 0, 0, 0, null];
  const truth = truthOf(labels);
  const before = judgedOf(truth, saidOf(labels, [0, 1, 0, 1, 1, 0]), 3);
  const after = judgedOf(truth, saidOf(labels, [0, 0, 2, 1, 2, 0]), 3);
  expect([...outcomesOf(before, after)]).toEqual([0, 1, 2, 3, 4, OUTCOMES.length]);
});

test("a column of names judges like a checkpoint, and says nothing where it is empty or names no class", () => {
  const column: Column = { kind: "category", length: 4, codes: Int32Array.of(0, 1, 2, 0), values: ["b", "a", "stranger"], valid: Uint8Array.of(1, 1, 1, 0) };
  const judged = judgedColumn(truthOf([1, 1, 0, 0]), column, ["a", "b"]);
  expect([...judged.prediction]).toEqual([1, 0, -1, -1]);
  expect([...judged.state]).toEqual([1, 0, 2, 2]);
});

/** A fixed pseudo-random walk: the same numbers in every run. */
function random(seed: number): () => number {
  let at = seed;
  return () => (at = (Math.imul(at, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function drawn(seed: number, n: number, classes: number): { judged: Judged; codes: Int32Array; groups: number; mask: Mask; labels: (number | null)[]; predictions: (number | null)[] } {
  const next = random(seed);
  const pick = (most: number) => Math.floor(next() * most);
  const labels = Array.from({ length: n }, () => (next() < 0.1 ? null : pick(classes)));
  const predictions = labels.map((label) => (next() < 0.05 ? null : next() < 0.6 && label !== null ? label : pick(classes)));
  const mask = fromRows(Array.from({ length: n }, (_, i) => i).filter(() => next() < 0.7), n);
  return { judged: judgedOf(truthOf(labels), saidOf(labels, predictions), classes), codes: Int32Array.from({ length: n }, () => pick(5)), groups: 5, mask, labels, predictions };
}

// 300 classes in 5 groups are too many pairs for the short way of counting; 4 are not.
test.each([[1, 500, 4], [2, 700, 300], [3, 33, 2], [4, 0, 3], [5, 1, 1]])("counts agree with a slow version on random data (seed %i, %i samples, %i classes)", (seed, n, classes) => {
  const { judged, codes, groups, mask, labels, predictions } = drawn(seed, n, classes);
  const inside = (row: number) => has(mask, row) && labels[row] !== null;
  const rows = Array.from({ length: n }, (_, row) => row);
  const count = (test: (row: number) => boolean) => rows.filter((row) => inside(row) && test(row)).length;
  const cells = new Map(listed(confusionCells(judged, mask)).map(([label, prediction, many]) => [`${label} ${prediction}`, many]));
  for (const row of rows.filter((at) => inside(at) && predictions[at] !== null)) {
    expect(cells.get(`${labels[row]} ${predictions[row]}`)).toBe(count((at) => labels[at] === labels[row] && predictions[at] === predictions[row]));
  }
  expect([...cells.values()].reduce((sum: number, many) => sum + (many ?? 0), 0)).toBe(count((row) => predictions[row] !== null));
  const found = countGroups(judged, codes, groups, mask);
  const byGroup = cellsByGroup(judged, mask, codes, groups);
  const totals = totalsByGroup(judged, codes, groups, mask);
  for (let group = 0; group < groups; group++) {
    expect(found.support[group]).toBe(count((row) => codes[row] === group));
    expect(found.right[group]).toBe(count((row) => codes[row] === group && labels[row] === predictions[row]));
    expect(totals[group]).toBe(count((row) => codes[row] === group && predictions[row] !== null));
    expect(listed(byGroup[group] ?? { label: new Int32Array(0), prediction: new Int32Array(0), count: new Int32Array(0) }).reduce((sum, [, , many]) => sum + (many ?? 0), 0)).toBe(totals[group]);
    for (const own of new Set([...Array(Math.min(classes, 10)).keys(), classes - 1])) {
      expect(found.byClass?.labelled[group * classes + own]).toBe(count((row) => codes[row] === group && labels[row] === own));
      expect(found.byClass?.called[group * classes + own]).toBe(count((row) => codes[row] === group && predictions[row] === own));
      expect(found.byClass?.hits[group * classes + own]).toBe(count((row) => codes[row] === group && labels[row] === own && predictions[row] === own));
    }
  }
});

test("all samples by a mask are all samples without one", () => {
  const { judged, codes } = drawn(6, 400, 4);
  expect(listed(confusionCells(judged, every(400)))).toEqual(listed(confusionCells(judged, null)));
  expect(countGroups(judged, codes, 5, every(400))).toEqual(countGroups(judged, codes, 5, null));
  expect([...rowsWhere(every(400), 400, (row) => row % 7 === 0)]).toEqual([...rowsWhere(null, 400, (row) => row % 7 === 0)]);
});
