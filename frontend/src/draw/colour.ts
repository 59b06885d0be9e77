/** A class keeps its colour in every view. The first ten are tokens; further ones walk the OKLCH hue circle. */

export const TOKEN_CLASSES = 10;
/** The golden angle: neighbours in the list never lie beside each other on the circle. */
const STEP = 137.508;

/** CSS colour of a class; follows the theme because the tokens do. */
export function classColour(index: number | null): string {
  if (index === null || index < 0) return "var(--c-missing)";
  if (index < TOKEN_CLASSES) return `var(--c-${index})`;
  const place = index - TOKEN_CLASSES;
  const hue = ((place * STEP) % 360).toFixed(1);
  return `oklch(var(${place % 2 === 0 ? "--class-light-a" : "--class-light-b"}) 0.13 ${hue})`;
}

/** Red, green, blue of a `#rrggbb` token, each 0 … 255. */
export function rgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.trim().slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** One step of the sequential scale, between the tokens --heat-0 and --heat-1. */
export function heat(low: string, high: string, share: number): [number, number, number] {
  const a = rgb(low);
  const b = rgb(high);
  const t = Math.min(1, Math.max(0, share));
  return [0, 1, 2].map((k) => Math.round((a[k] ?? 0) + ((b[k] ?? 0) - (a[k] ?? 0)) * t)) as [number, number, number];
}
