/** What the colour of a point tells, as codes for the canvas and a legend for people. */
import { classColour } from "../../draw/colour";
import { count, measure } from "../../draw/format";
import { MISSING, rampCodes } from "../../draw/points/appearance";
import type { Colours } from "../../draw/points/scene";
import type { Column } from "../../hosts/arrow";
import type { Recording } from "../../hosts/recording";
import type { NumberColumn } from "../../state/performance";

export interface ColourChoice {
  id: string;
  name: string;
  kind: "label" | "prediction" | "correct" | "category" | "number";
  column?: string;
}

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

export function choicesOf(recording: Recording): ColourChoice[] {
  const choices: ColourChoice[] = [];
  const missing = recording.missing["performance"] ?? [];
  const said = recording.checkpoints.length > 0 && missing.length === 0;
  const single = recording.task === "multiclass";
  const labelled = recording.nMissingLabels < recording.nSamples;
  if (single && labelled) choices.push({ id: "label", name: "Label", kind: "label" });
  if (single && said) choices.push({ id: "prediction", name: "Prediction", kind: "prediction" });
  if (said && labelled) choices.push({ id: "correct", name: "Right or wrong", kind: "correct" });
  for (const { name, type, role, values } of recording.columns) {
    const category = type === "category" && role !== "label" && (values?.length ?? 0) <= MOST_VALUES;
    if (category) choices.push({ id: `column:${name}`, name, kind: "category", column: name });
    else if (role === "metadata" && (type === "number" || type === "integer")) choices.push({ id: `column:${name}`, name, kind: "number", column: name });
  }
  return choices;
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

/** Wrong ones stand out and lie above the others; the right ones stay quiet, as everywhere. */
export function byCorrect(correct: NumberColumn, keep: (i: number) => boolean): Coloured {
  const coloured = byCode(correct.values, correct.valid, ["wrong", "right"], keep);
  const palette = ["var(--bad)", "var(--ink-3)"];
  const legend = coloured.legend.map((entry, k) => ({ ...entry, colour: palette[k] ?? entry.colour }));
  return { colours: { ...coloured.colours, palette, raised: 0 }, legend, ends: null };
}

export function byNumber({ values, valid }: NumberColumn): Coloured {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value) || (valid && !valid[i])) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // The light end of the scale is the ground itself: a point there would not be seen.
  const palette = Array.from({ length: 256 }, (_, k) => `color-mix(in srgb, var(--heat-1) ${(22 + (78 * k) / 255).toFixed(1)}%, var(--heat-0))`);
  const ends = low <= high ? ([measure(low), measure(high)] as const) : null;
  return { colours: { codes: rampCodes(values, valid, low, high), palette, ramp: true }, legend: [], ends };
}

export function byColumn(column: Column, keep: (i: number) => boolean): Coloured {
  if (column.kind === "category") return byCode(column.codes, column.valid, column.values, keep);
  if (column.kind === "number") return byNumber({ values: column.values, valid: column.valid });
  if (column.kind === "bigint") return byNumber({ values: Float64Array.from(column.values as BigInt64Array, Number), valid: column.valid });
  return byCode(new Int32Array(column.length), new Uint8Array(column.length), [], keep);
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
