/** What is drawn over the dots: the ways of a few samples, their neighbours, and what was recommended and answered. */
import { css, type Theme } from "../../draw/points/appearance";
import { toScreen, type Size, type View } from "../../draw/points/view";
import type { Mark } from "./marks";

export interface Trail {
  sample: number;
  /** x0 y0 x1 y1 … by frame; NaN where it has no place. */
  path: Float64Array;
  /** CSS colour of the prediction at each frame; null where none is known. */
  colours: readonly (string | null)[];
}

export interface Neighbours {
  of: number;
  /** Alike in the representation. */
  original: readonly number[];
  /** Near on the picture. */
  projected: readonly number[];
}

export interface AboveTime {
  size: Size;
  view: View;
  theme: Theme;
  good: string;
  bad: string;
  /** Frame now, between two of them while time runs. */
  at: number;
  place: (sample: number) => readonly [number, number] | null;
  trails: readonly Trail[];
  neighbours: Neighbours | null;
  marks: ReadonlyMap<number, Mark>;
  /** What is pointed at in another picture. */
  pointed: number | null;
}

type Paint = CanvasRenderingContext2D;
type Point = readonly [number, number];

/** How strongly a piece of a way is drawn: full where the sample is, fainter the longer ago; what is to come is faint throughout. */
export function fading(at: number, frame: number): number {
  if (frame >= at) return 0.28;
  return Math.min(1, Math.max(0.3, 1 - (at - frame - 1) * 0.09));
}

function known(path: Float64Array, frame: number): Point | null {
  const [x, y] = [path[2 * frame] ?? NaN, path[2 * frame + 1] ?? NaN];
  return Number.isNaN(x) || Number.isNaN(y) ? null : [x, y];
}

function stroke(paint: Paint, from: Point, to: Point, width: number, colour: string): void {
  paint.beginPath();
  paint.moveTo(from[0], from[1]);
  paint.lineTo(to[0], to[1]);
  paint.lineWidth = width;
  paint.strokeStyle = colour;
  paint.stroke();
}

function disc(paint: Paint, at: Point, radius: number, fill: string | null, line: string | null, width = 1.5): void {
  paint.beginPath();
  paint.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  if (fill) {
    paint.fillStyle = fill;
    paint.fill();
  }
  if (!line) return;
  paint.lineWidth = width;
  paint.strokeStyle = line;
  paint.stroke();
}

function arrow(paint: Paint, from: Point, to: Point, colour: string): void {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 14) return;
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const [mx, my] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  paint.beginPath();
  paint.moveTo(mx + 4 * ux, my + 4 * uy);
  paint.lineTo(mx - 3 * ux - 3 * uy, my - 3 * uy + 3 * ux);
  paint.lineTo(mx - 3 * ux + 3 * uy, my - 3 * uy - 3 * ux);
  paint.closePath();
  paint.fillStyle = colour;
  paint.fill();
}

function drawTrail(paint: Paint, above: AboveTime, trail: Trail): void {
  const { view, size, theme, at } = above;
  const points: { frame: number; at: Point }[] = [];
  for (let frame = 0; 2 * frame < trail.path.length; frame++) {
    const place = known(trail.path, frame);
    if (place) points.push({ frame, at: toScreen(view, size, place[0], place[1]) });
  }
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return;
  const here = above.place(trail.sample);
  const now: Point = here ?? first.at;
  // The piece that is under way ends, and the next begins, where the sample is.
  const legs = points.slice(1).flatMap(({ frame, at: to }, k) => {
    const from = points[k]?.at ?? to;
    const began = points[k]?.frame ?? frame;
    if (began < at && at < frame) return [{ from, to: now, frame: began }, { from: now, to, frame }];
    return [{ from, to, frame: began < at ? began : frame }];
  });
  for (const { from, to } of legs) stroke(paint, from, to, 4, css(theme.surface, 0.75));
  for (const { from, to, frame } of legs) {
    const colour = css(theme.ink, fading(at, frame));
    paint.setLineDash(frame >= at ? [3, 3] : []);
    stroke(paint, from, to, 1.5, colour);
    paint.setLineDash([]);
    arrow(paint, from, to, colour);
  }
  for (const { frame, at: place } of points) {
    const colour = trail.colours[frame];
    if (colour) disc(paint, place, 3, colour, css(theme.surface), 1);
  }
  // Ghosts: a ring where it began, a square where it ends.
  disc(paint, first.at, 6, null, css(theme.ink, 0.7), 1.25);
  paint.strokeStyle = css(theme.ink, 0.7);
  paint.lineWidth = 1.25;
  paint.strokeRect(last.at[0] - 5.5, last.at[1] - 5.5, 11, 11);
}

function drawNeighbours(paint: Paint, above: AboveTime, { of, original, projected }: Neighbours): void {
  const { theme } = above;
  const here = above.place(of);
  if (!here) return;
  const both = new Set(original.filter((sample) => projected.includes(sample)));
  const line = (sample: number, colour: string, dash: number[]) => {
    const there = above.place(sample);
    if (!there) return;
    paint.setLineDash(dash);
    stroke(paint, here, there, 3, css(theme.surface, 0.6));
    stroke(paint, here, there, 1.25, colour);
    paint.setLineDash([]);
    disc(paint, there, 4.5, null, colour, 1.5);
  };
  for (const sample of original) if (!both.has(sample)) line(sample, above.bad, [5, 3]);
  for (const sample of projected) if (!both.has(sample)) line(sample, css(theme.ink2), [1, 3]);
  for (const sample of both) line(sample, above.good, []);
}

/** A shape for each state, so that none is told by its colour alone. */
function drawMark(paint: Paint, above: AboveTime, [x, y]: Point, mark: Mark): void {
  const { theme } = above;
  const shape = () => {
    paint.beginPath();
    if (mark === "recommended") {
      for (const [dx, dy] of [[0, -6.5], [6.5, 0], [0, 6.5], [-6.5, 0]] as const) paint.lineTo(x + dx, y + dy);
      paint.closePath();
    } else if (mark === "yes") {
      for (const [dx, dy] of [[-5, 0], [-1.5, 4], [5.5, -5]] as const) paint.lineTo(x + dx, y + dy);
    } else if (mark === "no") {
      paint.moveTo(x - 4.5, y - 4.5);
      paint.lineTo(x + 4.5, y + 4.5);
      paint.moveTo(x + 4.5, y - 4.5);
      paint.lineTo(x - 4.5, y + 4.5);
    } else paint.rect(x - 5.5, y - 5.5, 11, 11);
  };
  shape();
  paint.lineWidth = 4;
  paint.strokeStyle = css(theme.surface, 0.85);
  paint.stroke();
  shape();
  paint.lineWidth = 1.75;
  paint.strokeStyle = mark === "recommended" ? css(theme.accent) : mark === "yes" ? above.good : mark === "no" ? above.bad : css(theme.ink2);
  paint.stroke();
}

export function paintTime(paint: Paint, above: AboveTime): void {
  paint.lineCap = "round";
  paint.lineJoin = "round";
  for (const trail of above.trails) drawTrail(paint, above, trail);
  if (above.neighbours) drawNeighbours(paint, above, above.neighbours);
  for (const [sample, mark] of above.marks) {
    const at = above.place(sample);
    if (at) drawMark(paint, above, at, mark);
  }
  const pointed = above.pointed === null ? null : above.place(above.pointed);
  if (!pointed) return;
  // Wider than the ring of the focus, and double, so that the two are told apart.
  disc(paint, pointed, 9, null, css(above.theme.surface, 0.85), 5);
  disc(paint, pointed, 9, null, css(above.theme.ink), 1.75);
  disc(paint, pointed, 2, css(above.theme.ink), css(above.theme.surface), 1);
}
