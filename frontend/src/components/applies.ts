/** Reasons why a view has nothing to show, each with what to do; shared because the same things are missing everywhere. */
import { saysPredictions, type Recording } from "../hosts/recording";

export function needsCheckpoints(recording: Recording): true | string {
  if (recording.checkpoints.length > 0) return true;
  return recording.writing
    ? "No checkpoint is recorded yet. This fills as soon as the first one is."
    : "No checkpoint is recorded. Call recorder.checkpoint(model) while training, or bathyscope.record(model, samples, …) once after it.";
}

export function needsLabels(recording: Recording): true | string {
  if (recording.nSamples > 0 && recording.nMissingLabels < recording.nSamples) return true;
  return "No sample has a label, so right and wrong cannot be told. Record with labels=… to fill this.";
}

/** What is missing arrives as the end of a sentence; labels and checkpoints are told by the checks above. */
export function needsLogits(recording: Recording): true | string {
  const missing = (recording.missing["performance"] ?? []).filter((words) => !/^no (labels|checkpoint)/.test(words));
  return missing.length === 0 || `The recording has ${missing.join("; it has ")}`;
}

export function needsPredictions(recording: Recording): true | string {
  if (saysPredictions(recording)) return true;
  const why = needsCheckpoints(recording);
  return why === true ? needsLogits(recording) : `${why} In a plain table, name the column of predictions: prediction=….`;
}

/** The first reason that holds, or true. */
export function firstReason(recording: Recording, ...checks: readonly ((recording: Recording) => true | string)[]): true | string {
  for (const check of checks) {
    const answer = check(recording);
    if (answer !== true) return answer;
  }
  return true;
}
