// @vitest-environment node
import { expect, test } from "vitest";
import type { Column } from "../hosts/arrow";
import { argsort, sortedByKey } from "./radix";
import { ordered, ranksOf, sortedRows } from "./sorting";
import { textOrder } from "./text-order";

/** Numbers without a pattern, the same at every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

const rows = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

test("keys are sorted in their order, what was given stays as it was", () => {
  const keys = Uint32Array.of(5, 4000000000, 5, 0, 70000);
  const given = Uint32Array.of(10, 11, 12, 13, 14);
  expect([...sortedByKey({ rows: given, keys }).rows]).toEqual([13, 10, 12, 14, 11]);
  expect([[...given], [...keys]]).toEqual([[10, 11, 12, 13, 14], [5, 4000000000, 5, 0, 70000]]);
  expect([...sortedByKey({ rows: given, keys: Uint32Array.of(7, 7, 7, 7, 7) }).rows]).toEqual([...given]);
  expect([...argsort(Uint32Array.of(1, 0, 1), Uint32Array.of(2, 9, 1)).rows]).toEqual([1, 2, 0]);
});

test("numbers of every width sort as a comparison would, missing last either way", () => {
  const next = noise(1);
  const special = [NaN, Infinity, -Infinity, -0, 0, 5e-324, -5e-324, 1e308, -1e308];
  const values = Array.from({ length: 400 }, (_, i) => special[i] ?? (next() - 0.5) * 10 ** Math.floor(next() * 12 - 6));
  const valid = Uint8Array.from(values, (_, i) => Number(i % 17 !== 3));
  for (const Kind of [Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint8Array]) {
    const column: Column = { kind: "number", length: 400, integer: false, values: Kind.from(values.map((value) => (Kind === Float64Array || Kind === Float32Array || Number.isFinite(value) ? value : 0))), valid };
    const at = (row: number) => Number(column.values[row]);
    const missing = (row: number) => Number(valid[row] === 0 || Number.isNaN(at(row)));
    for (const descending of [false, true]) {
      const slowly = [...rows(400)].sort((a, b) => missing(a) - missing(b) || (missing(a) ? a - b : (at(a) === at(b) ? 0 : (at(a) < at(b) ? -1 : 1) * (descending ? -1 : 1)) || a - b));
      expect([...sortedRows(rows(400), [{ column, descending }])], `${Kind.name} ${descending}`).toEqual(slowly);
    }
  }
});

test("64-bit integers beyond 2^53 are told apart, signed and unsigned", () => {
  const signed: Column = { kind: "bigint", length: 4, values: BigInt64Array.of(2n ** 53n + 1n, -1n, 2n ** 53n, -(2n ** 63n)), valid: null };
  const unsigned: Column = { kind: "bigint", length: 3, values: BigUint64Array.of(2n ** 64n - 1n, 0n, 2n ** 63n), valid: null };
  expect([...sortedRows(rows(4), [{ column: signed, descending: false }])]).toEqual([3, 1, 2, 0]);
  expect([...sortedRows(rows(3), [{ column: unsigned, descending: true }])]).toEqual([0, 2, 1]);
});

test("texts: 2 before 10, without case and accents, beyond Latin last, missing after all", () => {
  const texts = ["v10", "V2", "éclair", "Zoo", "猫", null, "eclair", "v2", "", "v02", "9".repeat(30), "10", "9"];
  expect(Array.from(textOrder(texts), (i) => texts[i])).toEqual(["", "9", "10", "9".repeat(30), "eclair", "éclair", "V2", "v02", "v2", "v10", "Zoo", "猫", null]);
});

test("many texts sort as few of them do: in groups, with long shared beginnings, with repeats", () => {
  const next = noise(7);
  const word = () => ["Sample", "sample", "caption of the number", "x", "ähnlich", "猫 🐈", "-"][Math.floor(next() * 7)] ?? "";
  const texts = Array.from({ length: 3000 }, () => `${"the same beginning, long before anything differs: ".repeat(next() < 0.5 ? 2 : 0)}${word()} ${Math.floor(next() * 200)}${word()}`);
  const order = [...textOrder(texts)];
  const key = (text: string) => [...textOrder([text, "m"])];
  expect(new Set(order).size).toBe(3000);
  // Any two neighbours are in the order that the two alone have; equal texts stay in the order given.
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1] ?? 0, order[i] ?? 0];
    const pair = [texts[a] ?? "", texts[b] ?? ""];
    expect(pair[0] === pair[1] ? a < b : [...textOrder(pair)].join() === "0,1", pair.join(" | ")).toBe(true);
  }
  expect(key("a")).toEqual([0, 1]);
});

test("nothing and one of it are sorted, too", () => {
  expect([textOrder([]), textOrder([null]), textOrder(["a"])].map((order) => [...order])).toEqual([[], [0], [0]]);
  const one: Column = { kind: "text", length: 1, at: () => null };
  expect([...sortedRows(rows(0), [{ column: one, descending: true }])]).toEqual([]);
  expect([...sortedRows(rows(1), [{ column: one, descending: true }])]).toEqual([0]);
});

test("several keys: the first counts most; ranks are kept with their column", () => {
  const a: Column = { kind: "category", length: 5, values: ["v10", "v2"], codes: Int32Array.of(0, 1, 0, 1, 0), valid: Uint8Array.of(1, 1, 1, 1, 0) };
  const b: Column = { kind: "text", length: 5, at: (i) => ["x", "y", "X", null, "z"][i] ?? null };
  expect([...sortedRows(rows(5), [{ column: a, descending: false }, { column: b, descending: true }])]).toEqual([1, 3, 0, 2, 4]);
  expect(ranksOf(a)).toBe(ranksOf(a));
  expect([...ranksOf(a).of]).toEqual([1, 0, 1, 0, -1]);
});

test("an order by plain numbers is exact: doubles that are one float apart are told apart", () => {
  const values = Float64Array.of(1 + 2 ** -40, 1, 1 + 2 ** -41);
  expect([...ordered(Uint32Array.of(0, 1, 2), values, null, false)]).toEqual([1, 2, 0]);
  expect([...ordered(Uint32Array.of(2, 0), values, Uint8Array.of(0, 1, 1), true)]).toEqual([2, 0]);
});
