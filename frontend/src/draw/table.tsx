/** A table whose heads sort it and whose rows are drawn only where they are seen. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { ScrollMap } from "./window";

export interface TableColumn<Row> {
  id: string;
  name: string;
  /** What it sorts by; missing values go last either way. */
  key: (row: Row) => number | string | null;
  cell: (row: Row) => ComponentChildren;
  /** Sort this way on the first click. */
  first?: "ascending" | "descending";
  numeric?: boolean;
  hint?: string;
}

export interface Sorting {
  id: string;
  direction: "ascending" | "descending";
}

const ROW = 30;
/** Rows up to this many are all drawn: find-in-page and screen readers then reach every one. */
const ALL_DRAWN = 120;
const VIEWPORT = 420;

export function sortRows<Row>(rows: readonly Row[], column: TableColumn<Row>, direction: Sorting["direction"]): Row[] {
  const sign = direction === "ascending" ? 1 : -1;
  const blank = (key: number | string | null) => key === null || Number.isNaN(key);
  return rows
    .map((row, place) => ({ row, place, key: column.key(row) }))
    .sort((a, b) => {
      if (blank(a.key) || blank(b.key)) return Number(blank(a.key)) - Number(blank(b.key)) || a.place - b.place;
      const order = typeof a.key === "string" ? a.key.localeCompare(String(b.key), undefined, { numeric: true }) : Number(a.key) - Number(b.key);
      return sign * order || a.place - b.place;
    })
    .map(({ row }) => row);
}

export function SortedTable<Row>(props: {
  name: string;
  rows: readonly Row[];
  columns: readonly TableColumn<Row>[];
  initial: Sorting;
  keyOf: (row: Row) => string | number;
}) {
  const { rows, columns } = props;
  const sorting = useSignal<Sorting>(props.initial);
  const { id, direction } = sorting.value;
  const column = columns.find((one) => one.id === id) ?? columns[0];
  const sorted = useMemo(() => (column ? sortRows(rows, column, direction) : [...rows]), [rows, column?.id, direction]);
  const windowed = sorted.length > ALL_DRAWN;
  const map = useMemo(() => new ScrollMap(sorted.length, ROW), [sorted.length]);
  const scroller = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const view = windowed ? map.at(scrollTop, VIEWPORT, 4) : { from: 0, to: sorted.length, top: 0 };
  const sort = (one: TableColumn<Row>) => {
    const start = one.first ?? "ascending";
    const other = direction === "ascending" ? "descending" : "ascending";
    sorting.value = { id: one.id, direction: one.id === id ? other : start };
    scroller.current?.scrollTo({ top: 0 });
  };
  return (
    <div class={windowed ? "table-scroll windowed" : "table-scroll"} ref={scroller} tabIndex={0} role="region" aria-label={props.name}
      onScroll={(event) => windowed && setScrollTop(event.currentTarget.scrollTop)}>
      <table aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {columns.map((one) => (
              <th key={one.id} scope="col" class={one.numeric ? "numeric" : ""} aria-sort={one.id === id ? direction : "none"}>
                <button type="button" class="sort" title={one.hint ?? `Sort by ${one.name}`} onClick={() => sort(one)}>
                  {one.name}
                  <span aria-hidden="true">{one.id === id ? (direction === "ascending" ? " ↑" : " ↓") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {windowed && <tr class="filler" style={{ height: `${view.top}px` }} aria-hidden="true" />}
          {sorted.slice(view.from, view.to).map((row, i) => (
            <tr key={props.keyOf(row)} aria-rowindex={view.from + i + 2} style={{ height: `${ROW}px` }}>
              {columns.map((one, place) =>
                place === 0 ? <th key={one.id} scope="row">{one.cell(row)}</th> : <td key={one.id} class={one.numeric ? "numeric" : ""}>{one.cell(row)}</td>,
              )}
            </tr>
          ))}
          {windowed && <tr class="filler" style={{ height: `${Math.max(0, map.height - view.top - (view.to - view.from) * ROW)}px` }} aria-hidden="true" />}
        </tbody>
      </table>
    </div>
  );
}
