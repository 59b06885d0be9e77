/** Two samples side by side: the one that is pinned and the one that is looked at. */
import { useSignal } from "@preact/signals";
import { count, measure, probability, shorten, valueText } from "../../draw/format";
import { Failure, Swatch, Waiting } from "../../draw/parts";
import type { Recording } from "../../hosts/recording";
import type { Context } from "../component";
import { Words } from "../samples-strip";
import { topOf } from "./facts";
import { idOf, labelColumn, labelWords, pointAt, useSample, type Fetched } from "./sample";
import { Frame, WHOLE, ZoomButtons, type Pixels } from "./viewer";

const CLASSES = 4;
const LONGEST = 80;

export interface Row {
  name: string;
  /** The class the row is about, for its colour. */
  of?: number;
  pinned: string;
  own: string;
}

/** Line by line what both are, in the same order whoever is pinned. */
export function rowsOf(recording: Recording, pinned: Fetched, own: Fetched, checkpoint: string | null): Row[] {
  const { classes } = recording;
  const points = [pointAt(pinned, checkpoint), pointAt(own, checkpoint)] as const;
  const name = (index: number | null | undefined) => (index === null || index === undefined ? "none" : (classes[index] ?? `class ${index}`));
  const rows: Row[] = [{ name: "Label", pinned: labelWords(recording, pinned) ?? "none", own: labelWords(recording, own) ?? "none" }];
  const said = points.map((point) => (point?.prediction === undefined || point.prediction === null ? "none" : `${name(point.prediction)} ${probability(point.confidence)}`));
  if (points.some(Boolean)) {
    rows.push({ name: "Prediction", pinned: said[0] ?? "", own: said[1] ?? "" });
    rows.push({ name: "Loss", pinned: measure(points[0]?.loss ?? null), own: measure(points[1]?.loss ?? null) });
  }
  const shown = new Set(points.flatMap((point, i) => (point ? topOf(point, [pinned, own][i]?.label ?? null, CLASSES).map(([index]) => index) : [])));
  const strongest = (index: number) => Math.max(...points.map((point) => point?.probabilities.get(index) ?? 0));
  for (const index of [...shown].sort((a, b) => strongest(b) - strongest(a) || a - b)) {
    rows.push({ name: name(index), of: index, pinned: probability(points[0]?.probabilities.get(index) ?? null), own: probability(points[1]?.probabilities.get(index) ?? null) });
  }
  for (const column of own.row.keys()) {
    if (column === labelColumn(recording)) continue;
    rows.push({ name: column, pinned: valueText(pinned.row.get(column) ?? null), own: valueText(own.row.get(column) ?? null) });
  }
  return rows;
}

function Side({ ctx, fetched, title, children }: { ctx: Context; fetched: Fetched; title: string; children: preact.ComponentChildren }) {
  const id = idOf(ctx.store.recording.value, fetched) ?? `sample ${count(fetched.sample)}`;
  return (
    <div class="side">
      <h3>{title} <small title={id}>{shorten(id, 24)}</small></h3>
      {children}
    </div>
  );
}

function Pair({ ctx, pinned, own }: { ctx: Context; pinned: Fetched; own: Fetched }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const view = useSignal(WHOLE);
  const pixels = useSignal<Pixels>("auto");
  const rows = rowsOf(recording, pinned, own, store.checkpoint.value?.name ?? null);
  const differ = rows.filter((row) => row.pinned !== row.own).length;
  const swap = () => {
    store.pinned.value = own.sample;
    store.focus.value = pinned.sample;
  };
  const look = (fetched: Fetched) =>
    recording.kind === "image" ? <Frame ctx={ctx} sample={fetched.sample} alt={`Sample ${count(fetched.sample)}`} view={view} pixels={pixels.value} /> : recording.kind === "text" ? <blockquote class="passage"><Words ctx={ctx} sample={fetched.sample} most={600} /></blockquote> : <p class="note muted">No picture or text.</p>;
  return (
    <section class="compare" aria-label="Compared with the pinned sample">
      <div class="pair">
        <Side ctx={ctx} fetched={pinned} title="Pinned">{look(pinned)}</Side>
        <Side ctx={ctx} fetched={own} title="This">{look(own)}</Side>
      </div>
      <div class="under">
        {recording.kind === "image" && <ZoomButtons view={view} pixels={pixels} />}
        <button type="button" class="button quiet" onClick={swap}>Swap</button>
      </div>
      <table>
        <caption class="muted small">{differ === 0 ? "Nothing recorded differs." : `${count(differ)} of ${count(rows.length)} differ, marked ≠`}</caption>
        <thead><tr><th scope="col"><span class="unseen">What</span></th><th scope="col">Pinned</th><th scope="col">This</th></tr></thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={`${i} ${row.name}`} class={row.pinned === row.own ? "" : "differs"}>
              <th scope="row" title={row.name}>{row.of !== undefined && <><Swatch of={row.of} /> </>}{row.name}{row.pinned !== row.own && <span class="mark"> ≠</span>}</th>
              <td title={shorten(row.pinned, 500)}>{shorten(row.pinned, LONGEST)}</td>
              <td title={shorten(row.own, 500)}>{shorten(row.own, LONGEST)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Compare({ ctx, pinned, own }: { ctx: Context; pinned: number; own: Fetched }) {
  const { fetched, failed, again } = useSample(ctx, pinned);
  if (failed !== null) return <Failure what="The pinned sample could not be read." why={failed} retry={again} />;
  return fetched && fetched.sample === pinned ? <Pair ctx={ctx} pinned={fetched} own={own} /> : <Waiting what="Reading the pinned sample" height={200} />;
}
