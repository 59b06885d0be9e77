/** One column as a card: its values or ranges, before and after the filter, and how often the network is right in each. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { count, percent, plural, valueText } from "../../draw/format";
import { Failure } from "../../draw/parts";
import type { Column, Value } from "../../hosts/arrow";
import { bucketsOf, type Buckets } from "../../state/buckets";
import type { Scalar } from "../../state/clauses";
import type { Field } from "../../state/fields";
import { every, has } from "../../state/masks";
import type { Context } from "../component";
import { both, countsOf, sourceOf, type Counts } from "./counts";
import { Histogram, bucketWords } from "./histogram";
import type { Relevance } from "./relevance";
import { reason } from "../../hosts/reason";

const TOP = 8;
const MOST = 200;
/** Up to so many samples every view follows while a range is drawn; beyond it, when it is. */
const LIVE = 200_000;

function pickOf(ctx: Context, field: Field, buckets: Buckets): { picked: readonly number[]; pick: (next: readonly number[]) => void } {
  const { filter } = ctx.data;
  const source = sourceOf(ctx.id, field.name);
  const own = filter.clause(source);
  const picked = (own?.enabled ? buckets.picked(own.expr) : null) ?? [];
  return { picked, pick: (next) => filter.set(source, next.length > 0 ? buckets.pick(field.name, next) : null) };
}

interface Line {
  key: number;
  name: string;
  words: string;
  all: number;
  passing: number;
  share: number | null;
  picked: boolean;
  toggle: () => void;
}

function Lines({ name, lines, behind }: { name: string; lines: readonly Line[]; behind: boolean }) {
  const all = useSignal(false);
  const shown = all.value ? lines.slice(0, MOST) : lines.slice(0, lines.length <= TOP + 2 ? TOP + 2 : TOP);
  const most = Math.max(1, ...lines.map((line) => (behind ? line.all : line.passing)));
  const some = lines.some(({ picked }) => picked);
  return (
    <>
      <ul class="rows" aria-label={`Values of ${name}`}>
        {shown.map((line) => (
          <li key={line.key}>
            <button type="button" aria-pressed={line.picked} aria-label={line.words} title={line.words} class={some && !line.picked ? "row faded" : "row"} onClick={line.toggle}>
              <span class="name">{line.name}</span>
              <span class="track">{behind && <i class="grey" style={{ width: `${(100 * line.all) / most}%` }} />}<i class="fill" style={{ width: `${(100 * line.passing) / most}%` }} /></span>
              <span class="num">{count(line.passing)}</span>
              <span class="num share">{line.share === null ? "" : percent(line.share, 0)}</span>
            </button>
          </li>
        ))}
      </ul>
      {lines.length > shown.length && !all.value && <button type="button" class="button quiet" onClick={() => (all.value = true)}>{plural(lines.length - shown.length, "more value")}</button>}
      {all.value && lines.length > MOST && <p class="muted small">{`and ${plural(lines.length - MOST, "more value")}: filter by text to reach them`}</p>}
    </>
  );
}

function Values({ ctx, field, buckets, counts, behind }: { ctx: Context; field: Field; buckets: Buckets; counts: Counts; behind: boolean }) {
  const { picked, pick } = pickOf(ctx, field, buckets);
  const order = Array.from({ length: buckets.size }, (_, i) => i).filter((i) => (counts.all[i] ?? 0) > 0 || picked.includes(i));
  order.sort((a, b) => (counts.all[b] ?? 0) - (counts.all[a] ?? 0) || a - b);
  const toggle = (i: number) => pick(picked.includes(i) ? picked.filter((other) => other !== i) : [...picked, i].sort((a, b) => a - b));
  const lines = order.map((i): Line => ({ key: i, name: buckets.name(i), words: bucketWords(buckets, counts, i), all: counts.all[i] ?? 0, passing: counts.passing[i] ?? 0, share: counts.right(i).value, picked: picked.includes(i), toggle: () => toggle(i) }));
  return <Lines name={field.name} lines={lines} behind={behind} />;
}

function scalarOf(item: Value): Scalar | null {
  return typeof item === "string" || typeof item === "number" || typeof item === "bigint" || typeof item === "boolean" ? item : null;
}

/** How many samples hold each item of a list, before and after the filter. */
export function itemsOf(column: Extract<Column, { kind: "list" }>, within: Uint32Array, passing: Uint32Array): { item: Scalar; all: number; passing: number }[] {
  const found = new Map<Scalar, { item: Scalar; all: number; passing: number }>();
  for (let row = 0; row < column.length; row++) {
    if (!has(within, row)) continue;
    const value = column.at(row);
    if (!Array.isArray(value)) continue;
    for (const item of new Set((value as readonly Value[]).map(scalarOf))) {
      if (item === null) continue;
      const line = found.get(item) ?? { item, all: 0, passing: 0 };
      found.set(item, line);
      line.all++;
      if (has(passing, row)) line.passing++;
    }
  }
  return [...found.values()].sort((a, b) => b.all - a.all);
}

function Items({ ctx, field, column, behind }: { ctx: Context; field: Field; column: Extract<Column, { kind: "list" }>; behind: boolean }) {
  const { filter } = ctx.data;
  const source = sourceOf(ctx.id, field.name);
  const own = filter.clause(source)?.expr;
  const within = filter.within.value;
  const all = every(column.length);
  const items = itemsOf(column, within ?? all, both(filter.mask(source), within) ?? all);
  if (items.length === 0) return <p class="muted small">{field.role === "tags" ? "No sample carries a tag." : "Every list is empty."}</p>;
  const lines = items.map(({ item, all: n, passing }, key): Line => {
    const picked = own?.op === "has" && own.value === item;
    return { key, name: valueText(item), words: `${valueText(item)}: ${count(passing)} of ${count(n)}`, all: n, passing, share: null, picked, toggle: () => filter.set(source, picked ? null : { op: "has", column: field.name, value: item }) };
  });
  return <Lines name={field.name} lines={lines} behind={behind} />;
}

function Missing({ ctx, field, missing, total }: { ctx: Context; field: Field; missing: number; total: number }) {
  const { filter } = ctx.data;
  if (missing === 0) return null;
  const source = sourceOf(ctx.id, field.name);
  const own = filter.clause(source)?.expr.op === "null";
  return (
    <button type="button" class="door missing" aria-pressed={own} title={`${count(missing)} of ${count(total)} say nothing`} onClick={() => filter.set(source, own ? null : { op: "null", column: field.name })}>
      {percent(missing / Math.max(1, total))} missing
    </button>
  );
}

/** "explains the selection: .42", or that it does not. */
function Effect({ of }: { of: Relevance | undefined }) {
  if (!of) return null;
  const measure = of.kind === "numbers" ? "Kolmogorov–Smirnov distance between the selection and the rest" : "Cramér's V of the values against being selected";
  return <small class="effect" title={`${measure}; 0 is no difference beyond chance, 1 tells them apart`}>{of.effect === 0 ? "no difference" : `differs ${of.effect.toFixed(2).replace(/^0/, "")}`}</small>;
}

function Shell({ ctx, field, small, children, missing, total, effect }: { ctx: Context; field: Field; small: string; children: ComponentChildren; missing: number; total: number; effect: Relevance | undefined }) {
  const { filter } = ctx.data;
  const source = sourceOf(ctx.id, field.name);
  return (
    <article class="card" aria-label={field.name}>
      <h3>
        <span class="title" title={field.name}>{field.name || "(no name)"}</span>
        <small>{small}</small>
        <Effect of={effect} />
        <Missing ctx={ctx} field={field} missing={missing} total={total} />
        {filter.clause(source) && <button type="button" class="button quiet reset" aria-label={`Clear the filter on ${field.name}`} onClick={() => filter.set(source, null)}>Clear</button>}
      </h3>
      {children}
    </article>
  );
}

export function Card({ ctx, field, judged, effect }: { ctx: Context; field: Field; judged: boolean; effect: Relevance | undefined }) {
  const { filter } = ctx.data;
  const failed = useSignal<string | null>(null);
  useEffect(() => {
    filter.column(field.name).catch((error: unknown) => (failed.value = reason(error)));
  }, [field.name]);
  const column = filter.at(field.name);
  const behind = ctx.store.showUnfiltered.value;
  if (failed.value !== null && !column) return <article class="card"><Failure what={`${field.name} did not arrive.`} why={failed.value} /></article>;
  if (!column) return <article class="card waiting-card"><h3>{field.name}</h3><p class="muted small">Fetching…</p></article>;
  const shell = { ctx, field, effect };
  if (column.kind === "list") return <Shell {...shell} small="lists" missing={0} total={0}><Items ctx={ctx} field={field} column={column} behind={behind} /></Shell>;
  const buckets = bucketsOf(column);
  if (!buckets) return <Shell {...shell} small="" missing={0} total={0}><p class="muted small">{column.kind === "none" ? "Every value is missing." : `Nothing to count: ${column.kind}.`}</p></Shell>;
  const counts = countsOf(ctx, field.name, buckets, judged && field.name !== "correct");
  const { picked, pick } = pickOf(ctx, field, buckets);
  const total = counts.all.reduce((sum, n) => sum + n, 0);
  const distinct = buckets.kind === "values" ? counts.all.subarray(0, buckets.size).reduce((n, own) => n + Number(own > 0), 0) : null;
  const infinite = counts.all[buckets.size + 1] ?? 0;
  const small = `${distinct !== null ? plural(distinct, "value") : ""}${infinite > 0 ? ` ${count(infinite)} infinite` : ""}`;
  return (
    <Shell {...shell} small={small} missing={counts.all[buckets.size] ?? 0} total={total}>
      {buckets.size === 0 && <p class="muted small">No value to draw.</p>}
      {buckets.size > 0 && buckets.kind === "values" && <Values ctx={ctx} field={field} buckets={buckets} counts={counts} behind={behind} />}
      {buckets.size > 0 && buckets.kind === "ranges" && (
        <>
          <Histogram name={field.name} buckets={buckets} counts={counts} picked={picked} pick={pick} behind={behind} live={column.length <= LIVE} />
          <p class="ends num"><span>{buckets.name(0).split(" to ")[0]}</span><span>{buckets.name(buckets.size - 1).split(" to ").at(-1)}</span></p>
        </>
      )}
    </Shell>
  );
}
