/** The picture as a file: what is on screen, with its labels and ticks. */
import { css } from "./appearance";
import { CHIP, FOCUS_RINGS, chipWidth, labelsIn, paintAbove, ringAround, ticksOf, type Above } from "./overlay";
import type { Frame, Renderer } from "./renderer";
import { LEAST_RIMMED, RIM, RING, SELECTED_SIZE } from "./renderer";
import { grown, FILTERED, HIDDEN, SELECTED, type Scene } from "./scene";
import { toScreen } from "./view";

/** Beyond so many points a drawing of shapes is larger than a picture, and slower to open. */
export const MOST_SHAPES = 50_000;

/** The points and all that lies above them, `frame.ratio` pixels per CSS pixel, on the surface of the theme. */
export function flattened(renderer: Renderer, scene: Scene, frame: Frame, above: Above): HTMLCanvasElement {
  // A GPU canvas keeps its picture only until the browser shows it: draw it again, and copy it before that.
  renderer.draw(scene, frame);
  const out = document.createElement("canvas");
  out.width = renderer.canvas.width;
  out.height = renderer.canvas.height;
  const paint = out.getContext("2d");
  if (!paint) return out;
  paint.fillStyle = css(scene.theme.surface);
  paint.fillRect(0, 0, out.width, out.height);
  paint.drawImage(renderer.canvas, 0, 0);
  paint.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
  paintAbove(paint, above);
  return out;
}

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not make a PNG of this size."))), "image/png");
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}

function hex(rgb: number): string {
  return `#${[rgb & 255, (rgb >> 8) & 255, (rgb >> 16) & 255].map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}

/** Circles in the order they are drawn, filtered ones first and selected ones last. */
export function shapes(scene: Scene, frame: Frame): string[] {
  const { places, flags, theme } = scene;
  const { view, size, look } = frame;
  const layers: string[][] = [[], [], [], []];
  const ink = css(theme.ink);
  for (let i = 0; i < scene.n; i++) {
    const flag = flags[i] ?? 0;
    if (flag & HIDDEN) continue;
    const [x, y] = toScreen(view, size, places.x(i), places.y(i));
    if (x < -8 || y < -8 || x > size.width + 8 || y > size.height + 8) continue;
    const chosen = (flag & SELECTED) !== 0;
    const r = (chosen ? Math.max(look.size * grown(flag), SELECTED_SIZE) + RING : look.size * grown(flag)) / 2;
    const fill = flag & FILTERED ? hex(theme.grey[0] | (theme.grey[1] << 8) | (theme.grey[2] << 16)) : hex(scene.rgbAt(i));
    const opacity = chosen ? 1 : flag & FILTERED ? look.opacity * 0.6 : look.opacity;
    const rim = chosen || flag & FILTERED || look.size < LEAST_RIMMED ? -1 : scene.rimAt(i);
    const stroke = chosen ? ` stroke="${ink}" stroke-width="${RING}"${flag & FILTERED ? ' stroke-opacity="0.5"' : ""}` : rim >= 0 ? ` stroke="${hex(rim)}" stroke-width="${RIM}"` : "";
    const layer = chosen ? 3 : flag & FILTERED ? 0 : scene.codes[i] === scene.colours?.raised ? 2 : 1;
    layers[layer]?.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(2)}" fill="${fill}" fill-opacity="${opacity.toFixed(2)}"${stroke}/>`);
  }
  return layers.flat();
}

/** About as wide as a letter is drawn, since an SVG that is written cannot measure any. */
const LETTER = 7;

/** Shapes where there are few enough, otherwise the picture in a frame of shapes. */
export function svgOf(scene: Scene, frame: Frame, above: Above, picture: () => HTMLCanvasElement, words: string): string {
  const { width, height } = frame.size;
  const vector = scene.n <= MOST_SHAPES && frame.mode === "points" && !scene.background;
  const body: string[] = vector
    ? [`<rect width="${width}" height="${height}" fill="${css(scene.theme.surface)}"/>`, ...shapes(scene, frame)]
    : [`<image width="${width}" height="${height}" href="${picture().toDataURL("image/png")}"/>`];
  if (vector) {
    for (const { x, y, label } of labelsIn(above, (text) => LETTER * text.length)) {
      if (label.colour) body.push(`<circle cx="${(x + CHIP / 2).toFixed(1)}" cy="${y.toFixed(1)}" r="${CHIP / 2}" fill="${escaped(label.colour)}"/>`);
      body.push(`<text x="${(x + chipWidth(label)).toFixed(1)}" y="${(y + 4).toFixed(1)}" font-weight="600" paint-order="stroke" stroke="${css(scene.theme.surface)}" stroke-width="3" fill="${css(scene.theme.ink)}">${escaped(label.text)}</text>`);
    }
    if (above.axes) {
      const { x, y } = above.axes;
      const divided = ticksOf(above, above.axes, x.name.length * LETTER);
      const quiet = css(scene.theme.ink2);
      for (const { at, text } of divided.x) body.push(`<path d="M${at.toFixed(1)} ${height}v-4" stroke="${quiet}"/><text x="${at.toFixed(1)}" y="${height - 7}" text-anchor="middle" fill="${quiet}">${escaped(text)}</text>`);
      for (const { at, text } of divided.y) body.push(`<path d="M0 ${at.toFixed(1)}h4" stroke="${quiet}"/><text x="7" y="${(at + 4).toFixed(1)}" fill="${quiet}">${escaped(text)}</text>`);
      body.push(`<text x="${width - 6}" y="${height - 7}" text-anchor="end" fill="${css(scene.theme.ink)}">${escaped(x.name)} →</text>`);
      body.push(`<text x="7" y="15" fill="${css(scene.theme.ink)}">↑ ${escaped(y.name)}</text>`);
    }
    for (const [width, colour] of FOCUS_RINGS) {
      if (above.focus) body.push(`<circle cx="${above.focus[0].toFixed(1)}" cy="${above.focus[1].toFixed(1)}" r="${ringAround(above) + 2}" fill="none" stroke="${css(scene.theme[colour])}" stroke-width="${width}"/>`);
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><title>${escaped(words)}</title>${body.join("\n")}</svg>\n`;
}
