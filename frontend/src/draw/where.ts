/** The few words beside a title that say what is being looked at: "test · checkpoint 12". */
import type { Recording } from "../hosts/recording";
import { ALL } from "../state/selection";

export function splitText(split: string): string {
  return split === ALL ? "all splits" : split;
}

/** People count checkpoints from 1; the name on disk is in the tooltip and the details. */
export function checkpointText(recording: Recording, name: string | null): string {
  const place = recording.checkpoints.findIndex((checkpoint) => checkpoint.name === name);
  return place < 0 ? "no checkpoint" : `checkpoint ${place + 1}`;
}

/** A plain table has no checkpoints, and says nothing of them. */
export function whereText(recording: Recording, split: string, checkpoint: string | null): string {
  return recording.checkpoints.length > 0 ? `${splitText(split)} · ${checkpointText(recording, checkpoint)}` : splitText(split);
}
