// @vitest-environment node
import { expect, test } from "vitest";
import { tile } from "../state/layout";
import { columnAt, rowAt, rowsOf, sizeOf } from "./drag";

test("a pointer is over the row it is seen over, however high the rows are", () => {
  const heights = [28, 500, 28];
  expect([0, 33, 35, 300, 545, 547, 585, 590, 640].map((y) => rowAt(y, heights))).toEqual([0, 0, 1, 1, 1, 2, 2, 3, 4]);
  expect(rowAt(-50, heights)).toBe(0);
  expect([0, 99, 100, 1199].map((x) => columnAt(x, 1188))).toEqual([0, 0, 1, 11]);
});

test("sizes on the screen are whole columns and rows, and never too small to use", () => {
  expect([28, 108, 109, 268].map(rowsOf)).toEqual([3, 3, 4, 7]);
  const at = tile("a", { x: 4 });
  expect(sizeOf(at, { width: 388, height: 468 }, 1188)).toEqual({ w: 4, h: 12 });
  expect(sizeOf(at, { width: 5000, height: 5 }, 1188)).toEqual({ w: 8, h: 3 });
  expect(sizeOf(at, { width: -5, height: 300 }, 1188).w).toBe(2);
});
