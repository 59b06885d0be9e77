/** What was done to a layout, in the words that undo uses. */
import { changedOptions, tilesOf, type Layout, type PageLayout, type Tile } from "./layout";

export interface Change {
  /** Changes of the same field shortly after one another are one step. */
  field: string;
  label: string;
}

export function wordsFor(tile: Tile): string {
  return tile.title ?? tile.component;
}

function pageChange(before: Layout, after: Layout): Change | null {
  const [old, now] = [before.pages, after.pages];
  const added = now.find(({ id }) => !old.some((page) => page.id === id));
  const gone = old.find(({ id }) => !now.some((page) => page.id === id));
  if (added && gone) return { field: "layout", label: "Change the layout" };
  if (added) return { field: `page ${added.id}`, label: `Add page ${added.title}` };
  if (gone) return { field: `page ${gone.id}`, label: `Remove page ${gone.title}` };
  const named = now.find(({ id, title }) => old.find((page) => page.id === id)?.title !== title);
  if (named) return { field: `name ${named.id}`, label: `Name a page ${named.title}` };
  const inOrder = (pages: readonly PageLayout[]) => pages.map(({ id }) => id).join("\n");
  return inOrder(old) === inOrder(now) ? null : { field: "pages", label: "Move a page" };
}

/** What became of one tile: the one in hand, or that which changed most clearly. */
function tileChange(before: readonly Tile[], after: readonly Tile[], inHand: string | null): Change | null {
  const pairs = [...after].sort((a, b) => Number(b.id === inHand) - Number(a.id === inHand)).flatMap((tile) => {
    const old = before.find(({ id }) => id === tile.id);
    return old && old !== tile ? [{ old, tile }] : [];
  });
  const by = (differs: (old: Tile, tile: Tile) => boolean) => pairs.find(({ old, tile }) => differs(old, tile))?.tile;
  const step = (what: string, tile: Tile | undefined, label: (words: string) => string): Change | null => (tile ? { field: `${what} ${tile.id}`, label: label(wordsFor(tile)) } : null);
  return (
    step("name", by((old, tile) => old.title !== tile.title), (words) => `Rename a tile ${words}`) ??
    step("fold", by((old, tile) => old.collapsed !== tile.collapsed), (words) => `Fold or unfold ${words}`) ??
    step("size", by((old, tile) => old.w !== tile.w || old.h !== tile.h), (words) => `Resize ${words}`) ??
    step("place", by((old, tile) => old.x !== tile.x || old.y !== tile.y), (words) => `Move ${words}`)
  );
}

/** What differs between two layouts, named after what a person did; null when nothing does. */
export function layoutChange(before: Layout, after: Layout, inHand: string | null = null): Change | null {
  if (JSON.stringify(before) === JSON.stringify(after)) return null;
  const pages = pageChange(before, after);
  if (pages) return pages;
  const [old, now] = [tilesOf(before), tilesOf(after)];
  const added = now.filter(({ id }) => !old.some((tile) => tile.id === id));
  const gone = old.filter(({ id }) => !now.some((tile) => tile.id === id));
  const [come, left] = [added[0], gone[0]];
  if (added.length + gone.length > 1) return { field: "layout", label: "Change the layout" };
  if (come) return { field: `add ${come.id}`, label: `Add ${wordsFor(come)}` };
  if (left) return { field: `remove ${left.id}`, label: `Remove ${wordsFor(left)}` };
  const [id] = Object.keys(changedOptions(after, before));
  const changed = now.find((tile) => tile.id === id);
  if (changed) return { field: `options ${changed.id}`, label: `Change ${wordsFor(changed)}` };
  return tileChange(old, now, inHand) ?? { field: "layout", label: "Change the layout" };
}
