import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import css from "./grid.css?inline";
import { count, plural } from "../../draw/format";
import { Failure, Heading, Waiting } from "../../draw/parts";
import { splitText, whereText } from "../../draw/where";
import { parted } from "../../state/groups";
import { every, keep, none, rowsOf } from "../../state/masks";
import { ordered } from "../../state/sorting";
import { START, firstWords } from "../../state/store";
import { defineComponent, drawn, type Context } from "../component";
import { useGrouping } from "../use-grouping";
import { SIZES, lookOf, type Look } from "./look";
import { Samples } from "./samples";
import { MOST_SECTIONS, type Section } from "./sections";
import { Marked, Order, Settings } from "./tools";

/** The samples that are shown: those selected, or all that pass the filter, in the chosen order. */
function useRows(ctx: Context, of: Look["of"]): Uint32Array {
  const { store, data } = ctx;
  const { by, descending } = store.sort.value;
  const mask = data.filter.mask();
  const within = data.filter.within.value;
  const n = store.recording.value.nSamples;
  const wanted = of === "filtered";
  const key = wanted && by !== "order" && store.recording.value.checkpoints.length > 0 ? data.filter.at(by) : undefined;
  const sorted = useMemo(() => {
    if (!wanted) return null;
    const rows = rowsOf(within ?? every(n));
    if (key?.kind === "number") return ordered(rows, key.values, key.valid, descending);
    return by === "order" && descending ? rows.reverse() : rows;
  }, [wanted, within, n, key, by, descending]);
  const passing = useMemo(() => sorted && keep(sorted, mask), [sorted, mask]);
  return passing ?? store.shown.value;
}

/** The rows divided by what the page groups by; without groups, one section without a name. */
function useSections(ctx: Context, rows: Uint32Array): { sections: readonly Section[]; grouped: boolean; more: number; why: string | null } {
  const { grouping, why } = useGrouping(ctx, ctx.store.groupBy.value);
  const divided = useMemo(() => {
    if (!grouping) return { sections: [{ name: "", rows }], grouped: false, more: 0 };
    const { parts, more } = parted(rows, grouping, MOST_SECTIONS);
    const nameOf = (group: number) => grouping.values(group).map((value, d) => `${grouping.divisions[d]?.column ?? ""}: ${value}`).join(" · ");
    return { sections: parts.map((part) => ({ name: nameOf(part.group), rows: part.rows })), grouped: true, more };
  }, [rows, grouping]);
  return { ...divided, why };
}

function Stale({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const selection = store.selection.value;
  const now = { split: store.split.value, checkpoint: store.checkpoint.value?.name ?? null };
  if (!selection || selection.source === START || (selection.split === now.split && selection.checkpoint === now.checkpoint)) return null;
  return (
    <button type="button" class="button" onClick={() => data.repick()}>
      Ask again: {whereText(store.recording.value, now.split, now.checkpoint)}
    </button>
  );
}

/** Title and small words above the samples. */
function wordsOf(ctx: Context, of: Look["of"], shown: number): { title: string; small: string } {
  const { store, data } = ctx;
  const filtered = data.filter.mask() !== null;
  if (of === "filtered") return { title: filtered ? `${plural(shown, "sample")} ${shown === 1 ? "passes" : "pass"} the filter` : `All ${plural(shown, "sample")}`, small: splitText(store.split.value) };
  const selection = store.selection.value;
  const where = selection ? whereText(store.recording.value, selection.split, selection.checkpoint) : "";
  return { title: selection?.sentence ?? "Samples", small: selection && filtered ? `${where} · ${count(shown)} pass the filter` : where };
}

/** What there is to say in place of samples; null when there are some. */
function Empty({ ctx, of, shown }: { ctx: Context; of: Look["of"]; shown: number }) {
  const { store, data } = ctx;
  const selection = store.selection.value;
  const failed = store.pickFailed.value;
  const clear = <button type="button" class="button" onClick={() => data.filter.clear()}>Clear the filter</button>;
  if (of === "filtered") return shown === 0 ? <p class="none muted">No sample passes the filter. {clear}</p> : null;
  if (!selection) return failed === null ? <Waiting what="Finding the samples to look at first" height={240} /> : null;
  if (selection.indices.length === 0) return <p class="none muted">{`No sample of ${count(store.recording.value.nSamples)} is so. Pick another number or cell.`}</p>;
  return data.filter.mask() !== null && shown === 0 ? <p class="none muted">None of these passes the filter. {clear}</p> : null;
}

function Grid({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const look = lookOf(ctx.options.value, store.colorBy.value, recording.kind);
  const rows = useRows(ctx, look.of);
  const { sections, grouped, more, why } = useSections(ctx, rows);
  const marks = useSignal(none(recording.nSamples));
  const goal = useSignal<{ position: number } | null>(null);
  useEffect(() => void (marks.value = none(recording.nSamples)), [recording.fingerprint, recording.nSamples]);
  const selection = store.selection.value;
  const failed = look.of === "selection" ? store.pickFailed.value : null;
  const { title, small } = wordsOf(ctx, look.of, rows.length);
  const checkpoint = look.of === "selection" && selection ? selection.checkpoint : (store.checkpoint.value?.name ?? null);
  const some = rows.length > 0 && (look.of === "filtered" || selection !== null);
  return (
    <section class="grid" aria-label="Samples" aria-busy={store.picking.value !== null} onKeyDown={(event) => {
      if (event.key !== "Escape" || !marks.value.some((word) => word !== 0)) return;
      marks.value = none(recording.nSamples);
      event.stopPropagation();
    }}>
      <Heading title={title} small={small}>
        {look.of === "selection" && <Stale ctx={ctx} />}
        {look.of === "selection" && selection && selection.source !== START && (
          <button type="button" class="button quiet" onClick={() => data.unpick()}>{firstWords(recording).replace("all", "All")}</button>
        )}
        <Order ctx={ctx} />
        <Settings ctx={ctx} look={look} total={rows.length} jump={(position) => (goal.value = { position })} />
      </Heading>
      <Marked ctx={ctx} marks={marks} />
      {failed !== null && <Failure what="These samples could not be found." why={failed.why} retry={() => data.retryPick()} />}
      {why !== null && <Failure what="These groups cannot be made." why={why} />}
      <Empty ctx={ctx} of={look.of} shown={rows.length} />
      {some && <Samples ctx={ctx} sections={sections} grouped={grouped} checkpoint={checkpoint} look={look} marks={marks} goal={goal.value} />}
      {more > 0 && <p class="none muted small">{`${plural(more, "more group")}: filter to reach them.`}</p>}
    </section>
  );
}

export const grid = defineComponent({
  type: "grid",
  title: "Samples",
  needs: [],
  fill: true,
  options: {
    of: { type: "choice", default: "selection", choices: ["selection", "filtered"], says: "Shows what is selected, or all samples that pass the filter." },
    size: { type: "choice", default: "medium", choices: SIZES, says: "Size of the cards." },
    border: { type: "choice", default: "correct", choices: ["correct", "colour", "none"], says: "Borders tell right from wrong, or take the colour of a column." },
    colour: { type: "text", default: null, says: "The column of the border's colour; what the page colours by, unless given." },
    captions: { type: "texts", default: [], says: "Columns told under each card, at most four; label and prediction unless given." },
  },
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(Grid),
});
