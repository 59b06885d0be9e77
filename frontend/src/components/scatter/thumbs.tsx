/** Pictures in place of points, where few enough are in sight to tell them apart. */
import type { PointCanvas } from "../../draw/points/point-canvas";
import type { Context } from "../component";
import { Picture } from "../grid/card";

export const MOST_THUMBS = 400;

/** So that they cover about a third of the picture, and are neither dots nor posters. */
export function thumbSide(n: number, area: number): number {
  return Math.round(Math.max(18, Math.min(56, Math.sqrt(area / 3 / Math.max(1, n)))));
}

export function Thumbs({ ctx, canvas, rows, area, colourOf }: { ctx: Context; canvas: PointCanvas; rows: Uint32Array; area: number; colourOf: (row: number) => string }) {
  const side = thumbSide(rows.length, area);
  return (
    <div class="thumbs" aria-hidden="true">
      {Array.from(rows, (row) => {
        const at = canvas.where(row);
        return at && (
          <span key={row} style={{ width: `${side}px`, height: `${side}px`, transform: `translate(${Math.round(at[0] - side / 2)}px, ${Math.round(at[1] - side / 2)}px)`, borderColor: colourOf(row) }}>
            <Picture ctx={ctx} sample={row} size={96} alt="" />
          </span>
        );
      })}
    </div>
  );
}
