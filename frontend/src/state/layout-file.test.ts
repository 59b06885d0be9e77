// @vitest-environment node
import { expect, test } from "vitest";
import type { Json } from "../hosts/host";
import { readLayout, writeLayout } from "./layout-file";

const page = (tiles: Json, more: { readonly [key: string]: Json } = {}): Json => ({ version: 1, pages: [{ id: "p", title: "P", tiles, ...more }] });

test("a file comes back as it was written, parts of pages included", () => {
  const file: Json = {
    version: 1, title: "Mine",
    pages: [
      { id: "a", title: "A", tiles: [{ id: "s", component: "scatter", x: 0, y: 0, w: 6, h: 8, title: "By ink", options: { x: "ink", deep: [{ a: null }] } }, { id: "t", component: "table", x: 6, y: 0, w: 6, h: 1 }], dock: { id: "g", component: "grid", x: 0, y: 0, w: 12, h: 1 }, subpages: [{ id: "b", title: "B", tiles: [] }] },
      { id: "c", title: "C", tiles: [{ id: "u", component: "unheard of", x: 0, y: 0, w: 12, h: 1 }] },
    ],
  };
  const { layout, faults } = readLayout(file);
  expect(faults).toEqual([]);
  expect(layout?.pages.map(({ id, under }) => [id, under])).toEqual([["a", undefined], ["b", "a"], ["c", undefined]]);
  expect(layout && writeLayout(layout)).toEqual(file);
});

test("a folded tile keeps its height, and those below it close up", () => {
  const { layout } = readLayout(page([{ component: "a", collapsed: true, h: 10 }, { component: "b", y: 10 }]));
  expect(layout?.pages[0]?.tiles).toMatchObject([{ h: 1, collapsed: 10, y: 0 }, { y: 1 }]);
  expect(layout && writeLayout(layout)).toMatchObject({ pages: [{ tiles: [{ h: 10, collapsed: true }, {}] }] });
});

test("a list of names is a page: one view below the other", () => {
  expect(readLayout(page(["table", "scatter"])).layout?.pages[0]?.tiles).toMatchObject([{ component: "table", y: 0, w: 12 }, { component: "scatter", y: 1, w: 12 }]);
});

test("tiles that overlap or lie off the grid are moved, and told one by one", () => {
  const { layout, faults } = readLayout(page([{ id: "a", component: "table", x: 10, y: 0, w: 6, h: 3 }, { id: "b", component: "table", x: 8, y: 1, w: 4, h: 3 }]));
  expect(layout?.pages[0]?.tiles).toMatchObject([{ id: "a", x: 6, y: 0, w: 6, h: 3 }, { id: "b", x: 8, y: 3, w: 4, h: 3 }]);
  expect(faults).toEqual([
    "Tile 1 of “P” (table) does not lie on the grid of 12 columns (x 10, y 0, 6 wide, 3 high). It is at x 6, y 0 now, 6 wide and 3 high.",
    "Tile b of “P” lay over another one; it moved down from row 1 to 3.",
  ]);
});

test("each fault is one sentence, and the rest works", () => {
  const cases: [Json, string][] = [
    [page([3, "table"]), "Tile 1 of “P” names no component: it is 3. A tile is {\"component\": …, \"x\": …, \"y\": …, \"w\": …, \"h\": …}."],
    [page([{ component: "table", w: "wide" }]), "w of Tile 1 of “P” (table) should be a whole number from 1; it is \"wide\". 12 is used."],
    [page([{ component: "table", options: [] }]), "The options of Tile 1 of “P” (table) should be {\"name\": value}; they are []. Its defaults are used."],
    [page([{ component: "table", wide: true }]), "Tile 1 of “P” (table) has “wide”, which a tile does not know; left out. Known: id, component, x, y, w, h, options, title, collapsed."],
    [page([{ id: "t", component: "table" }, { id: "t", component: "table", y: 1 }]), "Two are called “t”; Tile 2 of “P” (table) is “t-2” now."],
    [page(["table"], { title: 7 }), "The title of page 1 should be text; it is 7."],
    [page({}), "The tiles of “P” should be a list; they are {}."],
    [{ version: 1, pages: [1, { title: "P", tiles: ["table"] }] }, "Page 1 should be {\"title\": …, \"tiles\": […]}; it is 1."],
    [page([], { subpages: [{ id: "b", title: "B", tiles: [], subpages: [{ id: "c", title: "C", tiles: [] }] }] }), "“B” is a subpage and has subpages of its own; pages go one level deep. They stand beside it now."],
  ];
  for (const [json, fault] of cases) {
    const { layout, faults } = readLayout(json);
    expect(faults).toContain(fault);
    expect(faults).toHaveLength(fault.includes("title of page") ? faults.length : 1);
    expect(layout).not.toBeNull();
  }
});

test("what is no layout at all is not used, and said so", () => {
  for (const json of [null, 3, "x", [], {}, { pages: {} }, { version: 1, pages: [] }, { version: 1, pages: [null] }] as Json[]) {
    const { layout, faults } = readLayout(json);
    expect(layout).toBeNull();
    expect(faults.at(-1)).toMatch(/not used\.$/);
  }
  expect(readLayout({ version: 2, pages: [{ title: "P", tiles: [] }] }).faults).toEqual(["The layout is of version 2; this Bathyscope reads version 1. It is not used. Update Bathyscope, or save the layout again with this one."]);
});

test("hostile names stay text, and huge layouts stay small", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const { layout } = readLayout(JSON.parse(`{"version":1,"pages":[{"id":"__proto__","title":"${hostile}","tiles":[{"id":"constructor","component":"__proto__","options":{"__proto__":{"polluted":1}}}]}]}`) as Json);
  expect(layout?.pages[0]).toMatchObject({ id: "__proto__", title: hostile });
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  const many = readLayout({ version: 1, pages: Array.from({ length: 200 }, (_, i) => ({ title: `P${i}`, tiles: Array.from({ length: 300 }, () => ({ component: "table", y: 1e12, h: 1e12 })) })) });
  expect(many.layout?.pages).toHaveLength(60);
  expect(many.layout?.pages[0]?.tiles).toHaveLength(100);
  let deep: Json = { title: "last", tiles: [] };
  for (let i = 0; i < 5000; i++) deep = { title: "P", tiles: [], subpages: [deep] };
  expect(readLayout({ version: 1, pages: [deep] }).layout?.pages).toHaveLength(60);
});
