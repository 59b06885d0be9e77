import css from "./classes.css?inline";
import { count, measure, probability } from "../../draw/format";
import { Door, Heading, Swatch, Waiting, Whisker } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { whereText } from "../../draw/where";
import type { MeasureName, MetricRow } from "../../state/performance";
import type { Rule } from "../../state/selection";
import { firstReason, needsCheckpoints, needsLabels, needsLogits } from "../applies";
import { defineComponent, drawn, type Context } from "../component";

/** The class with the lowest and the highest F1, among those with any sample. */
export function extremes(rows: readonly MetricRow[]): { hardest: MetricRow; easiest: MetricRow } | null {
  const known = rows.filter((row) => row.support > 0 && row.of("f1").value !== null);
  const sorted = [...known].sort((a, b) => (a.of("f1").value ?? 0) - (b.of("f1").value ?? 0));
  const [hardest, easiest] = [sorted[0], sorted.at(-1)];
  return hardest && easiest && hardest !== easiest ? { hardest, easiest } : null;
}

/** What stands behind each figure of a class: the samples that cost it. */
const BEHIND: Record<"precision" | "recall" | "f1", (index: number) => { rule: Rule; words: (name: string) => string }> = {
  precision: (prediction) => ({ rule: { kind: "alarm", prediction }, words: (name) => `show what is wrongly called ${name}` }),
  recall: (label) => ({ rule: { kind: "wrong", label }, words: (name) => `show the ${name} it misses` }),
  f1: (label) => ({ rule: { kind: "either", label }, words: (name) => `show every mistake with ${name}` }),
};

function figureColumn(ctx: Context, id: "precision" | "recall" | "f1", name: string, hint: string): TableColumn<MetricRow> {
  return {
    id,
    name,
    hint,
    numeric: true,
    key: (row) => row.of(id as MeasureName).value,
    cell: (row) => {
      const estimate = row.of(id);
      const index = row.classIndex ?? 0;
      const { rule, words } = BEHIND[id](index);
      if (estimate.value === null) return <span class="muted" title={id === "precision" ? "Never predicted here" : "No sample here"}>–</span>;
      const range = estimate.low !== null ? ` (95 % interval ${probability(estimate.low)} to ${probability(estimate.high)})` : "";
      return (
        <span class="estimate" title={`${measure(estimate.value)}${range}`}>
          <Whisker of={estimate} from={0} to={1} />
          {ctx.store.recording.value.task === "multilabel" ? (
            <span class="num">{probability(estimate.value)}</span>
          ) : (
            <Door leads={words(row.name)} open={() => void ctx.data.pick(rule, "classes")}>{probability(estimate.value)}</Door>
          )}
        </span>
      );
    },
  };
}

function Classes({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const name = store.checkpoint.value?.name ?? null;
  const { metrics } = store.measured.value;
  const rows = metrics?.rows(name, store.split.value, "class") ?? null;
  const several = recording.task === "multilabel";
  const found = rows ? extremes(rows) : null;
  const columns: TableColumn<MetricRow>[] = [
    {
      id: "class",
      name: "Class",
      key: (row) => row.name,
      cell: (row) => (
        <Door class="class-name" leads={several ? `show what is labelled ${row.name}` : `show what is called ${row.name}`}
          open={() => void data.pick(several ? { kind: "label", label: row.classIndex ?? 0 } : { kind: "called", prediction: row.classIndex ?? 0 }, "classes")}>
          <Swatch of={row.classIndex} />
          <span class="text">{row.name}</span>
        </Door>
      ),
    },
    {
      id: "support",
      name: "Samples",
      hint: "Sort by how many samples are labelled so",
      numeric: true,
      first: "descending",
      key: (row) => row.support,
      cell: (row) => (
        <Door leads={`show what is labelled ${row.name}`} open={() => void data.pick({ kind: "label", label: row.classIndex ?? 0 }, "classes")}>
          {count(row.support)}
        </Door>
      ),
    },
    figureColumn(ctx, "precision", "Precision", "Of what is called so, the share that is"),
    figureColumn(ctx, "recall", "Recall", "Of what is so, the share that is called so"),
    figureColumn(ctx, "f1", "F1", "Harmonic mean of precision and recall"),
  ];
  return (
    <section aria-label="Which classes are hard?">
      <Heading
        title={found ? `${found.hardest.name} is hardest, ${found.easiest.name} easiest` : "Which classes are hard?"}
        small={`${whereText(recording, store.split.value, name)} · lines: 95 % intervals`}
      />
      {rows === null ? (
        <Waiting what="Measuring every class" height={200} />
      ) : (
        <SortedTable name="Classes" rows={rows} columns={columns} initial={{ id: "f1", direction: "ascending" }} keyOf={(row) => row.classIndex ?? row.name} />
      )}
    </section>
  );
}

export const classes = defineComponent({
  type: "classes",
  title: "Which classes are hard?",
  needs: ["labels", "checkpoints"],
  styles: css,
  applies: (recording) => firstReason(recording, needsCheckpoints, needsLabels, needsLogits),
  mount: drawn(Classes),
});
