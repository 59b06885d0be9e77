// @vitest-environment node
/** The pure parts of the point canvas against slow versions of themselves. */
import { expect, test } from "vitest";
import { TOP, MISSING, lookFor, rampCodes } from "./appearance";
import { bin, exposure, smoothed, tone, toned } from "./density";
import { stamp } from "./flat";
import { placed } from "./labels";
import { GridIndex, nextTowards } from "./pick";
import { inside, simplified, winding } from "./polygon";
import { Places, STEPS, quantise, solid, type Coordinates } from "./quantise";
import { between, fitted, panned, toData, toScreen, zoomed } from "./view";

function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

function cloud(n: number, seed: number, scale = 1): Coordinates {
  const next = generator(seed);
  return { x: Float64Array.from({ length: n }, () => (next() - 0.3) * scale), y: Float64Array.from({ length: n }, () => (next() + next()) * scale * 3) };
}

const never = () => false;

test("a position comes back within half a step of its extent, whatever its size", () => {
  for (const scale of [1e-12, 1, 1e9, 1e300]) {
    const from = cloud(500, 7, scale);
    const made = quantise(from);
    const places = new Places({ a: made, b: null, t: 0 });
    const { x0, x1, y0, y1 } = made.extent;
    for (let i = 0; i < 500; i++) {
      expect(Math.abs(places.x(i) - (from.x[i] ?? 0))).toBeLessThanOrEqual(((x1 - x0) / STEPS / 2) * 1.0001);
      expect(Math.abs(places.y(i) - (from.y[i] ?? 0))).toBeLessThanOrEqual(((y1 - y0) / STEPS / 2) * 1.0001);
    }
  }
});

test("what has no place is hidden and does not widen the extent", () => {
  const made = quantise({ x: [1, NaN, 2, Infinity, 3], y: [1, 5, -Infinity, 4, 2], validY: [1, 1, 1, 1, 1] });
  expect([...made.hidden]).toEqual([0, 1, 1, 1, 0]);
  expect(made.nHidden).toBe(3);
  expect(made.extent).toEqual({ x0: 1, x1: 3, y0: 1, y1: 2 });
  expect(quantise({ x: [1, 2], y: [1, 2], validX: [0, 1] }).nHidden).toBe(1);
});

test("no points, one point and equal points have an extent that can be divided by", () => {
  expect(quantise({ x: [], y: [] }).extent).toEqual({ x0: 0, y0: 0, x1: 1, y1: 1 });
  expect(solid({ x0: 4, x1: 4, y0: 0, y1: 0 })).toEqual({ x0: 2, x1: 6, y0: -0.5, y1: 0.5 });
});

test("between two sets a point is on the straight line between its places", () => {
  const [a, b] = [quantise(cloud(50, 1)), quantise(cloud(50, 2, 40))];
  const at = (t: number) => new Places({ a, b, t });
  for (let i = 0; i < 50; i++) {
    expect(at(0.25).x(i)).toBeCloseTo(0.75 * at(0).x(i) + 0.25 * at(1).x(i), 9);
    expect(at(0.25).y(i)).toBeCloseTo(0.75 * at(0).y(i) + 0.25 * at(1).y(i), 9);
  }
});

test("picking finds what a look at every point finds, also at a moment the index was not made for", () => {
  const next = generator(5);
  for (const n of [1, 2, 40, 3000]) {
    const [a, b] = [quantise(cloud(n, n)), quantise(cloud(n, n + 1, 2))];
    for (const [made, asked] of [[0, 0], [0, 0.3], [0.5, 1], [1, 1]] as const) {
      const index = new GridIndex({ a, b, t: made });
      const places = new Places({ a, b, t: asked });
      for (let k = 0; k < 60; k++) {
        const [x, y] = [next() * 2 - 0.5, next() * 8];
        const metric = { kx: 90 + 50 * next(), ky: 30 };
        const radius = 3 + 40 * next();
        const skip = (i: number) => i % 7 === 3;
        let slow: number | null = null;
        let least = radius * radius;
        for (let i = 0; i < n; i++) {
          if (skip(i)) continue;
          const d = ((places.x(i) - x) * metric.kx) ** 2 + ((places.y(i) - y) * metric.ky) ** 2;
          if (d < least || (d === least && (slow === null || i > slow))) [least, slow] = [d, i];
        }
        expect(index.nearest(places, { x, y }, radius, metric, skip)).toBe(slow);
      }
    }
  }
});

test("points without a place are never picked; of points on one spot the last, which lies on top", () => {
  const a = quantise({ x: [0, NaN, 0, 1], y: [0, NaN, 0, 1] });
  const moving = { a, b: null, t: 0 };
  expect(new GridIndex(moving).nearest(new Places(moving), { x: 0, y: 0 }, 5, { kx: 100, ky: 100 })).toBe(2);
});

test("an arrow key goes to the nearest point within 45 degrees", () => {
  const places = new Places({ a: quantise({ x: [0, 1, 3, 0, -2], y: [0, 0.5, 0, 2, 0] }), b: null, t: 0 });
  const go = (towards: "left" | "right" | "up" | "down") => nextTowards(places, { x: places.x(0), y: places.y(0) }, towards, { kx: 100, ky: 100 }, never);
  expect([go("right"), go("up"), go("left"), go("down")]).toEqual([1, 3, 4, null]);
});

test("the winding rule holds the middle of a pentagram and both turns of an eight", () => {
  const star = [0, 1, 2, 3, 4].flatMap((k) => [Math.cos((4 * Math.PI * k) / 5), Math.sin((4 * Math.PI * k) / 5)]);
  expect(Math.abs(winding(star, 0, 0))).toBe(2);
  const eight = [0, 0, 2, 2, 2, 0, 0, 2];
  expect(winding(eight, 1.6, 1)).not.toBe(0);
  expect(winding(eight, 0.4, 1)).not.toBe(0);
  expect(winding(eight, 1, 1.8)).toBe(0);
});

test("a lasso holds exactly the points that winding says, whatever its shape", () => {
  const next = generator(11);
  const a = quantise(cloud(4000, 3));
  const places = new Places({ a, b: quantise(cloud(4000, 4)), t: 0.4 });
  for (let shape = 0; shape < 25; shape++) {
    const polygon = Array.from({ length: 2 * (3 + Math.floor(next() * 60)) }, (_, k) => (k % 2 === 0 ? next() - 0.3 : next() * 6));
    const slow = Array.from({ length: 4000 }, (_, i) => i).filter((i) => i % 5 !== 0 && winding(polygon, places.x(i), places.y(i)) !== 0);
    expect([...inside(places, polygon, (i) => i % 5 === 0)]).toEqual(slow);
  }
  expect(inside(places, [0, 0, 1, 1], never)).toHaveLength(0);
});

test("a simplified line has at most so many corners and stays within the tolerance", () => {
  const wild = Array.from({ length: 6000 }, (_, k) => (k % 2 === 0 ? 300 * Math.cos(k / 400) + (k % 7) : 300 * Math.sin(k / 400) + (k % 11)));
  expect(simplified(wild).length / 2).toBeLessThanOrEqual(256);
  const square = [0, 0, 5, 0.1, 10, 0, 10, 10, 0, 10];
  expect(simplified(square)).toEqual([0, 0, 10, 0, 10, 10, 0, 10]);
});

test("binning counts every point in sight once, as a slow count does", () => {
  const places = new Places({ a: quantise(cloud(2000, 9)), b: null, t: 0 });
  const size = { width: 101, height: 60 };
  const view = { cx: 0.2, cy: 3, kx: 120, ky: 12 };
  const bins = bin(places, { view, size, cell: 4 }, (i) => i % 3 === 0, () => 0x0000ff);
  const slow = new Float32Array(bins.count.length);
  for (let i = 0; i < 2000; i++) {
    if (i % 3 === 0) continue;
    const [px, py] = toScreen(view, size, places.x(i), places.y(i));
    if (px < 0 || py < 0 || px >= 101 || py >= 60) continue;
    const at = Math.floor((py / 60) * bins.height) * bins.width + Math.floor((px / 101) * bins.width);
    slow[at] = (slow[at] ?? 0) + 1;
  }
  expect(bins.count).toEqual(slow);
  expect(bins.colour[3 * bins.count.findIndex((c) => c > 0)]).toBeGreaterThan(0);
});

test("smoothing keeps the sum inside, and the tone grows with the count and ends at one", () => {
  const count = new Float32Array(49);
  count[24] = 36;
  const made = smoothed({ width: 7, height: 7, count, colour: new Float32Array(0) });
  expect(made.count[24]).toBe(16);
  expect(made.count.reduce((a, b) => a + b)).toBeCloseTo(36, 4);
  expect(exposure(new Float32Array(5))).toBe(1);
  expect([tone(0, 100), tone(100, 100), tone(1e6, 100)]).toEqual([0, 1, 1]);
  expect(tone(3, 100)).toBeGreaterThan(tone(2, 100));
  expect(toned({ width: 1, height: 1, count: Float32Array.of(0), colour: new Float32Array(3) }, 5)[3]).toBe(0);
});

test("a view goes there and back, keeps what is under the pointer and fits its extent", () => {
  const size = { width: 400, height: 200 };
  const home = fitted({ x0: -1, x1: 3, y0: 10, y1: 20 }, size, "free");
  expect(toScreen(home, size, -1, 10)[0]).toBeCloseTo(24);
  expect(toScreen(home, size, 3, 20)[1]).toBeCloseTo(24);
  const [x, y] = toData(home, size, 33, 44);
  expect(toScreen(home, size, x, y).map((v) => Math.round(v))).toEqual([33, 44]);
  const near = zoomed(home, size, home, 3, 33, 44);
  expect(toScreen(near, size, x, y)[0]).toBeCloseTo(33);
  expect(zoomed(home, size, home, 1e9).kx / home.kx).toBeCloseTo(256);
  expect(panned(panned(home, 5, 6), -5, -6).cx).toBeCloseTo(home.cx);
  expect(between(home, near, 1)).toEqual(near);
  const equal = fitted({ x0: 0, x1: 1, y0: 0, y1: 9 }, size, "equal");
  expect(equal.kx).toBe(equal.ky);
});

test("labels never cover each other; the first ones keep their place", () => {
  const next = generator(2);
  const boxes = placed(Array.from({ length: 60 }, () => ({ x: next() * 300, y: next() * 200, width: 50, height: 14 })), { width: 320, height: 220 });
  const kept = boxes.filter((box) => box !== null);
  expect(kept.length).toBeGreaterThan(10);
  kept.forEach((a, i) => kept.slice(i + 1).forEach((b) => expect(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height).toBe(false)));
  expect(placed([{ x: 10, y: 10, width: 5, height: 5 }, { x: -100, y: 0, width: 5, height: 5 }], { width: 99, height: 99 })).toEqual([{ x: 10, y: 10, width: 5, height: 5 }, null]);
});

test("few points are large and strong, many small and faint, within limits", () => {
  const looks = [10, 1000, 100_000, 10_000_000].map((n) => lookFor(n, 500_000));
  looks.slice(1).forEach((look, i) => {
    expect(look.size).toBeLessThanOrEqual(looks[i]?.size ?? 0);
    expect(look.opacity).toBeLessThanOrEqual(looks[i]?.opacity ?? 0);
  });
  expect(looks[3]).toEqual({ size: 1.5, opacity: 0.12 });
  expect(lookFor(0, 0)).toEqual({ size: 3, opacity: 0.9 });
});

test("values become ramp codes between the ends; what is not known has a code of its own", () => {
  expect([...rampCodes([0, 5, 10, 99, NaN, 1], [1, 1, 1, 1, 1, 0], 0, 10)]).toEqual([0, Math.round(TOP / 2), TOP, TOP, MISSING, MISSING]);
  expect([...rampCodes([3, 3], null, 3, 3)]).toEqual([0, 0]);
});

test("a stamp is whole where it is small and round where it is large", () => {
  expect([...stamp(2).cover]).toEqual([1, 1, 1, 1]);
  expect(stamp(7).cover[0]).toBe(0);
  expect(stamp(7).cover[24]).toBe(1);
});
