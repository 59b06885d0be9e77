/** What stands in the frame of a view: the component, or several side by side, and in a line above what concerns them. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { componentOf, componentsFor } from "../components/all";
import { Explanation, Failure, Waiting } from "../draw/parts";
import { count } from "../draw/format";
import { Part } from "../shell/tile";
import { Jobs } from "../shell/status";
import { clauseWords } from "../state/clauses";
import type { Tile } from "../state/layout";
import type { Session } from "../state/session";
import type { NotebookHub } from "./hub";

function Lost({ hub }: { hub: NotebookHub }) {
  const connection = hub.connection.value;
  if (connection.state !== "lost") return null;
  return (
    <div class="strip lost" role="status">
      <span class="words">{connection.reason}</span>
      {Number.isFinite(connection.retryAt) && <button type="button" class="link" onClick={() => hub.host.reconnect()}>Ask again</button>}
    </div>
  );
}

/** What is filtered is said in every view, for there may be no other place that says it. */
function Filtered({ session }: { session: Session }) {
  const active = session.store.clauses.value.filter(({ enabled }) => enabled);
  if (active.length === 0) return null;
  const { passing, total } = session.filter.counts.value;
  const failed = active.map(({ id }) => session.filter.failed.get(id)).find((why) => why !== undefined);
  const words = active.map(clauseWords).join(" and ");
  return (
    <div class={`strip filtered ${failed ? "failed" : ""}`} role="status">
      <span class="words" title={failed ?? words}>{failed ?? words}</span>
      <span class="num muted">{count(passing)} of {count(total)}</span>
      <button type="button" class="link" onClick={() => session.filter.clear()}>Clear filter</button>
    </div>
  );
}

function Notices({ session }: { session: Session }) {
  const { notices, jobs } = session.store;
  return (
    <>
      {jobs.value.length > 0 && <div class="strip"><Jobs session={session} /></div>}
      {notices.value.map((text) => (
        <div key={text} class="strip notice" role="status">
          <span class="words">{text}</span>
          <button type="button" class="link" onClick={() => (notices.value = notices.value.filter((other) => other !== text))}>Dismiss</button>
        </div>
      ))}
    </>
  );
}

function One({ tile, session, shown }: { tile: Tile; session: Session; shown: boolean }) {
  const definition = componentOf(tile.component);
  return (
    <div class={`tile ${definition?.fill ? "fill" : ""}`}>
      {definition === null ? (
        <Explanation title={tile.component} text={`There is no view called “${tile.component}”. Views: ${componentsFor(session.store.recording.value).map(({ type }) => type).join(", ")}.`} />
      ) : (
        shown && <Part definition={definition} session={session} id={tile.id} />
      )}
    </div>
  );
}

/** Far outside the window a view is not drawn, and one that left it gives way when there are many. */
function useShown(hub: NotebookHub, of: { current: HTMLElement | null }): boolean {
  const shown = useSignal(typeof IntersectionObserver === "undefined");
  useEffect(() => {
    const element = of.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const place = hub.places.enter((show) => (shown.value = show));
    const observer = new IntersectionObserver((seen) => place.seen(seen.at(-1)?.isIntersecting ?? false), { rootMargin: "400px" });
    observer.observe(element);
    return () => {
      observer.disconnect();
      place.leave();
    };
  }, []);
  return shown.value;
}

export function View({ hub, tiles, leading }: { hub: NotebookHub; tiles: readonly Tile[]; leading: ReadonlySignal<boolean> }) {
  const ref = useRef<HTMLDivElement>(null);
  const shown = useShown(hub, ref);
  const session = hub.session.value;
  const failed = hub.failed.value;
  return (
    <>
      <Lost hub={hub} />
      {session && <Filtered session={session} />}
      {session && leading.value && <Notices session={session} />}
      <div ref={ref} class={`content ${tiles.length > 1 ? "several" : ""}`}>
        {session ? (
          tiles.map((tile) => <One key={tile.id} tile={tile} session={session} shown={shown} />)
        ) : failed !== null ? (
          <Failure what="The recording could not be opened." why={failed} retry={() => void hub.open()} />
        ) : (
          <Waiting what="Opening the recording" />
        )}
      </div>
    </>
  );
}
