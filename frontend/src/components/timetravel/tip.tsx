/** The sample under the pointer: its picture, what it is called at this checkpoint, and how that came to be. */
import { useEffect, useState } from "preact/hooks";
import type { Hit } from "../../draw/points/options";
import { count, probability } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import type { Context } from "../component";
import { Picture } from "../grid/card";
import { MARK_WORDS, type Mark } from "./marks";
import type { Course, Courses } from "./courses";
import { Story } from "./story";

const WIDTH = 214;
const HEIGHT = 210;
/** A pointer that only passes over asks for nothing. */
const REST_MS = 70;

/** The course of a sample once the pointer rests on it. */
function useCourse(courses: Courses | null, sample: number): Course | undefined {
  const [, arrived] = useState(0);
  useEffect(() => {
    if (!courses || courses.known(sample)) return;
    const timer = setTimeout(() => void courses.of([sample]).then(() => arrived((n) => n + 1), () => undefined), REST_MS);
    return () => clearTimeout(timer);
  }, [courses, sample]);
  return courses?.known(sample);
}

export interface TipFacts {
  label: number | null;
  prediction: number | null;
  lies: boolean;
  mark: Mark | null;
}

export function Tip(props: { ctx: Context; hit: Hit; facts: TipFacts; courses: Courses | null; frame: number | null; box: { width: number; height: number } }) {
  const { ctx, hit, facts, courses, box, frame } = props;
  const { classes, kind } = ctx.store.recording.value;
  const { label, prediction } = facts;
  const course = useCourse(courses, hit.index);
  const name = (index: number) => classes[index] ?? `class ${index}`;
  const left = hit.x + 14 + WIDTH > box.width ? Math.max(4, hit.x - 14 - WIDTH) : hit.x + 14;
  const top = Math.max(4, Math.min(box.height - HEIGHT, hit.y - HEIGHT / 3));
  const sure = course && frame !== null ? (course.label[frame] ?? null) : null;
  return (
    <div class="tip" role="status" style={{ left: `${left}px`, top: `${top}px`, width: `${WIDTH}px` }}>
      {kind === "image" && <span class="thumb"><Picture key={hit.index} ctx={ctx} sample={hit.index} size={96} alt="" /></span>}
      <p class="names">
        {label !== null ? <span class="name"><Swatch of={label} /> {name(label)}</span> : <span class="muted">no label</span>}
        {prediction !== null && (label === prediction ? <span class="muted">rightly so called</span> : <span class="wrong">→ {name(prediction)}</span>)}
      </p>
      {course && <Story course={course} classes={classes} label={label} width={WIDTH - 14} height={44} at={frame} />}
      <p class="muted small">{`sample ${count(hit.index)}${sure === null ? "" : ` · label ${probability(sure)}`}`}</p>
      {facts.lies && <p class="warn small">Its place lies: the network says otherwise.</p>}
      {facts.mark && <p class="small">{MARK_WORDS[facts.mark]}</p>}
    </div>
  );
}
