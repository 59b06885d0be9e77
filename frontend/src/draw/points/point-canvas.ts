/**
 * Up to millions of points on a canvas: moved between two sets of positions, coloured, picked, drawn around, exported.
 * A plain class that knows no framework and no host; `update` takes what changed, callbacks tell what a person did.
 */
import { lookFor } from "./appearance";
import { cellFor } from "./density";
import { describeScene } from "./describe";
import { flattened, pngOf, svgOf } from "./export";
import { Gestures } from "./gestures";
import { PLAIN, changed, followRatio, type PointCanvasOptions, type Settings } from "./options";
import { drawAbove, type Above } from "./overlay";
import { GridIndex, nextTowards, type Direction } from "./pick";
import { inside, simplified, type Polygon } from "./polygon";
import type { Extent } from "./quantise";
import type { Frame } from "./renderer";
import { Scene, shownIn, type Content } from "./scene";
import { Surface, type Engine } from "./surface";
import { between, fitted, lineToData, panned, resized, toData, toScreen, visible, zoomed, type Size, type View } from "./view";

const MOVE_MS = 240;
/** After this long without a change the picture is drawn whole, and the index made for where the points are. */
const REST_MS = 160;
const RADIUS = 8;
const TOUCH_RADIUS = 18;

export class PointCanvas {
  private readonly scene: Scene;
  private readonly surface: Surface;
  private readonly overlay = document.createElement("canvas");
  private readonly gestures: Gestures;
  private readonly control = new AbortController();
  private readonly observer: ResizeObserver;
  private settings: Settings = PLAIN;
  private size: Size = { width: 0, height: 0 };
  private view: View | null = null;
  private home: View | null = null;
  /** The person moved the picture: it is not fitted again without being asked. */
  private moved = false;
  private move: { from: View; to: View; since: number } | null = null;
  private index: GridIndex | null = null;
  private hovered: number | null = null;
  private cursor: number | null = null;
  private line: readonly number[] | null = null;
  private frame = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private hurried = false;
  private aboveOnly = true;

  constructor(
    private readonly el: HTMLElement,
    private readonly options: PointCanvasOptions,
  ) {
    if (getComputedStyle(el).position === "static") el.style.position = "relative";
    el.style.touchAction = "pan-y";
    el.tabIndex = 0;
    el.setAttribute("role", "application");
    el.setAttribute("aria-label", options.label);
    this.scene = new Scene(el);
    Object.assign(this.overlay.style, { position: "absolute", inset: "0", width: "100%", height: "100%", pointerEvents: "none" });
    this.overlay.setAttribute("aria-hidden", "true");
    el.append(this.overlay);
    this.surface = new Surface(el, options.engine ?? "auto", () => this.renew());
    options.onNote?.(this.surface.note);
    this.gestures = new Gestures(el, {
      tool: () => this.settings.tool,
      wheels: () => options.wheel !== "focused" || el.matches(":focus"),
      pan: (dx, dy) => this.look(this.view && panned(this.view, dx, dy)),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      fit: () => this.fit(),
      hover: (at) => this.hover(at && this.pick(at.x, at.y, at.touch ? TOUCH_RADIUS : RADIUS)),
      open: (at) => options.onOpen?.(this.pick(at.x, at.y, at.touch ? TOUCH_RADIUS : RADIUS)),
      line: (points) => this.trace(points),
      drawn: (points, _shape, how) => this.view && options.onSelect?.(this.within(points), how, lineToData(this.view, this.size, simplified(points))),
      step: (towards) => this.step(towards),
      enter: () => this.cursor !== null && options.onOpen?.(this.cursor),
      escape: () => this.leave(),
    });
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(el);
    followRatio(() => this.request(), this.control.signal);
    this.measure();
  }

  /** Which engine draws now; "nothing" while a lost context is waited for. */
  get drawnBy(): Engine | "nothing" {
    return this.surface.renderer?.kind ?? "nothing";
  }

  /** Take what changed of the points, of how they are drawn, or (an empty change) of the theme. */
  update(change: Partial<Content & Settings>): void {
    const before = this.scene.n;
    this.scene.take(change);
    this.settings = changed(this.settings, change);
    if (Object.keys(change).length === 0) this.scene.repaint();
    if (change.tool) this.el.style.touchAction = change.tool === "pan" ? "pan-y" : "none";
    if (change.positions || change.next !== undefined || change.aspect) {
      this.index = null;
      this.settle(before !== this.scene.n);
    }
    this.hurried = change.t !== undefined;
    this.request();
  }

  /** Paint again what lies above the points: the owner's part of it changed. */
  repaint(): void {
    this.request(true);
  }

  /** Show all points, or some of them; eased, unless motion is to be reduced. */
  fit(rows?: ArrayLike<number>): void {
    if (!this.home) return;
    this.moved = rows !== undefined;
    const to = rows && rows.length > 0 ? fitted(this.scene.extent(rows), this.size, this.settings.aspect, 48) : this.home;
    // One point, or several on one spot, have no extent to fill the picture with.
    this.go({ ...to, kx: Math.min(to.kx, this.home.kx * 32), ky: Math.min(to.ky, this.home.ky * 32) });
  }

  /** Show a part of the plane; eased, unless motion is to be reduced. */
  show(part: Extent): void {
    this.moved = true;
    this.go(fitted(part, this.size, this.settings.aspect, 48));
  }

  zoom(factor: number, x?: number, y?: number): void {
    if (this.view && this.home) this.look(zoomed(this.view, this.size, this.home, factor, x, y));
  }

  /** The point drawn nearest to a place on screen; filtered points are not found. */
  pick(x: number, y: number, radius = RADIUS): number | null {
    if (!this.view || this.scene.n === 0) return null;
    this.index ??= new GridIndex(this.scene.moving);
    const [dx, dy] = toData(this.view, this.size, x, y);
    return this.index.nearest(this.scene.places, { x: dx, y: dy }, radius, this.view, this.scene.unpickable);
  }

  /** The points inside a line on screen, ascending. */
  within(line: Polygon): Uint32Array {
    const { view, size } = this;
    if (!view) return new Uint32Array(0);
    return inside(this.scene.places, lineToData(view, size, simplified(line)), this.scene.unpickable);
  }

  /** Where a point is on screen now; null while nothing is laid out. */
  where(index: number): readonly [number, number] | null {
    if (!this.view || index >= this.scene.n) return null;
    return toScreen(this.view, this.size, this.scene.places.x(index), this.scene.places.y(index));
  }

  /** What part of the data is on screen now; null while nothing is laid out. For whoever draws above. */
  get sight(): View | null {
    return this.view;
  }

  /** The points in sight, ascending. */
  inSight(): Uint32Array {
    const { width, height } = this.size;
    return this.within([0, 0, width, 0, width, height, 0, height]);
  }

  async png(ratio = window.devicePixelRatio || 1): Promise<Blob> {
    return pngOf(this.picture(ratio));
  }

  svg(): string {
    const frame = this.framed(window.devicePixelRatio || 1);
    if (!frame) throw new Error("The picture has no size yet, so there is nothing to export.");
    return svgOf(this.scene, frame, this.above(frame), () => this.picture(frame.ratio), this.describe());
  }

  /** The picture in words. */
  describe(): string {
    return describeScene(this.options.label, this.scene, this.view && visible(this.view, this.size), this.settings.axes);
  }

  dispose(): void {
    this.control.abort();
    this.observer.disconnect();
    this.gestures.dispose();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    this.surface.dispose();
    this.overlay.remove();
  }

  /** What is on screen as a picture of its own, for whoever paints more on it. */
  picture(ratio: number): HTMLCanvasElement {
    const frame = this.framed(ratio);
    const { renderer } = this.surface;
    if (!frame || !renderer) throw new Error("The picture has no size yet, so there is nothing to export.");
    this.request();
    return flattened(renderer, this.scene, { ...frame, hurried: false }, { ...this.above(frame), hover: null, line: null });
  }

  private measure(): void {
    const size = { width: this.el.clientWidth, height: this.el.clientHeight };
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.size = size;
    this.settle(false);
    this.request();
  }

  /** The fitted view is another one: the points or the element changed. */
  private settle(anew: boolean): void {
    const { size, home, view } = this;
    if (size.width === 0 || size.height === 0) return;
    const next = fitted(this.scene.extent(), size, this.settings.aspect);
    this.home = next;
    if (!view || !home || anew) {
      this.view = next;
      this.move = null;
      this.moved = false;
    } else if (this.moved) this.view = resized(view, home, next);
    else this.view = next;
    if (this.view) this.options.onView?.(this.view);
  }

  private look(view: View | null): void {
    if (!view) return;
    this.view = view;
    this.moved = true;
    this.move = null;
    this.hurried = true;
    this.options.onView?.(view);
    this.request();
  }

  private go(to: View): void {
    if (!this.view) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.move = calm ? null : { from: this.view, to, since: performance.now() };
    if (calm) this.view = to;
    this.request();
  }

  private hover(index: number | null): void {
    if (index === this.hovered) return;
    this.hovered = index;
    this.el.style.cursor = index !== null && this.settings.tool === "pan" ? "pointer" : this.settings.tool === "pan" ? "" : "crosshair";
    const at = index === null ? null : this.where(index);
    this.options.onHover?.(index === null || !at ? null : { index, x: at[0], y: at[1] });
    this.request(true);
  }

  private trace(line: readonly number[] | null): void {
    this.line = line;
    this.request(true);
  }

  private step(towards: Direction): void {
    const { scene, view } = this;
    if (!view || scene.n === 0) return;
    const start = this.cursor ?? scene.focus;
    const known = start !== null && start < scene.n && !scene.unpickable(start);
    const from = known ? { x: scene.places.x(start), y: scene.places.y(start) } : { x: view.cx, y: view.cy };
    const next = known ? nextTowards(scene.places, from, towards, view, scene.unpickable) : this.pick(this.size.width / 2, this.size.height / 2, Infinity);
    if (next === null) return;
    this.cursor = next;
    const [x, y] = toScreen(view, this.size, scene.places.x(next), scene.places.y(next));
    if (x < 0 || y < 0 || x > this.size.width || y > this.size.height) this.look({ ...view, cx: scene.places.x(next), cy: scene.places.y(next) });
    this.hover(next);
  }

  private leave(): boolean {
    const was = this.cursor !== null || this.hovered !== null;
    this.cursor = null;
    this.hover(null);
    return was;
  }

  private renew(): void {
    this.scene.spoil();
    this.options.onNote?.(this.surface.note);
    this.request();
  }

  private request(aboveOnly = false): void {
    this.aboveOnly &&= aboveOnly;
    if (this.frame === 0 && !this.control.signal.aborted) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = 0;
    if (this.move) {
      const u = (now - this.move.since) / MOVE_MS;
      this.view = between(this.move.from, this.move.to, u);
      this.hurried = u < 1;
      if (u >= 1) this.move = null;
      this.options.onView?.(this.view);
      this.aboveOnly = false;
    }
    const frame = this.framed(window.devicePixelRatio || 1);
    if (!frame) return;
    const { renderer } = this.surface;
    if (!this.aboveOnly) renderer?.draw(this.scene, frame);
    this.overlay.style.display = renderer?.over ? "none" : "";
    if (renderer?.over) renderer.over(this.above(frame), !this.aboveOnly);
    else drawAbove(this.overlay, this.above(frame));
    this.aboveOnly = true;
    if (this.move) this.request();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.rested(), REST_MS);
  }

  private rested(): void {
    if (this.hurried && this.surface.renderer?.kind === "canvas2d") this.request();
    this.hurried = false;
    if (this.scene.n > 0 && this.index?.t !== this.scene.moving.t) this.index = new GridIndex(this.scene.moving);
  }

  private framed(ratio: number): Frame | null {
    const { size, view, settings } = this;
    if (!view || size.width === 0 || size.height === 0) return null;
    const shown = shownIn(this.scene, visible(view, size));
    const look = lookFor(shown, size.width * size.height);
    return { size, ratio, view, mode: settings.mode, hurried: this.hurried, cell: cellFor(shown, size), look: { size: settings.size ?? look.size, opacity: settings.opacity ?? look.opacity } };
  }

  private above(frame: Frame): Above {
    const { scene, settings } = this;
    const spot = (index: number | null) => (index === null || (scene.flags[index] ?? 8) & 8 ? null : this.where(index));
    return {
      size: frame.size, ratio: frame.ratio, view: frame.view, theme: scene.theme, labels: settings.labels, axes: settings.axes,
      focus: spot(scene.focus), hover: spot(this.hovered), line: this.line, pointSize: frame.look.size, paint: this.options.paint,
    };
  }
}
