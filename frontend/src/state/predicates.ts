/** One expression about one column (or a polygon over two), worked out for every sample at once. */
import { Raster } from "../draw/points/polygon";
import type { Column, Numbers, Value } from "../hosts/arrow";
import { ClauseError, type Expr, type Scalar } from "./clauses";
import { exactDoubles } from "./narrow";
import { doubles, integers, intervalsOf, type Interval } from "./bounds";
import { and, byCode, byteTable, complement, every, fromBytes, minus, none, or, where, within, within64, type Mask } from "./masks";

type Single = Extract<Expr, { column: string }>;
type Compared = Extract<Single, { op: "in" | "notin" | "range" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" }>;

const LONGEST_PATTERN = 1000;
/** More values than this are looked up in a set instead of being compared one after the other. */
const FEW = 6;

const definedKept = new WeakMap<Column, Mask>();

/** Where a column holds a value: neither null nor NaN. */
export function definedMask(column: Column): Mask {
  let found = definedKept.get(column);
  if (!found) definedKept.set(column, (found = defined(column)));
  return found;
}

function defined(column: Column): Mask {
  const n = column.length;
  switch (column.kind) {
    case "none":
      return none(n);
    case "text":
    case "list":
      return where(n, (row) => column.at(row) !== null);
    case "number":
    case "time": {
      if (!(column.values instanceof Float32Array || column.values instanceof Float64Array)) return column.valid ? fromBytes(column.valid) : every(n);
      const real = within(column.values, -Infinity, Infinity);
      return column.valid ? and(real, fromBytes(column.valid)) : real;
    }
    default:
      return column.valid ? fromBytes(column.valid) : every(n);
  }
}

function negates(op: Expr["op"]): boolean {
  return op === "ne" || op === "notin";
}

function valuesIn(expr: Compared): readonly Scalar[] {
  if ("values" in expr) return expr.values;
  if ("value" in expr) return [expr.value];
  return [expr.low, expr.high].filter((value) => value !== null);
}

function patternOf(expr: Extract<Expr, { op: "regex" }>): RegExp {
  if (expr.pattern.length > LONGEST_PATTERN) throw new ClauseError(`The pattern has more than ${LONGEST_PATTERN} characters.`);
  try {
    return new RegExp(expr.pattern, expr.ignoreCase ? "iu" : "u");
  } catch (cause) {
    throw new ClauseError(`The pattern cannot be read: ${cause instanceof Error ? cause.message.replace(/^Invalid regular expression: /, "") : String(cause)}.`);
  }
}

/** What is asked of a text; a number typed for a text column means its digits. */
function textTest(expr: Single): (value: string) => boolean {
  switch (expr.op) {
    case "contains": {
      const wanted = expr.mindCase ? expr.text : expr.text.toLowerCase();
      return (value) => (expr.mindCase ? value : value.toLowerCase()).includes(wanted);
    }
    case "regex": {
      const pattern = patternOf(expr);
      return (value) => pattern.test(value);
    }
    case "in":
    case "notin": {
      const wanted = new Set(expr.values.map(String));
      return (value) => wanted.has(value);
    }
    case "range": {
      const { low, high, ends } = expr;
      return (value) =>
        (low === null || value > String(low) || (ends.startsWith("[") && value === String(low))) &&
        (high === null || value < String(high) || (ends.endsWith("]") && value === String(high)));
    }
    case "has":
      throw new ClauseError(`“${expr.column}” holds one text per sample, not a list. Ask with = or contains.`);
    case "null":
      return () => false;
    default: {
      const wanted = String(expr.value);
      if (expr.op === "lt") return (value) => value < wanted;
      if (expr.op === "le") return (value) => value <= wanted;
      if (expr.op === "gt") return (value) => value > wanted;
      if (expr.op === "ge") return (value) => value >= wanted;
      return (value) => value === wanted;
    }
  }
}

/** Milliseconds since 1970; a time without a zone is read as UTC, as it is shown. */
export function timeOf(value: Scalar): number {
  if (typeof value === "number") return value;
  const text = String(value).trim().replace(" ", "T");
  const at = Date.parse(/T.*([zZ]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new ClauseError(`“${String(value)}” is no time. Write it as 2024-05-31 or 2024-05-31 14:30.`);
  return at;
}

function checkNumbers(expr: Compared, what: string): void {
  for (const value of valuesIn(expr)) {
    if (typeof value === "string" || typeof value === "boolean") throw new ClauseError(`“${expr.column}” holds ${what}; “${String(value)}” is none.`);
  }
}

function compared(column: Extract<Column, { kind: "number" | "time" }>, expr: Compared): Mask {
  const time = column.kind === "time";
  if (!time) checkNumbers(expr, "numbers");
  const narrow = column.values instanceof Float32Array ? Math.fround : (value: number) => value;
  const line = doubles(narrow);
  const intervals = intervalsOf(expr, time ? { ...line, place: (value) => line.place(timeOf(value)) } : line);
  return joined(column.values, intervals);
}

function joined(values: Numbers, intervals: readonly Interval<number>[]): Mask {
  if (intervals.length > FEW) {
    const wanted = new Set(intervals.map(([at]) => at + 0)); // −0 and 0 are one
    if (values instanceof Int8Array || values instanceof Uint8Array) return byteTable(values, (value) => wanted.has(value));
    return where(values.length, (row) => wanted.has(values[row] as number));
  }
  return intervals.reduce((mask, [low, high]) => or(mask, within(values, low, high)), none(values.length));
}

function compared64(column: Extract<Column, { kind: "bigint" }>, expr: Compared): Mask {
  checkNumbers(expr, "numbers");
  const exact = exactDoubles(column.values);
  if (exact) return joined(exact, intervalsOf(expr, doubles((value) => value)));
  const intervals = intervalsOf(expr, integers);
  if (intervals.length > FEW) {
    const wanted = new Set(intervals.map(([at]) => at));
    return where(column.length, (row) => wanted.has(column.values[row] as bigint));
  }
  return intervals.reduce((mask, [low, high]) => or(mask, within64(column.values, low, high)), none(column.length));
}

function comparedBool(column: Extract<Column, { kind: "bool" }>, expr: Compared): Mask {
  for (const value of valuesIn(expr)) if (typeof value !== "boolean") throw new ClauseError(`“${expr.column}” is true or false; “${String(value)}” is neither.`);
  return joined(column.values, intervalsOf(expr, doubles((value) => value)));
}

function same(item: Value, value: Scalar): boolean {
  if (typeof item === "bigint" || typeof value === "bigint") return typeof item !== "string" && typeof value !== "string" && item == value;
  return item === value || (typeof item === "string" && item === String(value));
}

/** What of the column matches before missing values are taken out and negation is applied. */
function matching(column: Exclude<Column, { kind: "none" | "list" }>, expr: Exclude<Single, { op: "null" }>): Mask {
  if (column.kind === "category") {
    const test = textTest(expr);
    return byCode(column.codes, Uint8Array.from(column.values, (value) => Number(test(value))));
  }
  if (column.kind === "text") {
    const test = textTest(expr);
    return where(column.length, (row) => {
      const value = column.at(row);
      return value !== null && test(value);
    });
  }
  if (expr.op === "contains" || expr.op === "regex") throw new ClauseError(`“${expr.column}” holds no text to search in.`);
  if (expr.op === "has") throw new ClauseError(`“${expr.column}” holds one value per sample, not a list. Ask with =.`);
  if (column.kind === "bigint") return compared64(column, expr);
  return column.kind === "bool" ? comparedBool(column, expr) : compared(column, expr);
}

export function singleMask(column: Column, expr: Single): Mask {
  if (expr.op === "null") return complement(definedMask(column).slice(), column.length);
  if (expr.op === "regex") patternOf(expr); // an unreadable pattern is an error also where nothing is searched
  if (column.kind === "none") return none(column.length);
  if (column.kind === "list") {
    if (expr.op !== "has") throw new ClauseError(`“${expr.column}” holds lists. Ask what one of them has: ${expr.column} has ….`);
    return where(column.length, (row) => {
      const value = column.at(row);
      return Array.isArray(value) && (value as readonly Value[]).some((item) => same(item, expr.value));
    });
  }
  const found = matching(column, expr);
  return negates(expr.op) ? minus(definedMask(column).slice(), found) : and(found, definedMask(column));
}

function coordinates(column: Column, name: string): Numbers {
  if (column.kind === "number" || column.kind === "time") return column.values;
  if (column.kind === "bigint") return exactDoubles(column.values) ?? Float64Array.from(column.values as BigInt64Array, Number);
  throw new ClauseError(`“${name}” holds no numbers to draw an outline over.`);
}

export function polygonMask(x: Column, y: Column, expr: Extract<Expr, { op: "polygon" }>): Mask {
  const n = x.length;
  const { points } = expr;
  const xs = coordinates(x, expr.x);
  const ys = coordinates(y, expr.y);
  if (points.length < 3) return none(n);
  const across = points.map(([at]) => at);
  const up = points.map(([, at]) => at);
  const near = and(within(xs, Math.min(...across), Math.max(...across)), within(ys, Math.min(...up), Math.max(...up)));
  and(and(near, definedMask(x)), definedMask(y));
  const raster = new Raster(points.flat());
  for (let w = 0; w < near.length; w++) {
    for (let bits = near[w] as number; bits !== 0; bits &= bits - 1) {
      const bit = bits & -bits;
      const row = w * 32 + 31 - Math.clz32(bit);
      if (!raster.holds(xs[row] as number, ys[row] as number)) near[w] = (near[w] as number) & ~bit;
    }
  }
  return near;
}
