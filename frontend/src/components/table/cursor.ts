/** Where the cursor of a table stands, how keys move it, and the scrolling that keeps it in sight. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ScrollMap } from "../../draw/window";
import type { Shown } from "./columns";

export const ROW = 34;

export interface Cursor {
  active: Signal<{ row: number; column: number }>;
  go: (row: number, column: number) => void;
  /** Move by a key; false when the key is none that moves. */
  moves: (event: KeyboardEvent) => boolean;
  /** Give the focus back to the cell under the cursor. */
  focus: () => void;
}

function steps(page: number, far: boolean): Record<string, readonly [number, number]> {
  return {
    ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0],
    Home: far ? [-Infinity, -Infinity] : [0, -Infinity], End: far ? [Infinity, Infinity] : [0, Infinity],
  };
}

/** Scroll sideways until a column is beside the pinned ones and not beyond the edge. */
function revealColumn(el: HTMLElement, columns: readonly Shown[], at: number): void {
  const shown = columns[at];
  if (!shown || shown.pinned) return;
  const held = columns.reduce((sum, one) => sum + (one.pinned ? one.width : 0), 0);
  const end = shown.left + shown.width - el.clientWidth + held;
  if (shown.left < el.scrollLeft) el.scrollLeft = shown.left;
  else if (end > el.scrollLeft) el.scrollLeft = end;
}

export function useCursor(box: { current: HTMLDivElement | null }, rows: Uint32Array, columns: readonly Shown[], map: ScrollMap, height: number, scroll: unknown): Cursor {
  const active = useSignal({ row: 0, column: 0 });
  const wantsFocus = useRef(false);
  const cell = () => box.current?.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]');
  useEffect(() => {
    if (!wantsFocus.current || !cell()) return;
    wantsFocus.current = false;
    cell()?.focus({ preventScroll: true });
  }, [active.value, scroll]);
  const go = (row: number, column: number) => {
    wantsFocus.current = true;
    const next = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    const to = map.reveal(next.row, box.current?.scrollTop ?? 0, height);
    active.value = next;
    if (!box.current) return;
    if (to !== null) box.current.scrollTop = to;
    revealColumn(box.current, columns, next.column);
  };
  const moves = (event: KeyboardEvent) => {
    const by = steps(Math.max(1, Math.floor(height / ROW) - 1), event.ctrlKey || event.metaKey)[event.key];
    if (by) go(active.value.row + by[0], active.value.column + by[1]);
    return by !== undefined;
  };
  return { active, go, moves, focus: () => cell()?.focus({ preventScroll: true }) };
}
