import { afterEach, expect, test } from "vitest";
import { DEVICES, LABELS, PREDICTIONS, SPLITS } from "../../hosts/fake";
import { countGroups, judgedOf, type Judged } from "../../state/counting";
import type { Division } from "../../state/groups";
import type { NumberColumn } from "../../state/performance";
import { mounted, settle, type Mounted } from "../mounted";
import { clear, figuresOf, together, type GroupFigures } from "./figures";
import { metrics } from "./metrics";
import { ranked, weaknessOf } from "./ranking";
import { groupTitle } from "./view";
import { differenceWords, restWords, weaknessWords } from "./words";

let page: Mounted | null = null;
afterEach(() => page?.close());

function numbers(values: readonly number[]): NumberColumn {
  return { values: Float64Array.from(values), valid: null };
}

function judge(labels: readonly number[], predictions: readonly number[], classes: number): Judged {
  const said = { prediction: numbers(predictions), confidence: numbers(labels.map(() => 0.5)), loss: numbers([]), margin: numbers([]), correct: numbers(labels.map((label, i) => Number(label === predictions[i]))) };
  return judgedOf({ length: labels.length, label: numbers(labels), split: null }, said, classes);
}

const Y = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 1];
const P = [0, 1, 0, 1, 1, 2, 2, 2, 0, 1, 0, 3];

// scikit-learn 1.9.1, once: precision_score, recall_score, f1_score(Y, P, average=…, zero_division=0), balanced_accuracy_score(Y, P).
test.each([
  ["macro", 0.479167, 0.4375, 0.455357],
  ["micro", 0.583333, 0.583333, 0.583333],
  ["weighted", 0.638889, 0.583333, 0.607143],
] as const)("%s means are those of scikit-learn", (average, precision, recall, f1) => {
  const [row] = figuresOf(countGroups(judge(Y, P, 5), new Int32Array(12), 1, null), average);
  expect(row?.of.precision.value).toBeCloseTo(precision, 6);
  expect(row?.of.recall.value).toBeCloseTo(recall, 6);
  expect(row?.of.f1.value).toBeCloseTo(f1, 6);
  expect(row?.of.accuracy.value).toBeCloseTo(7 / 12, 12);
  expect(row?.of.balanced.value).toBeCloseTo(0.583333, 6);
});

test("grouped by label, each class has its own precision, recall and F1 among all samples", () => {
  const counts = countGroups(judge(Y, P, 4), Int32Array.from(Y), 4, null);
  const rows = figuresOf(counts, "macro", (group) => group);
  // precision_recall_fscore_support(Y, P): .75 .5 .666667, .75 .5 .5, .75 .5 .571429
  expect(rows.map(({ of }) => [of.precision.value, of.recall.value, of.f1.value].map((value) => Number(value?.toFixed(6))))).toEqual([[0.75, 0.75, 0.75], [0.5, 0.5, 0.5], [0.666667, 0.5, 0.571429]]);
  expect(rows[0]?.of.balanced).toEqual({ value: null, low: null, high: null, why: "One label only: there is nothing to balance" });
});

test("what is undefined says why instead of a figure", () => {
  const rows = figuresOf(countGroups(judge([0, 0, 1], [0, 1, 1], 2), Int32Array.of(0, 0, 1), 3, null), "macro");
  expect(rows.map(({ group }) => group)).toEqual([0, 1]); // the third holds nothing
  expect(rows[0]?.of.precision).toEqual({ value: null, low: null, high: null, why: "Only one label occurs here, so nothing else could be called so" });
  expect(rows[0]?.of.recall.value).toBe(0.5);
});

test("a group against the rest: points, chance, and what many groups do to it", () => {
  const labels = [...Array.from({ length: 100 }, () => 0), ...Array.from({ length: 100 }, () => 1)];
  const judged = judge(labels, labels.map((label, i) => (i < 50 || (i >= 100 && i < 130) ? 1 - label : label)), 2);
  const [first] = figuresOf(countGroups(judged, Int32Array.from(labels), 2, null), "macro");
  // 50 of 100 against 70 of 100: chi-square without correction, p = .00389
  expect(first?.difference).toBeCloseTo(-0.2, 12);
  expect(differenceWords(first as GroupFigures, true)).toBe("20.0 points less often right than the rest (p = .004)");
  expect([clear(first?.chance ?? 1, 2), clear(first?.chance ?? 1, 20)]).toEqual([true, false]);
});

test("all groups together are everything counted once", () => {
  const judged = judge(Y, P, 4);
  const apart = countGroups(judged, Int32Array.from(Y, (_, i) => i % 3), 3, null);
  expect(together(apart)).toEqual(countGroups(judged, new Int32Array(12), 1, null));
});

function division(column: string, codes: readonly number[], names: readonly string[]): Division {
  return { column, codes: Int32Array.from(codes), size: names.length, value: (code) => names[code] ?? "", expr: (code) => ({ op: "eq", column, value: names[code] ?? "" }), exact: (code) => names[code] ?? "" };
}

/** So many samples of a label in a place, so many of them wrong. */
function block(label: number, code: number, n: number, wrong: number): [label: number, code: number, prediction: number][] {
  return Array.from({ length: n }, (_, i) => [label, code, i < wrong ? 1 - label : label]);
}

test("a mark that one class lives by and all others suffer from is found, although it nearly cancels out", () => {
  // Pullovers with the mark 50 of 50 right, without it 11; everything else 320 of 450 with it, 394 without.
  const rows = [...block(0, 1, 50, 0), ...block(0, 0, 50, 39), ...block(1, 1, 450, 130), ...block(1, 0, 450, 56)];
  const judged = judge(rows.map(([label]) => label), rows.map(([, , prediction]) => prediction), 2);
  const mark = division("mark", rows.map(([, code]) => code), ["no", "yes"]);
  const noise = division("batch", rows.map((_, i) => i % 4), ["1", "2", "3", "4"]);
  const options = { least: 20, columns: 2 };
  const [first, second] = ranked([weaknessOf(judged, noise, null, options), weaknessOf(judged, mark, null, options)]);
  expect([first?.column, second?.column, second?.weakness]).toEqual(["mark", "batch", null]);
  const weakness = first?.weakness;
  if (!weakness) throw new Error("not found");
  expect(weaknessWords(weakness, "no", ["Pullover", "Coat"])).toBe("Pullover where mark is no: 22.0\u202f% right, 100\u202f% elsewhere");
  expect(restWords(weakness, "no", ["Pullover", "Coat"])).toBe("All labels but Coat: 22.0\u202f% right where it is no, 100\u202f% elsewhere. Coat, the other way: 87.6\u202f% and 71.1\u202f%.");
  // .78 at least .58: Newcombe's interval with z for a twentieth over 6 comparisons in each of 2 columns.
  expect(weakness.excess.value).toBeCloseTo(0.78, 12);
  expect(weakness.excess.low).toBeGreaterThan(0.5);
});

test("a place that is weak for every label a little is found over all of them together", () => {
  const rows = [0, 1].flatMap((label) => [...block(label, 0, 400, 80), ...block(label, 1, 400, 120)]);
  const found = weaknessOf(judge(rows.map(([label]) => label), rows.map(([, , said]) => said), 2), division("site", rows.map(([, code]) => code), ["a", "b"]), null, { least: 20, columns: 1 });
  expect([found.weakness?.label, found.weakness?.code, found.weakness?.excess.value]).toEqual([null, 1, 0.1]);
  expect(weaknessWords(found.weakness as NonNullable<typeof found.weakness>, "b", [])).toBe("Where site is b: 70.0\u202f% right, 80.0\u202f% elsewhere");
});

test("a column that only tells hard labels from easy ones matters nothing beyond them", () => {
  // Label 1 is wrong half the time wherever it is; it only stands more often in b.
  const rows = [...block(0, 0, 300, 0), ...block(0, 1, 50, 0), ...block(1, 0, 50, 25), ...block(1, 1, 300, 150)];
  const found = weaknessOf(judge(rows.map(([label]) => label), rows.map(([, , said]) => said), 2), division("site", rows.map(([, code]) => code), ["a", "b"]), null, { least: 20, columns: 1 });
  expect([found.weakness, found.looked]).toEqual([null, 6]);
});

test("chance alone is hardly ever called a finding, with few labels and with many", () => {
  let seed = 11;
  const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (const classes of [3, 400]) {
    let found = 0;
    for (let trial = 0; trial < 60; trial++) {
      const labels = Array.from({ length: 1200 }, () => Math.floor(next() * classes));
      const judged = judge(labels, labels.map((label) => (next() < 0.3 ? (label + 1) % classes : label)), classes);
      if (weaknessOf(judged, division("noise", labels.map(() => Math.floor(next() * 8)), [..."abcdefgh"]), null, { least: 20, columns: 1 }).weakness) found++;
    }
    // A twentieth of 60 is 3; more than 8 would happen once in three hundred times.
    expect(found).toBeLessThanOrEqual(8);
  }
});

test("groups too small to tell are neither looked at nor told", () => {
  const rows = [...block(0, 0, 100, 0), ...block(0, 1, 19, 19)];
  const judged = judge(rows.map(([label]) => label), rows.map(([, , said]) => said), 2);
  const site = division("site", rows.map(([, code]) => code), ["a", "b"]);
  expect(weaknessOf(judged, site, null, { least: 20, columns: 1 })).toEqual({ column: "site", weakness: null, looked: 0 });
  expect(weaknessOf(judged, site, null, { least: 19, columns: 1 }).weakness?.code).toBe(1);
  const figures = figuresOf(countGroups(judged, site.codes, 2, null), "macro");
  expect(groupTitle(figures, "site", () => "site is b", 20)).toBe("Too few samples to compare values of site");
  expect(groupTitle(figures, "site", () => "site is b", 19)).toBe("Weakest where site is b: 0\u202f% right");
});

async function choose(column: string, select = "Break down by"): Promise<void> {
  const found = page?.named("select", select) as HTMLSelectElement;
  found.value = column;
  found.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

const inTest = (i: number) => SPLITS[i] === "test" && LABELS[i] !== null;
const wrong = (i: number) => LABELS[i] !== PREDICTIONS[2]?.[i];

test("choosing a column measures its values; each count opens exactly its samples", async () => {
  page = await mounted(metrics);
  await choose("device");
  const rows = [...page.root.querySelectorAll("tbody tr")];
  expect(rows.map((row) => row.querySelector("th")?.textContent)).toEqual(["a", "b"]);
  for (const row of rows) {
    const device = row.querySelector("th")?.textContent;
    for (const [column, test] of [[1, () => true], [2, wrong]] as const) {
      const door = row.querySelectorAll<HTMLElement>("td")[column - 1]?.querySelector<HTMLElement>("button");
      door?.click();
      await settle();
      const wanted = LABELS.flatMap((_, i) => (inTest(i) && DEVICES[i] === device && test(i) ? [i] : []));
      expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual(wanted);
      expect(Number.parseInt(door?.textContent ?? "", 10)).toBe(wanted.length);
    }
  }
});

test("few samples are marked as few, and the least number is the reader's", async () => {
  page = await mounted(metrics);
  await choose("device");
  expect(page.root.querySelectorAll(".badge.warn")).toHaveLength(2);
  const least = page.named("input", "Fewest samples") as HTMLInputElement;
  least.value = "3";
  least.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(page.root.querySelectorAll(".badge.warn")).toHaveLength(0);
  expect(page.session.store.arrangement.tile("metrics")?.options).toEqual({ least: 3 });
});

test("two columns at once: only the groups that occur, each by its own name", async () => {
  page = await mounted(metrics);
  await choose("device");
  await choose("label", "And by");
  const rows = [...page.root.querySelectorAll("tbody tr")].map((row) => [row.querySelector("th")?.textContent, Number.parseInt(row.querySelectorAll("td button")[0]?.textContent ?? "", 10)]);
  const wanted = new Map<string, number>();
  LABELS.forEach((label, i) => inTest(i) && wanted.set(`${DEVICES[i]} · ${["T-shirt", "Shirt", "Bag"][label ?? 0]}`, (wanted.get(`${DEVICES[i]} · ${["T-shirt", "Shirt", "Bag"][label ?? 0]}`) ?? 0) + 1));
  expect(new Map(rows as [string, number][])).toEqual(wanted);
});

test("it obeys the filter of others, and not its own", async () => {
  page = await mounted(metrics);
  await choose("device");
  page.session.filter.set("elsewhere", { op: "eq", column: "label", value: "Bag" });
  await settle();
  const supports = () => [...(page?.root.querySelectorAll("tbody tr") ?? [])].map((row) => Number.parseInt(row.querySelectorAll("td button")[0]?.textContent ?? "", 10));
  expect(supports()).toEqual([2, 1]); // bags in test: 6, 10 of a, 7 of b
  const name = page.named("th .name", "a");
  name.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  await settle();
  expect(page.session.filter.clause("metrics")?.expr).toEqual({ op: "eq", column: "device", value: "a" });
  expect(supports()).toEqual([2, 1]);
  page.named("button", "Take away the filter").click();
  await settle();
  expect(page.session.filter.clause("metrics")).toBeUndefined();
});

test("how groups are drawn is asked only where there are groups", async () => {
  page = await mounted(metrics, { options: { form: "dots" } });
  expect(page.root.querySelectorAll("[aria-label='Drawn as'], [aria-label='Figure']")).toHaveLength(0);
  page.session.store.groupBy.value = ["device"];
  await settle();
  expect(page.named("button", "Dots").getAttribute("aria-pressed")).toBe("true");
});

test("dots and strips name every group with its figure, and open it", async () => {
  page = await mounted(metrics, { options: { form: "strips", least: 1 } });
  await choose("device");
  page.named(".strip button", "a: 66.7").click();
  await settle();
  expect(page.session.store.selection.value?.sentence).toBe("3 where device is a");
  page.named(".segments button", "Dots").click();
  await settle();
  expect([...page.root.querySelectorAll(".dots li")].map((row) => row.querySelector(".name")?.textContent)).toEqual(["a", "b"]);
});

test("the columns that tell nothing are named, and one is opened by its name", async () => {
  page = await mounted(metrics, { options: { least: 1 } });
  await settle(20);
  expect(page.text()).toContain("No column tells where it is wrong beyond chance.");
  page.named(".ranking .column", "device").click();
  await settle();
  expect(page.session.store.groupBy.value).toEqual(["device"]);
});

test("a column that does not arrive says so, whatever it is called", async () => {
  page = await mounted(metrics, { more: { columns: [{ name: "__proto__", type: "category", role: "metadata" }, { name: "label", type: "integer", role: "label" }] } });
  await choose("__proto__");
  expect(page.session.store.groupBy.value).toEqual(["__proto__"]);
  expect(page.text()).toContain("These groups cannot be made.");
});

test("without another column the view says how to record some", async () => {
  page = await mounted(metrics, { more: { columns: [{ name: "label", type: "integer", role: "label" }] } });
  expect(page.text()).toContain("There is no other column to compare by. Record some with metadata={…}: a source, a device, a date.");
});

test("where samples carry several labels, figures by class say why they are missing", async () => {
  page = await mounted(metrics, { more: { task: "multilabel" } });
  const none = page.root.querySelector('.overall dd[title^="Samples carry several labels"]');
  expect(none?.textContent).toBe("—");
});
