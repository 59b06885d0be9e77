/** Pages and their tiles as plain data: what a layout file holds, what an address may change, what undo brings back. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Json } from "../hosts/host";

export type Options = { readonly [name: string]: Json };

/**
 * A component in its place: column and row on a grid of twelve columns, and how many of them it takes.
 * One row high, it is as tall as what it shows; taller, it is exactly so tall and scrolls inside.
 */
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
  /** Only its title is shown; the height that it goes back to. */
  collapsed?: number;
}

export interface PageLayout {
  id: string;
  title: string;
  tiles: readonly Tile[];
  /** What stands beside the tiles on every screen: the samples behind what was clicked. */
  dock: Tile | null;
  /** The page it is a part of; those have no parts themselves. */
  under?: string;
}

export interface Layout {
  version: 1;
  /** In the window's title, before the recording's name. */
  title?: string;
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

export function mapPage(layout: Layout, id: string, change: (page: PageLayout) => PageLayout): Layout {
  return { ...layout, pages: layout.pages.map((page) => (page.id === id ? change(page) : page)) };
}

export function mapTile(layout: Layout, id: string, change: (tile: Tile) => Tile): Layout {
  return { ...layout, pages: layout.pages.map((page) => mapTiles(page, (one) => (one.id === id ? change(one) : one))) };
}

/** Pages with a tab of their own. */
export function topPages(layout: Layout): PageLayout[] {
  return layout.pages.filter(({ under }) => under === undefined);
}

/** A page and its parts, where it has any; a part's siblings likewise. */
export function familyOf(layout: Layout, page: PageLayout): PageLayout[] {
  const head = page.under ?? page.id;
  const family = layout.pages.filter(({ id, under }) => id === head || under === head);
  return family.length > 1 ? family : [];
}

function freshPageId(layout: Layout): string {
  const taken = new Set(layout.pages.map(({ id }) => id));
  for (let n = 1; ; n++) if (!taken.has(`page-${n}`)) return `page-${n}`;
}

/** An empty page at the end, or as the last part of another. */
export function withPage(layout: Layout, title: string, under?: string): { layout: Layout; id: string } {
  const page: PageLayout = { id: freshPageId(layout), title, tiles: [], dock: null, ...(under === undefined ? {} : { under }) };
  return { layout: { ...layout, pages: [...layout.pages, page] }, id: page.id };
}

/** Without a page and its parts; the last page stays. */
export function withoutPage(layout: Layout, id: string): Layout {
  const pages = layout.pages.filter((page) => page.id !== id && page.under !== id);
  return pages.length === 0 ? layout : { ...layout, pages };
}

/** A page one place further among its siblings, or one place back. */
export function withPageMoved(layout: Layout, id: string, by: -1 | 1): Layout {
  const page = layout.pages.find((one) => one.id === id);
  const siblings = layout.pages.filter(({ under }) => under === page?.under);
  const other = siblings[siblings.findIndex((one) => one.id === id) + by];
  if (!page || !other) return layout;
  return { ...layout, pages: layout.pages.map((one) => (one.id === id ? other : one.id === other.id ? page : one)) };
}

/** The layout now, the one it started from, and the page that is open. */
export class Arrangement {
  readonly layout: Signal<Layout>;
  readonly page: Signal<string>;
  private readonly from: Signal<Layout>;
  /** The tile that the last change was about; undo names it. */
  inHand: string | null = null;
  /** Whether something differs from what it started from. */
  readonly changed: ReadonlySignal<boolean>;

  constructor(layout: Layout) {
    this.from = signal(layout);
    this.layout = signal(layout);
    this.page = signal(layout.pages[0]?.id ?? "");
    this.changed = computed(() => this.layout.value !== this.from.value && JSON.stringify(this.layout.value) !== JSON.stringify(this.from.value));
  }

  get base(): Layout {
    return this.from.value;
  }

  /** Begin from another layout, as if it had been there from the start. */
  begin(layout: Layout): void {
    this.from.value = layout;
    this.layout.value = layout;
    if (!layout.pages.some(({ id }) => id === this.page.peek())) this.page.value = layout.pages[0]?.id ?? "";
  }

  /** What is there now is kept somewhere: changes are counted from here on. */
  kept(): void {
    this.from.value = this.layout.peek();
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

  /** `of` is the tile that a person has in hand: others may have to give way to it. */
  edit(change: (layout: Layout) => Layout, of: string | null = null): void {
    this.inHand = of;
    this.layout.value = change(this.layout.peek());
  }
}
