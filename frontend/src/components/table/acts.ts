/** What can be done in a table: select, filter by a value, copy, go somewhere, arrange the columns. */
import type { Signal } from "@preact/signals";
import { count, plural, shorten, valueText } from "../../draw/format";
import type { Value } from "../../hosts/arrow";
import { cellsOf } from "../../state/cells";
import { pickRows } from "../../state/chosen";
import type { Expr, Scalar } from "../../state/clauses";
import type { Field } from "../../state/fields";
import { fromRows, has, rowsOf, type Mask } from "../../state/masks";
import type { SortKey } from "../../state/sorting";
import type { Context } from "../component";
import { arranged, keysJson, moved, nextKeys, type Shown } from "./columns";
import { MOST_COPIED, cellText, copy, tsv } from "./copy";
import type { Cursor } from "./cursor";
import { headActions, type HeadActs } from "./head";
import { isLong } from "./line";
import type { Action, Opened } from "./menu";
import { reason } from "../../hosts/reason";

/** The table as it stands while something is done in it. */
export interface Standing {
  ctx: Context;
  fields: readonly Field[];
  columns: readonly Shown[];
  keys: readonly SortKey[];
  rows: Uint32Array;
  picked: Uint32Array;
  selected: Mask;
  cursor: Cursor;
  /** Where a range begins that Shift ends. */
  anchor: { current: number };
  menu: Signal<Opened | null>;
  whole: Signal<{ name: string; value: Value } | null>;
  read: (field: Field, row: number) => Value | undefined;
}

/** "Only this value": a missing one is asked for as missing; a list has no one value. */
export function exprOf(field: string, value: Value | undefined): Expr | null {
  if (value === undefined || Array.isArray(value)) return null;
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return { op: "null", column: field };
  if (value instanceof Date) return { op: "eq", column: field, value: value.toISOString() };
  return typeof value === "object" ? null : { op: "eq", column: field, value: value as Scalar };
}

export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

async function told(ctx: Context, what: string, work: () => Promise<string>): Promise<void> {
  try {
    ctx.store.say(await work());
  } catch (error) {
    ctx.store.notice(`${what} ${reason(error)}`);
  }
}

export function copyRows(ctx: Context, fields: readonly Field[], rows: Uint32Array): Promise<void> {
  return told(ctx, "Nothing was copied:", async () => {
    const some = rows.subarray(0, MOST_COPIED);
    const at = await cellsOf(ctx.data, fields, some);
    await copy(tsv(fields.map(({ name }) => name), Array.from(some, (_, i) => fields.map((field) => at(field, i)))));
    return `${plural(some.length, "row")} copied${rows.length > some.length ? `, the first of ${count(rows.length)}` : ""}.`;
  });
}

interface Held {
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const TOGGLE: Held = { shiftKey: false, ctrlKey: true, metaKey: false, altKey: false };

/** What the selection becomes when a row is pressed with a key held: from the anchor, toggled, taken out; null without a key. */
export function pressed(before: Uint32Array, rows: Uint32Array, from: number, place: number, keys: Held, n: number): Uint32Array | null {
  const row = rows[place];
  if (row === undefined || !(keys.shiftKey || keys.ctrlKey || keys.metaKey || keys.altKey)) return null;
  const mask = fromRows(before, n);
  const own = keys.shiftKey ? rows.subarray(Math.min(from, place), Math.max(from, place) + 1) : Uint32Array.of(row);
  const put = keys.altKey ? false : keys.shiftKey ? true : !has(mask, row);
  for (const one of own) mask[one >>> 5] = put ? (mask[one >>> 5] ?? 0) | (1 << (one & 31)) : (mask[one >>> 5] ?? 0) & ~(1 << (one & 31));
  return rowsOf(mask);
}

function select(at: Standing, place: number, keys: Held): boolean {
  const next = pressed(at.picked, at.rows, at.anchor.current, place, keys, at.ctx.store.recording.peek().nSamples);
  if (!keys.shiftKey) at.anchor.current = place;
  if (next) pickRows(at.ctx.data, next, at.ctx.id);
  return next !== null;
}

export function open({ ctx, rows }: Standing, place: number): void {
  const row = rows[place];
  if (row === undefined) return;
  ctx.store.shown.value = rows;
  ctx.store.focus.value = row;
}

export function press(at: Standing, event: Held, place: number, column: number): void {
  at.cursor.active.value = { row: place, column };
  if (!select(at, place, event)) open(at, place);
}

function filterActions({ ctx }: Standing, expr: Expr, value: Value | undefined): Action[] {
  const { filter } = ctx.data;
  const words = expr.op === "null" ? "missing" : shorten(valueText(value ?? null), 28);
  return [{ name: `Only ${words}`, act: () => filter.add(expr) }, { name: `Exclude ${words}`, act: () => filter.add({ op: "not", of: expr }) }];
}

/** What the menu of a cell offers. */
export function cellActions(at: Standing, place: number, column: number): Action[] {
  const { ctx, rows, columns, selected, whole } = at;
  const [row, field] = [rows[place], columns[column]?.field];
  if (row === undefined || !field) return [];
  const value = at.read(field, row);
  const expr = exprOf(field.name, value);
  const actions: (Action | false)[] = [
    ...(expr ? filterActions(at, expr, value) : []),
    value !== undefined && isLong(value) && { name: "Show all of it", act: () => void (whole.value = { name: field.name, value }) },
    { name: "Copy value", act: () => void copyValue(ctx, value) },
    { name: "Copy row", act: () => void copyRows(ctx, columns.map((one) => one.field), Uint32Array.of(row)) },
    { name: has(selected, row) ? "Take out of the selection" : "Add to the selection", act: () => void select(at, place, TOGGLE) },
    { name: "Open", act: () => open(at, place) },
  ];
  return actions.filter((action) => action !== false);
}

function copyValue(ctx: Context, value: Value | undefined): Promise<void> {
  return told(ctx, "Nothing was copied:", async () => {
    await copy(cellText(value));
    return "Copied.";
  });
}

export function openMenu(at: Standing, where: { x: number; y: number }, place: number, column: number): void {
  at.cursor.active.value = { row: place, column };
  const field = at.columns[column]?.field;
  const actions = cellActions(at, place, column);
  at.menu.value = actions.length > 0 ? { label: field ? `${field.name}, row ${count(place + 1)}` : "Cell", ...where, actions } : null;
}

/** A key over the cells; false when it is none of the table's. */
export function keyed(at: Standing, event: KeyboardEvent): boolean {
  const { row, column } = at.cursor.active.value;
  const far = event.ctrlKey || event.metaKey;
  if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
    const cell = event.target instanceof HTMLElement ? event.target.getBoundingClientRect() : null;
    openMenu(at, { x: cell?.left ?? 0, y: cell?.bottom ?? 0 }, row, column);
  } else if (event.key === "Enter") open(at, row);
  else if (event.key === " ") select(at, row, event.shiftKey ? { ...TOGGLE, ctrlKey: false, shiftKey: true } : TOGGLE);
  else if (event.key.toLowerCase() === "c" && far) cellActions(at, row, column).find(({ name }) => name === "Copy value")?.act();
  else return !event.altKey && at.cursor.moves(event);
  return true;
}

/** Go to a row by its number, or to a sample by its id. */
export async function jump({ ctx, rows, cursor }: Standing, wish: string): Promise<void> {
  const number = /^\d+$/.test(wish) ? Number(wish) : NaN;
  const { column } = cursor.active.peek();
  if (number >= 1 && number <= rows.length) return cursor.go(number - 1, column);
  await told(ctx, "The row was not found.", async () => {
    const [row] = await ctx.data.tags.placesOf([wish]);
    if (row === null || row === undefined) throw new Error(`No sample has the id “${shorten(wish, 60)}”, and there are ${plural(rows.length, "row")}.`);
    const place = rows.indexOf(row);
    if (place < 0) throw new Error(`Sample ${shorten(wish, 60)} is not among these rows. Show all rows to reach it.`);
    cursor.go(place, column);
    return `Row ${count(place + 1)}`;
  });
}

/** What the heads of the columns do; all of it is kept as options. */
export function headActs({ ctx, fields, columns, keys, menu }: Standing): HeadActs {
  const options = ctx.options.peek();
  const pinned = strings(options["pinned"]);
  const set = (name: string, list: readonly string[]) => ctx.set({ [name]: list.length > 0 ? [...list] : null });
  const sort = (next: readonly SortKey[]) => ctx.set({ sort: keysJson(next) });
  const place = (column: string, to: number) => {
    if (pinned.includes(column)) return set("pinned", moved(columns.filter((one) => one.pinned), column, to));
    const names = moved(columns, column, to);
    set("order", [...names, ...arranged(fields, strings(options["order"])).map(({ name }) => name).filter((name) => !names.includes(name))]);
  };
  const resize = (column: string, width: number) => ctx.set({ widths: { ...(options["widths"] as { readonly [name: string]: number }), [column]: Math.round(width) } });
  return {
    sort: (column, more) => sort(nextKeys(keys, column, more)),
    resize,
    drop: (column, onto) => place(column, columns.findIndex(({ field }) => field.name === onto)),
    menu: (column, at) => {
      const to = {
        sort,
        place: (where: number) => place(column, where),
        pin: (on: boolean) => set("pinned", on ? [...pinned, column] : pinned.filter((other) => other !== column)),
        hide: () => set("hidden", [...strings(options["hidden"]), column]),
        width: (width: number) => resize(column, width),
      };
      menu.value = { label: `Column ${column}`, ...at, actions: headActions(columns, column, keys, to) };
    },
  };
}
