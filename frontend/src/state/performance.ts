/** The tables of the `performance` analysis, read into what the views ask: how good, where wrong, which samples. */
import { numbersOf, stringsOf, type Numbers, type Valid } from "../hosts/arrow";
import type { Host, Json, RunOptions, RunResult, Table } from "../hosts/host";

export const MEASURES = ["accuracy", "precision", "recall", "f1", "log_loss", "ece"] as const;
export type MeasureName = (typeof MEASURES)[number];

/** A measured value with its 95 % interval; null where it is undefined. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface MetricRow {
  checkpoint: string;
  step: number;
  split: string;
  scope: string;
  name: string;
  classIndex: number | null;
  support: number;
  of: (measure: MeasureName) => Estimate;
}

/** Rows of the metrics table, grouped so that a view finds its own without a scan. */
export class Metrics {
  private readonly groups = new Map<string, MetricRow[]>();

  constructor(table: Table) {
    const checkpoint = stringsOf(table, "checkpoint");
    const split = stringsOf(table, "split");
    const scope = stringsOf(table, "scope");
    const name = stringsOf(table, "name");
    const step = numbersOf(table, "step").values;
    const support = numbersOf(table, "support").values;
    const classes = numbersOf(table, "class_index");
    const columns = new Map<string, { values: Numbers; valid: Valid }>();
    for (const measure of MEASURES) for (const end of ["", "_low", "_high"]) columns.set(measure + end, numbersOf(table, measure + end));
    const at = (key: string, row: number): number | null => {
      const column = columns.get(key);
      if (!column || (column.valid && !column.valid[row])) return null;
      const value = column.values[row] ?? NaN;
      return Number.isNaN(value) ? null : value;
    };
    for (let row = 0; row < step.length; row++) {
      const made: MetricRow = {
        checkpoint: checkpoint(row),
        step: step[row] ?? 0,
        split: split(row),
        scope: scope(row),
        name: name(row),
        classIndex: classes.valid && !classes.valid[row] ? null : (classes.values[row] ?? null),
        support: support[row] ?? 0,
        of: (measure) => ({ value: at(measure, row), low: at(`${measure}_low`, row), high: at(`${measure}_high`, row) }),
      };
      const key = JSON.stringify([made.checkpoint, made.split, made.scope]);
      const group = this.groups.get(key);
      if (group) group.push(made);
      else this.groups.set(key, [made]);
    }
  }

  rows(checkpoint: string | null, split: string, scope: "overall" | "class" | "slice"): readonly MetricRow[] {
    return this.groups.get(JSON.stringify([checkpoint, split, scope])) ?? [];
  }

  overall(checkpoint: string | null, split: string): MetricRow | null {
    return this.rows(checkpoint, split, "overall")[0] ?? null;
  }
}

export interface Cell {
  label: number;
  prediction: number;
  count: number;
}

/** Confusion counts, sparse, by checkpoint and split. */
export class Confusion {
  private readonly groups = new Map<string, Cell[]>();

  constructor(table: Table) {
    const checkpoint = stringsOf(table, "checkpoint");
    const split = stringsOf(table, "split");
    const [label, prediction, counts] = ["label", "prediction", "count"].map((name) => numbersOf(table, name).values);
    for (let row = 0; row < (counts?.length ?? 0); row++) {
      const key = JSON.stringify([checkpoint(row), split(row)]);
      const cell = { label: label?.[row] ?? 0, prediction: prediction?.[row] ?? 0, count: counts?.[row] ?? 0 };
      const group = this.groups.get(key);
      if (group) group.push(cell);
      else this.groups.set(key, [cell]);
    }
  }

  cells(checkpoint: string | null, split: string): readonly Cell[] {
    return this.groups.get(JSON.stringify([checkpoint, split])) ?? [];
  }

  /** Mistakes, most frequent first. */
  worst(checkpoint: string | null, split: string): Cell[] {
    return this.cells(checkpoint, split)
      .filter((cell) => cell.label !== cell.prediction && cell.count > 0)
      .sort((a, b) => b.count - a.count || a.label - b.label || a.prediction - b.prediction);
  }
}

export interface NumberColumn {
  values: Numbers;
  valid: Valid;
}

/** What one checkpoint says of every sample; position i is sample_index i. */
export interface SampleColumns {
  prediction: NumberColumn;
  confidence: NumberColumn;
  loss: NumberColumn;
  margin: NumberColumn;
  correct: NumberColumn;
}

export type Watch = (title: string, work: (options: RunOptions) => Promise<RunResult>) => Promise<RunResult>;

const SAMPLE_COLUMNS = ["prediction", "confidence", "loss", "margin", "correct"] as const;
/** Columns of this many checkpoints are kept; a run of a hundred checkpoints must not fill the memory. */
const KEPT_CHECKPOINTS = 4;

export class Performance {
  private readonly samplesKept = new Map<string, Promise<SampleColumns>>();

  constructor(
    private readonly host: Host,
    private readonly watch: Watch,
  ) {}

  /** The samples are others: what is known of them is of no use. */
  forget(): void {
    this.samplesKept.clear();
  }

  private run(title: string, params: { readonly [key: string]: Json }): Promise<RunResult> {
    return this.watch(title, (options) => this.host.run("performance", params, options));
  }

  private table(result: RunResult, name: string, columns: readonly string[]): Promise<Table> {
    return this.host.table(`results/${result.analysis}/${result.key}/${name}`, columns);
  }

  private metricColumns(): string[] {
    return ["checkpoint", "step", "split", "scope", "name", "class_index", "support", ...MEASURES.flatMap((m) => [m, `${m}_low`, `${m}_high`])];
  }

  /** How good every checkpoint is. Only checkpoints not yet measured cost anything. */
  async measure(): Promise<{ metrics: Metrics; confusion: Confusion; result: RunResult }> {
    const result = await this.run("Measuring every checkpoint", {});
    const [metrics, confusion] = await Promise.all([
      this.table(result, "metrics", this.metricColumns()),
      this.table(result, "confusion", ["checkpoint", "split", "label", "prediction", "count"]),
    ]);
    return { metrics: new Metrics(metrics), confusion: new Confusion(confusion), result };
  }

  /** What a checkpoint says of every sample; fetched when first needed. */
  samples(checkpoint: string): Promise<SampleColumns> {
    const known = this.samplesKept.get(checkpoint);
    if (known) return known;
    const asked = this.fetchSamples(checkpoint);
    this.samplesKept.set(checkpoint, asked);
    asked.catch(() => this.samplesKept.delete(checkpoint));
    if (this.samplesKept.size > KEPT_CHECKPOINTS) this.samplesKept.delete(this.samplesKept.keys().next().value ?? "");
    return asked;
  }

  private async fetchSamples(checkpoint: string): Promise<SampleColumns> {
    const result = await this.run("Reading predictions", { checkpoint });
    const table = await this.table(result, "samples", SAMPLE_COLUMNS);
    const column = (name: (typeof SAMPLE_COLUMNS)[number]) => numbersOf(table, name);
    return {
      prediction: column("prediction"),
      confidence: column("confidence"),
      loss: column("loss"),
      margin: column("margin"),
      correct: column("correct"),
    };
  }
}
