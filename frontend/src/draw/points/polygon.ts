/** What a lasso holds: a polygon made small, and the points inside it by the non-zero winding rule. */
import type { Places } from "./quantise";

/** x0 y0 x1 y1 …; the last vertex joins the first. */
export type Polygon = readonly number[];

export const MOST_VERTICES = 256;

/** How often a closed polygon goes around a point; 0 is outside. (Sunday 2001: no angles, no division.) */
export function winding(polygon: Polygon, x: number, y: number): number {
  let turns = 0;
  const n = polygon.length / 2;
  for (let i = 0, j = n - 1; i < n; j = i++) {
    const ay = polygon[2 * j + 1] as number;
    const by = polygon[2 * i + 1] as number;
    // Most edges do not cross the height of the point: they are told first.
    if (ay <= y === by <= y) continue;
    const ax = polygon[2 * j] as number;
    const left = ((polygon[2 * i] as number) - ax) * (y - ay) - (x - ax) * (by - ay);
    if (ay <= y) turns += left > 0 ? 1 : 0;
    else turns -= left < 0 ? 1 : 0;
  }
  return turns;
}

function distanceToSegment(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const u = length === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length));
  return Math.hypot(px - ax - u * dx, py - ay - u * dy);
}

/** Douglas–Peucker: no dropped vertex is further than `tolerance` from the line that stays. */
function peeled(polygon: Polygon, tolerance: number): number[] {
  const n = polygon.length / 2;
  const keep = new Uint8Array(n);
  keep[0] = keep[n - 1] = 1;
  const spans: [number, number][] = [[0, n - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    let worst = tolerance;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const d = distanceToSegment(polygon[2 * i] ?? 0, polygon[2 * i + 1] ?? 0, polygon[2 * from] ?? 0, polygon[2 * from + 1] ?? 0, polygon[2 * to] ?? 0, polygon[2 * to + 1] ?? 0);
      if (d > worst) [worst, at] = [d, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    spans.push([from, at], [at, to]);
  }
  const out: number[] = [];
  for (let i = 0; i < n; i++) if (keep[i]) out.push(polygon[2 * i] ?? 0, polygon[2 * i + 1] ?? 0);
  return out;
}

/** At most `most` vertices; the tolerance (in the polygon's units, at first half a pixel) doubles until they are that few. */
export function simplified(polygon: Polygon, most = MOST_VERTICES, tolerance = 0.5): number[] {
  let out = peeled(polygon, tolerance);
  for (let wider = tolerance * 2; out.length / 2 > most; wider *= 2) out = peeled(polygon, wider);
  return out;
}

export function rectangle(x0: number, y0: number, x1: number, y1: number): number[] {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

const OUT = 0;
const IN = 1;
const EDGE = 2;
const CELLS = 256;

/** Over the polygon's box, a raster that knows which cells are all outside, all inside, or crossed by an edge. */
export class Raster {
  private readonly cells = new Uint8Array(CELLS * CELLS);
  readonly x0: number;
  readonly y0: number;
  readonly gx: number;
  readonly gy: number;

  constructor(private readonly polygon: Polygon) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < polygon.length; i += 2) {
      x0 = Math.min(x0, polygon[i] ?? 0);
      x1 = Math.max(x1, polygon[i] ?? 0);
      y0 = Math.min(y0, polygon[i + 1] ?? 0);
      y1 = Math.max(y1, polygon[i + 1] ?? 0);
    }
    this.x0 = x0;
    this.y0 = y0;
    this.gx = CELLS / (x1 - x0 || 1);
    this.gy = CELLS / (y1 - y0 || 1);
    const n = polygon.length / 2;
    for (let i = 0, j = n - 1; i < n; j = i++) this.cross(polygon[2 * j] ?? 0, polygon[2 * j + 1] ?? 0, polygon[2 * i] ?? 0, polygon[2 * i + 1] ?? 0);
    for (let r = 0; r < CELLS; r++) {
      for (let c = 0; c < CELLS; c++) {
        if (this.cells[r * CELLS + c] === EDGE) continue;
        // Beside a cell that no edge crosses either, the winding is the same: one test per run is enough.
        const beside = c > 0 ? this.cells[r * CELLS + c - 1] : EDGE;
        this.cells[r * CELLS + c] = beside !== EDGE ? (beside ?? OUT) : winding(polygon, x0 + (c + 0.5) / this.gx, y0 + (r + 0.5) / this.gy) !== 0 ? IN : OUT;
      }
    }
  }

  /** Mark the cells an edge goes through, and one around each so that rounding never matters. */
  private cross(ax: number, ay: number, bx: number, by: number): void {
    const [c0, r0, c1, r1] = [(ax - this.x0) * this.gx, (ay - this.y0) * this.gy, (bx - this.x0) * this.gx, (by - this.y0) * this.gy];
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(c1 - c0), Math.abs(r1 - r0))));
    for (let s = 0; s <= steps; s++) {
      const c = Math.floor(c0 + ((c1 - c0) * s) / steps);
      const r = Math.floor(r0 + ((r1 - r0) * s) / steps);
      for (let dr = -1; dr <= 1; dr++) for (let dc = -1; dc <= 1; dc++) this.mark(r + dr, c + dc);
    }
  }

  private mark(r: number, c: number): void {
    if (r >= 0 && c >= 0 && r < CELLS && c < CELLS) this.cells[r * CELLS + c] = EDGE;
  }

  holds(x: number, y: number): boolean {
    const c = Math.floor((x - this.x0) * this.gx);
    const r = Math.floor((y - this.y0) * this.gy);
    if (c < 0 || r < 0 || c > CELLS || r > CELLS) return false;
    const cell = this.cells[Math.min(r, CELLS - 1) * CELLS + Math.min(c, CELLS - 1)];
    return cell === EDGE ? winding(this.polygon, x, y) !== 0 : cell === IN;
  }
}

/** The points inside, ascending: one pass over where they are at the current t. */
export function inside(places: Places, polygon: Polygon, skip: (i: number) => boolean): Uint32Array {
  if (polygon.length < 6) return new Uint32Array(0);
  const raster = new Raster(polygon);
  const found = new Uint32Array(places.n);
  let n = 0;
  for (let i = 0; i < places.n; i++) if (raster.holds(places.x(i), places.y(i)) && !skip(i)) found[n++] = i;
  return found.slice(0, n);
}
