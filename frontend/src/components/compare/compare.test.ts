import { render } from "preact";
import { afterEach, expect, test } from "vitest";
import { LABELS, PREDICTIONS, SPLITS, FakeHost, categories } from "../../hosts/fake";
import type { Column } from "../../hosts/arrow";
import { judgedOf, outcomesOf, type Judged } from "../../state/counting";
import { fromRows, has } from "../../state/masks";
import type { NumberColumn } from "../../state/performance";
import { mounted, settle, type Mounted } from "../mounted";
import { agreementOf, changesByClass, chanceWords, finding } from "./agreement";
import { compare } from "./compare";
import { before } from "./sources";
import { columnsOf } from "./view";
import { description } from "../../hosts/fake";

let page: Mounted | null = null;
afterEach(() => page?.close());

function numbers(values: readonly number[]): NumberColumn {
  return { values: Float64Array.from(values), valid: null };
}

function judge(labels: readonly number[], predictions: readonly number[]): Judged {
  const said = { prediction: numbers(predictions), confidence: numbers([]), loss: numbers([]), margin: numbers([]), correct: numbers(labels.map((label, i) => Number(label === predictions[i]))) };
  return judgedOf({ length: labels.length, label: numbers(labels), split: null }, said, 3);
}

/** So many samples each: right twice, fixed, broken, wrong alike, wrong differently; all of label 0. */
function pair(both: number, fixed: number, broken: number, alike: number, apart: number): [Judged, Judged] {
  const kinds = [[0, 0, both], [1, 0, fixed], [0, 1, broken], [1, 1, alike], [1, 2, apart]] as const;
  const said = (side: 0 | 1) => kinds.flatMap((kind) => Array.from({ length: kind[2] }, () => kind[side]));
  const labels = said(0).map(() => 0);
  return [judge(labels, said(0)), judge(labels, said(1))];
}

test("the table, the change and the test by hand", () => {
  const [first, second] = pair(50, 30, 12, 5, 3);
  const found = agreementOf(outcomesOf(first, second), first, second, null);
  expect(found.counts).toEqual({ "both right": 50, fixed: 30, broken: 12, "wrong alike": 5, "wrong differently": 3 });
  expect([found.total, found.change.value]).toEqual([100, 0.18]);
  // SciPy: binomtest(30, 42).pvalue = .0079159
  expect(chanceWords(found)).toBe("If both were equally good, a split as uneven as 30 to 12 would be rare (McNemar, p = .008): it got better on samples like these.");
  expect(finding(found, "checkpoint 8", "checkpoint 12")).toBe("Checkpoint 12 fixes 30 mistakes of checkpoint 8 and makes 12 new ones");
});

test("the other way round, what was fixed is broken", () => {
  const [first, second] = pair(4, 1, 9, 2, 2);
  const there = agreementOf(outcomesOf(first, second), first, second, null);
  const back = agreementOf(outcomesOf(second, first), second, first, null);
  expect([back.counts.fixed, back.counts.broken, back.chance]).toEqual([there.counts.broken, there.counts.fixed, there.chance]);
  expect(chanceWords(there)).toContain("it got worse on samples like these.");
});

test("nothing clear and nothing changed are said so", () => {
  const few = pair(4, 5, 2, 0, 0);
  expect(chanceWords(agreementOf(outcomesOf(...few), ...few, null))).toBe("A split like 5 to 2 is common between two that are equally good (McNemar, p = .45): nothing clear yet.");
  const same = pair(4, 0, 0, 2, 0);
  const found = agreementOf(outcomesOf(...same), ...same, null);
  expect([chanceWords(found), finding(found, "column a", "checkpoint 2")]).toEqual(["No sample turned right or wrong, so there is nothing to test.", "Checkpoint 2 is right and wrong where column a is"]);
});

test("by label and under a mask the counts are those of its samples alone", () => {
  const labels = [0, 0, 1, 1, 2, 2];
  const [first, second] = [judge(labels, [0, 1, 1, 0, 0, 2]), judge(labels, [1, 0, 1, 1, 1, 2])];
  const found = agreementOf(outcomesOf(first, second), first, second, fromRows([0, 1, 3, 4], 6));
  expect(found.counts).toEqual({ "both right": 0, fixed: 2, broken: 1, "wrong alike": 0, "wrong differently": 1 });
  expect(changesByClass(found, second, fromRows([0, 1, 3, 4], 6)).map(({ label, total, counts }) => [label, total, counts.fixed, counts.broken])).toEqual([[0, 2, 1, 1], [1, 1, 1, 0], [2, 1, 0, 0]]);
});

test("unless told, it compares with the best checkpoint before", () => {
  const metrics = { overall: (name: string | null) => ({ of: () => ({ value: { "000001": 0.7, "000002": 0.8, "000003": 0.6 }[name ?? ""] ?? null }) }) };
  const recording = description(4);
  expect(before(recording, "000004", metrics as never, "test")).toBe("000002");
  expect(before(recording, "000002", metrics as never, "test")).toBe("000001");
  expect(before(recording, "000001", metrics as never, "test")).toBe("000002"); // nothing before: the next
  expect(before(recording, "000004", null, "test")).toBe("000001");
});

const inTest = (i: number) => SPLITS[i] === "test" && LABELS[i] !== null;
const right = (t: number, i: number) => PREDICTIONS[t]?.[i] === LABELS[i];

test("every number opens exactly the samples it counts", async () => {
  page = await mounted(compare, { options: { before: "000001", after: "000003" } });
  await settle();
  const fixed = LABELS.flatMap((_, i) => (inTest(i) && !right(0, i) && right(2, i) ? [i] : []));
  const door = page.named("button", `${fixed.length}: show what is wrong, now right`);
  door.click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual(fixed);
  expect(page.session.store.selection.value?.sentence).toBe(`${fixed.length} wrong, now right, from checkpoint 1 to checkpoint 3`);
});

test("a number of one label opens the samples of that label alone", async () => {
  page = await mounted(compare, { options: { before: "000001", after: "000003" } });
  await settle();
  const bags = LABELS.flatMap((label, i) => (inTest(i) && label === 2 ? [i] : []));
  page.named("button", `${bags.length}: show the Bag: right both times`).click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual(bags);
});

test("the change of every label is drawn on one scale, on which the widest reaches the edge", () => {
  const counts = { "both right": 0, fixed: 0, broken: 0, "wrong alike": 0, "wrong differently": 0 };
  const rows = [{ value: 0.07, low: -0.02, high: 0.1 }, { value: -0.05, low: -0.08, high: 0 }].map((change, label) => ({ label, total: 100, counts, change }));
  const drawn = columnsOf(["a", "b"], { go: () => undefined } as never, rows).find(({ id }) => id === "change");
  const box = document.createElement("div");
  // A tenth to either side is 25 pixels around the middle, 28.
  const at = rows.map((row) => {
    render(drawn?.cell(row) ?? null, box);
    return [Number(box.querySelector("circle")?.getAttribute("cx")), Number(box.querySelector("line[stroke-width]")?.getAttribute("x2"))];
  });
  expect(at).toEqual([[45.5, 53], [15.5, 28]]);
});

test("with Shift they become a filter, which does not change the table itself", async () => {
  page = await mounted(compare, { options: { before: "000001", after: "000003" } });
  await settle();
  const shown = page.root.querySelector(".agreement")?.textContent;
  const fixed = LABELS.flatMap((_, i) => (inTest(i) && !right(0, i) && right(2, i) ? [i] : []));
  page.named(".agreement button", `${fixed.length}: show what is wrong, now right`).dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  await settle();
  const mask = page.session.filter.mask();
  expect(LABELS.flatMap((_, i) => (mask && has(mask, i) ? [i] : []))).toEqual(fixed);
  expect(page.root.querySelector(".agreement")?.textContent).toBe(shown);
  page.root.querySelector(".agreement")?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await settle();
  expect(page.session.filter.clause("compare")).toBeUndefined();
});

test("a filter of another view narrows it", async () => {
  page = await mounted(compare, { options: { before: "000001" } });
  page.session.filter.set("elsewhere", { op: "eq", column: "label", value: "Bag" });
  await settle();
  expect(page.text()).toContain("test · filtered · 3 samples");
});

class Reader extends FakeHost {
  override async table(...given: Parameters<FakeHost["table"]>) {
    const table = await super.table(...given);
    const second: Column = categories(["T-shirt", "T-shirt", "Bag", "Shirt", "Shirt", "Shirt", "Bag", "Bag", "T-shirt", "Shirt", "Bag", "Bag"]);
    return given[0] === "samples" && given[1].includes("reader") ? new Map([...table, ["reader", second]]) : table;
  }
}

test("a column of predictions is compared like a checkpoint", async () => {
  const columns = [{ name: "label", type: "integer", role: "label" }, { name: "split", type: "category", role: "split" }, { name: "reader", type: "category", role: "prediction" }];
  page = await mounted(compare, { host: new Reader(1, { columns }) });
  await settle();
  // One checkpoint: the column is what is left to compare with. In test the reader is right on all of 5 to 10.
  expect(page.root.querySelector("h2")?.textContent).toMatch(/^Checkpoint 1 fixes 0 mistakes of column reader and makes 4 new ones$/);
});

test("a checkpoint that is not there is said so, and the usual one shown", async () => {
  page = await mounted(compare, { options: { before: "999" } });
  await settle();
  expect(page.text()).toContain("(“999”) here; the usual choice is shown.");
  expect(page.root.querySelector(".agreement")).not.toBeNull();
});

test("one set of predictions alone says what to add", async () => {
  page = await mounted(compare, { checkpoints: 1 });
  expect(page.text()).toContain("One set of predictions alone has nothing to compare with. Record a second checkpoint, or add a column of predictions.");
});
