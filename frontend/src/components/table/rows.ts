/** Which samples the table shows, in which order, and what is known of those on screen. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { valueAt, type Value } from "../../hosts/arrow";
import { isFetchedByRow } from "../../state/cells";
import { chosen } from "../../state/chosen";
import type { Field } from "../../state/fields";
import { every, fromRows, keep, rowsOf } from "../../state/masks";
import { sortedRows, type SortKey } from "../../state/sorting";
import type { Context } from "../component";

export type Tab = "all" | "filtered" | "selected";

export interface Tabbed {
  rows: Uint32Array;
  counts: Record<Tab, number>;
}

/** The rows of a tab in the order of the keys; columns that are still on their way do not sort yet. */
export function useRows(ctx: Context, tab: Tab, keys: readonly SortKey[]): Tabbed {
  const { filter, store } = ctx.data;
  const mask = filter.mask();
  const within = filter.within.value;
  const n = store.recording.value.nSamples;
  const picked = chosen(store);
  const counted = filter.counts.value;
  const own = tab === "selected" ? picked : null;
  const rows = useMemo(() => rowsOf(own ? fromRows(own, n) : (within ?? every(n))), [own, within, n]);
  const columns = keys.map(({ column }) => filter.at(column));
  const ready = keys.flatMap(({ descending }, i) => (columns[i] ? [{ column: columns[i], descending }] : []));
  // Sorted before they are filtered: a click on a filter then costs one walk along the rows, whatever they are sorted by.
  const sorted = useMemo(() => sortedRows(rows, ready), [rows, JSON.stringify(keys), ...[0, 1, 2, 3].map((i) => columns[i]), ready.length]);
  const passing = useMemo(() => (tab === "filtered" ? keep(sorted, mask) : sorted), [sorted, tab, mask]);
  return { rows: passing, counts: { all: counted.total, filtered: counted.passing, selected: picked.length } };
}

/** Values of the fields fetched by row; undefined while they are on their way. */
export function useTexts(ctx: Context, fields: readonly Field[], visible: readonly number[]): (field: string, row: number) => Value | undefined {
  const { fingerprint } = ctx.store.recording.value;
  const kept = useMemo(() => new Map<string, Value>(), [fingerprint]);
  const asking = useRef(false);
  const [, redraw] = useState(0);
  const names = fields.filter(isFetchedByRow).map(({ name }) => name);
  const missing = visible.filter((row) => names.some((name) => !kept.has(`${row} ${name}`)));
  // Before the frame is painted: the answer is then there for the next one. One request at a time: rows that a scroll has passed by its end are never asked for.
  useLayoutEffect(() => {
    if (asking.current || missing.length === 0) return;
    asking.current = true;
    ctx.data.columns.rows(names, missing).then(
      (table) => {
        asking.current = false;
        for (const name of names) {
          const column = table.get(name);
          missing.forEach((row, i) => kept.set(`${row} ${name}`, column ? valueAt(column, i) : null));
        }
        redraw((n) => n + 1);
      },
      () => (asking.current = false), // the connection says it; scrolling asks again
    );
  });
  return (field, row) => kept.get(`${row} ${field}`);
}
