/** What both renderers do; which one draws is no concern of anyone else. */
import type { Look } from "./appearance";
import type { Above } from "./overlay";
import type { Scene } from "./scene";
import type { Size, View } from "./view";

export type Mode = "points" | "density";

export interface Frame {
  size: Size;
  /** Device pixels per CSS pixel. */
  ratio: number;
  view: View;
  look: Look;
  mode: Mode;
  /** Side of a cell of a cloud, in CSS pixels. */
  cell: number;
  /** Something is in motion: a slow renderer may draw a sample. */
  hurried: boolean;
}

export interface Renderer {
  readonly kind: "webgl2" | "canvas2d";
  readonly canvas: HTMLCanvasElement;
  /** Bring what changed in the scene to where it is drawn from, and draw it. Resets what was dirty. */
  draw(scene: Scene, frame: Frame): void;
  /**
   * Draw what lies above on the picture itself, where that is cheaper than a second canvas over it: without a graphics
   * processor each canvas costs as much to show as the other. `anew`: the points were drawn just before.
   */
  over?(above: Above, anew: boolean): void;
  dispose(): void;
}

/** Selected points are at least this large within their ring, in CSS pixels. */
export const SELECTED_SIZE = 4;
export const RING = 1.25;
/** Width of the coloured ring around a point, and the least size of what is inside it. */
export const RIM = 1;
export const RIMMED_SIZE = 2.5;
/** Where dots are smaller than this, rings would hide the picture: they come when it is zoomed in. */
export const LEAST_RIMMED = 1.75;

export function sized(canvas: HTMLCanvasElement, frame: Frame): void {
  const width = Math.max(1, Math.round(frame.size.width * frame.ratio));
  const height = Math.max(1, Math.round(frame.size.height * frame.ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
