/** Which columns a table shows, in which order and how wide, and which of them are on screen. */
import type { Json } from "../../hosts/host";
import type { Field } from "../../state/fields";
import type { Options } from "../../state/layout";
import type { SortKey } from "../../state/sorting";

export interface Shown {
  field: Field;
  width: number;
  pinned: boolean;
  /** Where it begins among the pinned, or among the others. */
  left: number;
}

export const [NARROWEST, WIDEST] = [48, 800];
const WIDTHS: Record<Field["type"], number> = { bool: 76, integer: 104, number: 104, category: 128, datetime: 164, text: 220, list: 160, other: 160 };
const ID_WIDTH = 168;

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function widthOf(field: Field, widths: Json | undefined): number {
  const given = widths !== null && typeof widths === "object" && !Array.isArray(widths) ? (widths as { readonly [name: string]: Json }) : {};
  const own = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
  return typeof own === "number" && Number.isFinite(own) ? Math.max(NARROWEST, Math.min(WIDEST, own)) : field.role === "id" ? ID_WIDTH : WIDTHS[field.type];
}

/** Given names first, in their order; the rest as recorded, ids before all. */
export function arranged(fields: readonly Field[], order: readonly string[]): Field[] {
  const place = new Map(order.map((name, i) => [name, i]));
  const rank = (field: Field, i: number) => place.get(field.name) ?? order.length + (field.role === "id" ? 0 : 1 + i);
  return fields.map((field, i) => ({ field, at: rank(field, i) })).sort((a, b) => a.at - b.at).map(({ field }) => field);
}

/** The columns in their places: the pinned ones stay at the left. */
export function shownColumns(fields: readonly Field[], options: Options): Shown[] {
  const hidden = new Set(texts(options["hidden"]));
  const pinned = texts(options["pinned"]);
  const visible = arranged(fields, texts(options["order"])).filter(({ name }) => !hidden.has(name));
  const held = pinned.flatMap((name) => visible.find((field) => field.name === name) ?? []);
  const place = (some: readonly Field[], fixed: boolean): Shown[] => {
    let left = 0;
    return some.map((field) => {
      const width = widthOf(field, options["widths"]);
      const shown = { field, width, pinned: fixed, left };
      left += width;
      return shown;
    });
  };
  return [...place(held, true), ...place(visible.filter((field) => !held.includes(field)), false)];
}

/** The columns on screen: the pinned ones, and of the others those that the window shows, with the width left out before them. */
export function columnWindow(columns: readonly Shown[], scrollLeft: number, viewport: number): { pinned: readonly Shown[]; shown: readonly Shown[]; before: number; total: number } {
  const pinned = columns.filter((one) => one.pinned);
  const rest = columns.slice(pinned.length);
  const held = pinned.reduce((sum, one) => sum + one.width, 0);
  const last = rest.at(-1);
  const total = held + (last ? last.left + last.width : 0);
  const end = scrollLeft + Math.max(200, viewport - held);
  let from = 0;
  for (let high = rest.length; from < high; ) {
    const middle = (from + high) >> 1;
    const one = rest[middle];
    if (one && one.left + one.width <= scrollLeft) from = middle + 1;
    else high = middle;
  }
  let to = from;
  while (to < rest.length && (rest[to]?.left ?? 0) < end) to++;
  return { pinned, shown: rest.slice(from, to), before: rest[from]?.left ?? 0, total };
}

/** The order after a column was put in the place of another. */
export function moved(columns: readonly Shown[], name: string, to: number): string[] {
  const names = columns.map(({ field }) => field.name).filter((other) => other !== name);
  names.splice(Math.max(0, Math.min(names.length, to)), 0, name);
  return names;
}

export function keysOf(value: Json | undefined, fields: readonly Field[]): SortKey[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Json) => {
    const [column, descending] = Array.isArray(one) ? (one as readonly Json[]) : [];
    return typeof column === "string" && fields.some(({ name }) => name === column) ? [{ column, descending: descending === true }] : [];
  });
}

export function keysJson(keys: readonly SortKey[]): Json {
  return keys.map(({ column, descending }) => [column, descending]);
}

/** The next order after a click on a head: ascending, descending, none; with Shift the others stay. */
export function nextKeys(keys: readonly SortKey[], column: string, more: boolean): SortKey[] {
  const own = keys.find((key) => key.column === column);
  const others = more ? keys.filter((key) => key.column !== column) : [];
  if (own?.descending) return [...others];
  const next = { column, descending: own !== undefined };
  return own && more ? keys.map((key) => (key === own ? next : key)) : [...others, next];
}
