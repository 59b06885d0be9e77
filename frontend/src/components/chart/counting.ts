/**
 * Charts that only count are exact however many samples there are: samples alike in everything the chart looks at become
 * one row with a weight, and its counts become sums of weights. What a chart looks at is read from the compiled chart.
 */
import { valueAt, type Column, type Numbers, type Valid } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import type { Library } from "./library";
import { told, MOST_ROWS, type Row } from "./rows";
import { isObject, isSamples, objectsIn, SAMPLES, type Spec } from "./spec";

export const WEIGHT = "__weight";

type Bin = { readonly [name: string]: Json };

interface Looks {
  /** Datasets that still hold a row for each sample. */
  raw: ReadonlySet<string>;
  /** Columns that are only looked at in bins, with the bins. */
  binned: ReadonlyMap<string, readonly Bin[]>;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** Values that do not care how many samples are alike, once counts are weighed. */
const COUNTED = new Set(["count", "min", "max", "distinct"]);
/** What leaves every row a row of its own. */
const BY_ROW = new Set(["extent", "bin", "formula", "filter", "timeunit", "identifier"]);

/** Whether a chart only counts, and how closely it looks; null where it does more. */
export function looks(compiled: Spec): Looks | null {
  const raw = new Set<string>(SAMPLES);
  const bins = new Map<string, Bin[]>();
  const exact = new Set<string>();
  // Bins reach as far as the values that a filter leaves, which cannot be known beforehand.
  let filtered = false;
  for (const data of list(compiled["data"]).filter(isObject)) {
    const from = isSamples(data["name"]) ? data["name"] : data["source"];
    if (typeof from !== "string" || !raw.has(from)) continue;
    let still = true;
    for (const step of list(data["transform"]).filter(isObject)) {
      const type = String(step["type"]);
      if (type === "aggregate") {
        const ops = list(step["ops"]);
        const plain = ops.length > 0 && list(step["as"]).length === ops.length && step["cross"] !== true;
        if (!plain || !ops.every((op) => COUNTED.has(String(op)))) return null;
        for (const field of [...list(step["groupby"]), ...list(step["fields"])]) if (typeof field === "string") exact.add(field);
        still = false;
      } else if (!still) continue;
      else if (!BY_ROW.has(type)) return null;
      else if (type === "bin" && typeof step["field"] === "string") bins.set(step["field"], [...(bins.get(step["field"]) ?? []), step]);
      else if (type === "timeunit") exact.add(String(step["field"]));
      else if (type !== "extent") {
        filtered ||= type === "filter";
        for (const text of Object.values(step)) if (typeof text === "string") exact.add(text);
      }
    }
    if (still) raw.add(String(data["name"]));
    else if (isSamples(data["name"])) raw.delete(String(data["name"]));
  }
  if (usesRaw(compiled, raw)) return null;
  const formulas = [...exact];
  const plain = (bin: Bin) => bin["anchor"] === undefined && isObject(bin["extent"]) && Object.entries(bin).every(([name, value]) => name === "extent" || !isObject(value));
  return { raw, binned: new Map([...bins].filter(([field, own]) => !filtered && own.every(plain) && !formulas.some((text) => text === field || new RegExp(`datum.{0,3}${escaped(field)}`).test(text)))) };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether anything is drawn, faceted, scaled by counts or read in a formula row by row. */
function usesRaw(compiled: Spec, raw: ReadonlySet<string>): boolean {
  const named = (value: Json | undefined) => typeof value === "string" && raw.has(value);
  for (const { of, under } of objectsIn(compiled)) {
    if (under === "from" && named(of["data"])) return true;
    if (under === "facet" && named(of["data"])) return true;
    if (under === "domain" && named(of["data"]) && of["sort"] !== undefined && of["sort"] !== true) return true;
    for (const text of Object.values(of)) if (typeof text === "string" && [...raw].some((name) => text.includes(`data('${name}')`) || text.includes(`data("${name}")`))) return true;
  }
  return JSON.stringify(compiled).includes("vlSelection");
}

/** The compiled chart with counts as sums of weights. */
export function weighed(compiled: Spec, { raw }: Looks): Spec {
  const data = list(compiled["data"]).map((one) => {
    if (!isObject(one) || !(raw.has(String(one["source"])) || isSamples(one["name"]))) return one;
    let first = true;
    const transform = list(one["transform"]).map((step) => {
      if (!isObject(step) || step["type"] !== "aggregate" || !first) return step;
      first = false;
      const counts = list(step["ops"]).map((op) => op === "count");
      const fields = counts.map((counted, i) => (counted ? WEIGHT : (list(step["fields"])[i] ?? null)));
      return { ...step, ops: list(step["ops"]).map((op, i) => (counts[i] ? "sum" : op)), fields };
    });
    return one["transform"] === undefined ? one : { ...one, transform };
  });
  return { ...compiled, data };
}

/** Codes of a column, one for each value that the chart can tell apart, and a value for each code. */
interface Coded {
  codes: Int32Array;
  values: Json[];
}

/** More different values than this, and alike samples are too rare to be worth looking for. */
const MOST_VALUES = 5000;

function codedExactly(column: Column, samples: Uint32Array): Coded | null {
  const codes = new Int32Array(samples.length);
  if (column.kind === "category") {
    const { codes: given, values, valid } = column;
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] as number;
      codes[i] = valid && !valid[sample] ? values.length : (given[sample] as number);
    }
    return { codes, values: [...values, null] };
  }
  const values: Json[] = [];
  const known = new Map<unknown, number>();
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const key = keyOf(told(valueAt(column, sample)));
    let code = known.get(key);
    if (code === undefined) {
      code = values.push(told(valueAt(column, sample))) - 1;
      if (code >= MOST_VALUES) return null;
      known.set(key, code);
    }
    codes[i] = code;
  }
  return { codes, values };
}

function keyOf(value: Json): unknown {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

/** The least and the greatest finite value; null where there is none. */
function span(values: Numbers, valid: Valid, samples: Uint32Array): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const v = values[sample] as number;
    if (v - v !== 0 || (valid && !valid[sample])) continue; // NaN and infinities
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : null;
}

/** Bins beyond this are not worth a table. */
const MOST_BINS = 1 << 20;

/** One value stands for all in its bins; the least and the greatest stand for themselves, so that the bins stay the same. */
function codedByBins(column: Column, samples: Uint32Array, bins: readonly Bin[], bin: Library["bin"]): Coded | null {
  if (column.kind !== "number") return codedExactly(column, samples);
  const { values: given, valid } = column;
  const codes = new Int32Array(samples.length);
  const ends = span(given, valid, samples);
  if (!ends) return { codes, values: [null] };
  const [low, high] = ends;
  const plans = bins.map(({ extent: _extent, signal: _signal, as: _as, field: _field, type: _type, ...options }) => {
    const { start, stop, step } = bin({ ...options, extent: ends });
    const n = Math.ceil((stop - start) / step);
    return { start, step, last: start + (n - 1) * step, n };
  });
  const size = plans.reduce((product, { n }) => product * n, 1);
  if (size > MOST_BINS) return codedExactly(column, samples);
  const [top, none] = [size, size + 1];
  const known = new Int32Array(size + 2).fill(-1);
  const values: Json[] = [];
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const v = given[sample] as number;
    let place = 0;
    if (v - v !== 0 || (valid && !valid[sample])) place = none;
    else if (v === high) place = top;
    // As the library bins: its rounding included, or a value on an edge would change sides.
    else for (const { start, step, last, n } of plans) place = place * n + Math.floor(1e-14 + (Math.max(start, Math.min(v, last)) - start) / step);
    let code = known[place] as number;
    if (code < 0) known[place] = code = values.push(place === none ? null : v) - 1;
    if (v === low && place !== none) values[code] = v;
    codes[i] = code;
  }
  return { codes, values };
}

/** How many samples share each key, fast where the keys are few enough for a table; in the order of their first samples, as bars are stacked. */
function countsOf(coded: readonly Coded[], length: number): Map<number, number> | null {
  const keys = coded.reduce((product, { values }) => product * values.length, 1);
  if (keys > Number.MAX_SAFE_INTEGER) return null;
  const table = keys <= MOST_BINS ? new Uint32Array(keys) : null;
  const counts = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    let key = 0;
    for (const { codes, values } of coded) key = key * values.length + (codes[i] as number);
    if (table) {
      if (table[key] === 0) counts.set(key, 0);
      table[key] = (table[key] as number) + 1;
    } else {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (counts.size > MOST_ROWS) return null;
    }
  }
  if (table) for (const key of counts.keys()) counts.set(key, table[key] as number);
  return counts.size > MOST_ROWS ? null : counts;
}

/** Alike samples as one row each; null where there are too many kinds of them. */
export function grouped(samples: Uint32Array, columns: ReadonlyMap<string, Column>, { binned }: Looks, bin: Library["bin"]): Row[] | null {
  const coded: [string, Coded][] = [];
  for (const [name, column] of columns) {
    const bins = binned.get(name);
    const one = bins ? codedByBins(column, samples, bins, bin) : codedExactly(column, samples);
    if (!one) return null;
    coded.push([name, one]);
  }
  const counts = countsOf(coded.map(([, one]) => one), samples.length);
  if (!counts) return null;
  return Array.from(counts, ([key, weight]) => {
    const row: Row = { [WEIGHT]: weight };
    let rest = key;
    for (const [name, { values }] of coded.toReversed()) {
      row[name] = values[rest % values.length] ?? null;
      rest = Math.floor(rest / values.length);
    }
    return row;
  });
}
