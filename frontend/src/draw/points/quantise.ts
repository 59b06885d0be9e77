/** Positions as pairs of 16-bit numbers within an extent: four bytes a point, the form the GPU interpolates. */

export interface Extent {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Coordinates as they come: any numbers; NaN, infinities and what `valid` denies have no place. */
export interface Coordinates {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  validX?: ArrayLike<number> | null;
  validY?: ArrayLike<number> | null;
}

export interface Quantised {
  n: number;
  /** x0 y0 x1 y1 …, each 0 … 65535 across the extent. */
  pairs: Uint16Array;
  /** 1 where a point has no place. */
  hidden: Uint8Array;
  nHidden: number;
  extent: Extent;
}

export const STEPS = 65535;

export function emptyExtent(): Extent {
  return { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
}

/** An extent that can be divided by: something of a size around what has none, the unit square around nothing. */
export function solid(extent: Extent): Extent {
  const side = (low: number, high: number): [number, number] => {
    if (!(low <= high)) return [0, 1];
    if (high > low) return [low, high];
    const pad = Math.abs(low) / 2 || 0.5;
    return [low - pad, high + pad];
  };
  const [x0, x1] = side(extent.x0, extent.x1);
  const [y0, y1] = side(extent.y0, extent.y1);
  return { x0, y0, x1, y1 };
}

export function union(a: Extent, b: Extent): Extent {
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

/**
 * Round positions to the 65,536 steps of their extent. The error is at most half a step: 1/131,070 of the extent
 * (plus the rounding of a double), which is below a pixel until the view is zoomed in some 60 times.
 */
export function quantise(from: Coordinates): Quantised {
  const { x, y, validX, validY } = from;
  const n = Math.min(x.length, y.length);
  const hidden = new Uint8Array(n);
  const raw = emptyExtent();
  let nHidden = 0;
  for (let i = 0; i < n; i++) {
    const px = x[i] ?? NaN;
    const py = y[i] ?? NaN;
    if (!Number.isFinite(px) || !Number.isFinite(py) || (validX && !validX[i]) || (validY && !validY[i])) {
      hidden[i] = 1;
      nHidden++;
      continue;
    }
    if (px < raw.x0) raw.x0 = px;
    if (px > raw.x1) raw.x1 = px;
    if (py < raw.y0) raw.y0 = py;
    if (py > raw.y1) raw.y1 = py;
  }
  const extent = solid(raw);
  const pairs = new Uint16Array(2 * n);
  // Halved before they are subtracted: the distance between the ends of an extent may itself be beyond the doubles.
  const kx = STEPS / (extent.x1 / 2 - extent.x0 / 2);
  const ky = STEPS / (extent.y1 / 2 - extent.y0 / 2);
  for (let i = 0; i < n; i++) {
    if (hidden[i]) continue;
    pairs[2 * i] = Math.round(((x[i] ?? 0) / 2 - extent.x0 / 2) * kx);
    pairs[2 * i + 1] = Math.round(((y[i] ?? 0) / 2 - extent.y0 / 2) * ky);
  }
  return { n, pairs, hidden, nHidden, extent };
}

/** Where a set of positions lies at its own 0 … 65535: `value = offset + code · scale`. */
export interface Affine {
  sx: number;
  sy: number;
  ox: number;
  oy: number;
}

export function affineOf(extent: Extent): Affine {
  return { sx: (extent.x1 - extent.x0) / STEPS, sy: (extent.y1 - extent.y0) / STEPS, ox: extent.x0, oy: extent.y0 };
}

/** Two sets of positions of the same points and where between them the points are now. */
export interface Moving {
  a: Quantised;
  b: Quantised | null;
  t: number;
}

/** Reads the place of any point at the time `t`, as it is drawn. */
export class Places {
  readonly n: number;
  private readonly pa: Uint16Array;
  private readonly pb: Uint16Array;
  private readonly ka: Affine;
  private readonly kb: Affine;

  constructor(readonly moving: Moving) {
    const { a, b, t } = moving;
    this.n = a.n;
    this.pa = a.pairs;
    this.pb = b?.pairs ?? a.pairs;
    const A = affineOf(a.extent);
    const B = affineOf((b ?? a).extent);
    const u = b ? t : 0;
    this.ka = { sx: A.sx * (1 - u), sy: A.sy * (1 - u), ox: A.ox * (1 - u) + B.ox * u, oy: A.oy * (1 - u) + B.oy * u };
    this.kb = { sx: B.sx * u, sy: B.sy * u, ox: 0, oy: 0 };
  }

  x(i: number): number {
    return this.ka.ox + (this.pa[2 * i] ?? 0) * this.ka.sx + (this.pb[2 * i] ?? 0) * this.kb.sx;
  }

  y(i: number): number {
    return this.ka.oy + (this.pa[2 * i + 1] ?? 0) * this.ka.sy + (this.pb[2 * i + 1] ?? 0) * this.kb.sy;
  }
}
