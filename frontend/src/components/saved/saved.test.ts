import { afterEach, expect, test } from "vitest";
import { FakeHost, categories } from "../../hosts/fake";
import { parse } from "../../state/clause-parser";
import { wilson } from "../../state/intervals";
import { savedSlices, slicesOf } from "../../state/saved";
import { mounted, settle, type Mounted } from "../mounted";
import { saved } from "./saved";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function save(filter: string, name = ""): Promise<void> {
  page?.session.filter.clear();
  page?.session.filter.add(parse(filter));
  await settle();
  const input = page?.named("input", "Name of the slice") as HTMLInputElement;
  input.value = name;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  page?.named("button", "Save the current filter").click();
  await settle(16);
}

const rows = () => [...(page?.root.querySelectorAll("tbody tr") ?? [])].map((row) => [...row.querySelectorAll("th b, td .door, td .num")].map((cell) => cell.firstChild?.textContent ?? ""));

test("a saved filter is counted with its share right and its share of the mistakes", async () => {
  page = await mounted(saved);
  // Test split at the last checkpoint: samples 5–11, of which 5 and 8 are wrong and 11 has no label.
  await save('device = "b"', "device b");
  await save('device = "a"');
  expect(page.host.decided.map(({ payload }) => payload)).toEqual([
    { name: "device b", filter: 'device = "b"' },
    { name: "device = a", filter: 'device = "a"' },
  ]);
  expect(rows()).toEqual([["device b", "4", "66.7\u202f%", "50.0\u202f%"], ["device = a", "3", "66.7\u202f%", "50.0\u202f%"]]);
  page.named(".door", "66.7\u202f%: show what is wrong in slice device b").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([5]);
});

test("applied, replaced and deleted; every step is undone", async () => {
  page = await mounted(saved);
  await save('device = "b"', "mine");
  page.session.filter.clear();
  await settle();
  page.named("button", "Filter by slice mine").click();
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "slice", label: "mine", expr: { op: "eq", column: "device", value: "b" } }]);
  page.named("button", "Filter by slice mine").click();
  page.session.filter.add(parse('device = "a"'));
  await settle();
  page.named("button", "Replace slice mine by the current filter").click();
  await settle(16);
  const inForce = () => savedSlices(page?.session.store.log.value ?? []).map(({ text }) => text);
  expect(inForce()).toEqual(['device = "a"']);
  page.session.filter.clear();
  await settle();
  page.named("button", "Delete slice mine").click();
  await settle(16);
  expect(inForce()).toEqual([]);
  page.session.history.undo();
  await settle(16);
  expect(inForce()).toEqual(['device = "a"']);
});

test("saving under a name that is there replaces it; undo brings the first back", async () => {
  page = await mounted(saved);
  await save('device = "b"', "mine");
  await save('device = "a"', "mine");
  expect(rows()).toHaveLength(1);
  page.session.history.undo();
  await settle(16);
  expect(page.text()).toContain('device = "b"');
});

test("one slice per value, as one step; those that are there stay", async () => {
  page = await mounted(saved);
  const select = page.named("select", "One slice per value") as HTMLSelectElement;
  const each = async () => {
    select.value = "label";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await settle(16);
  };
  await each();
  expect(page.host.decided.map(({ payload }) => (payload as { name: string }).name)).toEqual(["label = T-shirt", "label = Shirt", "label = Bag", "label is missing"]);
  await each();
  expect(page.host.decided).toHaveLength(4);
  expect(page.session.store.notices.value).toEqual(["There is a slice for each value of label already."]);
  page.session.history.undo();
  await settle(24);
  expect(page.text()).toContain("No slice is saved yet");
});

test("a slice that cannot be asked stays, with the reason", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "slice", payload: { name: "old", filter: "gone = 1" } });
  await host.decide({ id: "2", kind: "slice", payload: { name: "torn", filter: "device = " } });
  page = await mounted(saved, { host });
  expect(page.text()).toContain("There is no column “gone”.");
  expect(page.text()).toContain("At 10: Expected a value, with quotes around text, found the end.");
});

test("more than a hundred chosen samples are no slice: their places would be mixed up", async () => {
  page = await mounted(saved);
  page.session.filter.add({ op: "bits", bits: new Uint32Array(1) });
  page.session.filter.add({ op: "rows", rows: Uint32Array.from({ length: 101 }, (_, i) => i) });
  await settle();
  page.named("button", "Save the current filter").click();
  await settle();
  expect(page.host.decided).toEqual([]);
  expect(page.session.store.notices.value.at(-1)).toBe("The filter was not saved. It names more than 100 samples by their place, which another order would mix up. Tag them, and filter by the tag.");
});

test("Wilson's interval: 8 of 10, none of 5, all of 1, nothing of nothing", () => {
  const rounded = ({ value, low, high }: ReturnType<typeof wilson>) => [value, low, high].map((one) => one && Number(one.toFixed(4)));
  expect(rounded(wilson(8, 10))).toEqual([0.8, 0.4902, 0.9433]);
  expect(rounded(wilson(0, 5))).toEqual([0, 0, 0.4345]);
  expect(rounded(wilson(1, 1))).toEqual([1, 0.2065, 1]);
  expect(wilson(0, 0)).toEqual({ value: null, low: null, high: null });
});

test("values that do not occur give no slice; nor do hundreds of values", () => {
  expect(slicesOf("a", categories(["x", "y", "x"]))?.map(({ name }) => name)).toEqual(["a = x", "a = y"]);
  expect(slicesOf("a", categories(Array.from({ length: 60 }, (_, i) => `${i}`)))).toBeNull();
});
