import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import css from "./saved.css?inline";
import { count, percent, plural, shorten } from "../../draw/format";
import { Door, Heading, Whisker } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { whereText } from "../../draw/where";
import { pickRows } from "../../state/chosen";
import { isInline, sentenceOf } from "../../state/clauses";
import { textOf } from "../../state/clause-text";
import { whyNotDecide } from "../../state/deeds";
import { fieldsOf, type Field } from "../../state/fields";
import { and, rowsOf, type Mask } from "../../state/masks";
import { MOST_SLICES, SLICE, currentFilter, deleteSlice, saveEach, saveSlice, savedSlices, slicesOf, type SavedSlice } from "../../state/saved";
import { WRONG, judgedIn, type Judged } from "../../state/shares";
import { defineComponent, drawn, type Context } from "../component";
import { reason } from "../../hosts/reason";

const LONGEST_NAME = 80;

interface Row {
  slice: SavedSlice;
  mask: Mask | null;
  judged: Judged | null;
  /** Of all mistakes in the split, so many lie in this slice. */
  share: number | null;
  why: string | null;
}

function rowOf(ctx: Context, slice: SavedSlice, mistakes: number): Row {
  const { filter } = ctx.data;
  const blank = { slice, mask: null, judged: null, share: null };
  if (!slice.expr) return { ...blank, why: slice.why };
  const found = filter.count(slice.expr);
  if ("failed" in found) return { ...blank, why: found.failed };
  const own = filter.of(slice.expr);
  if (!own) return { ...blank, why: null };
  const within = filter.within.value;
  const mask = within ? and(own.slice(), within) : own;
  const judged = judgedIn(filter, mask);
  return { slice, mask, judged, share: mistakes > 0 ? judged.wrong / mistakes : null, why: null };
}

function Acts({ ctx, slice, filtered }: { ctx: Context; slice: SavedSlice; filtered: boolean }) {
  const { data, store } = ctx;
  const applied = store.clauses.value.find((clause) => clause.source === SLICE && clause.label === slice.name && slice.expr !== null && textOf(clause.expr) === slice.text);
  const current = currentFilter(store.clauses.value);
  const apply = () => {
    if (applied) data.filter.remove(applied.id);
    else if (slice.expr) data.filter.add(slice.expr, SLICE, slice.name);
  };
  return (
    <span class="acts">
      <button type="button" class="button" disabled={!slice.expr} aria-pressed={applied !== undefined} aria-label={`Filter by slice ${slice.name}`} onClick={apply}>{applied ? "✓ Filter" : "Filter"}</button>
      {whyNotDecide(data) === null && (
        <>
          {filtered && !applied && current && <button type="button" class="button" aria-label={`Replace slice ${slice.name} by the current filter`} title={`Replace by: ${sentenceOf(current)}`} onClick={() => void saveSlice(data, slice.name, current)}>Replace</button>}
          <button type="button" class="button quiet" aria-label={`Delete slice ${slice.name}`} title="Delete; can be undone" onClick={() => void deleteSlice(data, slice)}>Delete</button>
        </>
      )}
    </span>
  );
}

function columnsOf(ctx: Context, filtered: boolean): TableColumn<Row>[] {
  const { data, id } = ctx;
  const open = (mask: Mask | null, words: string) => mask && pickRows(data, rowsOf(mask), id, words);
  const wrong = (mask: Mask | null, name: string) => {
    const mistakes = data.filter.of(WRONG);
    if (mask && mistakes) open(and(mask.slice(), mistakes), `wrong in slice ${name}`);
  };
  return [
    { id: "name", name: "Slice", key: ({ slice }) => slice.name, cell: ({ slice, why }) => (
      <>
        <span class="slice" title={slice.name}><b>{slice.name}</b></span>
        {why === null ? <span class="says" title={slice.text}>{slice.text}</span> : <span class="why">{why}</span>}
      </>
    ) },
    { id: "count", name: "Samples", numeric: true, first: "descending", key: ({ judged }) => judged?.count ?? null,
      cell: ({ slice, judged, mask }) => (judged ? <Door leads={`show the samples of slice ${slice.name}`} open={() => open(mask, `in slice ${slice.name}`)}>{count(judged.count)}</Door> : "…") },
    { id: "right", name: "Right", numeric: true, key: ({ judged }) => judged?.right.value ?? null,
      cell: ({ slice, judged, mask }) => judged && judged.right.value !== null && (
        <span class="estimate">
          <Whisker of={judged.right} from={0} to={1} />
          <Door leads={`show what is wrong in slice ${slice.name}`} open={() => wrong(mask, slice.name)}>{percent(judged.right.value)}</Door>
        </span>
      ) },
    { id: "share", name: "Of all mistakes", numeric: true, first: "descending", hint: "Of all mistakes in this split, so many lie in the slice", key: ({ share }) => share,
      cell: ({ share, judged }) => <span class="num" title={judged ? plural(judged.wrong, "mistake") : ""}>{percent(share)}</span> },
    { id: "acts", name: "", key: () => null, cell: ({ slice }) => <Acts ctx={ctx} slice={slice} filtered={filtered} /> },
  ];
}

function sliceable(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ type, role }) => role !== "id" && (type === "category" || type === "bool" || type === "integer"));
}

function Make({ ctx }: { ctx: Context }) {
  const { data, store } = ctx;
  const name = useSignal("");
  const current = currentFilter(store.clauses.value);
  const columns = sliceable(fieldsOf(store.recording.value));
  const each = async (column: string) => {
    try {
      const slices = slicesOf(column, await data.filter.column(column));
      if (slices) await saveEach(data, column, slices);
      else store.notice(`${column} has no value, or more than ${MOST_SLICES} of them: a slice for each could not be read.`);
    } catch (error) {
      store.notice(`No slice was made. ${reason(error)}`);
    }
  };
  return (
    <div class="make">
      <form onSubmit={(event) => {
        event.preventDefault();
        if (current) void saveSlice(data, name.peek().trim() || shorten(sentenceOf(current), LONGEST_NAME), current).then((done) => done && (name.value = ""));
      }}>
        <input type="text" aria-label="Name of the slice" autocomplete="off" placeholder={current ? sentenceOf(current) : "Filter something first"} disabled={!current} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        <button type="submit" class="button" disabled={!current} title={current ? (isInline(current) ? textOf(current).slice(0, 300) : sentenceOf(current)) : "Nothing is filtered"}>Save the current filter</button>
      </form>
      {columns.length > 0 && (
        <select aria-label="One slice per value" value="" onChange={(event) => {
          const column = event.currentTarget.value;
          event.currentTarget.value = "";
          if (column) void each(column);
        }}>
          <option value="">One slice per value of…</option>
          {columns.map((field) => <option key={field.name} value={field.name}>{field.name}</option>)}
        </select>
      )}
    </div>
  );
}

function worst(rows: readonly Row[]): Row | null {
  const known = rows.filter(({ judged }) => judged !== null && judged.right.value !== null);
  return known.length < 2 ? null : known.reduce((low, row) => ((row.judged?.right.value ?? 1) < (low.judged?.right.value ?? 1) ? row : low));
}

function Saved({ ctx }: { ctx: Context }) {
  const { data, store } = ctx;
  const log = store.log.value;
  const slices = useMemo(() => savedSlices(log ?? []), [log]);
  const judgedAll = data.filter.of(WRONG);
  const within = data.filter.within.value;
  const mistakes = judgedAll ? judgedIn(data.filter, within ? and(judgedAll.slice(), within) : judgedAll).count : 0;
  const rows = slices.map((slice) => rowOf(ctx, slice, mistakes));
  const filtered = currentFilter(store.clauses.value) !== null;
  const why = whyNotDecide(data);
  const low = worst(rows);
  const title = low ? `Weakest slice: ${low.slice.name}, ${percent(low.judged?.right.value ?? null)} right` : slices.length > 0 ? plural(slices.length, "saved slice") : "No slice is saved yet";
  return (
    <section aria-label="Saved slices">
      <Heading title={title} small={`${whereText(store.recording.value, store.split.value, store.checkpoint.value?.name ?? null)}${slices.length > 0 ? " · counted without the current filter" : ""}`} />
      {why === null ? <Make ctx={ctx} /> : slices.length === 0 && <p class="empty">{why}</p>}
      {slices.length === 0 && why === null && <p class="empty">A slice is a filter with a name. Save one to see at every checkpoint how many samples it holds, how often the network is right there and how many of the mistakes it explains.</p>}
      {rows.length > 0 && <SortedTable name="Saved slices" rows={rows} columns={columnsOf(ctx, filtered)} initial={{ id: "share", direction: "descending" }} keyOf={({ slice }) => slice.name} />}
    </section>
  );
}

export const saved = defineComponent({
  type: "saved",
  title: "Saved slices",
  needs: [],
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(Saved),
});
