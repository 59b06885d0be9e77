/** A button with a menu under it: arrows move, Enter does it, Escape closes. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

export interface Item {
  title: string;
  why?: string;
  run: () => void;
}

export function Menu({ label, sign, items }: { label: string; sign: string; items: readonly Item[] }) {
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const close = (back: boolean) => {
    open.value = false;
    if (back) button.current?.focus();
  };
  useLayoutEffect(() => {
    const [el, at] = [list.current, button.current];
    if (!open.value || !el || !at) return;
    const { right, bottom, top } = at.getBoundingClientRect();
    el.style.left = `${Math.max(8, right - el.offsetWidth)}px`;
    el.style.top = `${bottom + el.offsetHeight + 8 > window.innerHeight ? Math.max(8, top - el.offsetHeight - 4) : bottom + 4}px`;
    el.querySelector<HTMLElement>("button")?.focus();
  }, [open.value]);
  useEffect(() => {
    if (!open.value) return;
    const outside = (event: Event) => !event.composedPath().some((one) => one === list.current || one === button.current) && close(false);
    document.addEventListener("pointerdown", outside);
    window.addEventListener("scroll", outside, { passive: true });
    return () => {
      document.removeEventListener("pointerdown", outside);
      window.removeEventListener("scroll", outside);
    };
  }, [open.value]);
  const keyed = (event: KeyboardEvent) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = to[event.key];
    if (next !== undefined) all[next % all.length]?.focus();
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <button ref={button} type="button" class="button icon quiet" aria-haspopup="menu" aria-expanded={open.value} aria-label={label} title={label} onClick={() => (open.value = !open.value)}>{sign}</button>
      {open.value && (
        <ul ref={list} class="menu" role="menu" aria-label={label} onKeyDown={keyed}>
          {items.map(({ title, why, run }) => (
            <li key={title} role="none">
              <button type="button" role="menuitem" tabIndex={-1} aria-disabled={why !== undefined} title={why} onClick={() => {
                if (why !== undefined) return;
                close(true);
                run();
              }}>{title}</button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
