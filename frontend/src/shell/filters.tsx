/** The filter row: a chip for every clause, and what adds one. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, plural } from "../draw/format";
import { clauseWords, isInline, type Clause } from "../state/clauses";
import { textOf } from "../state/clause-text";
import type { Session } from "../state/session";
import { FilterEditor } from "./filter-editor";
import type { Shell } from "./shell";

function Chip({ session, clause, edit }: { session: Session; clause: Clause; edit: (anchor: HTMLElement) => void }) {
  const { filter } = session;
  const words = clauseWords(clause);
  const failed = filter.failed.get(clause.id);
  return (
    <span class={`chip ${clause.enabled ? "" : "off"} ${failed ? "failed" : ""}`} role="group" aria-label={`Filter ${words}`}>
      <input type="checkbox" aria-label={`Apply filter ${words}`} title={clause.enabled ? "Switch off, keep for later" : "Switch on"} checked={clause.enabled}
        onChange={(event) => filter.change(clause.id, { enabled: event.currentTarget.checked })} />
      <button type="button" class="chip-words" aria-label={`Edit filter ${words}`} title={failed ?? (isInline(clause.expr) ? textOf(clause.expr).slice(0, 300) : words)} onClick={(event) => edit(event.currentTarget)}>
        {failed && <b class="warning">does not apply: </b>}
        {words}
      </button>
      <button type="button" class="chip-gone" aria-label={`Remove filter ${words}`} title="Remove" onClick={() => filter.remove(clause.id)}>×</button>
    </span>
  );
}

export function Filters({ shell }: { shell: Shell }) {
  const { session, popup } = shell;
  const { store } = session;
  const open = useSignal<{ clause: Clause | null; anchor: HTMLElement; column?: string } | null>(null);
  const add = useRef<HTMLButtonElement>(null);
  const clauses = store.clauses.value;
  const asked = popup.value?.of === "filter" ? popup.value : null;
  // Asked for by a key or the palette; closed by them too.
  useLayoutEffect(() => {
    if (asked && add.current) open.value = { clause: null, anchor: add.current, ...(asked.column === null ? {} : { column: asked.column }) };
    else if (!asked && open.peek() && open.peek()?.clause === null) open.value = null;
  }, [asked]);
  return (
    <>
      <div class="filters" role="group" aria-label="Filters">
        {clauses.map((clause) => <Chip key={clause.id} session={session} clause={clause} edit={(anchor) => (open.value = { clause, anchor })} />)}
        <button type="button" class="button quiet add" aria-haspopup="dialog" aria-expanded={open.value !== null && open.value.clause === null} aria-label="Add a filter"
          ref={add} title="Add a filter (/)" onClick={() => (popup.value = asked ? null : { of: "filter", column: null })}>+ filter</button>
        {clauses.length > 1 && <button type="button" class="button quiet add" onClick={() => session.filter.clear()}>Clear all</button>}
      </div>
      {open.value && (
        <FilterEditor key={open.value.clause?.id ?? `new ${open.value.column ?? ""}`} session={session} clause={open.value.clause} column={open.value.column ?? null} anchor={open.value.anchor} close={() => {
          const anchor = open.value?.anchor;
          open.value = null;
          if (popup.value?.of === "filter") popup.value = null;
          if (anchor?.isConnected) anchor.focus();
        }} />
      )}
    </>
  );
}

/** "412 of 6,000", or just how many there are. */
export function Counted({ session }: { session: Session }) {
  const { passing, total } = session.filter.counts.value;
  const { nSamples } = session.store.recording.value;
  const filtered = session.filter.mask() !== null;
  return (
    <span class="num muted counted" aria-label={filtered ? `${count(passing)} of ${count(total)} samples pass the filter` : undefined}>
      {session.filter.pending ? "… " : ""}
      {filtered ? <><b class="passing">{count(passing)}</b> of {count(total)}</> : total === nSamples ? plural(total, "sample") : `${count(total)} of ${count(nSamples)} samples`}
    </span>
  );
}
