/** What benchmarks/point_canvas.py calls: each function measures one row and returns milliseconds, or frames per second. */
import { classColour } from "../../colour";
import type { Coordinates } from "../quantise";
import { PointCanvas } from "../point-canvas";
import type { Engine } from "../surface";

const el = document.getElementById("canvas") as HTMLDivElement;
el.style.width = "870px";
el.style.height = "500px";
let canvas: PointCanvas | null = null;

/** A repeatable generator (mulberry32). */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const CLASSES = 10;

function clusters(n: number, seed: number): Coordinates & { codes: Uint16Array } {
  const next = random(seed);
  const [x, y, codes] = [new Float32Array(n), new Float32Array(n), new Uint16Array(n)];
  for (let i = 0; i < n; i++) {
    const k = i % CLASSES;
    const angle = (2 * Math.PI * (k + seed * 0.3)) / CLASSES;
    const spread = Math.sqrt(-2 * Math.log(1 - next())) * 0.7;
    const turn = 2 * Math.PI * next();
    x[i] = 4 * Math.cos(angle) + spread * Math.cos(turn);
    y[i] = 4 * Math.sin(angle) + spread * Math.sin(turn);
    codes[i] = k;
  }
  return { x, y, codes };
}

const palette = Array.from({ length: CLASSES }, (_, k) => classColour(k));
const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** Wait until what was drawn is really there: reading a pixel back cannot be put off. */
function finished(): void {
  const drawn = el.querySelector("canvas");
  const gl = canvas?.drawnBy === "webgl2" ? drawn?.getContext("webgl2") : null;
  if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

function fresh(engine: Engine | "auto"): PointCanvas {
  canvas?.dispose();
  canvas = new PointCanvas(el, { label: "Bench", engine });
  return canvas;
}

/** Two frames: the first draws, and its end is awaited. */
async function shown(): Promise<void> {
  await frame();
  finished();
}

const bench = {
  machine(): string {
    const gl = document.createElement("canvas").getContext("webgl2");
    const info = gl?.getExtension("WEBGL_debug_renderer_info");
    return gl && info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "no WebGL2";
  },

  async firstDraw(n: number, engine: Engine | "auto" = "auto"): Promise<number> {
    const from = clusters(n, 1);
    await frame();
    const since = performance.now();
    fresh(engine).update({ positions: from, colours: { codes: from.codes, palette } });
    await shown();
    return performance.now() - since;
  },

  async interpolate(n: number, seconds: number, engine: Engine | "auto" = "auto"): Promise<number> {
    const [from, to] = [clusters(n, 1), clusters(n, 2)];
    const points = fresh(engine);
    points.update({ positions: from, next: to, colours: { codes: from.codes, palette } });
    await shown();
    const since = performance.now();
    let frames = 0;
    while (performance.now() - since < 1000 * seconds) {
      points.update({ t: (frames % 100) / 100 });
      await shown();
      frames++;
    }
    return (1000 * frames) / (performance.now() - since);
  },

  /** The 95th of 100 picks, the index made beforehand as it is when the picture rests; and the making of it. */
  async pick(n: number, moving = false): Promise<{ pick: number; index: number }> {
    const [from, to] = [clusters(n, 1), clusters(n, 2)];
    const points = fresh("auto");
    points.update({ positions: from, next: moving ? to : null, colours: { codes: from.codes, palette } });
    await shown();
    const since = performance.now();
    points.pick(1, 1);
    const index = performance.now() - since;
    if (moving) points.update({ t: 0.5 });
    const next = random(3);
    const times = Array.from({ length: 100 }, () => {
      const [x, y] = [870 * next(), 500 * next()];
      const start = performance.now();
      points.pick(x, y);
      return performance.now() - start;
    });
    return { pick: times.sort((a, b) => a - b)[94] ?? NaN, index };
  },

  /** The slowest of five lassos of 700 vertices around much of the picture. */
  async lasso(n: number): Promise<{ ms: number; found: number }> {
    const from = clusters(n, 1);
    const points = fresh("auto");
    points.update({ positions: from, colours: { codes: from.codes, palette } });
    await shown();
    const line = Array.from({ length: 1400 }, (_, k) => {
      const angle = (2 * Math.PI * (k >> 1)) / 700;
      const radius = 190 + 25 * Math.sin(9 * angle);
      return k % 2 === 0 ? 435 + radius * Math.cos(angle) : 250 + radius * Math.sin(angle);
    });
    let [ms, found] = [0, 0];
    for (let k = 0; k < 5; k++) {
      const since = performance.now();
      found = points.within(line).length;
      ms = Math.max(ms, performance.now() - since);
    }
    return { ms, found };
  },

  /** For tests: the canvas itself. */
  canvas: () => canvas,
};

export type Bench = typeof bench;

declare global {
  interface Window {
    bench: Bench;
  }
}
window.bench = bench;
