/** Sorting samples by several columns, exactly and fast: a column's values become ranks once, and ranks sort in linear time. */
import type { Column, Numbers, Valid } from "../hosts/arrow";
import { argsort, sortedByKey } from "./radix";
import { textOrder } from "./text-order";

export interface SortKey {
  column: string;
  descending: boolean;
}

export interface Ranks {
  /** A rank for every sample, 0 … distinct − 1: equal values share one. Missing is −1. */
  of: Int32Array;
  distinct: number;
}

const SIGN = 0x80000000;
const kept = new WeakMap<Column, Ranks>();
const keptNumbers = new WeakMap<Numbers, { ranks: Ranks; valid: Valid }>();

export function ranksOf(column: Column): Ranks {
  let found = kept.get(column);
  if (!found) kept.set(column, (found = rank(column)));
  return found;
}

/** Ranks from keys: a new one wherever the key differs from the one before it in the order. */
function ranked(high: Uint32Array, low: Uint32Array | null, known: Uint8Array | null): Ranks {
  const { rows, keys } = argsort(high, low);
  const of = new Int32Array(rows.length).fill(-1);
  let last = -1;
  let lastKey = 0;
  let distinct = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (known && known[row] === 0) continue;
    if (last < 0 || keys[i] !== lastKey || (low && low[last] !== low[row])) distinct++;
    of[row] = distinct - 1;
    last = row;
    lastKey = keys[i] as number;
  }
  return { of, distinct };
}

/** Two 32-bit halves that sort as the doubles do; NaN is last. */
function halvesOfDoubles(values: Float64Array): { high: Uint32Array; low: Uint32Array } {
  const n = values.length;
  const bits = new Uint32Array(values.buffer, values.byteOffset, n * 2);
  const [high, low] = [new Uint32Array(n), new Uint32Array(n)];
  for (let i = 0; i < n; i++) {
    const up = bits[2 * i + 1] as number;
    const negative = up >= SIGN;
    high[i] = negative ? ~up : up | SIGN;
    low[i] = negative ? ~(bits[2 * i] as number) : (bits[2 * i] as number);
  }
  return { high, low };
}

function halvesOfIntegers(values: BigInt64Array | BigUint64Array): { high: Uint32Array; low: Uint32Array } {
  const n = values.length;
  const bits = new Uint32Array(values.buffer, values.byteOffset, n * 2);
  const flip = values instanceof BigInt64Array ? SIGN : 0;
  const [high, low] = [new Uint32Array(n), new Uint32Array(n)];
  for (let i = 0; i < n; i++) {
    high[i] = (bits[2 * i + 1] as number) ^ flip;
    low[i] = bits[2 * i] as number;
  }
  return { high, low };
}

/** One 32-bit key where that is enough. */
function shortKeys(values: Numbers): Uint32Array | null {
  const n = values.length;
  if (values instanceof Float64Array) return null;
  const out = new Uint32Array(n);
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(new Float32Array(values).buffer);
    for (let i = 0; i < n; i++) {
      const own = (bits[i] as number) === SIGN ? 0 : (bits[i] as number); // −0 is 0
      out[i] = own >= SIGN ? ~own : own | SIGN;
    }
    return out;
  }
  if (values instanceof Uint32Array) return values;
  for (let i = 0; i < n; i++) out[i] = (values[i] as number) ^ SIGN;
  return out;
}

/** 1 where there is a number; null when there is one everywhere. */
function knownIn(values: Numbers, valid: Valid): Uint8Array | null {
  if (!(values instanceof Float64Array || values instanceof Float32Array)) return valid;
  let known: Uint8Array | null = null;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === values[i]) continue; // only NaN differs from itself
    known ??= valid ? valid.slice() : new Uint8Array(values.length).fill(1);
    known[i] = 0;
  }
  return known ?? valid;
}

function rankNumbers(values: Numbers, valid: Valid): Ranks {
  const known = knownIn(values, valid);
  const short = shortKeys(values);
  if (short) return ranked(short, null, known);
  const copy = new Float64Array(values);
  for (let i = 0; i < copy.length; i++) copy[i] = (copy[i] as number) + 0; // −0 is 0
  const { high, low } = halvesOfDoubles(copy);
  return ranked(high, low, known);
}

/** Ranks of texts, from their order. */
function rankTexts(texts: readonly (string | null)[]): Ranks {
  const order = textOrder(texts);
  const of = new Int32Array(order.length).fill(-1);
  let distinct = 0;
  let last: string | null = null;
  for (let i = 0; i < order.length; i++) {
    const text = texts[order[i] as number] ?? null;
    if (text === null) break; // missing ones are last
    if (distinct === 0 || text !== last) distinct++;
    of[order[i] as number] = distinct - 1;
    last = text;
  }
  return { of, distinct };
}

function rank(column: Column): Ranks {
  const n = column.length;
  switch (column.kind) {
    case "none":
    case "list":
      return { of: new Int32Array(n).fill(-1), distinct: 0 };
    case "category": {
      const names = rankTexts(column.values);
      const { valid } = column;
      const of = new Int32Array(n);
      for (let i = 0; i < n; i++) of[i] = valid && !valid[i] ? -1 : (names.of[column.codes[i] as number] as number);
      return { of, distinct: names.distinct };
    }
    case "text": {
      const texts: (string | null)[] = [];
      for (let i = 0; i < n; i++) texts.push(column.at(i));
      return rankTexts(texts);
    }
    case "bigint": {
      const { high, low } = halvesOfIntegers(column.values);
      return ranked(high, low, column.valid);
    }
    default:
      return rankNumbers(column.values, column.valid);
  }
}

/** `rows` by one key; missing last either way, ties in their order. */
function byOne(rows: Uint32Array, { of, distinct }: Ranks, descending: boolean): Uint32Array {
  const keys = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const own = of[rows[i] as number] as number;
    keys[i] = own < 0 ? distinct : descending ? distinct - 1 - own : own;
  }
  return sortedByKey({ rows, keys }, distinct).rows;
}

/** The first key counts most. */
export function sortedRows(rows: Uint32Array, keys: readonly { column: Column; descending: boolean }[]): Uint32Array {
  return keys.reduceRight((sorted, { column, descending }) => byOne(sorted, ranksOf(column), descending), rows);
}

/** `rows` ordered by one array of numbers, whose ranks are kept as long as the array is. */
export function ordered(rows: Uint32Array, values: Numbers, valid: Valid, descending: boolean): Uint32Array {
  const known = keptNumbers.get(values);
  const ranks = known && known.valid === valid ? known.ranks : rankNumbers(values, valid);
  keptNumbers.set(values, { ranks, valid });
  return byOne(rows, ranks, descending);
}
