/** A layout that came from outside (a file, Python, an earlier visit), read tile by tile: what cannot be is told, the rest works. */
import { shorten } from "../draw/format";
import type { Json } from "../hosts/host";
import { COLUMNS, type Layout, type Options, type PageLayout, type Tile } from "./layout";
import { apart, onGrid, settled } from "./placing";

export const VERSION = 1;
export const FILE_NAME = "bathyscope.layout.json";

const MOST_PAGES = 60;
const MOST_TILES = 100;
/** Rows: far more than anyone scrolls, few enough for a browser's grid. */
const LOWEST = 2000;
const LONGEST_TITLE = 120;

export interface Read {
  /** null where nothing in it can be used. */
  layout: Layout | null;
  /** One sentence for each thing that is not as it should be. */
  faults: readonly string[];
}

type Shape = { readonly [key: string]: Json };

function shapeOf(value: Json | undefined): Shape | null {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Shape) : null;
}

function told(value: Json | undefined): string {
  return shorten(JSON.stringify(value) ?? "nothing", 60);
}

const KNOWN = {
  layout: ["version", "title", "pages", "$schema"],
  page: ["id", "title", "tiles", "dock", "subpages"],
  tile: ["id", "component", "x", "y", "w", "h", "options", "title", "collapsed"],
} as const;

class Reader {
  readonly faults: string[] = [];
  private readonly pageIds = new Set<string>();
  private readonly tileIds = new Set<string>();
  /** The next number to try for an id that several ask for. */
  private readonly next = new Map<string, number>();

  private fault(text: string): void {
    this.faults.push(text);
  }

  private unknown(from: Shape, kind: keyof typeof KNOWN, where: string): void {
    const known: readonly string[] = KNOWN[kind];
    const others = Object.keys(from).filter((key) => !known.includes(key));
    if (others.length > 0) this.fault(`${where} has ${others.map((key) => `“${shorten(key, 40)}”`).join(", ")}, which a ${kind} does not know; left out. Known: ${known.filter((key) => key !== "$schema").join(", ")}.`);
  }

  private title(from: Shape, where: string, otherwise: string): string {
    const { title } = from;
    if (typeof title === "string" && title.trim() !== "") return shorten(title.trim(), LONGEST_TITLE);
    if (title !== undefined && title !== null) this.fault(`The title of ${where} should be text; it is ${told(title)}.`);
    return otherwise;
  }

  private fresh(taken: Set<string>, given: Json | undefined, otherwise: string, where: string): string {
    const wanted = typeof given === "string" && given !== "" ? shorten(given, LONGEST_TITLE) : otherwise;
    if (given !== undefined && given !== null && (typeof given !== "string" || given === "")) this.fault(`The id of ${where} should be text; it is ${told(given)}.`);
    let id = wanted;
    for (let n = this.next.get(wanted) ?? 2; taken.has(id); n++) {
      id = `${wanted}-${n}`;
      this.next.set(wanted, n + 1);
    }
    if (id !== wanted && wanted === given) this.fault(`Two are called “${wanted}”; ${where} is “${id}” now.`);
    taken.add(id);
    return id;
  }

  private whole(from: Shape, key: "x" | "y" | "w" | "h", otherwise: number, where: string): number {
    const value = from[key];
    if (value === undefined || value === null) return otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    this.fault(`${key} of ${where} should be a whole number from ${key === "x" || key === "y" ? 0 : 1}; it is ${told(value)}. ${otherwise} is used.`);
    return otherwise;
  }

  private tile(json: Json, where: string, below: number): Tile | null {
    const from: Shape | null = typeof json === "string" ? { component: json } : shapeOf(json);
    if (!from || typeof from["component"] !== "string" || from["component"] === "") {
      this.fault(`${where} names no component: it is ${told(json)}. A tile is {"component": …, "x": …, "y": …, "w": …, "h": …}.`);
      return null;
    }
    const component = shorten(from["component"], LONGEST_TITLE);
    const named = `${where} (${component})`;
    this.unknown(from, "tile", named);
    const asked = { x: this.whole(from, "x", 0, named), y: this.whole(from, "y", below, named), w: this.whole(from, "w", COLUMNS, named), h: this.whole(from, "h", 1, named) };
    const place = onGrid({ ...asked, y: Math.min(asked.y, LOWEST), h: Math.min(asked.h, LOWEST) });
    if (place.x !== asked.x || place.y !== asked.y || place.w !== asked.w || place.h !== asked.h) {
      this.fault(`${named} does not lie on the grid of ${COLUMNS} columns (x ${asked.x}, y ${asked.y}, ${asked.w} wide, ${asked.h} high). It is at x ${place.x}, y ${place.y} now, ${place.w} wide and ${place.h} high.`);
    }
    const options = shapeOf(from["options"] ?? {});
    if (!options) this.fault(`The options of ${named} should be {"name": value}; they are ${told(from["options"])}. Its defaults are used.`);
    const title = this.title(from, named, "");
    const tile: Tile = { id: this.fresh(this.tileIds, from["id"], component, named), component, ...place, options: (options ?? {}) as Options };
    if (title !== "") tile.title = title;
    if (from["collapsed"] === true) return { ...tile, collapsed: tile.h, h: 1 };
    if (from["collapsed"] !== undefined && from["collapsed"] !== false) this.fault(`collapsed of ${named} should be true or false; it is ${told(from["collapsed"])}.`);
    return tile;
  }

  private tiles(json: Json | undefined, page: string): Tile[] {
    if (!Array.isArray(json)) {
      if (json !== undefined && json !== null) this.fault(`The tiles of “${page}” should be a list; they are ${told(json)}.`);
      return [];
    }
    if (json.length > MOST_TILES) this.fault(`“${page}” has ${json.length} tiles; the first ${MOST_TILES} are shown.`);
    const tiles: Tile[] = [];
    json.slice(0, MOST_TILES).forEach((one: Json, place) => {
      const below = tiles.reduce((low, { y, h }) => Math.max(low, y + h), 0);
      const tile = this.tile(one, `Tile ${place + 1} of “${page}”`, below);
      if (tile) tiles.push(tile);
    });
    const freed = apart(tiles);
    freed.forEach((tile, i) => {
      const before = tiles[i];
      if (before && before.y !== tile.y) this.fault(`Tile ${tile.id} of “${page}” lay over another one; it moved down from row ${before.y} to ${tile.y}.`);
    });
    // Tiles that are folded leave room, which those below them take.
    return tiles.some(({ collapsed }) => collapsed !== undefined) ? settled(freed) : freed;
  }

  page(json: Json, number: string, under?: string): PageLayout[] {
    // Also what keeps parts of parts of parts … from going on for ever.
    if (this.pageIds.size > MOST_PAGES) return [];
    const from = shapeOf(json);
    if (!from) {
      this.fault(`Page ${number} should be {"title": …, "tiles": […]}; it is ${told(json)}.`);
      return [];
    }
    const title = this.title(from, `page ${number}`, `Page ${number}`);
    this.unknown(from, "page", `Page “${title}”`);
    const id = this.fresh(this.pageIds, from["id"], `page-${number}`, `page “${title}”`);
    const dock = from["dock"] === undefined || from["dock"] === null ? null : this.tile(from["dock"], `What stands beside “${title}”`, 0);
    const page: PageLayout = { id, title, tiles: this.tiles(from["tiles"], title), dock, ...(under === undefined ? {} : { under }) };
    const parts = from["subpages"];
    if (parts === undefined || parts === null) return [page];
    if (!Array.isArray(parts)) {
      this.fault(`The subpages of “${title}” should be a list; they are ${told(parts)}.`);
      return [page];
    }
    // A page within a page within a page would need a third row of tabs: those stand beside their parent instead.
    if (under !== undefined && parts.length > 0) this.fault(`“${title}” is a subpage and has subpages of its own; pages go one level deep. They stand beside it now.`);
    return [page, ...parts.flatMap((part: Json, place) => this.page(part, `${number}.${place + 1}`, under ?? id))];
  }

  read(json: Json): Read {
    const from = shapeOf(json);
    if (!from || !Array.isArray(from["pages"])) {
      return { layout: null, faults: [`A layout is {"version": ${VERSION}, "pages": […]}; this is ${told(json)}. It is not used.`] };
    }
    const { version, pages } = from;
    if (version !== undefined && version !== VERSION) {
      return { layout: null, faults: [`The layout is of version ${told(version)}; this Bathyscope reads version ${VERSION}. It is not used. Update Bathyscope, or save the layout again with this one.`] };
    }
    this.unknown(from, "layout", "The layout");
    const found = (pages as readonly Json[]).slice(0, MOST_PAGES).flatMap((page, place) => this.page(page, String(place + 1)));
    if (Math.max(found.length, pages.length) > MOST_PAGES) this.fault(`The layout has more than ${MOST_PAGES} pages; the first ${MOST_PAGES} are shown.`);
    if (found.length === 0) return { layout: null, faults: [...this.faults, "The layout has no page that can be shown. It is not used."] };
    const title = this.title(from, "the layout", "");
    return { layout: { version: VERSION, ...(title === "" ? {} : { title }), pages: found.slice(0, MOST_PAGES) }, faults: this.faults };
  }
}

export function readLayout(json: Json): Read {
  return new Reader().read(json);
}

function tileJson({ collapsed, ...tile }: Tile): Json {
  const { id, component, x, y, w, h, options, title } = tile;
  return {
    id, component, x, y, w, h: collapsed ?? h,
    ...(title === undefined ? {} : { title }),
    ...(collapsed === undefined ? {} : { collapsed: true }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

function pageJson(page: PageLayout, parts: readonly PageLayout[]): Json {
  return {
    id: page.id,
    title: page.title,
    tiles: page.tiles.map(tileJson),
    ...(page.dock ? { dock: tileJson(page.dock) } : {}),
    ...(parts.length === 0 ? {} : { subpages: parts.map((part) => pageJson(part, [])) }),
  };
}

/** What a layout file holds. */
export function writeLayout(layout: Layout): Json {
  const pages = layout.pages.filter(({ under }) => under === undefined);
  return {
    version: VERSION,
    ...(layout.title === undefined ? {} : { title: layout.title }),
    pages: pages.map((page) => pageJson(page, layout.pages.filter(({ under }) => under === page.id))),
  };
}

