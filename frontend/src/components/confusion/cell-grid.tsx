/** The matrix with a number in every cell, for as many classes as a person can read. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { compact, count, percent } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import { moved, type Matrix, type Place } from "./matrix";

export interface MatrixProps {
  matrix: Matrix;
  /** Pick what stands behind a place; with `filter`, make it a filter instead. */
  open: (place: Place, filter: boolean) => void;
  /** Take the view's own filter away. */
  clear: () => void;
  /** Open or close the group that a place of the axis is or lies in. */
  turn: (at: number, open: boolean) => void;
  selected: Place | null;
  /** What rows, columns and numbers are, where they are no labels, predictions and counts of samples. */
  hint?: string;
  sentence?: (place: Place) => string;
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

/** Differences stay on the light side of the scale, where ink reads on both hues. */
export function differenceShare(weight: number): number {
  return 0.06 + weight * (UNREADABLE.from - 0.06);
}

export function cellStyle(matrix: Matrix, row: number, column: number): Record<string, string> {
  if (!matrix.holds(row, column)) return {};
  const weight = matrix.weight(row, column);
  const better = matrix.better(row, column);
  if (better !== 0) {
    return { background: `color-mix(in srgb, ${better > 0 ? "var(--heat-1)" : "var(--warn)"} ${(differenceShare(weight) * 100).toFixed(1)}%, var(--surface))`, color: "var(--ink)" };
  }
  if (weight === 0 || row === column || matrix.style.against) return {};
  const { share, inverse } = shade(weight);
  return {
    background: `color-mix(in srgb, var(--heat-1) ${(share * 100).toFixed(1)}%, var(--heat-0))`,
    color: inverse ? "var(--surface)" : "var(--ink)",
  };
}

function signed(value: number, words: (size: number) => string): string {
  return `${value > 0 ? "+" : "−"}${words(Math.abs(value))}`;
}

export function cellText(matrix: Matrix, row: number, column: number, roomy: boolean): string {
  if (!matrix.holds(row, column)) return "";
  const { share, against } = matrix.style;
  const value = matrix.value(row, column);
  const words = share !== "counts" ? (size: number) => percent(size, 0).replace(/\s?%$/u, "") : roomy ? count : compact;
  if (!against) return words(value);
  return value === 0 ? "=" : signed(value, words);
}

/** Keys that every form of the matrix hears. */
export function keyed(props: MatrixProps, where: () => Place, skip: boolean, go: (to: Place) => void): (event: KeyboardEvent) => void {
  return (event) => {
    const { matrix, open, clear, turn } = props;
    const cursor = where();
    if (event.key === "Enter" || event.key === " ") open(cursor, event.shiftKey);
    else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key === "+" || event.key === "-") turn(cursor.row < 0 ? cursor.column : cursor.row, event.key === "+");
    else {
      const to = moved(matrix, cursor, event.key, event.ctrlKey || event.metaKey, skip);
      if (!to) return;
      go(to);
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

export const HINT = "Rows: what it is. Columns: what it is called.";

/** What makes an element a place of the matrix: its name, its keys, its clicks. */
type PlaceProps = (place: Place) => {
  "data-place": string;
  tabIndex: number;
  "aria-label": string;
  onClick: (event: MouseEvent) => void;
  onDblClick: () => void;
  onFocus: () => void;
  onPointerEnter: () => void;
};

function same(a: Place | null, b: Place): boolean {
  return a?.row === b.row && a.column === b.column;
}

function Heads({ matrix, lit, common }: { matrix: Matrix; lit: number | null; common: PlaceProps }) {
  return (
    <div role="row" class="heads">
      <span role="columnheader" class="blank"><span class="unseen">label, by row</span></span>
      {matrix.items.map(({ key, short }, column) => (
        <span key={key} role="columnheader" class={lit === column ? "head lit" : "head"} {...common({ row: -1, column })}>
          <span class="text">{short}</span>
        </span>
      ))}
    </div>
  );
}

function Row({ matrix, row, lit, selected, common, turn }: { matrix: Matrix; row: number; lit: boolean; selected: Place | null; common: PlaceProps; turn: MatrixProps["turn"] }) {
  const { items, style } = matrix;
  const item = items[row];
  if (!item) return null;
  return (
    <div role="row">
      <span role="rowheader" class={lit ? "side lit" : "side"} {...common({ row, column: -1 })}>
        {item.closed && (
          <button type="button" class="turn" tabIndex={-1} aria-label={`Open ${item.name}, ${count(item.members.length)} classes`} onClick={(event) => {
            event.stopPropagation();
            turn(row, true);
          }}>▸</button>
        )}
        <span class="text">{item.short}</span> {item.of !== null && <Swatch of={item.of} />}
      </span>
      {items.map(({ key }, column) => {
        const place = { row, column };
        const text = cellText(matrix, row, column, items.length <= ROOMY);
        return (
          <span key={key} role="gridcell" aria-selected={same(selected, place)} {...common(place)} style={cellStyle(matrix, row, column)}
            class={`cell ${row === column && !(style.hideDiagonal && !style.against) ? "right" : ""} ${text === "" ? "zero" : ""} ${same(selected, place) ? "on" : ""}`}>
            {text}
          </span>
        );
      })}
    </div>
  );
}

export function CellGrid(props: MatrixProps) {
  const { matrix, open, clear, turn, selected, hint = HINT, sentence = (place) => matrix.sentence(place) } = props;
  const { items, style } = matrix;
  const cursor = useSignal<Place>({ row: 0, column: 0 });
  const hovered = useSignal<Place | null>(null);
  const table = useRef<HTMLDivElement>(null);
  // A group that was closed may have left the cursor beyond the end.
  const inside = () => ({ row: Math.min(cursor.value.row, matrix.size - 1), column: Math.min(cursor.value.column, matrix.size - 1) });
  const at = inside();
  const focus = (place: Place) => {
    cursor.value = place;
    table.current?.querySelector<HTMLElement>(`[data-place="${place.row} ${place.column}"]`)?.focus();
  };
  const common: PlaceProps = (place) => ({
    "data-place": `${place.row} ${place.column}`,
    tabIndex: same(at, place) ? 0 : -1,
    "aria-label": sentence(place),
    onClick: (event) => {
      cursor.value = place;
      open(place, event.shiftKey);
    },
    onDblClick: clear,
    onFocus: () => (hovered.value = cursor.value = place),
    onPointerEnter: () => (hovered.value = place),
  });
  const shown = hovered.value && hovered.value.row < matrix.size && hovered.value.column < matrix.size ? hovered.value : null;
  return (
    <div class="matrix">
      <div class="cells" role="grid" aria-label="Confusion matrix: rows are labels, columns are predictions" aria-rowcount={items.length + 1} aria-colcount={items.length + 1}
        ref={table} onKeyDown={keyed(props, inside, false, focus)} onPointerLeave={() => (hovered.value = null)} style={{ "--n": String(items.length) }}>
        <Heads matrix={matrix} lit={shown?.column ?? null} common={common} />
        {items.map(({ key }, row) => <Row key={key} matrix={matrix} row={row} lit={shown?.row === row} selected={selected} common={common} turn={turn} />)}
      </div>
      <p class="says" aria-hidden="true">{shown ? sentence(shown) : <span class="muted">{hint}{style.share === "counts" ? "" : " In percent."}</span>}</p>
    </div>
  );
}
