import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSignal } from "@preact/signals";
import css from "./grid.css?inline";
import { useSize } from "../../draw/axes";
import { count } from "../../draw/format";
import { Failure, Heading, Waiting } from "../../draw/parts";
import { whereText } from "../../draw/where";
import { ScrollMap } from "../../draw/window";
import type { Recording } from "../../hosts/recording";
import type { SampleColumns } from "../../state/performance";
import type { Truth } from "../../state/selection";
import { START, type SortBy } from "../../state/store";
import { defineComponent, drawn, type Context } from "../component";
import { Card, type CardFacts } from "./card";

const GAP = 8;
const CAPTION = 42;
const SORTS: readonly { by: SortBy; descending: boolean; name: string }[] = [
  { by: "loss", descending: true, name: "Most wrong first" },
  { by: "loss", descending: false, name: "Least wrong first" },
  { by: "confidence", descending: true, name: "Most confident first" },
  { by: "confidence", descending: false, name: "Least confident first" },
  { by: "order", descending: false, name: "In recorded order" },
];

export function sortsFor(recording: Recording): typeof SORTS {
  const said = recording.checkpoints.length > 0;
  const scored = said && recording.nMissingLabels < recording.nSamples;
  return SORTS.filter(({ by: key }) => key === "order" || (said && (key === "confidence" || scored)));
}

export interface Layout {
  columns: number;
  width: number;
  height: number;
}

export function layoutOf(width: number, text: boolean): Layout {
  const least = text ? 190 : 92;
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const each = Math.floor((width - GAP * (columns - 1)) / columns);
  return { columns, width: each, height: (text ? 96 : Math.min(each, 140)) + CAPTION + GAP };
}

/** What is known of the chosen samples' labels and predictions at the checkpoint the selection was made at. */
function useFacts(ctx: Context): (sample: number) => CardFacts {
  const { store, data } = ctx;
  const selection = store.selection.value;
  const [known, setKnown] = useState<{ truth: Truth | null; said: SampleColumns | null }>({ truth: null, said: null });
  useEffect(() => {
    let gone = false;
    if (!selection) return;
    Promise.all([data.columns.truth(), data.predictions(selection.checkpoint)]).then(
      ([truth, said]) => !gone && setKnown({ truth, said }),
      () => undefined, // the captions stay empty; the failure itself is shown where the selection is made
    );
    return () => {
      gone = true;
    };
  }, [selection]);
  const { truth, said } = known;
  return (sample) => {
    const read = (column: { values: ArrayLike<number>; valid: Uint8Array | null } | null | undefined) =>
      !column || (column.valid && !column.valid[sample]) ? null : (column.values[sample] ?? null);
    const correct = read(said?.correct);
    return { label: read(truth?.label), labels: truth?.lists?.(sample) ?? null, prediction: read(said?.prediction), confidence: read(said?.confidence), correct: correct === null ? null : correct === 1 };
  };
}

/** Texts of the samples on screen, fetched when they come into sight and kept. */
function useTexts(ctx: Context, samples: readonly number[]): ReadonlyMap<number, string> {
  const kept = useRef(new Map<number, string>());
  const [, redraw] = useState(0);
  const textual = ctx.store.recording.value.kind === "text";
  const wanted = textual ? samples.filter((sample) => !kept.current.has(sample)) : [];
  useEffect(() => {
    if (wanted.length === 0) return;
    const control = new AbortController();
    for (const sample of wanted) {
      ctx.data.text(sample, control.signal).then(
        (text) => {
          kept.current.set(sample, text);
          redraw((n) => n + 1);
        },
        (error: unknown) => {
          if (control.signal.aborted) return;
          kept.current.set(sample, `No text: ${error instanceof Error ? error.message : String(error)}`);
          redraw((n) => n + 1);
        },
      );
    }
    return () => control.abort();
  }, [wanted.join()]);
  return kept.current;
}

function Samples({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const shown = store.shown.value;
  const textual = store.recording.value.kind === "text";
  const [box, size] = useSize<HTMLDivElement>();
  const [scrollTop, setScrollTop] = useState(0);
  const active = useSignal(0);
  const wantsFocus = useRef(false);
  const layout = layoutOf(Math.max(60, size.width - 24), textual);
  const rows = Math.ceil(shown.length / layout.columns);
  const map = useMemo(() => new ScrollMap(rows, layout.height), [shown, layout.columns, layout.height]);
  useEffect(() => {
    active.value = 0;
    box.current?.scrollTo({ top: 0 });
    setScrollTop(0);
  }, [shown]);
  // The inspector's previous and next move along the same list: keep what it shows in sight.
  const focused = store.focus.value;
  useEffect(() => {
    const at = focused === null ? -1 : shown.indexOf(focused);
    if (at >= 0) active.value = at;
    reveal(at);
  }, [focused]);
  const view = map.at(scrollTop, size.height || 400);
  const from = view.from * layout.columns;
  const visible = Array.from(shown.subarray(from, Math.min(shown.length, view.to * layout.columns)));
  const facts = useFacts(ctx);
  const texts = useTexts(ctx, visible);
  function reveal(position: number): void {
    const el = box.current;
    if (!el || position < 0) return;
    const to = map.reveal(Math.floor(position / layout.columns), el.scrollTop, el.clientHeight);
    if (to !== null) el.scrollTop = to;
  }
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    box.current?.querySelector<HTMLElement>('[tabindex="0"][role="option"]')?.focus({ preventScroll: true });
  }, [active.value, scrollTop]);
  const keyed = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(size.height / layout.height)) * layout.columns;
    const moves: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: layout.columns, ArrowUp: -layout.columns, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const by = moves[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    wantsFocus.current = true;
    active.value = Math.max(0, Math.min(shown.length - 1, active.value + by));
    reveal(active.value);
  };
  return (
    <div class="scroll" ref={box} onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)} onKeyDown={keyed}>
      <div class="tall" role="listbox" aria-label="Samples" style={{ height: `${map.height}px` }}>
        {size.width > 0 && visible.map((sample, i) => {
          const place = from + i;
          return (
            <Card key={sample} ctx={ctx} sample={sample} facts={facts(sample)} text={texts.get(sample)} position={place + 1} total={shown.length}
              active={place === active.value} focused={sample === focused}
              open={() => {
                active.value = place;
                store.focus.value = sample;
              }}
              style={{
                width: `${layout.width}px`,
                height: `${layout.height - GAP}px`,
                transform: `translate(${(i % layout.columns) * (layout.width + GAP)}px, ${view.top + Math.floor(i / layout.columns) * layout.height}px)`,
              }}
            />
          );
        })}
      </div>
    </div>
  );
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

function Grid({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const selection = store.selection.value;
  const picking = store.picking.value;
  const failed = store.pickFailed.value;
  const { by, descending } = store.sort.value;
  const sorts = sortsFor(store.recording.value);
  // A recording without labels has no loss to sort by: the recorded order, last in the list, is what is shown then.
  const found = sorts.findIndex((one) => one.by === by && one.descending === descending);
  const sort = found < 0 ? sorts.length - 1 : found;
  const where = selection ? whereText(store.recording.value, selection.split, selection.checkpoint) : "";
  const filtered = selection !== null && data.filter.mask() !== null;
  const small = filtered ? `${where} · ${count(store.shown.value.length)} pass the filter` : where;
  return (
    <section class="grid" aria-label="Samples" aria-busy={picking !== null}>
      <Heading title={selection?.sentence ?? "Samples"} small={small}>
        <Stale ctx={ctx} />
        {selection && selection.source !== START && (
          <button type="button" class="button quiet" onClick={() => void data.pick({ kind: "wrong" }, START)}>All mistakes</button>
        )}
        <select aria-label="Order" value={String(sort)} onChange={(event) => {
          const next = sorts[Number(event.currentTarget.value)];
          if (next) store.sort.value = { by: next.by, descending: next.descending };
        }}>
          {sorts.map((one, i) => <option key={one.name} value={String(i)}>{one.name}</option>)}
        </select>
      </Heading>
      {failed !== null && <Failure what="These samples could not be found." why={failed.why} retry={() => data.retryPick()} />}
      {!selection && failed === null && <Waiting what="Finding the samples to look at first" height={240} />}
      {selection && selection.indices.length === 0 && <p class="none muted">{`No sample of ${count(store.recording.value.nSamples)} is so. Pick another number or cell.`}</p>}
      {selection && selection.indices.length > 0 && filtered && store.shown.value.length === 0 && (
        <p class="none muted">None of these passes the filter. <button type="button" class="button" onClick={() => data.filter.clear()}>Clear the filter</button></p>
      )}
      {selection && selection.indices.length > 0 && <Samples ctx={ctx} />}
    </section>
  );
}

export const grid = defineComponent({
  type: "grid",
  title: "Samples",
  needs: [],
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(Grid),
});
