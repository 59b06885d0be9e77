/** How samples moved while the network trained: the canvas, its trust, its tools and its time. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { count, measure, percent, plural } from "../../draw/format";
import type { Tool } from "../../draw/points/gestures";
import { Door, Failure, Heading } from "../../draw/parts";
import { checkpointText, splitText } from "../../draw/where";
import { takesText } from "../../state/keys";
import { headlineSplit } from "../../state/store";
import { useAlerts } from "../alerts";
import { Offer, type Used } from "../analysis";
import type { Context } from "../component";
import { showRows } from "../samples-strip";
import { Dragging } from "../scatter/dragging";
import { Compare } from "./beside";
import { clockOf, type Clock } from "./clock";
import { eventsIn, samplesOf, type Courses } from "./courses";
import { Finder } from "./finder";
import { reach, type Frames } from "./frames";
import { lyingRows } from "./over-time";
import { Pairing } from "./pair-view";
import { Plane, type Pen } from "./plane";
import { Timeline, type Curve } from "./timeline";
import { ColourChoice, Display, OverTime, Save } from "./tools";
import { at as qualityAt, QualityTable, Trust, type Quality } from "./trust";
import { useDots, type Dots } from "./use-dots";
import { coursesOf, projectionOf, useCourses, useProjection, type Projection } from "./use-time";
import { reason } from "../../hosts/reason";
import css from "./timetravel.css?inline";

export const styles = css;

const TITLE = "How samples moved while the network trained";
/** Classes beside the picture; where there are more, the most frequent. */
const MOST_IN_LEGEND = 12;

/** Accuracy, loss and how well the picture keeps the predictions, one value a checkpoint; of another training the last one only. */
export function curvesOf(ctx: Context, quality: Quality | null): Curve[] {
  const recording = ctx.store.recording.value;
  const { metrics } = ctx.store.measured.value;
  const split = headlineSplit(recording);
  const over = (value: (name: string) => number | null) => recording.checkpoints.map(({ name }) => value(name));
  const own = (name: string) => metrics?.overall(name, split);
  const recorded = ["val_loss", "test_loss", "loss"].find((key) => recording.checkpoints.some(({ metrics: said }) => key in said));
  const loss = over((name) => own(name)?.of("log_loss").value ?? null);
  const curves: Curve[] = [
    { name: "accuracy", values: over((name) => own(name)?.of("accuracy").value ?? null), figure: (value) => percent(value, 0), share: true, dash: null },
    { name: "loss", values: loss.some((value) => value !== null) || recorded === undefined ? loss : recording.checkpoints.map(({ metrics: said }) => said[recorded] ?? null), figure: (value) => measure(Number(value.toPrecision(2))), share: false, dash: "4 3" },
    { name: "predictions kept", values: over((name) => (quality ? (qualityAt(quality, name, "prediction_kept")?.value ?? null) : null)), figure: (value) => percent(value, 0), share: true, dash: "1 3" },
  ];
  const ours = typeof ctx.options.value["beside"] !== "string";
  return curves.filter(({ name, values }) => (ours || name === "predictions kept") && values.some((value) => value !== null));
}

/** A running job's new checkpoint is placed as it comes, where that is cheap: in the mode made for it. */
function useFollow(ctx: Context, used: Used): void {
  const options = ctx.options.value;
  const wanted = options["follow"] === true && options["mode"] === "live" && ctx.data.capabilities.run;
  useEffect(() => {
    if (wanted && used.tables && used.stale && used.answer.state === "absent") used.run();
  }, [wanted, used.answer.state, used.stale]);
}

/** Keys of the whole view, except where something in it needs them itself. */
function keyed(event: KeyboardEvent, clock: Clock): void {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || takesText(target instanceof EventTarget ? target : undefined)) return;
  if (!(target instanceof HTMLElement) || target.closest("button, summary, select, input, a") !== null && event.key === " ") return;
  if (event.key === " ") clock.toggle();
  else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && target.closest(".points, input") === null) clock.step(event.key === "ArrowLeft" ? -1 : 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function Legend({ dots }: { dots: Dots }) {
  const legend = dots.coloured?.legend.filter((entry) => entry.count > 0) ?? [];
  const told = legend.length > MOST_IN_LEGEND ? [...legend].sort((a, b) => b.count - a.count).slice(0, MOST_IN_LEGEND - 1) : legend;
  const ends = dots.coloured?.ends;
  if (told.length === 0 && !ends) return null;
  return (
    <div class="legend-box">
      {ends ? <p class="ramp"><span>{ends[0]}</span><i aria-hidden="true" /><span>{ends[1]}</span> <span class="muted">{dots.by}</span></p> : (
        <ul class="legend" aria-label={`Colour: ${dots.by}`}>
          {told.map((entry) => <li key={entry.name} title={`${entry.name}: ${count(entry.count)}`}><i class="swatch" style={{ background: entry.colour }} /> <span class="name">{entry.name}</span></li>)}
          {legend.length > told.length && <li class="muted">{`and ${count(legend.length - told.length)} more`}</li>}
        </ul>
      )}
      {dots.rims && <p class="ring-word small muted"><i aria-hidden="true" /> {dots.by === "label" ? "ring: what it is called, where wrong" : "ring: its label, where wrong"}</p>}
    </div>
  );
}

function Corner({ ctx, pen }: { ctx: Context; pen: Pen | null }) {
  const picked = ctx.store.selection.value;
  return (
    <div class="corner">
      <button type="button" class="button icon" aria-label="Zoom in" title="Zoom in (+)" onClick={() => pen?.canvas.zoom(1.5)}>+</button>
      <button type="button" class="button icon" aria-label="Zoom out" title="Zoom out (−)" onClick={() => pen?.canvas.zoom(1 / 1.5)}>−</button>
      <button type="button" class="button" title="Show all samples (0)" onClick={() => pen?.canvas.fit()}>All</button>
      {picked && picked.source !== "start" && picked.indices.length > 0 && <button type="button" class="button" title="Show the selected samples" onClick={() => pen?.canvas.fit(picked.indices)}>Selected</button>}
    </div>
  );
}

function useZoomTo(ctx: Context, pen: Pen | null): void {
  const { selection } = ctx.store;
  const picked = selection.value;
  // Who picks in a list of events wants to see where that is.
  useEffect(() => {
    if (pen && picked && picked.source.startsWith("events") && picked.indices.length > 0) pen.canvas.fit(picked.indices);
  }, [picked, pen?.canvas]);
}

/** Look at all places where some samples are on their way, so that they stay in sight as time runs. */
function showWays(ctx: Context, pen: Pen | null, frames: Frames, rows: readonly number[]): void {
  frames.paths(rows).then(
    (paths) => {
      const extent = reach([...paths.values()], frames.infos[0]?.extent ?? null);
      if (extent) pen?.canvas.show(extent);
      else ctx.store.say(rows.length === 1 ? "This sample has no place on the picture." : "These samples have no place on the picture.");
    },
    (error: unknown) => ctx.store.notice(`The way of the sample could not be read. ${reason(error)}`),
  );
}

function showFlips(ctx: Context, courses: Courses, place: number): void {
  const name = ctx.store.recording.peek().checkpoints[place]?.name ?? "";
  const frame = courses.frame(name);
  if (frame === null) return;
  void courses.events().then(
    (events) => showRows(ctx, samplesOf(events, eventsIn(events, "flip", frame - 1, frame)), `flipped on the way to checkpoint ${place + 1}`),
    (error: unknown) => ctx.store.notice(`What happened could not be read. ${reason(error)}`),
  );
}

function Picture({ ctx, projection, courses, clock }: { ctx: Context; projection: Projection; courses: Courses | null; clock: Clock }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const { frames, quality } = projection;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const dots = useDots(ctx, frames, courses, checkpoint);
  const elsewhere = typeof ctx.options.value["beside"] === "string";
  const own = useAlerts(ctx, !elsewhere);
  const alerts = elsewhere ? [] : own;
  const tool = useSignal<Tool>("pan");
  const [pen, setPen] = useState<Pen | null>(null);
  const [open, setOpen] = useState(false);
  useZoomTo(ctx, pen);
  const counts = useMemo(() => {
    if (!courses) return null;
    const frameOf = recording.checkpoints.map(({ name }) => courses.frame(name));
    const placed = (values: readonly (number | null)[]) => frameOf.map((frame) => (frame === null ? null : (values[frame] ?? null)));
    const { flip, learned, forgotten, confidence, movement } = courses.counts;
    return { flip: placed(flip), learned: placed(learned), forgotten: placed(forgotten), confidence: placed(confidence), movement: placed(movement) };
  }, [courses, recording.checkpoints]);
  const lying = useMemo(() => (dots.said.lies ? lyingRows(dots.said.lies) : null), [dots.said.lies]);
  const keep = (next: Pen | null) => setPen((old) => (old && next && old.canvas === next.canvas ? Object.assign(old, next) : next));
  return (
    <>
      <div class="controls">
        <Finder ctx={ctx} predictions={dots.said.predictions} show={(row) => showWays(ctx, pen, frames, [row])} />
        <ColourChoice ctx={ctx} by={dots.by} />
        <Dragging tool={tool.value} choose={(next) => (tool.value = next)} />
        <OverTime ctx={ctx} courses={courses} frames={frames} />
        <Display ctx={ctx} />
        <Compare ctx={ctx} />
        <Save ctx={ctx} pen={pen} clock={clock} frames={frames} dots={dots} />
      </div>
      {frames.places.failed.value !== null && <Failure what="The places of the samples did not arrive." why={frames.places.failed.value} retry={() => void frames.places.want(frames.frame(checkpoint ?? "") ?? 0).catch(() => undefined)} />}
      <Plane ctx={ctx} clock={clock} frames={frames} courses={courses} dots={dots} tool={tool.value} title={TITLE} pen={keep}>
        <Corner ctx={ctx} pen={pen} />
        {checkpoint !== null && (
          <div class="foot-left">
            <Trust quality={quality} checkpoint={checkpoint} open={open} toggle={() => setOpen(!open)} />
            {frames.frame(checkpoint) === null && <span class="lying small" role="note">{elsewhere ? "The other training has no checkpoint here; it stands at the one before." : "No frame of its own; the one before is shown."}</span>}
            {lying && lying.length > 0 && <span class="lying small"><Door leads="show the samples whose place on the picture lies" open={() => showRows(ctx, lying, "whose place lies")}>{`${plural(lying.length, "place")} ${lying.length === 1 ? "lies" : "lie"}`}</Door></span>}
          </div>
        )}
      </Plane>
      <Pairing ctx={ctx} courses={courses} frames={frames} show={(rows) => showWays(ctx, pen, frames, rows)} />
      <Legend dots={dots} />
      <Timeline ctx={ctx} clock={clock} curves={curvesOf(ctx, quality)} counts={counts} alerts={alerts} flips={(place) => courses && showFlips(ctx, courses, place)} />
      {open && checkpoint !== null && <QualityTable quality={quality} checkpoint={checkpoint} recording={recording} go={(name) => store.choose(recording.checkpoints.findIndex((one) => one.name === name))} />}
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const options = ctx.options.value;
  const asked = projectionOf(options);
  const { used, projection, failed } = useProjection(ctx, asked);
  const coursesAsked = coursesOf(options);
  const { courses } = useCourses(ctx, coursesAsked);
  useFollow(ctx, used);
  const clock = clockOf(ctx.data);
  const checkpoint = store.checkpoint.value?.name ?? null;
  const split = headlineSplit(recording);
  const elsewhere = typeof options["beside"] === "string" ? options["beside"] : null;
  const accuracy = elsewhere !== null ? null : store.measured.value.metrics?.overall(checkpoint, split)?.of("accuracy").value ?? null;
  const small = `${checkpointText(recording, checkpoint)} of ${recording.checkpoints.length}${accuracy === null ? "" : ` · ${splitText(split)} accuracy ${percent(accuracy)}`}${options["mode"] === "joint" ? "" : ` · ${String(options["mode"]).replaceAll("_", " ")}`}${typeof options["layer"] === "string" ? ` · layer ${options["layer"]}` : ""}${elsewhere === null ? "" : ` · training ${elsewhere}`}`;
  return (
    <section class="filling" aria-label={TITLE} onKeyDown={(event) => keyed(event, clock)}>
      <Heading title={TITLE} small={small} />
      {failed !== null && <Failure what="The projection could not be read." why={failed} retry={used.run} />}
      <Offer ctx={ctx} used={used} asked={asked} what="How the samples moved" verb={used.tables ? "Place the new checkpoint" : "Place the samples over time"} />
      {projection && <Picture key={JSON.stringify(asked.params)} ctx={ctx} projection={projection} courses={courses} clock={clock} />}
    </section>
  );
}
