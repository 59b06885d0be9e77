/** The charts that can be made without writing: a kind, two columns, a colour, and what is told of each group. */
import type { Json } from "../../hosts/host";
import { canonical } from "../../hosts/report";
import type { Field } from "../../state/fields";
import { isObject, SAMPLES, type Spec } from "./spec";

export const MARKS = { bar: "Bars", line: "Line", area: "Area", point: "Points", boxplot: "Boxes" } as const;
export type Mark = keyof typeof MARKS;
export const AGGREGATES = { count: "Count of samples", mean: "Mean", median: "Median", sum: "Sum", min: "Least", max: "Greatest", none: "Each sample" } as const;
export type Aggregate = keyof typeof AGGREGATES;

export interface Simple {
  mark: Mark;
  x: string;
  aggregate: Aggregate;
  /** The column upwards; null for a count. */
  y: string | null;
  colour: string | null;
}

function isNumber(fields: readonly Field[], name: string | null): boolean {
  return fields.some((field) => field.name === name && (field.type === "number" || field.type === "integer"));
}

/** Columns that a chart can tell apart: neither ids nor free text. */
export function chartable(fields: readonly Field[]): Field[] {
  return fields.filter(({ type, role }) => role !== "id" && ["category", "bool", "integer", "number", "datetime"].includes(type));
}

export function firstChart(fields: readonly Field[]): Simple {
  const usable = chartable(fields);
  const x = usable.find(({ role }) => role === "label") ?? usable[0];
  return { mark: "bar", x: x?.name ?? "", aggregate: "count", y: null, colour: null };
}

/** Points in a name would mean a value inside a value. */
function fieldName(name: string): string {
  return name.replace(/[\\.[\]'"]/g, "\\$&");
}

export function specOf({ mark, x, aggregate, y, colour }: Simple, fields: readonly Field[]): Spec {
  const raw = aggregate === "none" || mark === "boxplot" || mark === "point";
  const across: { [name: string]: Json } = { field: fieldName(x) };
  if (isNumber(fields, x) && (!raw || mark === "boxplot")) across["bin"] = { maxbins: 30 };
  const upwards: Json = aggregate === "count" || y === null ? { aggregate: "count" } : raw ? { field: fieldName(y) } : { aggregate, field: fieldName(y) };
  const encoding: { [channel: string]: Json } = { x: across, y: upwards };
  if (colour !== null) encoding["color"] = isNumber(fields, colour) && !raw ? { field: fieldName(colour), bin: { maxbins: 6 } } : { field: fieldName(colour) };
  return { data: { name: SAMPLES[0] }, mark, encoding };
}

function plain(def: Json | undefined): string | null {
  return isObject(def) && typeof def["field"] === "string" ? def["field"].replace(/\\(.)/g, "$1") : null;
}

/** The choices behind a chart; null where it says more than the form can. */
export function simpleOf(spec: Spec, fields: readonly Field[]): Simple | null {
  const { mark, encoding } = spec;
  if (typeof mark !== "string" || !Object.hasOwn(MARKS, mark) || !isObject(encoding)) return null;
  const { x, y, color } = encoding;
  const told = isObject(y) ? y["aggregate"] : undefined;
  const aggregate = told === undefined ? "none" : told;
  if (typeof aggregate !== "string" || !Object.hasOwn(AGGREGATES, aggregate)) return null;
  const simple: Simple = { mark: mark as Mark, x: plain(x) ?? "", aggregate: aggregate as Aggregate, y: plain(y), colour: plain(color) };
  return canonical(specOf(simple, fields)) === canonical(spec) ? simple : null;
}

/** The question such a chart answers. */
export function questionOf({ x, aggregate, y, colour }: Simple): string {
  const by = colour === null ? "" : `, by ${colour}`;
  if (aggregate === "count" || y === null) return `How many samples for each ${x}${by}`;
  return aggregate === "none" ? `${y} against ${x}${by}` : `${AGGREGATES[aggregate]} ${y} for each ${x}${by}`;
}
