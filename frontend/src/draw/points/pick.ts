/** Which point is under the pointer: a uniform grid over the points, built when first asked and right at every `t`. */
import { Places, type Moving } from "./quantise";

/** Points a cell on average. */
const PER_CELL = 3;
const MOST_SIDE = 1024;

export interface Metric {
  /** Pixels per unit of data, so that "near" means near on screen. */
  kx: number;
  ky: number;
}

/**
 * A grid over where the points are at one moment, in the unit square of what they span then. At another moment every
 * point has moved by at most `reach` per unit of t, so a search widened by that much misses none; each candidate is
 * then measured where it is now. Far from the moment the index was built at this widens to a scan of all points, which is exact too.
 */
export class GridIndex {
  private readonly side: number;
  private readonly starts: Uint32Array;
  private readonly order: Uint32Array;
  private readonly x0: number;
  private readonly y0: number;
  private readonly gx: number;
  private readonly gy: number;
  private readonly reach: { x: number; y: number };
  readonly t: number;

  constructor(moving: Moving) {
    const skip = (i: number) => moving.a.hidden[i] === 1 || moving.b?.hidden[i] === 1;
    this.t = moving.t;
    const places = new Places(moving);
    const n = places.n;
    const side = (this.side = Math.max(1, Math.min(MOST_SIDE, Math.round(Math.sqrt(n / PER_CELL)))));
    const e = spanAt(moving);
    this.x0 = e.x0;
    this.y0 = e.y0;
    this.gx = side / (e.x1 - e.x0);
    this.gy = side / (e.y1 - e.y0);
    const cells = new Uint32Array(n);
    const starts = new Uint32Array(side * side + 1);
    const none = side * side;
    let kept = 0;
    for (let i = 0; i < n; i++) {
      const cell = skip(i) ? none : this.row(places.y(i)) * side + this.column(places.x(i));
      cells[i] = cell;
      if (cell === none) continue;
      starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
      kept++;
    }
    for (let c = 0; c < none; c++) starts[c + 1] = (starts[c + 1] ?? 0) + (starts[c] ?? 0);
    const next = starts.slice(0, none);
    const order = new Uint32Array(kept);
    for (let i = 0; i < n; i++) {
      const cell = cells[i] ?? none;
      if (cell === none) continue;
      const at = next[cell] ?? 0;
      order[at] = i;
      next[cell] = at + 1;
    }
    this.starts = starts;
    this.order = order;
    this.reach = reachOf(moving);
  }

  private column(x: number): number {
    return Math.max(0, Math.min(this.side - 1, Math.floor((x - this.x0) * this.gx)));
  }

  private row(y: number): number {
    return Math.max(0, Math.min(this.side - 1, Math.floor((y - this.y0) * this.gy)));
  }

  /** The nearest point within `radius` pixels of a place in data; of equally near ones the last, which is drawn on top. */
  nearest(places: Places, at: { x: number; y: number }, radius: number, metric: Metric, skip: (i: number) => boolean = () => false): number | null {
    const { x, y } = at;
    const away = Math.abs(places.moving.t - this.t);
    const rx = radius / metric.kx + away * this.reach.x;
    const ry = radius / metric.ky + away * this.reach.y;
    const { side, starts, order } = this;
    const [c0, c1, r0, r1] = [this.column(x - rx), this.column(x + rx), this.row(y - ry), this.row(y + ry)];
    let best: number | null = null;
    let least = radius * radius;
    for (let r = r0; r <= r1; r++) {
      const end = starts[r * side + c1 + 1] ?? 0;
      for (let k = starts[r * side + c0] ?? 0; k < end; k++) {
        const i = order[k] ?? 0;
        const dx = (places.x(i) - x) * metric.kx;
        const dy = (places.y(i) - y) * metric.ky;
        const d = dx * dx + dy * dy;
        if ((d < least || (d === least && (best === null || i > best))) && !skip(i)) {
          least = d;
          best = i;
        }
      }
    }
    return best;
  }
}

function spanAt({ a, b, t }: Moving): { x0: number; y0: number; x1: number; y1: number } {
  if (!b) return a.extent;
  const mix = (p: number, q: number) => p * (1 - t) + q * t;
  return { x0: mix(a.extent.x0, b.extent.x0), y0: mix(a.extent.y0, b.extent.y0), x1: mix(a.extent.x1, b.extent.x1), y1: mix(a.extent.y1, b.extent.y1) };
}

/** The furthest any point goes between the two sets, along each axis. */
function reachOf({ a, b }: Moving): { x: number; y: number } {
  const reach = { x: 0, y: 0 };
  if (!b) return reach;
  const [from, to] = [new Places({ a, b, t: 0 }), new Places({ a, b, t: 1 })];
  for (let i = 0; i < a.n; i++) {
    if (a.hidden[i] || b.hidden[i]) continue;
    reach.x = Math.max(reach.x, Math.abs(to.x(i) - from.x(i)));
    reach.y = Math.max(reach.y, Math.abs(to.y(i) - from.y(i)));
  }
  return reach;
}

export type Direction = "left" | "right" | "up" | "down";

/** The next point from a place in a direction: within 45° of it, nearest first. Points at the very same place are passed over. */
export function nextTowards(places: Places, from: { x: number; y: number }, towards: Direction, metric: Metric, skip: (i: number) => boolean): number | null {
  const [ux, uy] = { left: [-1, 0], right: [1, 0], up: [0, 1], down: [0, -1] }[towards] as [number, number];
  let best: number | null = null;
  let least = Infinity;
  for (let i = 0; i < places.n; i++) {
    const dx = (places.x(i) - from.x) * metric.kx;
    const dy = (places.y(i) - from.y) * metric.ky;
    const along = dx * ux + dy * uy;
    const across = Math.abs(dx * uy) + Math.abs(dy * ux);
    if (along < 1e-3 || across > along) continue;
    const d = dx * dx + dy * dy;
    if (d < least && !skip(i)) {
      least = d;
      best = i;
    }
  }
  return best;
}
