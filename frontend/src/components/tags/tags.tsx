import { useSignal } from "@preact/signals";
import css from "./tags.css?inline";
import { count, plural } from "../../draw/format";
import { Door, Heading } from "../../draw/parts";
import { splitText } from "../../draw/where";
import { chosen, pickRows } from "../../state/chosen";
import type { Expr } from "../../state/clauses";
import { whyNotDecide } from "../../state/deeds";
import { fromRows, has, keep, none, or, popcount } from "../../state/masks";
import { applyTag, tagsField } from "../../state/tags";
import { defineComponent, drawn, type Context } from "../component";

/** What of a tag the picked samples carry, and what they lack. */
export function divided(tagged: Uint32Array, picked: Uint32Array, n: number): { on: Uint32Array; off: Uint32Array } {
  const own = fromRows(tagged, n);
  return { on: picked.filter((row) => has(own, row)), off: picked.filter((row) => !has(own, row)) };
}

/** A word and a button that says how many samples it is for. */
export function TagForm({ ctx, rows }: { ctx: Pick<Context, "data" | "id">; rows: Uint32Array }) {
  const text = useSignal("");
  const busy = useSignal(false);
  const why = whyNotDecide(ctx.data);
  const list = `tags-of-${ctx.id}`;
  const save = async () => {
    busy.value = true;
    if (await applyTag(ctx.data, text.peek(), rows)) text.value = "";
    busy.value = false;
  };
  return (
    <form class="add" onSubmit={(event) => {
      event.preventDefault();
      void save();
    }}>
      <input type="text" aria-label="Tag" list={list} autocomplete="off" placeholder={rows.length > 0 ? "A word for these samples" : "Pick samples first"} value={text.value} disabled={why !== null} onInput={(event) => (text.value = event.currentTarget.value)} />
      <datalist id={list}>{[...ctx.data.tags.rows.value.keys()].map((tag) => <option key={tag} value={tag} />)}</datalist>
      <button type="submit" class="button" disabled={busy.value || why !== null || rows.length === 0 || text.value.trim() === ""} title={why ?? ""}>{`Tag ${count(rows.length)} selected`}</button>
    </form>
  );
}

function Row({ ctx, tag, rows, picked }: { ctx: Context; tag: string; rows: Uint32Array; picked: Uint32Array }) {
  const { data, store, id } = ctx;
  const within = data.filter.within.value;
  const here = keep(rows, within);
  const { on, off } = divided(rows, picked, store.recording.value.nSamples);
  const field = tagsField(store.recording.value);
  const source = `${id}/${tag}`;
  const expr: Expr = { op: "has", column: field, value: tag };
  const filtered = data.filter.clause(source)?.enabled === true;
  const mayNot = whyNotDecide(data) !== null;
  return (
    <li>
      <span class="name" title={tag}>{tag}</span>
      <Door leads={`show the samples tagged ${tag}`} open={() => pickRows(data, here, id, `tagged ${tag}`)}>{count(here.length)}</Door>
      {here.length < rows.length && <span class="muted small">{`of ${count(rows.length)} in all splits`}</span>}
      <span class="acts">
        {!mayNot && off.length > 0 && <button type="button" class="button" aria-label={`Put ${tag} on ${count(off.length)} more`} onClick={() => void applyTag(data, tag, off)}>{`+ ${count(off.length)}`}</button>}
        {!mayNot && on.length > 0 && <button type="button" class="button" aria-label={`Take ${tag} off ${count(on.length)} selected`} onClick={() => void applyTag(data, tag, on, true)}>{`− ${count(on.length)} selected`}</button>}
        <button type="button" class="button" aria-pressed={filtered} aria-label={`Filter by ${tag}`} onClick={() => data.filter.set(source, filtered ? null : expr)}>{filtered ? "✓ Filter" : "Filter"}</button>
        {!mayNot && <button type="button" class="button quiet" aria-label={`Remove ${tag} from ${plural(rows.length, "sample")}`} title="Can be undone" onClick={() => void applyTag(data, tag, rows, true)}>{`Remove from ${count(rows.length)}`}</button>}
      </span>
    </li>
  );
}

function TagList({ ctx }: { ctx: Context }) {
  const { data, store } = ctx;
  const tags = [...data.tags.rows.value].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
  const picked = chosen(store);
  const n = store.recording.value.nSamples;
  const carrying = popcount(tags.reduce((mask, [, rows]) => or(mask, fromRows(rows, n)), none(n)));
  const why = whyNotDecide(data);
  return (
    <section aria-label="Tags">
      <Heading title={tags.length === 0 ? "No sample is tagged yet" : `${plural(carrying, "sample")} ${carrying === 1 ? "carries" : "carry"} a tag`} small={tags.length > 0 ? `${plural(tags.length, "tag")} · counted in ${splitText(store.split.value)}` : undefined} />
      {why === null ? <TagForm ctx={ctx} rows={picked} /> : <p class="empty">{why}</p>}
      {tags.length === 0 && why === null && <p class="empty">A tag is a word of yours on some samples: odd, ask Ana, keep. Pick samples in any view, write a word and press the button.</p>}
      {tags.length > 0 && <ul class="tags">{tags.map(([tag, rows]) => <Row key={tag} ctx={ctx} tag={tag} rows={rows} picked={picked} />)}</ul>}
    </section>
  );
}

export const tags = defineComponent({
  type: "tags",
  title: "What people said of the samples",
  needs: [],
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(TagList),
});
