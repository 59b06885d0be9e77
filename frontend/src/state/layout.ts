/** Pages and their tiles as plain data: what a layout file holds, what an address may change, what undo brings back. */
import { signal, type Signal } from "@preact/signals";
import type { Json } from "../hosts/host";

export type Options = { readonly [name: string]: Json };

/** A component in its place: column and row on a grid of twelve columns, and how many of them it takes. */
export interface Tile {
  /** Unique in the layout; the source of its filters and picks. */
  id: string;
  component: string;
  x: number;
  y: number;
  w: number;
  h: number;
  options: Options;
  /** Words in place of the component's own title in menus; the component's unless given. */
  title?: string;
}

export interface PageLayout {
  id: string;
  title: string;
  tiles: readonly Tile[];
  /** What stands beside the tiles on every screen: the samples behind what was clicked. */
  dock: Tile | null;
}

export interface Layout {
  version: 1;
  pages: readonly PageLayout[];
}

export const COLUMNS = 12;

export function tile(component: string, place: Partial<Omit<Tile, "component">> = {}): Tile {
  return { id: component, component, x: 0, y: 0, w: COLUMNS, h: 1, options: {}, ...place };
}

/** Tiles one below the other, each over the whole width. */
export function stacked(components: readonly string[]): Tile[] {
  return components.map((component, y) => tile(component, { y }));
}

export function tilesOf(layout: Layout): Tile[] {
  return layout.pages.flatMap(({ tiles, dock }) => (dock ? [...tiles, dock] : [...tiles]));
}

/** An id that no tile has: the component's name, numbered where there are several. */
export function freshTileId(layout: Layout, component: string): string {
  const taken = new Set(tilesOf(layout).map(({ id }) => id));
  if (!taken.has(component)) return component;
  for (let n = 2; ; n++) if (!taken.has(`${component}-${n}`)) return `${component}-${n}`;
}

function mapTiles(page: PageLayout, change: (tile: Tile) => Tile): PageLayout {
  return { ...page, tiles: page.tiles.map(change), dock: page.dock && change(page.dock) };
}

/** The layout with some options of a tile changed; an option set to null goes back to its default. */
export function withOptions(layout: Layout, id: string, changes: Options): Layout {
  const change = (one: Tile): Tile => {
    if (one.id !== id) return one;
    const options = Object.fromEntries(Object.entries({ ...one.options, ...changes }).filter(([, value]) => value !== null));
    return { ...one, options };
  };
  return { ...layout, pages: layout.pages.map((page) => mapTiles(page, change)) };
}

/** Options by tile that differ from those of another layout: what an address has to say. */
export function changedOptions(layout: Layout, base: Layout): { readonly [id: string]: Options } {
  const before = new Map(tilesOf(base).map(({ id, options }) => [id, JSON.stringify(options)]));
  const changed = tilesOf(layout).filter(({ id, options }) => before.has(id) && before.get(id) !== JSON.stringify(options));
  return Object.fromEntries(changed.map(({ id, options }) => [id, options]));
}

/** The layout now, the one it started from, and the page that is open. */
export class Arrangement {
  readonly layout: Signal<Layout>;
  readonly page: Signal<string>;
  base: Layout;

  constructor(layout: Layout) {
    this.base = layout;
    this.layout = signal(layout);
    this.page = signal(layout.pages[0]?.id ?? "");
  }

  /** Begin from another layout, as if it had been there from the start. */
  begin(layout: Layout): void {
    this.base = layout;
    this.layout.value = layout;
    if (!layout.pages.some(({ id }) => id === this.page.peek())) this.page.value = layout.pages[0]?.id ?? "";
  }

  current(): PageLayout | null {
    const { pages } = this.layout.value;
    return pages.find(({ id }) => id === this.page.value) ?? pages[0] ?? null;
  }

  tile(id: string): Tile | null {
    return tilesOf(this.layout.value).find((one) => one.id === id) ?? null;
  }

  set(id: string, changes: Options): void {
    this.layout.value = withOptions(this.layout.peek(), id, changes);
  }
}
