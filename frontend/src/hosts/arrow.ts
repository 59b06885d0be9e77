/** Arrow streams become typed-array columns here, and are checked on arrival. */
import { Type, tableFromIPC, type Column as ArrowColumn, type DataType } from "@uwdata/flechette";
import { ArrivalError } from "./errors";
import type { Table } from "./host";
import { reason } from "./reason";

export type Numbers =
  | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** One byte per value, 1 where there is one; null when every value is there. */
export type Valid = Uint8Array | null;

export type Value = null | boolean | number | bigint | string | Date | readonly Value[] | { readonly [key: string]: Value };

/** Lists that are all of one length and hold numbers, one after the other: `values[index · width …]`. */
export interface Flat {
  values: Numbers;
  width: number;
  valid: Valid;
}

export type Column =
  | { kind: "category"; length: number; codes: Int32Array; values: readonly string[]; valid: Valid }
  | { kind: "number"; length: number; values: Numbers; integer: boolean; valid: Valid }
  | { kind: "bigint"; length: number; values: BigInt64Array | BigUint64Array; valid: Valid }
  | { kind: "bool"; length: number; values: Uint8Array; valid: Valid }
  | { kind: "time"; length: number; values: Float64Array; valid: Valid }
  | { kind: "text"; length: number; at: (index: number) => string | null }
  | { kind: "list"; length: number; at: (index: number) => Value; flat?: Flat; bytes?: (index: number) => Uint8Array | null }
  | { kind: "none"; length: number };

type Batches = ArrowColumn<unknown>["data"];

function validOf(column: ArrowColumn<unknown>): Valid {
  if (column.nullCount === 0) return null;
  const valid = new Uint8Array(column.length).fill(1);
  let start = 0;
  for (const batch of column.data) {
    if (batch.nullCount > 0) {
      const bits = batch.validity;
      for (let i = 0; i < batch.length; i++) valid[start + i] = ((bits[i >> 3] ?? 0) >> (i & 7)) & 1;
    }
    start += batch.length;
  }
  return valid;
}

interface Settable<A> extends ArrayLike<number | bigint> {
  set(array: A, offset: number): void;
  subarray(begin: number, end: number): A;
}

/** Join the batches of a column; a single batch is used as it arrived, without a copy. */
function joined<A extends Settable<A>>(batches: Batches, length: number, make: (length: number) => A): A {
  const first = batches[0];
  if (batches.length === 1 && first) return (first.values as unknown as A).subarray(0, length);
  const out = make(length);
  let start = 0;
  for (const batch of batches) {
    out.set((batch.values as unknown as A).subarray(0, batch.length), start);
    start += batch.length;
  }
  return out;
}

function integers(bitWidth: number, signed: boolean): (length: number) => Settable<never> & Numbers {
  const kinds = { 8: [Uint8Array, Int8Array], 16: [Uint16Array, Int16Array], 32: [Uint32Array, Int32Array] } as const;
  const pair = kinds[bitWidth as 8 | 16 | 32];
  const Kind = signed ? pair[1] : pair[0];
  return (length) => new Kind(length) as unknown as Settable<never> & Numbers;
}

function bits(column: ArrowColumn<unknown>): Uint8Array {
  const out = new Uint8Array(column.length);
  let start = 0;
  for (const batch of column.data) {
    const values = batch.values as Uint8Array;
    for (let i = 0; i < batch.length; i++) out[start + i] = ((values[i >> 3] ?? 0) >> (i & 7)) & 1;
    start += batch.length;
  }
  return out;
}

function category(column: ArrowColumn<unknown>): Column {
  const codes = new Int32Array(column.length);
  const values: string[] = [];
  const known = new Map<string, number>();
  let start = 0;
  for (const batch of column.data) {
    const { dictionary } = batch as unknown as { dictionary: ArrowColumn<unknown> };
    // Every batch may bring a dictionary of its own: its codes are translated to one common list.
    const common = Int32Array.from({ length: dictionary.length }, (_, code) => {
      const text = String(dictionary.at(code));
      const found = known.get(text);
      if (found !== undefined) return found;
      known.set(text, values.push(text) - 1);
      return values.length - 1;
    });
    const own = batch.values as Numbers;
    for (let i = 0; i < batch.length; i++) codes[start + i] = common[own[i] ?? 0] ?? 0;
    start += batch.length;
  }
  return { kind: "category", length: column.length, codes, values, valid: validOf(column) };
}

function describe(type: DataType): string {
  const named = Object.entries(Type).find(([, id]) => id === type.typeId);
  return named ? named[0] : `number ${type.typeId}`;
}

function numberColumn(column: ArrowColumn<unknown>): Column | null {
  const { type, length } = column;
  const valid = validOf(column);
  if (type.typeId === Type.Int) {
    if (type.bitWidth === 64) {
      const make = (n: number) => (type.signed ? new BigInt64Array(n) : new BigUint64Array(n));
      const values = joined<BigInt64Array>(column.data, length, make as (n: number) => BigInt64Array);
      return { kind: "bigint", length, values, valid };
    }
    const values = joined(column.data, length, integers(type.bitWidth, type.signed)) as unknown as Numbers;
    return { kind: "number", length, values, integer: true, valid };
  }
  if (type.typeId === Type.Float) {
    if (type.precision === 1) {
      return { kind: "number", length, values: joined<Float32Array>(column.data, length, (n) => new Float32Array(n)), integer: false, valid };
    }
    const values =
      type.precision === 2
        ? joined<Float64Array>(column.data, length, (n) => new Float64Array(n))
        : Float32Array.from({ length }, (_, i) => Number(column.at(i) ?? NaN));
    return { kind: "number", length, values, integer: false, valid };
  }
  return null;
}

/** The numbers of lists of one length, without an object per list; null where they are of another kind. */
function flatOf(column: ArrowColumn<unknown>): Flat | null {
  const { type, length } = column;
  if (type.typeId !== Type.FixedSizeList) return null;
  const inner = type.children[0]?.type;
  const width = type.stride;
  if (inner?.typeId !== Type.Int || inner.bitWidth === 64) return null;
  const parts = column.data.map((batch) => ({ length: batch.length * width, nullCount: 0, values: batch.children[0]?.values }));
  const values = joined(parts as unknown as Batches, length * width, integers(inner.bitWidth, inner.signed)) as unknown as Numbers;
  let valid = validOf(column);
  let start = 0;
  for (const batch of column.data) {
    const child = batch.children[0];
    // A list of which a number is missing says nothing.
    for (let i = 0; child && child.nullCount > 0 && i < batch.length * width; i++) {
      if (((child.validity[i >> 3] ?? 0) >> (i & 7)) & 1) continue;
      valid ??= new Uint8Array(length).fill(1);
      valid[start + Math.floor(i / width)] = 0;
    }
    start += batch.length;
  }
  return { values, width, valid };
}

/** Read one Arrow column; a type this page does not know is an error, never a guess. */
export function columnFromArrow(name: string, column: ArrowColumn<unknown>): Column {
  const { type, length } = column;
  const numbers = numberColumn(column);
  if (numbers) return numbers;
  switch (type.typeId) {
    case Type.Null:
      return { kind: "none", length };
    case Type.Bool:
      return { kind: "bool", length, values: bits(column), valid: validOf(column) };
    case Type.Dictionary:
      return category(column);
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return { kind: "text", length, at: (index) => (column.at(index) as string | null) ?? null };
    case Type.Date:
    case Type.Timestamp: {
      const values = Float64Array.from({ length }, (_, i) => Number(column.at(i) ?? NaN));
      return { kind: "time", length, values, valid: validOf(column) };
    }
    case Type.FixedSizeList: {
      const flat = flatOf(column);
      return { kind: "list", length, at: (index) => plain(column.at(index)), ...(flat ? { flat } : {}) };
    }
    case Type.Binary:
    case Type.LargeBinary:
      return { kind: "list", length, at: (index) => plain(column.at(index)), bytes: (index) => (column.at(index) as Uint8Array | null) ?? null };
    case Type.List:
    case Type.LargeList:
    case Type.Struct:
      return { kind: "list", length, at: (index) => plain(column.at(index)) };
    default:
      throw new ArrivalError(
        `Column "${name}" arrived as ${describe(type)}, a type this page does not know. ` +
          "Leave it out, or update Bathyscope so that the page and the program match.",
      );
  }
}

function plain(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return String(value);
}

/** Decode an Arrow IPC stream and check that the asked columns came. */
export function tableFromArrow(bytes: ArrayBuffer, asked: readonly string[] = []): Table {
  let arrow: ReturnType<typeof tableFromIPC>;
  try {
    arrow = tableFromIPC(new Uint8Array(bytes), { useBigInt: true });
  } catch (cause) {
    throw new ArrivalError(`A table arrived damaged and cannot be read (${reason(cause)}).`);
  }
  const table = new Map<string, Column>();
  arrow.schema.fields.forEach((field, place) => {
    table.set(field.name, columnFromArrow(field.name, arrow.getChildAt(place) as ArrowColumn<unknown>));
  });
  const missing = asked.filter((name) => !table.has(name));
  if (missing.length > 0) {
    throw new ArrivalError(`Asked for ${asked.join(", ")}; ${missing.join(", ")} did not arrive.`);
  }
  return table;
}

/** The value of one row, whatever the kind of column; null where there is none. */
export function valueAt(column: Column, index: number): Value {
  switch (column.kind) {
    case "none":
      return null;
    case "text":
    case "list":
      return column.at(index);
    case "category":
      return column.valid && !column.valid[index] ? null : (column.values[column.codes[index] ?? 0] ?? null);
    default: {
      if (column.valid && !column.valid[index]) return null;
      const value = column.values[index];
      if (value === undefined) return null;
      if (column.kind === "bool") return value === 1;
      return column.kind === "time" ? new Date(Number(value)) : value;
    }
  }
}

/** A column that must hold numbers, as doubles-or-less; 64-bit integers are narrowed (steps and counts are far below 2^53). */
export function numbersOf(table: Table, name: string): { values: Numbers; valid: Valid } {
  const column = table.get(name);
  if (column?.kind === "number") return { values: column.values, valid: column.valid };
  if (column?.kind === "bool") return { values: column.values, valid: column.valid };
  if (column?.kind === "bigint") return { values: Float64Array.from(column.values as BigInt64Array, Number), valid: column.valid };
  if (column?.kind === "none") return { values: new Float32Array(column.length), valid: new Uint8Array(column.length) };
  throw new ArrivalError(`Column "${name}" should hold numbers; it ${column ? `holds ${column.kind}` : "did not arrive"}.`);
}

/** A column that must hold short text. */
export function stringsOf(table: Table, name: string): (index: number) => string {
  const column = table.get(name);
  if (column?.kind === "category") return (index) => column.values[column.codes[index] ?? 0] ?? "";
  if (column?.kind === "text") return (index) => column.at(index) ?? "";
  if (column?.kind === "none") return () => "";
  throw new ArrivalError(`Column "${name}" should hold text; it ${column ? `holds ${column.kind}` : "did not arrive"}.`);
}

/** Some rows of a column, in the given order. */
export function taken(column: Column, rows: readonly number[]): Column {
  const { length } = rows;
  const pick = <A extends { [index: number]: number | bigint; length: number }>(from: A): A => {
    const out = new (from.constructor as new (length: number) => A)(length);
    rows.forEach((row, i) => (out[i] = from[row] as number));
    return out;
  };
  const validity = (valid: Valid): Valid => (valid ? pick(valid) : null);
  switch (column.kind) {
    case "none":
      return { kind: "none", length };
    case "text":
      return { kind: "text", length, at: (index) => column.at(rows[index] ?? -1) };
    case "list":
      return { kind: "list", length, at: (index) => column.at(rows[index] ?? -1), ...(column.bytes ? { bytes: (index) => column.bytes?.(rows[index] ?? -1) ?? null } : {}) };
    case "category":
      return { ...column, length, codes: pick(column.codes), valid: validity(column.valid) };
    case "bigint":
      return { ...column, length, values: pick(column.values), valid: validity(column.valid) };
    case "number":
      return { ...column, length, values: pick(column.values), valid: validity(column.valid) };
    case "bool":
      return { ...column, length, values: pick(column.values), valid: validity(column.valid) };
    case "time":
      return { ...column, length, values: pick(column.values), valid: validity(column.valid) };
  }
}
