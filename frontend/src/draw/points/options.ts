/** What a point canvas is told, and what it tells. */
import type { Combine, Tool } from "./gestures";
import type { Axes } from "./overlay";
import type { Mode } from "./renderer";
import type { Label } from "./scene";
import type { Engine } from "./surface";
import type { Aspect, View } from "./view";

export interface Settings {
  /** Diameter in CSS pixels and opacity 0 … 1; null takes them from the density. */
  size: number | null;
  opacity: number | null;
  mode: Mode;
  tool: Tool;
  labels: readonly Label[];
  axes: Axes | null;
  /** "equal" for projections, "free" where x and y measure different things. */
  aspect: Aspect;
}

export interface Hit {
  index: number;
  /** Where it is drawn, in CSS pixels from the top left. */
  x: number;
  y: number;
}

export interface PointCanvasOptions {
  /** What the picture shows, for those who do not see it. */
  label: string;
  /** "auto" draws with WebGL2 where a graphics processor stands behind it, otherwise on the CPU. */
  engine?: Engine | "auto";
  /** "focused": the wheel scrolls the page until the canvas has the focus. */
  wheel?: "always" | "focused";
  onHover?: (hit: Hit | null) => void;
  onOpen?: (index: number | null) => void;
  /** The points inside a drawn line, and the line in the data: x0 y0 x1 y1 …. */
  onSelect?: (rows: Uint32Array, how: Combine, outline: readonly number[]) => void;
  onView?: (view: View) => void;
  /** Paint more above the points, in CSS pixels; it is in every exported picture, too. */
  paint?: (paint: CanvasRenderingContext2D) => void;
  /** Why the picture is drawn without a GPU; null once it is drawn with one. */
  onNote?: (note: string | null) => void;
}

export const PLAIN: Settings = { size: null, opacity: null, mode: "points", tool: "pan", labels: [], axes: null, aspect: "equal" };

/** The settings with those of a change; what else a change holds is passed over. */
export function changed(settings: Settings, change: Partial<Settings>): Settings {
  return { ...settings, ...Object.fromEntries(Object.keys(PLAIN).flatMap((key) => (key in change ? [[key, change[key as keyof Settings]]] : []))) };
}

/** Calls back whenever the page is shown at another number of device pixels per CSS pixel. */
export function followRatio(tell: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const query = matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`);
  const told = () => {
    tell();
    followRatio(tell, signal);
  };
  query.addEventListener("change", told, { once: true, signal });
}
