import type { Recording } from "../../hosts/recording";

/** Columns of a plain table that say how typical each sample is. */
export function columnsOf(recording: Recording): string[] {
  return recording.columns.filter(({ means }) => means === "familiarity").map(({ name }) => name);
}
