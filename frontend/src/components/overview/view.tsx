import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, percent, plural } from "../../draw/format";
import { Heading } from "../../draw/parts";
import { whereText } from "../../draw/where";
import { bucketsOf } from "../../state/buckets";
import { chosen } from "../../state/chosen";
import { fieldsOf, type Field } from "../../state/fields";
import { and, every, fromRows } from "../../state/masks";
import type { Context } from "../component";
import { Card } from "./card";
import { countsOf, weakest } from "./counts";
import { relevanceOf, type Relevance } from "./relevance";
import css from "./overview.css?inline";

export const styles = css;

const WHAT = "What is in the data?";
/** So many cards are drawn at once; the others when they come near the window. */
const EARLY = 16;
const AHEAD = "300px";
/** Above so many columns a field to search them is offered. */
const SEARCHED = 12;
const CHARTED = new Set(["category", "bool", "integer", "number", "datetime", "list"]);

/** Up to so many cards stay once they were seen. */
const KEPT = 60;

/** A card far from the window is an empty box: of two thousand columns only those in sight are fetched and counted. */
function Near({ field, early, keep, children }: { field: Field; early: boolean; keep: boolean; children: () => preact.ComponentChildren }) {
  const near = useSignal(early || typeof IntersectionObserver === "undefined");
  const height = useRef(150);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!ref.current || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((seen) => {
      const last = seen.at(-1);
      if (!last) return;
      if (near.value && last.boundingClientRect.height > 0) height.current = last.boundingClientRect.height;
      near.value = last.isIntersecting || (keep && near.value);
    }, { rootMargin: AHEAD });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={ref} class="place" style={near.value ? {} : { height: `${height.current}px` }}>{near.value ? children() : <span class="unseen">{field.name}</span>}</div>;
}

/** Where the network is clearly weaker, over every card that is there: the finding this view is titled by. */
function finding(ctx: Context, fields: readonly Field[]): string {
  const cards = fields.flatMap(({ name, role, type }) => {
    const column = role === "model" || role === "split" || role === "label" || type === "list" ? undefined : ctx.data.filter.at(name);
    const buckets = column && bucketsOf(column);
    return buckets ? [{ name, buckets, counts: countsOf(ctx, name, buckets, true) }] : [];
  });
  const found = weakest(cards);
  if (!found) return cards.length > 0 && ctx.data.filter.at("correct") ? "No value of a column is clearly weaker" : WHAT;
  return `Weakest where ${found.card.name} is ${found.card.buckets.name(found.bucket)}: ${percent(found.right)} right`;
}

/** The effect of every column, worked out one after the other so that the page stays quick. */
function useRelevance(ctx: Context, fields: readonly Field[], wanted: boolean): ReadonlyMap<string, Relevance> {
  const { filter } = ctx.data;
  const rows = chosen(ctx.store);
  const within = filter.within.value;
  const [found, setFound] = useState<ReadonlyMap<string, Relevance>>(new Map());
  const names = fields.map(({ name }) => name);
  const n = ctx.store.recording.value.nSamples;
  useEffect(() => {
    setFound(new Map());
    if (!wanted || rows.length === 0) return;
    let gone = false;
    const selected = fromRows(rows, n);
    const all = within ?? every(n);
    const work = async () => {
      const effects = new Map<string, Relevance>();
      for (const name of names) {
        const column = await filter.column(name).catch(() => null);
        await new Promise((resolve) => setTimeout(resolve));
        if (gone) return;
        if (column) effects.set(name, relevanceOf(column, and(selected.slice(), all), all));
      }
      setFound(effects);
    };
    void work();
    return () => {
      gone = true;
    };
  }, [wanted, rows, within, n, names.join("\u0000")]);
  return found;
}

type Order = "recorded" | "name" | "relevance";

function arranged(fields: readonly Field[], order: Order, effects: ReadonlyMap<string, Relevance>): readonly Field[] {
  if (order === "name") return [...fields].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  if (order === "relevance") return [...fields].sort((a, b) => (effects.get(b.name)?.effect ?? -1) - (effects.get(a.name)?.effect ?? -1));
  return fields;
}

function titleOf(ctx: Context, charted: readonly Field[], effects: ReadonlyMap<string, Relevance>, judged: boolean): string {
  const [first] = [...effects].sort((a, b) => b[1].effect - a[1].effect);
  if (first) return first[1].effect > 0 ? `The selection differs most in ${first[0]}` : "The selection differs from the rest in nothing that is recorded";
  return judged ? finding(ctx, charted.slice(0, EARLY)) : WHAT;
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const search = useSignal("");
  const recording = store.recording.value;
  const options = ctx.options.value;
  const order = options["order"] as Order;
  const names = options["columns"] as readonly string[];
  const fields = useMemo(() => fieldsOf(recording), [recording]);
  // What an analysis would have to be run for is shown to those who ask for it by name.
  const offered = fields.filter(({ name, type, role }) => role !== "id" && (role !== "course" || names.includes(name)) && CHARTED.has(type) && (role !== "tags" || data.tags.rows.value.size > 0) && (names.length === 0 || names.includes(name)));
  const other = fields.filter((field) => field.role !== "id" && field.role !== "tags" && !CHARTED.has(field.type));
  const effects = useRelevance(ctx, offered, order === "relevance");
  const wanted = search.value.trim().toLowerCase();
  const charted = arranged(offered, order, effects).filter(({ name }) => name.toLowerCase().includes(wanted));
  const judged = options["share"] === true && fields.some(({ name, role }) => role === "model" && name === "correct");
  const { passing, total } = data.filter.counts.value;
  const picked = chosen(store).length;
  return (
    <section aria-label="What is in the data, and where is it weak?">
      <Heading title={titleOf(ctx, charted, effects, judged)}
        small={`${whereText(recording, store.split.value, store.checkpoint.value?.name ?? null)}${passing === total ? "" : ` · ${count(passing)} of ${count(total)}`}`}>
        {offered.length > SEARCHED && <input type="search" aria-label="Search the columns" placeholder={`Search ${plural(offered.length, "column")}`} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />}
        <select aria-label="Order of the columns" value={order} onChange={(event) => ctx.set({ order: event.currentTarget.value })}>
          <option value="recorded">As recorded</option>
          <option value="name">By name</option>
          <option value="relevance">{picked > 0 ? `What sets the ${count(picked)} selected apart` : "What sets a selection apart"}</option>
        </select>
        <button type="button" class="button" aria-pressed={judged} onClick={() => ctx.set({ share: options["share"] !== true })}>{options["share"] === true ? "✓ " : ""}Share right</button>
      </Heading>
      {order === "relevance" && picked === 0 && <p class="foot muted">Select samples in any view: the columns in which they differ most from the rest come first.</p>}
      {charted.length === 0 && <p class="foot muted">{wanted ? `No column is called “${search.value.trim()}”.` : "No column can be counted."}</p>}
      <div class="cards">
        {charted.map((field, i) => <Near key={field.name} field={field} early={i < EARLY} keep={charted.length <= KEPT}>{() => <Card ctx={ctx} field={field} judged={judged} effect={effects.get(field.name)} />}</Near>)}
      </div>
      <p class="foot muted small">
        {judged && <><i class="key-right" aria-hidden="true" /> share right with its 95 % interval, from none at the foot to all at the top. </>}
        {store.showUnfiltered.value && "Grey: before the filter. "}
        {other.length > 0 && `Not charted: ${other.map(({ name, type }) => `${name} (${type})`).slice(0, 12).join(", ")}.`}
      </p>
    </section>
  );
}
