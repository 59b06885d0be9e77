/** Small multiples: of every selected sample its predictions, the probability of its label, and its way across the picture. */
import { useEffect, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { classColour } from "../../draw/colour";
import { count, plural, probability } from "../../draw/format";
import { Failure, Heading, Swatch } from "../../draw/parts";
import { chosen } from "../../state/chosen";
import { keep } from "../../state/masks";
import { Offer } from "../analysis";
import type { Context } from "../component";
import { labelText } from "../grid/card";
import { Glimpse, useKnown, type Known } from "../samples-strip";
import type { Course } from "./courses";
import type { Extent } from "../../draw/points/quantise";
import { Story } from "./story";
import { coursesOf, projectionOf, useCourses, useProjection } from "./use-time";
import { reason } from "../../hosts/reason";
import css from "./trajectories.css?inline";

export const styles = css;

const WAY = 64;
const LEGEND = {
  multiclass: "Line: probability of the label. Strip: what it was called at each checkpoint.",
  multilabel: "Samples have several labels each: what one label got, and what one class it was called, is not told.",
};

/** The way of a sample across the common canvas, as small as a thumbnail; coloured by what it was called. */
export function Way({ path, extent, course, at }: { path: Float64Array; extent: Extent; course: Course; at: number | null }) {
  const points: { x: number; y: number; frame: number }[] = [];
  for (let frame = 0; 2 * frame < path.length; frame++) {
    const [x, y] = [path[2 * frame] ?? NaN, path[2 * frame + 1] ?? NaN];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    points.push({ x: 3 + ((x - extent.x0) / (extent.x1 - extent.x0)) * (WAY - 6), y: 3 + ((extent.y1 - y) / (extent.y1 - extent.y0)) * (WAY - 6), frame });
  }
  const [first, last] = [points[0], points.at(-1)];
  return (
    <svg class="way" width={WAY} height={WAY} aria-hidden="true">
      <rect width={WAY} height={WAY} rx={3} fill="var(--sunken)" />
      <polyline points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} fill="none" stroke="var(--ink-2)" stroke-width={1} />
      {points.map(({ x, y, frame }) => <circle key={frame} cx={x} cy={y} r={frame === at ? 3.5 : 1.75} fill={classColour(course.prediction[frame] ?? null)} stroke={frame === at ? "var(--ink)" : "none"} />)}
      {first && <circle cx={first.x} cy={first.y} r={4} fill="none" stroke="var(--ink)" />}
      {last && <rect x={last.x - 3.5} y={last.y - 3.5} width={7} height={7} fill="none" stroke="var(--ink)" />}
    </svg>
  );
}

/** The samples to draw: those picked, else those in view in their order, with the one in focus first. */
export function rowsToDraw(ctx: Context, most: number): { rows: number[]; of: number } {
  const { store, data } = ctx;
  const picked = keep(chosen(store), data.filter.mask(ctx.id));
  const from = picked.length > 0 ? picked : store.shown.value;
  const focus = store.focus.value;
  const rows = Array.from(from.subarray(0, most));
  if (focus !== null && !rows.includes(focus)) rows.unshift(focus);
  return { rows: rows.slice(0, most), of: from.length };
}

function useDrawn(ctx: Context, rows: readonly number[]) {
  const options = ctx.options.value;
  const asked = coursesOf(options);
  const { used, courses, failed } = useCourses(ctx, asked);
  const { projection } = useProjection(ctx, projectionOf({ layer: options["layer"] ?? null, mode: "joint" }));
  const [drawn, set] = useState<{ courses: ReadonlyMap<number, Course>; paths: ReadonlyMap<number, Float64Array>; failed: string | null }>({ courses: new Map(), paths: new Map(), failed: null });
  const key = rows.join(",");
  useEffect(() => {
    if (!courses || rows.length === 0) return;
    let gone = false;
    const timer = setTimeout(() => {
      Promise.all([courses.of(rows), projection?.frames.paths(rows).catch(() => null) ?? null]).then(
        ([stories, paths]) => !gone && set({ courses: stories, paths: paths ?? new Map(), failed: null }),
        (error: unknown) => !gone && set((old) => ({ ...old, failed: reason(error) })),
      );
    }, 80);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [courses, projection, key]);
  return { asked, used, courses, projection, drawn, failed: failed ?? drawn.failed };
}

function Card(props: { ctx: Context; sample: number; course: Course; path: Float64Array | undefined; extent: Extent | null; known: Known | null; at: number | null }) {
  const { ctx, sample, course, known, at } = props;
  const { classes, task } = ctx.store.recording.value;
  const [ref, { width }] = useSize<HTMLDivElement>();
  const facts = known?.facts(sample) ?? null;
  const label = facts?.label ?? null;
  // With several labels there is no single one whose probability a line could be, nor one prediction that flips.
  const single = task === "multiclass";
  const flips = course.prediction.filter((prediction, place) => place > 0 && prediction !== course.prediction[place - 1]).length;
  return (
    <li class="card" aria-current={ctx.store.focus.value === sample}>
      <button type="button" class="pic" aria-label={`Open sample ${count(sample)}`} onClick={() => (ctx.store.focus.value = sample)}><Glimpse ctx={ctx} sample={sample} /></button>
      <div class="line" ref={ref}>
        <p class="small"><Swatch of={label} /> {(facts && labelText(facts, classes)) ?? "no label"} {single && <span class="muted">{`${plural(flips, "flip")}${course.label.at(-1) == null ? "" : `, ends at ${probability(course.label.at(-1) ?? null)}`}`}</span>}</p>
        {single && width > 0 && <Story course={course} classes={classes} label={label} width={width} height={46} at={at} />}
      </div>
      {props.path && props.extent && <Way path={props.path} extent={props.extent} course={course} at={at} />}
    </li>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const options = ctx.options.value;
  const most = typeof options["most"] === "number" ? Math.max(1, Math.min(60, Math.round(options["most"]))) : 12;
  const { rows, of } = rowsToDraw(ctx, most);
  const known = useKnown(ctx);
  const { asked, used, courses, projection, drawn, failed } = useDrawn(ctx, rows);
  const checkpoint = store.checkpoint.value?.name ?? "";
  const at = courses?.frame(checkpoint) ?? null;
  const sentence = store.selection.value?.sentence ?? "";
  return (
    <section aria-label="How the selected samples got there">
      <Heading title="How the selected samples got there" small={`${sentence}${of > rows.length ? ` · the first ${rows.length}` : ""}`} />
      <Offer ctx={ctx} used={used} asked={asked} what="The course of a sample" verb="Follow the samples" />
      {failed !== null && <Failure what="The courses could not be read." why={failed} retry={used.run} />}
      {rows.length === 0 && courses && <p class="none muted">No sample is selected. Draw around some on the picture, or pick one in the list.</p>}
      <ul class="cards" aria-label="Courses">
        {rows.flatMap((sample) => {
          const course = drawn.courses.get(sample);
          return course ? [<Card key={sample} ctx={ctx} sample={sample} course={course} path={drawn.paths.get(sample)} extent={projection?.frames.infos[0]?.extent ?? null} known={known} at={at} />] : [];
        })}
      </ul>
      {rows.length > 0 && courses && <p class="foot muted small">{[LEGEND[store.recording.value.task], projection ? "Right: its way, from the ring to the square." : ""].join(" ").trim()}</p>}
    </section>
  );
}
