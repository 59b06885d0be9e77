// @vitest-environment node
import { expect, test } from "vitest";
import { layoutChange } from "./layout-change";
import { COLUMNS, tile, withPage, withPageMoved, withoutPage, type Layout, type Tile } from "./layout";
import { overlap, settled, withCopy, withTile, withTileAt, withTileDocked, withTileFitted, withTileFolded, withTileMoved, withTileNamed, withTileResized, withoutTile, type Direction } from "./placing";

const measure = () => 9;

function layoutOf(...tiles: Tile[]): Layout {
  return { version: 1, pages: [{ id: "p", title: "P", tiles, dock: null }] };
}

function at(layout: Layout): string {
  return (layout.pages[0]?.tiles ?? []).map(({ id, x, y, w, h }) => `${id} ${x},${y} ${w}×${h}`).join("; ");
}

const box = (id: string, x: number, y: number, w: number, h: number): Tile => tile("c", { id, x, y, w, h });

/** Numbers that look random and are the same every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("others move down where a tile is dropped, and all close up", () => {
  const before = layoutOf(box("a", 0, 0, 6, 4), box("b", 6, 0, 6, 4), box("c", 0, 4, 12, 3));
  expect(at(withTileAt(before, "p", "c", { x: 0, y: 0 }, measure))).toBe("a 0,3 6×4; b 6,3 6×4; c 0,0 12×3");
  expect(at(withTileAt(before, "p", "a", { x: 3, y: 2 }, measure))).toBe("a 3,0 6×4; b 6,4 6×4; c 0,8 12×3");
});

test("up and down pass the next tile, left and right go by a column and stop at the edge", () => {
  const before = layoutOf(box("a", 0, 0, 12, 4), box("b", 0, 4, 12, 2), box("c", 0, 6, 5, 2));
  expect(at(withTileMoved(before, "p", "a", "down", measure))).toBe("a 0,2 12×4; b 0,0 12×2; c 0,6 5×2");
  expect(at(withTileMoved(before, "p", "b", "up", measure))).toBe("a 0,2 12×4; b 0,0 12×2; c 0,6 5×2");
  expect(at(withTileMoved(before, "p", "a", "up", measure))).toBe(at(before));
  expect(at(withTileMoved(before, "p", "c", "right", measure))).toContain("c 1,6 5×2");
  expect(at(withTileMoved(before, "p", "c", "left", measure))).toBe(at(before));
});

test("a tile as tall as what it shows is resized from the height it has, and can go back", () => {
  const before = layoutOf(box("a", 0, 0, 12, 1), box("b", 0, 1, 12, 1));
  const taller = withTileResized(before, "p", "a", { h: 1 }, measure);
  expect(at(taller)).toBe("a 0,0 12×10; b 0,10 12×1");
  expect(at(withTileResized(taller, "p", "a", { w: -1 }, measure))).toContain("a 0,0 11×10");
  expect(at(withTileFitted(taller, "p", "a", measure))).toBe(at(before));
  expect(at(withTileResized(before, "p", "a", { w: 3 }, measure))).toBe(at(before));
});

test("beside a tile of a fixed height the others get the height they have on the screen", () => {
  const before = layoutOf(box("a", 0, 0, 6, 1), box("b", 6, 0, 6, 1), box("c", 0, 1, 12, 1));
  expect(at(withTileResized(before, "p", "a", { h: 2 }, measure))).toBe("a 0,0 6×11; b 6,0 6×9; c 0,11 12×1");
});

test("added, copied, folded, docked, named and removed", () => {
  const one = layoutOf(box("c", 0, 0, 6, 4));
  const added = withTile(one, "p", "c");
  expect([at(added.layout), added.id]).toEqual(["c 0,0 6×4; c-2 0,4 12×1", "c-2"]);
  const copied = withCopy(added.layout, "p", "c");
  expect([at(copied.layout), copied.id]).toEqual(["c 0,0 6×4; c-2 0,8 12×1; c-3 0,4 6×4", "c-3"]);
  const folded = withTileFolded(copied.layout, "c");
  expect(at(folded)).toBe("c 0,0 6×1; c-2 0,5 12×1; c-3 0,1 6×4");
  expect(at(withTileFolded(folded, "c"))).toBe(at(copied.layout));
  const docked = withTileDocked(added.layout, "p", "c");
  expect([at(docked), docked.pages[0]?.dock?.id]).toEqual(["c-2 0,0 12×1", "c"]);
  expect(at(withTileDocked(docked, "p", "c-2"))).toBe("c 0,0 12×1");
  expect(withTileNamed(one, "c", "  Mine ").pages[0]?.tiles[0]?.title).toBe("Mine");
  expect(withTileNamed(withTileNamed(one, "c", "Mine"), "c", " ").pages[0]?.tiles[0]).not.toHaveProperty("title");
  expect(at(withoutTile(added.layout, "c"))).toBe("c-2 0,0 12×1");
  expect(withoutTile(docked, "c").pages[0]?.dock).toBeNull();
});

test("whatever is done, no two tiles overlap, all lie on the grid, and settling again changes nothing", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const roll = dice(seed);
    let layout = layoutOf(...settled(Array.from({ length: 8 }, (_, i) => box(`t${i}`, roll(6), roll(10), 1 + roll(6), roll(2) === 0 ? 1 : 3 + roll(6)))));
    for (let step = 0; step < 25; step++) {
      const id = `t${roll(8)}`;
      const towards = (["left", "right", "up", "down"] as const satisfies readonly Direction[])[roll(4)] ?? "up";
      const deeds = [
        () => withTileMoved(layout, "p", id, towards, measure),
        () => withTileAt(layout, "p", id, { x: roll(20) - 4, y: roll(30) }, measure),
        () => withTileResized(layout, "p", id, { w: roll(5) - 2, h: roll(5) - 2 }, measure),
        () => withTileFolded(layout, id),
      ];
      layout = deeds[roll(deeds.length)]?.() ?? layout;
      const tiles = layout.pages[0]?.tiles ?? [];
      expect(tiles).toHaveLength(8);
      const sound = tiles.every((a) => a.x >= 0 && a.y >= 0 && a.x + a.w <= COLUMNS && a.h >= 1 && tiles.every((b) => a === b || !overlap(a, b)));
      expect(sound, at(layout)).toBe(true);
      expect(at(layoutOf(...settled(tiles)))).toBe(at(layout));
    }
  }
});

test("pages are added, moved and removed with their parts; the last one stays", () => {
  const one = layoutOf();
  const two = withPage(one, "Q");
  const part = withPage(two.layout, "Part", two.id);
  const ids = (layout: Layout) => layout.pages.map(({ id }) => id);
  expect(ids(part.layout)).toEqual(["p", "page-1", "page-2"]);
  expect(ids(withPageMoved(part.layout, "page-1", -1))).toEqual(["page-1", "p", "page-2"]);
  expect(withPageMoved(part.layout, "page-2", -1)).toBe(part.layout);
  expect(ids(withoutPage(part.layout, "page-1"))).toEqual(["p"]);
  expect(withoutPage(one, "p")).toBe(one);
});

test("undo names what was done", () => {
  const before = layoutOf({ ...box("a", 0, 0, 6, 4), component: "scatter" }, box("b", 6, 0, 6, 4));
  const words = (after: Layout) => layoutChange(before, after)?.label ?? null;
  expect(words(withTile(before, "p", "table").layout)).toBe("Add table");
  expect(words(withoutTile(before, "a"))).toBe("Remove scatter");
  expect(words(withTileMoved(before, "p", "a", "right", measure))).toBe("Move scatter");
  expect(words(withTileResized(before, "p", "a", { w: -1 }, measure))).toBe("Resize scatter");
  expect(words(withTileNamed(before, "a", "Mine"))).toBe("Rename a tile Mine");
  expect(words(withTileFolded(before, "a"))).toBe("Fold or unfold scatter");
  expect(words(withPage(before, "Q").layout)).toBe("Add page Q");
  expect(words(JSON.parse(JSON.stringify(before)) as Layout)).toBeNull();
});
