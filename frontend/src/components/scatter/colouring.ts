/** What the colour and the size of a point tell, as codes for the canvas and a legend for people. */
import { classColour } from "../../draw/colour";
import { count, measure, valueText } from "../../draw/format";
import { MISSING, rampCodes } from "../../draw/points/appearance";
import type { Colours } from "../../draw/points/scene";
import type { Column } from "../../hosts/arrow";
import type { Recording } from "../../hosts/recording";
import { fieldsOf, type Field } from "../../state/fields";
import { exactDoubles } from "../../state/narrow";
import type { NumberColumn } from "../../state/performance";

export interface LegendEntry {
  name: string;
  colour: string;
  count: number;
}

export interface Coloured {
  colours: Colours;
  legend: readonly LegendEntry[];
  /** Ends of the ramp in words, where the colour is a number. */
  ends: readonly [string, string] | null;
}

/** More values than these are not told apart by colour. */
const MOST_VALUES = 1000;
const COLOURING = new Set<Field["type"]>(["category", "bool", "integer", "number", "datetime"]);

/** The fields that can colour, those first that people look for. */
export function colourings(recording: Recording): Field[] {
  const sizes = new Map(recording.columns.map(({ name, values }) => [name, values?.length ?? 0]));
  return fieldsOf(recording).filter(({ name, type, role }) => role !== "id" && COLOURING.has(type) && (sizes.get(name) ?? 0) <= MOST_VALUES);
}

/** The fields whose numbers can be the size of a point. */
export function sizings(recording: Recording): Field[] {
  return colourings(recording).filter(({ type }) => type === "integer" || type === "number");
}

/** Codes and a legend from class indices or category codes; `keep` tells the points that are counted. */
export function byCode(codes: ArrayLike<number>, valid: ArrayLike<number> | null, names: readonly string[], keep: (i: number) => boolean): Coloured {
  const out = new Uint16Array(codes.length).fill(MISSING);
  const counts = new Uint32Array(names.length);
  let without = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? -1;
    const known = (!valid || valid[i]) && code >= 0 && code < names.length;
    if (known) out[i] = code;
    if (!keep(i)) continue;
    if (known) counts[code] = (counts[code] ?? 0) + 1;
    else without++;
  }
  const legend = names.map((name, k) => ({ name, colour: classColour(k), count: counts[k] ?? 0 }));
  if (without > 0) legend.push({ name: "missing", colour: classColour(null), count: without });
  return { colours: { codes: out, palette: names.map((_, k) => classColour(k)) }, legend, ends: null };
}

const VERDICT = ["var(--bad)", "var(--ink-3)"] as const;

/** Wrong ones stand out and lie above the others; the right ones stay quiet, as everywhere. */
export function byCorrect(correct: NumberColumn, keep: (i: number) => boolean): Coloured {
  const coloured = byCode(correct.values, correct.valid, ["wrong", "right"], keep);
  const legend = coloured.legend.map((entry, k) => ({ ...entry, colour: VERDICT[k] ?? entry.colour }));
  return { colours: { ...coloured.colours, palette: VERDICT, raised: 0 }, legend, ends: null };
}

function spanOf({ values, valid }: NumberColumn): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value) || (valid && !valid[i])) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** A step of the ramp, 0 … 1. Its light end is the ground itself: a point there would not be seen. */
function ramp(share: number): string {
  return `color-mix(in srgb, var(--heat-1) ${(22 + 78 * share).toFixed(1)}%, var(--heat-0))`;
}

export function byNumber(column: NumberColumn, words: (value: number) => string = measure): Coloured {
  const [low, high] = spanOf(column);
  const palette = Array.from({ length: 256 }, (_, k) => ramp(k / 255));
  const ends = low <= high ? ([words(low), words(high)] as const) : null;
  return { colours: { codes: rampCodes(column.values, column.valid, low, high), palette, ramp: true }, legend: [], ends };
}

/** A column as numbers; null where it holds none. */
export function numbersIn(column: Column): NumberColumn | null {
  if (column.kind === "number" || column.kind === "time" || column.kind === "bool") return { values: column.values, valid: column.valid };
  if (column.kind === "bigint") return { values: exactDoubles(column.values) ?? Float64Array.from(column.values as BigInt64Array, Number), valid: column.valid };
  return null;
}

export function byField(field: Field, column: Column, keep: (i: number) => boolean): Coloured {
  if (column.kind === "category") return byCode(column.codes, column.valid, column.values, keep);
  if (column.kind === "bool") return field.name === "correct" && field.role === "model" ? byCorrect(column, keep) : byCode(column.values, column.valid, ["no", "yes"], keep);
  const numbers = numbersIn(column);
  if (numbers) return byNumber(numbers, column.kind === "time" ? (value) => valueText(new Date(value)) : measure);
  return byCode(new Int32Array(column.length), new Uint8Array(column.length), [], keep);
}

/** The colour of each sample as CSS, the same as in the pictures. */
export function cssOf(field: Field, column: Column): (row: number) => string {
  const missing = classColour(null);
  if (column.kind === "category") return (row) => (column.valid && !column.valid[row] ? missing : classColour(column.codes[row] ?? null));
  if (column.kind === "bool" && field.name === "correct" && field.role === "model") return (row) => (column.valid && !column.valid[row] ? missing : (VERDICT[column.values[row] ?? 0] ?? missing));
  if (column.kind === "bool") return (row) => (column.valid && !column.valid[row] ? missing : classColour(column.values[row] ?? null));
  const numbers = numbersIn(column);
  if (!numbers) return () => missing;
  const [low, high] = spanOf(numbers);
  return (row) => {
    const value = numbers.values[row] ?? NaN;
    return Number.isNaN(value) || (numbers.valid && !numbers.valid[row]) ? missing : ramp(Math.max(0, Math.min(1, (value - low) / (high - low || 1))));
  };
}

/** Sizes 1 … 15 over the range of a column; what is missing is the smallest, what is infinite the largest of its sign. */
export function sizesOf(column: Column): Uint8Array | null {
  const numbers = numbersIn(column);
  if (!numbers) return null;
  const [low, high] = spanOf(numbers);
  const { values, valid } = numbers;
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const share = ((values[i] as number) - low) / (high - low || 1);
    out[i] = (valid && !valid[i]) || Number.isNaN(share) ? 1 : 1 + Math.round(14 * Math.max(0, Math.min(1, share)));
  }
  return out;
}

/** For each value its name and the middle of its points, by the median of up to so many of them. */
const MEDIAN_OF = 2000;

export function middles(coloured: Coloured, x: ArrayLike<number>, y: ArrayLike<number>, keep: (i: number) => boolean): { x: number; y: number; text: string; colour: string }[] {
  const { codes } = coloured.colours;
  const seen = coloured.legend.map(() => ({ x: [] as number[], y: [] as number[] }));
  for (let i = 0; i < codes.length; i++) {
    const of = seen[codes[i] ?? MISSING];
    if (!of || of.x.length >= MEDIAN_OF || !keep(i) || !Number.isFinite(x[i]) || !Number.isFinite(y[i])) continue;
    of.x.push(x[i] ?? 0);
    of.y.push(y[i] ?? 0);
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return coloured.legend
    .map((entry, k) => ({ entry, of: seen[k] }))
    .filter(({ of }) => of !== undefined && of.x.length > 0)
    .sort((a, b) => b.entry.count - a.entry.count)
    .map(({ entry, of }) => ({ x: middle(of?.x ?? []), y: middle(of?.y ?? []), text: entry.name, colour: entry.colour }));
}

export function legendText({ name, count: n }: LegendEntry): string {
  return `${name}: ${count(n)}`;
}
