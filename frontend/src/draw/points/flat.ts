/** Points without a GPU: blended pixel by pixel into a picture, which is quicker than a call per point. */
import { css, type Rgba } from "./appearance";
import { counted } from "./density";
import { paintAbove, type Above } from "./overlay";
import { LEAST_RIMMED, RIM, RIMMED_SIZE, RING, SELECTED_SIZE, sized, type Frame, type Renderer } from "./renderer";
import { FILTERED, FOCUSED, HIDDEN, LARGEST, SELECTED, STATE, clean, grown, type Background, type Picture, type Scene } from "./scene";
import { toScreen } from "./view";

/** While something moves so many points are drawn at least, and as many more as this time allows. */
const HURRIED = 50_000;
const HURRIED_MS = 50;

interface Stamp {
  side: number;
  /** How much of each pixel the disc covers, 0 … 1. */
  cover: Float32Array;
}

export function stamp(size: number): Stamp {
  const side = Math.max(1, Math.ceil(size));
  const cover = new Float32Array(side * side);
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      const away = Math.hypot(c - (side - 1) / 2, r - (side - 1) / 2);
      cover[r * side + c] = size <= 2.5 ? 1 : Math.max(0, Math.min(1, size / 2 - away + 0.5));
    }
  }
  return { side, cover };
}

/** Blend a stamp in one colour onto opaque pixels. Called a million times a frame: no objects are made here. */
function press(data: Uint8ClampedArray, width: number, height: number, disc: Stamp, px: number, py: number, rgb: number, alpha: number): void {
  const { side, cover } = disc;
  const left = Math.round(px - side / 2);
  const top = Math.round(py - side / 2);
  if (left <= -side || top <= -side || left >= width || top >= height) return;
  const red = rgb & 255;
  const green = (rgb >> 8) & 255;
  const blue = (rgb >> 16) & 255;
  const from = Math.max(0, -left);
  const to = Math.min(side, width - left);
  for (let r = Math.max(0, -top), end = Math.min(side, height - top); r < end; r++) {
    let at = 4 * ((top + r) * width + left + from);
    for (let c = from; c < to; c++, at += 4) {
      const a = (cover[r * side + c] as number) * alpha;
      const r0 = data[at] as number;
      const g0 = data[at + 1] as number;
      const b0 = data[at + 2] as number;
      data[at] = r0 + (red - r0) * a;
      data[at + 1] = g0 + (green - g0) * a;
      data[at + 2] = b0 + (blue - b0) * a;
    }
  }
}

interface Discs {
  plain: Stamp;
  chosen: Stamp;
  ring: Stamp;
  rimmed: Stamp;
  rim: Stamp;
}

/** The discs of points of one size. */
function discsFor(size: number, ratio: number): Discs {
  const inner = Math.max(size, SELECTED_SIZE) * ratio;
  const rimmed = Math.max(size, RIMMED_SIZE) * ratio;
  return { plain: stamp(Math.max(1, size * ratio)), chosen: stamp(inner), ring: stamp(inner + 2 * RING * ratio), rimmed: stamp(rimmed), rim: stamp(rimmed + 2 * RIM * ratio) };
}

/** Of the points whose flags, masked, are so: all, only those of the raised colour, or only the others. */
interface Layer {
  mask: number;
  are: number;
  raised: "all" | "only" | "not";
}

function layersOf(scene: Scene, frame: Frame): Layer[] {
  const layers: Layer[] = [];
  if (frame.mode === "points") {
    if (scene.nFiltered > 0) layers.push({ mask: FILTERED | SELECTED | FOCUSED, are: FILTERED, raised: "all" });
    if (scene.colours?.raised === undefined) layers.push({ mask: STATE, are: 0, raised: "all" });
    else layers.push({ mask: STATE, are: 0, raised: "not" }, { mask: STATE, are: 0, raised: "only" });
  }
  if (scene.nSelected > 0) layers.push({ mask: SELECTED | HIDDEN | FOCUSED, are: SELECTED, raised: "all" });
  if (scene.focus !== null) layers.push({ mask: FOCUSED | HIDDEN, are: FOCUSED, raised: "all" });
  return layers;
}

/** Pixels of the ground with a picture on it, as they are for one view; a picture that crossfades is painted once, not at every frame. */
interface Backdrop {
  of: string;
  pixels: Uint8ClampedArray;
}

export class FlatRenderer implements Renderer {
  readonly kind = "canvas2d";
  private ground: ImageData | null = null;
  /** What was drawn last, without anything above it. */
  private drawn: ImageData | null = null;
  private backdrops = new Map<Picture | null, Backdrop>();
  private bearable = HURRIED;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly paint: CanvasRenderingContext2D,
  ) {}

  static on(canvas: HTMLCanvasElement): FlatRenderer | null {
    const paint = canvas.getContext("2d", { willReadFrequently: true });
    // A layer of its own: otherwise what stands around the picture is painted again with each of its frames.
    canvas.style.willChange = "transform";
    return paint && new FlatRenderer(canvas, paint);
  }

  draw(scene: Scene, frame: Frame): void {
    const { paint, canvas } = this;
    scene.dirty = clean();
    sized(canvas, frame);
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.globalAlpha = 1;
    const { background } = scene;
    let pixels = background ? this.behind(scene, background, frame) : this.plain(scene);
    if (!background) this.backdrops.clear();
    if (frame.mode === "density" && scene.n > 0) {
      paint.putImageData(pixels, 0, 0);
      this.cloud(scene, frame);
      pixels = paint.getImageData(0, 0, canvas.width, canvas.height);
    }
    const every = frame.hurried ? Math.max(1, Math.ceil(scene.n / this.bearable)) : 1;
    const since = performance.now();
    for (const layer of layersOf(scene, frame)) this.layer(pixels, scene, frame, every, layer);
    paint.putImageData(pixels, 0, 0);
    this.drawn = pixels;
    if (scene.n === 0) return;
    const perPoint = (performance.now() - since) / Math.ceil(scene.n / every);
    this.bearable = Math.max(HURRIED, HURRIED_MS / perPoint);
  }

  over(above: Above, anew: boolean): void {
    const { paint, drawn } = this;
    if (!anew && drawn) {
      paint.setTransform(1, 0, 0, 1, 0, 0);
      paint.putImageData(drawn, 0, 0);
    }
    paint.setTransform(above.ratio, 0, 0, above.ratio, 0, 0);
    paintAbove(paint, above);
  }

  /** Pixels to draw on, as large as the canvas; they hold whatever was drawn before. */
  private sheet(): ImageData {
    const { width, height } = this.canvas;
    if (this.ground?.width !== width || this.ground.height !== height) this.ground = new ImageData(width, height);
    return this.ground;
  }

  private plain(scene: Scene): ImageData {
    const sheet = this.sheet();
    const [r, g, b] = scene.theme.surface;
    new Uint32Array(sheet.data.buffer).fill(new Uint32Array(new Uint8Array([r, g, b, 255]).buffer)[0] ?? 0);
    return sheet;
  }

  /** The pictures behind at this moment: both stand ready as pixels, and only those are mixed. */
  private behind(scene: Scene, background: Background, frame: Frame): ImageData {
    const sheet = this.sheet();
    const t = background.b === undefined ? 0 : scene.moving.t;
    const wanted = [background.a, ...(t > 0 ? [background.b ?? null] : [])];
    for (const old of this.backdrops.keys()) if (!wanted.includes(old)) this.backdrops.delete(old);
    const [from, to] = wanted.map((picture) => this.backdrop(scene, picture, frame, background.opacity ?? 1));
    const { data } = sheet;
    if (!from || !to) data.set(from ?? to ?? []);
    else for (let i = 0, share = Math.round(256 * t); i < data.length; i++) data[i] = (from[i] as number) + ((((to[i] as number) - (from[i] as number)) * share) >> 8);
    return sheet;
  }

  private backdrop(scene: Scene, picture: Picture | null, frame: Frame, opacity: number): Uint8ClampedArray {
    const { width, height } = this.canvas;
    const { cx, cy, kx, ky } = frame.view;
    const of = [width, height, cx, cy, kx, ky, opacity, ...scene.theme.surface].join(" ");
    const known = this.backdrops.get(picture);
    if (known?.of === of) return known.pixels;
    this.paint.fillStyle = css(scene.theme.surface);
    this.paint.fillRect(0, 0, width, height);
    this.hang(picture, frame, opacity);
    const { data: pixels } = this.paint.getImageData(0, 0, width, height);
    this.backdrops.set(picture, { of, pixels });
    return pixels;
  }

  private layer({ data, width, height }: ImageData, scene: Scene, frame: Frame, every: number, { mask, are, raised }: Layer): void {
    const { places, flags, theme, codes } = scene;
    const { size, view, look, ratio } = frame;
    const packed = ([r, g, b]: Rgba) => r | (g << 8) | (b << 16);
    const [grey, ink] = [packed(theme.grey), packed(theme.ink)];
    const top = scene.colours?.raised ?? -1;
    const discs = Array.from({ length: LARGEST + 1 }, (_, level) => discsFor(look.size * grown(level << 4), ratio));
    const [ox, oy] = toScreen(view, size, 0, 0).map((at) => at * ratio) as [number, number];
    const [kx, ky] = [view.kx * ratio, view.ky * ratio];
    for (let i = 0; i < scene.n; i += every) {
      const flag = flags[i] as number;
      if ((flag & mask) !== are || (raised !== "all" && (codes[i] === top) !== (raised === "only"))) continue;
      const px = ox + places.x(i) * kx;
      const py = oy - places.y(i) * ky;
      const rgb = flag & FILTERED ? grey : scene.rgbAt(i);
      const { plain, chosen, ring, rimmed, rim } = discs[flag >> 4] as Discs;
      const around = flag & FILTERED || look.size < LEAST_RIMMED ? -1 : scene.rimAt(i);
      if (flag & SELECTED) {
        press(data, width, height, ring, px, py, ink, flag & FILTERED ? 0.5 : 1);
        press(data, width, height, chosen, px, py, rgb, 1);
      } else if (around >= 0) {
        press(data, width, height, rim, px, py, around, look.opacity);
        press(data, width, height, rimmed, px, py, rgb, look.opacity);
      } else press(data, width, height, plain, px, py, rgb, flag & FILTERED ? look.opacity * 0.6 : look.opacity);
    }
  }

  private cloud(scene: Scene, frame: Frame): void {
    const { width, height, pixels } = counted(scene, frame);
    const small = document.createElement("canvas");
    small.width = width;
    small.height = height;
    small.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.paint.drawImage(small, 0, 0, this.canvas.width, this.canvas.height);
  }

  private hang(picture: Picture | null, { view, size, ratio }: Frame, opacity: number): void {
    if (!picture || opacity <= 0) return;
    const { image, extent } = picture;
    let source: CanvasImageSource;
    if (image instanceof ImageData) {
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height;
      canvas.getContext("2d")?.putImageData(image, 0, 0);
      source = canvas;
    } else source = image;
    const [x0, y0] = toScreen(view, size, extent.x0, extent.y1);
    const [x1, y1] = toScreen(view, size, extent.x1, extent.y0);
    this.paint.globalAlpha = opacity;
    this.paint.drawImage(source, x0 * ratio, y0 * ratio, (x1 - x0) * ratio, (y1 - y0) * ratio);
    this.paint.globalAlpha = 1;
  }

  dispose(): void {
    // The picture's memory is the largest thing here: browsers free it at once when the canvas has no size.
    this.canvas.width = this.canvas.height = 0;
  }
}
