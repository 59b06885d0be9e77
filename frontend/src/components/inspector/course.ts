/** How one sample went through the checkpoints: probabilities per class and what happened when. */
import { numbersOf, stringsOf, valueAt, type Column, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";

export interface CoursePoint {
  checkpoint: string;
  step: number;
  epoch: number | null;
  prediction: number | null;
  confidence: number | null;
  loss: number | null;
  /** Class index → probability; only the classes that were sent. */
  probabilities: ReadonlyMap<number, number>;
}

function number(column: Column | undefined, row: number): number | null {
  const value = column ? valueAt(column, row) : null;
  return value === null || (typeof value !== "number" && typeof value !== "bigint") ? null : Number.isNaN(Number(value)) ? null : Number(value);
}

function numbers(value: Value): readonly (number | null)[] {
  return Array.isArray(value) ? value.map((item) => (item === null || Number.isNaN(Number(item)) ? null : Number(item))) : [];
}

export function readCourse(table: Table): CoursePoint[] {
  const checkpoint = stringsOf(table, "checkpoint");
  const steps = numbersOf(table, "step").values;
  const list = table.get("probabilities");
  const places = table.get("class_indices");
  return Array.from(steps, (step, row) => {
    const values = list ? numbers(valueAt(list, row)) : [];
    const indices = places ? numbers(valueAt(places, row)) : values.map((_, i) => i);
    const probabilities = new Map<number, number>();
    indices.forEach((index, i) => {
      const value = values[i] ?? null;
      if (index !== null && value !== null) probabilities.set(index, value);
    });
    return {
      checkpoint: checkpoint(row),
      step,
      epoch: number(table.get("epoch"), row),
      prediction: number(table.get("prediction"), row),
      confidence: number(table.get("confidence"), row),
      loss: number(table.get("loss"), row),
      probabilities,
    };
  });
}

export interface Events {
  /** Position of the first checkpoint that predicts the label; null if none does. */
  firstLearnt: number | null;
  /** Positions at which right became wrong or wrong became right. */
  flips: readonly number[];
}

export function eventsOf(course: readonly CoursePoint[], label: number): Events {
  const right = course.map((point) => (point.prediction === null ? null : point.prediction === label));
  const first = right.indexOf(true);
  const flips = right.flatMap((now, i) => (i > 0 && now !== null && right[i - 1] !== null && now !== right[i - 1] ? [i] : []));
  return { firstLearnt: first < 0 ? null : first, flips };
}

/** What happened, in a sentence. */
export function courseSentence(course: readonly CoursePoint[], label: number | null): string {
  if (course.length === 0) return "No checkpoint has a prediction for it.";
  if (label === null) return "It has no label, so right and wrong cannot be told.";
  const { firstLearnt, flips } = eventsOf(course, label);
  if (firstLearnt === null) return course.length === 1 ? "Wrong at the one checkpoint." : "Never called what it is labelled.";
  const rightNow = course.at(-1)?.prediction === label;
  const changes = flips.length - (firstLearnt > 0 ? 1 : 0);
  const learnt = firstLearnt === 0 ? "Right from the first checkpoint" : `First right at checkpoint ${firstLearnt + 1}`;
  if (changes <= 0) return rightNow ? `${learnt}, and right ever since.` : `${learnt}.`;
  return `${learnt}, then changed its mind ${changes === 1 ? "once" : `${changes} times`}; ${rightNow ? "right" : "wrong"} at the last.`;
}

/** Classes worth a line: the label, then those that were most probable anywhere. */
export function topClasses(course: readonly CoursePoint[], label: number | null, most: number): number[] {
  const peak = new Map<number, number>();
  for (const point of course) for (const [index, p] of point.probabilities) peak.set(index, Math.max(p, peak.get(index) ?? 0));
  const rest = [...peak].filter(([index]) => index !== label).sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([index]) => index);
  return [...(label !== null ? [label] : []), ...rest].slice(0, most);
}
