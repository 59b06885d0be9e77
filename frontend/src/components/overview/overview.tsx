import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import css from "./overview.css?inline";
import { count, percent, plural } from "../../draw/format";
import { Failure, Heading } from "../../draw/parts";
import { whereText } from "../../draw/where";
import { bucketsOf, type Buckets } from "../../state/buckets";
import { fieldsOf, type Field } from "../../state/fields";
import { defineComponent, drawn, type Context } from "../component";
import { countsOf, sourceOf, weakest, type Counts } from "./counts";
import { Histogram } from "./histogram";

const TOP = 8;
/** So many columns get a card at once; the others wait for a button. */
const CARDS = 24;

function pickOf(ctx: Context, field: Field, buckets: Buckets): { picked: readonly number[]; pick: (next: readonly number[]) => void } {
  const { filter } = ctx.data;
  const own = filter.clause(sourceOf(field.name));
  const picked = (own?.enabled ? buckets.picked(own.expr) : null) ?? [];
  return { picked, pick: (next) => filter.set(sourceOf(field.name), next.length > 0 ? buckets.pick(field.name, next) : null) };
}

function Values({ ctx, field, buckets, counts }: { ctx: Context; field: Field; buckets: Buckets; counts: Counts }) {
  const all = useSignal(false);
  const { picked, pick } = pickOf(ctx, field, buckets);
  const order = Array.from({ length: buckets.size }, (_, i) => i).filter((i) => (counts.all[i] ?? 0) > 0 || picked.includes(i));
  order.sort((a, b) => (counts.all[b] ?? 0) - (counts.all[a] ?? 0) || a - b);
  const shown = all.value ? order.slice(0, 200) : order.slice(0, order.length <= TOP + 2 ? TOP + 2 : TOP);
  const most = Math.max(1, counts.all[order[0] ?? 0] ?? 1);
  const toggle = (i: number) => pick(picked.includes(i) ? picked.filter((other) => other !== i) : [...picked, i].sort((a, b) => a - b));
  return (
    <>
      <ul class="rows" aria-label={`Values of ${field.name}`}>
        {shown.map((i) => {
          const right = counts.right(i);
          const words = `${buckets.name(i)}: ${count(counts.passing[i] ?? 0)} of ${count(counts.all[i] ?? 0)}${right === null ? "" : `, ${percent(right, 0)} right`}`;
          return (
            <li key={i}>
              <button type="button" aria-pressed={picked.includes(i)} aria-label={words} title={words} class={picked.length > 0 && !picked.includes(i) ? "row faded" : "row"} onClick={() => toggle(i)}>
                <span class="name">{buckets.name(i)}</span>
                <span class="track"><i class="grey" style={{ width: `${(100 * (counts.all[i] ?? 0)) / most}%` }} /><i class="fill" style={{ width: `${(100 * (counts.passing[i] ?? 0)) / most}%` }} /></span>
                <span class="num">{count(counts.passing[i] ?? 0)}</span>
                <span class="num share">{right === null ? "" : percent(right, 0)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {order.length > shown.length && <button type="button" class="button quiet" onClick={() => (all.value = true)}>{plural(order.length - shown.length, "more value")}</button>}
    </>
  );
}

function Missing({ ctx, field, missing, total }: { ctx: Context; field: Field; missing: number; total: number }) {
  const { filter } = ctx.data;
  if (missing === 0) return null;
  const own = filter.clause(sourceOf(field.name))?.expr.op === "null";
  return (
    <button type="button" class="door missing" aria-pressed={own} title={`${count(missing)} of ${count(total)} say nothing`} onClick={() => filter.set(sourceOf(field.name), own ? null : { op: "null", column: field.name })}>
      {percent(missing / Math.max(1, total))} missing
    </button>
  );
}

function Card({ ctx, field, judged }: { ctx: Context; field: Field; judged: boolean }) {
  const { filter } = ctx.data;
  const failed = useSignal<string | null>(null);
  useEffect(() => {
    filter.column(field.name).catch((error: unknown) => (failed.value = error instanceof Error ? error.message : String(error)));
  }, [field.name]);
  const column = filter.at(field.name);
  if (failed.value !== null && !column) return <article class="card"><Failure what={`${field.name} did not arrive.`} why={failed.value} /></article>;
  if (!column) return <article class="card waiting-card"><h3>{field.name}</h3><p class="muted small">Fetching…</p></article>;
  const buckets = bucketsOf(column);
  if (!buckets) return <article class="card"><h3>{field.name}</h3><p class="muted small">{column.kind === "none" ? "Every value is missing." : "Nothing to count: " + column.kind + "."}</p></article>;
  const counts = countsOf(ctx, field.name, buckets, judged && field.name !== "correct");
  const { picked, pick } = pickOf(ctx, field, buckets);
  const total = counts.all.reduce((sum, n) => sum + n, 0);
  const distinct = buckets.kind === "values" ? counts.all.subarray(0, buckets.size).reduce((n, own) => n + Number(own > 0), 0) : null;
  const infinite = counts.all[buckets.size + 1] ?? 0;
  return (
    <article class="card" aria-label={field.name}>
      <h3>
        <span class="title" title={field.name}>{field.name || "(no name)"}</span>
        <small>{distinct !== null ? plural(distinct, "value") : ""}{infinite > 0 ? ` ${count(infinite)} infinite` : ""}</small>
        <Missing ctx={ctx} field={field} missing={counts.all[buckets.size] ?? 0} total={total} />
        {filter.clause(sourceOf(field.name)) && <button type="button" class="button quiet reset" aria-label={`Clear the filter on ${field.name}`} onClick={() => filter.set(sourceOf(field.name), null)}>Clear</button>}
      </h3>
      {buckets.size === 0 && <p class="muted small">No value to draw.</p>}
      {buckets.size > 0 && buckets.kind === "values" && <Values ctx={ctx} field={field} buckets={buckets} counts={counts} />}
      {buckets.size > 0 && buckets.kind === "ranges" && (
        <>
          <Histogram name={field.name} buckets={buckets} counts={counts} picked={picked} pick={pick} />
          <p class="ends num"><span>{buckets.name(0).split(" to ")[0]}</span><span>{buckets.name(buckets.size - 1).split(" to ").at(-1)}</span></p>
        </>
      )}
    </article>
  );
}

/** Where the network is right least often, over every card that is there: the finding this view is titled by. */
function finding(ctx: Context, fields: readonly Field[]): string | null {
  let worst: { text: string; right: number } | null = null;
  for (const { name, role } of fields) {
    const column = role === "model" || role === "split" || role === "label" ? undefined : ctx.data.filter.at(name);
    const buckets = column && bucketsOf(column);
    const found = buckets ? weakest(countsOf(ctx, name, buckets, true), buckets) : null;
    if (found && buckets && (!worst || found.right < worst.right)) worst = { right: found.right, text: `Weakest where ${name} is ${buckets.name(found.bucket)}: ${percent(found.right)} right` };
  }
  return worst?.text ?? null;
}

function Overview({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const more = useSignal(false);
  const share = useSignal(true);
  const recording = store.recording.value;
  const fields = fieldsOf(recording);
  const charted = fields.filter(({ type, role }) => role !== "id" && (type === "category" || type === "bool" || type === "integer" || type === "number" || type === "datetime"));
  const other = fields.filter((field) => !charted.includes(field));
  const judged = share.value && fields.some(({ name, role }) => role === "model" && name === "correct");
  const shown = more.value ? charted : charted.slice(0, CARDS);
  const { passing, total } = data.filter.counts.value;
  return (
    <section aria-label="What is in the data, and where is it weak?">
      <Heading title={(judged ? finding(ctx, shown) : null) ?? "What is in the data?"}
        small={`${whereText(recording, store.split.value, store.checkpoint.value?.name ?? null)}${passing === total ? "" : ` · ${count(passing)} of ${count(total)}`}`}>
        <button type="button" class="button" aria-pressed={share.value} onClick={() => (share.value = !share.value)}>{share.value ? "✓ " : ""}Share right</button>
      </Heading>
      <div class="cards">{shown.map((field) => <Card key={field.name} ctx={ctx} field={field} judged={judged} />)}</div>
      {charted.length > shown.length && <p class="foot"><button type="button" class="button" onClick={() => (more.value = true)}>Show {plural(charted.length - shown.length, "more column")}</button></p>}
      <p class="foot muted small">{judged && <><i class="key-right" aria-hidden="true" /> share right, from none at the foot to all at the top. </>}Grey: before the filter. {other.length > 0 && `Not charted: ${other.map(({ name, type }) => `${name} (${type})`).slice(0, 12).join(", ")}.`}</p>
    </section>
  );
}

export const overview = defineComponent({
  type: "overview",
  title: "What is in the data, and where is it weak?",
  needs: [],
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(Overview),
});
