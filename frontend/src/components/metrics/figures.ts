/** Figures of a group from its counts, each with its interval, or the reason why there is none. */
import type { GroupCounts } from "../../state/counting";
import { UNKNOWN, differenceTest, f1Of, meanOf, meanOfSums, wilson } from "../../state/intervals";
import type { Estimate } from "../../state/performance";
import type { Average, Figure } from "./options";

export const FIGURE_NAMES: Readonly<Record<Figure, string>> = {
  accuracy: "Right",
  precision: "Precision",
  recall: "Recall",
  f1: "F1",
  balanced: "Balanced accuracy",
  confidence: "Mean confidence",
};

export const FIGURE_HINTS: Readonly<Record<Figure, string>> = {
  accuracy: "Share right",
  precision: "Of what is called so, the share that is; over the classes that occur here",
  recall: "Of what is so, the share that is called so; over the classes that occur here",
  f1: "Harmonic mean of precision and recall; over the classes that occur here",
  balanced: "Mean share right of the labels that occur here, each label counting the same",
  confidence: "How sure the network says it is, on average",
};

/** A figure with its interval, and why there is none where there is none. */
export interface Told extends Estimate {
  why: string | null;
}

export interface GroupFigures {
  group: number;
  support: number;
  wrong: number;
  of: Readonly<Record<Figure, Told>>;
  /** Share right here minus share right in all other groups; null where there is no other. */
  difference: number | null;
  /** The chance of such a difference if there were none. */
  chance: number | null;
}

function told(estimate: Estimate, why: string): Told {
  return { ...estimate, why: estimate.value === null ? why : null };
}

const EMPTY = "No labelled sample here has a prediction";
const SEVERAL = "Samples carry several labels; the class table says how good each is";

interface ClassCounts {
  labelled: number;
  called: number;
  hits: number;
}

/** Counts of the classes that occur in a group as a label or as a prediction. */
function occurring({ byClass, classes }: GroupCounts, group: number): ClassCounts[] {
  const found: ClassCounts[] = [];
  if (!byClass) return found;
  for (let at = group * classes; at < (group + 1) * classes; at++) {
    const [labelled, called] = [byClass.labelled[at] as number, byClass.called[at] as number];
    if (labelled > 0 || called > 0) found.push({ labelled, called, hits: byClass.hits[at] as number });
  }
  return found;
}

type Averaged = Pick<GroupFigures["of"], "precision" | "recall" | "f1" | "balanced">;

function f1({ labelled, called, hits }: ClassCounts): Estimate {
  return f1Of(hits, labelled + called - 2 * hits);
}

/** A class never called has no precision: in a mean it counts as 0, as everywhere in Bathyscope. */
function averaged(classes: readonly ClassCounts[], average: Average, accuracy: Estimate): Averaged {
  const labelled = classes.filter((own) => own.labelled > 0);
  const balanced = told(meanOf(labelled.map((own) => wilson(own.hits, own.labelled))), EMPTY);
  if (labelled.length === 1) {
    const alone = told(UNKNOWN, "Only one label occurs here, so nothing else could be called so");
    return { precision: alone, recall: told(accuracy, EMPTY), f1: alone, balanced };
  }
  // One label for each sample: every mistake is one class too many and one too few, so all three are the share right.
  if (average === "micro") return { precision: told(accuracy, EMPTY), recall: told(accuracy, EMPTY), f1: told(accuracy, EMPTY), balanced };
  const weights = average === "weighted" ? classes.map((own) => own.labelled) : null;
  const mean = (of: (own: ClassCounts) => Estimate) => told(meanOf(classes.map(of), weights), EMPTY);
  return {
    precision: mean((own) => wilson(own.hits, own.called)),
    recall: mean((own) => wilson(own.hits, own.labelled)),
    f1: mean(f1),
    balanced,
  };
}

/** The class a group is about, where the groups are the labels: its own precision, recall and F1 among everything counted. */
function ofClass(counts: GroupCounts, index: number): Averaged {
  let [labelled, called, hits] = [0, 0, 0];
  for (let group = 0; group < counts.groups; group++) {
    const at = group * counts.classes + index;
    labelled += counts.byClass?.labelled[at] ?? 0;
    called += counts.byClass?.called[at] ?? 0;
    hits += counts.byClass?.hits[at] ?? 0;
  }
  return {
    precision: told(wilson(hits, called), "Never predicted here"),
    recall: told(wilson(hits, labelled), "No sample here"),
    f1: told(f1({ labelled, called, hits }), "No sample here, and never predicted"),
    balanced: told(UNKNOWN, "One label only: there is nothing to balance"),
  };
}

function without(why: string): Averaged {
  const none = told(UNKNOWN, why);
  return { precision: none, recall: none, f1: none, balanced: none };
}

/** Figures of every group that holds a sample; `label` tells the class of a group where the groups are the labels. */
export function figuresOf(counts: GroupCounts, average: Average, label: ((group: number) => number | null) | null = null): GroupFigures[] {
  const all = counts.support.reduce((sum, n) => sum + n, 0);
  const right = counts.right.reduce((sum, n) => sum + n, 0);
  const out: GroupFigures[] = [];
  for (let group = 0; group < counts.groups; group++) {
    const [support, hits] = [counts.support[group] as number, counts.right[group] as number];
    if (support === 0) continue;
    const accuracy = told(wilson(hits, support), EMPTY);
    const own = label?.(group) ?? null;
    const classes = !counts.byClass ? without(SEVERAL) : own !== null ? ofClass(counts, own) : averaged(occurring(counts, group), average, accuracy);
    const confidence = told(meanOfSums(counts.sure[group] as number, counts.sum[group] as number, counts.squares[group] as number), "Nothing says how sure it is");
    const rest = all - support;
    out.push({
      group,
      support,
      wrong: support - hits,
      of: { accuracy, confidence, ...classes },
      difference: rest === 0 ? null : hits / support - (right - hits) / rest,
      chance: differenceTest(hits, support, right - hits, rest),
    });
  }
  return out;
}

/** A chance that counts as clear although so many groups were looked at (Bonferroni). */
export function clear(chance: number | null, looked: number): boolean {
  return chance !== null && chance * Math.max(1, looked) < 0.05;
}

/** All groups as one. */
export function together(counts: GroupCounts): GroupCounts {
  const { groups, classes, byClass } = counts;
  const sum = <A extends Uint32Array | Float64Array>(from: A, width: number): A => {
    const out = from.slice(0, width) as A;
    for (let at = width; at < groups * width; at++) out[at % width] = (out[at % width] as number) + (from[at] as number);
    return out;
  };
  if (groups === 0) return counts;
  return {
    groups: 1,
    classes,
    support: sum(counts.support, 1),
    right: sum(counts.right, 1),
    sure: sum(counts.sure, 1),
    sum: sum(counts.sum, 1),
    squares: sum(counts.squares, 1),
    byClass: byClass && { labelled: sum(byClass.labelled, classes), called: sum(byClass.called, classes), hits: sum(byClass.hits, classes) },
  };
}
