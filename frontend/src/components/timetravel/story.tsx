/** What became of one sample: the strip of its predictions, and the probability of its label as a line. */
import { linePath } from "../../draw/axes";
import { classColour } from "../../draw/colour";
import { probability } from "../../draw/format";
import type { Course } from "./courses";

/** "Shirt until checkpoint 4, then T-shirt": the strip in words. */
export function storyWords(course: Course, classes: readonly string[]): string {
  const parts: string[] = [];
  let before: number | null | undefined;
  course.prediction.forEach((prediction, place) => {
    if (prediction === before) return;
    const name = prediction === null ? "unknown" : (classes[prediction] ?? `class ${prediction}`);
    parts.push(parts.length === 0 ? name : `from checkpoint ${place + 1} ${name}`);
    before = prediction;
  });
  const last = course.label.at(-1) ?? null;
  return `Called ${parts.join(", ")}.${last === null ? "" : ` The label ends at ${probability(last)}.`}`;
}

interface Props {
  course: Course;
  classes: readonly string[];
  label: number | null;
  width: number;
  height: number;
  /** Where time stands, as a place among the checkpoints of the course. */
  at: number | null;
}

const STRIP = 7;

export function Story({ course, classes, label, width, height, at }: Props) {
  const n = course.prediction.length;
  const cell = width / Math.max(1, n);
  const x = (place: number) => (place + 0.5) * cell;
  const top = height - STRIP - 3;
  const y = (value: number) => 2 + (1 - value) * (top - 4);
  const line = linePath(course.label.map((value, place) => (value === null ? null : [x(place), y(value)])));
  return (
    <svg class="story" width={width} height={height} role="img" aria-label={storyWords(course, classes)}>
      <line x1={0} x2={width} y1={y(0)} y2={y(0)} stroke="var(--line)" />
      <line x1={0} x2={width} y1={y(0.5)} y2={y(0.5)} stroke="var(--line)" stroke-dasharray="2 3" />
      {at !== null && <rect x={x(at) - cell / 2} y={0} width={cell} height={height} fill="var(--accent-soft)" />}
      <path d={line} fill="none" stroke={label === null ? "var(--ink-2)" : classColour(label)} stroke-width={2} stroke-linejoin="round" />
      {n === 1 && course.label[0] != null && <circle cx={x(0)} cy={y(course.label[0])} r={2.5} fill={classColour(label)} />}
      {course.prediction.map((prediction, place) => (
        <rect key={place} x={place * cell} y={height - STRIP} width={Math.max(1, cell - 0.5)} height={STRIP} fill={classColour(prediction)} />
      ))}
    </svg>
  );
}
