import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { inspector } from "../components/inspector/inspector";
import type { Session } from "../state/session";
import { START } from "../state/store";
import type { ThemeState } from "../state/theme";
import { ChoiceBar, Header } from "./header";
import { Shortcuts } from "./shortcuts";
import { Status } from "./status";
import { Part, Tile } from "./tile";

const ONE_COLUMN = "(max-width: 899px)";
/** Tiles drawn at once, without looking whether they are near the window. */
const EARLY = 3;

/** The element that has the focus, also inside shadow roots. */
function focused(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

function typing(target: EventTarget | undefined): boolean {
  return target instanceof HTMLElement && ((/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.getAttribute("type") !== "checkbox") || target.isContentEditable);
}

/** Ctrl or Cmd with Z, Shift+Z or Y. */
function undoKey(event: KeyboardEvent, session: Session): boolean {
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) session.history.undo();
  else if ((key === "z" && event.shiftKey) || (key === "y" && event.ctrlKey && !event.shiftKey)) session.history.redo();
  else return false;
  return true;
}

function useKeys(session: Session, help: { value: boolean }): void {
  useEffect(() => {
    const keyed = (event: KeyboardEvent) => {
      if (!event.isComposing && !typing(event.composedPath()[0]) && (event.ctrlKey || event.metaKey) && !event.altKey && undoKey(event, session)) return event.preventDefault();
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing(event.composedPath()[0])) return;
      const { store } = session;
      if (event.key === "?") help.value = !help.value;
      else if (event.key === "[") store.choose(store.place() - 1);
      else if (event.key === "]") store.choose(store.place() + 1);
      else if (event.key === "Escape" && !help.value && store.focus.value !== null) store.focus.value = null;
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", keyed);
    return () => document.removeEventListener("keydown", keyed);
  }, [session]);
}

/** Closing the inspector gives the focus back to what opened it. */
function useReturn(session: Session): void {
  useEffect(() => {
    let opener: Element | null = null;
    let open = session.store.focus.peek() !== null;
    return session.store.focus.subscribe((focus) => {
      if (focus !== null && !open) opener = focused();
      if (focus === null && open && opener instanceof HTMLElement) {
        const back = opener;
        requestAnimationFrame(() => back.isConnected && back.focus({ preventScroll: true }));
      }
      open = focus !== null;
    });
  }, [session]);
}

/** In one column the samples lie below what was clicked: go there. */
function useFollowSelection(session: Session): void {
  useEffect(() => {
    let before = session.store.selection.peek();
    return session.store.selection.subscribe((selection) => {
      const asked = selection !== null && selection !== before && selection.source !== START && selection.source !== "address";
      before = selection;
      if (!asked || !matchMedia(ONE_COLUMN).matches) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      document.querySelector(".of-grid")?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    });
  }, [session]);
}

export function Page({ session, theme }: { session: Session; theme: ThemeState }) {
  const { store } = session;
  const help = useSignal(false);
  useKeys(session, help);
  useReturn(session);
  useFollowSelection(session);
  const open = store.focus.value !== null;
  const page = store.arrangement.current();
  return (
    <div class={open ? "page inspecting" : "page"}>
      <header class="bars">
        <Header session={session} theme={theme} help={() => (help.value = true)} />
        <ChoiceBar session={session} />
      </header>
      <main>
        <div class="views" key={page?.id}>
          {page?.tiles.map((tile, place) => <Tile key={tile.id} tile={tile} session={session} early={place < EARLY} />)}
        </div>
        {page?.dock && <Tile key={page.dock.id} tile={page.dock} session={session} early docked />}
        {open && (
          <aside class="tile side-panel" aria-label="Inspector">
            <Part definition={inspector} session={session} id="inspector" />
          </aside>
        )}
      </main>
      <Status session={session} />
      <div class="unseen" role="status" aria-live="polite">{store.announcement.value}</div>
      {help.value && <Shortcuts close={() => (help.value = false)} />}
    </div>
  );
}
