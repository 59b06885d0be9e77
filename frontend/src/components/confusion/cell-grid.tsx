/** The matrix with a number in every cell, for as many classes as a person can read. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { compact, count } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import { moved, type Matrix, type Place } from "./matrix";

export interface MatrixProps {
  matrix: Matrix;
  classes: readonly string[];
  open: (place: Place) => void;
  selected: Place | null;
}

/** Between these shares of the scale neither ink nor paper reads 4.5:1 on the cell, so no cell lands there. */
export const UNREADABLE = { from: 0.42, to: 0.76 };

/** Up to this many classes a cell has room for any count. */
const ROOMY = 5;

export function shade(weight: number): { share: number; inverse: boolean } {
  const { from, to } = UNREADABLE;
  const inverse = weight > 0.7;
  return inverse ? { share: to + ((weight - 0.7) / 0.3) * (1 - to), inverse } : { share: 0.06 + (weight / 0.7) * (from - 0.06), inverse };
}

function cellStyle(matrix: Matrix, n: number, diagonal: boolean): Record<string, string> {
  if (n === 0 || diagonal) return {};
  const { share, inverse } = shade(matrix.weight(n));
  return {
    background: `color-mix(in srgb, var(--heat-1) ${(share * 100).toFixed(1)}%, var(--heat-0))`,
    color: inverse ? "var(--surface)" : "var(--ink)",
  };
}

export function CellGrid({ matrix, classes, open, selected }: MatrixProps) {
  const cursor = useSignal<Place>({ row: 0, column: 0 });
  const hovered = useSignal<Place | null>(null);
  const table = useRef<HTMLDivElement>(null);
  const focus = (place: Place) => {
    cursor.value = place;
    table.current?.querySelector<HTMLElement>(`[data-place="${place.row} ${place.column}"]`)?.focus();
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(cursor.value);
      return;
    }
    const to = moved(matrix, cursor.value, event.key, event.ctrlKey || event.metaKey, false);
    if (!to) return;
    event.preventDefault();
    focus(to);
  };
  const same = (a: Place | null, b: Place) => a?.row === b.row && a.column === b.column;
  const common = (place: Place) => ({
    "data-place": `${place.row} ${place.column}`,
    tabIndex: same(cursor.value, place) ? 0 : -1,
    "aria-label": matrix.sentence(place, classes),
    onClick: () => {
      cursor.value = place;
      open(place);
    },
    onFocus: () => (hovered.value = cursor.value = place),
    onPointerEnter: () => (hovered.value = place),
  });
  const all = classes.map((_, i) => i);
  const shown = hovered.value;
  return (
    <div class="matrix">
      <div class="cells" role="grid" aria-label="Confusion matrix: rows are labels, columns are predictions" aria-rowcount={classes.length + 1} aria-colcount={classes.length + 1}
        ref={table} onKeyDown={keyed} onPointerLeave={() => (hovered.value = null)} style={{ "--n": String(classes.length) }}>
        <div role="row" class="heads">
          <span role="columnheader" class="blank"><span class="unseen">label, by row</span></span>
          {all.map((column) => (
            <span key={column} role="columnheader" class={shown?.column === column ? "head lit" : "head"} {...common({ row: -1, column })}>
              <span class="text">{classes[column]}</span>
            </span>
          ))}
        </div>
        {all.map((row) => (
          <div key={row} role="row">
            <span role="rowheader" class={shown?.row === row ? "side lit" : "side"} {...common({ row, column: -1 })}>
              <span class="text">{classes[row]}</span> <Swatch of={row} />
            </span>
            {all.map((column) => {
              const n = matrix.at(row, column);
              const place = { row, column };
              return (
                <span key={column} role="gridcell" aria-selected={same(selected, place)} {...common(place)} style={cellStyle(matrix, n, row === column)}
                  class={`cell ${row === column ? "right" : ""} ${n === 0 ? "zero" : ""} ${same(selected, place) ? "on" : ""}`}>
                  {n === 0 ? "" : classes.length > ROOMY ? compact(n) : count(n)}
                </span>
              );
            })}
          </div>
        ))}
      </div>
      <p class="says" aria-hidden="true">{shown ? matrix.sentence(shown, classes) : <span class="muted">Rows: what it is. Columns: what it is called.</span>}</p>
    </div>
  );
}
