/** The canvas of time: dots where the clock stands, the ways of a few over them, and how far to trust it all. */
import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { themeAt, bytesOf, css } from "../../draw/points/appearance";
import type { Combine, Tool } from "../../draw/points/gestures";
import type { Hit } from "../../draw/points/options";
import type { PointCanvas } from "../../draw/points/point-canvas";
import { chosen } from "../../state/chosen";
import type { Context } from "../component";
import { showRows } from "../samples-strip";
import { combined, useCanvas } from "../scatter/plane";
import { paintTime, type AboveTime, type Neighbours, type Trail } from "./above";
import { calm, type Clock } from "./clock";
import type { Courses } from "./courses";
import { names, nearest } from "./dots";
import { between, type Frames } from "./frames";
import { marksOf } from "./marks";
import { elsewhere, point, pointedOf } from "./pointed";
import { Stage, type StageLook } from "./stage";
import { Tip, type TipFacts } from "./tip";
import type { Dots } from "./use-dots";
import { useOriginal, useTrails } from "./use-ways";

const NEAREST = 10;

export interface Pen {
  canvas: PointCanvas;
  /** What this view paints above the dots, on another canvas. */
  above: (paint: CanvasRenderingContext2D) => void;
}

interface Props {
  ctx: Context;
  clock: Clock;
  frames: Frames;
  courses: Courses | null;
  dots: Dots;
  tool: Tool;
  title: string;
  children?: preact.ComponentChildren;
  /** The tools of the picture, as soon as there is one. */
  pen: (pen: Pen | null) => void;
}

function lookOf(options: { readonly [name: string]: unknown }): StageLook {
  const strength = typeof options["strength"] === "number" ? Math.max(0, Math.min(1, options["strength"])) : 1;
  return { smooth: options["smooth"] === true && !calm(), territories: options["territories"] === true, strength, boundaries: options["boundaries"] === true, mask: options["mask"] === true };
}

/** Keep what the canvas draws as the page is, apart from where the dots are. */
function useFed(ctx: Context, canvas: PointCanvas | null, stage: Stage | null, dots: Dots, tool: Tool, placed: number): void {
  const { store } = ctx;
  const options = ctx.options.value;
  useEffect(() => {
    if (!canvas || placed === 0) return;
    canvas.update({ colours: dots.coloured?.colours ?? null, rims: dots.rims, filtered: dots.filtered });
  }, [canvas, stage, placed > 0, dots.coloured, dots.rims, dots.filtered]);
  useEffect(() => {
    if (!canvas || placed === 0) return;
    const wanted = options["names"] === true && options["density"] !== true && dots.coloured && !dots.coloured.ends && stage?.now;
    canvas.update({ labels: wanted && dots.coloured && stage?.now ? names(dots.coloured, stage.now, (i) => !dots.filtered?.[i]) : [] });
  }, [canvas, stage, placed, dots.coloured, dots.filtered, options["names"], options["density"]]);
  const hide = !store.showUnfiltered.value;
  useEffect(() => canvas?.update({ hide, mode: options["density"] === true ? "density" : "points", size: typeof options["size"] === "number" ? options["size"] : null, tool }), [canvas, stage, placed > 0, hide, options["density"], options["size"], tool]);
  const picked = chosen(store);
  useEffect(() => canvas?.update({ selected: picked.length > 0 ? picked : null }), [canvas, stage, placed > 0, picked]);
  const focus = store.focus.value;
  useEffect(() => canvas?.update({ focus }), [canvas, stage, placed > 0, focus]);
}

/** Ways in colours that a canvas understands, which knows nothing of the page's tokens. */
function inked(trails: readonly Trail[], at: HTMLElement): readonly Trail[] {
  const all = [...new Set(trails.flatMap(({ colours }) => colours.filter((colour) => colour !== null)))];
  const bytes = bytesOf(all, at);
  const plain = new Map(all.map((colour, k) => [colour, css([bytes[4 * k] ?? 0, bytes[4 * k + 1] ?? 0, bytes[4 * k + 2] ?? 0, 255])]));
  return trails.map((trail) => ({ ...trail, colours: trail.colours.map((colour) => (colour === null ? null : (plain.get(colour) ?? null))) }));
}

/** The stage follows the clock without a render: sixty times a second is too often for one. */
function useStage(ctx: Context, props: Props, canvas: PointCanvas | null, el: preact.RefObject<HTMLDivElement>): { stage: Stage | null; placed: number } {
  const { clock, frames } = props;
  const recording = ctx.store.recording.value;
  const options = ctx.options.value;
  const theme = ctx.store.theme.value;
  const [placed, count] = useState(0);
  const stage = useMemo(() => (canvas && el.current ? new Stage(canvas, el.current, frames, recording.classes.length) : null), [canvas, frames, recording.classes.length]);
  const look = lookOf(options);
  const key = JSON.stringify([look, theme]);
  useEffect(() => {
    if (!stage || !canvas) return;
    stage.follow(recording.checkpoints);
    stage.dress(look);
    canvas.update({});
    let before = "";
    const stop = effect(() => {
      void frames.places.arrivals.value;
      void frames.landscapes.arrivals.value;
      if (!stage.show(clock.at.value, clock.playing.value)) return;
      // Names follow where time rests, not on the way.
      const at = `${stage.moment?.a} ${stage.moment?.b === null}`;
      if (at !== before && stage.moment?.t === 0) setTimeout(() => count((n) => n + 1), 0);
      before = at;
    });
    const open = clock.gate((place) => stage.ready(place));
    return () => {
      stop();
      open();
    };
  }, [stage, key, recording.checkpoints]);
  return { stage, placed };
}

/** Frames around the one shown come after it, so that stepping and playing find them here. */
function useNeighbouring(ctx: Context, frames: Frames): void {
  const { checkpoints } = ctx.store.recording.value;
  const place = ctx.store.place();
  useEffect(() => {
    const found = between((at) => frames.frame(checkpoints[at]?.name ?? ""), place, checkpoints.length - 1);
    if (!found) return;
    const timer = setTimeout(() => void frames.places.around(found.a, frames.infos.length).then(() => (frames.hasLandscapes ? frames.landscapes.around(found.a, frames.infos.length) : undefined)), 60);
    return () => clearTimeout(timer);
  }, [frames, place, checkpoints.length]);
}

export function Plane(props: Props) {
  const { ctx, frames, courses, dots } = props;
  const { store } = ctx;
  const options = ctx.options.value;
  const [box, size] = useSize<HTMLDivElement>();
  const [hit, setHit] = useState<Hit | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const above = useRef<(() => AboveTime | null)>(() => null);
  const select = (drawn: Uint32Array, how: Combine) => {
    if (drawn.length === 0 && how === "replace") store.say("No sample lies inside.");
    else showRows(ctx, combined(chosen(store), drawn, how), "drawn around");
  };
  const { el, canvas } = useCanvas(props.title, {
    hover: (next) => {
      setHit(next);
      point(ctx.data, ctx.id, next?.index ?? null);
    },
    note: setNote, select,
    open: (row) => row !== null && (store.focus.value = row),
    view: () => setHit(null),
    paint: (paint) => {
      const now = above.current();
      if (now) paintTime(paint, now);
    },
  });
  const { stage, placed } = useStage(ctx, props, canvas, el);
  useFed(ctx, canvas, stage, dots, props.tool, placed);
  useNeighbouring(ctx, frames);
  const ways = useTrails(ctx, frames, courses, options["trails"] === true);
  const trails = useMemo(() => (el.current && ways.length > 0 ? inked(ways, el.current) : ways), [canvas, ways, store.theme.value]);
  const original = useOriginal(ctx, options["near"] === true);
  const marks = marksOf(ctx.data).value;
  const focus = store.focus.value;
  const neighbours = useMemo((): Neighbours | null => {
    if (options["near"] !== true || focus === null || !stage?.now) return null;
    return { of: focus, original: original ?? [], projected: nearest(stage.now, focus, original && original.length > 0 ? original.length : NEAREST) };
  }, [options["near"], focus, original, stage, placed]);
  const theme = useMemo(() => (el.current ? { ...themeAt(el.current), marks: bytesOf(["var(--good)", "var(--bad)"], el.current) } : null), [canvas, store.theme.value]);
  above.current = () => {
    const now = stage?.now;
    const moment = stage?.moment;
    const shown = canvas?.sight;
    if (!canvas || !now || !moment || !theme || !shown) return null;
    const tone = (k: number) => css([theme.marks[4 * k] ?? 0, theme.marks[4 * k + 1] ?? 0, theme.marks[4 * k + 2] ?? 0, 255]);
    return {
      size, view: shown, theme, good: tone(0), bad: tone(1),
      at: moment.a + (moment.b === null ? 0 : moment.t * (moment.b - moment.a)),
      place: (sample) => (now.moving.a.hidden[sample] ? null : canvas.where(sample)), trails, neighbours, marks, pointed: elsewhere(pointedOf(ctx.data).peek(), ctx.id),
    };
  };
  useEffect(() => canvas?.repaint(), [canvas, trails, neighbours, marks, theme, placed]);
  useEffect(() => {
    if (!canvas) return;
    let before: number | null = null;
    const stop = effect(() => {
      const now = elsewhere(pointedOf(ctx.data).value, ctx.id);
      if (now !== before) canvas.repaint();
      before = now;
    });
    return () => {
      stop();
      point(ctx.data, ctx.id, null);
    };
  }, [canvas]);
  useEffect(() => {
    if (!canvas) return;
    const painted = (paint: CanvasRenderingContext2D) => {
      const now = above.current();
      if (now) paintTime(paint, now);
    };
    props.pen({ canvas, above: painted });
  }, [canvas]);
  const read = (column: { values: ArrayLike<number>; valid: ArrayLike<number> | null } | null | undefined, i: number) => (!column || (column.valid && !column.valid[i]) ? null : (column.values[i] ?? null));
  const factsOf = (row: number): TipFacts => ({ label: read(dots.truth?.label, row), prediction: read(dots.said.predictions, row), lies: read(dots.said.lies, row) === 1, mark: marks.get(row) ?? null });
  const frame = courses && store.checkpoint.value ? courses.frame(store.checkpoint.value.name) : null;
  return (
    <div class="plane fills" ref={box}>
      <div class="points" ref={el} />
      {props.children}
      {hit && <Tip ctx={ctx} hit={hit} facts={factsOf(hit.index)} courses={courses} frame={frame} box={size} />}
      <p class="unseen" aria-live="polite">{hit ? "" : (note ?? "")}</p>
      {placed === 0 && <p class="loading muted" role="status">Fetching the places of the samples…</p>}
      {focus !== null && trails.length > 0 && <span class="unseen">{`The way of ${trails.length === 1 ? "one sample" : `${trails.length} samples`} is drawn, from the ring to the square.`}</span>}
    </div>
  );
}
