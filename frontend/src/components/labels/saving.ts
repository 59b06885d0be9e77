/** What people decided, as files: the same columns as `bathyscope export labels` writes, and the log as it stands. */
import { fileName, saveAs } from "../../draw/save";
import type { Context } from "../component";
import { csv } from "../timetravel/keep";
import { labelAfter } from "./decided";
import type { Desk } from "./desk";

export const COLUMNS = ["sample_id", "split", "label_old", "label_new", "status", "label_set", "duplicate_of", "n_votes", "author", "time"] as const;

/** A row for each sample with a decision, in the order of the samples. */
export function corrections(desk: Desk): (readonly (string | number | null)[])[] {
  const rows: (readonly (string | number | null)[])[] = [];
  for (let row = 0; row < desk.found.n; row++) {
    const id = desk.idOf(row);
    const vote = desk.decided.standing.get(id);
    if (!vote) continue;
    const old = desk.nameOf(row);
    rows.push([id, desk.splitOf(row), old, labelAfter(vote, old), vote.action, vote.labels.join("|"), vote.of, desk.decided.votes.get(id)?.size ?? 1, vote.author, vote.time]);
  }
  return rows;
}

export function saveCorrections(ctx: Context, desk: Desk): void {
  saveAs(new Blob([csv([COLUMNS, ...corrections(desk)])], { type: "text/csv" }), fileName([ctx.store.recording.peek().name, "corrected-labels"], "csv"));
}

/** Every decision about labels, taken back or not, a line of JSON each. */
export function logLines(ctx: Context): string {
  const log = (ctx.store.log.peek() ?? []).filter(({ kind }) => kind === "label" || kind === "undo");
  return log.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

export function saveLog(ctx: Context): void {
  saveAs(new Blob([logLines(ctx)], { type: "application/jsonl" }), fileName([ctx.store.recording.peek().name, "decisions"], "jsonl"));
}
