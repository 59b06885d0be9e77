/** The columns of the samples, fetched one by one when first needed and then kept. */
import { numbersOf, valueAt, type Column } from "../hosts/arrow";
import { ArrivalError } from "../hosts/errors";
import type { Host, Table } from "../hosts/host";
import type { Recording } from "../hosts/recording";
import type { Truth } from "./selection";

export class Columns {
  private readonly kept = new Map<string, Promise<Column>>();
  private truthKept: Promise<Truth> | null = null;

  constructor(
    private readonly host: Host,
    private readonly recording: Recording,
  ) {}

  get(name: string): Promise<Column> {
    const known = this.kept.get(name);
    if (known) return known;
    const asked = this.host.table("samples", [name]).then((table) => this.check(name, table));
    this.keep(name, asked);
    return asked;
  }

  /** A failed fetch is forgotten, so that asking again can succeed. */
  private keep(name: string, asked: Promise<Column>): void {
    this.kept.set(name, asked);
    asked.catch(() => this.kept.delete(name));
  }

  private check(name: string, table: Table): Column {
    const column = table.get(name);
    if (!column) throw new ArrivalError(`Column "${name}" did not arrive.`);
    if (column.length !== this.recording.nSamples) {
      throw new ArrivalError(
        `Column "${name}" has ${column.length} values for ${this.recording.nSamples} samples. Reload the page; the recording may have changed.`,
      );
    }
    return column;
  }

  /** Some columns of some samples, in the given order; not kept. */
  rows(names: readonly string[], rows: readonly number[], signal?: AbortSignal): Promise<Table> {
    return this.host.table("samples", names, signal ? { rows, signal } : { rows });
  }

  /** Label and split of every sample. */
  truth(): Promise<Truth> {
    this.truthKept ??= this.fetchTruth();
    this.truthKept.catch(() => (this.truthKept = null));
    return this.truthKept;
  }

  private async fetchTruth(): Promise<Truth> {
    const role = (wanted: string) => this.recording.columns.find((column) => column.role === wanted)?.name;
    const [label, split] = await Promise.all([
      this.optional(role("label")),
      this.optional(role("split")),
    ]);
    return {
      length: this.recording.nSamples,
      label: label && this.recording.task === "multiclass" ? this.labels(label) : null,
      split: split ? this.codes(split) : null,
      ...(label && this.recording.task === "multilabel" ? { lists: this.lists(label) } : {}),
    };
  }

  private async optional(name: string | undefined): Promise<Column | null> {
    return name === undefined ? null : this.get(name);
  }

  /** Labels arrive as class indices, or as class names. */
  private labels(column: Column): NonNullable<Truth["label"]> {
    if (column.kind !== "category") return numbersOf(new Map([["label", column]]), "label");
    const place = Int32Array.from(column.values, (name) => this.recording.classes.indexOf(name));
    const values = Int32Array.from(column.codes, (code) => place[code] ?? 0);
    return { values, valid: column.valid };
  }

  private lists(column: Column): NonNullable<Truth["lists"]> {
    return (index) => {
      const value = valueAt(column, index);
      if (!Array.isArray(value)) return null;
      return value.map((item) => (typeof item === "string" ? this.recording.classes.indexOf(item) : Number(item)));
    };
  }

  private codes(column: Column): NonNullable<Truth["split"]> {
    if (column.kind === "category") {
      const { codes, values, valid } = column;
      // A sample in no split gets a code beyond the list, so that no split claims it.
      return { codes: valid ? codes.map((code, i) => (valid[i] ? code : values.length)) : codes, values };
    }
    if (column.kind === "none") return { codes: new Int32Array(column.length), values: [] };
    if (column.kind !== "text") throw new ArrivalError(`The split column should hold text; it holds ${column.kind}.`);
    const names = this.recording.splits.map((split) => split.name);
    return { codes: Int32Array.from({ length: column.length }, (_, i) => (names.indexOf(column.at(i) ?? "") + names.length + 1) % (names.length + 1)), values: names };
  }
}
