/** The point canvas on the page: fed from the store, telling it what the person points at, opens and draws around. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import type { Hit } from "../../draw/points/options";
import { PointCanvas } from "../../draw/points/point-canvas";
import type { Combine, Tool } from "../../draw/points/gestures";
import type { Coordinates } from "../../draw/points/quantise";
import type { Mode } from "../../draw/points/renderer";
import { START } from "../../state/store";
import type { Context } from "../component";
import { middles } from "./colouring";
import { isProjection } from "./measures";
import { Tooltip } from "./tooltip";
import { SOURCE, type Shown } from "./use-shown";

const MOVE_MS = 240;
/** More points than these jump to their new places. */
const MOST_MOVED = 200_000;
/** So many labels on the data at most; the rest are in the legend. */
const MOST_LABELS = 40;

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

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What a drawn line means for the selection that all views share. */
function select(ctx: Context, drawn: Uint32Array, how: Combine): void {
  const { store, data } = ctx;
  const selection = store.selection.peek();
  const before = selection && selection.source !== START ? selection.indices : [];
  const rows = combined(before, drawn, how);
  if (drawn.length === 0 && how === "replace") store.say("No sample lies inside.");
  else void data.pick({ kind: "rows", rows }, SOURCE);
}

export function Plane({ ctx, shown, mode, tool, title }: { ctx: Context; shown: Shown; mode: Mode; tool: Tool; title: string }) {
  const { store } = ctx;
  const [box, size] = useSize<HTMLDivElement>();
  const el = useRef<HTMLDivElement>(null);
  const canvas = useRef<PointCanvas | null>(null);
  const placed = useRef<Coordinates | null>(null);
  const [hit, setHit] = useState<Hit | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    if (!el.current) return;
    const made = new PointCanvas(el.current, {
      label: title,
      wheel: "focused",
      onHover: setHit,
      onNote: setNote,
      onOpen: (index) => index !== null && (store.focus.value = index),
      onSelect: (rows, how) => select(ctx, rows, how),
      onView: () => setHit(null),
    });
    canvas.current = made;
    return () => made.dispose();
  }, []);
  const projection = isProjection(shown.x.name, shown.y.name);
  useEffect(() => {
    if (!canvas.current) return;
    const after = coordinates(shown);
    const stop = moveTo(canvas.current, placed.current, after);
    placed.current = after;
    canvas.current.update({ aspect: projection ? "equal" : "free", axes: projection ? null : { x: shown.x.name, y: shown.y.name } });
    return stop;
  }, [shown.xValues, shown.yValues]);
  useEffect(() => {
    // Labels on the data say where a class lies; along two unlike measures classes lie on top of each other.
    const keep = (i: number) => !shown.filtered?.[i];
    const labels = projection && mode === "points" && shown.coloured ? middles(shown.coloured, shown.xValues.values, shown.yValues.values, keep).slice(0, MOST_LABELS) : [];
    canvas.current?.update({ colours: shown.coloured?.colours ?? null, filtered: shown.filtered, labels: labels.map(({ x, y, text }) => ({ x, y, text })) });
  }, [shown, mode]);
  const selection = store.selection.value;
  const selected = selection && selection.source !== START ? selection.indices : null;
  useEffect(() => canvas.current?.update({ selected }), [selected, shown]);
  const focus = store.focus.value;
  useEffect(() => canvas.current?.update({ focus }), [focus, shown]);
  useEffect(() => canvas.current?.update({ mode, tool }), [mode, tool]);
  const theme = store.theme.value;
  useEffect(() => canvas.current?.update({}), [theme]);
  const exported = async (kind: "png" | "svg") => {
    try {
      const made = canvas.current;
      if (!made) return;
      save(kind === "png" ? await made.png() : new Blob([made.svg()], { type: "image/svg+xml" }), `${store.recording.peek().name}-${shown.x.name}-${shown.y.name}.${kind}`);
      setFailed(null);
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="plane" ref={box}>
      <div class="points" ref={el} />
      {hit && <Tooltip ctx={ctx} hit={hit} shown={shown} box={size} />}
      <div class="corner">
        <button type="button" class="button icon" aria-label="Zoom in" title="Zoom in (+)" onClick={() => canvas.current?.zoom(1.5)}>+</button>
        <button type="button" class="button icon" aria-label="Zoom out" title="Zoom out (−)" onClick={() => canvas.current?.zoom(1 / 1.5)}>−</button>
        <button type="button" class="button" title="Show all samples (0)" onClick={() => canvas.current?.fit()}>All</button>
        {selected !== null && selected.length > 0 && <button type="button" class="button" title="Show the selected samples" onClick={() => canvas.current?.fit(selected)}>Selected</button>}
        <button type="button" class="button" title="Save the picture as PNG" onClick={() => void exported("png")}>PNG</button>
        <button type="button" class="button" title="Save the picture as SVG" onClick={() => void exported("svg")}>SVG</button>
      </div>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
      <p class="unseen" aria-live="polite">{hit ? "" : (note ?? "")}</p>
      {note !== null && <span class="note" title={note} aria-hidden="true">drawn by the processor</span>}
    </div>
  );
}
