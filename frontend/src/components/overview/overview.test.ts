import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { bucketsOf, edgesOf } from "../../state/buckets";
import { Engine } from "../../state/engine";
import { rowsOf } from "../../state/masks";
import type { Column } from "../../hosts/arrow";
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

test("edges: none beyond what is there, one bucket for a constant, nothing for no value", () => {
  expect(edgesOf(1, 4, true)).toEqual([1, 2, 3, 4, 5]);
  expect(edgesOf(3, 3, false)).toEqual([3, 3]);
  expect(bucketsOf({ kind: "number", length: 2, integer: false, values: Float32Array.of(NaN, NaN), valid: null })?.size).toBe(0);
  expect(bucketsOf({ kind: "none", length: 2 })).toBeNull();
});
