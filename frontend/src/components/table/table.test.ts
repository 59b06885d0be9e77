import { afterEach, expect, test } from "vitest";
import type { Column } from "../../hosts/arrow";
import { sortedRows } from "../../state/sorting";
import { mounted, settle, type Mounted } from "../mounted";
import { tsv } from "./copy";
import { exprOf, nextKeys, table } from "./table";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function opened(): Promise<Mounted> {
  page = await mounted(table);
  await new Promise((resolve) => setTimeout(resolve, 80));
  await settle();
  return page;
}

const lines = () => [...(page?.root.querySelectorAll(".tall [role=row]") ?? [])].map((row) => row.querySelector("[role=gridcell]")?.textContent);

test("the samples of the split, ids fetched for the rows on screen only; a head sorts", async () => {
  const { host, named } = await opened();
  expect(lines()[0]).toBe("test/5");
  expect(host.asked).toContain("samples?sample_id&rows=5,6,7,8,9,10,11");
  named("[role=columnheader] button", "label").click();
  await settle();
  expect(lines()).toEqual(["test/6", "test/7", "test/10", "test/5", "test/9", "test/8", "test/11"]);
  named("[role=columnheader] button", "label").click();
  await settle();
  expect(lines()).toEqual(["test/8", "test/5", "test/9", "test/6", "test/7", "test/10", "test/11"]);
});

test("a click opens the sample; the value under the cursor filters or is left out", async () => {
  const { root, session, named } = await opened();
  root.querySelectorAll<HTMLElement>(".tall [role=row]")[1]?.querySelectorAll<HTMLElement>("[role=gridcell]")[1]?.click();
  await settle();
  expect(session.store.focus.value).toBe(6);
  named("button", "Filter by this").click();
  await settle();
  expect(session.store.clauses.value[0]?.expr).toEqual({ op: "eq", column: "label", value: "Bag" });
  expect(lines()).toEqual(["test/6", "test/7", "test/10"]);
  named("button", "Exclude").click();
  await settle();
  expect(page?.text()).toContain("No sample passes the filter.");
});

test("arrows move the cursor, Enter opens", async () => {
  const { root, session } = await opened();
  const grid = root.querySelector("[role=grid]");
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "Enter"]) grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await settle();
  expect(session.store.focus.value).toBe(7);
  expect(root.querySelector('[role=gridcell][tabindex="0"]')?.textContent).toBe("Bag");
});

test("several keys sort one after the other, exactly, missing last either way", () => {
  const a: Column = { kind: "category", length: 5, values: ["v10", "v2"], codes: Int32Array.of(0, 1, 0, 1, 0), valid: Uint8Array.of(1, 1, 1, 1, 0) };
  const b: Column = { kind: "bigint", length: 5, values: BigInt64Array.of(2n ** 53n + 1n, 1n, 2n ** 53n, 2n, 0n), valid: null };
  const rows = Uint32Array.of(0, 1, 2, 3, 4);
  expect([...sortedRows(rows, [{ column: a, descending: false }, { column: b, descending: false }])]).toEqual([1, 3, 2, 0, 4]);
  expect([...sortedRows(rows, [{ column: a, descending: true }, { column: b, descending: true }])]).toEqual([0, 2, 3, 1, 4]);
  const c: Column = { kind: "number", length: 5, integer: false, values: Float64Array.of(0.1 + 0.2, NaN, 0.3, -0, -Infinity), valid: null };
  expect([...sortedRows(rows, [{ column: c, descending: false }])]).toEqual([4, 3, 2, 0, 1]);
});

test("a head goes up, down, off; with Shift the others stay", () => {
  const up = nextKeys([], "a", false);
  const down = nextKeys(up, "a", false);
  expect([up, down, nextKeys(down, "a", false)]).toEqual([[{ column: "a", descending: false }], [{ column: "a", descending: true }], []]);
  expect(nextKeys(up, "b", true)).toEqual([{ column: "a", descending: false }, { column: "b", descending: false }]);
});

test("copied text keeps its columns whatever the values hold", () => {
  expect(tsv(["a", "b\tc"], [["x\ny", 9007199254740993n], [null, NaN]])).toBe("a\tb c\nx y\t9007199254740993\n\t");
  expect(exprOf("x", null)).toEqual({ op: "null", column: "x" });
  expect(exprOf("x", [1])).toBeNull();
});
