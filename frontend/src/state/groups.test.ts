// @vitest-environment node
import { expect, test } from "vitest";
import type { Column } from "../hosts/arrow";
import { Engine } from "./engine";
import { cutsOf, divisionOf, groupingOf, parted, type Division } from "./groups";
import { has } from "./masks";

function category(texts: readonly (string | null)[]): Column {
  const values = [...new Set(texts.filter((text) => text !== null))].sort();
  return { kind: "category", length: texts.length, codes: Int32Array.from(texts, (text) => Math.max(0, values.indexOf(text ?? ""))), values, valid: texts.includes(null) ? Uint8Array.from(texts, (text) => Number(text !== null)) : null };
}

function numbers(values: readonly (number | null)[], integer = false): Column {
  return { kind: "number", length: values.length, values: Float64Array.from(values, (value) => value ?? 0), integer, valid: values.includes(null) ? Uint8Array.from(values, (value) => Number(value !== null)) : null };
}

function made(name: string, column: Column): Division {
  const division = divisionOf(name, column);
  if (!division) throw new Error(`${name} divides nothing`);
  return division;
}

test("only combinations that occur are groups, and each title belongs to its own samples", () => {
  // b and x never meet, nor do a and missing: the product would have six.
  const first = ["a", "b", "a", "b", "a"];
  const second = ["x", "y", "y", null, "x"];
  const grouping = groupingOf([made("first", category(first)), made("second", category(second))]);
  expect(Array.from({ length: grouping?.size ?? 0 }, (_, group) => grouping?.values(group))).toEqual([["a", "x"], ["a", "y"], ["b", "y"], ["b", "missing"]]);
  first.forEach((value, row) => expect(grouping?.values(grouping.codes[row] ?? -1)).toEqual([value, second[row] ?? "missing"]));
});

const spread = Array.from({ length: 500 }, (_, i) => ((i * 7919) % 499) / 10 - 12);
const COLUMNS: readonly (readonly [string, Column])[] = [
  ["kind", category(spread.map((value) => (value < -5 ? null : value < 10 ? "it's \"b\"" : "")))],
  ["flag", { kind: "bool", length: 500, values: Uint8Array.from(spread, (value) => Number(value > 3)), valid: Uint8Array.from(spread, (value) => Number(value < 20)) }],
  ["size", numbers(spread.map((value, i) => (i % 50 === 0 ? null : i % 61 === 0 ? Infinity : i % 67 === 0 ? -Infinity : i % 71 === 0 ? NaN : value)))],
  ["year", numbers(spread.map((value) => 2000 + (Math.abs(Math.round(value)) % 5)), true)],
  ["big", { kind: "bigint", length: 500, values: BigInt64Array.from(spread, (value) => BigInt(Math.round(value * 10)) * 10n ** 15n), valid: null }],
  ["when", { kind: "time", length: 500, values: Float64Array.from(spread, (value) => 1e12 + value * 1e9), valid: null }],
  ["constant", numbers(spread.map(() => 4))],
];

test.each(COLUMNS)("the filter of every value of %s keeps exactly the samples counted under it", (name, column) => {
  const engine = new Engine(500);
  engine.set(name, column);
  const { codes, size, expr } = made(name, column);
  const seen = new Set(codes);
  for (let code = 0; code < size; code++) {
    if (!seen.has(code)) continue;
    const mask = engine.mask(expr(code));
    for (let row = 0; row < 500; row++) expect([code, row, has(mask, row)]).toEqual([code, row, codes[row] === code]);
  }
  expect(Math.max(...codes)).toBeLessThan(size);
});

test("ranges hold about as many samples each, end at round numbers, and are told in words", () => {
  const values = Float64Array.from({ length: 800 }, (_, i) => i / 800);
  expect(cutsOf(values)).toEqual([0.13, 0.25, 0.38, 0.5, 0.63, 0.75, 0.88]);
  const division = made("share", numbers([...values]));
  expect([division.value(0), division.value(3), division.value(7)]).toEqual(["below 0.13", "0.38 to 0.5", "0.88 and above"]);
});

test("ranges of time begin at whole days and are told as times are", () => {
  const times = Float64Array.from({ length: 800 }, (_, i) => Date.parse("2024-01-01T05:00Z") + i * 3_600_000 * 3);
  const division = made("taken", { kind: "time", length: 800, values: times, valid: null });
  expect([division.value(0), division.value(1), division.value(7)]).toEqual(["before 2024-01-13", "2024-01-13 to 2024-01-26", "2024-03-28 and later"]);
});

test("a heap of equal values stays in one range, and one at the end is named by its value", () => {
  const corner = [...Array.from({ length: 80 }, () => 0), ...Array.from({ length: 20 }, (_, i) => 0.01 + i / 1000), ...Array.from({ length: 30 }, () => 1)];
  const division = made("corner", numbers(corner));
  const last = division.codes.at(-1) ?? -1;
  expect(division.value(last)).toBe("1");
  expect(division.codes.filter((code) => code === last)).toHaveLength(30);
});

test("few whole numbers are values of their own, free text and lists divide nothing, all missing is one group", () => {
  const years = made("year", numbers([1999, 2001, 1999], true));
  expect([years.value(0), years.value(1), years.exact(1)]).toEqual(["1,999", "2,001", "2001"]);
  expect(divisionOf("text", { kind: "text", length: 2, at: () => "x" })).toBeNull();
  expect(divisionOf("none", { kind: "none", length: 2 })).toBeNull();
  const empty = groupingOf([made("empty", numbers([null, null]))]);
  expect([empty?.size, empty?.values(0)]).toEqual([1, ["missing"]]);
});

test("samples by their groups: as people sort names, missing last, in their own order, no more groups than asked for", () => {
  const kinds = ["v10", "v2", "v10", "v2", null];
  const grouping = groupingOf([made("kind", category(kinds)), made("n", numbers([7, 7, 7, 8, 8], true))]);
  const rows = Uint32Array.of(4, 3, 2, 1, 0);
  const told = (most?: number) => {
    const { parts, more } = grouping ? parted(rows, grouping, most) : { parts: [], more: -1 };
    return [parts.map((part) => [grouping?.values(part.group).join(" "), [...part.rows]]), more];
  };
  expect(told()).toEqual([[["v2 7", [1]], ["v2 8", [3]], ["v10 7", [2, 0]], ["missing 8", [4]]], 0]);
  expect(told(1)).toEqual([[["v2 7", [1]]], 3]);
  expect(grouping && parted(new Uint32Array(0), grouping)).toEqual({ parts: [], more: 0 });
});

test("values that could be glued together wrongly stay apart", () => {
  const grouping = groupingOf([made("one", category(["a, b", "a"])), made("two", category(["c", "b, c"]))]);
  expect(grouping?.size).toBe(2);
});

test("the same column under two names speaks of each by its own", () => {
  const column = category(["a", "b"]);
  expect(made("one", column).expr(0)).toEqual({ op: "eq", column: "one", value: "a" });
  expect(made("two", column).expr(0)).toEqual({ op: "eq", column: "two", value: "a" });
});
