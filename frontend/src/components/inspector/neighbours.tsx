/** The samples that the network was fitted on and that lie nearest to this one in its embedding. */
import { useEffect, useState } from "preact/hooks";
import { measure } from "../../draw/format";
import { Failure } from "../../draw/parts";
import { valueAt, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import { Offer, useAnalysis, type Asked } from "../analysis";
import type { Context } from "../component";
import { showRows, Strip, useKnown } from "../samples-strip";
import { reason } from "../../hosts/reason";

const ASKED: Asked = { analysis: "familiarity", params: {}, tables: { groups: ["attribute", "members"] }, title: "Measuring familiarity" };

export interface Neighbour {
  sample: number;
  distance: number;
}

function numbers(value: Value): number[] | null {
  return Array.isArray(value) ? (value as readonly Value[]).map(Number) : null;
}

/** null: the sample has no embedding. */
export function neighboursIn(table: Table): Neighbour[] | null {
  const [found, apart] = ["neighbours", "distances"].map((name) => {
    const column = table.get(name);
    return column && column.length > 0 ? numbers(valueAt(column, 0)) : null;
  });
  return found ? found.map((sample, i) => ({ sample, distance: apart?.[i] ?? NaN })) : null;
}

type State = { of: number; neighbours: Neighbour[] | null; failed: string | null };

export function Neighbours({ ctx, sample }: { ctx: Context; sample: number }) {
  const recording = ctx.store.recording.value;
  const missing = recording.missing["familiarity"] ?? ["no such analysis"];
  const used = useAnalysis(ctx, missing.length === 0 ? ASKED : null);
  const known = useKnown(ctx);
  const [state, set] = useState<State | null>(null);
  const ready = used.answer.state === "done";
  useEffect(() => {
    let gone = false;
    if (!ready) return;
    ctx.data.storedRows("familiarity", {}, "nearest", [sample]).then(
      (table) => !gone && set({ of: sample, neighbours: table && neighboursIn(table), failed: null }),
      (error: unknown) => !gone && set({ of: sample, neighbours: null, failed: reason(error) }),
    );
    return () => {
      gone = true;
    };
  }, [ready, sample]);
  const here = state?.of === sample ? state : null;
  const train = recording.splits.some(({ name }) => name === "train");
  const distances = new Map(here?.neighbours?.map((one) => [one.sample, one.distance]));
  return (
    <>
      <h3>{`Nearest ${train ? "training samples" : "samples"}`} <small>in the embedding, with their distance</small></h3>
      {missing.length > 0 && <p class="note muted small">{`The recording has ${missing.join("; it has ")}.`}</p>}
      {missing.length === 0 && <Offer ctx={ctx} used={used} asked={ASKED} what="What lies nearest" verb="Measure familiarity" />}
      {ready && here?.failed && <Failure what="Its neighbours could not be read." why={here.failed} />}
      {ready && here && here.failed === null && here.neighbours === null && <p class="note muted small">It has no embedding, or too few samples have one, so nothing lies nearest.</p>}
      {here?.neighbours && (
        <>
          <div class="nearest"><Strip ctx={ctx} samples={here.neighbours.map((one) => one.sample)} known={known} label="Nearest samples" few={8} under={(row) => <div class="num muted">{measure(distances.get(row) ?? null)}</div>} /></div>
          <button type="button" class="button quiet more" onClick={() => showRows(ctx, [sample, ...(here.neighbours ?? []).map((one) => one.sample)], "near each other in the embedding")}>Show them among the samples</button>
        </>
      )}
    </>
  );
}
