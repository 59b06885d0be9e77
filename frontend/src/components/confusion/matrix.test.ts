// @vitest-environment node
import { expect, test } from "vitest";
import { cellsFrom } from "../../state/counting";
import { contrast, tokens } from "../../draw/tokens";
import { heat } from "../../draw/colour";
import { cellText, differenceShare } from "./cell-grid";
import { pixelsOf } from "./cell-map";
import { axisOf, groupOf, levelsOf, plainAxis, treeOf } from "./levels";
import { Matrix, PLAIN, type Style } from "./matrix";
import { seriated } from "./seriation";

const NAMES = ["cat", "dog", "car"];
/** Rows by label: cat 6 2 0, dog 1 7 2, car 0 0 0. */
const CELLS = cellsFrom([
  { label: 0, prediction: 0, count: 6 }, { label: 0, prediction: 1, count: 2 },
  { label: 1, prediction: 0, count: 1 }, { label: 1, prediction: 1, count: 7 }, { label: 1, prediction: 2, count: 2 },
]);
const made = (style: Partial<Style> = {}) => new Matrix(CELLS, plainAxis(NAMES), { ...PLAIN, ...style });

test("totals, and a class without a sample is shown with its predictions", () => {
  const matrix = made();
  expect([matrix.total, matrix.wrong, matrix.most, matrix.pairs]).toEqual([18, 5, 2, 3]);
  expect([matrix.sentence({ row: 2, column: -1 }), matrix.sentence({ row: -1, column: 2 })]).toEqual(["0 labelled car", "2 called car"]);
});

test("shares of each label and of each prediction by hand, nothing divided by nothing", () => {
  const byLabel = made({ share: "label" });
  expect([byLabel.value(0, 1), byLabel.value(1, 0), byLabel.value(2, 2)]).toEqual([0.25, 0.1, 0]);
  expect(byLabel.sentence({ row: 0, column: 1 })).toBe("2 cat called dog, 25.0\u202f% of all labelled cat");
  const byPrediction = made({ share: "prediction" });
  expect(byPrediction.value(1, 2)).toBe(1);
  expect(byPrediction.sentence({ row: 1, column: 2 })).toBe("2 dog called car, 100\u202f% of all called car");
});

test("strength: square root, or orders of magnitude; the diagonal never sets the scale", () => {
  expect([made().weight(0, 1), made().weight(1, 0)]).toEqual([1, Math.sqrt(0.5)]);
  const wide = new Matrix(cellsFrom([{ label: 0, prediction: 1, count: 1 }, { label: 1, prediction: 0, count: 1000 }]), plainAxis(NAMES), { ...PLAIN, log: true });
  expect(wide.weight(1, 0)).toBe(1);
  expect(wide.weight(0, 1)).toBeCloseTo(Math.log(2) / Math.log(1001), 12);
});

test("without the diagonal it is neither told nor walked onto", () => {
  const matrix = made({ hideDiagonal: true });
  expect([matrix.holds(0, 0), matrix.holds(0, 1), cellText(matrix, 0, 0, true)]).toEqual([false, true, ""]);
  expect(matrix.next({ row: 0, column: 2 }, 1, 0, true)).toEqual({ row: 1, column: 2 });
});

test("against another: the difference, both counts, and which way is better", () => {
  const before = cellsFrom([{ label: 0, prediction: 0, count: 4 }, { label: 0, prediction: 1, count: 4 }, { label: 1, prediction: 0, count: 1 }, { label: 2, prediction: 0, count: 3 }]);
  const matrix = made({ against: { cells: before, name: "at checkpoint 1" } });
  expect([matrix.value(0, 1), matrix.value(0, 0), matrix.value(1, 2), matrix.value(2, 0)]).toEqual([-2, 2, 2, -3]);
  expect([matrix.better(0, 1), matrix.better(0, 0), matrix.better(1, 2), matrix.better(1, 0)]).toEqual([1, 1, -1, 0]);
  expect(matrix.sentence({ row: 0, column: 1 })).toBe("2 cat called dog; 4 at checkpoint 1");
  expect([cellText(matrix, 0, 1, true), cellText(matrix, 1, 2, true), cellText(matrix, 1, 0, true), cellText(matrix, 2, 1, true)]).toEqual(["−2", "+2", "=", ""]);
  expect(matrix.worst(2).map(({ row, column, value }) => [row, column, value])).toEqual([[2, 0, -3], [0, 1, -2]]);
  const shares = made({ share: "label", against: { cells: before, name: "at checkpoint 1" } });
  expect(shares.sentence({ row: 0, column: 1 })).toBe("2 cat called dog, 25.0\u202f% of all labelled cat; 4, 50.0\u202f%, at checkpoint 1");
});

test("the most frequent mistakes, the same as sorting them all", () => {
  let seed = 5;
  const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const n = 60;
  const cells = Array.from({ length: n * n }, (_, at) => ({ label: Math.floor(at / n), prediction: at % n, count: Math.floor(next() * 50) })).filter(({ count }) => count > 0);
  const matrix = new Matrix(cellsFrom(cells), plainAxis(Array.from({ length: n }, (_, i) => `c${i}`)));
  const sorted = cells.filter(({ label, prediction }) => label !== prediction).sort((a, b) => b.count - a.count || a.label - b.label || a.prediction - b.prediction);
  expect(matrix.worst(12).map(({ row, column, count }) => [row, column, count])).toEqual(sorted.slice(0, 12).map(({ label, prediction, count }) => [label, prediction, count]));
});

const TREE = ["animal/dog/beagle", "animal/cat", "car", "animal/dog/poodle"];
const TREE_CELLS = cellsFrom([{ label: 0, prediction: 3, count: 4 }, { label: 3, prediction: 3, count: 5 }, { label: 1, prediction: 0, count: 2 }, { label: 2, prediction: 1, count: 1 }]);

test("class names split at slashes make groups that open and close, inner ones inside outer ones", () => {
  const root = treeOf(TREE, null);
  expect(levelsOf(root, new Set()).map(({ key, size, depth, open }) => [key, size, depth, open])).toEqual([["animal", 3, 0, true], ["animal/dog", 2, 1, true]]);
  expect(levelsOf(root, new Set(["animal"])).map(({ key, open }) => [key, open])).toEqual([["animal", false]]);
  const dogs = axisOf(root, { closed: new Set(["animal/dog"]), order: "given", cells: TREE_CELLS, classes: TREE });
  expect(dogs.items.map(({ name, closed, members }) => [name, closed, [...members]])).toEqual([["dog", true, [0, 3]], ["animal/cat", false, [1]], ["car", false, [2]]]);
  const matrix = new Matrix(TREE_CELLS, dogs);
  expect([matrix.at(0, 0), matrix.at(1, 0), matrix.wrong, matrix.total]).toEqual([9, 2, 7, 12]);
  expect(matrix.sentence({ row: 0, column: 0 })).toBe("9 dog called dog, rightly or another of the group");
  expect([matrix.rule({ row: 0, column: 1 }), matrix.rule({ row: 1, column: 2 })]).toEqual([null, { kind: "cell", label: 1, prediction: 2 }]);
  expect([groupOf(root, 0, new Set()), groupOf(root, 0, new Set(["animal/dog"])), groupOf(root, 2, new Set())]).toEqual(["animal/dog", "animal", null]);
});

test("a layout may name the parents; parents in a circle and unknown names do no harm", () => {
  const root = treeOf(["a", "b", "c"], { a: "vowel", c: "other", other: "other", b: 5, constructor: "x" });
  expect(levelsOf(root, new Set())).toEqual([]);
  const ring = treeOf(["a", "b"], { a: "p", b: "p", p: "q", q: "p" });
  expect(levelsOf(ring, new Set()).map(({ size }) => size)).toEqual([2, 2]);
  expect(axisOf(treeOf(["__proto__", "constructor", ""], null), { closed: new Set(), order: "name", cells: TREE_CELLS, classes: ["__proto__", "constructor", ""] }).items).toHaveLength(3);
});

test("orders: given, by name with numbers counted, by size; groups stay together", () => {
  const names = ["class 10", "class 2", "class 1"];
  const order = (by: "given" | "name" | "size") => axisOf(treeOf(names, null), { closed: new Set(), order: by, cells: cellsFrom([{ label: 1, prediction: 0, count: 3 }, { label: 0, prediction: 0, count: 9 }]), classes: names }).items.map(({ of }) => of);
  expect([order("given"), order("name"), order("size")]).toEqual([[0, 1, 2], [2, 1, 0], [0, 1, 2]]);
});

test("those that are confused with each other come to stand side by side, whatever order they were given in", () => {
  // Three families of four, scattered; within a family every class is taken for the next.
  const family = (at: number) => at % 3;
  const cells = Array.from({ length: 12 }, (_, label) => [{ label, prediction: label, count: 20 }, { label, prediction: (label + 3) % 12, count: 8 }, { label, prediction: (label + 1) % 12, count: 1 }]).flat();
  const found = seriated(cellsFrom(cells), 12);
  expect([...found].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  const changes = found.filter((at, k) => k > 0 && family(at) !== family(found[k - 1] ?? 0)).length;
  expect(changes).toBe(2);
  expect(seriated(cellsFrom(cells.toReversed()), 12)).toEqual(found);
});

test("branches are turned so that the ends that meet are alike", () => {
  // A path 2 – 0 – 3 – 1: its outer pairs join first, and must then meet at 0 and 3.
  const shares = [[2, 0, 9], [0, 2, 9], [3, 1, 8], [1, 3, 8], [0, 3, 4], [3, 0, 4]].map(([label = 0, prediction = 0, count = 0]) => ({ label, prediction, count }));
  const right = [0, 1, 2, 3].map((label) => ({ label, prediction: label, count: 100 - shares.filter((cell) => cell.label === label).reduce((sum, { count }) => sum + count, 0) }));
  expect(seriated(cellsFrom([...shares, ...right]), 4)).toEqual([1, 3, 0, 2]);
});

test("never confused classes come last as given, and nothing to order is no order", () => {
  expect(seriated(cellsFrom([{ label: 3, prediction: 1, count: 2 }, { label: 0, prediction: 0, count: 5 }]), 5)).toEqual([1, 3, 0, 2, 4]);
  expect(seriated(cellsFrom([]), 3)).toEqual([0, 1, 2]);
  expect(seriated(cellsFrom([]), 0)).toEqual([]);
});

const PALETTE = { ground: 1, diagonal: 2, mistake: Uint32Array.from({ length: 256 }, (_, i) => 1000 + i), worse: Uint32Array.from({ length: 256 }, (_, i) => 2000 + i), better: Uint32Array.from({ length: 256 }, (_, i) => 3000 + i) };

test("a rare mistake is seen where a thousand classes share few pixels, and the stronger lies on top", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `c${i}`);
  const pixels = pixelsOf(new Matrix(cellsFrom([{ label: 500, prediction: 100, count: 100 }, { label: 500, prediction: 101, count: 1 }, { label: 7, prediction: 7, count: 9 }]), plainAxis(names)), 100, 2, PALETTE);
  expect(pixels[50 * 100 + 10]).toBe(1255);
  expect(pixels.filter((pixel) => pixel === 2)).toHaveLength(1);
  expect(pixels.filter((pixel) => pixel >= 1000).length).toBeGreaterThanOrEqual(4);
});

test("the number on a difference is readable at every strength, light and dark, on both hues", () => {
  for (const theme of ["light", "dark"] as const) {
    const token = tokens(theme);
    for (const hue of ["--heat-1", "--warn"]) for (let weight = 0; weight <= 1; weight += 0.05) {
      expect(contrast(heat(token["--surface"] ?? "", token[hue] ?? "", differenceShare(weight)), token["--ink"] ?? "")).toBeGreaterThanOrEqual(4.5);
    }
  }
});
