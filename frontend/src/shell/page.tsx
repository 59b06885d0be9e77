import { useEffect, useMemo } from "preact/hooks";
import { inspector } from "../components/inspector/inspector";
import { familyOf } from "../state/layout";
import { inOrder } from "../state/placing";
import type { Session } from "../state/session";
import { START } from "../state/store";
import type { ThemeState } from "../state/theme";
import { componentActions, everyAction, sampleActions } from "./actions";
import { ArrangeBar } from "./arrange-bar";
import { focused } from "./commands";
import { Finder } from "./finder";
import { WIDE, firstLayout } from "./first-layout";
import { ChoiceBar, Header } from "./header";
import { useKeyboard } from "./keyboard";
import { SelectionBar } from "./selection-bar";
import { Shell } from "./shell";
import { Shortcuts } from "./shortcuts";
import { Status } from "./status";
import { Part, Tile } from "./tile";
import { SubPages } from "./tabs";

const ONE_COLUMN = "(max-width: 899px)";
/** Tiles drawn at once, without looking whether they are near the window. */
const EARLY = 3;

/** Closing the inspector gives the focus back to what opened it. */
function useReturn(session: Session): void {
  useEffect(() => {
    let opener: Element | null = null;
    let open = session.store.focus.peek() !== null;
    return session.store.focus.subscribe((focus) => {
      if (focus !== null && !open) opener = focused();
      if (focus === null && open && opener instanceof HTMLElement) {
        const back = opener;
        // Not from whoever has got it meanwhile.
        requestAnimationFrame(() => back.isConnected && (document.activeElement ?? document.body) === document.body && back.focus({ preventScroll: true }));
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
      document.querySelector(".tile.of-grid")?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    });
  }, [session]);
}

/** A window that becomes wide or narrow gets the first layout for its width, as long as nobody has touched it. */
function useWidth(session: Session): void {
  useEffect(() => {
    const wide = matchMedia(WIDE);
    const changed = () => {
      const { arrangement, recording } = session.store;
      const { undoable, redoable } = session.history;
      const untouched = JSON.stringify(arrangement.layout.peek()) === JSON.stringify(firstLayout(recording.peek(), !wide.matches));
      if (!untouched || undoable.peek() !== null || redoable.peek() !== null) return;
      arrangement.begin(firstLayout(recording.peek(), wide.matches));
      session.history.begin();
    };
    wide.addEventListener("change", changed);
    return () => wide.removeEventListener("change", changed);
  }, [session]);
}

/** Paper is white: what is printed is light, whatever the screen shows. */
function usePrint({ theme }: Shell): void {
  useEffect(() => {
    const root = document.documentElement;
    const show = (shown: "light" | "dark") => {
      root.dataset["theme"] = shown;
      theme.shown.value = shown;
    };
    let before: "light" | "dark" = "light";
    const begin = () => {
      before = theme.shown.peek();
      show("light");
    };
    const end = () => show(before);
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
    };
  }, [theme]);
}

function Views({ shell }: { shell: Shell }) {
  const { session, landing, maximised, arranging } = shell;
  const page = session.store.arrangement.current();
  if (!page) return null;
  const at = landing.value;
  return (
    <>
      <div class="views" id="views" role="tabpanel" aria-labelledby={`tab-${page.id}`} key={page.id}>
        {inOrder(page.tiles).map((tile, place) => <Tile key={tile.id} tile={tile} page={page.id} shell={shell} early={place < EARLY} />)}
        {at && <div class="landing" style={{ gridColumn: `${at.x + 1} / span ${at.w}`, gridRow: `${at.y + 1} / span ${at.h}` }} />}
        {page.tiles.length === 0 && (
          <section class="explanation empty">
            <p>This page is empty.</p>
            <p><button type="button" class="button" onClick={() => (shell.finder.value = "component")}>Add a view</button></p>
          </section>
        )}
      </div>
      {page.dock && !(arranging.value && maximised.value) && <Tile key={page.dock.id} tile={page.dock} page={page.id} shell={shell} early docked />}
    </>
  );
}

function Popups({ shell }: { shell: Shell }) {
  const { finder, help } = shell;
  const close = () => (finder.value = null);
  return (
    <>
      {help.value && <Shortcuts shell={shell} close={() => (help.value = false)} />}
      {finder.value === "everything" && <Finder key="everything" label="Find an action, a page, a column or a sample" hint="Find anything, or the id of a sample" actions={everyAction(shell)} more={(typed) => sampleActions(shell, typed)} close={close} />}
      {finder.value === "component" && <Finder key="component" label="Add a view to this page" hint="Search the views" actions={componentActions(shell, "View")} close={close} />}
    </>
  );
}

export function Page({ session, theme }: { session: Session; theme: ThemeState }) {
  const shell = useMemo(() => new Shell(session, theme), [session, theme]);
  const { store } = session;
  useEffect(() => () => shell.stop(), [shell]);
  useKeyboard(shell);
  useReturn(session);
  useFollowSelection(session);
  useWidth(session);
  usePrint(shell);
  const open = store.focus.value !== null;
  const { arrangement } = store;
  const page = arrangement.current();
  const rows = Number(shell.arranging.value) + Number(page !== null && familyOf(arrangement.layout.value, page).length > 0);
  const classes = ["page", open && "inspecting", shell.arranging.value && "arranging", shell.maximised.value !== null && "over", page?.dock === null && "undocked"];
  return (
    <div class={classes.filter(Boolean).join(" ")} style={{ "--more-rows": String(rows) }}>
      <header class="bars">
        <Header shell={shell} />
        <SubPages shell={shell} />
        {shell.arranging.value && <ArrangeBar shell={shell} />}
        <ChoiceBar shell={shell} />
      </header>
      <main>
        <Views shell={shell} />
        {open && (
          <aside class="tile side-panel" aria-label="Inspector">
            <Part definition={inspector} session={session} id="inspector" />
          </aside>
        )}
      </main>
      <footer class="feet">
        <SelectionBar session={session} />
        <Status shell={shell} />
      </footer>
      <div class="unseen" role="status" aria-live="polite">{store.announcement.value}</div>
      <Popups shell={shell} />
    </div>
  );
}
