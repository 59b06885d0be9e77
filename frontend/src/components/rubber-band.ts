/** A box drawn with the pointer over samples that lie in a list: it marks those that it touches. */
import { useEffect, useRef, useState } from "preact/hooks";

/** Nearer than this it was a click. */
const STILL = 6;
/** So near to an edge the list goes on by itself, so many pixels a frame. */
const EDGE_PX = 24;
const STEP_PX = 14;

/** In the place of the content, which is further down than it is drawn by what the list has left out above. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface RubberBand {
  box: Box | null;
  /** For the list. */
  begin: (event: PointerEvent) => void;
  /** True for the click that ends a drag: it means nothing. */
  swallows: () => boolean;
}

/** `list` scrolls, and what is `.tall` in it holds the samples; `offset` is how far the content lies below its drawing. */
export function useRubberBand(list: { readonly current: HTMLElement | null }, offset: () => number, done: (box: Box, event: PointerEvent) => void): RubberBand {
  const [box, draw] = useState<Box | null>(null);
  const swallow = useRef(false);
  const latest = useRef({ offset, done });
  latest.current = { offset, done };
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  const begin = (event: PointerEvent) => {
    const scroller = list.current;
    const ground = scroller?.querySelector<HTMLElement>(".tall");
    swallow.current = false;
    // A finger scrolls; the bar at the side is no place to draw.
    if (!scroller || !ground || event.button !== 0 || event.pointerType === "touch" || (event.target === scroller && event.offsetX > scroller.clientWidth)) return;
    const at = ({ clientX, clientY }: PointerEvent) => {
      const { left, top } = ground.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top + latest.current.offset() };
    };
    const start = at(event);
    let [last, drawn, frame]: [PointerEvent, Box | null, number] = [event, null, 0];
    const follow = () => {
      const now = at(last);
      if (drawn === null && Math.hypot(now.x - start.x, now.y - start.y) < STILL) return;
      drawn = { x0: Math.min(start.x, now.x), y0: Math.min(start.y, now.y), x1: Math.max(start.x, now.x), y1: Math.max(start.y, now.y) };
      draw(drawn);
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
    const end = (up: PointerEvent | null) => {
      stop.current();
      if (drawn === null) return;
      swallow.current = true;
      if (up !== null) latest.current.done(drawn, up);
    };
    const heard = new AbortController();
    stop.current = () => {
      cancelAnimationFrame(frame);
      heard.abort();
      draw(null);
      stop.current = () => undefined;
    };
    // On the window: a button that is let go elsewhere ends the box, too.
    const { signal } = heard;
    window.addEventListener("pointermove", (next) => {
      last = next;
      follow();
    }, { signal });
    window.addEventListener("pointerup", end, { signal });
    window.addEventListener("pointercancel", () => end(null), { signal });
    window.addEventListener("keydown", (key) => {
      if (key.key !== "Escape") return;
      key.stopPropagation();
      end(null);
    }, { signal, capture: true });
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
