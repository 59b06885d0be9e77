/** What became of the samples between two predictions of them: counts, by class, and how sure the change is. */
import { OUTCOMES, UNJUDGED, rowsIn, type Judged, type Outcome } from "../../state/counting";
import { chanceText, mcnemar, pairedChange } from "../../state/intervals";
import type { Mask } from "../../state/masks";
import type { Estimate } from "../../state/performance";
import { count, plural } from "../../draw/format";

export interface Agreement {
  /** The outcome of every sample, by its place in OUTCOMES. */
  outcomes: Uint8Array;
  counts: Readonly<Record<Outcome, number>>;
  total: number;
  /** Samples with a label that one of the two says nothing about. */
  apart: number;
  /** How much the share of right ones changed. */
  change: Estimate;
  /** The chance of so uneven a split of fixed and broken. */
  chance: number;
}

export interface ClassChange {
  label: number;
  total: number;
  counts: Readonly<Record<Outcome, number>>;
  change: Estimate;
}

function named(from: ArrayLike<number>, at = 0): Record<Outcome, number> {
  return Object.fromEntries(OUTCOMES.map((outcome, k) => [outcome, from[at + k] ?? 0])) as Record<Outcome, number>;
}

/** The outcomes of two predictions counted over the samples of a mask; `outcomes` are those of `outcomesOf(before, after)`. */
export function agreementOf(outcomes: Uint8Array, before: Judged, after: Judged, mask: Mask | null): Agreement {
  const found = new Uint32Array(OUTCOMES.length + 1);
  const rows = rowsIn(mask);
  const n = rows ? rows.length : outcomes.length;
  let apart = 0;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const outcome = outcomes[row] as number;
    found[outcome] = (found[outcome] as number) + 1;
    if (outcome === OUTCOMES.length && (before.state[row] !== UNJUDGED || after.state[row] !== UNJUDGED)) apart++;
  }
  const counts = named(found);
  const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  return { outcomes, counts, total, apart, change: pairedChange(counts.fixed, counts.broken, total), chance: mcnemar(counts.fixed, counts.broken) };
}

/** The same for every label that occurs. */
export function changesByClass({ outcomes }: Agreement, judged: Judged, mask: Mask | null): ClassChange[] {
  const width = OUTCOMES.length;
  const found = new Uint32Array(judged.classes * width);
  const rows = rowsIn(mask);
  const n = rows ? rows.length : outcomes.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const label = judged.label[row] as number;
    const outcome = outcomes[row] as number;
    if (label !== -1 && outcome !== width) found[label * width + outcome] = (found[label * width + outcome] as number) + 1;
  }
  return Array.from({ length: judged.classes }, (_, label) => {
    const counts = named(found, label * width);
    const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
    return { label, total, counts, change: pairedChange(counts.fixed, counts.broken, total) };
  }).filter(({ total }) => total > 0);
}

/** The finding: "Checkpoint 12 fixes 96 mistakes of checkpoint 8 and makes 41 new ones". */
export function finding({ counts, total }: Agreement, before: string, after: string): string {
  const name = `${after[0]?.toUpperCase() ?? ""}${after.slice(1)}`;
  if (total === 0) return `What changed from ${before} to ${after}?`;
  if (counts.fixed === 0 && counts.broken === 0) return `${name} is right and wrong where ${before} is`;
  return `${name} fixes ${plural(counts.fixed, "mistake")} of ${before} and makes ${count(counts.broken)} new ${counts.broken === 1 ? "one" : "ones"}`;
}

/** McNemar's test in plain words. */
export function chanceWords({ counts, chance }: Agreement): string {
  const changed = counts.fixed + counts.broken;
  if (changed === 0) return "No sample turned right or wrong, so there is nothing to test.";
  const split = `${count(counts.fixed)} to ${count(counts.broken)}`;
  const p = chanceText(chance);
  if (chance < 0.05) return `If both were equally good, a split as uneven as ${split} would be rare (McNemar, ${p}): ${counts.fixed > counts.broken ? "it got better" : "it got worse"} on samples like these.`;
  return `A split like ${split} is common between two that are equally good (McNemar, ${p}): nothing clear yet.`;
}
