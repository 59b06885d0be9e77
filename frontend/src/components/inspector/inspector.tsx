import { useEffect, useRef, useState } from "preact/hooks";
import { useSignal } from "@preact/signals";
import css from "./inspector.css?inline";
import { count, measure, probability, valueText } from "../../draw/format";
import { Explanation, Failure, Swatch, Waiting } from "../../draw/parts";
import { valueAt, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import { defineComponent, drawn, type Context } from "../component";
import { Picture } from "../grid/card";
import { courseSentence, readCourse, topClasses, type CoursePoint } from "./course";
import { CourseChart } from "./course-chart";

interface Fetched {
  sample: number;
  row: ReadonlyMap<string, Value>;
  text: string | null;
  label: number | null;
  course: CoursePoint[];
  courseFailed: string | null;
}

const BARS = 6;
const ZOOMS = [1, 2, 4] as const;
const LONGEST = 600;

function rowOf(table: Table): Map<string, Value> {
  return new Map([...table].map(([name, column]) => [name, column.length > 0 ? valueAt(column, 0) : null]));
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Labels come as an index, or as the name of the class. */
export function labelIndex(value: Value | undefined, classes: readonly string[]): number | null {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  const at = classes.indexOf(value);
  return at < 0 ? null : at;
}

function useSample(ctx: Context, sample: number): { fetched: Fetched | null; failed: string | null; again: () => void } {
  const { store, data } = ctx;
  const [state, setState] = useState<{ fetched: Fetched | null; failed: string | null }>({ fetched: null, failed: null });
  const [turn, setTurn] = useState(0);
  const recording = store.recording.value;
  useEffect(() => {
    const control = new AbortController();
    const names = recording.columns.map(({ name }) => name);
    const course = recording.checkpoints.length === 0 ? Promise.resolve([]) : data.course(sample, control.signal).then(readCourse);
    const text = recording.kind === "text" ? data.text(sample, control.signal).catch((error: unknown) => `No text: ${words(error)}`) : Promise.resolve(null);
    Promise.all([data.columns.rows(names, [sample], control.signal), text, course.then((points) => ({ points, why: null }), (error: unknown) => ({ points: [], why: words(error) }))]).then(
      ([table, said, { points, why }]) => {
        const row = rowOf(table);
        const name = recording.columns.find(({ role }) => role === "label")?.name ?? "label";
        const label = recording.task === "multilabel" ? null : labelIndex(row.get(name), recording.classes);
        setState({ fetched: { sample, row, text: said, label, course: points, courseFailed: why }, failed: null });
      },
      (error: unknown) => !control.signal.aborted && setState({ fetched: null, failed: words(error) }),
    );
    return () => control.abort();
  }, [sample, recording.checkpoints.length, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}

function Media({ ctx, sample, text, alt }: { ctx: Context; sample: number; text: string | null; alt: string }) {
  const { kind } = ctx.store.recording.value;
  const zoom = useSignal<(typeof ZOOMS)[number]>(1);
  const all = useSignal(false);
  if (kind === "image") {
    return (
      <figure class="media">
        <div class="well" tabIndex={zoom.value > 1 ? 0 : -1} role="group" aria-label="Image">
          <div class="zoomed" style={{ width: `${zoom.value * 100}%`, height: `${zoom.value * 100}%` }}>
            <Picture key={sample} ctx={ctx} sample={sample} alt={alt} />
          </div>
        </div>
        <div class="segments zoom" role="group" aria-label="Zoom">
          {ZOOMS.map((times) => (
            <button key={times} type="button" aria-pressed={zoom.value === times} onClick={() => (zoom.value = times)}>{times === 1 ? "Fit" : `${times}×`}</button>
          ))}
        </div>
      </figure>
    );
  }
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

function Bars({ point, label, classes }: { point: CoursePoint; label: number | null; classes: readonly string[] }) {
  const sorted = [...point.probabilities].sort((a, b) => b[1] - a[1]);
  const top = sorted.slice(0, BARS);
  const own = sorted.find(([index]) => index === label);
  if (own && !top.includes(own)) top.splice(BARS - 1, 1, own);
  return (
    <ul class="bars" aria-label="Probabilities">
      {top.map(([index, p]) => (
        <li key={index} class={index === label ? "own" : ""}>
          <span class="name"><Swatch of={index} /> <span class="text">{classes[index] ?? `class ${index}`}</span>{index === label && <span class="badge">label</span>}</span>
          <span class="track" aria-hidden="true"><i style={{ width: `${p * 100}%`, background: index < 10 ? `var(--c-${index})` : "var(--ink-2)" }} /></span>
          <span class="num">{probability(p)}</span>
        </li>
      ))}
    </ul>
  );
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

function Verdict({ label, point, classes }: { label: number | null; point: CoursePoint | undefined; classes: readonly string[] }) {
  const called = point?.prediction ?? null;
  const right = label !== null && called !== null ? label === called : null;
  return (
    <dl class="verdict">
      <div><dt>Label</dt><dd>{label === null ? <span class="muted">none</span> : <><Swatch of={label} /> {classes[label] ?? label}</>}</dd></div>
      <div>
        <dt>Prediction</dt>
        <dd>{called === null ? <span class="muted">none</span> : <><Swatch of={called} /> {classes[called] ?? called} <span class="num muted">{probability(point?.confidence ?? null)}</span></>}
          {right !== null && <span class={right ? "badge good" : "badge bad"}>{right ? "✓ right" : "✕ wrong"}</span>}</dd>
      </div>
      {point && point.loss !== null && <div><dt>Loss</dt><dd class="num">{measure(point.loss)}</dd></div>}
    </dl>
  );
}

function Body({ ctx, fetched }: { ctx: Context; fetched: Fetched }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const { course, label, row } = fetched;
  const checkpoint = store.checkpoint.value;
  const point = course.find((one) => one.checkpoint === checkpoint?.name) ?? course.at(-1);
  const labelColumn = recording.columns.find(({ role }) => role === "label")?.name;
  const manyLabels = recording.task === "multilabel" ? row.get(labelColumn ?? "label") : null;
  const alt = label === null ? "The sample" : `Labelled ${recording.classes[label]}`;
  const metadata = [...row].filter(([name]) => name !== labelColumn);
  return (
    <>
      <Media ctx={ctx} sample={fetched.sample} text={fetched.text} alt={alt} />
      {recording.task === "multilabel" ? (
        <p class="note">Labels: {Array.isArray(manyLabels) && manyLabels.length > 0 ? manyLabels.map((index) => recording.classes[Number(index)] ?? String(index)).join(", ") : <span class="muted">none</span>}</p>
      ) : (
        <Verdict label={label} point={point} classes={recording.classes} />
      )}
      {point && point.probabilities.size > 0 && (
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
      <h3>All that is recorded</h3>
      <dl class="meta">
        {metadata.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class={value === null ? "muted" : ""}>{valueText(value)}</dd>
          </div>
        ))}
        <div><dt>sample_index</dt><dd class="num">{count(fetched.sample)}</dd></div>
      </dl>
    </>
  );
}

function Inspector({ ctx }: { ctx: Context }) {
  const sample = ctx.store.focus.value;
  if (sample === null) return <Explanation title="Inspector" text="Click a sample to see everything that is known of it." />;
  return <Sample ctx={ctx} sample={sample} />;
}

function Sample({ ctx, sample }: { ctx: Context; sample: number }) {
  const { store } = ctx;
  const { fetched, failed, again } = useSample(ctx, sample);
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  const shown = store.shown.value;
  const position = shown.indexOf(sample);
  const id = String(fetched?.row.get(store.recording.value.columns.find(({ role }) => role === "id")?.name ?? "sample_id") ?? `sample ${count(sample)}`);
  const keyed = (event: KeyboardEvent) => {
    const tag = (event.composedPath()[0] as HTMLElement).tagName;
    if (tag === "SELECT" || tag === "INPUT" || (event.composedPath()[0] as HTMLElement).getAttribute("role") === "slider") return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") store.focus.value = null;
    else if (by !== undefined) store.step(by);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="inspector" ref={box} tabIndex={-1} onKeyDown={keyed} aria-label={`Sample ${id}`}>
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
      </nav>
      {failed !== null && <Failure what="The sample could not be read." why={failed} retry={again} />}
      {fetched ? <Body ctx={ctx} fetched={fetched} /> : failed === null && <Waiting what="Reading the sample" height={320} />}
    </section>
  );
}

export const inspector = defineComponent({
  type: "inspector",
  title: "Inspector",
  needs: [],
  styles: css,
  applies: () => true,
  mount: drawn(Inspector),
});
