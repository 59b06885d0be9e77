/** How familiar every sample is, by whatever was chosen: over all, within groups, or as a column says. */
import { numbersOf, stringsOf, valueAt, type Column } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import { has, type Mask } from "../../state/masks";
import { ordered } from "../../state/sorting";

/** Samples rarer than so many of a hundred fitted ones are told in the title. */
export const RARE = 0.01;

export interface Scores {
  /** Lower is less familiar; NaN is unknown. What samples are ordered by. */
  values: Float64Array;
  /** Whether they are ranks in [0, 1] among the samples that were fitted. */
  ranks: boolean;
  /** What the histogram counts, and what it is called. */
  column: Column;
  unit: string;
}

/** How far to trust the scores of a group. */
export interface Trust {
  attribute: string;
  value: string;
  members: number;
  /** Why the group was passed over; null if it was not. */
  reason: string | null;
  agreement: number | null;
  shift: number | null;
}

function known(table: Table, name: string, row: number): number | null {
  const column = table.get(name);
  const value = column ? valueAt(column, row) : null;
  return value === null || Number.isNaN(Number(value)) ? null : Number(value);
}

export function readTrust(groups: Table): Trust[] {
  const [attribute, value] = [stringsOf(groups, "attribute"), stringsOf(groups, "value")];
  const reason = groups.get("reason");
  return Array.from({ length: groups.get("attribute")?.length ?? 0 }, (_, row) => {
    const why = reason ? valueAt(reason, row) : null;
    return { attribute: attribute(row), value: value(row), members: known(groups, "members", row) ?? 0, reason: typeof why === "string" && why !== "" ? why : null, agreement: known(groups, "agreement", row), shift: known(groups, "shift", row) };
  });
}

function floats(values: Float64Array): Column {
  const valid = Uint8Array.from(values, (value) => Number(!Number.isNaN(value)));
  return { kind: "number", length: values.length, values, integer: false, valid: valid.includes(0) ? valid : null };
}

function flat(table: Table, name: string): Float64Array {
  const { values, valid } = numbersOf(table, name);
  return Float64Array.from(values, (value, i) => (valid && !valid[i] ? NaN : value));
}

export function overall(samples: Table): Scores {
  return { values: flat(samples, "familiarity"), ranks: true, column: floats(flat(samples, "log_density")), unit: "log density" };
}

/** Within the values of a column; of one value the densities can be compared, of several only the ranks. */
export function within(byGroup: Table, attribute: string, value: string | null, total: number): Scores {
  const [attributes, names] = [stringsOf(byGroup, "attribute"), stringsOf(byGroup, "value")];
  const [samples, ranks, densities] = ["sample_index", "familiarity", "log_density"].map((name) => flat(byGroup, name));
  const values = new Float64Array(total).fill(NaN);
  const density = new Float64Array(total).fill(NaN);
  samples?.forEach((sample, row) => {
    if (attributes(row) !== attribute || (value !== null && names(row) !== value)) return;
    values[sample] = ranks?.[row] ?? NaN;
    density[sample] = densities?.[row] ?? NaN;
  });
  return value === null ? { values, ranks: true, column: floats(values), unit: "rank within its group" } : { values, ranks: true, column: floats(density), unit: "log density" };
}

/** As a column of the table says. */
export function given(column: Column): Scores | null {
  if (column.kind !== "number" && column.kind !== "bigint") return null;
  const values = flat(new Map([["given", column]]), "given");
  return { values, ranks: false, column: floats(values), unit: "familiarity" };
}

/** The samples with a score that a mask keeps, least familiar first; equal ones as recorded. */
export function leastFirst({ values }: Scores, mask: Mask | null, reversed: boolean): Uint32Array {
  const rows = new Uint32Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i]) && (mask === null || has(mask, i))) rows[n++] = i;
  return ordered(rows.slice(0, n), values, null, reversed);
}

export interface Spread {
  n: number;
  mean: number;
  deviation: number;
}

/** Mean and standard deviation of finite numbers; null without any. */
export function spreadOf(column: Column, rows: ArrayLike<number>): Spread | null {
  if (column.kind !== "number") return null;
  let [n, mean, squares] = [0, 0, 0];
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k] ?? 0;
    const value = column.values[row] ?? NaN;
    if (!Number.isFinite(value) || (column.valid && !column.valid[row])) continue;
    // Welford's update: sums of squares of large, close numbers would cancel.
    const from = value - mean;
    mean += from / ++n;
    squares += from * (value - mean);
  }
  return n === 0 ? null : { n, mean, deviation: Math.sqrt(squares / n) };
}
