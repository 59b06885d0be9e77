/** What people decided about labels, replayed from the log as `bathyscope export labels` replays it. */
import type { Json, Logged } from "../../hosts/host";

export const ACTIONS = ["keep", "set", "merge", "split", "ambiguous", "none", "exclude", "include", "duplicate_of", "skip"] as const;
export type Action = (typeof ACTIONS)[number];

export interface Vote {
  action: Action;
  /** The class it was set to. */
  label: string | null;
  labels: readonly string[];
  of: string | null;
  author: string;
  time: string;
  sequence: number;
  /** Why it was looked at: "control" for what was drawn at random. */
  reason: string;
}

export interface Decided {
  /** The decision that counts, by sample id: the latest. */
  standing: ReadonlyMap<string, Vote>;
  /** Everybody's latest, by sample id. */
  votes: ReadonlyMap<string, ReadonlyMap<string, Vote>>;
  /** Put off, and nothing else. */
  skipped: ReadonlySet<string>;
  /** Decided as a part of a control sample. */
  control: ReadonlySet<string>;
  /** When each decision was made, ascending, in milliseconds. */
  times: readonly number[];
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** The votes that one event casts: the same for each of its samples; null for everything else in the log. */
export function votesIn({ kind, payload, inForce, author, time, sequence }: Logged): { samples: readonly string[]; vote: Vote } | null {
  if (kind !== "label" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) return null;
  const said = payload as { readonly [key: string]: Json };
  const action = ACTIONS.find((one) => one === said["action"]);
  const samples = said["samples"];
  if (action === undefined || !Array.isArray(samples)) return null;
  const labels = said["labels"];
  return {
    samples: samples.filter((id) => typeof id === "string"),
    vote: { action, label: text(said["label"]), labels: Array.isArray(labels) ? labels.filter((name) => typeof name === "string") : [], of: text(said["of"]), author, time, sequence, reason: text(said["reason"]) ?? "" },
  };
}

interface Ledger extends Decided {
  standing: Map<string, Vote>;
  votes: Map<string, Map<string, Vote>>;
  skipped: Set<string>;
  control: Set<string>;
  times: number[];
}

function enter(into: Ledger, entry: Logged): void {
  const said = votesIn(entry);
  if (!said) return;
  const { vote } = said;
  const { standing, votes, skipped, control } = into;
  if (vote.action !== "skip") into.times.push(Date.parse(vote.time));
  for (const id of said.samples) {
    if (vote.action === "skip") {
      if (!standing.has(id)) skipped.add(id);
      continue;
    }
    skipped.delete(id);
    if (vote.reason === "control") control.add(id);
    standing.delete(id); // a later decision is a later one in the list, too
    standing.set(id, vote);
    const by = votes.get(id) ?? new Map<string, Vote>();
    votes.set(id, by.set(vote.author, vote));
  }
}

function begun(): Ledger {
  return { standing: new Map(), votes: new Map(), skipped: new Set(), control: new Set(), times: [] };
}

/**
 * A replay that goes on where it stopped: a decision more costs the same, whether a hundred or ten thousand came before.
 * What it gave before is written on, so only the newest answer may be read.
 */
export function replay(): (log: readonly Logged[]) => Decided {
  let [ledger, before] = [begun(), [] as readonly Logged[]];
  return (log) => {
    // What was taken back is another entry in its old place; then, and only then, all is read again.
    const goesOn = log.length >= before.length && before.every((entry, place) => entry === log[place]);
    if (!goesOn) ledger = begun();
    for (const entry of goesOn ? log.slice(before.length) : log) enter(ledger, entry);
    before = log;
    return { ...ledger };
  };
}

export function replayed(log: readonly Logged[]): Decided {
  return replay()(log);
}

/** The label after a decision; null where none of the classes fits. */
export function labelAfter(vote: Pick<Vote, "action" | "label">, given: string | null): string | null {
  if (vote.action === "set" || vote.action === "merge" || vote.action === "split") return vote.label;
  return vote.action === "none" ? null : given;
}

/** Whether the label was found to be wrong. */
export function wasWrong(vote: Pick<Vote, "action" | "label">, given: string | null): boolean {
  return labelAfter(vote, given) !== given;
}

/** What a vote comes to: people whose verdicts are equal agree. */
export function verdictOf(vote: Vote, given: string | null): string {
  if (["keep", "set", "merge", "split"].includes(vote.action)) return `label ${labelAfter(vote, given) ?? ""}`;
  return `${vote.action} ${vote.label ?? ""} ${[...vote.labels].sort().join("|")} ${vote.of ?? ""}`;
}

/** The decision in words: "Shirt", "kept", "T-shirt or Shirt". */
export function wordsOf(vote: Pick<Vote, "action" | "label" | "labels" | "of">): string {
  switch (vote.action) {
    case "keep":
      return "kept";
    case "ambiguous":
      return vote.labels.join(" or ");
    case "none":
      return "none of the classes";
    case "exclude":
      return "excluded";
    case "include":
      return "included again";
    case "duplicate_of":
      return `copy of ${vote.of ?? ""}`;
    case "skip":
      return "skipped";
    default:
      return vote.label ?? "";
  }
}

/** Ids about which people disagree, those with most votes first. */
export function disagreements(decided: Decided, givenOf: (id: string) => string | null): string[] {
  const differing = [...decided.votes].filter(([id, by]) => by.size > 1 && new Set([...by.values()].map((vote) => verdictOf(vote, givenOf(id)))).size > 1);
  return differing.sort((a, b) => b[1].size - a[1].size).map(([id]) => id);
}

export interface Agreement {
  a: string;
  b: string;
  both: number;
  share: number;
  /** Cohen's kappa; null where both always say the same one thing, so that chance explains it all. */
  kappa: number | null;
}

/** How far two people agree beyond chance, for every two who decided about the same samples. */
export function agreements(decided: Decided, givenOf: (id: string) => string | null): Agreement[] {
  const said = new Map<string, Map<string, string>>();
  for (const [id, by] of decided.votes) {
    if (by.size < 2) continue;
    for (const [author, vote] of by) said.set(author, (said.get(author) ?? new Map<string, string>()).set(id, verdictOf(vote, givenOf(id))));
  }
  const authors = [...said.keys()];
  return authors.flatMap((a, i) => authors.slice(i + 1).flatMap((b): Agreement[] => {
    const pairs = [...(said.get(a) ?? [])].flatMap(([id, verdict]) => {
      const other = said.get(b)?.get(id);
      return other === undefined ? [] : [[verdict, other] as const];
    });
    return pairs.length === 0 ? [] : [{ a, b, ...cohen(pairs) }];
  }));
}

/** References: Cohen (1960), A coefficient of agreement for nominal scales. */
export function cohen(pairs: readonly (readonly [string, string])[]): { both: number; share: number; kappa: number | null } {
  const n = pairs.length;
  const [first, second] = [new Map<string, number>(), new Map<string, number>()];
  let same = 0;
  for (const [a, b] of pairs) {
    if (a === b) same++;
    first.set(a, (first.get(a) ?? 0) + 1);
    second.set(b, (second.get(b) ?? 0) + 1);
  }
  const chance = [...first].reduce((sum, [verdict, count]) => sum + (count * (second.get(verdict) ?? 0)) / n ** 2, 0);
  return { both: n, share: same / n, kappa: chance >= 1 ? null : (same / n - chance) / (1 - chance) };
}
