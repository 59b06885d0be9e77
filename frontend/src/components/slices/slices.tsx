import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import css from "./slices.css?inline";
import { count, measure, percent } from "../../draw/format";
import { Door, Failure, Heading, Waiting, Whisker } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { whereText } from "../../draw/where";
import type { ColumnInfo, Recording } from "../../hosts/recording";
import type { Metrics, MetricRow } from "../../state/performance";
import { firstReason, needsCheckpoints, needsLabels, needsLogits } from "../applies";
import { defineComponent, drawn, type Context } from "../component";

/** Below this many samples a share says little; the row is marked instead of hidden. */
const FEW = 20;

export function sliceable(recording: Recording): readonly ColumnInfo[] {
  return recording.columns.filter(({ role, type }) => role === "metadata" && (type === "category" || type === "bool" || type === "integer"));
}

/** The value of a slice, which the analysis names "column = value" or "column is missing"; undefined for another column's. */
export function valueOf(row: MetricRow, column: string): string | null | undefined {
  const head = `${column} = `;
  if (row.name.startsWith(head)) return row.name.slice(head.length);
  return row.name === `${column} is missing` ? null : undefined;
}

function valueWords(row: MetricRow, column: string): string {
  return valueOf(row, column) ?? "missing";
}

export function worstSlice(rows: readonly MetricRow[]): MetricRow | null {
  const known = rows.filter((row) => row.support >= FEW && row.of("accuracy").value !== null);
  if (known.length < 2) return null;
  return [...known].sort((a, b) => (a.of("accuracy").value ?? 0) - (b.of("accuracy").value ?? 0))[0] ?? null;
}

function columnsOf(ctx: Context, column: string): TableColumn<MetricRow>[] {
  const open = (row: MetricRow, wrong: boolean) => {
    const rule = { kind: "slice", column, value: valueOf(row, column) ?? null } as const;
    void ctx.data.pick(wrong ? { ...rule, wrong } : rule, "slices");
  };
  return [
    { id: "value", name: column, key: (row) => valueOf(row, column) ?? null, cell: (row) => valueWords(row, column) },
    {
      id: "support",
      name: "Samples",
      numeric: true,
      first: "descending",
      key: (row) => row.support,
      cell: (row) => (
        <>
          {row.support < FEW && <span class="badge warn">few</span>}{" "}
          <Door leads={`show the samples where ${column} is ${valueWords(row, column)}`} open={() => open(row, false)}>{count(row.support)}</Door>
        </>
      ),
    },
    {
      id: "accuracy",
      name: "Right",
      numeric: true,
      key: (row) => row.of("accuracy").value,
      cell: (row) => (
        <span class="estimate">
          <Whisker of={row.of("accuracy")} from={0} to={1} />
          <Door leads={`show what is wrong where ${column} is ${valueWords(row, column)}`} open={() => open(row, true)}>{percent(row.of("accuracy").value)}</Door>
        </span>
      ),
    },
    { id: "loss", name: "Log loss", numeric: true, first: "descending", key: (row) => row.of("log_loss").value, cell: (row) => <span class="num">{measure(row.of("log_loss").value)}</span> },
  ];
}

function Slices({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const metrics = useSignal<Metrics | null>(null);
  const failed = useSignal<string | null>(null);
  const turn = useSignal(0);
  const checkpoint = store.checkpoint.value?.name ?? null;
  const column = store.groupBy.value[0] ?? null;
  useEffect(() => {
    let gone = false;
    failed.value = null;
    if (column === null || checkpoint === null) return;
    data.performance.slices(checkpoint, column).then(
      (found) => !gone && (metrics.value = found),
      (error: unknown) => !gone && (failed.value = error instanceof Error ? error.message : String(error)),
    );
    return () => {
      gone = true;
    };
  }, [column, checkpoint, turn.value]);
  const rows = column === null ? [] : (metrics.value?.rows(checkpoint, store.split.value, "slice") ?? []).filter((row) => valueOf(row, column) !== undefined);
  const worst = worstSlice(rows);
  const title = worst && column !== null ? `Weakest where ${column} is ${valueWords(worst, column)}: ${percent(worst.of("accuracy").value)} right` : "Does it depend on anything you know?";
  return (
    <section aria-label="Does it depend on anything you know?">
      <Heading title={title} small={column === null ? "pick a column to see how often it is right for each of its values" : whereText(recording, store.split.value, checkpoint)}>
        <select aria-label="Break down by" value={column ?? ""} onChange={(event) => (store.groupBy.value = event.currentTarget.value ? [event.currentTarget.value] : [])}>
          <option value="">Break down by…</option>
          {sliceable(recording).map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
      </Heading>
      {failed.value !== null && <Failure what="The breakdown could not be made." why={failed.value} retry={() => turn.value++} />}
      {rows.length > 0 && column !== null && (
        <SortedTable name={`By ${column}`} rows={rows} columns={columnsOf(ctx, column)} initial={{ id: "accuracy", direction: "ascending" }} keyOf={(row) => row.name} />
      )}
      {column !== null && rows.length === 0 && failed.value === null && <Waiting what={`Breaking down by ${column}`} />}
    </section>
  );
}

export const slices = defineComponent({
  type: "slices",
  title: "Does it depend on anything you know?",
  needs: ["labels", "checkpoints", "metadata"],
  styles: css,
  applies: (recording) =>
    firstReason(recording, needsCheckpoints, needsLabels, needsLogits, () =>
      sliceable(recording).length > 0 || "No metadata column has values to compare. Record some with metadata={…}: a source, a device, a date."),
  mount: drawn(Slices),
});
