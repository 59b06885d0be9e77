// @vitest-environment node
import { expect, test } from "vitest";
import type { Column } from "../hosts/arrow";
import { Engine } from "./engine";
import { rowsOf } from "./masks";
import { exactDoubles } from "./narrow";

const LIMIT = 2n ** 53n;

test("integers within 2^53 become doubles, exactly; one beyond it keeps them all as they are", () => {
  const values = BigInt64Array.of(0n, -1n, 1n, LIMIT - 1n, -LIMIT, 4294967295n, -4294967297n);
  expect([...(exactDoubles(values) ?? [])].map(BigInt)).toEqual([...values]);
  expect(exactDoubles(BigInt64Array.of(1n, LIMIT))).toBeNull();
  expect(exactDoubles(BigInt64Array.of(1n, -LIMIT - 1n))).toBeNull();
  expect([...(exactDoubles(BigUint64Array.of(LIMIT - 1n)) ?? [])]).toEqual([Number(LIMIT - 1n)]);
  expect(exactDoubles(BigUint64Array.of(2n ** 63n))).toBeNull();
  expect(exactDoubles(values)).toBe(exactDoubles(values));
});

test("a filter says the same of narrowed integers as of wide ones", () => {
  const own = [0n, -1n, 1n, LIMIT - 1n, -LIMIT, 7n];
  const masks = [BigInt64Array.from(own), BigInt64Array.from([...own, LIMIT + 1n])].map((values) => {
    const engine = new Engine(values.length);
    const column: Column = { kind: "bigint", length: values.length, values, valid: null };
    engine.set("x", column);
    return (op: "lt" | "ge" | "ne", value: bigint | number) => [...rowsOf(engine.mask({ op, column: "x", value }))].filter((row) => row < own.length);
  });
  for (const value of [0, -0.5, 6.5, LIMIT - 1n, LIMIT + 1n, -LIMIT, -LIMIT - 1n, Infinity]) {
    for (const op of ["lt", "ge", "ne"] as const) expect(masks[0]?.(op, value), `${op} ${value}`).toEqual(masks[1]?.(op, value));
  }
});
