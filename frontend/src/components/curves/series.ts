/** What can be drawn over the checkpoints: our measures by split, and whatever numbers the training wrote down itself. */
import type { Recording } from "../../hosts/recording";
import type { Estimate, MeasureName, Metrics } from "../../state/performance";
import { ALL } from "../../state/selection";

export interface Choice {
  id: string;
  name: string;
  /** A share of samples, shown as percent. */
  share: boolean;
  /** Larger is better, smaller is better, or neither is known. */
  better: "larger" | "smaller" | null;
}

const OURS: readonly (Choice & { id: MeasureName })[] = [
  { id: "accuracy", name: "Accuracy", share: true, better: "larger" },
  { id: "log_loss", name: "Log loss", share: false, better: "smaller" },
  { id: "f1", name: "F1, mean of classes", share: false, better: "larger" },
  { id: "precision", name: "Precision, mean of classes", share: false, better: "larger" },
  { id: "recall", name: "Recall, mean of classes", share: false, better: "larger" },
  { id: "ece", name: "Calibration error", share: false, better: "smaller" },
];

export interface Series {
  name: string;
  /** The split whose samples a click shows; null for numbers that no sample stands behind. */
  split: string | null;
  values: readonly Estimate[];
}

export function choices(recording: Recording, measured: boolean): Choice[] {
  const written = new Set(recording.checkpoints.flatMap((checkpoint) => Object.keys(checkpoint.metrics)));
  return [
    ...(measured ? OURS : []),
    ...[...written].map((name) => ({ id: `recorded:${name}`, name: `${name} (recorded)`, share: false, better: null })),
  ];
}

export function seriesOf(choice: Choice, recording: Recording, metrics: Metrics | null, chosenSplit: string): Series[] {
  const { checkpoints } = recording;
  if (choice.id.startsWith("recorded:")) {
    const key = choice.id.slice("recorded:".length);
    const values = checkpoints.map((checkpoint) => ({ value: checkpoint.metrics[key] ?? null, low: null, high: null }));
    return [{ name: key, split: null, values }];
  }
  const many = recording.splits.length > 1;
  const names = many ? recording.splits.map((split) => split.name) : [];
  if (!many || chosenSplit === ALL) names.unshift(ALL);
  return names
    .map((split) => ({
      name: split,
      split,
      values: checkpoints.map(({ name }) => metrics?.overall(name, split)?.of(choice.id as MeasureName) ?? { value: null, low: null, high: null }),
    }))
    .filter((series) => series.values.some((estimate) => estimate.value !== null));
}

/** Position of the best value, the earliest when several tie. */
export function bestOf(values: readonly Estimate[], better: Choice["better"]): number | null {
  if (better === null) return null;
  let best: number | null = null;
  values.forEach(({ value }, place) => {
    const held = best === null ? null : (values[best]?.value ?? null);
    if (value !== null && (held === null || (better === "larger" ? value > held : value < held))) best = place;
  });
  return best;
}
