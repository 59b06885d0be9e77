/** Points in time as people divide them: at round times of the calendar, in UTC. All times are milliseconds since 1970. */
import { utcTickInterval, utcTicks } from "d3-time";

const [SECOND, MINUTE, DAY] = [1000, 60_000, 86_400_000];

/** About so many round times from the last before `low` to the first after `high`. */
export function timeEdges(low: number, high: number, about: number): number[] {
  const interval = utcTickInterval(new Date(low), new Date(high), about);
  if (!interval) return [low, high];
  const edges = interval.range(interval.floor(new Date(low)), new Date(high)).map(Number);
  return [...edges, Number(interval.ceil(new Date((edges.at(-1) ?? low) + 1)))];
}

/** About so many round times between two. */
export function timeTicks(low: number, high: number, about: number): number[] {
  return utcTicks(new Date(low), new Date(high), about).map(Number);
}

/** Rounds times within a span down to the calendar, to about a hundredth of the span. */
export function timeRounding(low: number, high: number): (at: number) => number {
  const interval = utcTickInterval(new Date(low), new Date(high), 100);
  return (at) => (interval ? Number(interval.floor(new Date(at))) : at);
}

/** How to write these times: days alone where all are whole days, else as far as the finest goes. */
export function timeWords(times: readonly number[]): (at: number) => string {
  const digits = times.every((at) => at % DAY === 0) ? 10 : times.every((at) => at % MINUTE === 0) ? 16 : times.every((at) => at % SECOND === 0) ? 19 : 23;
  return (at) => new Date(at).toISOString().slice(0, digits).replace("T", " ");
}
