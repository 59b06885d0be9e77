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

const REST_MS = 60;

/** Values of the fields fetched by row; undefined while they are on their way. */
export function useTexts(ctx: Context, fields: readonly Field[], visible: readonly number[]): (field: string, row: number) => Value | undefined {
  const kept = useRef(new Map<string, Value>());
  const moved = useRef(-REST_MS);
  const [, redraw] = useState(0);
  const names = fields.filter(isFetchedByRow).map(({ name }) => name);
  const wanted = visible.filter((row) => names.some((name) => !kept.current.has(`${row} ${name}`)));
  const { fingerprint } = ctx.store.recording.value;
  useLayoutEffect(() => kept.current.clear(), [fingerprint]);
  // Before the frame is painted, not after: the answer is then there for the next one.
  useLayoutEffect(() => {
    if (wanted.length === 0 || names.length === 0) return;
    const control = new AbortController();
    // The first rows of a scroll are fetched at once; of those that it goes on to pass, the ones where it rests.
    const now = performance.now();
    const moving = now - moved.current < REST_MS;
    moved.current = now;
    const ask = () =>
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
    const timer = moving ? setTimeout(() => void ask(), REST_MS) : void ask();
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [wanted.join(), names.join("\u0000")]);
  return (field, row) => kept.current.get(`${row} ${field}`);
}
