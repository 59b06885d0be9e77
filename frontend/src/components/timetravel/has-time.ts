import type { Recording } from "../../hosts/recording";

/** Whether there is anything to travel through: true, or why not and what to do. */
export function hasTime(recording: Recording): true | string {
  if (recording.nSamples === 0) return "The recording holds no sample yet.";
  if (recording.checkpoints.length >= 2) return true;
  if (recording.writing) return "This fills with the second checkpoint: one alone has nowhere to move to.";
  return "Fewer than two checkpoints are recorded, so nothing moves. Call recorder.checkpoint(model) after every epoch to see the training happen.";
}

/** Time, and what an analysis of it needs; `what` begins the sentence that says what is missing. */
export function applies(recording: Recording, analysis: string, what: string): true | string {
  const time = hasTime(recording);
  if (time !== true) return time;
  const missing = recording.missing[analysis];
  if (missing === undefined) return `${what} cannot be told: there is no analysis “${analysis}” here; another Bathyscope wrote this page.`;
  return missing.length === 0 || `${what} cannot be told: the recording has ${missing.join("; it has ")}`;
}
