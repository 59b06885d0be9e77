/** What is drawn, kept on the CPU: the GPU can lose its copy at any time. */
import { MISSING, bytesOf, themeAt, type Theme } from "./appearance";
import { Places, emptyExtent, quantise, union, type Coordinates, type Extent, type Moving, type Quantised } from "./quantise";

export const FILTERED = 1;
export const SELECTED = 2;
export const FOCUSED = 4;
export const HIDDEN = 8;
/** These bits are the state of a point; the four above them are its size. */
export const STATE = 15;
export const LARGEST = 15;

/** How much larger than usual a point of a size 1 … 15 is drawn; 0 is as usual. */
export function grown(flag: number): number {
  const level = flag >> 4;
  return level === 0 ? 1 : 0.4 + 0.2 * level;
}

export interface Colours {
  /** Per point a place in the palette, or a value on the ramp (`rampCodes`); MISSING has its own colour. */
  codes: Uint16Array;
  /** CSS colours; a ramp has 256. */
  palette: readonly string[];
  ramp?: boolean;
  /** The points of this code are drawn above the others. */
  raised?: number;
}

export interface Picture {
  image: ImageData | ImageBitmap | HTMLCanvasElement;
  /** Where in the data its edges lie. */
  extent: Extent;
}

/** Pictures behind the points at t = 0 and t = 1; one of them alone is faded in or out. */
export interface Background {
  a: Picture | null;
  b?: Picture | null;
  opacity?: number;
}

export interface Label {
  x: number;
  y: number;
  text: string;
  /** CSS colour of the mark before the text. */
  colour?: string;
}

export interface Content {
  /** Coordinates, or codes within an extent as they are stored: those are drawn as they come. */
  positions: Coordinates | Quantised;
  /** Where the same points are at t = 1. */
  next: Coordinates | Quantised | null;
  t: number;
  colours: Colours | null;
  /** Of each point a place in the palette for a ring around it, MISSING for none; null rings none. */
  rims: Uint16Array | null;
  /** 1 where a point is filtered out: grey, behind, not to be picked. */
  filtered: ArrayLike<number> | null;
  /** Filtered points are not drawn at all. */
  hide: boolean;
  /** Of every point its size, 1 … 15; null draws all alike. */
  sizes: Uint8Array | null;
  /** Positions of the selected points. */
  selected: ArrayLike<number> | null;
  focus: number | null;
  background: Background | null;
}

export interface Dirty {
  positions: boolean;
  colours: boolean;
  rims: boolean;
  palette: boolean;
  background: boolean;
  /** Flags from … to (exclusive) changed. */
  flags: { from: number; to: number };
}

const NOWHERE: Coordinates = { x: [], y: [] };

function coded(places: Coordinates | Quantised): Quantised {
  return "pairs" in places ? places : quantise(places);
}

export class Scene {
  moving: Moving = { a: quantise(NOWHERE), b: null, t: 0 };
  places = new Places(this.moving);
  flags: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  codes: Uint16Array = new Uint16Array(0);
  rims: Uint16Array = new Uint16Array(0);
  palette: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  colours: Colours | null = null;
  background: Background | null = null;
  focus: number | null = null;
  theme: Theme;
  dirty: Dirty = clean();
  nFiltered = 0;
  nSelected = 0;
  private filtered: ArrayLike<number> | null = null;
  private selected: ArrayLike<number> | null = null;
  private sizes: Uint8Array | null = null;
  private hide = false;

  constructor(private readonly el: HTMLElement) {
    this.theme = themeAt(el);
  }

  get n(): number {
    return this.moving.a.n;
  }

  /** Points without a place at t = 0 or, where there is a second set, at t = 1. */
  get nHidden(): number {
    const { a, b } = this.moving;
    if (!b || b.nHidden === 0) return a.nHidden;
    return a.hidden.reduce((sum, hidden, i) => sum + (hidden | (b.hidden[i] ?? 0)), 0);
  }

  /** Everything must be uploaded again: the context is new. */
  spoil(): void {
    this.dirty = { positions: true, colours: true, rims: true, palette: true, background: true, flags: { from: 0, to: this.n } };
  }

  take(change: Partial<Content>): void {
    if (change.positions) this.place(change.positions, change.next ?? null);
    else if (change.next !== undefined) this.place(null, change.next);
    if (change.t !== undefined) {
      this.moving = { ...this.moving, t: Math.max(0, Math.min(1, change.t)) };
      this.places = new Places(this.moving);
    }
    if (change.colours !== undefined) this.colour(change.colours);
    if (change.rims !== undefined) this.rim(change.rims);
    if (change.background !== undefined) {
      this.background = change.background;
      this.dirty.background = true;
    }
    const flagged = change.positions ?? change.next ?? change.filtered ?? change.selected;
    if (change.filtered !== undefined) this.filtered = change.filtered;
    if (change.selected !== undefined) this.selected = change.selected;
    if (change.focus !== undefined) this.focus = change.focus;
    if (change.sizes !== undefined) this.sizes = change.sizes;
    if (change.hide !== undefined) this.hide = change.hide;
    if (change.sizes !== undefined || change.hide !== undefined || flagged !== undefined || change.focus !== undefined || change.filtered === null || change.selected === null || change.next === null) this.flag();
  }

  private place(positions: Coordinates | Quantised | null, next: Coordinates | Quantised | null): void {
    const a = positions ? coded(positions) : this.moving.a;
    const b = next ? coded(next) : null;
    if (b && b.n !== a.n) throw new RangeError(`The second positions are of ${b.n} points, the first of ${a.n}; both must be of the same points.`);
    if (a.n !== this.n) {
      // Another set of points: what was said of the old ones does not hold for these.
      this.flags = new Uint8Array(a.n);
      this.codes = new Uint16Array(a.n).fill(MISSING);
      this.filtered = this.selected = this.colours = this.focus = this.sizes = null;
      this.rims = new Uint16Array(a.n).fill(MISSING);
      this.dirty.colours = this.dirty.rims = true;
    }
    this.moving = { a, b, t: b ? this.moving.t : 0 };
    this.places = new Places(this.moving);
    this.dirty.positions = true;
  }

  private colour(colours: Colours | null): void {
    if (colours && colours.codes.length !== this.n) throw new RangeError(`${colours.codes.length} colour codes were given for ${this.n} points.`);
    this.colours = colours;
    this.codes = colours?.codes ?? new Uint16Array(this.n).fill(MISSING);
    this.dirty.colours = true;
    this.repaint();
  }

  private rim(rims: Uint16Array | null): void {
    if (rims && rims.length !== this.n) throw new RangeError(`${rims.length} rims were given for ${this.n} points.`);
    this.rims = rims ?? new Uint16Array(this.n).fill(MISSING);
    this.dirty.rims = true;
  }

  /** Read the theme and the palette's colours again. */
  repaint(): void {
    this.theme = themeAt(this.el);
    this.palette = bytesOf(this.colours?.palette ?? [], this.el);
    this.dirty.palette = true;
  }

  private flag(): void {
    const { a, b } = this.moving;
    const n = a.n;
    const next = new Uint8Array(n);
    this.nFiltered = this.nSelected = 0;
    for (let i = 0; i < n; i++) {
      const size = (this.sizes?.[i] ?? 0) << 4;
      next[i] = size;
      if (a.hidden[i] || b?.hidden[i] || (this.hide && this.filtered?.[i])) next[i] = HIDDEN;
      else if (this.filtered?.[i]) {
        next[i] = FILTERED;
        this.nFiltered++;
      }
    }
    const { selected, focus } = this;
    for (let k = 0; k < (selected?.length ?? 0); k++) {
      const i = selected?.[k] ?? n;
      if (i >= n) continue;
      next[i] = (next[i] ?? 0) | SELECTED;
      this.nSelected++;
    }
    if (focus !== null && focus < n) next[focus] = (next[focus] ?? 0) | FOCUSED;
    let from = 0;
    while (from < n && next[from] === this.flags[from]) from++;
    let to = n;
    while (to > from && next[to - 1] === this.flags[to - 1]) to--;
    this.flags = next;
    const { flags } = this.dirty;
    if (to > from) this.dirty.flags = flags.to > flags.from ? { from: Math.min(from, flags.from), to: Math.max(to, flags.to) } : { from, to };
  }

  /** Not to be picked: no place, or filtered out. */
  readonly unpickable = (i: number): boolean => ((this.flags[i] ?? 0) & (HIDDEN | FILTERED)) !== 0;

  /** Place of a point's colour in `palette`, in bytes; −1 where it has none. */
  paletteAt(i: number): number {
    const code = this.codes[i] ?? MISSING;
    return code === MISSING ? -1 : 4 * (this.colours?.ramp ? code >> 8 : code);
  }

  /** The colour of the ring around a point as one number; −1 where it has none. */
  readonly rimAt = (i: number): number => {
    const at = 4 * (this.rims[i] ?? MISSING);
    if (at === 4 * MISSING) return -1;
    return (this.palette[at] ?? 0) | ((this.palette[at + 1] ?? 0) << 8) | ((this.palette[at + 2] ?? 0) << 16);
  };

  /** A point's colour as one number, red in the lowest byte. */
  readonly rgbAt = (i: number): number => {
    const at = this.paletteAt(i);
    if (at >= 0) return (this.palette[at] ?? 0) | ((this.palette[at + 1] ?? 0) << 8) | ((this.palette[at + 2] ?? 0) << 16);
    const [r, g, b] = this.theme.missing;
    return r | (g << 8) | (b << 16);
  };

  /** What the points span at both ends of their way, so that nothing leaves the picture while they move. */
  extent(rows?: ArrayLike<number>): Extent {
    const { a, b } = this.moving;
    if (!rows) return b ? union(a.extent, b.extent) : a.extent;
    const extent = emptyExtent();
    for (let k = 0; k < rows.length; k++) {
      const i = rows[k] ?? 0;
      if ((this.flags[i] ?? HIDDEN) & HIDDEN) continue;
      const [x, y] = [this.places.x(i), this.places.y(i)];
      extent.x0 = Math.min(extent.x0, x);
      extent.x1 = Math.max(extent.x1, x);
      extent.y0 = Math.min(extent.y0, y);
      extent.y1 = Math.max(extent.y1, y);
    }
    return extent;
  }
}

export function clean(): Dirty {
  return { positions: false, colours: false, rims: false, palette: false, background: false, flags: { from: 0, to: 0 } };
}

const SAMPLED = 4096;

/** About how many points that are not filtered lie in a part of the plane, counted on a sample. */
export function shownIn(scene: Scene, { x0, x1, y0, y1 }: Extent): number {
  const every = Math.max(1, Math.floor(scene.n / SAMPLED));
  let shown = 0;
  for (let i = 0; i < scene.n; i += every) {
    if (scene.unpickable(i)) continue;
    const [x, y] = [scene.places.x(i), scene.places.y(i)];
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1) shown++;
  }
  return shown * every;
}
