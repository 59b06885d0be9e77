/** A small menu where it was asked for: arrows move, Enter chooses, Escape gives up. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

export interface Action {
  name: string;
  act: () => void;
}

export interface Opened {
  label: string;
  x: number;
  y: number;
  actions: readonly Action[];
}

export function Menu({ menu, close }: { menu: Opened; close: (back: boolean) => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const el = ref.current;
    if (!el) return;
    // Always inside the window; the tile may be the containing block, so its own place is taken off.
    el.style.left = "0px";
    el.style.top = "0px";
    const zero = el.getBoundingClientRect();
    el.style.left = `${Math.max(4, Math.min(menu.x, window.innerWidth - zero.width - 8)) - zero.left}px`;
    el.style.top = `${Math.max(4, Math.min(menu.y, window.innerHeight - zero.height - 8)) - zero.top}px`;
    el.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
  }, [menu]);
  useEffect(() => {
    const outside = (event: Event) => ref.current && !event.composedPath().includes(ref.current) && close(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const keyed = (event: KeyboardEvent) => {
    const items = [...(ref.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.findIndex((item) => item.matches(":focus"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={ref} class="menu" role="menu" aria-label={menu.label} onKeyDown={keyed}>
      {menu.actions.map(({ name, act }) => (
        <button key={name} type="button" role="menuitem" tabIndex={-1} onClick={() => {
          close(true);
          act();
        }}>{name}</button>
      ))}
    </div>
  );
}
