/** A picture to look at closely: wheel, keys and buttons zoom, dragging and arrows move, its pixels shown as they are if wished. */
import { useSignal, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { measure } from "../../draw/format";
import type { Context } from "../component";
import { Picture } from "../grid/card";

/** What of a picture is seen: the point in the middle, as shares of its frame, and how much larger than the frame it is. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export const WHOLE: View = { x: 0.5, y: 0.5, zoom: 1 };
const MOST = 32;
const STEP = 1.5;
const MOVE = 0.2;

function within(value: number, zoom: number): number {
  const half = 0.5 / zoom;
  return Math.min(1 - half, Math.max(half, value));
}

/** Never smaller than the frame, and nothing but the picture in it. */
export function kept({ x, y, zoom }: View): View {
  const size = Math.min(MOST, Math.max(1, zoom));
  return { x: within(x, size), y: within(y, size), zoom: size };
}

/** Larger or smaller, while the point at these shares of the frame stays where it is. */
export function zoomed(view: View, times: number, atX = 0.5, atY = 0.5): View {
  const zoom = Math.min(MOST, Math.max(1, view.zoom * times));
  const move = (middle: number, at: number) => middle + (at - 0.5) * (1 / view.zoom - 1 / zoom);
  return kept({ x: move(view.x, atX), y: move(view.y, atY), zoom });
}

export function moved(view: View, byX: number, byY: number): View {
  return kept({ ...view, x: view.x + byX / view.zoom, y: view.y + byY / view.zoom });
}

export type Pixels = "auto" | "pixels" | "smooth";

function keyOf(event: KeyboardEvent, view: View): View | null {
  switch (event.key) {
    case "+":
    case "=":
      return zoomed(view, STEP);
    case "-":
      return zoomed(view, 1 / STEP);
    case "0":
      return WHOLE;
    default:
  }
  const by = { ArrowLeft: [-MOVE, 0], ArrowRight: [MOVE, 0], ArrowUp: [0, -MOVE], ArrowDown: [0, MOVE] }[event.key];
  return by && view.zoom > 1 ? moved(view, by[0] ?? 0, by[1] ?? 0) : null;
}

/** The frame with the picture in it. Two frames that share a view show the same place of two pictures. */
export function Frame({ ctx, sample, alt, view, pixels }: { ctx: Context; sample: number; alt: string; view: Signal<View>; pixels: Pixels }) {
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);
  const { x, y, zoom } = view.value;
  const shares = (event: MouseEvent): [number, number] => {
    const rect = box.current?.getBoundingClientRect();
    return rect && rect.width > 0 && rect.height > 0 ? [(event.clientX - rect.left) / rect.width, (event.clientY - rect.top) / rect.height] : [0.5, 0.5];
  };
  return (
    <div ref={box} class={`well ${pixels} ${zoom > 1 ? "movable" : ""}`} tabIndex={0} role="group" aria-label={`${alt}. Zoom ${measure(zoom)}. Plus and minus zoom, arrows move, 0 shows the whole.`}
      onWheel={(event) => {
        const next = zoomed(view.peek(), event.deltaY < 0 ? STEP : 1 / STEP, ...shares(event));
        // Where the whole is seen already, the wheel is the panel's.
        if (next.zoom === view.peek().zoom) return;
        event.preventDefault();
        view.value = next;
      }}
      onDblClick={(event) => (view.value = zoomed(view.peek(), 2, ...shares(event)))}
      onPointerDown={(event) => {
        if (event.button !== 0 || view.peek().zoom <= 1) return;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        drag.current = { x: event.clientX, y: event.clientY };
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        const rect = box.current?.getBoundingClientRect();
        if (!from || !rect || rect.width === 0) return;
        drag.current = { x: event.clientX, y: event.clientY };
        view.value = moved(view.peek(), (from.x - event.clientX) / rect.width, (from.y - event.clientY) / rect.height);
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
      onKeyDown={(event) => {
        const next = event.ctrlKey || event.metaKey || event.altKey ? null : keyOf(event, view.peek());
        if (!next) return;
        event.preventDefault();
        event.stopPropagation();
        view.value = next;
      }}>
      <div class="zoomed" style={{ transform: `translate(${(0.5 - x * zoom) * 100}%, ${(0.5 - y * zoom) * 100}%) scale(${zoom})` }}>
        <Picture key={sample} ctx={ctx} sample={sample} alt={alt} />
      </div>
    </div>
  );
}

const NEXT: Record<Pixels, Pixels> = { auto: "pixels", pixels: "smooth", smooth: "auto" };
const WORDS: Record<Pixels, string> = { auto: "Pixels: auto", pixels: "Pixels: sharp", smooth: "Pixels: smooth" };

export function ZoomButtons({ view, pixels }: { view: Signal<View>; pixels: Signal<Pixels> }) {
  const { zoom } = view.value;
  return (
    <div class="zoom">
      <span class="segments" role="group" aria-label="Zoom">
        <button type="button" aria-label="Zoom out" disabled={zoom <= 1} onClick={() => (view.value = zoomed(view.peek(), 1 / STEP))}>−</button>
        <button type="button" aria-pressed={zoom === 1} onClick={() => (view.value = WHOLE)}>{zoom === 1 ? "Fit" : `${measure(zoom)}×, fit`}</button>
        <button type="button" aria-label="Zoom in" disabled={zoom >= MOST} onClick={() => (view.value = zoomed(view.peek(), STEP))}>+</button>
      </span>
      <button type="button" class="button quiet" title="How pixels are shown when they are larger than the screen's" onClick={() => (pixels.value = NEXT[pixels.peek()])}>{WORDS[pixels.value]}</button>
    </div>
  );
}

export function Viewer({ ctx, sample, alt }: { ctx: Context; sample: number; alt: string }) {
  const view = useSignal(WHOLE);
  const pixels = useSignal<Pixels>("auto");
  return (
    <figure class="media">
      <Frame ctx={ctx} sample={sample} alt={alt} view={view} pixels={pixels.value} />
      <ZoomButtons view={view} pixels={pixels} />
    </figure>
  );
}
