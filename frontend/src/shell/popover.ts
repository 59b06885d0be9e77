import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Under the button it belongs to, and always inside the window. */
export function usePlace(anchor: () => HTMLElement | null, close: () => void): preact.RefObject<HTMLDivElement> {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [el, at] = [ref.current, anchor()];
    if (!el || !at) return;
    const { left, bottom } = at.getBoundingClientRect();
    el.style.left = `${Math.max(8, Math.min(left, window.innerWidth - el.offsetWidth - 8))}px`;
    el.style.top = `${bottom + 6}px`;
    el.style.maxHeight = `${Math.max(200, window.innerHeight - bottom - 16)}px`;
    // Before anything is drawn: whoever types on at once must not type into the page.
    el.querySelector<HTMLElement>("input, button")?.focus();
  }, []);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const path = event.composedPath();
      const at = anchor();
      if (ref.current && !path.includes(ref.current) && !(at && path.includes(at))) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  return ref;
}
