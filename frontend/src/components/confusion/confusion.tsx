import { useMemo } from "preact/hooks";
import css from "./confusion.css?inline";
import { count, plural } from "../../draw/format";
import { Door, Failure, Heading, Waiting } from "../../draw/parts";
import { clauseWords, type Expr } from "../../state/clauses";
import { cellsFrom, confusionCells, rowsWhere, type Cells, type Judged } from "../../state/counting";
import type { Mask } from "../../state/masks";
import { firstReason, needsLabels, needsPredictions } from "../applies";
import { defineComponent, drawn, type Context } from "../component";
import { columnOf, namesOf, pickRows, sourceText, useCounted, useJudged, whereOf } from "../use-judged";
import { useGrouping } from "../use-grouping";
import { Binary, WorstPairs } from "./beside";
import { CellGrid, type MatrixProps } from "./cell-grid";
import { CellMap } from "./cell-map";
import { Controls, Levels } from "./controls";
import { axisOf, groupOf, levelsOf, ORDERS, treeOf, type Axis, type Order } from "./levels";
import { Matrix, SHARES, type Place, type Share, type Style } from "./matrix";
import { Multiples } from "./multiples";
import { MOST_SERIATED } from "./seriation";

/** Up to here every cell shows its number; beyond, the matrix is a picture with a cursor. */
const MOST_IN_GRID = 20;

function textOption(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The cells to draw: counted here; until the predictions are there, and only without a filter, those of the stored table. */
function useCells(ctx: Context, source: string | null | undefined): { cells: Cells | null; judged: Judged | null; of: string | null; failed: string | null; again: () => void } {
  const used = useJudged(ctx, source);
  const { mask, filtered } = useCounted(ctx);
  const { confusion } = ctx.store.measured.value;
  const split = ctx.store.split.value;
  const counted = useMemo(() => used.judged && confusionCells(used.judged, mask), [used.judged, mask]);
  const fresh = used.judged !== null && used.of === source;
  const measured = typeof source === "string" && !filtered && !fresh && ctx.store.recording.value.checkpoints.some(({ name }) => name === source);
  const stored = useMemo(() => (measured && confusion ? cellsFrom(confusion.cells(source, split)) : null), [measured, confusion, source, split]);
  if (stored && typeof source === "string") return { ...used, cells: stored, judged: null, of: source };
  return { ...used, cells: counted };
}

/** The order must not jump with every filter: it is that of the whole split. */
function useAxis(ctx: Context, judged: Judged | null, cells: Cells | null): { axis: Axis; root: ReturnType<typeof treeOf>; closed: ReadonlySet<string> } {
  const { classes } = ctx.store.recording.value;
  const options = ctx.options.value;
  const order = (ORDERS.find((one) => one === options["order"]) ?? "given") as Order;
  const closed = useMemo(() => new Set(Array.isArray(options["closed"]) ? (options["closed"] as readonly string[]) : []), [options["closed"]]);
  const root = useMemo(() => treeOf(classes, options["hierarchy"] ?? null), [classes, JSON.stringify(options["hierarchy"])]);
  const within = ctx.data.filter.within.value;
  const whole = useMemo(() => (order === "given" || order === "name" ? cellsFrom([]) : judged ? confusionCells(judged, within) : (cells ?? cellsFrom([]))), [order, judged, within, judged ? null : cells]);
  const axis = useMemo(() => axisOf(root, { closed, order, cells: whole, classes }), [root, closed, order, whole, classes]);
  return { axis, root, closed };
}

function members(axis: Axis, at: number): readonly number[] {
  return axis.items[at]?.members ?? [];
}

/** A place as a filter; null where no column holds the classes by name. */
function exprOf(axis: Axis, { row, column }: Place, names: { label: string | null; prediction: string | null }, classes: readonly string[]): Expr | null {
  const one = (name: string | null, at: number): Expr | null => {
    if (name === null) return null;
    const values = members(axis, at).map((member) => classes[member] ?? "");
    return values.length === 1 ? { op: "eq", column: name, value: values[0] ?? "" } : { op: "in", column: name, values };
  };
  const label = row < 0 ? null : one(names.label, row);
  const prediction = column < 0 ? null : one(names.prediction, column);
  if ((row >= 0 && !label) || (column >= 0 && !prediction)) return null;
  return label && prediction ? { op: "and", of: [label, prediction] } : (label ?? prediction);
}

function rowsAt(judged: Judged, mask: Mask | null, axis: Axis, { row, column }: Place): Uint32Array {
  const { label, prediction, position } = { ...judged, position: axis.position };
  return rowsWhere(mask, judged.length, (at) => {
    const [own, said] = [label[at] as number, prediction[at] as number];
    return own !== -1 && said !== -1 && (row < 0 || position[own] === row) && (column < 0 || position[said] === column);
  });
}

interface Doing {
  open: MatrixProps["open"];
  clear: () => void;
}

function useDoing(ctx: Context, matrix: Matrix | null, judged: Judged | null, source: string | null, against: string | null): Doing {
  const { mask } = useCounted(ctx);
  const { classes } = ctx.store.recording.value;
  const { filter } = ctx.data;
  return {
    clear: () => filter.set(ctx.id, null),
    open: (place, filtering) => {
      if (!matrix) return;
      const expr = exprOf(matrix.axis, place, namesOf(ctx.store.recording.value, source), classes);
      if (filtering && expr) return filter.set(ctx.id, expr);
      const rule = matrix.rule(place);
      const gone = place.row >= 0 && place.column >= 0 && matrix.at(place.row, place.column) === 0 && matrix.was(place.row, place.column) > 0;
      const other = gone && against !== null && columnOf(against) === null ? against : null;
      // A head counts what has both; where some have no prediction, the rule about labels alone would pick more.
      if (rule && (rule.kind !== "label" || !judged || judged.complete)) return void ctx.data.pick(rule, ctx.id, other === null ? {} : { checkpoint: other });
      if (judged) pickRows(ctx, rowsAt(judged, mask, matrix.axis, place), matrix.sentence(place).split(";")[0]?.replace(/^\S+ /, "") ?? "");
    },
  };
}

/** An address can bring a selection of a place; that place is marked. */
function selectedPlace(ctx: Context, axis: Axis): Place | null {
  const rule = ctx.store.selection.value?.rule;
  return rule?.kind === "cell" ? { row: axis.position[rule.label] ?? 0, column: axis.position[rule.prediction] ?? 0 } : null;
}

function useStyle(ctx: Context, before: Cells | null, against: string | null): Style {
  const options = ctx.options.value;
  const recording = ctx.store.recording.value;
  return useMemo(() => ({
    share: (SHARES.find((one) => one === options["share"]) ?? "counts") as Share,
    hideDiagonal: options["diagonal"] === false,
    log: options["log"] === true,
    against: against !== null && before ? { cells: before, name: `${columnOf(against) === null ? "at" : "in"} ${sourceText(recording, against)}` } : null,
  }), [options, before, against, recording]);
}

function useTurn(ctx: Context, axis: Axis, root: ReturnType<typeof treeOf>, closed: ReadonlySet<string>): { at: (place: number, open: boolean) => void; key: (key: string, open: boolean) => void; all: (open: boolean) => void } {
  const keep = (next: ReadonlySet<string>) => ctx.set({ closed: next.size === 0 ? null : [...next].sort() });
  const key = (name: string, open: boolean) => {
    const next = new Set(closed);
    if (open) next.delete(name);
    else next.add(name);
    keep(next);
  };
  return {
    key,
    all: (open) => keep(open ? new Set() : new Set(levelsOf(root, new Set()).map((level) => level.key))),
    at: (place, open) => {
      const item = axis.items[place];
      if (open && item?.closed) key(item.key, true);
      const around = open || !item ? null : groupOf(root, item.members[0] ?? -1, closed);
      if (around !== null) key(around, false);
    },
  };
}

function Notes({ ctx, judged, matrix }: { ctx: Context; judged: Judged | null; matrix: Matrix }) {
  const { mask } = useCounted(ctx);
  const silent = useMemo(() => (!judged || judged.complete ? null : rowsWhere(mask, judged.length, (row) => judged.label[row] !== -1 && judged.prediction[row] === -1)), [judged, mask]);
  const missing = matrix.items.filter((_, at) => matrix.rows[at] === 0 && matrix.columns[at] === 0).length;
  const { against } = matrix.style;
  const order = ctx.options.value["order"] === "similar" && matrix.axis.position.length > MOST_SERIATED;
  return (
    <div class="notes muted small">
      {against && <p><i class="key better" aria-hidden="true" /> better, <i class="key worse" aria-hidden="true" /> worse than {against.name}. + and − say how many more or fewer.</p>}
      {silent && silent.length > 0 && <p><Door leads="show the samples without a prediction" open={() => pickRows(ctx, silent, "labelled samples without a prediction")}>{plural(silent.length, "labelled sample")}</Door> without a prediction stand in no cell.</p>}
      {missing > 0 && matrix.size <= MOST_IN_GRID && <p>{plural(missing, "class", "classes")} without a sample and without a prediction here.</p>}
      {order && <p>More than {count(MOST_SERIATED)} classes are too many to put alike ones together; they stand in given order.</p>}
    </div>
  );
}

interface BodyProps {
  ctx: Context;
  matrix: Matrix;
  judged: Judged | null;
  doing: Doing;
  turn: MatrixProps["turn"];
}

/** The matrix, what stands beside it, and below it one for every group. */
function Body({ ctx, matrix, judged, doing, turn }: BodyProps) {
  const { store } = ctx;
  const { open, clear } = doing;
  const { axis, style } = matrix;
  const { grouping } = useGrouping(ctx, store.groupBy.value);
  const { mask } = useCounted(ctx);
  const selected = selectedPlace(ctx, axis);
  const binary = matrix.size === 2 && axis.position.length === 2 && !style.against;
  return (
    <>
      <div class="sides">
        {matrix.size <= MOST_IN_GRID ? (
          <CellGrid matrix={matrix} open={open} clear={clear} turn={turn} selected={selected} />
        ) : (
          <CellMap ctx={ctx} matrix={matrix} open={open} clear={clear} turn={turn} selected={selected} />
        )}
        <div class="beside">
          {binary && <Binary matrix={matrix} open={open} selected={selected} wrong={() => void ctx.data.pick({ kind: "wrong" }, ctx.id)} />}
          <WorstPairs matrix={matrix} open={open} selected={selected} />
        </div>
      </div>
      <Notes ctx={ctx} judged={judged} matrix={matrix} />
      {grouping && judged && <Multiples ctx={ctx} judged={judged} mask={mask} grouping={grouping} axis={axis} style={style} clear={clear} turn={turn} />}
    </>
  );
}

function ConfusionView({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const against = textOption(ctx.options.value["against"]);
  const { cells, judged, of, failed, again } = useCells(ctx, checkpoint);
  const before = useCells(ctx, against ?? undefined);
  const { axis, root, closed } = useAxis(ctx, judged, cells);
  const style = useStyle(ctx, against === null ? null : before.cells, against);
  const matrix = useMemo(() => cells && new Matrix(cells, axis, style), [cells, axis, style]);
  const doing = useDoing(ctx, matrix, judged, of, against);
  const turn = useTurn(ctx, axis, root, closed);
  const levels = useMemo(() => levelsOf(root, closed), [root, closed]);
  const { filtered } = useCounted(ctx);
  const own = data.filter.clause(ctx.id);
  const wrong = () => void data.pick({ kind: "wrong" }, ctx.id);
  const trouble = failed ?? before.failed;
  return (
    <section aria-label="Where the network is wrong">
      <Heading
        title="Where the network is wrong"
        small={matrix && (
          <>
            <Door leads="show every mistake" open={wrong}>{`${count(matrix.wrong)} of ${count(matrix.total)}`}</Door>
            {` · ${whereOf(recording, store.split.value, of ?? checkpoint)}${style.against ? ` against ${sourceText(recording, against)}` : ""}${filtered ? " · filtered" : ""}`}
          </>
        )}
      >
        {own && <button type="button" class="button own" aria-label={`Take away the filter ${clauseWords(own)}`} onClick={doing.clear}><span class="text">{clauseWords(own)}</span> ×</button>}
      </Heading>
      <Controls ctx={ctx} options={ctx.options.value} checkpoint={checkpoint} />
      {trouble !== null && <Failure what="The mistakes could not be counted." why={trouble} retry={() => (failed === null ? before.again() : again())} />}
      <Levels levels={levels} turn={turn.key} all={turn.all} />
      {matrix === null ? (
        trouble === null && store.measured.value.failed === null && <Waiting what="Counting mistakes" height={320} />
      ) : matrix.total === 0 && !style.against ? (
        <p class="none muted">{filtered ? "No labelled sample with a prediction passes the filter." : "No labelled sample in this split has a prediction at this checkpoint."}</p>
      ) : (
        <Body ctx={ctx} matrix={matrix} judged={judged} doing={doing} turn={turn.at} />
      )}
    </section>
  );
}

export const confusion = defineComponent({
  type: "confusion",
  title: "Where the network is wrong",
  needs: ["labels", "predictions"],
  options: {
    order: { type: "choice", default: "given", choices: ORDERS, says: "Order of the classes: as given, by name, by number of samples, or those that are confused side by side." },
    share: { type: "choice", default: "counts", choices: SHARES, says: "What a cell says: counts, or shares of each label or of each prediction." },
    diagonal: { type: "flag", default: true, says: "Whether right answers are shown." },
    log: { type: "flag", default: false, says: "Whether the colour goes by orders of magnitude." },
    hierarchy: { type: "json", default: null, says: "The parent of each class, as {class: parent}, parents may have parents; otherwise class names are split at “/”." },
    closed: { type: "texts", default: [], says: "Groups of classes that are closed into one row and column." },
    against: { type: "text", default: null, says: "A checkpoint to compare with, by its name, or a column of predictions as “column:name”." },
  },
  styles: css,
  applies: (recording) =>
    recording.task === "multilabel"
      ? "A sample here carries several labels, so no one class is mistaken for one other. The class table says how good each label is."
      : firstReason(recording, needsPredictions, needsLabels),
  mount: drawn(ConfusionView),
});
