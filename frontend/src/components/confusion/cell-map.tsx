/** The matrix as a picture, for up to thousands of classes: one canvas, a cursor that walks the cells that hold something. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { heat, rgb } from "../../draw/colour";
import type { Context } from "../component";
import { HINT, keyed, type MatrixProps } from "./cell-grid";
import type { Matrix, Place } from "./matrix";

/** Clickable strip for whole rows and columns. */
const HEAD = 14;
/** A mistake is never drawn smaller than this, or it would not be seen. */
const SMALLEST = 2;
/** The pointer finds the largest count this near when the cells are smaller than a finger. */
const REACH = 5;
const WIDEST = 620;
/** Steps of the scale. */
const STEPS = 255;

interface Palette {
  ground: number;
  diagonal: number;
  mistake: Uint32Array;
  worse: Uint32Array;
  better: Uint32Array;
}

/** A colour as the canvas stores it: red in the lowest byte. */
function packed([r, g, b]: readonly [number, number, number]): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function paletteOf(canvas: HTMLCanvasElement): Palette {
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const ramp = (from: string, to: string) => {
    const [low, high] = [token(from), token(to)];
    return Uint32Array.from({ length: STEPS + 1 }, (_, step) => packed(heat(low, high, 0.35 + (0.65 * step) / STEPS)));
  };
  return {
    ground: packed(rgb(token("--sunken"))),
    diagonal: packed(rgb(token("--line-2"))),
    mistake: ramp("--heat-0", "--heat-1"),
    worse: ramp("--surface", "--warn"),
    better: ramp("--surface", "--heat-1"),
  };
}

/** Every pixel of the square; where several cells share one, the strongest is seen. */
export function pixelsOf(matrix: Matrix, side: number, smallest: number, palette: Palette): Uint32Array {
  const pixels = new Uint32Array(side * side).fill(palette.ground);
  const strength = new Int16Array(side * side);
  const cell = side / matrix.size;
  const edges = (width: number) => {
    const from = Int32Array.from({ length: matrix.size }, (_, place) => Math.max(0, Math.round((place + 0.5) * cell - width / 2)));
    return { from, to: from.map((start, place) => Math.min(side, Math.max(start + 1, Math.round((place + 0.5) * cell + width / 2)))) };
  };
  const [wide, narrow] = [edges(Math.max(smallest, cell)), edges(Math.max(1, cell))];
  for (const at of matrix.held) {
    const [row, column] = [Math.floor(at / matrix.size), at % matrix.size];
    const better = matrix.better(row, column);
    const diagonal = row === column && better === 0;
    if (!matrix.holds(row, column) || (matrix.style.against && better === 0)) continue;
    const step = Math.round(matrix.weight(row, column) * STEPS);
    const colour = (diagonal ? palette.diagonal : (better === 0 ? palette.mistake : better > 0 ? palette.better : palette.worse)[step]) ?? palette.ground;
    const { from, to } = diagonal ? narrow : wide;
    // The diagonal lies below every mistake.
    const level = diagonal ? 0 : step + 1;
    const [left, right, bottom] = [from[column] as number, to[column] as number, to[row] as number];
    for (let y = from[row] as number; y < bottom; y++) {
      for (let pixel = y * side + left; pixel < y * side + right; pixel++) {
        if (level < (strength[pixel] as number)) continue;
        strength[pixel] = level;
        pixels[pixel] = colour;
      }
    }
  }
  return pixels;
}

function draw(canvas: HTMLCanvasElement, matrix: Matrix, side: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round((side + HEAD) * ratio);
  const inner = Math.max(1, Math.round(side * ratio));
  const head = Math.round(HEAD * ratio);
  const pixels = pixelsOf(matrix, inner, SMALLEST * ratio, paletteOf(canvas));
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer), inner, inner), head, head);
  context.fillStyle = getComputedStyle(canvas).getPropertyValue("--line").trim();
  const strip = Math.round((HEAD - 4) * ratio);
  context.fillRect(0, head, strip, inner);
  context.fillRect(head, 0, inner, strip);
}

/** The place under the pointer; among cells smaller than the reach, the nearest that holds a mistake. */
export function placeAt(matrix: Matrix, side: number, x: number, y: number): Place | null {
  const cell = side / matrix.size;
  const inside = (at: number) => Math.max(0, Math.min(matrix.size - 1, Math.floor((at - HEAD) / cell)));
  if (x < HEAD && y < HEAD) return null;
  if (x < HEAD) return { row: inside(y), column: -1 };
  if (y < HEAD) return { row: -1, column: inside(x) };
  const here = { row: inside(y), column: inside(x) };
  if (cell >= REACH || matrix.holds(here.row, here.column)) return here;
  const reach = Math.ceil(REACH / cell);
  let best: Place = here;
  let nearest = Infinity;
  for (let row = Math.max(0, here.row - reach); row <= Math.min(matrix.size - 1, here.row + reach); row++) {
    for (let column = Math.max(0, here.column - reach); column <= Math.min(matrix.size - 1, here.column + reach); column++) {
      const distance = (row - here.row) ** 2 + (column - here.column) ** 2;
      if (distance < nearest && matrix.holds(row, column)) [nearest, best] = [distance, { row, column }];
    }
  }
  return best;
}

/** A ring around a place, never smaller than can be seen. */
function ringAt(place: Place, kind: string, cell: number): { class: string; style: Record<string, string> } {
  const grown = Math.max(cell, 9);
  const edge = (index: number) => (index < 0 ? 0 : HEAD + (index + 0.5) * cell - grown / 2);
  const span = (index: number) => `${index < 0 ? HEAD - 4 : grown}px`;
  return { class: `ring ${kind}`, style: { left: `${edge(place.column)}px`, top: `${edge(place.row)}px`, width: span(place.column), height: span(place.row) } };
}

export function CellMap(props: MatrixProps & { ctx: Context; widest?: number; name?: string }) {
  const { ctx, matrix, open, clear, selected, widest = WIDEST, name = "Confusion matrix", hint = `${HINT} Right answers are grey.`, sentence = (place) => matrix.sentence(place) } = props;
  const [box, { width }] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const id = useId();
  const cursor = useSignal<Place>({ row: 0, column: 0 });
  const hovered = useSignal<Place | null>(null);
  const side = Math.max(0, Math.min(width, widest) - HEAD);
  const theme = ctx.store.theme.value;
  useEffect(() => {
    if (canvas.current && side > 0) draw(canvas.current, matrix, side);
  }, [matrix, side, theme]);
  const cell = side / Math.max(1, matrix.size);
  const at = (event: { offsetX: number; offsetY: number }) => placeAt(matrix, side, event.offsetX, event.offsetY);
  const within = (place: Place | null): Place | null => (place && place.row < matrix.size && place.column < matrix.size ? place : null);
  const walker = () => within(cursor.value) ?? { row: 0, column: 0 };
  const walking = walker();
  const ring = (place: Place, kind: string) => ringAt(place, kind, cell);
  const shown = within(hovered.value);
  const small = widest < WIDEST;
  return (
    <div class={small ? "matrix map small-map" : "matrix map"} ref={box}>
      {side > 0 && (
        <div class="picture" role="grid" tabIndex={0} aria-label={`${name}: rows are labels, columns are predictions`} aria-rowcount={matrix.size + 1} aria-colcount={matrix.size + 1}
          aria-activedescendant={id} style={{ width: `${side + HEAD}px`, height: `${side + HEAD}px` }} onFocus={() => (hovered.value = walking)}
          onKeyDown={keyed(props, walker, true, (to) => (hovered.value = cursor.value = to))}
          onPointerLeave={() => (hovered.value = null)}
          onPointerMove={(event) => (hovered.value = at(event))}
          onDblClick={clear}
          onClick={(event) => {
            const place = at(event);
            if (!place) return;
            cursor.value = place;
            open(place, event.shiftKey);
          }}>
          <canvas ref={canvas} aria-hidden="true" style={{ width: `${side + HEAD}px`, height: `${side + HEAD}px` }} />
          <div role="row" aria-rowindex={walking.row + 2}>
            <span id={id} role="gridcell" aria-colindex={walking.column + 2} aria-label={sentence(walking)} {...ring(walking, "cursor")} />
          </div>
          {within(selected) && selected && <span aria-hidden="true" {...ring(selected, "on")} />}
          {shown && <span aria-hidden="true" {...ring(shown, "hover")} />}
        </div>
      )}
      <p class="says" aria-hidden="true">{shown ? sentence(shown) : <span class="muted">{small ? "" : hint}</span>}</p>
    </div>
  );
}
