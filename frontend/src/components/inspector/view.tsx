import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { count } from "../../draw/format";
import { Explanation, Failure, Waiting } from "../../draw/parts";
import type { Context } from "../component";
import { Compare } from "./compare";
import { courseSentence, topClasses } from "./course";
import { CourseChart } from "./course-chart";
import { Bars, Metadata, Verdict } from "./facts";
import { askWhy, canTellWhy } from "../neurons/why";
import { Neighbours } from "./neighbours";
import { Notes, TagsOf } from "./said";
import { idOf, labelColumn, labelWords, pointAt, useSample, type Fetched } from "./sample";
import { Viewer } from "./viewer";
import css from "./inspector.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

/** Longer texts are cut, and shown whole when asked for. */
const LONGEST = 600;

function Media({ ctx, sample, text, alt }: { ctx: Context; sample: number; text: string | null; alt: string }) {
  const { kind } = ctx.store.recording.value;
  const all = useSignal(false);
  if (kind === "image") return <Viewer key={sample} ctx={ctx} sample={sample} alt={alt} />;
  if (kind === "text") {
    const whole = text ?? "";
    const long = whole.length > LONGEST && !all.value;
    return (
      <blockquote class="passage">
        {long ? `${whole.slice(0, LONGEST)}…` : whole || <span class="muted">This sample's text is empty.</span>}
        {long && <button type="button" class="button" onClick={() => (all.value = true)}>Show all {count(whole.length)} characters</button>}
      </blockquote>
    );
  }
  return <p class="note muted">No picture or text is recorded for the samples of this run.</p>;
}

function Copy({ ctx, text }: { ctx: Context; text: string }) {
  const done = useSignal(false);
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => {
        done.value = true;
        ctx.store.say(`Copied ${text}`);
        setTimeout(() => (done.value = false), 1500);
      },
      () => ctx.store.notice("This browser does not let the page write to the clipboard."),
    );
  return <button type="button" class="button quiet copy" aria-label={`Copy ${text}`} onClick={() => void copy()}>{done.value ? "Copied" : "Copy"}</button>;
}

function Labels({ ctx, fetched }: { ctx: Context; fetched: Fetched }) {
  return <p class="note">Labels: {labelWords(ctx.store.recording.value, fetched) ?? <span class="muted">none</span>}</p>;
}

function Body({ ctx, fetched }: { ctx: Context; fetched: Fetched }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const { course, label, row, sample } = fetched;
  const checkpoint = store.checkpoint.value;
  const pinned = store.pinned.value;
  const compared = pinned !== null && pinned !== sample;
  const point = pointAt(fetched, checkpoint?.name ?? null);
  const alt = label === null ? "The sample" : `Labelled ${recording.classes[label]}`;
  return (
    <>
      {compared ? <Compare ctx={ctx} pinned={pinned} own={fetched} /> : <Media ctx={ctx} sample={sample} text={fetched.text} alt={alt} />}
      {!compared && (recording.task === "multilabel" ? <Labels ctx={ctx} fetched={fetched} /> : <Verdict label={label} point={point} classes={recording.classes} />)}
      {!compared && point && point.probabilities.size > 0 && (
        <>
          <h3>Probabilities <small>checkpoint {course.indexOf(point) + 1}</small></h3>
          <Bars point={point} label={label} classes={recording.classes} />
        </>
      )}
      {course.length > 1 && recording.task === "multiclass" && (
        <>
          <h3>How it got there</h3>
          <p class="note">{courseSentence(course, label)}</p>
          <CourseChart course={course} label={label} shown={topClasses(course, label, 4)} classes={recording.classes} at={course.findIndex((one) => one.checkpoint === checkpoint?.name)} choose={(place) => store.choose(place)} />
        </>
      )}
      {fetched.courseFailed !== null && <Failure what="Its course could not be read." why={fetched.courseFailed} />}
      <TagsOf ctx={ctx} sample={sample} />
      <Notes key={sample} ctx={ctx} id={idOf(recording, fetched)} />
      <Neighbours ctx={ctx} sample={sample} />
      {!compared && (
        <>
          <h3>All that is recorded</h3>
          <Metadata row={row} without={labelColumn(recording)} sample={sample} />
        </>
      )}
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const sample = ctx.store.focus.value;
  if (sample === null) return <Explanation title="Inspector" text="Click a sample to see everything that is known of it." />;
  return <Sample ctx={ctx} sample={sample} />;
}

function togglePin(ctx: Context, sample: number): void {
  const { pinned } = ctx.store;
  pinned.value = pinned.peek() === sample ? null : sample;
}

/** Keys of the inspector; where a person types or drags they stay what they are. */
function obey(event: KeyboardEvent, ctx: Context, sample: number): boolean {
  const { store } = ctx;
  const target = event.composedPath()[0];
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement)) return false;
  if (/^(SELECT|INPUT|TEXTAREA)$/.test(target.tagName) || target.getAttribute("role") === "slider") return false;
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Escape") store.focus.value = null;
  else if (event.key === "p") togglePin(ctx, sample);
  else if (by !== undefined) store.step(by);
  else return false;
  return true;
}

function Top({ ctx, sample, id }: { ctx: Context; sample: number; id: string }) {
  const { store } = ctx;
  const shown = store.shown.value;
  const position = shown.indexOf(sample);
  const pinned = store.pinned.value;
  return (
    <>
      <header class="top">
        <h2 title={id}>{id}</h2>
        <Copy ctx={ctx} text={id} />
        <span class="space" />
        <button type="button" class="button icon quiet" aria-label="Close inspector" title="Close (Esc)" onClick={() => (store.focus.value = null)}>✕</button>
      </header>
      <nav class="walk" aria-label="Through the selection">
        <button type="button" class="button icon" aria-label="Previous sample" title="Previous (←)" disabled={position <= 0} onClick={() => store.step(-1)}>←</button>
        <button type="button" class="button icon" aria-label="Next sample" title="Next (→)" disabled={position < 0 || position >= shown.length - 1} onClick={() => store.step(1)}>→</button>
        <span class="muted small num">{position < 0 ? "not in the samples shown" : `${count(position + 1)} of ${count(shown.length)}`}</span>
        <span class="space" />
        {pinned !== null && pinned !== sample && <button type="button" class="button quiet" onClick={() => (store.pinned.value = null)}>Unpin the other</button>}
        {canTellWhy(ctx.data) && <button type="button" class="button" title="Which neurons decided so, and what would have to change" onClick={() => void askWhy(ctx.data, sample)}>Why?</button>}
        <button type="button" class="button" aria-pressed={pinned === sample} title="Pin it, then open another to see both side by side (P)" onClick={() => togglePin(ctx, sample)}>{pinned === sample ? "✓ Pinned" : "Pin"}</button>
      </nav>
      {pinned === sample && <p class="note muted small">Open another sample to see both side by side.</p>}
    </>
  );
}

function Sample({ ctx, sample }: { ctx: Context; sample: number }) {
  const { fetched, failed, again } = useSample(ctx, sample);
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  const id = (fetched && idOf(ctx.store.recording.value, fetched)) ?? `sample ${count(sample)}`;
  const keyed = (event: KeyboardEvent) => {
    if (!obey(event, ctx, sample)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="inspector" ref={box} tabIndex={-1} onKeyDown={keyed} aria-label={`Sample ${id}`}>
      <Top ctx={ctx} sample={sample} id={id} />
      {failed !== null && <Failure what="The sample could not be read." why={failed} retry={again} />}
      {fetched ? <Body ctx={ctx} fetched={fetched} /> : failed === null && <Waiting what="Reading the sample" height={320} />}
    </section>
  );
}
