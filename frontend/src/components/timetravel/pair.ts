/** Two samples through the training: how far apart they are drawn, and whether they are called the same. */
import type { Course } from "./courses";

export interface Pair {
  /** Distance on the picture at each checkpoint, as a share of its width; null where one of them has no place. */
  apart: readonly (number | null)[];
  /** At how many checkpoints both are called the same, of how many where both are called anything. */
  same: number;
  called: number;
}

export function pairOf(paths: readonly [Float64Array, Float64Array] | null, width: number, courses: readonly [Course, Course], frameOf: (place: number) => number | null): Pair {
  const [a, b] = courses;
  const n = a.prediction.length;
  const distance = (place: number): number | null => {
    const frame = frameOf(place);
    if (paths === null || frame === null || !(width > 0)) return null;
    const along = (axis: number) => (paths[0][2 * frame + axis] ?? NaN) - (paths[1][2 * frame + axis] ?? NaN);
    const away = Math.hypot(along(0), along(1)) / width;
    return Number.isNaN(away) ? null : away;
  };
  const both = Array.from({ length: n }, (_, place) => [a.prediction[place] ?? null, b.prediction[place] ?? null] as const).filter(([one, other]) => one !== null && other !== null);
  return { apart: Array.from({ length: n }, (_, place) => distance(place)), same: both.filter(([one, other]) => one === other).length, called: both.length };
}

/** "They come closer": the first known distance against the last, in words that a person would use. */
export function pairWords({ apart }: Pair): string {
  const known = apart.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2) return "Two samples through the training";
  if (Math.abs(last - first) < 0.02) return "Two samples that stay as far apart as they began";
  return last < first ? "Two samples that came closer" : "Two samples that went apart";
}
