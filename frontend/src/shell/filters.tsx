/** The filter row: a chip for every clause, and what adds one. */
import { useSignal } from "@preact/signals";
import { count } from "../draw/format";
import { clauseWords, type Clause } from "../state/clauses";
import { textOf } from "../state/clause-text";
import type { Session } from "../state/session";
import { FilterEditor } from "./filter-editor";

function Chip({ session, clause, edit }: { session: Session; clause: Clause; edit: (anchor: HTMLElement) => void }) {
  const { filter } = session;
  const words = clauseWords(clause);
  const failed = filter.failed.get(clause.id);
  return (
    <span class={`chip ${clause.enabled ? "" : "off"} ${failed ? "failed" : ""}`} role="group" aria-label={`Filter ${words}`}>
      <input type="checkbox" aria-label={`Apply filter ${words}`} title={clause.enabled ? "Switch off, keep for later" : "Switch on"} checked={clause.enabled}
        onChange={(event) => filter.change(clause.id, { enabled: event.currentTarget.checked })} />
      <button type="button" class="chip-words" aria-label={`Edit filter ${words}`} title={failed ?? textOf(clause.expr).slice(0, 300)} onClick={(event) => edit(event.currentTarget)}>
        {failed && <b class="warning">does not apply: </b>}
        {words}
      </button>
      <button type="button" class="chip-gone" aria-label={`Remove filter ${words}`} title="Remove" onClick={() => filter.remove(clause.id)}>×</button>
    </span>
  );
}

export function Filters({ session }: { session: Session }) {
  const { store } = session;
  const open = useSignal<{ clause: Clause | null; anchor: HTMLElement } | null>(null);
  const clauses = store.clauses.value;
  return (
    <>
      <div class="filters" role="group" aria-label="Filters">
        {clauses.map((clause) => <Chip key={clause.id} session={session} clause={clause} edit={(anchor) => (open.value = { clause, anchor })} />)}
        <button type="button" class="button quiet add" aria-haspopup="dialog" aria-expanded={open.value !== null && open.value.clause === null} aria-label="Add a filter"
          onClick={(event) => (open.value = open.value ? null : { clause: null, anchor: event.currentTarget })}>+ filter</button>
        {clauses.length > 1 && <button type="button" class="button quiet add" onClick={() => session.filter.clear()}>Clear all</button>}
      </div>
      {open.value && (
        <FilterEditor key={open.value.clause?.id ?? "new"} session={session} clause={open.value.clause} anchor={open.value.anchor} close={() => {
          const anchor = open.value?.anchor;
          open.value = null;
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
      {filtered ? <><b class="passing">{count(passing)}</b> of {count(total)}</> : total === nSamples ? `${count(total)} samples` : `${count(total)} of ${count(nSamples)} samples`}
    </span>
  );
}
