/** Samples as the rows a chart reads. */
import { valueAt, type Column, type Value } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { INDEX } from "./spec";

export type Row = { [name: string]: Json };

/** A chart that draws every sample by itself is given no more than this. */
export const MOST_ROWS = 20_000;

export function told(value: Value): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.getTime();
  if (Array.isArray(value)) return (value as readonly Value[]).map(told);
  return value as Json;
}

/**
 * So many samples at most: one drawn from each of as many equal stretches, so that none is preferred and order plays no
 * part. The same samples are drawn every time.
 */
export function drawn(samples: Uint32Array, most = MOST_ROWS): Uint32Array {
  if (samples.length <= most) return samples;
  let seed = 1;
  return Uint32Array.from({ length: most }, (_, i) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const from = (i * samples.length) / most;
    const width = samples.length / most;
    return samples[Math.min(samples.length - 1, Math.floor(from + (seed / 2 ** 32) * width))] ?? 0;
  });
}

export function rowsOf(samples: Uint32Array, columns: ReadonlyMap<string, Column>): Row[] {
  const named = [...columns];
  return Array.from(samples, (sample) => {
    const row: Row = { [INDEX]: sample };
    for (const [name, column] of named) row[name] = told(valueAt(column, sample));
    return row;
  });
}

