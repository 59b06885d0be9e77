/** Tiles are marked by drawing a box over them; with Shift they are added to what is marked. */
import { useEffect, useRef, useState } from "preact/hooks";

/** Nearer than this it was a click. */
const LEAST_PX = 5;
/** So near to an edge the list goes on by itself, so many pixels a frame. */
const EDGE_PX = 24;
const STEP_PX = 14;

interface Point {
  x: number;
  y: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How the tiles lie in the list: their pitch, and which line is drawn where. */
export interface Laying {
  columns: number;
  /** From one tile to the next, and from one line to the next. */
  across: number;
  down: number;
  /** A line and where it lies, in pixels of the list. */
  from: number;
  top: number;
  total: number;
}

/** Places of the tiles that a box touches. */
export function placesUnder({ left, top, width, height }: Box, { columns, across, down, from, top: first, total }: Laying): number[] {
  const [c0, c1] = [Math.max(0, Math.floor(left / across)), Math.min(columns - 1, Math.floor((left + width) / across))];
  const [r0, r1] = [Math.max(0, from + Math.floor((top - first) / down)), from + Math.floor((top + height - first) / down)];
  const places: number[] = [];
  for (let row = r0; row <= r1; row++) for (let column = c0; column <= c1; column++) if (row * columns + column < total) places.push(row * columns + column);
  return places;
}

function between(a: Point, b: Point): Box {
  return { left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}

export interface Rubber {
  box: Box | null;
  begin: (event: PointerEvent) => void;
  /** True for the click that ends a drag: it means nothing. */
  swallows: () => boolean;
}

export function useRubber(list: { readonly current: HTMLElement | null }, laying: () => Laying, mark: (places: readonly number[], add: boolean) => void): Rubber {
  const [box, draw] = useState<Box | null>(null);
  const swallow = useRef(false);
  const latest = useRef({ laying, mark });
  latest.current = { laying, mark };
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  const begin = (event: PointerEvent) => {
    const scroller = list.current;
    const ground = scroller?.querySelector<HTMLElement>(".tall");
    swallow.current = false;
    // A finger scrolls; the bar at the side is no place to draw.
    if (!scroller || !ground || event.button !== 0 || event.pointerType === "touch" || (event.target === scroller && event.offsetX > scroller.clientWidth)) return;
    const at = ({ clientX, clientY }: PointerEvent): Point => {
      const { left, top } = ground.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top };
    };
    const start = at(event);
    let [last, drawn, frame]: [PointerEvent, Box | null, number] = [event, null, 0];
    const follow = () => {
      const next = between(start, at(last));
      if (drawn === null && Math.hypot(next.width, next.height) < LEAST_PX) return;
      drawn = next;
      draw(next);
    };
    const scroll = () => {
      const { top, bottom } = scroller.getBoundingClientRect();
      const by = last.clientY < top + EDGE_PX ? -STEP_PX : last.clientY > bottom - EDGE_PX ? STEP_PX : 0;
      if (drawn !== null && by !== 0) {
        scroller.scrollTop += by;
        follow();
      }
      frame = requestAnimationFrame(scroll);
    };
    const moved = (next: PointerEvent) => {
      last = next;
      follow();
    };
    const end = (next: PointerEvent | null) => {
      stop.current();
      if (next === null || drawn === null) return;
      swallow.current = true;
      const { laying: lie, mark: give } = latest.current;
      give(placesUnder(drawn, lie()), next.shiftKey);
    };
    const up = (next: PointerEvent) => end(next);
    const key = (next: KeyboardEvent) => {
      if (next.key !== "Escape") return;
      next.stopPropagation();
      swallow.current = drawn !== null;
      end(null);
    };
    const gone = () => end(null);
    stop.current = () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", gone);
      window.removeEventListener("keydown", key, true);
      draw(null);
      stop.current = () => undefined;
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", gone);
    window.addEventListener("keydown", key, true);
    frame = requestAnimationFrame(scroll);
  };
  return {
    box, begin,
    swallows: () => {
      const was = swallow.current;
      swallow.current = false;
      return was;
    },
  };
}
