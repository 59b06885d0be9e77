/** Small tables, read row by row; a missing value and one that is no number are both null. */
import { valueAt, type Column, type Value } from "../../hosts/arrow";
import { ArrivalError } from "../../hosts/errors";
import type { Table } from "../../hosts/host";

export interface Line {
  number: (name: string) => number | null;
  text: (name: string) => string | null;
  flag: (name: string) => boolean;
  list: (name: string) => readonly Value[];
  bytes: (name: string) => Uint8Array | null;
}

function numeric(value: Value): number | null {
  if (value === null || (typeof value !== "number" && typeof value !== "bigint")) return null;
  return Number.isNaN(Number(value)) ? null : Number(value);
}

function lineOf(column: (name: string) => Column, row: number): Line {
  return {
    number: (name) => numeric(valueAt(column(name), row)),
    text: (name) => {
      const value = valueAt(column(name), row);
      return value === null ? null : String(value);
    },
    flag: (name) => valueAt(column(name), row) === true,
    list: (name) => {
      const value = valueAt(column(name), row);
      return Array.isArray(value) ? (value as readonly Value[]) : [];
    },
    bytes: (name) => {
      const found = column(name);
      return found.kind === "list" ? (found.bytes?.(row) ?? null) : null;
    },
  };
}

export function linesOf(tables: ReadonlyMap<string, Table>, name: string): Line[] {
  const table = tables.get(name);
  if (!table) throw new ArrivalError(`The table “${name}” did not arrive.`);
  const column = (wanted: string): Column => {
    const found = table.get(wanted);
    if (!found) throw new ArrivalError(`The table “${name}” came without its column “${wanted}”. Run the analysis again with this version.`);
    return found;
  };
  const length = [...table.values()][0]?.length ?? 0;
  return Array.from({ length }, (_, row) => lineOf(column, row));
}

export function by<K, V>(lines: readonly V[], key: (one: V) => K): Map<K, V[]> {
  const found = new Map<K, V[]>();
  for (const line of lines) {
    const own = found.get(key(line));
    if (own) own.push(line);
    else found.set(key(line), [line]);
  }
  return found;
}
