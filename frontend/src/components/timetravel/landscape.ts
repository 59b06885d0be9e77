/** Territories as a picture: the hue says the class, the strength how sure the network is there, and nothing is drawn where no data are. */
import { classColour } from "../../draw/colour";
import { bytesOf, css, themeAt } from "../../draw/points/appearance";
import type { Picture } from "../../draw/points/scene";
import type { FrameInfo, Landscape } from "./frames";

export interface LandscapeLook {
  /** Share of the usual strength, 0 … 1. */
  strength: number;
  boundaries: boolean;
  /** Fade where no data support the decoder. */
  mask: boolean;
}

/** Opacity of the least and the most certain places, as the look wants it. */
const FAINT = 0.05;
const STRONG = 0.3;
const SIDE = 640;

/** Opacity 0 … 255 of every cell: between two classes none, where no data are none. */
export function strengths({ confidence, gap, support }: Pick<Landscape, "confidence" | "gap" | "support">, look: LandscapeLook): Uint8ClampedArray {
  const out = new Uint8ClampedArray(gap.length);
  for (let i = 0; i < out.length; i++) {
    const sure = Math.min(1, (gap[i] ?? 0) / 96) * ((confidence[i] ?? 0) / 255);
    const held = look.mask ? (support[i] ?? 0) / 255 : 1;
    out[i] = 255 * look.strength * held * (FAINT + (STRONG - FAINT) * sure);
  }
  return out;
}

/** Segments between cells of different classes, in cells from the top left: x0 y0 x1 y1 …; where between two centres, their gaps say. */
export function boundaries({ cells, classes, gap, support }: Landscape, mask: boolean): number[] {
  const lines: number[] = [];
  const at = (c: number, r: number) => r * cells + c;
  // Row 0 is the lowest, on screen the last.
  const cross = (ca: number, ra: number, cb: number, rb: number): [number, number] | null => {
    const [a, b] = [at(ca, ra), at(cb, rb)];
    if (classes[a] === classes[b]) return null;
    const [ga, gb] = [(gap[a] ?? 0) + 1, (gap[b] ?? 0) + 1];
    const u = ga / (ga + gb);
    return [ca + (cb - ca) * u + 0.5, cells - 0.5 - (ra + (rb - ra) * u)];
  };
  for (let r = 0; r + 1 < cells; r++) {
    for (let c = 0; c + 1 < cells; c++) {
      if (mask && (support[at(c, r)] ?? 0) < 64) continue;
      const found = [cross(c, r, c + 1, r), cross(c + 1, r, c + 1, r + 1), cross(c, r + 1, c + 1, r + 1), cross(c, r, c, r + 1)].filter((one) => one !== null);
      const [p, q] = found;
      if (found.length === 2 && p && q) lines.push(...p, ...q);
      else if (found.length > 2) {
        const middle = [0, 1].map((k) => found.reduce((sum, point) => sum + (point[k] ?? 0), 0) / found.length) as [number, number];
        for (const point of found) lines.push(...point, ...middle);
      }
    }
  }
  return lines;
}

/** Painted in the colours of the theme at an element. */
export function painted(landscape: Landscape, info: FrameInfo, nClasses: number, look: LandscapeLook, at: HTMLElement): Picture | null {
  const { cells, classes } = landscape;
  const small = document.createElement("canvas");
  small.width = small.height = cells;
  // Kept by the processor: a picture that a graphics card holds is read back at every frame where dots are drawn without one.
  const paint = small.getContext("2d", { willReadFrequently: true });
  if (!paint) return null;
  const palette = bytesOf(Array.from({ length: nClasses }, (_, k) => classColour(k)), at);
  const alpha = strengths(landscape, look);
  const pixels = paint.createImageData(cells, cells);
  for (let r = 0; r < cells; r++) {
    for (let c = 0; c < cells; c++) {
      const from = r * cells + c;
      const to = 4 * ((cells - 1 - r) * cells + c);
      const colour = 4 * (classes[from] ?? 0);
      for (let k = 0; k < 3; k++) pixels.data[to + k] = palette[colour + k] ?? 128;
      pixels.data[to + 3] = alpha[from] ?? 0;
    }
  }
  paint.putImageData(pixels, 0, 0);
  const image = document.createElement("canvas");
  image.width = image.height = SIDE;
  const large = image.getContext("2d", { willReadFrequently: true });
  if (!large) return null;
  large.imageSmoothingQuality = "high";
  large.drawImage(small, 0, 0, SIDE, SIDE);
  if (look.boundaries) {
    const k = SIDE / cells;
    const lines = boundaries(landscape, look.mask);
    large.beginPath();
    for (let i = 0; i < lines.length; i += 4) {
      large.moveTo((lines[i] ?? 0) * k, (lines[i + 1] ?? 0) * k);
      large.lineTo((lines[i + 2] ?? 0) * k, (lines[i + 3] ?? 0) * k);
    }
    large.lineWidth = 1;
    large.strokeStyle = css(themeAt(at).ink2, 0.4 * look.strength);
    large.stroke();
  }
  return { image, extent: info.extent };
}
