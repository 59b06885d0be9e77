/** The figures of a region in words. */
import { count, percent, plural } from "../../draw/format";
import { differenceTest } from "../../state/intervals";
import { clear } from "../metrics/figures";
import type { Area, Counted, Figures } from "./counts";

/** "12 of 40 samples", or "40 samples" where the filter keeps them all. */
export function howMany({ all, passing }: Pick<Figures, "all" | "passing">): string {
  return passing === all ? plural(all, "sample") : `${count(passing)} of ${plural(all, "sample")}`;
}

export function rightWords({ right, judged }: Figures, least: number): string {
  if (judged === 0) return "none with a label and a prediction";
  if (judged < least) return `too few to tell a share: ${count(judged)} judged`;
  return `${percent(right.value)} right, 95 % interval ${percent(right.low)} to ${percent(right.high)}, of ${count(judged)} judged`;
}

/** What the map shows, as its title. */
export function finding({ areas, total }: Counted, nameOf: (area: Area) => string, column: string, { right, least }: { right: boolean; least: number }): string {
  const known = [...areas.values()].filter(({ passing }) => passing > 0);
  if (right) {
    const enough = known.filter(({ judged }) => judged >= least);
    const [weakest] = enough.toSorted((a, b) => (a.right.value ?? 0) - (b.right.value ?? 0));
    if (!weakest || enough.length < 2) return `Too few samples to compare regions of ${column}`;
    const rest = { hits: total.hits - weakest.hits, judged: total.judged - weakest.judged };
    const weaker = rest.judged > 0 && (weakest.right.value ?? 1) < rest.hits / rest.judged;
    const sure = clear(differenceTest(weakest.hits, weakest.judged, rest.hits, rest.judged), enough.length);
    return weaker && sure ? `Weakest in ${nameOf(weakest)}: ${percent(weakest.right.value)} right` : "No region is clearly weaker than the rest";
  }
  const [most] = known.toSorted((a, b) => b.passing - a.passing);
  return most ? `Most samples are from ${nameOf(most)}: ${percent(most.passing / total.passing)}` : `Where do the samples come from, by ${column}?`;
}
