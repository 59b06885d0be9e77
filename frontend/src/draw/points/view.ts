/** What part of the plane is on screen. Data y points up, screen y down; sizes are CSS pixels. */
import { solid, type Extent } from "./quantise";

export interface View {
  /** The data point in the middle of the screen. */
  cx: number;
  cy: number;
  /** Pixels per unit of data. */
  kx: number;
  ky: number;
}

export interface Size {
  width: number;
  height: number;
}

export type Aspect = "equal" | "free";

/** Beyond this many times the fitted size, 16-bit positions would show their steps. */
export const MOST_ZOOM = 256;
export const LEAST_ZOOM = 0.25;

/** The view that shows an extent with a margin; an equal aspect keeps one unit of x as long as one of y. */
export function fitted(extent: Extent, size: Size, aspect: Aspect, margin = 24): View {
  const { x0, y0, x1, y1 } = solid(extent);
  const room = (side: number) => Math.max(1, side - 2 * Math.min(margin, side / 4));
  let kx = room(size.width) / (x1 - x0);
  let ky = room(size.height) / (y1 - y0);
  if (aspect === "equal") kx = ky = Math.min(kx, ky);
  return { cx: x0 / 2 + x1 / 2, cy: y0 / 2 + y1 / 2, kx, ky };
}

export function toScreen(view: View, size: Size, x: number, y: number): [number, number] {
  return [size.width / 2 + (x - view.cx) * view.kx, size.height / 2 - (y - view.cy) * view.ky];
}

export function toData(view: View, size: Size, px: number, py: number): [number, number] {
  return [view.cx + (px - size.width / 2) / view.kx, view.cy - (py - size.height / 2) / view.ky];
}

/** A line on screen, x0 y0 x1 y1 …, as a line in the data. */
export function lineToData(view: View, size: Size, line: readonly number[]): number[] {
  return line.map((at, k) => (k % 2 === 0 ? view.cx + (at - size.width / 2) / view.kx : view.cy - (at - size.height / 2) / view.ky));
}

export function panned(view: View, dx: number, dy: number): View {
  return { ...view, cx: view.cx - dx / view.kx, cy: view.cy + dy / view.ky };
}

/** Zoom by a factor so that the point under (px, py) stays there; never past the limits around the fitted view. */
export function zoomed(view: View, size: Size, home: View, factor: number, px = size.width / 2, py = size.height / 2): View {
  const now = view.kx / home.kx;
  const f = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, now * factor)) / now;
  const [x, y] = toData(view, size, px, py);
  const next = { ...view, kx: view.kx * f, ky: view.ky * f };
  const [nx, ny] = toData(next, size, px, py);
  return { ...next, cx: next.cx + x - nx, cy: next.cy + y - ny };
}

/** Keep what is in the middle in the middle when the element changes its size, and the zoom relative to the fit. */
export function resized(view: View, before: View, after: View): View {
  return { ...view, kx: (view.kx / before.kx) * after.kx, ky: (view.ky / before.ky) * after.ky };
}

export function visible(view: View, size: Size): Extent {
  const [x0, y1] = toData(view, size, 0, 0);
  const [x1, y0] = toData(view, size, size.width, size.height);
  return { x0, y0, x1, y1 };
}

function eased(u: number): number {
  return 1 - (1 - u) ** 3;
}

/** A step of a transition; the scale moves on its logarithm so that it feels even. */
export function between(from: View, to: View, u: number): View {
  const e = eased(Math.min(1, Math.max(0, u)));
  const log = (a: number, b: number) => a * (b / a) ** e;
  return { cx: from.cx + (to.cx - from.cx) * e, cy: from.cy + (to.cy - from.cy) * e, kx: log(from.kx, to.kx), ky: log(from.ky, to.ky) };
}
