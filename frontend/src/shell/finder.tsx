/** A field and the list of what fits what is typed: one way to reach everything, by keyboard alone. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { found } from "./fuzzy";

export interface Action {
  id: string;
  title: string;
  /** What kind of thing it is; shown beside it, and searched too. */
  kind: string;
  /** Further words by which it is looked for: what it is called in files and in Python, other words for it. */
  also?: string;
  /** The keys that do the same, as printed. */
  keys?: readonly string[];
  /** Why it cannot be done now. */
  why?: string;
  run: () => void;
}

interface FinderProps {
  label: string;
  hint: string;
  actions: readonly Action[];
  /** Further actions that depend on what is typed. */
  more?: (typed: string) => readonly Action[];
  close: () => void;
}

const MOST_SHOWN = 60;

function Line({ action, active, id, run }: { action: Action; active: boolean; id: string; run: () => void }) {
  const ref = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) ref.current?.scrollIntoView?.({ block: "nearest" });
  }, [active]);
  return (
    <li ref={ref} id={id} role="option" aria-selected={active} aria-disabled={action.why !== undefined} class={active ? "on" : ""} onMouseDown={(event) => event.preventDefault()} onClick={run}>
      <span class="what">{action.title}{action.why !== undefined && <small class="why">{action.why}</small>}</span>
      {action.keys?.map((key) => <kbd key={key}>{key}</kbd>)}
      <span class="kind muted small">{action.kind}</span>
    </li>
  );
}

export function Finder({ label, hint, actions, more, close }: FinderProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal("");
  const active = useSignal(0);
  // Before anything is drawn: whoever types on at once must not type into the page.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal?.();
    dialog.current?.querySelector("input")?.focus();
    return () => {
      const now = document.activeElement;
      // What an action gave the focus keeps it.
      if (before instanceof HTMLElement && (!now || now === document.body)) before.focus();
    };
  }, []);
  const text = typed.value.trim();
  const fits = [...found(text, actions, ({ title, also = "", kind }) => `${title} ${also} ${kind}`), ...(more?.(text) ?? [])];
  const shown = fits.slice(0, MOST_SHOWN);
  const at = Math.min(active.value, shown.length - 1);
  const run = (action: Action | undefined) => {
    if (!action || action.why !== undefined) return;
    close();
    action.run();
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const by: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = by[event.key];
    if (step !== undefined) active.value = Math.abs(step) === 1 ? (at + step + shown.length) % Math.max(1, shown.length) : Math.max(0, Math.min(shown.length - 1, at + step));
    else if (event.key === "Enter") run(shown[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <dialog ref={dialog} class="finder" aria-label={label} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <input type="text" class="field" role="combobox" aria-label={label} aria-expanded="true" aria-controls="finder-list" aria-autocomplete="list" spellcheck={false} autocomplete="off" placeholder={hint}
        aria-activedescendant={shown.length > 0 ? `finder-${at}` : undefined} value={typed.value} onKeyDown={keyed}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          active.value = 0;
        }} />
      <ul id="finder-list" role="listbox" aria-label={label}>
        {shown.map((action, place) => <Line key={action.id} id={`finder-${place}`} action={action} active={place === at} run={() => run(action)} />)}
      </ul>
      <p class="muted small" role="status">{shown.length === 0 ? `Nothing fits “${text}”.` : fits.length > shown.length ? `${fits.length - shown.length} more: type on to narrow them down.` : "↑ ↓ to move, Enter to do it, Esc to close"}</p>
    </dialog>
  );
}
