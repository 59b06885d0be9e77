/** Samples divided by the values of columns: only combinations that occur, each with its words and its filter. */
import { count, measure, valueText } from "../draw/format";
import type { Column } from "../hosts/arrow";
import type { Expr, Scalar } from "./clauses";
import { textOrder } from "./text-order";
import { timeRounding, timeWords } from "../draw/times";

/** The values of one column as codes. */
export interface Division {
  column: string;
  codes: Int32Array;
  size: number;
  /** The value in words: "batch 3", "0.2 to 0.5", "missing". */
  value: (code: number) => string;
  expr: (code: number) => Expr;
  /** The value as a slice names it: its text, null for missing; undefined where the code is a range. */
  exact: (code: number) => string | null | undefined;
}

/** So many ranges a column of numbers is cut into, each with about as many samples. */
export const RANGES = 8;
/** Numbers with at most so many different values are not cut. */
const FEW_VALUES = 12;
/** Ranges are found among this many samples, evenly picked. */
const SAMPLED = 100_000;

const kept = new WeakMap<Column, Map<string, Division>>();

/** null for what divides nothing: free text, lists, nothing at all. */
export function divisionOf(name: string, column: Column): Division | null {
  const known = kept.get(column)?.get(name);
  if (known) return known;
  const made =
    column.kind === "category" || column.kind === "bool" ? byValue(name, column)
    : column.kind === "number" || column.kind === "bigint" || column.kind === "time" ? byRange(name, column)
    : null;
  if (made) kept.set(column, (kept.get(column) ?? new Map<string, Division>()).set(name, made));
  return made;
}

function missingExpr(column: string): Expr {
  return { op: "null", column };
}

/** Values in the order in which people look for them, missing last. */
function byValue(name: string, column: Extract<Column, { kind: "category" | "bool" }>): Division {
  const order = column.kind === "category" ? textOrder(column.values) : Uint32Array.of(0, 1);
  const scalars: readonly Scalar[] = column.kind === "category" ? Array.from(order, (at) => column.values[at] ?? "") : [false, true];
  const place = new Int32Array(order.length);
  order.forEach((at, code) => (place[at] = code));
  const { valid } = column;
  const missing = scalars.length;
  const own: ArrayLike<number> = column.kind === "category" ? column.codes : column.values;
  return {
    column: name,
    codes: Int32Array.from(own, (at, i) => (valid && !valid[i] ? missing : (place[at] as number))),
    size: missing + (valid ? 1 : 0),
    value: (code) => (code === missing ? "missing" : valueText(scalars[code] ?? "") || "(empty text)"),
    expr: (code) => (code === missing ? missingExpr(name) : { op: "eq", column: name, value: scalars[code] ?? "" }),
    exact: (code) => (code === missing ? null : String(scalars[code])),
  };
}

/** The different values where they are few, ascending; null where they are many. */
function fewOf(numbers: Float64Array): readonly number[] | null {
  const found = new Set<number>();
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    if (Number.isNaN(value)) continue;
    if (!Number.isFinite(value) || found.add(value).size > FEW_VALUES) return null;
  }
  return [...found].sort((a, b) => a - b);
}

/** Lower ends of the ranges after the first, ascending: each range holds about as many samples, and ends at round numbers where it can. */
export function cutsOf(numbers: Float64Array, time = false): readonly number[] {
  const step = Math.max(1, Math.floor(numbers.length / SAMPLED));
  const sorted = Float64Array.from({ length: Math.ceil(numbers.length / step) }, (_, k) => numbers[k * step] ?? NaN).filter(Number.isFinite).sort();
  const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const round = time ? timeRounding(least, most) : (at: number) => Number(at.toPrecision(2));
  const cuts = new Set<number>();
  for (let k = 1; k < RANGES; k++) {
    const at = sorted[Math.floor((k * sorted.length) / RANGES)] ?? 0;
    const rounded = round(at);
    const cut = rounded > least && rounded <= most ? rounded : at;
    // What is not above the least cuts nothing off.
    if (cut > least) cuts.add(cut);
  }
  return [...cuts].sort((a, b) => a - b);
}

/** The range of every value: how many cuts it is not below. */
function rangeCodes(numbers: Float64Array, cuts: readonly number[], missing: number): Int32Array {
  const codes = new Int32Array(numbers.length);
  for (const cut of cuts) for (let i = 0; i < codes.length; i++) codes[i] = (codes[i] as number) + Number((numbers[i] as number) >= cut);
  for (let i = 0; i < codes.length; i++) if (Number.isNaN(numbers[i])) codes[i] = missing;
  return codes;
}

/** Values as doubles, NaN where there is none. */
function doublesOf({ values, valid }: Extract<Column, { kind: "number" | "bigint" | "time" }>): Float64Array {
  const out = values instanceof BigInt64Array || values instanceof BigUint64Array ? Float64Array.from(values as BigInt64Array, Number) : Float64Array.from(values);
  if (valid) for (let i = 0; i < out.length; i++) if (valid[i] !== 1) out[i] = NaN;
  return out;
}

function byRange(name: string, column: Extract<Column, { kind: "number" | "bigint" | "time" }>): Division {
  const numbers = doublesOf(column);
  const few = fewOf(numbers);
  const time = column.kind === "time";
  const cuts = few ? few.slice(1) : cutsOf(numbers, time);
  const missing = cuts.length + 1;
  const whole = column.kind === "bigint" || (column.kind === "number" && column.integer);
  const words = time ? timeWords(few ?? cuts) : whole ? count : measure;
  const scalar = (at: number | undefined): Scalar | null => (at === undefined ? null : time ? new Date(at).toISOString() : at);
  const greatest = numbers.reduce((found, value) => (value > found ? value : found), -Infinity);
  const from = (low: number) => (low === greatest ? words(low) : `${words(low)} and ${time ? "later" : "above"}`);
  const between = (low: number | undefined, high: number | undefined) => (low === undefined ? (high === undefined ? "any value" : `${time ? "before" : "below"} ${words(high)}`) : high === undefined ? from(low) : `${words(low)} to ${words(high)}`);
  return {
    column: name,
    codes: rangeCodes(numbers, cuts, missing),
    size: missing + 1,
    value: (code) => (code === missing ? "missing" : few ? words(few[code] ?? 0) : between(cuts[code - 1], cuts[code])),
    expr: (code) => {
      if (code === missing) return missingExpr(name);
      if (few && !time) return { op: "eq", column: name, value: few[code] ?? 0 };
      if (cuts.length === 0) return { op: "not", of: missingExpr(name) };
      return { op: "range", column: name, low: scalar(cuts[code - 1]), high: scalar(cuts[code]), ends: "[)" };
    },
    exact: (code) => (code === missing ? null : few && whole ? String(few[code]) : undefined),
  };
}

/** Samples divided by one or several columns at once. */
export interface Grouping {
  divisions: readonly Division[];
  codes: Int32Array;
  size: number;
  /** The value of each column in words, in the order of the columns. */
  values: (group: number) => readonly string[];
  expr: (group: number) => Expr;
  /** The codes of a group in each division. */
  parts: (group: number) => readonly number[];
}

/** Combinations of this many are found by a table; beyond it by a map. */
const MOST_TABLE = 4_000_000;

/** Only combinations that occur become groups, in the order of their columns' values. */
export function groupingOf(divisions: readonly Division[]): Grouping | null {
  const [first] = divisions;
  if (!first) return null;
  const sizes = divisions.map(({ size }) => size);
  const partsOf = (combined: number): number[] => {
    const parts: number[] = [];
    for (let d = sizes.length - 1; d >= 0; d--) {
      const size = sizes[d] ?? 1;
      parts.unshift(combined % size);
      combined = Math.floor(combined / size);
    }
    return parts;
  };
  const n = first.codes.length;
  const combined = new Float64Array(n);
  for (const { codes, size } of divisions) for (let i = 0; i < n; i++) combined[i] = (combined[i] as number) * size + (codes[i] as number);
  const product = sizes.reduce((all, size) => all * size, 1);
  const { codes, occurring } = compacted(combined, product);
  const parts = occurring.map(partsOf);
  return {
    divisions,
    codes,
    size: occurring.length,
    parts: (group) => parts[group] ?? [],
    values: (group) => divisions.map(({ value }, d) => value(parts[group]?.[d] ?? 0)),
    expr: (group) => {
      const of = divisions.map(({ expr }, d) => expr(parts[group]?.[d] ?? 0));
      return of.length === 1 && of[0] ? of[0] : { op: "and", of };
    },
  };
}

function compacted(combined: Float64Array, product: number): { codes: Int32Array; occurring: number[] } {
  const n = combined.length;
  const codes = new Int32Array(n);
  if (product <= MOST_TABLE) {
    const place = new Int32Array(product).fill(-1);
    for (let i = 0; i < n; i++) place[combined[i] as number] = 0;
    const occurring: number[] = [];
    for (let at = 0; at < product; at++) if (place[at] === 0) place[at] = occurring.push(at) - 1;
    for (let i = 0; i < n; i++) codes[i] = place[combined[i] as number] as number;
    return { codes, occurring };
  }
  const occurring = [...new Set(combined)].sort((a, b) => a - b);
  const place = new Map(occurring.map((at, k) => [at, k]));
  for (let i = 0; i < n; i++) codes[i] = place.get(combined[i] as number) ?? 0;
  return { codes, occurring };
}

/** The samples of one group, in the order in which they were given. */
export interface Part {
  group: number;
  rows: Uint32Array;
}

/** Some samples by their groups, groups in order: those that hold some of them, the first `most`, and how many there are more. */
export function parted(rows: Uint32Array, { codes, size }: Grouping, most = Infinity): { parts: readonly Part[]; more: number } {
  const sizes = new Uint32Array(size);
  for (const row of rows) sizes[codes[row] as number] = (sizes[codes[row] as number] as number) + 1;
  const held = Array.from(sizes.keys()).filter((group) => sizes[group] !== 0);
  const open = new Map(held.slice(0, most).map((group) => [group, { group, rows: new Uint32Array(sizes[group] as number), at: 0 }]));
  for (const row of rows) {
    const own = open.get(codes[row] as number);
    if (own) own.rows[own.at++] = row;
  }
  return { parts: [...open.values()], more: held.length - open.size };
}
