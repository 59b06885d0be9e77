/** Scales, ticks and sizes for the small charts. */
import { extent } from "d3-array";
import { scaleLinear, type ScaleLinear } from "d3-scale";
import { useEffect, useRef, useState } from "preact/hooks";

export type Scale = ScaleLinear<number, number>;

export interface Size {
  width: number;
  height: number;
}

/** The size of an element as it is laid out; 0 × 0 until it is. */
export function useSize<T extends HTMLElement>(): [preact.RefObject<T>, Size] {
  const ref = useRef<T>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const measure = () => setSize((old) => (old.width === el.clientWidth && old.height === el.clientHeight ? old : { width: el.clientWidth, height: el.clientHeight }));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

/** A scale over what the values span, rounded to nice ends, never without width. */
export function niceScale(values: Iterable<number>, range: [number, number], ticks: number): Scale {
  const [low, high] = extent(Array.from(values).filter(Number.isFinite));
  if (low === undefined || high === undefined) return scaleLinear([0, 1], range);
  const pad = low === high ? Math.abs(low) / 10 || 0.5 : 0;
  return scaleLinear([low - pad, high + pad], range).nice(ticks);
}

/** `M…L…` through the points; a missing value breaks the line. */
export function linePath(points: readonly (readonly [number, number] | null)[]): string {
  let pen = "M";
  let path = "";
  for (const point of points) {
    if (!point) {
      pen = "M";
      continue;
    }
    path += `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Closed band between two lines over the same places. */
export function bandPath(upper: readonly (readonly [number, number])[], lower: readonly (readonly [number, number])[]): string {
  if (upper.length === 0) return "";
  return `${linePath(upper)}${linePath([...lower].reverse()).replace("M", "L")}Z`;
}

/** Move labels apart so that none overlaps, each as close to its wish as the others allow, within [from, to]. */
export function spread(wishes: readonly number[], gap: number, from: number, to: number): number[] {
  const order = wishes.map((wish, i) => ({ wish, i })).sort((a, b) => a.wish - b.wish);
  const placed: number[] = [];
  order.forEach(({ wish }, k) => placed.push(Math.max(wish, k === 0 ? from : (placed[k - 1] ?? from) + gap)));
  for (let k = placed.length - 1, limit = to; k >= 0; k--, limit -= gap) {
    placed[k] = Math.min(placed[k] ?? 0, limit, k === placed.length - 1 ? to : (placed[k + 1] ?? to) - gap);
  }
  const out = new Array<number>(wishes.length);
  order.forEach(({ i }, k) => (out[i] = placed[k] ?? 0));
  return out;
}
