/** What is known of a sample, as lists: what it is called, how probable each class is, everything that was recorded. */
import { useSignal } from "@preact/signals";
import { count, measure, probability, valueText } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import { classColour } from "../../draw/colour";
import type { Value } from "../../hosts/arrow";
import type { CoursePoint } from "./course";

const BARS = 6;
const MOST_BARS = 100;
/** Longer values are cut, and shown whole when asked for. */
const LONGEST = 160;

export function Verdict({ label, point, classes }: { label: number | null; point: CoursePoint | undefined; classes: readonly string[] }) {
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

/** The most probable classes, the label always among them. */
export function topOf(point: CoursePoint, label: number | null, most: number): (readonly [number, number])[] {
  const sorted = [...point.probabilities].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const top = sorted.slice(0, most);
  const own = sorted.find(([index]) => index === label);
  if (own && !top.includes(own)) top.splice(most - 1, 1, own);
  return top;
}

export function Bars({ point, label, classes }: { point: CoursePoint; label: number | null; classes: readonly string[] }) {
  const all = useSignal(false);
  const most = all.value ? MOST_BARS : BARS;
  const known = Math.min(point.probabilities.size, MOST_BARS);
  return (
    <>
      <ul class="bars" aria-label="Probabilities">
        {topOf(point, label, most).map(([index, p]) => (
          <li key={index} class={index === label ? "own" : ""}>
            <span class="name"><Swatch of={index} /> <span class="text" title={classes[index]}>{classes[index] ?? `class ${index}`}</span>{index === label && <span class="badge">label</span>}</span>
            <span class="track" aria-hidden="true"><i style={{ width: `${p * 100}%`, background: classColour(index) }} /></span>
            <span class="num">{probability(p)}</span>
          </li>
        ))}
      </ul>
      {known > BARS && <button type="button" class="button quiet more" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>{all.value ? `Show the ${BARS} most probable` : `Show ${count(known)} classes`}</button>}
    </>
  );
}

export function ValueOf({ value }: { value: Value }) {
  const all = useSignal(false);
  const text = valueText(value);
  if (text.length <= LONGEST) return <>{text}</>;
  return (
    <>
      {all.value ? text : `${text.slice(0, LONGEST)}…`}{" "}
      <button type="button" class="button quiet more" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>{all.value ? "Show less" : `Show all ${count(text.length)} characters`}</button>
    </>
  );
}

export function Metadata({ row, without, sample }: { row: ReadonlyMap<string, Value>; without: string; sample: number }) {
  return (
    <dl class="meta">
      {[...row].filter(([name]) => name !== without).map(([name, value]) => (
        <div key={name}>
          <dt>{name || "(no name)"}</dt>
          <dd class={value === null ? "muted" : ""}><ValueOf value={value} /></dd>
        </div>
      ))}
      <div><dt>sample_index</dt><dd class="num">{count(sample)}</dd></div>
    </dl>
  );
}
