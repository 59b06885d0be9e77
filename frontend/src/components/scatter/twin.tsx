/** The points in sight as a table: the same picture for those who read rather than look. */
import { count, plural } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import type { Context } from "../component";
import { wordsOf } from "./measures";
import type { Shown } from "./use-shown";

const MOST = 500;

export function Twin({ ctx, shown, rows }: { ctx: Context; shown: Shown; rows: Uint32Array }) {
  const { classes } = ctx.store.recording.value;
  const some = Array.from(rows.subarray(0, MOST));
  const named = (index: number | null) => (index === null ? null : (classes[index] ?? `class ${index}`));
  const at = (values: { values: ArrayLike<number> }, row: number) => values.values[row] ?? null;
  const columns: TableColumn<number>[] = [
    { id: "sample", name: "Sample", key: (row) => row, cell: (row) => <Door leads={`open sample ${count(row)}`} open={() => (ctx.store.focus.value = row)}>{count(row)}</Door> },
    { id: "label", name: "Label", key: (row) => named(shown.factsOf(row).label), cell: (row) => <span class="class-name"><Swatch of={shown.factsOf(row).label} /> {named(shown.factsOf(row).label) ?? "no label"}</span> },
    { id: "prediction", name: "Called", key: (row) => named(shown.factsOf(row).prediction), cell: (row) => named(shown.factsOf(row).prediction) ?? "–" },
    { id: "x", name: shown.x.name, numeric: true, key: (row) => at(shown.xValues, row), cell: (row) => wordsOf(shown.x, at(shown.xValues, row)) },
    { id: "y", name: shown.y.name, numeric: true, key: (row) => at(shown.yValues, row), cell: (row) => wordsOf(shown.y, at(shown.yValues, row)) },
  ];
  return (
    <div class="twin">
      <p class="muted small">{rows.length > MOST ? `The first ${count(MOST)} of ${plural(rows.length, "sample")} in sight; zoom in for the others.` : `${plural(rows.length, "sample")} in sight.`}</p>
      <SortedTable name="Samples in sight" rows={some} columns={columns} initial={{ id: "sample", direction: "ascending" }} keyOf={(row) => row} />
    </div>
  );
}
