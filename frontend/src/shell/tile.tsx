import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { componentOf } from "../components/all";
import { mountComponent, type Definition } from "../components/component";
import { Explanation } from "../draw/parts";
import { COLUMNS, type Tile as Placed } from "../state/layout";
import type { Session } from "../state/session";

const AHEAD = "400px";
/** Height of a tile that was not near the window yet. */
const WAITING_PX = 360;

/** A component in the page, without a place of its own. */
export function Part({ definition, session, id }: { definition: Definition; session: Session; id: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => (ref.current ? mountComponent(definition, ref.current, session, id) : undefined), [definition, session, id]);
  return <div ref={ref} class="part" data-component={definition.type} data-tile={id} />;
}

/** Far below the window a view costs nothing: it is mounted when it comes near. */
function useNear(at: { current: HTMLElement | null }, early: boolean): boolean {
  const near = useSignal(early || typeof IntersectionObserver === "undefined");
  useEffect(() => {
    if (near.value || !at.current) return;
    const observer = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && (near.value = true), { rootMargin: AHEAD });
    observer.observe(at.current);
    return () => observer.disconnect();
  }, []);
  return near.value;
}

/** Where a tile stands on the grid; in one column the style sheet overrules it. */
function placeOf({ x, y, w, h }: Placed): Record<string, string> {
  return { gridColumn: `${Math.min(x, COLUMNS - 1) + 1} / span ${Math.min(w, COLUMNS - x)}`, gridRow: `${y + 1} / span ${h}` };
}

export function Tile({ tile, session, early = false, docked = false }: { tile: Placed; session: Session; early?: boolean; docked?: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const definition = componentOf(tile.component);
  const near = useNear(ref, early);
  const waiting = near || definition === null ? {} : { minHeight: `${WAITING_PX}px` };
  return (
    <div ref={ref} class={`tile of-${tile.component} ${definition?.fill ? "fill" : ""}`} style={docked ? {} : { ...placeOf(tile), ...waiting }}>
      {definition === null ? (
        <Explanation title={tile.component} text={`This page asks for a view called “${tile.component}”, which this Bathyscope does not have. Everything else works. Check the name, or update Bathyscope.`} />
      ) : (
        near && <Part definition={definition} session={session} id={tile.id} />
      )}
    </div>
  );
}
