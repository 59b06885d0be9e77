/** Moving and resizing tiles with a pointer: where on the grid it is, and where the tile would land. */
import { COLUMNS, type Tile } from "../state/layout";
import { LEAST_HEIGHT, LEAST_WIDTH, onGrid, withTileAt, type Place } from "../state/placing";
import type { Shell } from "./shell";

/** The least a row is high, and between two. The style sheet says the same. */
export const ROW = 28;
export const GAP = 12;
/** So near to the window's edge a drag scrolls. */
const EDGE = 60;

/** How many rows a tile takes that is so many pixels high. */
export function rowsOf(pixels: number): number {
  return Math.max(LEAST_HEIGHT, Math.ceil((pixels + GAP) / (ROW + GAP)));
}

/** The rows that a tile takes on the screen. */
export function measured(tile: Tile): number {
  const el = document.querySelector<HTMLElement>(`[data-place="${CSS.escape(tile.id)}"]`);
  return el ? rowsOf(el.offsetHeight) : LEAST_HEIGHT;
}

/** The row at so many pixels below the top of a grid whose rows are so high; below the last one there are more. */
export function rowAt(pixels: number, heights: readonly number[]): number {
  let top = 0;
  for (let row = 0; row < heights.length; row++) {
    top += (heights[row] ?? ROW) + GAP;
    if (pixels < top - GAP / 2) return row;
  }
  return heights.length + Math.max(0, Math.floor((pixels - top) / (ROW + GAP)));
}

export function columnAt(pixels: number, width: number): number {
  return Math.floor((pixels / (width + GAP)) * COLUMNS);
}

function heightsOf(grid: HTMLElement): number[] {
  return getComputedStyle(grid).gridTemplateRows.split(" ").map(Number.parseFloat).filter(Number.isFinite);
}

type Drag = "move" | "resize";

/** Where a tile lands that is moved with its corner here. */
function landing(tile: Tile, grid: HTMLElement, at: { left: number; top: number }): Place {
  const { width } = grid.getBoundingClientRect();
  const half = (width + GAP) / COLUMNS / 2;
  return onGrid({ ...tile, x: columnAt(at.left + half, width), y: rowAt(at.top + ROW / 2, heightsOf(grid)) });
}

/** How large a tile becomes that is so many pixels wide and high. */
export function sizeOf(tile: Tile, pixels: { width: number; height: number }, width: number): { w: number; h: number } {
  const w = Math.round(((pixels.width + GAP) / (width + GAP)) * COLUMNS);
  return { w: Math.max(LEAST_WIDTH, Math.min(COLUMNS - tile.x, w)), h: Math.max(LEAST_HEIGHT, Math.round((pixels.height + GAP) / (ROW + GAP))) };
}

/** Begin to drag at a pointer's press, until it is let go or Escape is pressed. */
export function startDrag(drag: Drag, event: PointerEvent, tile: Tile, page: string, shell: Shell): void {
  const handle = event.currentTarget;
  const grid = handle instanceof HTMLElement ? handle.closest<HTMLElement>(".views") : null;
  const box = handle instanceof HTMLElement ? handle.closest<HTMLElement>(".tile") : null;
  if (event.button !== 0 || !(handle instanceof HTMLElement) || !grid || !box || getComputedStyle(grid).display !== "grid") return;
  const control = new AbortController();
  const { signal } = control;
  const from = box.getBoundingClientRect();
  // Where in the tile it was taken hold of stays under the pointer.
  const [dx, dy] = drag === "move" ? [event.clientX - from.left, event.clientY - from.top] : [event.clientX - from.right, event.clientY - from.bottom];
  const before = { x: event.clientX, y: event.clientY, scroll: window.scrollY };
  let to: Partial<Place> | null = null;
  const end = () => {
    control.abort();
    shell.landing.value = null;
    box.classList.remove("dragged");
    for (const name of ["transform", "width", "height", "min-height", "align-self"]) box.style.removeProperty(name);
  };
  const move = (now: PointerEvent) => {
    const { left, top } = grid.getBoundingClientRect();
    const place = landing(tile, grid, { left: now.clientX - dx - left, top: now.clientY - dy - top });
    to = { x: place.x, y: place.y };
    shell.landing.value = place;
    box.style.transform = `translate(${now.clientX - before.x}px, ${now.clientY - before.y + window.scrollY - before.scroll}px)`;
  };
  const resize = (now: PointerEvent) => {
    const here = box.getBoundingClientRect();
    const { width } = grid.getBoundingClientRect();
    const { w, h } = sizeOf(tile, { width: now.clientX - dx - here.left, height: now.clientY - dy - here.top }, width);
    // A tile that is only made wider or narrower stays as tall as what it shows.
    const same = h === Math.round((from.height + GAP) / (ROW + GAP));
    to = same ? { w } : { w, h };
    box.style.width = `${((width + GAP) / COLUMNS) * w - GAP}px`;
    if (same) return;
    box.style.alignSelf = "start";
    box.style.minHeight = "0";
    box.style.height = `${h * (ROW + GAP) - GAP}px`;
  };
  const moved = (now: PointerEvent) => {
    (drag === "move" ? move : resize)(now);
    if (now.clientY < EDGE + 100) window.scrollBy(0, -12);
    else if (now.clientY > window.innerHeight - EDGE) window.scrollBy(0, 12);
  };
  handle.setPointerCapture(event.pointerId);
  box.classList.add("dragged");
  handle.addEventListener("pointermove", moved, { signal });
  handle.addEventListener("pointerup", () => {
    const place = to;
    end();
    if (place) shell.session.store.arrangement.edit((layout) => withTileAt(layout, page, tile.id, place, measured), tile.id);
  }, { signal });
  handle.addEventListener("pointercancel", end, { signal });
  document.addEventListener("keydown", (key) => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    end();
  }, { signal, capture: true });
}
