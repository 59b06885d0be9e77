// @vitest-environment node
import { expect, test } from "vitest";
import { description } from "../hosts/fake";
import { overlap } from "../state/placing";
import { firstLayout } from "./first-layout";

const named = (layout: ReturnType<typeof firstLayout>, page: string) => layout.pages.find(({ id }) => id === page)?.tiles.map(({ component, x, y, w }) => `${component} ${x},${y} ${w}`) ?? [];

test("pages are those for which the recording holds something, one view below the other", () => {
  const layout = firstLayout(description(3));
  expect(layout.pages.map(({ title }) => title).slice(0, 2)).toEqual(["First look", "Data"]);
  const first = named(layout, "first");
  expect(first.slice(0, 3)).toEqual(["run-header 0,0 12", "curves 0,1 12", "confusion 0,2 12"]);
  expect(layout.pages.every(({ dock }) => dock?.component === "grid")).toBe(true);
});

test("on a wide screen halves stand in pairs, the tall ones together", () => {
  const layout = firstLayout(description(3), true);
  const first = named(layout, "first");
  expect(first[0]).toBe("run-header 0,0 12");
  expect(first.slice(1, 3)).toEqual(["confusion 0,1 6", "scatter 6,1 6"]);
  expect(first[3]).toBe("curves 0,2 6");
  for (const { tiles } of layout.pages) for (const a of tiles) for (const b of tiles) expect(a !== b && overlap(a, b)).toBe(false);
});

test("what nothing can be told about is left out, unless a column tells it", () => {
  const shown = (columns: { [name: string]: string }[]) => named(firstLayout(description(1, { columns: [{ name: "sample_id", type: "text", role: "id" }, ...columns], analyses: [{ name: "duplicates", missing: ["nothing to compare"] }, { name: "familiarity", missing: ["no embedding"] }] })), "data").map((one) => one.split(" ")[0]);
  expect(shown([])).toEqual(["overview", "table"]);
  expect(shown([{ name: "copy", type: "integer", role: "duplicate_cluster" }])).toEqual(["duplicates", "overview", "table"]);
});

test("a recording of nothing but samples opens on them", () => {
  const bare = firstLayout(description(0, { classes: [], analyses: [{ name: "performance", missing: ["labels", "logits"] }], n_missing_labels: 12, columns: [{ name: "sample_id", type: "text", role: "id" }], splits: [] }));
  expect(bare.pages.length).toBeGreaterThan(0);
  expect(bare.pages.flatMap(({ tiles }) => tiles.map(({ component }) => component))).toContain("table");
  expect(bare.pages.flatMap(({ tiles }) => tiles.map(({ component }) => component))).not.toContain("confusion");
});
