/** Samples as rows of values, for what leaves the page: the clipboard and CSV files. */
import { valueAt, type Value } from "../hosts/arrow";
import type { Field } from "./fields";
import type { Session } from "./session";

/** Free text is fetched for the rows that are read only; everything else is a column that the filter keeps. */
export function isFetchedByRow(field: Field): boolean {
  return field.role === "id" || field.type === "text" || field.type === "other";
}

/** Rows named one by one in a request; for more of them the whole column is fetched. */
const FEW = 500;

/** A function that reads a field of the i-th of the given rows. */
export async function cellsOf(session: Session, fields: readonly Field[], rows: ArrayLike<number>): Promise<(field: Field, i: number) => Value> {
  const few = rows.length <= FEW;
  const byRow = few ? fields.filter(isFetchedByRow) : [];
  const fetched = byRow.length > 0 && rows.length > 0 ? await session.columns.rows(byRow.map(({ name }) => name), Array.from(rows)) : new Map();
  const whole = new Map(await Promise.all(fields.filter((field) => !byRow.includes(field)).map(async (field) => {
    const column = isFetchedByRow(field) ? await session.columns.get(field.name) : await session.filter.column(field.name);
    return [field.name, column] as const;
  })));
  return (field, i) => {
    const column = whole.get(field.name);
    if (column) return valueAt(column, rows[i] ?? -1);
    const some = fetched.get(field.name);
    return some ? valueAt(some, i) : null;
  };
}

/** Plain digits, no thousands separators: it is going into another program. */
export function plainText(value: Value | undefined): string {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (Array.isArray(value)) return value.map((item: Value) => plainText(item)).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A spreadsheet runs text that begins like a formula; an apostrophe keeps it text. Numbers are none. */
function harmless(value: Value | undefined): string {
  const text = plainText(value);
  return typeof value !== "number" && typeof value !== "bigint" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

export function csvCell(value: Value | undefined): string {
  const text = harmless(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const LINES_AT_ONCE = 5000;

/** Samples as CSV (RFC 4180, UTF-8), in pieces so that no single text grows without bounds. */
export async function csvOf(session: Session, fields: readonly Field[], rows: ArrayLike<number>): Promise<Blob> {
  const at = await cellsOf(session, fields, rows);
  const pieces: string[] = [`${fields.map(({ name }) => csvCell(name)).join(",")}\r\n`];
  for (let from = 0; from < rows.length; from += LINES_AT_ONCE) {
    let piece = "";
    for (let i = from; i < Math.min(rows.length, from + LINES_AT_ONCE); i++) piece += `${fields.map((field) => csvCell(at(field, i))).join(",")}\r\n`;
    pieces.push(piece);
  }
  return new Blob(pieces, { type: "text/csv;charset=utf-8" });
}
