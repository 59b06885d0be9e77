/** The matrix as a picture, for up to thousands of classes: one canvas, a cursor that walks the cells that hold something. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { heat } from "../../draw/colour";
import type { Context } from "../component";
import type { MatrixProps } from "./cell-grid";
import { moved, type Matrix, type Place } from "./matrix";

/** Clickable strip for whole rows and columns. */
const HEAD = 14;
/** A mistake is never drawn smaller than this, or it would not be seen. */
const SMALLEST = 2;
/** The pointer finds the largest count this near when the cells are smaller than a finger. */
const REACH = 5;

function draw(canvas: HTMLCanvasElement, matrix: Matrix, side: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round((side + HEAD) * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const [low, high] = [token("--heat-0"), token("--heat-1")];
  const cell = side / matrix.size;
  context.fillStyle = token("--sunken");
  context.fillRect(HEAD, HEAD, side, side);
  context.fillStyle = token("--line");
  context.fillRect(0, HEAD, HEAD - 4, side);
  context.fillRect(HEAD, 0, side, HEAD - 4);
  context.fillStyle = token("--line-2");
  const size = Math.max(SMALLEST, cell);
  for (let i = 0; i < matrix.size; i++) if (matrix.at(i, i) > 0) context.fillRect(HEAD + i * cell, HEAD + i * cell, Math.max(1, cell), Math.max(1, cell));
  // Rare mistakes first, so that the frequent ones lie on top where cells are smaller than a pixel.
  for (const { label, prediction, count } of [...matrix.cells].sort((a, b) => a.count - b.count)) {
    if (label === prediction || count === 0) continue;
    const [r, g, b] = heat(low, high, 0.35 + 0.65 * matrix.weight(count));
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(HEAD + (prediction + 0.5) * cell - size / 2, HEAD + (label + 0.5) * cell - size / 2, size, size);
  }
}

/** The place under the pointer; among cells smaller than the reach, the nearest that holds a mistake. */
export function placeAt(matrix: Matrix, side: number, x: number, y: number): Place | null {
  const cell = side / matrix.size;
  const inside = (at: number) => Math.max(0, Math.min(matrix.size - 1, Math.floor((at - HEAD) / cell)));
  if (x < HEAD && y < HEAD) return null;
  if (x < HEAD) return { row: inside(y), column: -1 };
  if (y < HEAD) return { row: -1, column: inside(x) };
  const here = { row: inside(y), column: inside(x) };
  if (cell >= REACH || matrix.at(here.row, here.column) > 0) return here;
  const reach = Math.ceil(REACH / cell);
  let best: Place = here;
  let nearest = Infinity;
  for (let row = here.row - reach; row <= here.row + reach; row++) {
    for (let column = here.column - reach; column <= here.column + reach; column++) {
      if (row < 0 || column < 0 || row >= matrix.size || column >= matrix.size || matrix.at(row, column) === 0) continue;
      const distance = (row - here.row) ** 2 + (column - here.column) ** 2;
      if (distance < nearest) [nearest, best] = [distance, { row, column }];
    }
  }
  return best;
}

export function CellMap({ ctx, matrix, classes, open, selected }: MatrixProps & { ctx: Context }) {
  const [box, { width }] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const cursor = useSignal<Place>({ row: 0, column: 0 });
  const hovered = useSignal<Place | null>(null);
  const side = Math.max(0, Math.min(width, 620) - HEAD);
  const theme = ctx.store.theme.value;
  useEffect(() => {
    if (canvas.current && side > 0) draw(canvas.current, matrix, side);
  }, [matrix, side, theme]);
  const cell = side / matrix.size;
  const at = (event: { offsetX: number; offsetY: number }) => placeAt(matrix, side, event.offsetX, event.offsetY);
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(cursor.value);
      return;
    }
    const to = moved(matrix, cursor.value, event.key, event.ctrlKey || event.metaKey, true);
    if (!to) return;
    event.preventDefault();
    hovered.value = cursor.value = to;
  };
  const ring = (place: Place, kind: string) => {
    const grown = Math.max(cell, 9);
    const edge = (index: number) => (index < 0 ? 0 : HEAD + (index + 0.5) * cell - grown / 2);
    const span = (index: number) => `${index < 0 ? HEAD - 4 : grown}px`;
    return { class: `ring ${kind}`, style: { left: `${edge(place.column)}px`, top: `${edge(place.row)}px`, width: span(place.column), height: span(place.row) } };
  };
  const shown = hovered.value;
  return (
    <div class="matrix map" ref={box}>
      {side > 0 && (
        <div class="picture" role="grid" tabIndex={0} aria-label="Confusion matrix: rows are labels, columns are predictions" aria-rowcount={matrix.size + 1} aria-colcount={matrix.size + 1}
          aria-activedescendant="cursor" style={{ width: `${side + HEAD}px`, height: `${side + HEAD}px` }} onKeyDown={keyed} onFocus={() => (hovered.value = cursor.value)}
          onPointerLeave={() => (hovered.value = null)}
          onPointerMove={(event) => (hovered.value = at(event))}
          onClick={(event) => {
            const place = at(event);
            if (!place) return;
            cursor.value = place;
            open(place);
          }}>
          <canvas ref={canvas} aria-hidden="true" style={{ width: `${side + HEAD}px`, height: `${side + HEAD}px` }} />
          <div role="row" aria-rowindex={cursor.value.row + 2}>
            <span id="cursor" role="gridcell" aria-colindex={cursor.value.column + 2} aria-label={matrix.sentence(cursor.value, classes)} {...ring(cursor.value, "cursor")} />
          </div>
          {selected && <span aria-hidden="true" {...ring(selected, "on")} />}
          {shown && <span aria-hidden="true" {...ring(shown, "hover")} />}
        </div>
      )}
      <p class="says" aria-hidden="true">{shown ? matrix.sentence(shown, classes) : <span class="muted">Rows: what it is. Columns: what it is called. Right answers are grey.</span>}</p>
    </div>
  );
}
