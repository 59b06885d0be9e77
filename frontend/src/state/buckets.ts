/** A column cut into buckets to count: its values, or ranges with edges at round numbers. */
import { ticks } from "d3-array";
import { count, measure, valueText } from "../draw/format";
import type { Column, Valid } from "../hosts/arrow";
import type { Expr, Scalar } from "./clauses";
import { exactDoubles } from "./narrow";
import { timeEdges, timeWords } from "../draw/times";

export interface Buckets {
  kind: "values" | "ranges";
  /** The bucket of every sample; `size` is missing, `size + 1` infinite. */
  codes: Int32Array;
  size: number;
  name: (bucket: number) => string;
  /** The clause that picks these buckets: any values, or neighbouring ranges. */
  pick: (column: string, buckets: readonly number[]) => Expr;
  /** The buckets such a clause picks; null when it is about something else. */
  picked: (expr: Expr) => readonly number[] | null;
}

const MOST_RANGES = 24;
const kept = new WeakMap<Column, Buckets>();

/** null for what cannot be counted so: free text, lists, nothing at all. */
export function bucketsOf(column: Column): Buckets | null {
  let found: Buckets | null | undefined = kept.get(column);
  if (found) return found;
  found = column.kind === "category" || column.kind === "bool" ? values(column) : column.kind === "number" || column.kind === "bigint" || column.kind === "time" ? ranges(column) : null;
  if (found) kept.set(column, found);
  return found;
}

function values(column: Extract<Column, { kind: "category" | "bool" }>): Buckets {
  const category = column.kind === "category";
  const scalars: readonly Scalar[] = category ? column.values : [false, true];
  const size = scalars.length;
  const { valid } = column;
  const own = category ? column.codes : Int32Array.from(column.values);
  return {
    kind: "values",
    size,
    codes: valid ? own.map((code, i) => (valid[i] ? code : size)) : own,
    name: (bucket) => valueText(scalars[bucket] ?? "") || "(empty text)",
    pick: (name, buckets) => ({ op: "in", column: name, values: buckets.map((bucket) => scalars[bucket] ?? "") }),
    picked: (expr) => {
      const wanted = expr.op === "in" ? expr.values : expr.op === "eq" ? [expr.value] : null;
      return wanted && wanted.map((value) => scalars.indexOf(value)).filter((bucket) => bucket >= 0);
    },
  };
}

/** Round edges around what is there; whole numbers that are few get one bucket each. */
export function edgesOf(low: number, high: number, whole: boolean): number[] {
  if (low === high) return [low, high];
  if (whole && high - low < MOST_RANGES) return Array.from({ length: high - low + 2 }, (_, i) => low + i);
  const inner = ticks(low, high, MOST_RANGES - 4);
  const step = (inner[1] ?? high) - (inner[0] ?? low);
  const start = (inner[0] ?? low) > low ? [(inner[0] ?? low) - step] : [];
  const end = (inner.at(-1) ?? high) < high ? [(inner.at(-1) ?? high) + step] : [];
  // What rounding left behind the last digit goes; of large whole numbers every digit counts.
  return [...start, ...inner, ...end].map((edge) => (Number.isInteger(step) ? Math.round(edge) : Number(edge.toPrecision(15))));
}

/** Integers beyond 2^53 stay what they are; everything else is read as doubles, so that the loops below see one kind of array. */
function comparable(column: Ranged): Float64Array | BigInt64Array | BigUint64Array {
  if (column.kind === "bigint") return exactDoubles(column.values) ?? column.values;
  return column.values instanceof Float64Array ? column.values : new Float64Array(column.values);
}

/** The smallest and the largest finite value; the first is larger where there is none. */
function spanOf(values: ArrayLike<number | bigint>, valid: Valid): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if ((valid && !valid[i]) || value - value !== 0) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Yes and no, or stars from 1 to 5, with values missing: a table of today keeps them as doubles. */
function areWhole(values: ArrayLike<number | bigint>, valid: Valid): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!(valid && !valid[i]) && value - value === 0 && !Number.isInteger(value)) return false;
  }
  return true;
}

/** The bucket of every value between neighbouring edges; `size` for missing, `size + 1` for infinite ones. */
function codesOf(values: ArrayLike<number | bigint>, valid: Valid, edges: readonly number[], size: number): Int32Array {
  const codes = new Int32Array(values.length);
  const first = edges[0] ?? 0;
  const step = size > 0 ? ((edges.at(-1) ?? 0) - first) / size || 1 : 1;
  const bounds = Float64Array.from(edges);
  for (let i = 0; i < codes.length; i++) {
    const value = values[i] as number | bigint;
    const number = Number(value);
    if ((valid && !valid[i]) || number !== number) codes[i] = size;
    else if (number - number !== 0) codes[i] = size + 1;
    else {
      let at = Math.max(0, Math.min(size - 1, Math.floor((number - first) / step)));
      // Rounding may put a value beside its bucket; the edges decide, as they do in the clause.
      while (at > 0 && value < (bounds[at] as number)) at--;
      while (at < size - 1 && value >= (bounds[at + 1] as number)) at++;
      codes[i] = at;
    }
  }
  return codes;
}

type Ranged = Extract<Column, { kind: "number" | "bigint" | "time" }>;

function ranges(column: Ranged): Buckets {
  const { valid } = column;
  const values = comparable(column);
  const [low, high] = spanOf(values, valid);
  const whole = column.kind === "bigint" || (column.kind === "number" && (column.integer || areWhole(values, valid)));
  const time = column.kind === "time";
  const edges = low > high ? [0, 0] : time && low < high ? timeEdges(low, high, MOST_RANGES - 4) : edgesOf(low, high, whole);
  const size = low > high ? 0 : edges.length - 1;
  const single = whole && edges[1] === (edges[0] ?? 0) + 1;
  const codes = codesOf(values, valid, edges, size);
  const words = time ? timeWords(edges) : whole ? count : measure;
  const scalar = (edge: number): Scalar => (time ? new Date(edge).toISOString() : edge);
  const at = (value: Scalar | null) => (value === null ? NaN : time ? Date.parse(String(value)) : Number(value));
  return {
    kind: "ranges",
    size,
    codes,
    name: (bucket) => (single || edges[bucket] === edges[bucket + 1] ? words(edges[bucket] ?? 0) : `${words(edges[bucket] ?? 0)} to ${words(edges[bucket + 1] ?? 0)}`),
    pick: (name, buckets) => {
      const last = Math.max(...buckets);
      return { op: "range", column: name, low: scalar(edges[Math.min(...buckets)] ?? 0), high: scalar(edges[last + 1] ?? 0), ends: last === size - 1 ? "[]" : "[)" };
    },
    picked: (expr) => {
      if (expr.op !== "range") return null;
      const [from, to] = [at(expr.low), at(expr.high)];
      return Array.from({ length: size }, (_, i) => i).filter((i) => !((edges[i + 1] ?? 0) <= from && i < size - 1) && ((edges[i] ?? 0) < to || edges[i] === edges[i + 1]) && !((edges[i + 1] ?? 0) < from));
    },
  };
}
