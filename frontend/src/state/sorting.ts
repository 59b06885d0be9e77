/** Sorting samples by several columns, exactly: values become ranks, and ranks are sorted as numbers. */
import type { Column } from "../hosts/arrow";

export interface SortKey {
  column: string;
  descending: boolean;
}

/** A rank for every sample: equal values share one, missing is −1. */
type Ranks = Int32Array;

const kept = new WeakMap<Column, Ranks>();

export function ranksOf(column: Column): Ranks {
  let found = kept.get(column);
  if (!found) kept.set(column, (found = rank(column)));
  return found;
}

const natural = new Intl.Collator("en", { numeric: true });

function rank(column: Column): Ranks {
  const out = new Int32Array(column.length).fill(-1);
  if (column.kind === "none" || column.kind === "list") return out;
  if (column.kind === "category") {
    const order = column.values.map((_, i) => i).sort((a, b) => natural.compare(column.values[a] ?? "", column.values[b] ?? ""));
    const place = new Int32Array(order.length);
    order.forEach((code, at) => (place[code] = at));
    for (let i = 0; i < out.length; i++) if (!column.valid || column.valid[i]) out[i] = place[column.codes[i] ?? 0] ?? -1;
    return out;
  }
  if (column.kind === "text") {
    const texts = Array.from(out, (_, i) => column.at(i));
    const place = new Map([...new Set(texts)].filter((text) => text !== null).sort().map((text, at) => [text, at] as const));
    texts.forEach((text, i) => text !== null && (out[i] = place.get(text) ?? -1));
    return out;
  }
  const sorted = column.kind === "bigint" ? column.values.slice().sort() : Float64Array.from(column.values).sort();
  for (let i = 0; i < out.length; i++) {
    const value = column.values[i] ?? NaN;
    if ((column.valid && !column.valid[i]) || Number.isNaN(Number(value))) continue;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    out[i] = low;
  }
  return out;
}

const PLACES = 2 ** 21;

/** `rows` by one key; missing last either way, ties in their order. */
function byOne(rows: Uint32Array, ranks: Ranks, descending: boolean): Uint32Array {
  const key = (row: number) => {
    const own = ranks[row] ?? -1;
    return own < 0 ? 2 ** 31 : descending ? 2 ** 31 - 1 - own : own;
  };
  if (rows.length > PLACES) return rows.slice().sort((a, b) => key(a) - key(b));
  // Key and place share one double: the engine's own numeric sort is far faster than one with a comparison of ours.
  const packed = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) packed[i] = key(rows[i] as number) * PLACES + i;
  packed.sort();
  return Uint32Array.from(packed, (both) => rows[both % PLACES] ?? 0);
}

/** The first key counts most. */
export function sortedRows(rows: Uint32Array, keys: readonly { column: Column; descending: boolean }[]): Uint32Array {
  return keys.reduceRight((sorted, { column, descending }) => byOne(sorted, ranksOf(column), descending), rows);
}
