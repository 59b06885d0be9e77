/** A host for tests: a tiny recording in memory, measured the slow and obvious way. */
import { taken, type Column } from "./arrow";
import type { Decision, Host, HostEvent, Json, Logged, RunResult, Saved, Table, TableOptions } from "./host";
import { fakeResult } from "./fake-results";
import { inForce, readRecording, type Recording } from "./recording";

export const CLASSES = ["T-shirt", "Shirt", "Bag"] as const;
/** null is a sample without a label. */
export const LABELS: readonly (number | null)[] = [0, 0, 0, 1, 1, 1, 2, 2, 0, 1, 2, null];
export const SPLITS: readonly string[] = ["train", "train", "train", "train", "train", "test", "test", "test", "test", "test", "test", "test"];
export const DEVICES: readonly string[] = ["a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "a", "b"];
/** One list per checkpoint. */
export const PREDICTIONS: readonly (readonly number[])[] = [
  [0, 1, 2, 1, 0, 0, 2, 0, 1, 1, 1, 0],
  [0, 0, 1, 1, 1, 0, 2, 2, 1, 0, 2, 0],
  [0, 0, 0, 1, 1, 0, 2, 2, 1, 1, 2, 1],
];
const MEASURES = ["accuracy", "precision", "recall", "f1", "log_loss", "ece"];

export function numbers(values: readonly (number | null)[], integer = true): Column {
  const valid = values.includes(null) ? Uint8Array.from(values, (value) => Number(value !== null)) : null;
  return { kind: "number", length: values.length, values: Float64Array.from(values, (value) => value ?? 0), integer, valid };
}

export function categories(texts: readonly string[]): Column {
  const values = [...new Set(texts)];
  return { kind: "category", length: texts.length, codes: Int32Array.from(texts, (text) => values.indexOf(text)), values, valid: null };
}

function holey(column: Column, missing: number): Column {
  return column.kind === "category" ? { ...column, valid: Uint8Array.from(column.codes, (_, i) => Number(i !== missing)) } : column;
}

function texts(values: readonly string[]): Column {
  return { kind: "text", length: values.length, at: (index) => values[index] ?? null };
}

export function description(checkpoints: number, more: { readonly [key: string]: Json } = {}): Recording {
  return readRecording({
    name: "tiny", task: "multiclass", kind: "image", n_samples: LABELS.length, n_missing_labels: 1, fingerprint: "abcdef0123456789",
    classes: [...CLASSES], splits: [{ name: "train", count: 5 }, { name: "test", count: 7 }],
    columns: [
      { name: "sample_id", type: "text", role: "id" },
      { name: "label", type: "integer", role: "label" },
      { name: "split", type: "category", role: "split", values: ["train", "test"] },
      { name: "device", type: "category", role: "metadata", values: ["a", "b"] },
    ],
    layers: [{ name: "fc", shape: [8], dtype: "float16", role: "embedding" }],
    checkpoints: Array.from({ length: checkpoints }, (_, t) => ({
      name: `00000${t + 1}`, step: t + 1, epoch: t + 1, wall_time: 100 + 10 * t, duration_s: 0.1, metrics: { val_loss: 1 / (t + 1) }, n_samples: 12, non_finite: 0,
    })),
    writing: false, provenance: { python: "3.11" }, analyses: [{ name: "performance", missing: [] }, { name: "familiarity", missing: [] }, { name: "duplicates", missing: [] }, { name: "health", missing: [] }],
    capabilities: { run: true, decide: true, media: true }, ...more,
  });
}

type MetricLine = Record<string, string | number | null>;

function measured(checkpoint: number, split: string, keep: (sample: number) => boolean): { right: number; support: number } {
  let right = 0;
  let support = 0;
  LABELS.forEach((label, i) => {
    if (label === null || (split !== "all" && SPLITS[i] !== split) || !keep(i)) return;
    support++;
    if (PREDICTIONS[checkpoint]?.[i] === label) right++;
  });
  return { right, support };
}

export class FakeHost implements Host {
  readonly name = "fake";
  capabilities = { run: true, decide: true, media: true, share: false };
  /** Everything asked, in order. */
  readonly asked: string[] = [];
  listeners = new Set<(event: HostEvent) => void>();
  failing: string | null = null;
  /** Analyses that were not run before. */
  readonly absent = new Set<string>();
  /** Tables of results to give instead, by "analysis/table". */
  readonly given = new Map<string, Map<string, Column>>();
  /** Sample 0 is in no split. */
  unsplit = false;

  constructor(public checkpoints = 3, public more: { readonly [key: string]: Json } = {}) {}

  recording(): Promise<Recording> {
    return Promise.resolve(description(this.checkpoints, this.more));
  }

  tell(event: HostEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  async table(name: string, columns: readonly string[], options: TableOptions = {}): Promise<Table> {
    this.asked.push(`${name}?${columns.join(",")}${options.rows ? `&rows=${options.rows.join(",")}` : ""}`);
    if (this.failing !== null) throw new Error(this.failing);
    const whole = name === "samples" ? this.samples(options.rows ?? LABELS.map((_, i) => i)) : name === "course" ? this.course(options.sample ?? 0) : this.someRows(this.result(name), options.rows);
    return columns.length === 0 ? whole : new Map([...whole].filter(([key]) => columns.includes(key)));
  }

  private samples(rows: readonly number[]): Map<string, Column> {
    return new Map([
      ["sample_id", texts(rows.map((i) => `${SPLITS[i]}/${i}`))],
      ["label", numbers(rows.map((i) => LABELS[i] ?? null))],
      ["split", this.unsplit ? holey(categories(rows.map((i) => SPLITS[i] ?? "")), 0) : categories(rows.map((i) => SPLITS[i] ?? ""))],
      ["device", categories(rows.map((i) => DEVICES[i] ?? ""))],
    ]);
  }

  private course(sample: number): Map<string, Column> {
    const said = PREDICTIONS.slice(0, this.checkpoints).map((predictions) => predictions[sample] ?? 0);
    const rows = said.map((prediction) => CLASSES.map((_, index) => (index === prediction ? 0.8 : 0.1)));
    return new Map<string, Column>([
      ["checkpoint", categories(said.map((_, t) => `00000${t + 1}`))],
      ["step", numbers(said.map((_, t) => t + 1))],
      ["epoch", numbers(said.map((_, t) => t + 1))],
      ["prediction", numbers(said)],
      ["confidence", numbers(said.map(() => 0.8), false)],
      ["loss", numbers(said.map(() => 0.5), false)],
      ["probabilities", { kind: "list", length: rows.length, at: (row) => rows[row] ?? null }],
    ]);
  }

  private someRows(table: Map<string, Column>, rows: readonly number[] | undefined): Map<string, Column> {
    return rows ? new Map([...table].map(([name, column]) => [name, taken(column, rows)])) : table;
  }

  private result(name: string): Map<string, Column> {
    const [, analysis = "", key = "", table = ""] = name.split("/");
    const known = this.given.get(`${analysis}/${table}`) ?? fakeResult(analysis, table);
    if (known) return known;
    const params = JSON.parse(decodeURIComponent(key)) as { checkpoint?: string; slices?: string[] };
    const places = params.checkpoint ? [Number(params.checkpoint) - 1] : Array.from({ length: this.checkpoints }, (_, t) => t);
    if (table === "samples") return this.resultSamples(places.at(-1) ?? 0);
    return table === "confusion" ? this.confusion(places) : this.metrics(places, params.slices ?? []);
  }

  private resultSamples(place: number): Map<string, Column> {
    const said = PREDICTIONS[place] ?? [];
    return new Map<string, Column>([
      ["prediction", numbers([...said])],
      ["confidence", numbers(said.map((_, i) => 0.5 + i / 100), false)],
      ["loss", numbers(said.map((_, i) => (LABELS[i] === null ? null : i / 10)), false)],
      ["margin", numbers(said.map(() => 0), false)],
      ["correct", numbers(said.map((prediction, i) => (LABELS[i] === null ? null : Number(prediction === LABELS[i]))))],
    ]);
  }

  private confusion(places: readonly number[]): Map<string, Column> {
    const cells: { checkpoint: string; split: string; label: number; prediction: number; count: number }[] = [];
    for (const t of places) for (const split of ["all", "train", "test"]) {
      CLASSES.forEach((_, label) => CLASSES.forEach((__, prediction) => {
        const n = LABELS.filter((own, i) => own === label && PREDICTIONS[t]?.[i] === prediction && (split === "all" || SPLITS[i] === split)).length;
        if (n > 0) cells.push({ checkpoint: `00000${t + 1}`, split, label, prediction, count: n });
      }));
    }
    return new Map([
      ["checkpoint", categories(cells.map((cell) => cell.checkpoint))],
      ["split", categories(cells.map((cell) => cell.split))],
      ["label", numbers(cells.map((cell) => cell.label))],
      ["prediction", numbers(cells.map((cell) => cell.prediction))],
      ["count", numbers(cells.map((cell) => cell.count))],
    ]);
  }

  private metrics(places: readonly number[], slices: readonly string[]): Map<string, Column> {
    const lines: MetricLine[] = [];
    const add = (t: number, split: string, scope: string, name: string, index: number | null, keep: (i: number) => boolean) => {
      const { right, support } = measured(t, split, keep);
      const value = support > 0 ? right / support : null;
      const line: MetricLine = { checkpoint: `00000${t + 1}`, step: t + 1, split, scope, name, class_index: index, support };
      for (const measure of MEASURES) Object.assign(line, { [measure]: value, [`${measure}_low`]: value === null ? null : Math.max(0, value - 0.1), [`${measure}_high`]: value === null ? null : Math.min(1, value + 0.1) });
      lines.push(line);
    };
    for (const t of places) for (const split of ["all", "train", "test"]) {
      add(t, split, "overall", "", null, () => true);
      CLASSES.forEach((name, index) => add(t, split, "class", name, index, (i) => LABELS[i] === index));
      for (const column of slices) for (const value of ["a", "b"]) add(t, split, "slice", `${column} = ${value}`, null, (i) => DEVICES[i] === value);
    }
    const names = ["step", "class_index", "support", ...MEASURES.flatMap((m) => [m, `${m}_low`, `${m}_high`])];
    const table = new Map<string, Column>(names.map((name) => [name, numbers(lines.map((line) => line[name] as number | null), false)]));
    for (const name of ["checkpoint", "split", "scope", "name"]) table.set(name, categories(lines.map((line) => String(line[name]))));
    return table;
  }

  media(sampleIndex: number, size?: number): string {
    return `media/${sampleIndex}${size === undefined ? "" : `?size=${size}`}`;
  }

  text(sampleIndex: number): Promise<string> {
    return Promise.resolve(`text of sample ${sampleIndex}`);
  }

  whyNoMedia(sampleIndex: number): Promise<string> {
    return Promise.resolve(`The image of sample ${sampleIndex} is damaged.`);
  }

  async stored(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult | null> {
    this.asked.push(`stored ${analysis} ${JSON.stringify(params)}`);
    if (this.failing !== null) throw new Error(this.failing);
    return this.absent.has(analysis) ? null : { analysis, key: encodeURIComponent(JSON.stringify(params)), tables: {} };
  }

  async run(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult> {
    this.asked.push(`run ${analysis} ${JSON.stringify(params)}`);
    if (this.failing !== null) throw new Error(this.failing);
    this.absent.delete(analysis);
    return { analysis, key: encodeURIComponent(JSON.stringify(params)), tables: {} };
  }

  decided: Logged[] = [];

  decisions(after = 0): Promise<readonly Logged[]> {
    return Promise.resolve(this.decided.filter(({ sequence }) => sequence > after));
  }

  decide({ kind, payload, undoes }: Decision): Promise<Saved> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    const sequence = this.decided.length + 1;
    const [time, author] = [`2026-01-01T00:00:0${sequence % 10}Z`, "me"];
    this.decided = inForce([...this.decided, { sequence, time, author, kind, payload, undoes: undoes ?? null, inForce: true }]);
    this.tell({ type: "decision", sequence });
    return Promise.resolve({ sequence, hash: "0", time, author });
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  reconnect(): void {
    this.asked.push("reconnect");
  }

  close(): void {
    this.listeners.clear();
  }
}
