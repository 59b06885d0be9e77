/** Many points as a cloud: counts and mixed colours on a coarse raster, smoothed and tone-mapped. */
import type { Places } from "./quantise";
import type { Scene } from "./scene";
import { toScreen, type Size, type View } from "./view";

/** The smallest and largest side of a cell, in CSS pixels. */
const FINE = 2;
const COARSE = 8;

/** The fewer points, the coarser: a cloud of single dots would only be a fainter picture of the points. */
export function cellFor(shown: number, size: Size): number {
  return Math.max(FINE, Math.min(COARSE, Math.round(Math.sqrt((size.width * size.height) / Math.max(1, shown)) / 2)));
}

/** What is seen, and how finely it is counted. */
export interface Plane {
  view: View;
  size: Size;
  cell: number;
}

export interface Bins {
  width: number;
  height: number;
  /** Points per cell. */
  count: Float32Array;
  /** Sum of red, green and blue per cell, each 0 … 1 a point. */
  colour: Float32Array;
}

export function rasterSize({ size, cell }: Plane): Size {
  return { width: Math.max(1, Math.ceil(size.width / cell)), height: Math.max(1, Math.ceil(size.height / cell)) };
}

/** Count every point that is shown in its cell; `every` > 1 counts each so-many-th point only. */
export function bin(places: Places, plane: Plane, skip: (i: number) => boolean, colourOf: ((i: number) => number) | null, every = 1): Bins {
  const { view, size } = plane;
  const { width, height } = rasterSize(plane);
  // The raster is stretched over the picture, so its cells are a whole number of them, not quite `cell` wide.
  const [cx, cy] = [size.width / width, size.height / height];
  const count = new Float32Array(width * height);
  const colour = new Float32Array(colourOf ? width * height * 3 : 0);
  const [ox, oy] = toScreen(view, size, 0, 0);
  const [kx, ky] = [view.kx / cx, view.ky / cy];
  for (let i = 0; i < places.n; i += every) {
    const c = Math.floor(ox / cx + places.x(i) * kx);
    const r = Math.floor(oy / cy - places.y(i) * ky);
    if (c < 0 || r < 0 || c >= width || r >= height || skip(i)) continue;
    const at = r * width + c;
    count[at] = (count[at] ?? 0) + 1;
    if (!colourOf) continue;
    const rgb = colourOf(i);
    colour[3 * at] = (colour[3 * at] ?? 0) + (rgb & 255) / 255;
    colour[3 * at + 1] = (colour[3 * at + 1] ?? 0) + ((rgb >> 8) & 255) / 255;
    colour[3 * at + 2] = (colour[3 * at + 2] ?? 0) + ((rgb >> 16) & 255) / 255;
  }
  return { width, height, count, colour };
}

/** The weights (1 4 1)/6 of a cubic B-spline, along one axis; nothing beyond the border. */
function along(values: Float32Array, n: number, stride: number, lines: number, lineStride: number, parts: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < n; i++) {
      for (let part = 0; part < parts; part++) {
        const at = (line * lineStride + i * stride) * parts + part;
        const before = i > 0 ? (values[at - stride * parts] ?? 0) : 0;
        const after = i < n - 1 ? (values[at + stride * parts] ?? 0) : 0;
        out[at] = (before + 4 * (values[at] ?? 0) + after) / 6;
      }
    }
  }
  return out;
}

export function smoothed(bins: Bins): Bins {
  const { width, height } = bins;
  const both = (values: Float32Array, parts: number) => along(along(values, width, 1, height, width, parts), height, width, width, 1, parts);
  return { width, height, count: both(bins.count, 1), colour: bins.colour.length > 0 ? both(bins.colour, 3) : bins.colour };
}

/** The count that is drawn at full strength: all but one in a hundred of the cells that hold anything lie below it. */
export function exposure(count: Float32Array): number {
  const held = count.filter((c) => c > 0).sort();
  return Math.max(1, held[Math.floor(held.length * 0.99)] ?? 1);
}

/** How many points a cloud's strength is found on, where a GPU adds up the rest. */
const EXPOSED = 65536;

/** The count of `exposure` without the cloud itself, found on a sample of many points. */
export function fullAt(scene: Scene, plane: Plane): number {
  const every = Math.max(1, Math.floor(scene.n / EXPOSED));
  return Math.max(2, every * exposure(smoothed(bin(scene.places, plane, scene.unpickable, null, every)).count));
}

/** How strongly a count shows, 0 … 1: logarithmic, so that a lone point is still seen beside thousands. */
export function tone(count: number, full: number): number {
  return Math.min(1, Math.log1p(count) / Math.log1p(full));
}

export const STRENGTH = 0.92;

/** The picture: straight (not premultiplied) RGBA, row 0 on top. */
export function toned(bins: Bins, full: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(bins.width * bins.height * 4);
  for (let at = 0; at < bins.count.length; at++) {
    const c = bins.count[at] ?? 0;
    if (c <= 0) continue;
    for (let k = 0; k < 3; k++) out[4 * at + k] = ((bins.colour[3 * at + k] ?? 0) / c) * 255;
    out[4 * at + 3] = STRENGTH * 255 * tone(c, full);
  }
  return out;
}

/** The whole way on the CPU: count, smooth, tone. */
export function counted(scene: Scene, frame: Plane): { width: number; height: number; pixels: Uint8ClampedArray<ArrayBuffer> } {
  const bins = smoothed(bin(scene.places, frame, scene.unpickable, scene.rgbAt));
  return { width: bins.width, height: bins.height, pixels: toned(bins, Math.max(2, exposure(bins.count))) };
}
