/** Which samples the table shows, in which order, and what is known of those on screen. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Value } from "../../hosts/arrow";
import { valueAt } from "../../hosts/arrow";
import type { Field } from "../../state/fields";
import { and, every, rowsOf } from "../../state/masks";
import { sortedRows, type SortKey } from "../../state/sorting";
import type { Context } from "../component";

export const SOURCE = "table";

/** Passing samples of the chosen split, sorted; columns that are still on their way do not sort yet. */
export function useRows(ctx: Context, keys: readonly SortKey[]): Uint32Array {
  const { filter, store } = ctx.data;
  const mask = filter.mask();
  const within = filter.within.value;
  const n = store.recording.value.nSamples;
  const rows = useMemo(() => rowsOf(mask && within ? and(mask.slice(), within) : (mask ?? within ?? every(n))), [mask, within, n]);
  const columns = keys.map(({ column }) => filter.at(column));
  return useMemo(
    () => sortedRows(rows, keys.flatMap(({ descending }, i) => (columns[i] ? [{ column: columns[i], descending }] : []))),
    [rows, keys, ...columns.slice(0, 3), columns.length],
  );
}

/** Free text is fetched for the rows on screen only; everything else is a column that the filter keeps. */
export function isFetchedByRow(field: Field): boolean {
  return field.role === "id" || field.type === "text" || field.type === "other";
}

const REST_MS = 60;

/** Values of the fields fetched by row; undefined while they are on their way. */
export function useTexts(ctx: Context, fields: readonly Field[], visible: readonly number[]): (field: string, row: number) => Value | undefined {
  const kept = useRef(new Map<string, Value>());
  const [, redraw] = useState(0);
  const names = fields.filter(isFetchedByRow).map(({ name }) => name);
  const wanted = visible.filter((row) => names.some((name) => !kept.current.has(`${row} ${name}`)));
  useEffect(() => {
    if (wanted.length === 0 || names.length === 0) return;
    const control = new AbortController();
    // A scroll passes many rows; those where it rests are fetched.
    const timer = setTimeout(() => {
      ctx.data.columns.rows(names, wanted, control.signal).then(
        (table) => {
          for (const name of names) {
            const column = table.get(name);
            if (column) wanted.forEach((row, i) => kept.current.set(`${row} ${name}`, valueAt(column, i)));
          }
          redraw((n) => n + 1);
        },
        () => undefined, // the connection says it; scrolling asks again
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [wanted.join(), names.join("\u0000")]);
  return (field, row) => kept.current.get(`${row} ${field}`);
}
