/** Make or change one filter: by picking a column and its values, or by writing it. Both show the same draft. */
import { useSignal } from "@preact/signals";
import { plural } from "../draw/format";
import { bucketsOf } from "../state/buckets";
import { BAR, columnsOf, isInline, type Clause, type Expr } from "../state/clauses";
import { TextError, parse } from "../state/clause-parser";
import { textOf } from "../state/clause-text";
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

/** The columns that are meant by a text which so far is only the beginning of a name. */
function namedBy(text: string, draft: Read, fields: readonly Field[]): readonly Field[] {
  return "at" in draft && draft.at >= text.trimEnd().length ? fitting(text, fields, ({ name }) => name) : [];
}

/** A filter by more chosen samples than these is not written out. */
const MOST_WRITTEN = 5000;

export function FilterEditor({ session, clause, column = null, anchor, close }: EditorProps) {
  const { filter, store } = session;
  const fields = fieldsOf(store.recording.value);
  const first = clause ? columnsOf(clause.expr) : [];
  const text = useSignal(clause && isInline(clause.expr, MOST_WRITTEN) ? textOf(clause.expr) : "");
  const picked = useSignal<string | null>(first.length === 1 ? (first[0] ?? null) : column);
  const ref = usePlace(() => anchor, close);
  const draft = read(text.value);
  const expr = "expr" in draft ? draft.expr : null;
  const found = expr ? filter.count(expr) : null;
  const field = fields.find(({ name }) => name === picked.value);
  const named = field ? [] : namedBy(text.value, draft, fields);
  const pick = (name: string) => {
    picked.value = name;
    if (!expr) text.value = "";
    ref.current?.querySelector<HTMLElement>(".text")?.focus();
  };
  const apply = () => {
    if (named[0]) return pick(named[0].name);
    if (!expr || (found && "failed" in found)) return;
    if (clause) filter.change(clause.id, { expr, label: null, enabled: true });
    else filter.add(expr, BAR);
    close();
  };
  const message = named[0] ? null : "message" in draft ? draft.message : found && "failed" in found ? found.failed : null;
  return (
    <div ref={ref} class="popover" role="dialog" aria-label={clause ? "Edit filter" : "Add a filter"}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}>
      <form onSubmit={(event) => { event.preventDefault(); apply(); }}>
        <input class="field text" type="text" aria-label="Filter as text" spellcheck={false} autocomplete="off" placeholder={'label = "…" and confidence < 0.5'} value={text.value}
          aria-invalid={message !== null} aria-describedby="filter-draft" onInput={(event) => (text.value = event.currentTarget.value)} />
        <p id="filter-draft" class="draft" role="status">
          {message !== null && "at" in draft && <code aria-hidden="true">{text.value.slice(Math.max(0, draft.at - 24), draft.at)}<mark>{text.value.slice(draft.at, draft.at + 12) || "▏"}</mark></code>}
          {message !== null ? <span class="warning">{"at" in draft ? `At ${draft.at + 1}: ` : ""}{message}</span>
            : found && "count" in found ? `${found.count.toLocaleString("en-GB")} of ${filter.counts.value.total.toLocaleString("en-GB")} match`
              : found ? "Counting…" : named[0] ? `Enter picks ${named[0].name}; or write on, such as “= …”.` : "Pick a column, or write a filter."}
        </p>
        {!field && (
          <ul class="columns" aria-label="Columns">
            {(named[0] ? named : fields).map((one) => (
              <li key={one.name}>
                <button type="button" class={one === named[0] ? "on" : ""} onClick={() => pick(one.name)}>
                  <span class="value-name">{one.name || "(no name)"}</span> <span class="muted small">{one.role === "model" ? "at the checkpoint" : one.role === "course" ? "over the training" : one.role === "metadata" ? one.type : one.role}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {field && (
          <section class="visual" aria-label={field.name}>
            <button type="button" class="link" onClick={() => (picked.value = null)}>‹ all columns</button> <b>{field.name}</b>
            <Visual session={session} field={field} draft={expr} write={(next) => (text.value = next ? textOf(next) : "")} />
          </section>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class="button primary" disabled={(!expr && !named[0]) || message !== null}>{clause ? "Change filter" : "Filter"}</button>
        </div>
      </form>
    </div>
  );
}
