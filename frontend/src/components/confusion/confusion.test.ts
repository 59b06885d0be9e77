import { afterEach, expect, test } from "vitest";
import { CLASSES, FakeHost, LABELS, PREDICTIONS, SPLITS, categories } from "../../hosts/fake";
import { heat } from "../../draw/colour";
import { cellsFrom } from "../../state/counting";
import { mounted, settle, type Mounted } from "../mounted";
import { placeAt } from "./cell-map";
import { UNREADABLE, shade } from "./cell-grid";
import { confusion } from "./confusion";
import { plainAxis } from "./levels";
import { Matrix, moved } from "./matrix";
import { contrast, tokens } from "../../draw/tokens";

const THOUSAND = Array.from({ length: 1000 }, (_, i) => `class ${i}`);

let page: Mounted | null = null;
afterEach(() => page?.close());

test("a click on a cell selects exactly the samples its count is about", async () => {
  page = await mounted(confusion);
  page.named("[role=gridcell]", "1 T-shirt called Shirt").click();
  await settle();
  const wanted = LABELS.flatMap((label, i) => (SPLITS[i] === "test" && label === 0 && PREDICTIONS[2]?.[i] === 1 ? [i] : []));
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual(wanted);
  expect(page.session.store.selection.value?.sentence).toBe("1 T-shirt called Shirt");
});

test("every cell says its count in a sentence, and the counts add up to the labelled samples of the split", async () => {
  page = await mounted(confusion);
  const cells = [...page.root.querySelectorAll("[role=gridcell]")].map((cell) => cell.getAttribute("aria-label") ?? "");
  expect(cells).toHaveLength(9);
  expect(cells.reduce((sum, words) => sum + Number.parseInt(words, 10), 0)).toBe(6);
  expect(cells).toContain("3 Bag called Bag, rightly");
});

test("arrow keys walk the cells and Enter opens the one under the cursor", async () => {
  page = await mounted(confusion);
  const first = page.root.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]');
  first?.focus();
  for (const key of ["ArrowDown", "Enter"]) page.root.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  await settle();
  expect(page.session.store.selection.value?.rule).toEqual({ kind: "cell", label: 1, prediction: 0 });
});

test("row and column heads open what is labelled so and what is called so", async () => {
  page = await mounted(confusion);
  page.named("[role=rowheader]", "2 labelled Shirt").click();
  await settle();
  expect(page.session.store.selection.value?.rule).toEqual({ kind: "label", label: 1 });
  page.named("[role=columnheader]", "2 called Shirt").click();
  await settle();
  expect(page.session.store.selection.value?.sentence).toBe("2 called Shirt");
});

test("the worst pair comes first in the list", async () => {
  page = await mounted(confusion, { fragment: "#split=all&checkpoint=000001" });
  page.session.store.split.value = "all";
  await settle();
  expect(page.root.querySelector(".pair")?.getAttribute("aria-label")).toBe("2 T-shirt called Shirt");
});

test("several labels per sample: the view says why there is no matrix", async () => {
  page = await mounted(confusion, { more: { task: "multilabel" } });
  expect(page.text()).toContain("A sample here carries several labels, so no one class is mistaken for one other.");
});

test("with a thousand classes the cursor jumps to the next cell that holds something", () => {
  const matrix = new Matrix(cellsFrom([{ label: 0, prediction: 900, count: 3 }, { label: 400, prediction: 0, count: 1 }]), plainAxis(THOUSAND));
  expect(moved(matrix, { row: 0, column: 0 }, "ArrowRight", false, true)).toEqual({ row: 0, column: 900 });
  expect(moved(matrix, { row: 0, column: 900 }, "ArrowRight", false, true)).toEqual({ row: 0, column: 900 });
  expect(moved(matrix, { row: 0, column: 0 }, "ArrowDown", false, true)).toEqual({ row: 400, column: 0 });
});

test("where cells are smaller than a pixel the pointer finds the nearest mistake", () => {
  const matrix = new Matrix(cellsFrom([{ label: 500, prediction: 503, count: 2 }]), plainAxis(THOUSAND));
  expect(placeAt(matrix, 500, 14 + 250, 14 + 250)).toEqual({ row: 500, column: 503 });
  expect(placeAt(matrix, 500, 3, 14 + 10)).toEqual({ row: 20, column: -1 });
});

test("the number in a cell is readable at every strength, light and dark", () => {
  for (const theme of ["light", "dark"] as const) {
    const token = tokens(theme);
    for (let weight = 0; weight <= 1.0001; weight += 0.02) {
      const { share, inverse } = shade(Math.min(1, weight));
      expect(share <= UNREADABLE.from || share >= UNREADABLE.to).toBe(true);
      const ground = heat(token["--heat-0"] ?? "", token["--heat-1"] ?? "", share);
      expect(contrast(ground, token[inverse ? "--surface" : "--ink"] ?? "")).toBeGreaterThanOrEqual(4.5);
    }
  }
});

const inTest = (i: number) => SPLITS[i] === "test" && LABELS[i] !== null;

function cellsShown(): string[] {
  return [...(page?.root.querySelectorAll("[role=gridcell]") ?? [])].map((cell) => cell.getAttribute("aria-label") ?? "").filter((words) => !words.startsWith("0 "));
}

test("a filter of another view changes every count; the view's own does not", async () => {
  page = await mounted(confusion);
  const before = cellsShown();
  page.session.filter.set("elsewhere", { op: "eq", column: "device", value: "a" });
  await settle();
  // Of device a in test: 6 and 10 are bags called so, 8 a T-shirt called Shirt.
  expect(cellsShown()).toEqual(["1 T-shirt called Shirt", "2 Bag called Bag, rightly"]);
  page.session.filter.set("elsewhere", null);
  page.session.filter.set("confusion", { op: "eq", column: "device", value: "a" });
  await settle();
  expect(cellsShown()).toEqual(before);
});

test("the stored table and what the page counts are the same figures", async () => {
  page = await mounted(confusion);
  const stored = page.session.store.measured.value.confusion?.cells("000003", "test") ?? [];
  const wanted = stored.filter(({ count }) => count > 0).map(({ label, prediction, count }) => `${count} ${["T-shirt", "Shirt", "Bag"][label]} called ${["T-shirt", "Shirt", "Bag"][prediction]}${label === prediction ? ", rightly" : ""}`);
  expect(cellsShown()).toEqual(wanted);
  page.session.filter.set("elsewhere", { op: "in", column: "device", values: ["a", "b"] });
  await settle();
  expect(cellsShown()).toEqual(wanted);
});

class Slow extends FakeHost {
  override table(...given: Parameters<FakeHost["table"]>) {
    return given[0].endsWith("/samples") ? new Promise<never>(() => undefined) : super.table(...given);
  }
}

test("until predictions are there the stored table is shown, but never under a filter, which it knows nothing of", async () => {
  page = await mounted(confusion, { host: new Slow() });
  expect(cellsShown()).toContain("1 T-shirt called Shirt");
  page.session.filter.set("elsewhere", { op: "eq", column: "device", value: "a" });
  await settle();
  expect(cellsShown()).toEqual([]);
  expect(page.text()).toContain("Counting mistakes");
});

test("Shift makes a filter of a cell, a row or a column; twice clicked it is gone", async () => {
  page = await mounted(confusion);
  const shift = (selector: string, name: string) => page?.named(selector, name).dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  const told = () => page?.session.filter.clause("confusion")?.expr;
  shift("[role=gridcell]", "1 T-shirt called Shirt");
  expect(told()).toEqual({ op: "and", of: [{ op: "eq", column: "label", value: "T-shirt" }, { op: "eq", column: "prediction", value: "Shirt" }] });
  shift("[role=rowheader]", "2 labelled Shirt");
  expect(told()).toEqual({ op: "eq", column: "label", value: "Shirt" });
  shift("[role=columnheader]", "2 called Shirt");
  expect(told()).toEqual({ op: "eq", column: "prediction", value: "Shirt" });
  page.named("[role=gridcell]", "3 Bag").dispatchEvent(new MouseEvent("dblclick", { bubbles: true, composed: true }));
  expect(told()).toBeUndefined();
});

test("two matrices on one page keep their filters and options apart", async () => {
  page = await mounted(confusion, { id: "left", options: { share: "label" } });
  page.named("[role=gridcell]", "1 T-shirt called Shirt").dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  expect(page.session.filter.clause("left")).toBeDefined();
  expect(page.session.filter.clause("confusion")).toBeUndefined();
});

test("every option is kept in the layout, and a default is taken back out", async () => {
  page = await mounted(confusion);
  const set = async (name: string, value: string) => {
    const select = page?.named("select", name) as HTMLSelectElement;
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
  };
  await set("Order", "name");
  await set("Numbers", "label");
  page.named("button", "Hide diagonal").click();
  page.named("button", "Log colour").click();
  await settle();
  const options = () => page?.session.store.arrangement.tile("confusion")?.options;
  expect(options()).toEqual({ order: "name", share: "label", diagonal: false, log: true });
  expect([...page.root.querySelectorAll("[role=rowheader] .text")].map((head) => head.textContent)).toEqual(["Bag", "Shirt", "T-shirt"]);
  await set("Order", "given");
  expect(options()).toEqual({ share: "label", diagonal: false, log: true });
});

test("against another checkpoint both counts are told, and what is gone is opened where it was", async () => {
  page = await mounted(confusion, { options: { against: "000001" } });
  await settle();
  // At checkpoint 1 one bag (10) was called Shirt; now none is.
  const cell = page.named("[role=gridcell]", "0 Bag called Shirt; 1 at checkpoint 1");
  expect(cell.textContent).toBe("−1");
  cell.click();
  await settle();
  expect([page.session.store.selection.value?.checkpoint, [...(page.session.store.selection.value?.indices ?? [])]]).toEqual(["000001", [10]]);
});

test("grouped, each group that occurs has its own small matrix under its own name", async () => {
  page = await mounted(confusion);
  page.session.store.groupBy.value = ["device", "label"];
  await settle(20);
  const wanted = new Map<string, [number, number]>();
  LABELS.forEach((label, i) => {
    if (!inTest(i)) return;
    const name = `${i % 2 === 0 ? "a" : "b"} · ${["T-shirt", "Shirt", "Bag"][label ?? 0]}`;
    const [wrong, total] = wanted.get(name) ?? [0, 0];
    wanted.set(name, [wrong + Number(PREDICTIONS[2]?.[i] !== label), total + 1]);
  });
  const shown = [...page.root.querySelectorAll(".multiples li")].map((one) => [one.querySelector(".title")?.textContent, one.querySelector(".door")?.textContent?.split(":")[0]]);
  expect(new Map(shown as [string, string][])).toEqual(new Map([...wanted].map(([name, [wrong, total]]) => [name, `${wrong} of ${total}`])));
  page.named(".multiples .door", "1 of 1").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([8]);
  expect(page.session.store.selection.value?.sentence).toBe("1 wrong where device and label is a · T-shirt");
});

test("two classes: accuracy, precision and recall beside them, a dash with its reason where there is none", async () => {
  page = await mounted(confusion, { more: { classes: ["T-shirt", "Shirt"] } });
  await settle();
  // In test, by these two: 5 Shirt called T-shirt, 8 T-shirt called Shirt, 9 Shirt called so.
  const figures = [...page.root.querySelectorAll(".binary tr")].map((row) => [row.querySelector("th")?.textContent, row.querySelector("button")?.firstChild?.textContent ?? row.querySelector("td")?.textContent]);
  expect(figures).toEqual([["Accuracy", "33.3\u202f%"], ["Precision of Shirt", "50.0\u202f%"], ["Recall of Shirt", "50.0\u202f%"], ["Precision of T-shirt", "0\u202f%"], ["Recall of T-shirt", "0\u202f%"]]);
});

const GROUPED = ["top/T-shirt", "top/Shirt", "Bag"];

test("a closed group is one row whose cells open every sample in it; keys and buttons open and close it", async () => {
  page = await mounted(confusion, { more: { classes: GROUPED }, options: { closed: ["top"] } });
  await settle();
  expect([...page.root.querySelectorAll("[role=rowheader] .text")].map((head) => head.textContent)).toEqual(["top", "Bag"]);
  page.named("[role=gridcell]", "3 top called top").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([5, 8, 9]);
  expect(page.session.store.selection.value?.sentence).toBe("3 top called top, rightly or another of the group");
  const key = (name: string) => page?.root.querySelector('[role=gridcell][tabindex="0"]')?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, composed: true }));
  key("+");
  await settle();
  expect([...page.root.querySelectorAll("[role=rowheader] .text")].map((head) => head.textContent)).toEqual(["T-shirt", "Shirt", "Bag"]);
  key("-");
  await settle();
  expect(page.session.store.arrangement.tile("confusion")?.options).toEqual({ closed: ["top"] });
  page.named(".level", "▸ top").click();
  await settle();
  expect(page.session.store.arrangement.tile("confusion")?.options).toEqual({});
});

test("with Shift a closed group filters by all its classes", async () => {
  page = await mounted(confusion, { more: { classes: GROUPED }, options: { closed: ["top"] } });
  page.named("[role=rowheader]", "3 labelled top").dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  expect(page.session.filter.clause("confusion")?.expr).toEqual({ op: "in", column: "label", values: ["top/T-shirt", "top/Shirt"] });
});

test("a filter that nothing passes leaves a sentence, not the old picture", async () => {
  page = await mounted(confusion);
  page.session.filter.set("elsewhere", { op: "eq", column: "device", value: "no such" });
  await settle();
  expect(page.text()).toContain("No labelled sample with a prediction passes the filter.");
  expect(page.root.querySelector("[role=grid]")).toBeNull();
});

class PlainTable extends FakeHost {
  override async table(...given: Parameters<FakeHost["table"]>) {
    const table = await super.table(...given);
    return given[0] === "samples" && given[1].includes("said") ? new Map([...table, ["said", categories((PREDICTIONS[2] ?? []).map((at) => CLASSES[at] ?? ""))]]) : table;
  }
}

test("a plain table without checkpoints is counted from its prediction column, and filtered by its name", async () => {
  const columns = [{ name: "label", type: "integer", role: "label" }, { name: "split", type: "category", role: "split" }, { name: "said", type: "category", role: "prediction" }];
  page = await mounted(confusion, { host: new PlainTable(0, { columns }) });
  await settle();
  expect(cellsShown()).toContain("1 T-shirt called Shirt");
  page.named("[role=columnheader]", "2 called Shirt").dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, composed: true }));
  await settle();
  expect(page.session.filter.clause("confusion")?.expr).toEqual({ op: "eq", column: "prediction", value: "Shirt" });
  expect(page.session.filter.failed.size).toBe(0);
});
