/** Make or change one filter: by picking a column and its values, or by writing it. Both show the same draft. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { plural } from "../draw/format";
import { bucketsOf } from "../state/buckets";
import type { Column } from "../hosts/arrow";
import { BAR, columnsOf, isInline, type Clause, type Expr, type Scalar } from "../state/clauses";
import { TextError, parse, wantedAt } from "../state/clause-parser";
import { columnText, scalarText, textOf } from "../state/clause-text";
import { fieldsOf, type Field } from "../state/fields";
import { countBy } from "../state/masks";
import type { Session } from "../state/session";
import { found as fitting } from "./fuzzy";
import { usePlace } from "./popover";

type Read = { expr: Expr } | { empty: true } | { at: number; message: string };

export function read(text: string): Read {
  if (text.trim() === "") return { empty: true };
  try {
    return { expr: parse(text) };
  } catch (error) {
    if (error instanceof TextError) return { at: error.position, message: error.message };
    throw error;
  }
}

const MOST_VALUES = 60;

function Values({ session, field, draft, write }: { session: Session; field: Field; draft: Expr | null; write: (expr: Expr | null) => void }) {
  const search = useSignal("");
  const column = session.filter.at(field.name);
  if (!column) return <p class="muted">Fetching {field.name}…</p>;
  const buckets = bucketsOf(column);
  if (!buckets || buckets.kind === "ranges") return null;
  const counts = countBy(buckets.codes, buckets.size + 2, session.filter.within.value);
  const chosen = (draft && "column" in draft && draft.column === field.name ? buckets.picked(draft) : null) ?? [];
  const all = Array.from({ length: buckets.size }, (_, i) => i).filter((i) => buckets.name(i).toLowerCase().includes(search.value.toLowerCase()));
  const shown = all.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b).slice(0, MOST_VALUES);
  return (
    <>
      {buckets.size > 12 && <input type="search" class="field" aria-label={`Search the values of ${field.name}`} placeholder="Search values" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />}
      <ul class="values" aria-label={`Values of ${field.name}`}>
        {shown.map((i) => (
          <li key={i}>
            <label>
              <input type="checkbox" checked={chosen.includes(i)} onChange={() => {
                const next = chosen.includes(i) ? chosen.filter((other) => other !== i) : [...chosen, i].sort((a, b) => a - b);
                write(next.length > 0 ? buckets.pick(field.name, next) : null);
              }} />
              <span class="value-name">{buckets.name(i)}</span>
              <span class="num muted">{(counts[i] ?? 0).toLocaleString("en-GB")}</span>
            </label>
          </li>
        ))}
      </ul>
      {all.length > shown.length && <p class="muted small">{plural(all.length - shown.length, "more value")}: search for them.</p>}
    </>
  );
}

function Range({ session, field, draft, write }: { session: Session; field: Field; draft: Expr | null; write: (expr: Expr | null) => void }) {
  const column = session.filter.at(field.name);
  if (!column) return <p class="muted">Fetching {field.name}…</p>;
  const buckets = bucketsOf(column);
  const counts = buckets ? countBy(buckets.codes, buckets.size + 2, session.filter.within.value).subarray(0, buckets.size) : new Uint32Array(0);
  const most = Math.max(1, ...counts);
  const own = draft?.op === "range" && draft.column === field.name ? draft : null;
  const chosen = buckets && own ? (buckets.picked(own) ?? []) : [];
  const time = field.type === "datetime";
  const edit = (end: "low" | "high", text: string) => {
    const value = text.trim() === "" ? null : time ? text : /^-?\d{16,}$/.test(text.trim()) ? BigInt(text.trim()) : Number(text);
    if (typeof value === "number" && Number.isNaN(value)) return;
    const next = { op: "range" as const, column: field.name, low: own?.low ?? null, high: own?.high ?? null, ends: own?.ends ?? ("[]" as const), [end]: value };
    write(next.low === null && next.high === null ? null : next);
  };
  const shown = (value: unknown) => (value === null || value === undefined ? "" : String(value));
  return (
    <>
      <svg class="mini" viewBox={`0 0 ${Math.max(1, counts.length)} 40`} preserveAspectRatio="none" aria-hidden="true">
        {[...counts].map((n, i) => (
          <rect key={i} x={i + 0.05} width={0.9} y={40 - (38 * n) / most} height={(38 * n) / most} fill={own && !chosen.includes(i) ? "var(--line-2)" : "var(--accent)"} />
        ))}
      </svg>
      <div class="ends">
        <label>from <input class="field" type={time ? "text" : "number"} step="any" placeholder={buckets && buckets.size > 0 ? buckets.name(0).split(" to ")[0] : ""} value={shown(own?.low)} onInput={(event) => edit("low", event.currentTarget.value)} /></label>
        <label>to <input class="field" type={time ? "text" : "number"} step="any" placeholder={buckets && buckets.size > 0 ? buckets.name(buckets.size - 1).split(" to ").at(-1) : ""} value={shown(own?.high)} onInput={(event) => edit("high", event.currentTarget.value)} /></label>
      </div>
    </>
  );
}

function Visual(props: { session: Session; field: Field; draft: Expr | null; write: (expr: Expr | null) => void }) {
  const { field, draft, write } = props;
  if (field.type === "integer" || field.type === "number" || field.type === "datetime") return <Range {...props} />;
  if (field.type === "category" || field.type === "bool") return <Values {...props} />;
  const list = field.type === "list";
  const now = draft && (draft.op === "contains" || draft.op === "has") && draft.column === field.name ? String(draft.op === "has" ? draft.value : draft.text) : "";
  return (
    <label class="ends">{list ? "has" : "contains"}
      <input class="field" type="text" aria-label={`${field.name} ${list ? "has" : "contains"}`} value={now} onInput={(event) => {
        const text = event.currentTarget.value;
        write(text === "" ? null : list ? { op: "has", column: field.name, value: text } : { op: "contains", column: field.name, text });
      }} />
    </label>
  );
}

interface EditorProps {
  session: Session;
  /** The one to change; null makes a new one. */
  clause: Clause | null;
  /** The column a new one begins with. */
  column?: string | null;
  anchor: HTMLElement;
  close: () => void;
}

/** A way to go on with a text. */
interface Offer {
  name: string;
  kind: string;
  /** What is written then. */
  text: string;
  /** The column whose values are then picked; null where the text goes on. */
  column: string | null;
}

function kindOf({ role, type }: Field): string {
  return role === "model" ? "at the checkpoint" : role === "course" ? "over the training" : role === "metadata" ? type : role;
}

function valuesOf(column: Column | undefined): readonly Scalar[] {
  return column?.kind === "category" ? column.values : column?.kind === "bool" ? [true, false] : [];
}

/** Columns, or values of a column, whose names fit what stands at the end of a text. */
function offersFor(text: string, fields: readonly Field[], columnAt: (name: string) => Column | undefined): readonly Offer[] {
  const wanted = text.trim() === "" ? null : wantedAt(text);
  if (!wanted) return [];
  const { before, begun, wants } = wanted;
  if (wants.kind === "column") {
    return fitting(begun, fields, ({ name }) => name).map((field) => ({ name: field.name, kind: kindOf(field), text: `${before}${columnText(field.name)} `, column: before.trim() === "" ? field.name : null }));
  }
  if (!fields.some(({ name }) => name === wants.column)) return [];
  const values = fitting(begun, valuesOf(columnAt(wants.column)), String).filter((value) => String(value) !== begun);
  return values.slice(0, MOST_VALUES).map((value) => ({ name: String(value), kind: wants.column, text: `${before}${scalarText(value)}`, column: null }));
}

/** A filter by more chosen samples than these is not written out. */
const MOST_WRITTEN = 5000;

function Listed({ of, lit, take }: { of: readonly Offer[]; lit: number | null; take: (offer: Offer) => void }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector(".on")?.scrollIntoView?.({ block: "nearest" }), [lit]);
  return (
    <ul ref={list} class="columns" aria-label="Ways to go on">
      {of.map((offer, place) => (
        <li key={offer.name}>
          <button type="button" class={place === lit ? "on" : ""} onClick={() => take(offer)}>
            <span class="value-name">{offer.name || "(no name)"}</span> <span class="muted small">{offer.kind}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What the draft would do, or where it stops making sense; a text that is not finished yet is no mistake. */
function Draft({ text, draft, found, total, lit }: { text: string; draft: Read; found: ReturnType<Session["filter"]["count"]> | null; total: number; lit: Offer | null }) {
  if (lit) return <>{lit.column === null ? `Enter writes ${lit.name}, ↑ ↓ choose another.` : `Enter picks ${lit.name}; or write on, such as “= …”.`}</>;
  if ("message" in draft) {
    return (
      <>
        <code aria-hidden="true">{text.slice(Math.max(0, draft.at - 24), draft.at)}<mark>{text.slice(draft.at, draft.at + 12) || "▏"}</mark></code>
        <span class={unfinished(text, draft) ? "" : "warning"}>{`At ${draft.at + 1}: ${draft.message}`}</span>
      </>
    );
  }
  if (found && "failed" in found) return <span class="warning">{found.failed}</span>;
  if (found && "count" in found) return <>{`${found.count.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")} match`}</>;
  return <>{found ? "Counting…" : "Pick a column, or write a filter."}</>;
}

function unfinished(text: string, draft: Read): boolean {
  return "at" in draft && draft.at >= text.trimEnd().length;
}

export function FilterEditor({ session, clause, column = null, anchor, close }: EditorProps) {
  const { filter, store } = session;
  const fields = fieldsOf(store.recording.value);
  const first = clause ? columnsOf(clause.expr) : [];
  const text = useSignal(clause && isInline(clause.expr, MOST_WRITTEN) ? textOf(clause.expr) : "");
  const picked = useSignal<string | null>(first.length === 1 ? (first[0] ?? null) : column);
  const chosen = useSignal<number | null>(null);
  const ref = usePlace(() => anchor, close);
  const draft = read(text.value);
  const expr = "expr" in draft ? draft.expr : null;
  const found = expr ? filter.count(expr) : null;
  const field = fields.find(({ name }) => name === picked.value);
  const offers = offersFor(text.value, fields, (name) => filter.at(name));
  // What can be applied is applied by Enter; what cannot is completed by it.
  const lit = offers.length === 0 ? null : (chosen.value ?? (expr ? null : 0));
  const write = (next: string) => {
    text.value = next;
    chosen.value = null;
  };
  const take = (offer: Offer) => {
    if (offer.column !== null) picked.value = offer.column;
    write(offer.column === null ? offer.text : expr ? text.value : "");
    ref.current?.querySelector<HTMLElement>(".text")?.focus();
  };
  const apply = () => {
    if (!expr || (found && "failed" in found)) return;
    if (clause) filter.change(clause.id, { expr, label: null, enabled: true });
    else filter.add(expr, BAR);
    close();
  };
  const wrong = lit === null && (("message" in draft && !unfinished(text.value, draft)) || (found !== null && "failed" in found));
  const all = fields.map((one): Offer => ({ name: one.name, kind: kindOf(one), text: "", column: one.name }));
  return (
    <div ref={ref} class="popover" role="dialog" aria-label={clause ? "Edit filter" : "Add a filter"}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}>
      <form onSubmit={(event) => { event.preventDefault(); apply(); }}>
        <input class="field text" type="text" aria-label="Filter as text" spellcheck={false} autocomplete="off" placeholder={'label = "…" and confidence < 0.5'} value={text.value}
          aria-invalid={wrong} aria-describedby="filter-draft" onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            const offer = lit === null ? undefined : offers[lit];
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (event.isComposing || offers.length === 0 || (step === undefined && !(event.key === "Enter" && offer))) return;
            event.preventDefault();
            if (step === undefined) return offer && take(offer);
            chosen.value = lit === null ? (step > 0 ? 0 : offers.length - 1) : (lit + step + offers.length) % offers.length;
          }} />
        <p id="filter-draft" class="draft" role="status"><Draft text={text.value} draft={draft} found={found} total={filter.counts.value.total} lit={lit === null ? null : (offers[lit] ?? null)} /></p>
        {offers.length > 0 && <Listed of={offers} lit={lit} take={take} />}
        {offers.length === 0 && !field && <Listed of={all} lit={null} take={take} />}
        {offers.length === 0 && field && (
          <section class="visual" aria-label={field.name}>
            <button type="button" class="link" onClick={() => (picked.value = null)}>‹ all columns</button> <b>{field.name}</b>
            <Visual session={session} field={field} draft={expr} write={(next) => write(next ? textOf(next) : "")} />
          </section>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class="button primary" disabled={!expr || wrong}>{clause ? "Change filter" : "Filter"}</button>
        </div>
      </form>
    </div>
  );
}
