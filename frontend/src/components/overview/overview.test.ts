import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { bucketsOf, edgesOf, type Buckets } from "../../state/buckets";
import { Engine } from "../../state/engine";
import type { Column } from "../../hosts/arrow";
import { every, fromRows, rowsOf } from "../../state/masks";
import { ranksOf } from "../../state/sorting";
import { applyTag } from "../../state/tags";
import { counted, statesOf, weakest } from "./counts";
import { cramersV, kolmogorovSmirnov, relevanceOf } from "./relevance";
import { overview } from "./overview";

let page: Mounted | null = null;
afterEach(() => page?.close());

test("a card per column counts its values in the chosen split; a click filters, and every other card obeys", async () => {
  page = await mounted(overview);
  expect([...page.root.querySelectorAll("article")].map((card) => card.getAttribute("aria-label"))).toEqual(["label", "prediction", "correct", "confidence", "loss", "split", "device"]);
  page.named("article[aria-label=device] button", "b: 4 of 4").click();
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "overview/device", expr: { op: "in", column: "device", values: ["b"] } }]);
  expect(page.session.filter.counts.value).toEqual({ passing: 4, total: 7 });
  page.named("article[aria-label=device] button", "a: 3 of 3");
  page.named("article[aria-label=label] button", "Shirt: 2 of 2");
  page.named("article[aria-label=label] button", "Bag: 1 of 3");
  page.named("article[aria-label=device] button", "b: 4 of 4").click();
  await settle();
  expect(page.session.store.clauses.value).toEqual([]);
});

test("missing values are counted and can be picked", async () => {
  page = await mounted(overview);
  page.named("article[aria-label=label] button", "14.3").click();
  await settle();
  expect(page.session.filter.counts.value).toEqual({ passing: 1, total: 7 });
});

test("ranges are brushed by keyboard", async () => {
  page = await mounted(overview);
  const bar = page.named("article[aria-label=confidence] [role=option]", "");
  bar.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await settle();
  expect(page.session.store.clauses.value[0]?.source).toBe("overview/confidence");
});

test("a bucket and the clause it makes hold the same samples, at the edges too", () => {
  const columns: Column[] = [
    { kind: "number", length: 9, integer: false, values: Float64Array.of(0, 0.1, 0.2, 0.30000000000000004, 0.3, 1, NaN, Infinity, -5), valid: null },
    { kind: "number", length: 5, integer: true, values: Int32Array.of(1, 2, 2, 9, 3), valid: Uint8Array.of(1, 1, 1, 1, 0) },
    { kind: "bigint", length: 4, values: BigInt64Array.of(9007199254740993n, 9007199254740994n, 9007199254741993n, 0n), valid: null },
    { kind: "time", length: 3, values: Float64Array.of(-1e12, 0, 1.7e12), valid: null },
    { kind: "number", length: 2, integer: false, values: Float32Array.of(4, 4), valid: null },
    { kind: "bool", length: 3, values: Uint8Array.of(0, 1, 1), valid: Uint8Array.of(1, 1, 0) },
  ];
  for (const column of columns) {
    const buckets = bucketsOf(column);
    const engine = new Engine(column.length);
    engine.set("x", column);
    for (let i = 0; i < (buckets?.size ?? 0); i++) {
      const expr = buckets?.pick("x", [i]);
      const own = [...(buckets?.codes ?? [])].flatMap((code, row) => (code === i ? [row] : []));
      expect([...rowsOf(engine.mask(expr ?? { op: "or", of: [] }))], `${column.kind} ${buckets?.name(i)}`).toEqual(own);
      expect(buckets?.picked(expr ?? { op: "or", of: [] })).toEqual([i]);
    }
  }
});

test("the share right of a bucket comes with its interval, once there are enough samples", () => {
  const n = 60;
  const correct: Column = { kind: "bool", length: n, values: Uint8Array.from({ length: n }, (_, i) => Number(i % 4 !== 0)), valid: Uint8Array.from({ length: n }, (_, i) => Number(i < 50)) };
  const buckets = bucketsOf({ kind: "bool", length: n, values: Uint8Array.from({ length: n }, (_, i) => Number(i < 40)), valid: null });
  if (!buckets) throw new Error("no buckets");
  const { passing, right } = counted(buckets, statesOf(correct), null);
  expect([...passing]).toEqual([20, 40, 0, 0]);
  // Of the 40, every fourth is wrong: 30 right. Of the other 20, ten are not judged: too few to say.
  expect([right(1).value, right(0).value]).toEqual([0.75, null]);
  expect([right(1).low?.toFixed(3), right(1).high?.toFixed(3)]).toEqual(["0.598", "0.858"]);
  const some = counted(buckets, statesOf(correct), Uint32Array.of(0b1111, 0));
  expect([...some.passing]).toEqual([0, 4, 0, 0]);
});

test("the title names a weakness that chance does not explain, however small the groups that look weaker", () => {
  const card = (name: string, wrong: readonly (readonly [number, number])[]) => ({ name, buckets: { size: wrong.length } as Buckets, counts: { wrong: (bucket: number) => wrong[bucket] ?? ([0, 0] as const) } });
  // 50 % of 20 are wrong beside 10 % of 980: clear. 40 % of 500 beside 10 % of 500 is clearer, though its share is lower.
  const small = card("small", [[10, 20], [98, 980]]);
  const large = card("large", [[50, 500], [200, 500]]);
  expect(weakest([small])).toMatchObject({ card: { name: "small" }, bucket: 0, right: 0.5 });
  expect(weakest([small, large])).toMatchObject({ card: { name: "large" }, bucket: 1, right: 0.6 });
  // 7 of 30 beside 3 of 30 happens by chance, and a group of 19 is too small: nothing to say.
  expect(weakest([card("chance", [[7, 30], [3, 30]]), card("few", [[19, 19], [10, 981]])])).toBeNull();
  // The same 14 of 40 beside 60 of 400 is clear among two, not among two hundred.
  const one = card("one", [[14, 40], [60, 400]]);
  expect(weakest([one])?.bucket).toBe(0);
  expect(weakest([one, ...Array.from({ length: 99 }, (_, i) => card(`other ${i}`, [[50, 250], [50, 250]]))])).toBeNull();
});

test("what sets a selection apart: all, nothing, and no more than chance", () => {
  expect(cramersV(Uint32Array.of(10, 0), Uint32Array.of(0, 10))).toBeCloseTo(1, 10);
  expect(cramersV(Uint32Array.of(5, 5), Uint32Array.of(5, 5))).toBe(0);
  // 30 of 40 against 10 of 40: φ² = .25, less 1/79 for chance, over 1 − 1/79.
  expect(cramersV(Uint32Array.of(30, 10), Uint32Array.of(10, 30))).toBeCloseTo(Math.sqrt((0.25 - 1 / 79) / (1 - 1 / 79)), 10);
  // Every value rare: without the correction this would be 1.
  expect(cramersV(Uint32Array.from({ length: 40 }, (_, i) => i % 2), Uint32Array.from({ length: 40 }, (_, i) => (i + 1) % 2))).toBeLessThan(0.2);
  const column: Column = { kind: "number", length: 6, integer: false, values: Float64Array.of(1, 2, 3, 4, 5, NaN), valid: null };
  const selected = fromRows([0, 1], 6);
  const rest = fromRows([2, 3, 4, 5], 6);
  expect(kolmogorovSmirnov(ranksOf(column), selected, rest)).toEqual({ distance: 1, n: 2, m: 3 });
  expect(relevanceOf(column, selected, every(6)).effect).toBe(0); // five samples: chance explains it
});

test("ordered by what sets the selection apart, the column that does comes first and says so", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => i).filter((i) => i % 2 === 0); // device a
  page = await mounted(overview, { options: { order: "relevance" } });
  expect(page.text()).toContain("Select samples in any view");
  page.session.store.split.value = "all";
  await page.session.pick({ kind: "rows", rows }, "elsewhere");
  for (let i = 0; i < 6; i++) await settle();
  expect(page.root.querySelector("h2")?.textContent).toBe("The selection differs most in device");
  expect(page.root.querySelector("article")?.getAttribute("aria-label")).toBe("device");
  expect(page.root.querySelector("article")?.textContent).toContain("differs 1.00");
});

test("two overviews on one page filter each other, not themselves; their options are their own", async () => {
  page = await mounted(overview, { id: "overview-2", options: { columns: ["device", "label"], share: false } });
  expect([...page.root.querySelectorAll("article")].map((card) => card.getAttribute("aria-label"))).toEqual(["label", "device"]);
  page.session.filter.set("overview/device", { op: "in", column: "device", values: ["b"] });
  await settle();
  page.named("article[aria-label=device] button", "a: 0 of 3");
  page.named("article[aria-label=device] button", "b: 4 of 4").click();
  await settle();
  expect(page.session.store.clauses.value.map(({ source }) => source)).toEqual(["overview/device", "overview-2/device"]);
  page.named("button", "Share right").click();
  await settle();
  expect(page.session.store.arrangement.tile("overview-2")?.options).toMatchObject({ share: true });
});

test("a list is counted by its items; a tag filters", async () => {
  page = await mounted(overview, { options: { columns: ["tags"] } });
  expect(page.text()).toContain("No column can be counted.");
  await applyTag(page.session, "odd", [5, 6]);
  await settle();
  page.named("article[aria-label=tags] button", "odd: 2 of 2").click();
  await settle();
  expect(page.session.filter.counts.value).toEqual({ passing: 2, total: 7 });
});

test("the grey behind the bars goes when only the filtered are to be shown", async () => {
  page = await mounted(overview, { options: { columns: ["device"] } });
  expect(page.root.querySelectorAll(".grey")).toHaveLength(2);
  page.session.store.showUnfiltered.value = false;
  await settle();
  expect(page.root.querySelectorAll(".grey")).toHaveLength(0);
});

test("edges: none beyond what is there, one bucket for a constant, nothing for no value", () => {
  expect(edgesOf(1, 4, true)).toEqual([1, 2, 3, 4, 5]);
  expect(edgesOf(3, 3, false)).toEqual([3, 3]);
  // Identifiers beyond twelve digits lie in ranges of their own, and .1 + .2 is still .3.
  expect(edgesOf(2 ** 53, 2 ** 53 + 38, true).slice(0, 3)).toEqual([9007199254740992, 9007199254740994, 9007199254740996]);
  expect(edgesOf(0, 0.3, false).at(-1)).toBe(0.3);
  expect(bucketsOf({ kind: "number", length: 2, integer: false, values: Float32Array.of(NaN, NaN), valid: null })?.size).toBe(0);
  const flags = bucketsOf({ kind: "number", length: 4, integer: false, values: Float64Array.of(0, 1, NaN, 1), valid: null });
  expect([flags?.size, flags?.name(0), flags?.name(1), [...(flags?.codes ?? [])]]).toEqual([2, "0", "1", [0, 1, 2, 1]]);
  expect(bucketsOf({ kind: "none", length: 2 })).toBeNull();
});
