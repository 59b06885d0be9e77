/** For tests: the colours of tokens.css, and how they look to people with and without full colour sight. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { rgb } from "./colour";

export type Rgb = readonly [number, number, number];

/** Every `--name: #rrggbb` of a theme; the dark theme overrides the light one. */
export function tokens(theme: "light" | "dark"): Record<string, string> {
  const css = readFileSync(resolve(process.cwd(), "src/tokens.css"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const blocks = [...css.matchAll(/([^{}]*)\{([^{}]*)\}/g)];
  const found: Record<string, string> = {};
  for (const [, selector = "", body = ""] of blocks) {
    if (selector.includes('"dark"') && theme === "light") continue;
    for (const [, name, value] of body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/g)) if (name && value) found[name] = value;
  }
  return found;
}

function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

function luminance(colour: Rgb | string): number {
  const [r, g, b] = (typeof colour === "string" ? rgb(colour) : colour).map(linear) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast, 1 … 21. */
export function contrast(a: Rgb | string, b: Rgb | string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Machado, Oliveira, Fernandes (2009), severity 1, on linear light. */
export const SIGHTS: Record<string, readonly number[]> = {
  full: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIELAB (D65) of a colour as a given sight sees it. */
export function lab(hex: string, sight: readonly number[]): Rgb {
  const light = rgb(hex).map(linear);
  const seen = [0, 1, 2].map((row) => Math.min(1, Math.max(0, light.reduce((sum, c, k) => sum + c * (sight[row * 3 + k] ?? 0), 0))));
  const [r = 0, g = 0, b = 0] = seen;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
