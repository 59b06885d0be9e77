/** The point canvas on the page: fed from the store, telling it what the person points at, opens and draws around. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import type { Combine, Tool } from "../../draw/points/gestures";
import type { Hit } from "../../draw/points/options";
import { PointCanvas } from "../../draw/points/point-canvas";
import type { Coordinates } from "../../draw/points/quantise";
import type { Mode } from "../../draw/points/renderer";
import { fileName, saveAs } from "../../draw/save";
import { chosen, pickRows } from "../../state/chosen";
import type { Expr } from "../../state/clauses";
import { fieldsOf } from "../../state/fields";
import type { Context } from "../component";
import { middles } from "./colouring";
import { Links, LinksTold, useNearest } from "./links";
import { isProjection } from "./measures";
import { MOST_THUMBS, Thumbs } from "./thumbs";
import { Tooltip } from "./tooltip";
import { Twin } from "./twin";
import type { Shown } from "./use-shown";
import { reason } from "../../hosts/reason";

const MOVE_MS = 240;
/** More points than these jump to their new places. */
const MOST_MOVED = 200_000;
/** So many labels on the data at most; the rest are in the legend. */
const MOST_LABELS = 40;
/** After this long without a move it is looked which points are in sight. */
const REST_MS = 200;

export interface Look {
  mode: Mode;
  tool: Tool;
  axes: "auto" | "on" | "off";
  labels: boolean;
  pictures: boolean;
  neighbours: boolean;
  twin: boolean;
}

/** What of the rows stays when a line is drawn around `drawn`. */
export function combined(before: readonly number[] | Uint32Array, drawn: Uint32Array, how: Combine): number[] {
  if (how === "replace") return Array.from(drawn);
  const rows = new Set(before);
  for (const row of drawn) {
    if (how === "add") rows.add(row);
    else rows.delete(row);
  }
  return [...rows].sort((a, b) => a - b);
}

/** The outline as a clause over the two columns; null where one of them cannot be filtered by. */
export function outlineExpr(ctx: Context, shown: Pick<Shown, "x" | "y">, outline: readonly number[]): Expr | null {
  const known = (name: string) => fieldsOf(ctx.store.recording.peek()).some((field) => field.name === name);
  if (!known(shown.x.name) || !known(shown.y.name)) return null;
  const points = Array.from({ length: outline.length / 2 }, (_, k) => [outline[2 * k] ?? 0, outline[2 * k + 1] ?? 0] as const);
  return points.length >= 3 ? { op: "polygon", x: shown.x.name, y: shown.y.name, points } : null;
}

function coordinates(shown: Shown): Coordinates {
  return { x: shown.xValues.values, y: shown.yValues.values, validX: shown.xValues.valid, validY: shown.yValues.valid };
}

/** New places are moved to, so that a person can follow; gives back how to stop. */
function moveTo(canvas: PointCanvas, before: Coordinates | null, after: Coordinates): () => void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (calm || !before || before.x.length !== after.x.length || after.x.length > MOST_MOVED) {
    canvas.update({ positions: after, next: null });
    return () => undefined;
  }
  canvas.update({ positions: before, next: after, t: 0 });
  const since = performance.now();
  let frame = requestAnimationFrame(function step(now) {
    const t = Math.max(0, Math.min(1, (now - since) / MOVE_MS));
    if (t < 1) {
      canvas.update({ t: 1 - (1 - t) ** 3 });
      frame = requestAnimationFrame(step);
    } else canvas.update({ positions: after, next: null, t: 0 });
  });
  return () => cancelAnimationFrame(frame);
}

/** The canvas, made once; what it tells reaches the newest handlers. */
export function useCanvas(title: string, told: { hover: (hit: Hit | null) => void; note: (note: string | null) => void; open: (row: number | null) => void; select: (rows: Uint32Array, how: Combine, outline: readonly number[]) => void; view: () => void; paint?: (paint: CanvasRenderingContext2D) => void }) {
  const el = useRef<HTMLDivElement>(null);
  const [canvas, setCanvas] = useState<PointCanvas | null>(null);
  const latest = useRef(told);
  latest.current = told;
  useEffect(() => {
    if (!el.current) return;
    const made = new PointCanvas(el.current, {
      label: title,
      wheel: "focused",
      onHover: (hit) => latest.current.hover(hit),
      onNote: (note) => latest.current.note(note),
      onOpen: (row) => latest.current.open(row),
      onSelect: (rows, how, outline) => latest.current.select(rows, how, outline),
      onView: () => latest.current.view(),
      paint: (paint) => latest.current.paint?.(paint),
    });
    setCanvas(made);
    return () => made.dispose();
  }, []);
  return { el, canvas };
}

/** Keep the canvas as the page is. */
function useFed(ctx: Context, canvas: PointCanvas | null, shown: Shown, look: Look): void {
  const { store } = ctx;
  const placed = useRef<Coordinates | null>(null);
  const projection = isProjection(shown.x.name, shown.y.name);
  const axes = look.axes === "on" || (look.axes === "auto" && !projection);
  useEffect(() => {
    if (!canvas) return;
    const after = coordinates(shown);
    const stop = moveTo(canvas, placed.current, after);
    placed.current = after;
    canvas.update({ aspect: projection ? "equal" : "free" });
    return stop;
  }, [canvas, shown.xValues, shown.yValues]);
  useEffect(() => canvas?.update({ axes: axes ? { x: shown.x, y: shown.y } : null }), [canvas, axes, shown.x.name, shown.y.name]);
  useEffect(() => {
    // Labels on the data say where a class lies; along two unlike measures classes lie on top of each other.
    const keep = (i: number) => !shown.filtered?.[i];
    const labels = look.labels && projection && look.mode === "points" && shown.coloured ? middles(shown.coloured, shown.xValues.values, shown.yValues.values, keep).slice(0, MOST_LABELS) : [];
    canvas?.update({ colours: shown.coloured?.colours ?? null, filtered: shown.filtered, sizes: shown.sizes, labels: labels.map(({ x, y, text }) => ({ x, y, text })) });
  }, [canvas, shown, look.mode, look.labels]);
  const hide = !store.showUnfiltered.value;
  useEffect(() => canvas?.update({ hide }), [canvas, hide]);
  const picked = chosen(store);
  useEffect(() => canvas?.update({ selected: picked.length > 0 ? picked : null }), [canvas, picked, shown]);
  const focus = store.focus.value;
  useEffect(() => canvas?.update({ focus }), [canvas, focus, shown]);
  useEffect(() => canvas?.update({ mode: look.mode, tool: look.tool }), [canvas, look.mode, look.tool]);
  const theme = store.theme.value;
  useEffect(() => canvas?.update({}), [canvas, theme]);
}

/** Draws anew when the points have come to rest in new places: what is drawn over them goes there too. */
function useSettled(shown: Shown, wanted: boolean): void {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (!wanted) return;
    const timer = setTimeout(() => setTurn((n) => n + 1), MOVE_MS + 60);
    return () => clearTimeout(timer);
  }, [wanted, shown.xValues, shown.yValues]);
}

/** The points in sight, looked up where the picture rests; null while it moves, or when nobody wants to know. */
function useInSight(canvas: PointCanvas | null, wanted: boolean, anew: readonly unknown[]): { rows: Uint32Array | null; moved: () => void } {
  const [rows, setRows] = useState<Uint32Array | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const look = useRef<() => void>(() => undefined);
  look.current = () => {
    clearTimeout(timer.current);
    if (canvas && wanted) timer.current = setTimeout(() => setRows(canvas.inSight()), REST_MS);
  };
  useEffect(() => {
    if (!wanted) setRows(null);
    look.current();
    return () => clearTimeout(timer.current);
  }, [canvas, wanted, ...anew]);
  return { rows, moved: () => { setRows(null); look.current(); } };
}

function Corner({ ctx, canvas, shown, failed }: { ctx: Context; canvas: PointCanvas | null; shown: Shown; failed: (why: string | null) => void }) {
  const picked = chosen(ctx.store);
  const exported = async (kind: "png" | "svg") => {
    try {
      if (!canvas) return;
      const name = fileName([ctx.store.recording.peek().name, ctx.id, `${shown.x.name} by ${shown.y.name}`], kind);
      saveAs(kind === "png" ? await canvas.png() : new Blob([canvas.svg()], { type: "image/svg+xml" }), name);
      failed(null);
    } catch (error) {
      failed(reason(error));
    }
  };
  return (
    <div class="corner">
      <button type="button" class="button icon" aria-label="Zoom in" title="Zoom in (+)" onClick={() => canvas?.zoom(1.5)}>+</button>
      <button type="button" class="button icon" aria-label="Zoom out" title="Zoom out (−)" onClick={() => canvas?.zoom(1 / 1.5)}>−</button>
      <button type="button" class="button" title="Show all samples (0)" onClick={() => canvas?.fit()}>All</button>
      {picked.length > 0 && <button type="button" class="button" title="Show the selected samples" onClick={() => canvas?.fit(picked)}>Selected</button>}
      <button type="button" class="button" title="Save the picture as PNG" onClick={() => void exported("png")}>PNG</button>
      <button type="button" class="button" title="Save the picture as SVG" onClick={() => void exported("svg")}>SVG</button>
    </div>
  );
}

/** The line drawn last, as long as the selection is what it holds, and the filter it can become. */
function useOutline(ctx: Context, shown: Shown) {
  const { store, data } = ctx;
  const [outline, setOutline] = useState<Expr | null>(null);
  const stands = outline !== null && store.selection.value?.source === ctx.id;
  const select = (drawn: Uint32Array, how: Combine, line: readonly number[]) => {
    setOutline(how === "replace" && drawn.length > 0 ? outlineExpr(ctx, shown, line) : null);
    if (drawn.length === 0 && how === "replace") store.say("No sample lies inside.");
    else pickRows(data, combined(chosen(store), drawn, how), ctx.id, "drawn around");
  };
  const apply = () => stands && data.filter.set(ctx.id, outline);
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || !stands) return;
    apply();
    event.preventDefault();
    event.stopPropagation();
  };
  return { stands, select, apply, keyed };
}

function OutlineActs({ ctx, stands, apply }: { ctx: Context; stands: boolean; apply: () => void }) {
  const own = ctx.data.filter.clause(ctx.id);
  return (
    <div class="outline">
      {stands && !own && <button type="button" class="button" title="Filter every other view by this outline (f)" onClick={apply}>Filter by this outline <kbd>f</kbd></button>}
      {own && <button type="button" class="button" onClick={() => ctx.data.filter.set(ctx.id, null)}>Clear the outline filter</button>}
    </div>
  );
}

/** The border of a thumbnail: the colour its point has. */
function borderOf(shown: Shown): (row: number) => string {
  const colours = shown.coloured?.colours;
  if (!colours || colours.ramp) return () => "var(--line-2)";
  return (row) => colours.palette[colours.codes[row] ?? -1] ?? "var(--c-missing)";
}

export function Plane({ ctx, shown, look, title }: { ctx: Context; shown: Shown; look: Look; title: string }) {
  const { store } = ctx;
  const [box, size] = useSize<HTMLDivElement>();
  const [hit, setHit] = useState<Hit | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const images = store.recording.value.kind === "image" && look.pictures && look.mode === "points";
  const outline = useOutline(ctx, shown);
  const nearest = useNearest(ctx, look.neighbours);
  const [, redraw] = useState(0);
  const { el, canvas } = useCanvas(title, {
    hover: setHit, note: setNote, select: outline.select,
    open: (row) => row !== null && (store.focus.value = row),
    view: () => {
      setHit(null);
      sight.moved();
      if (look.neighbours) redraw((n) => n + 1);
    },
  });
  const sight = useInSight(canvas, images || look.twin, [shown.xValues, shown.yValues, shown.filtered, size.width, size.height, store.showUnfiltered.value]);
  useFed(ctx, canvas, shown, look);
  useSettled(shown, look.neighbours);
  const few = images && sight.rows !== null && sight.rows.length > 0 && sight.rows.length < MOST_THUMBS;
  return (
    <>
      <div class="plane fills" ref={box} onKeyDown={outline.keyed}>
        <div class="points" ref={el} />
        {nearest && canvas && <Links canvas={canvas} shown={shown} nearest={nearest} />}
        {few && canvas && sight.rows && <Thumbs ctx={ctx} canvas={canvas} rows={sight.rows} area={size.width * size.height} colourOf={borderOf(shown)} />}
        {hit && <Tooltip ctx={ctx} hit={hit} shown={shown} box={size} />}
        <Corner ctx={ctx} canvas={canvas} shown={shown} failed={setFailed} />
        <OutlineActs ctx={ctx} stands={outline.stands} apply={outline.apply} />
        {failed !== null && <p class="failed" role="alert">{failed}</p>}
        <p class="unseen" aria-live="polite">{hit ? "" : (note ?? "")}</p>
        {note !== null && <span class="note" title={note} aria-hidden="true">drawn by the processor</span>}
      </div>
      {look.neighbours && <LinksTold ctx={ctx} canvas={canvas} shown={shown} nearest={nearest} />}
      {look.twin && sight.rows && <Twin ctx={ctx} shown={shown} rows={sight.rows} />}
    </>
  );
}
