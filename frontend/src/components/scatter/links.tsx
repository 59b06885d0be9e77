/** Lines from the sample in focus to those nearest to it in the embedding, wherever the picture has put them. */
import { useEffect, useState } from "preact/hooks";
import { plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import type { PointCanvas } from "../../draw/points/point-canvas";
import type { Context } from "../component";
import { neighboursIn } from "../inspector/neighbours";
import { showRows } from "../samples-strip";
import type { Shown } from "./use-shown";
import { reason } from "../../hosts/reason";

/** What is known of the sample's neighbours: which they are, or why they are not known. */
export type Nearest = { sample: number; rows: readonly number[] } | { sample: number; why: string };

const NEVER = "Its neighbours are not known: the analysis familiarity was never run. Run it in “How typical is each sample?”.";
const NONE = "It has no embedding, or too few samples have one, so nothing lies nearest.";

/** null while they are on their way, and where nobody asked. */
export function useNearest(ctx: Context, wanted: boolean): Nearest | null {
  const sample = wanted ? ctx.store.focus.value : null;
  const { fingerprint } = ctx.store.recording.value;
  // Somebody may run it meanwhile, in any view.
  const busy = ctx.store.jobs.value.length;
  const [found, setFound] = useState<Nearest | null>(null);
  useEffect(() => {
    if (sample === null) return;
    let gone = false;
    ctx.data.storedRows("familiarity", {}, "nearest", [sample]).then(
      (table) => {
        const rows = table && neighboursIn(table)?.map((one) => one.sample);
        if (!gone) setFound(rows ? { sample, rows } : { sample, why: table ? NONE : NEVER });
      },
      (error: unknown) => !gone && setFound({ sample, why: `Its neighbours could not be read. ${reason(error)}` }),
    );
    return () => {
      gone = true;
    };
  }, [sample, fingerprint, busy === 0]);
  return found?.sample === sample ? found : null;
}

type Placed = Pick<Shown, "xValues" | "yValues">;

/** A sample without coordinates is nowhere, whatever the canvas keeps in its place. */
function spot(canvas: Pick<PointCanvas, "where">, shown: Placed, row: number): readonly [number, number] | null {
  const there = [shown.xValues, shown.yValues].every(({ values, valid }) => Number.isFinite(values[row]) && (!valid || valid[row] === 1));
  return there ? canvas.where(row) : null;
}

/** Drawn over the points, anew whenever these have moved on the screen. */
export function Links({ canvas, shown, nearest }: { canvas: Pick<PointCanvas, "where">; shown: Placed; nearest: Nearest }) {
  const from = spot(canvas, shown, nearest.sample);
  if (!from || !("rows" in nearest)) return null;
  return (
    <svg class="links" aria-hidden="true">
      {nearest.rows.map((row) => {
        const to = spot(canvas, shown, row);
        return to && <g key={row}><line x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} /><circle cx={to[0]} cy={to[1]} r={5} /></g>;
      })}
    </svg>
  );
}

/** The same in words, and a door to the samples. */
export function LinksTold({ ctx, canvas, shown, nearest }: { ctx: Context; canvas: PointCanvas | null; shown: Placed; nearest: Nearest | null }) {
  if (ctx.store.focus.value === null) return <p class="linked muted small">Open a sample to see lines to those nearest to it.</p>;
  if (!nearest) return null;
  if ("why" in nearest) return <p class="linked muted small">{nearest.why}</p>;
  const lost = canvas ? nearest.rows.filter((row) => !spot(canvas, shown, row)).length : 0;
  return (
    <p class="linked muted small">
      {"Lines lead to its "}
      <Door open={() => showRows(ctx, [nearest.sample, ...nearest.rows], "near each other in the embedding")} leads="show them among the samples">{plural(nearest.rows.length, "nearest sample")}</Door>
      {lost > 0 && `; ${lost} of them ${lost === 1 ? "has" : "have"} no place on this picture`}
    </p>
  );
}
