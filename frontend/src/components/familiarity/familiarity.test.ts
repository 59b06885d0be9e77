import { afterEach, expect, test } from "vitest";
import { FakeHost, numbers } from "../../hosts/fake";
import { FAMILIARITY } from "../../hosts/fake-results";
import { ALL } from "../../state/selection";
import { mounted, settle, type Mounted } from "../mounted";
import { familiarity } from "./familiarity";
import { leastFirst, spreadOf, type Scores } from "./scores";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function look(options: Parameters<typeof mounted>[1] = {}, split = ALL): Promise<Mounted> {
  page = await mounted(familiarity, options);
  page.session.store.split.value = split;
  await settle();
  return page;
}

const shownIn = (root: ParentNode) => [...root.querySelectorAll("img")].map((image) => Number(/media\/(\d+)/.exec(image.getAttribute("src") ?? "")?.[1]));
const picked = ({ session }: Mounted) => [...(session.store.selection.value?.indices ?? [])];

async function choose({ root }: Mounted, label: string, value: string): Promise<void> {
  const select = [...root.querySelectorAll("label")].find((one) => one.textContent?.startsWith(label))?.querySelector("select");
  if (!select) throw new Error(`no choice "${label}" in ${[...root.querySelectorAll("label")].map((one) => one.textContent).join(" | ")}`);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

test("least familiar first, and the other way round", async () => {
  const shown = await look();
  expect(shownIn(shown.root)).toEqual([8, 10, 9, 7, 6, 5, 4, 3, 2, 1, 0]);
  shown.named("button", "Least familiar first").click();
  await settle();
  expect(shownIn(shown.root).slice(0, 3)).toEqual([0, 1, 2]);
  expect(shown.session.store.arrangement.tile("familiarity")?.options).toEqual({ most_first: true });
});

test("the title counts the rarest, and its number shows them", async () => {
  const shown = await look();
  expect(shown.root.querySelector("h2")?.textContent).toBe("1: show them among the samples of 11 samples is less familiar than 99\u202f% of the training samples");
  shown.named("h2 .door", "1").click();
  await settle();
  expect(picked(shown)).toEqual([8]);
  expect(shown.session.store.selection.value?.sentence).toBe("1 less familiar than 99\u202f% of the training samples");
});

test("mean and standard deviation stand beside the histogram, and those without a score are a door", async () => {
  const shown = await look();
  // By hand, of the eleven known: mean of 100 × (.9, .8, .7, .6, .5, .4, .3, .2, .005, .1, .05).
  const values = FAMILIARITY.filter((value) => value !== null).map((value) => value * 100);
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  expect(mean).toBeCloseTo(41.41, 2); // and of their squares 2593.2, so √(2593.2 − 41.41²) = 29.64
  expect(shown.text()).toContain("Mean41.4");
  expect(shown.text()).toContain("Standard deviation29.6");
  shown.named("dd .door", "1").click();
  await settle();
  expect(picked(shown)).toEqual([11]);
});

test("a brush is a filter of this view, which its own histogram does not obey", async () => {
  const shown = await look({ id: "odd-ones" });
  const bar = shown.root.querySelectorAll<HTMLElement>("[role=option]")[0];
  bar?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await settle();
  const [clause] = shown.session.store.clauses.value;
  expect(clause?.source).toBe("odd-ones");
  expect(clause?.label).toContain("familiarity: log density from 0");
  const passing = shown.session.filter.counts.value.passing;
  expect(passing).toBeGreaterThan(0);
  expect(passing).toBeLessThan(11);
  expect(shownIn(shown.root)).toHaveLength(passing);
  expect(shown.root.querySelector("h2")?.textContent).toContain("of 11 samples");
  expect(shown.root.querySelectorAll('[aria-selected="true"]')).toHaveLength(1);
  shown.session.filter.clear();
  await settle();
  expect(shownIn(shown.root)).toHaveLength(11);
});

test("filter and split are obeyed", async () => {
  const shown = await look({}, "train");
  expect(shownIn(shown.root)).toEqual([4, 3, 2, 1, 0]);
  shown.session.filter.add({ op: "eq", column: "device", value: "a" });
  await settle();
  expect(shownIn(shown.root)).toEqual([4, 2, 0]);
  shown.session.filter.add({ op: "eq", column: "device", value: "b" });
  await settle();
  expect(shown.text()).toContain("No sample with a score passes the filter.");
});

test("within the class a sample is compared with its own kind; groups passed over say why", async () => {
  const shown = await look();
  await choose(shown, "Compared with", "label");
  expect(shownIn(shown.root)).toEqual([4, 0, 5, 1, 9, 2, 8, 3]);
  expect(shown.text()).toContain("Bag: 3 members with an embedding; at least 50 are needed.");
  // The worst of the groups decides how far the whole is trusted.
  expect(shown.root.querySelector(".badge")?.textContent).toBe("not to be trusted: record more samples");
  await choose(shown, "label", "Shirt");
  expect(shownIn(shown.root)).toEqual([4, 5, 9, 3]);
  expect(shown.root.querySelector("h2")?.textContent).toContain("0: show them among the samples of 4 samples are less familiar than 99\u202f% of the training samples of Shirt");
  expect(shown.root.querySelector(".badge")?.textContent).toBe("steady");
});

test("a metadata column costs a run of its own, which asks for that column only", async () => {
  const shown = await look();
  shown.host.absent.add("familiarity");
  await choose(shown, "Compared with", "device");
  expect(shown.host.asked).toContain('run familiarity {"by":["device"]}');
});

test("layers are chosen by their exact names", async () => {
  const layer = (name: string, role: string) => ({ name, shape: [8], dtype: "float16", role });
  const shown = await look({ more: { layers: [layer("fc", "embedding"), layer("fc1", "activation"), layer("fc10", "activation")] } });
  await choose(shown, "Measured in", "fc1");
  expect(shown.host.asked).toContain('run familiarity {"layer":"fc1"}');
  expect(shown.host.asked.some((one) => one.includes("fc10"))).toBe(false);
});

test("grouped, there is one block per combination that exists, under its own name", async () => {
  const shown = await look();
  shown.session.store.groupBy.value = ["split", "label"];
  await settle();
  const blocks = [...shown.root.querySelectorAll("article")].map((block) => [block.querySelector("h3")?.textContent, shownIn(block)]);
  expect(Object.fromEntries(blocks)).toEqual({
    "train, T-shirt": [2, 1, 0], "train, Shirt": [4, 3], "test, Shirt": [9, 5], "test, Bag": [10, 7, 6], "test, T-shirt": [8],
  });
  expect(blocks[0]?.[0]).toBe("test, T-shirt"); // the least familiar first
  shown.named("article .door", "1 sample").click();
  await settle();
  expect(picked(shown)).toEqual([8]);
});

test("a column of a plain table can say it, and its brush is a range of that column", async () => {
  const host = new FakeHost(0);
  const values = [5, 3, 9, 1, 4, 7, 8, 2, 6, 10, 11, null];
  host.more = {
    layers: [], analyses: [{ name: "familiarity", missing: ["no layer of role 'embedding'"] }],
    columns: [
      { name: "sample_id", type: "text", role: "id" }, { name: "label", type: "integer", role: "label" },
      { name: "split", type: "category", role: "split", values: ["train", "test"] }, { name: "typical", type: "number", role: "familiarity" },
    ],
  };
  const table = host.table.bind(host);
  host.table = async (name, asked, options) => (asked.includes("typical") ? new Map([["typical", numbers(values)]]) : table(name, asked, options));
  const shown = await look({ host });
  expect(shownIn(shown.root)).toEqual([3, 7, 1, 4, 0, 8, 5, 6, 2, 9, 10]);
  expect(shown.text()).not.toContain("cannot be told");
  shown.root.querySelectorAll<HTMLElement>("[role=option]")[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await settle();
  expect(shown.session.store.clauses.value[0]?.expr).toMatchObject({ op: "range", column: "typical", low: 1 });
});

test("without an embedding and without a column, the page says what would fill it", async () => {
  const shown = await look({ more: { analyses: [{ name: "familiarity", missing: ["no layer of role 'embedding'. Record one with embedding='name of the layer'"] }] } });
  expect(shown.text()).toContain("needs an embedding: the recording has no layer of role 'embedding'. Record one with embedding='name of the layer'");
});

test("nothing is run without being asked", async () => {
  const host = new FakeHost();
  host.absent.add("familiarity");
  const shown = await look({ host });
  expect(host.asked.some((one) => one.startsWith("run familiarity"))).toBe(false);
  shown.named("button", "Measure familiarity").click();
  await settle();
  expect(shownIn(shown.root)).toHaveLength(11);
});

test("spread and order by hand", () => {
  const column = { kind: "number", length: 4, integer: false, values: Float64Array.from([1e9 + 1, 1e9 + 3, NaN, 1e9 + 5]), valid: null } as const;
  const spread = spreadOf(column, [0, 1, 2, 3]);
  expect([spread?.n, spread?.mean]).toEqual([3, 1e9 + 3]);
  expect(spread?.deviation).toBeCloseTo(Math.sqrt(8 / 3), 6);
  expect(spreadOf(column, [2])).toBeNull();
  const scores = { values: Float64Array.from([0.5, NaN, 0.1, 0.5]), ranks: true, column, unit: "" } satisfies Scores;
  expect([...leastFirst(scores, null, false)]).toEqual([2, 0, 3]);
  expect([...leastFirst(scores, Uint32Array.from([0b1001]), true)]).toEqual([0, 3]);
});
