/** What deserves a second look: decided against a model that is sure, put off, left open between classes, commented on. */
import type { Json, Logged } from "../../hosts/host";
import { probability } from "../../draw/format";
import { labelAfter, wordsOf } from "./decided";
import type { Desk } from "./desk";
import type { Item } from "./queue";

/** A class that a model gives less than this is one it speaks against; another one above `SURE` is its own opinion. */
const AGAINST = 0.05;
const SURE = 0.7;

/** What the model thinks instead, in words; null where it does not speak against the decision. */
function objection(desk: Desk, row: number): { sure: number; why: string } | null {
  const vote = desk.decided.standing.get(desk.idOf(row));
  if (!vote || !/^(keep|set|merge|split)$/.test(vote.action)) return null;
  const label = labelAfter(vote, desk.nameOf(row));
  const own = desk.labelOf(row);
  const said = [...(own === null ? [] : [{ index: own, probability: desk.likely(row) }]), ...desk.suggestions(row)];
  const best = said.reduce<{ index: number; probability: number } | null>((to, { index, probability: value }) => (value !== null && value > (to?.probability ?? 0) ? { index, probability: value } : to), null);
  const chosen = said.find(({ index }) => desk.classes[index] === label)?.probability ?? 0;
  if (!best || best.probability < SURE || chosen >= AGAINST) return null;
  return { sure: best.probability, why: `Decided: ${wordsOf(vote)}. The model: ${probability(best.probability)} for ${desk.classes[best.index] ?? ""}.` };
}

export interface Contradicted {
  row: number;
  sure: number;
  why: string;
}

/** Decisions that a sure model speaks against, the surest first. */
export function contradicted(desk: Desk): Contradicted[] {
  return [...desk.decided.standing.keys()].flatMap((id): Contradicted[] => {
    const row = desk.placeOf(id);
    const against = row === undefined ? null : objection(desk, row);
    return row === undefined || !against ? [] : [{ row, ...against }];
  }).sort((a, b) => b.sure - a.sure || a.row - b.row);
}

/** The last comment on each sample, by its id. */
export function commentsIn(log: readonly Logged[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { kind, inForce, payload } of log) {
    if (kind !== "note" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) continue;
    const { sample, text } = payload as { readonly [name: string]: Json };
    if (typeof sample === "string" && typeof text === "string" && text !== "") found.set(sample, text);
  }
  return found;
}

/** In this order: what the model contradicts most surely, what was skipped, what fits several classes, what has a comment. */
export function secondLook(desk: Desk, log: readonly Logged[]): Item[] {
  const { standing, skipped } = desk.decided;
  const against = contradicted(desk);
  const spoken = new Set(against.map(({ row }) => row));
  const ambiguous: { row: number; why: string }[] = [];
  const noted: { row: number; why: string }[] = [];
  for (const [id, vote] of standing) {
    const row = desk.placeOf(id);
    if (row === undefined) continue;
    if (!spoken.has(row) && vote.action === "ambiguous") ambiguous.push({ row, why: `Left open: ${wordsOf(vote)}.` });
  }
  for (const [id, text] of commentsIn(log)) {
    const row = desk.placeOf(id);
    if (row !== undefined) noted.push({ row, why: `Comment: ${text}` });
  }
  // That it was skipped, the desk says itself.
  const put = [...skipped].flatMap((id) => desk.placeOf(id) ?? []).map((row) => ({ row, why: "" }));
  const all = [...against, ...put, ...ambiguous, ...noted];
  const first = new Map<number, Item>();
  for (const { row, why } of all) {
    const before = first.get(row);
    const words = [before?.why ?? "", why].filter((one) => one !== "").join(" ");
    first.set(row, { rows: [row], ...(words === "" ? {} : { why: words }) });
  }
  return [...first.values()];
}
