import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { componentOf } from "../components/all";
import { mountComponent, type Definition } from "../components/component";
import { checked } from "../components/options";
import { Explanation } from "../draw/parts";
import { COLUMNS, type Tile as Placed } from "../state/layout";
import { withTileFolded } from "../state/placing";
import type { Session } from "../state/session";
import type { Shell } from "./shell";
import { Corner, TileBar, nameOf } from "./tile-bar";

const AHEAD = "400px";
/** Height of a tile that was not near the window yet. */
const WAITING_PX = 360;
/** Rows of a view that fills its tile where nobody said how tall that is. */
const FILLED_ROWS = 12;

/** A component in the page, without a place of its own. */
export function Part({ definition, session, id, inert = false }: { definition: Definition; session: Session; id: string; inert?: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => (ref.current ? mountComponent(definition, ref.current, session, id) : undefined), [definition, session, id]);
  return <div ref={ref} class="part" data-component={definition.type} data-tile={id} inert={inert} />;
}

/** Far below the window a view costs nothing: it is mounted when it comes near. */
function useNear(at: { current: HTMLElement | null }, early: boolean): boolean {
  const near = useSignal(early || typeof IntersectionObserver === "undefined");
  useEffect(() => {
    if (near.value || !at.current) return;
    const observer = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && (near.value = true), { rootMargin: AHEAD });
    observer.observe(at.current);
    // On paper everything is near.
    const all = () => (near.value = true);
    window.addEventListener("beforeprint", all);
    return () => {
      observer.disconnect();
      window.removeEventListener("beforeprint", all);
    };
  }, []);
  return near.value;
}

/** Where a tile stands on the grid; in one column the style sheet overrules it. */
function placeOf({ x, y, w, h }: Placed): Record<string, string> {
  return { gridColumn: `${Math.min(x, COLUMNS - 1) + 1} / span ${Math.min(w, COLUMNS - x)}`, gridRow: `${y + 1} / span ${h}` };
}

/** A view that this page does not have: it says so, and everything else works. */
function Unknown({ component }: { component: string }) {
  return <Explanation title={component} text={`This page asks for a view called “${component}”, which this Bathyscope does not have. Everything else works. Check the name, or update Bathyscope.`} />;
}

/** What in a tile's options does not fit, on the tile itself. */
function Wrong({ tile, definition }: { tile: Placed; definition: Definition }) {
  const { wrong } = checked(definition.options, tile.options);
  if (wrong.length === 0) return null;
  return <ul class="wrong">{wrong.map((text) => <li key={text}>{text}</li>)}</ul>;
}

interface TileProps {
  tile: Placed;
  page: string;
  shell: Shell;
  early?: boolean;
  docked?: boolean;
}

function Folded({ tile, shell }: { tile: Placed; shell: Shell }) {
  const name = nameOf(tile);
  return (
    <button type="button" class="folded" aria-expanded="false" aria-label={`Unfold ${name}`} onClick={() => shell.session.store.arrangement.edit((layout) => withTileFolded(layout, tile.id))}>
      <span aria-hidden="true">▸</span> {name}
    </button>
  );
}

function Grow({ tile, shell }: { tile: Placed; shell: Shell }) {
  const on = shell.maximised.value === tile.id;
  const name = nameOf(tile);
  return (
    <button type="button" class="button icon quiet grow" aria-label={on ? `${name}: back to its place` : `${name}: over the whole page`} title={on ? "Back to its place (Esc)" : "Over the whole page (M)"} aria-pressed={on}
      onClick={() => (shell.maximised.value = on ? null : tile.id)}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5">
        <path d={on ? "M5 1v4H1M7 11V7h4" : "M7 1h4v4M5 11H1V7"} />
      </svg>
    </button>
  );
}

export function Tile({ tile, page, shell, early = false, docked = false }: TileProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { session } = shell;
  const definition = componentOf(tile.component);
  const near = useNear(ref, early);
  const arranging = shell.arranging.value;
  const folded = tile.collapsed !== undefined;
  const exact = !docked && !folded && (tile.h > 1 || definition?.fill);
  const rows = tile.h > 1 ? tile.h : FILLED_ROWS;
  const waiting = near || definition === null || exact || folded ? {} : { minHeight: `${WAITING_PX}px` };
  const classes = ["tile", `of-${tile.component}`, docked && "docked", exact && "exact", definition?.fill && "fill", folded && "is-folded", arranging && "arranged", shell.maximised.value === tile.id && "maximised", shell.held.value?.id === tile.id && "held"];
  return (
    <div ref={ref} class={classes.filter(Boolean).join(" ")} data-place={tile.id} tabIndex={-1} role={tile.title === undefined ? undefined : "group"} aria-label={tile.title}
      style={docked ? {} : { ...placeOf(tile), ...waiting, "--rows": String(rows) }}>
      {arranging && <TileBar tile={tile} page={page} shell={shell} docked={docked} />}
      {folded ? !arranging && <Folded tile={tile} shell={shell} /> : (
        <>
          {definition && <Wrong tile={tile} definition={definition} />}
          {definition === null ? <Unknown component={tile.component} /> : near && <Part definition={definition} session={session} id={tile.id} inert={arranging} />}
          {!arranging && definition && <Grow tile={tile} shell={shell} />}
          {arranging && !docked && <Corner tile={tile} page={page} shell={shell} />}
        </>
      )}
    </div>
  );
}
