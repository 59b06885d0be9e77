/** What people answered, as the log says it; the last answer about a sample holds. */
import type { Json, Logged } from "../../hosts/host";
import { wilson } from "../../state/intervals";
import type { Estimate } from "../../state/performance";

export type Verdict = "yes" | "no" | "skip";

export const VERDICTS: readonly Verdict[] = ["yes", "no", "skip"];

export interface Answer {
  sampleId: string;
  verdict: Verdict;
  sequence: number;
  author: string;
  time: string;
  suggested: string | null;
}

/** An answer in force about this target; null for everything else in the log. */
export function answerIn({ kind, payload, inForce, sequence, author, time }: Logged, target: string): Answer | null {
  if (kind !== "answer" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) return null;
  const said = payload as { readonly [key: string]: Json };
  const verdict = VERDICTS.find((one) => one === said["verdict"]);
  const id = said["sample_id"];
  if (typeof id !== "string" || verdict === undefined || said["target"] !== target) return null;
  return { sampleId: id, verdict, sequence, author, time, suggested: typeof said["suggested"] === "string" ? said["suggested"] : null };
}

/** Whose answers there are, in the order of their first. */
export function reviewersIn(log: readonly Logged[], target: string): string[] {
  return [...new Set(log.flatMap((entry) => answerIn(entry, target)?.author ?? []))];
}

/** The answers of one person (null: of all), by sample id, in the order they were given. */
export function answersOf(log: readonly Logged[], target: string, reviewer: string | null): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const entry of log) {
    const answer = answerIn(entry, target);
    if (!answer || (reviewer !== null && answer.author !== reviewer)) continue;
    found.delete(answer.sampleId); // a later answer is a later one in the list, too
    found.set(answer.sampleId, answer);
  }
  return found;
}

export function idsWith(answers: ReadonlyMap<string, Answer>, verdict: Verdict): string[] {
  return [...answers.values()].filter((answer) => answer.verdict === verdict).map(({ sampleId }) => sampleId);
}

/** Of what was answered yes or no, how much was yes. */
export function precisionOf(answers: ReadonlyMap<string, Answer>): { hits: number; judged: number; estimate: Estimate } {
  const hits = idsWith(answers, "yes").length;
  const judged = hits + idsWith(answers, "no").length;
  return { hits, judged, estimate: wilson(hits, judged) };
}
