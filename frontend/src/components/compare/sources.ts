import type { Recording } from "../../hosts/recording";
import type { Metrics } from "../../state/performance";
import { columnSource, predictionColumns } from "../use-judged";

/** Everything that says what the samples are: checkpoints, and columns of predictions. */
export function sources(recording: Recording): readonly string[] {
  return [...recording.checkpoints.map(({ name }) => name), ...predictionColumns(recording).map(columnSource)];
}

/** What to compare with unless told: the best checkpoint before it, the first where none is measured, or the other source. */
export function before(recording: Recording, after: string, metrics: Metrics | null, split: string): string | null {
  const place = recording.checkpoints.findIndex(({ name }) => name === after);
  const earlier = place < 0 ? recording.checkpoints : recording.checkpoints.slice(0, place);
  const right = (name: string) => metrics?.overall(name, split)?.of("accuracy").value ?? -1;
  const best = earlier.reduce<string | null>((most, { name }) => (most === null || right(name) > right(most) ? name : most), null);
  return best ?? sources(recording).find((source) => source !== after) ?? null;
}
