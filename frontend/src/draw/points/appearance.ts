/** How points look: colours as bytes, and size and opacity from how crowded the picture is. */

export type Rgba = readonly [number, number, number, number];

/** Colours of the theme that are not of the data. */
export interface Theme {
  ink: Rgba;
  ink2: Rgba;
  grey: Rgba;
  missing: Rgba;
  surface: Rgba;
  accent: Rgba;
  font: string;
}

export interface Look {
  /** Diameter in CSS pixels. */
  size: number;
  opacity: number;
}

/** Of the picture, so much may be covered by points before they get smaller, then fainter. */
const COVER = 0.06;
const FAINTEST = 0.12;

/** 2–3 pixels as a rule, up to 7 where few points have much room, 1.5 and fainter where there are very many. */
export function lookFor(shown: number, area: number): Look {
  if (shown <= 0 || area <= 0) return { size: 3, opacity: 0.9 };
  const wished = Math.sqrt((COVER * area) / shown / (Math.PI / 4));
  const size = Math.min(7, Math.max(1.5, wished));
  const cover = (shown * Math.PI * size * size) / 4 / area;
  return { size: Math.round(size * 4) / 4, opacity: Math.max(FAINTEST, Math.min(0.9, 0.9 * Math.sqrt(COVER / Math.max(COVER, cover)))) };
}

const SIDE = 256;

/**
 * CSS colours as bytes, four each, whatever their notation: variables are resolved on an element, the rest by painting.
 * The browser is the only one that knows what `oklch(var(--a) 0.13 40)` is in this theme.
 */
export function bytesOf(colours: readonly string[], at: HTMLElement): Uint8Array<ArrayBuffer> {
  const rows = Math.max(1, Math.ceil(colours.length / SIDE));
  const grey = () => new Uint8Array(SIDE * rows * 4).fill(128);
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = rows;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  if (!paint) return grey();
  const probe = document.createElement("i");
  probe.style.display = "none";
  at.append(probe);
  const style = getComputedStyle(probe);
  colours.forEach((colour, i) => {
    probe.style.color = "";
    probe.style.color = colour;
    paint.fillStyle = style.color;
    paint.fillRect(i % SIDE, Math.floor(i / SIDE), 1, 1);
  });
  probe.remove();
  return new Uint8Array(paint.getImageData(0, 0, SIDE, rows).data.buffer);
}

export function themeAt(el: HTMLElement): Theme {
  const bytes = bytesOf(["var(--ink)", "var(--ink-2)", "var(--line-2)", "var(--c-missing)", "var(--surface)", "var(--accent)"], el);
  const nth = (k: number): Rgba => [bytes[4 * k] ?? 0, bytes[4 * k + 1] ?? 0, bytes[4 * k + 2] ?? 0, 255];
  const font = getComputedStyle(el).fontFamily || "sans-serif";
  return { ink: nth(0), ink2: nth(1), grey: nth(2), missing: nth(3), surface: nth(4), accent: nth(5), font };
}

export function css([r, g, b]: Rgba, alpha = 1): string {
  return `rgba(${r},${g},${b},${alpha})`;
}

/** Code of a point whose colour is not known. */
export const MISSING = 65535;
/** The highest code of a value on a ramp. */
export const TOP = 65279;

/** Values as codes of a ramp over [low, high]; beyond the ends they take the end's colour. */
export function rampCodes(values: ArrayLike<number>, valid: ArrayLike<number> | null, low: number, high: number): Uint16Array {
  const span = high - low || 1;
  return Uint16Array.from({ length: values.length }, (_, i) => {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value) || (valid && !valid[i])) return MISSING;
    return Math.round(Math.max(0, Math.min(1, (value - low) / span)) * TOP);
  });
}
