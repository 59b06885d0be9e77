/** What lies above the points: ticks, labels, the focus, the point under the pointer, the line being drawn around points. */
import { ticks } from "d3-array";
import { measure } from "../format";
import { timeTicks, timeWords } from "../times";
import { css, type Theme } from "./appearance";
import { placed } from "./labels";
import type { Label } from "./scene";
import { toScreen, visible, type Size, type View } from "./view";

export interface Axes {
  x: Axis;
  y: Axis;
}

export interface Axis {
  name: string;
  /** Its values are milliseconds since 1970. */
  time: boolean;
}

export interface Above {
  size: Size;
  ratio: number;
  view: View;
  theme: Theme;
  labels: readonly Label[];
  axes: Axes | null;
  /** Places on screen. */
  focus: readonly [number, number] | null;
  hover: readonly [number, number] | null;
  /** The lasso or rectangle so far, x0 y0 x1 y1 … on screen. */
  line: readonly number[] | null;
  pointSize: number;
  /** What the owner of the canvas paints on top. */
  paint?: ((paint: CanvasRenderingContext2D) => void) | undefined;
}

const TEXT = 12;
const SMALL = 11;
export const CHIP = 9;

/** Width and colour of the rings around the point in focus, the lower one first. */
export const FOCUS_RINGS = [[4.5, "surface"], [2.5, "accent"]] as const;

type Paint = CanvasRenderingContext2D;

/** Text with a rim of the surface, readable on any points. */
function rimmed(paint: Paint, text: string, x: number, y: number, theme: Theme, colour: string): void {
  paint.lineJoin = "round";
  paint.lineWidth = 3;
  paint.strokeStyle = css(theme.surface, 0.9);
  paint.strokeText(text, x, y);
  paint.fillStyle = colour;
  paint.fillText(text, x, y);
}

/** Where an axis is divided, in pixels, and what stands there; nothing below the buttons and the names of the axes. */
export function ticksOf({ view, size }: Pick<Above, "view" | "size">, axes: Axes, nameWidth: number): Record<"x" | "y", { at: number; text: string }[]> {
  const { x0, x1, y0, y1 } = visible(view, size);
  const { width, height } = size;
  const divided = ({ time }: Axis, low: number, high: number, about: number) => {
    const values = time ? timeTicks(low, high, about) : ticks(low, high, about);
    const words = time ? timeWords(values) : measure;
    return values.map((value) => ({ value, text: words(value) }));
  };
  return {
    x: divided(axes.x, x0, x1, Math.max(2, width / 110)).map(({ value, text }) => ({ at: toScreen(view, size, value, 0)[0], text })).filter(({ at, text }) => at >= 40 && at <= width - nameWidth - 20 - 3 * text.length),
    y: divided(axes.y, y0, y1, Math.max(2, height / 80)).map(({ value, text }) => ({ at: toScreen(view, size, 0, value)[1], text })).filter(({ at }) => at >= 28 && at <= height - 24),
  };
}

function drawAxes(paint: Paint, above: Above, axes: Axes): void {
  const { size, theme } = above;
  const { width, height } = size;
  paint.font = `${SMALL}px ${theme.font}`;
  paint.textBaseline = "alphabetic";
  const { x, y } = ticksOf(above, axes, paint.measureText(axes.x.name).width);
  paint.textAlign = "center";
  for (const { at, text } of x) {
    paint.fillStyle = css(theme.ink2, 0.5);
    paint.fillRect(at - 0.5, height - 4, 1, 4);
    rimmed(paint, text, at, height - 7, theme, css(theme.ink2));
  }
  paint.textAlign = "right";
  rimmed(paint, `${axes.x.name} →`, width - 6, height - 7, theme, css(theme.ink));
  paint.textAlign = "left";
  for (const { at, text } of y) {
    paint.fillStyle = css(theme.ink2, 0.5);
    paint.fillRect(0, at - 0.5, 4, 1);
    rimmed(paint, text, 7, at + 4, theme, css(theme.ink2));
  }
  rimmed(paint, `↑ ${axes.y.name}`, 7, 15, theme, css(theme.ink));
}

export function chipWidth({ colour }: Label): number {
  return colour ? CHIP + 5 : 0;
}

/** The labels that find room: where each begins, and the middle of its height. */
export function labelsIn({ size, view, labels }: Above, widthOf: (text: string) => number): { x: number; y: number; label: Label }[] {
  const boxes = placed(
    labels.map((label) => {
      const [px, py] = toScreen(view, size, label.x, label.y);
      const width = widthOf(label.text) + chipWidth(label);
      return { x: px - width / 2, y: py - TEXT / 2 - 2, width, height: TEXT + 4 };
    }),
    size,
  );
  return labels.flatMap((label, k) => {
    const box = boxes[k];
    return box ? [{ x: box.x, y: box.y + box.height / 2, label }] : [];
  });
}

function drawLabels(paint: Paint, above: Above): void {
  const { theme } = above;
  paint.font = `600 ${TEXT}px ${theme.font}`;
  paint.textAlign = "left";
  paint.textBaseline = "middle";
  for (const { x, y, label } of labelsIn(above, (text) => paint.measureText(text).width)) {
    if (label.colour) {
      paint.beginPath();
      paint.arc(x + CHIP / 2, y, CHIP / 2, 0, 2 * Math.PI);
      paint.fillStyle = label.colour;
      paint.fill();
      paint.lineWidth = 1.5;
      paint.strokeStyle = css(theme.surface);
      paint.stroke();
    }
    rimmed(paint, label.text, x + chipWidth(label), y + 0.5, theme, css(theme.ink));
  }
}

/** Radius of a ring around a point. */
export function ringAround({ pointSize }: Above): number {
  return Math.max(5, pointSize / 2 + 3);
}

function circle(paint: Paint, [x, y]: readonly [number, number], radius: number, width: number, colour: string): void {
  paint.beginPath();
  paint.arc(x, y, radius, 0, 2 * Math.PI);
  paint.lineWidth = width;
  paint.strokeStyle = colour;
  paint.stroke();
}

function drawLine(paint: Paint, line: readonly number[], theme: Theme): void {
  paint.beginPath();
  for (let k = 0; k < line.length; k += 2) paint.lineTo(line[k] ?? 0, line[k + 1] ?? 0);
  paint.closePath();
  paint.fillStyle = css(theme.accent, 0.12);
  paint.fill();
  paint.lineWidth = 1.5;
  paint.strokeStyle = css(theme.accent);
  paint.stroke();
}

/** Without clearing: an export paints this over the points. */
export function paintAbove(paint: Paint, above: Above): void {
  const { theme, focus, hover, line, axes } = above;
  above.paint?.(paint);
  if (axes) drawAxes(paint, above, axes);
  if (above.labels.length > 0) drawLabels(paint, above);
  const radius = ringAround(above);
  if (hover) {
    circle(paint, hover, radius, 3.5, css(theme.surface));
    circle(paint, hover, radius, 1.5, css(theme.ink));
  }
  if (focus) for (const [width, colour] of FOCUS_RINGS) circle(paint, focus, radius + 2, width, css(theme[colour]));
  if (line) drawLine(paint, line, theme);
}

/** On a canvas of its own over the points. */
export function drawAbove(canvas: HTMLCanvasElement, above: Above): void {
  const paint = canvas.getContext("2d");
  if (!paint) return;
  const [width, height] = [Math.round(above.size.width * above.ratio), Math.round(above.size.height * above.ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  paint.setTransform(above.ratio, 0, 0, above.ratio, 0, 0);
  paint.clearRect(0, 0, above.size.width, above.size.height);
  paintAbove(paint, above);
}
