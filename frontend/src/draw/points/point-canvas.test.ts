/** What a person does with the canvas, in a page without any graphics; what is drawn is looked at in a real browser. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { settle } from "../../components/mounted";
import { bin, counted, fullAt, smoothed, toned } from "./density";
import { FlatRenderer } from "./flat";
import { PointCanvas } from "./point-canvas";
import { Scene } from "./scene";
import { fitted } from "./view";

let el: HTMLDivElement;
let canvas: PointCanvas | null = null;
const heard = { hover: vi.fn(), open: vi.fn(), select: vi.fn(), note: vi.fn() };

function sized(width: number, height: number): void {
  Object.defineProperty(el, "clientWidth", { configurable: true, value: width });
  Object.defineProperty(el, "clientHeight", { configurable: true, value: height });
}

beforeEach(() => {
  el = document.createElement("div");
  document.body.append(el);
  sized(400, 400);
  Object.values(heard).forEach((mock) => mock.mockClear());
});
afterEach(() => {
  canvas?.dispose();
  el.remove();
});

/** Five points: the corners of a square around its middle, and one without a place. */
function made(): PointCanvas {
  canvas = new PointCanvas(el, { label: "Test", onHover: heard.hover, onOpen: heard.open, onSelect: heard.select, onNote: heard.note });
  canvas.update({ positions: { x: [0, 2, 2, 0, 1, NaN], y: [0, 0, 2, 2, 1, 1] } });
  return canvas;
}

const key = (name: string) => el.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const pointer = (type: string, x: number, y: number, more: PointerEventInit = {}) => el.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, button: 0, bubbles: true, ...more }));

test("it picks what lies under a place, not what is filtered or has no place", () => {
  const points = made();
  expect(points.pick(200, 200)).toBe(4);
  expect(points.pick(24, 376)).toBe(0);
  expect(points.pick(100, 200)).toBeNull();
  points.update({ filtered: [0, 0, 0, 0, 1, 0] });
  expect(points.pick(200, 200)).toBeNull();
});

test("filtered points that are hidden are not in sight; sizes stay with their points", () => {
  const points = made();
  points.update({ sizes: Uint8Array.of(1, 15, 0, 0, 7, 3), filtered: [0, 1, 0, 0, 0, 0] });
  expect([...points.inSight()]).toEqual([0, 2, 3, 4]);
  expect(points.svg().match(/<circle/g)).toHaveLength(5);
  points.update({ hide: true });
  expect(points.svg().match(/<circle/g)).toHaveLength(4);
  const radii = [...points.svg().matchAll(/ r="([\d.]+)"/g)].map(([, r]) => Number(r));
  // As usual is 7 pixels wide: sizes 1 and 7 are .6 and 1.8 of that.
  expect(radii).toEqual([2.1, 3.5, 3.5, 6.3]);
});

test("half way between two sets it picks where the points are then", () => {
  const points = made();
  points.update({ next: { x: [2, 2, 2, 0, 1, 1], y: [0, 0, 2, 2, 1, 1] }, t: 0.5 });
  expect(points.pick(200, 376)).toBe(0);
  expect(points.pick(24, 376)).toBeNull();
});

test("a click opens, a drag moves, a drag with Shift draws around", () => {
  const points = made();
  pointer("pointerdown", 200, 200);
  pointer("pointerup", 200, 200);
  expect(heard.open).toHaveBeenCalledWith(4);
  pointer("pointerdown", 100, 100);
  pointer("pointermove", 140, 130);
  pointer("pointerup", 140, 130);
  expect(points.where(4)?.map(Math.round)).toEqual([240, 230]);
  points.fit();
  pointer("pointerdown", 10, 300, { shiftKey: true });
  for (const [x, y] of [[300, 300], [390, 420], [10, 420]] as const) pointer("pointermove", x, y, { shiftKey: true });
  pointer("pointerup", 10, 420, { shiftKey: true });
  expect(heard.select).toHaveBeenCalledTimes(1);
});

test("a box with Ctrl adds what is inside, with Alt it takes away", () => {
  made().update({ tool: "rectangle" });
  const drag = (more: PointerEventInit) => {
    pointer("pointerdown", 10, 10, more);
    pointer("pointermove", 390, 100, more);
    pointer("pointerup", 390, 100, more);
    return heard.select.mock.lastCall;
  };
  const [rows, how, outline] = drag({ ctrlKey: true }) ?? [];
  expect([rows, how]).toEqual([Uint32Array.of(2, 3), "add"]);
  // The middle (1, 1) is at pixel 200; a unit is (400 − 2 × 24) / 2 = 176 pixels.
  expect((outline as number[]).map((at) => Number(at.toFixed(3)))).toEqual([-0.08, 2.08, 2.08, 2.08, 2.08, 1.568, -0.08, 1.568]);
  expect(drag({ altKey: true })?.[1]).toBe("remove");
  pointer("pointerdown", 10, 10);
  pointer("pointermove", 390, 100);
  key("Escape");
  pointer("pointerup", 390, 100);
  expect(heard.select).toHaveBeenCalledTimes(2);
});

test("arrow keys go from point to point and Enter opens one", () => {
  made();
  key("ArrowRight");
  expect(heard.hover.mock.lastCall?.[0]).toMatchObject({ index: 4 });
  key("ArrowRight");
  const at = (heard.hover.mock.lastCall?.[0] as { index: number }).index;
  expect([1, 2]).toContain(at);
  key("Enter");
  expect(heard.open).toHaveBeenCalledWith(at);
});

test("plus, minus and 0 zoom and fit; fitting one point does not zoom without end", async () => {
  const points = made();
  const corner = points.where(2);
  key("+");
  expect(points.where(2)?.[0]).toBeGreaterThan(corner?.[0] ?? Infinity);
  key("-");
  expect(points.where(2)?.[0]).toBeCloseTo(corner?.[0] ?? 0);
  points.fit([2]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(points.where(2)?.map(Math.round)).toEqual([200, 200]);
});

test("it says what it shows, and why without a GPU", () => {
  const points = made();
  points.update({ filtered: [1, 0, 0, 0, 0, 0], selected: [1, 2], axes: { x: { name: "ink", time: false }, y: { name: "light", time: false } } });
  expect(points.describe()).toContain("Test: 5 points, 1 point without coordinates, 1 filtered out and grey, 2 selected. In sight: ink from");
  expect(heard.note.mock.lastCall?.[0]).toContain("Drawn without WebGL");
});

test("an element without a size is drawn once it has one; colours for other points are refused", async () => {
  sized(0, 0);
  const points = made();
  expect(points.where(0)).toBeNull();
  expect(points.pick(1, 1)).toBeNull();
  expect(() => points.svg()).toThrow("no size yet");
  expect(() => points.update({ colours: { codes: new Uint16Array(3), palette: [] } })).toThrow("3 colour codes were given for 6 points.");
  expect(() => points.update({ next: { x: [1], y: [1] } })).toThrow("both must be of the same points");
});

test("an SVG holds a circle for every point with a place and texts as texts", () => {
  const points = made();
  points.update({ labels: [{ x: 1, y: 1, text: "<b> & co" }], selected: [4] });
  const svg = points.svg();
  expect(svg.match(/<circle/g)).toHaveLength(5);
  expect(svg).toContain("&#60;b&#62; &#38; co");
});

test("an SVG tells what is seen: the focus, pale rings around what is filtered out, labels that do not cover each other", () => {
  const points = made();
  const svg = () => points.svg();
  const labels = (text: string) => ({ labels: Array.from({ length: 12 }, () => ({ x: 1, y: 1, text })) });
  points.update({ selected: [1, 2], filtered: [0, 1, 0, 0, 0, 0], ...labels("Shirt") });
  expect(svg().match(/<circle[^>]* stroke-opacity="0.5"\/>/g)).toHaveLength(1);
  expect(svg().match(/>Shirt</g)?.length).toBeLessThan(8);
  points.update({ focus: 4 });
  expect(svg().match(/<circle cx="200.0" cy="200.0" r="[\d.]+" fill="none"/g)).toHaveLength(2);
  points.update({ labels: [{ x: 1, y: 1, text: "odd\uffff\ufffe\u0001", colour: "#123456" }] });
  expect(svg()).toContain(">odd<");
  expect(svg()).toContain('fill="#123456"');
});

test("an SVG has the ticks of its axes, of time by the calendar", () => {
  const points = made();
  points.update({ axes: { x: { name: "ink", time: false }, y: { name: "taken", time: true } } });
  const texts = [...points.svg().matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(texts.slice(-2)).toEqual(["ink →", "↑ taken"]);
  expect(texts).toContain("1");
  expect(texts.some((text) => text?.startsWith("1970-01-01 00:00:00"))).toBe(true);
});

test("after dispose nothing is left in the element and nothing answers", async () => {
  const points = made();
  points.dispose();
  canvas = null;
  expect(el.querySelectorAll("canvas")).toHaveLength(0);
  pointer("pointerdown", 200, 200);
  pointer("pointerup", 200, 200);
  await settle();
  expect(heard.open).not.toHaveBeenCalled();
});

test("without a graphics processor what lies above is drawn on the picture, and alone when only it changes", () => {
  vi.stubGlobal("ImageData", class { readonly data: Uint8ClampedArray; constructor(readonly width: number, readonly height: number) { this.data = new Uint8ClampedArray(4 * width * height); } });
  const put = vi.fn();
  const paper = document.createElement("canvas");
  paper.getContext = vi.fn(() => ({ setTransform: vi.fn(), putImageData: put })) as unknown as HTMLCanvasElement["getContext"];
  const renderer = FlatRenderer.on(paper);
  const scene = new Scene(el);
  const paint = vi.fn();
  const size = { width: 4, height: 2 };
  const view = { cx: 0, cy: 0, kx: 1, ky: 1 };
  renderer?.draw(scene, { size, ratio: 1, view, look: { size: 3, opacity: 1 }, mode: "points", cell: 2, hurried: false });
  expect([put.mock.calls.length, paint.mock.calls.length]).toEqual([1, 0]);
  const above = { size, ratio: 1, view, theme: scene.theme, labels: [], axes: null, focus: null, hover: null, line: null, pointSize: 3, paint };
  renderer?.over(above, true);
  expect([put.mock.calls.length, paint.mock.calls.length]).toEqual([1, 1]);
  renderer?.over(above, false);
  expect([put.mock.calls.length, paint.mock.calls.length]).toEqual([2, 2]);
  expect(put.mock.calls[1]?.[0]).toBe(put.mock.calls[0]?.[0]);
  vi.unstubAllGlobals();
});

test("a cloud is as strong whoever adds it up: what is full is read off the smoothed counts", () => {
  const scene = new Scene(el);
  const spread = (k: number) => Array.from({ length: 4000 }, (_, i) => Math.sin(i * k) ** 3);
  scene.take({ positions: { x: spread(1.1), y: spread(1.7) } });
  const size = { width: 600, height: 400 };
  const plane = { view: fitted(scene.extent(), size, "free"), size, cell: 4 };
  const bins = smoothed(bin(scene.places, plane, scene.unpickable, scene.rgbAt));
  expect(counted(scene, plane).pixels).toEqual(toned(bins, fullAt(scene, plane)));
});
