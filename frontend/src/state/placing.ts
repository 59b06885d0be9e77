/** Where tiles stand on the grid: no two overlap, and all close up towards the top. */
import { COLUMNS, freshTileId, mapPage, mapTile, type Layout, type PageLayout, type Tile } from "./layout";

export type Direction = "left" | "right" | "up" | "down";
export type Place = Pick<Tile, "x" | "y" | "w" | "h">;
/** How many rows a tile takes on the screen that is as tall as what it shows. */
export type Measure = (tile: Tile) => number;

export const LEAST_WIDTH = 2;
export const LEAST_HEIGHT = 3;

export function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function besides(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w;
}

/** In reading order: row by row, each from the left. */
export function inOrder<T extends Place>(tiles: readonly T[]): T[] {
  return [...tiles].sort((a, b) => a.y - b.y || a.x - b.x);
}

/** The place, moved and cut until it lies on the grid. */
export function onGrid({ x, y, w, h }: Place): Place {
  const width = Math.max(1, Math.min(COLUMNS, w));
  return { x: Math.max(0, Math.min(COLUMNS - width, x)), y: Math.max(0, y), w: width, h: Math.max(1, h) };
}

/** Tiles that overlap move down, those named first staying where they are. */
export function apart(tiles: readonly Tile[], first?: string): Tile[] {
  const order = inOrder(tiles);
  const own = order.find(({ id }) => id === first);
  const placed: Tile[] = [];
  for (const one of own ? [own, ...order.filter((tile) => tile !== own)] : order) {
    let { y } = one;
    for (let hit: Tile | undefined; (hit = placed.find((other) => overlap({ ...one, y }, other))); ) y = hit.y + hit.h;
    placed.push(y === one.y ? one : { ...one, y });
  }
  const byId = new Map(placed.map((tile) => [tile.id, tile]));
  return tiles.map((tile) => byId.get(tile.id) ?? tile);
}

/** Every tile as high up as those above it let it. */
function closed(tiles: readonly Tile[]): Tile[] {
  const up: Tile[] = [];
  for (const one of inOrder(tiles)) {
    const y = up.reduce((low, other) => (besides(one, other) ? Math.max(low, other.y + other.h) : low), 0);
    up.push(y === one.y ? one : { ...one, y });
  }
  const byId = new Map(up.map((tile) => [tile.id, tile]));
  return tiles.map((tile) => byId.get(tile.id) ?? tile);
}

export function settled(tiles: readonly Tile[], first?: string): Tile[] {
  return closed(apart(tiles, first));
}

/**
 * Side by side, tiles of a fixed height and tiles as tall as what they show would stretch one another's rows.
 * Where there are both, all that do not stand alone in their rows get the height they have on the screen.
 */
function unmixed(tiles: readonly Tile[], measure: Measure): Tile[] {
  const narrow = tiles.filter(({ w, collapsed }) => w < COLUMNS && collapsed === undefined);
  if (!narrow.some(({ h }) => h > 1) || !narrow.some(({ h }) => h === 1)) return [...tiles];
  return tiles.map((tile) => (narrow.includes(tile) && tile.h === 1 ? { ...tile, h: Math.max(LEAST_HEIGHT, measure(tile)) } : tile));
}

function placedOn(page: PageLayout, id: string, to: Partial<Place>, measure: Measure): PageLayout {
  const moved = page.tiles.map((tile) => (tile.id === id ? { ...tile, ...onGrid({ ...tile, ...to }) } : tile));
  return { ...page, tiles: settled(unmixed(moved, measure), id) };
}

export function withTileAt(layout: Layout, page: string, id: string, to: Partial<Place>, measure: Measure): Layout {
  return mapPage(layout, page, (one) => placedOn(one, id, to, measure));
}

/** One column aside, or past the next tile above or below. */
export function withTileMoved(layout: Layout, page: string, id: string, towards: Direction, measure: Measure): Layout {
  return mapPage(layout, page, (one) => {
    const tile = one.tiles.find((other) => other.id === id);
    if (!tile) return one;
    if (towards === "left" || towards === "right") return placedOn(one, id, { x: tile.x + (towards === "left" ? -1 : 1) }, measure);
    const line = inOrder(one.tiles.filter((other) => other !== tile && besides(other, tile)));
    if (towards === "up") {
      const above = line.filter((other) => other.y + other.h <= tile.y).at(-1);
      return above ? placedOn(one, id, { y: above.y }, measure) : one;
    }
    const below = line.find((other) => other.y >= tile.y + tile.h);
    return below ? placedOn(one, id, { y: below.y + below.h }, measure) : one;
  });
}

/** Wider or taller by so much; a tile as tall as what it shows starts from the height it has. */
export function withTileResized(layout: Layout, page: string, id: string, by: { w?: number; h?: number }, measure: Measure): Layout {
  return mapPage(layout, page, (one) => {
    const tile = one.tiles.find((other) => other.id === id);
    if (!tile || tile.collapsed !== undefined) return one;
    const w = Math.max(LEAST_WIDTH, Math.min(COLUMNS - tile.x, tile.w + (by.w ?? 0)));
    const h = by.h ? Math.max(LEAST_HEIGHT, (tile.h === 1 ? measure(tile) : tile.h) + by.h) : tile.h;
    return placedOn(one, id, { w, h }, measure);
  });
}

/** As tall as what it shows. */
export function withTileFitted(layout: Layout, page: string, id: string, measure: Measure): Layout {
  return mapPage(layout, page, (one) => placedOn(one, id, { h: 1 }, measure));
}

/** A new tile below all others, over the whole width. */
export function withTile(layout: Layout, page: string, component: string): { layout: Layout; id: string } {
  const id = freshTileId(layout, component);
  const added = mapPage(layout, page, (one) => {
    const y = one.tiles.reduce((low, tile) => Math.max(low, tile.y + tile.h), 0);
    return { ...one, tiles: [...one.tiles, { id, component, x: 0, y, w: COLUMNS, h: 1, options: {} }] };
  });
  return { layout: added, id };
}

/** The same once more, below itself. */
export function withCopy(layout: Layout, page: string, of: string): { layout: Layout; id: string } {
  const tile = layout.pages.find(({ id }) => id === page)?.tiles.find(({ id }) => id === of);
  if (!tile) return { layout, id: of };
  const id = freshTileId(layout, tile.component);
  const copied = mapPage(layout, page, (one) => ({ ...one, tiles: settled([...one.tiles, { ...tile, id, y: tile.y + tile.h }], id) }));
  return { layout: copied, id };
}

export function withoutTile(layout: Layout, id: string): Layout {
  const pages = layout.pages.map((page) => {
    if (page.dock?.id === id) return { ...page, dock: null };
    return page.tiles.some((tile) => tile.id === id) ? { ...page, tiles: settled(page.tiles.filter((tile) => tile.id !== id)) } : page;
  });
  return { ...layout, pages };
}

/** Beside the page instead of on it; what stood there takes its place. */
export function withTileDocked(layout: Layout, page: string, id: string): Layout {
  return mapPage(layout, page, (one) => {
    const tile = one.tiles.find((other) => other.id === id);
    if (!tile) return one;
    const { dock } = one;
    const tiles = one.tiles.flatMap((other) => (other !== tile ? [other] : dock ? [{ ...dock, x: tile.x, y: tile.y, w: tile.w, h: tile.h }] : []));
    return { ...one, tiles: settled(tiles), dock: tile };
  });
}

/** Only the title, or everything again. */
export function withTileFolded(layout: Layout, id: string): Layout {
  const folded = mapTile(layout, id, ({ collapsed, ...tile }) => (collapsed === undefined ? { ...tile, collapsed: tile.h, h: 1 } : { ...tile, h: collapsed }));
  return { ...folded, pages: folded.pages.map((page) => (page.tiles.some((tile) => tile.id === id) ? { ...page, tiles: settled(page.tiles, id) } : page)) };
}

/** Another name; none gives it back its own. */
export function withTileNamed(layout: Layout, id: string, title: string): Layout {
  return mapTile(layout, id, ({ title: _, ...tile }) => (title.trim() === "" ? tile : { ...tile, title: title.trim() }));
}
