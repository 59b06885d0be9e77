import { useMemo } from "preact/hooks";
import css from "./confusion.css?inline";
import { count, plural } from "../../draw/format";
import { Door, Heading, Swatch, Waiting } from "../../draw/parts";
import { whereText } from "../../draw/where";
import type { Cell } from "../../state/performance";
import { firstReason, needsCheckpoints, needsLabels, needsLogits } from "../applies";
import { defineComponent, drawn, type Context } from "../component";
import { CellGrid } from "./cell-grid";
import { CellMap } from "./cell-map";
import { Matrix, type Place } from "./matrix";

/** Up to here every cell shows its number; beyond, the matrix is a picture with a cursor. */
const MOST_IN_GRID = 20;
const WORST = 12;

/** An address can bring a selection of a place; that place is marked. */
export function selectedPlace(ctx: Context): Place | null {
  const rule = ctx.store.selection.value?.rule;
  return rule?.kind === "cell" ? { row: rule.label, column: rule.prediction } : null;
}

function WorstPairs({ ctx, worst, classes, rows }: { ctx: Context; worst: readonly Cell[]; classes: readonly string[]; rows: Uint32Array }) {
  const most = worst[0]?.count ?? 1;
  const selected = selectedPlace(ctx);
  return (
    <div class="worst">
      <h3>Most often confused</h3>
      <ol aria-label="Most often confused pairs">
        {worst.slice(0, WORST).map(({ label, prediction, count: n }) => {
          const on = selected?.row === label && selected.column === prediction;
          return (
            <li key={`${label} ${prediction}`} class={on ? "on" : ""}>
              <button type="button" class="pair" aria-label={`${count(n)} ${classes[label]} called ${classes[prediction]}`}
                title={`${((n / (rows[label] || 1)) * 100).toFixed(1)} % of all ${classes[label]}`}
                onClick={() => void ctx.data.pick({ kind: "cell", label, prediction }, "confusion")}>
                <span class="num">{count(n)}</span>
                <span class="names">
                  <Swatch of={label} /> <span class="name">{classes[label]}</span> <span class="muted">called</span> <Swatch of={prediction} /> <span class="name">{classes[prediction]}</span>
                </span>
                <span class="bar" aria-hidden="true"><i style={{ width: `${(n / most) * 100}%` }} /></span>
              </button>
            </li>
          );
        })}
      </ol>
      {worst.length > WORST && <p class="muted small">and {plural(worst.length - WORST, "pair")} more, each rarer</p>}
    </div>
  );
}

function ConfusionView({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const split = store.split.value;
  const { confusion, failed } = store.measured.value;
  const { classes } = recording;
  const matrix = useMemo(() => (confusion ? new Matrix(confusion.cells(checkpoint, split), classes.length) : null), [confusion, checkpoint, split, classes]);
  const worst = useMemo(() => confusion?.worst(checkpoint, split) ?? [], [confusion, checkpoint, split]);
  const open = (place: Place) => matrix && void data.pick(matrix.rule(place), "confusion");
  return (
    <section aria-label="Where the network is wrong">
      <Heading
        title="Where the network is wrong"
        small={
          matrix && (
            <>
              <Door leads="show every mistake" open={() => void data.pick({ kind: "wrong" }, "confusion")}>{`${count(matrix.wrong)} of ${count(matrix.total)}`}</Door>
              {` · ${whereText(recording, split, checkpoint)}`}
            </>
          )
        }
      />
      {matrix === null ? (
        failed === null && <Waiting what="Counting mistakes" height={320} />
      ) : matrix.total === 0 ? (
        <p class="none muted">No labelled sample in this split has a prediction at this checkpoint.</p>
      ) : (
        <div class="sides">
          {classes.length <= MOST_IN_GRID ? (
            <CellGrid matrix={matrix} classes={classes} open={open} selected={selectedPlace(ctx)} />
          ) : (
            <CellMap ctx={ctx} matrix={matrix} classes={classes} open={open} selected={selectedPlace(ctx)} />
          )}
          {worst.length > 0 ? <WorstPairs ctx={ctx} worst={worst} classes={classes} rows={matrix.rows} /> : <p class="none muted">Nothing is wrong here: every labelled sample is called what it is.</p>}
        </div>
      )}
    </section>
  );
}

export const confusion = defineComponent({
  type: "confusion",
  title: "Where the network is wrong",
  needs: ["labels", "checkpoints"],
  styles: css,
  applies: (recording) =>
    recording.task === "multilabel"
      ? "A sample here carries several labels, so no one class is mistaken for one other. The class table says how good each label is."
      : firstReason(recording, needsCheckpoints, needsLabels, needsLogits),
  mount: drawn(ConfusionView),
});
