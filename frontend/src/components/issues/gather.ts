/** What is wrong, or may be: named sets of samples, from what was recorded, measured, found and said. */
import { count, percent, plural } from "../../draw/format";
import { valueAt, type Column } from "../../hosts/arrow";
import type { Json, Logged, Table } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import type { SampleColumns } from "../../state/performance";
import type { Truth } from "../../state/selection";
import { wilson } from "../../state/intervals";
import type { Group } from "../duplicates/groups";

export const SEVERITIES = ["high", "medium", "low"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Issue {
  /** Stays the same when the issue is found again, so that what was decided about it holds. */
  key: string;
  severity: Severity;
  /** What the samples are, after their number: "groups of the same picture span train and test". */
  words: string;
  /** The samples behind it, ascending. */
  rows: readonly number[];
  /** What the number counts where that is not the samples. */
  number?: number;
  says: string;
  /** Where it comes from: "found by duplicates", "named by ana". */
  by: string;
}

/** A slice with fewer judged samples than this says little. */
const FEW = 20;
/** A slice is weak if even the upper end of its interval lies this far below the whole. */
const BELOW = 0.05;
const FAR_BELOW = 0.2;
/** Ranks below this are strange; of as many samples, this share would be so by chance. */
const STRANGE = 0.02;
const TIMES_CHANCE = 3;
const LEAST_STRANGE = 5;
/** With fewer checkpoints, "never" is not long. */
const LONG = 3;

type Flags = { values: ArrayLike<number>; valid: Uint8Array | null };

function at(column: Flags | null | undefined, row: number): number | null {
  return !column || (column.valid && !column.valid[row]) ? null : (column.values[row] ?? null);
}

function rowsWhere(n: number, test: (row: number) => boolean): number[] {
  const rows: number[] = [];
  for (let row = 0; row < n; row++) if (test(row)) rows.push(row);
  return rows;
}

function inSplit(truth: Truth, name: string | null): (row: number) => boolean {
  const { split } = truth;
  if (!split || name === null) return () => true;
  const code = split.values.indexOf(name);
  return (row) => split.codes[row] === code;
}

export function trainSplit(recording: Recording): string | null {
  return recording.splits.map(({ name }) => name).find((name) => /^train/i.test(name)) ?? null;
}

/** What the recording says itself: missing labels, outputs that are no numbers. */
export function fromRecording(recording: Recording, truth: Truth, said: SampleColumns | null, checkpoint: string | null): Issue[] {
  const issues: Issue[] = [];
  const { label, lists } = truth;
  const unlabelled = label || lists ? rowsWhere(truth.length, (row) => (lists ? lists(row) === null : at(label, row) === null)) : [];
  if (unlabelled.length > 0) {
    issues.push({ key: "labels/missing", severity: "low", rows: unlabelled, words: `${unlabelled.length === 1 ? "sample has" : "samples have"} no label`, says: "Right and wrong cannot be told for them, so no measure counts them.", by: "Recorded so." });
  }
  const nonFinite = recording.checkpoints.find(({ name }) => name === checkpoint)?.nonFinite ?? 0;
  if (nonFinite > 0) {
    const rows = said ? rowsWhere(truth.length, (row) => at(said.prediction, row) === null) : [];
    issues.push({ key: "outputs/non-finite", severity: "high", rows, number: nonFinite, words: `${nonFinite === 1 ? "output is" : "outputs are"} NaN or infinite`, says: "At the chosen checkpoint the network gave no number for them. Look at their inputs, and at the learning rate.", by: "Recorded so." });
  }
  return issues;
}

/** Samples that no checkpoint ever called what they are labelled. */
export function neverLearnt(recording: Recording, truth: Truth, samples: Table | null): Issue[] {
  const [first, correct] = [samples?.get("first_learnt"), samples?.get("correct")];
  if (!first || !correct || first.length !== truth.length || recording.checkpoints.length < LONG) return [];
  const train = trainSplit(recording);
  const here = inSplit(truth, train);
  const rows = rowsWhere(truth.length, (row) => here(row) && valueAt(correct, row) !== null && valueAt(first, row) === null);
  if (rows.length === 0) return [];
  const of = train === null ? "samples" : `${train} samples`;
  return [{ key: "performance/never-learnt", severity: "medium", rows, words: `${rows.length === 1 ? of.slice(0, -1) : of} never called what ${rows.length === 1 ? "it is" : "they are"} labelled`, says: `At none of ${count(recording.checkpoints.length)} checkpoints. Many of these are labelled wrongly, the others are hard.`, by: "Found by performance." }];
}

/** Values of columns for which the network is right clearly less often than over all, in one split. */
export function weakSlices(columns: readonly { name: string; column: Column }[], truth: Truth, said: SampleColumns | null, split: string | null): Issue[] {
  if (!said) return [];
  const here = inSplit(truth, split);
  const judged = rowsWhere(truth.length, (row) => here(row) && at(said.correct, row) !== null);
  const whole = wilson(judged.filter((row) => at(said.correct, row) === 1).length, judged.length).value;
  if (whole === null) return [];
  return columns.flatMap(({ name, column }) => {
    const values = new Map<string, number[]>();
    for (const row of judged) {
      const value = valueAt(column, row);
      if (value === null) continue;
      const own = values.get(String(value));
      if (own) own.push(row);
      else values.set(String(value), [row]);
    }
    if (values.size < 2) return [];
    return [...values].flatMap(([value, rows]): Issue[] => {
      const wrong = rows.filter((row) => at(said.correct, row) === 0);
      const { value: right, low, high } = wilson(rows.length - wrong.length, rows.length);
      if (rows.length < FEW || right === null || high === null || high > whole - BELOW) return [];
      return [{
        key: `slice/${JSON.stringify([name, value])}`, severity: right < whole - FAR_BELOW ? "high" : "medium", rows: wrong,
        words: `wrong where ${name} is ${value}`,
        says: `${percent(right, 0)} of ${count(rows.length)} are right there (95\u202f% interval ${percent(low, 0)} to ${percent(high, 0)}); over all it is ${percent(whole, 0)}${split === null ? "" : ` in ${split}`}.`, by: "Found by performance.",
      }];
    });
  });
}

function membersOf(groups: readonly Group[]): number[] {
  return groups.flatMap(({ members }) => Array.from(members)).sort((a, b) => a - b);
}

/** Copies: across splits, with different labels, and those that only weigh double. */
export function fromGroups(groups: readonly Group[], what: string, by: string): Issue[] {
  const issues: Issue[] = [];
  const add = (key: string, severity: Severity, some: readonly Group[], words: string, says: string) => {
    if (some.length > 0) issues.push({ key: `duplicates/${key}`, severity, rows: membersOf(some), number: some.length, words: `${some.length === 1 ? "group" : "groups"} of the same ${what} ${words}`, says, by });
  };
  const across = groups.filter(({ splits }) => splits.length > 1);
  const differ = groups.filter(({ conflict }) => conflict);
  const splits = [...new Set(across.flatMap((group) => group.splits))];
  add("across-splits", "high", across, `${across.length === 1 ? "spans" : "span"} ${splits.length === 2 ? splits.join(" and ") : "the splits"}`, "What was trained on is tested on, so the figures flatter the network. Drop the copies from one of the splits.");
  add("labels-differ", "medium", differ, `${differ.length === 1 ? "carries" : "carry"} different labels`, "At least one label of each is wrong, and the network is taught a contradiction.");
  const rest = groups.filter(({ splits: own, conflict }) => own.length < 2 && !conflict);
  add("redundant", "low", rest, `${rest.length === 1 ? "lies" : "lie"} in one split`, "Copies weigh more than they should.");
  return issues;
}

export function unreadable(rows: readonly number[], what: string): Issue[] {
  if (rows.length === 0) return [];
  return [{ key: "duplicates/unreadable", severity: "medium", rows, words: `${rows.length === 1 ? `${what} cannot` : `${what}s cannot`} be read`, says: "Open one to see why. What cannot be read cannot be compared or looked at.", by: "Found by duplicates." }];
}

export interface Ranks {
  /** Over all; null where there is no score. */
  overall: Column;
  /** Within its label: of each sample the rank, NaN without one. */
  label: Float64Array;
}

/** Held-out samples that are unlike what was trained on, over all and within their class. */
export function strangers(recording: Recording, truth: Truth, said: SampleColumns | null, ranks: Ranks, split: string | null): Issue[] {
  const train = trainSplit(recording);
  if (train === null || split === null || split === train) return []; // ranks of the fitted samples are spread evenly by construction
  const here = inSplit(truth, split);
  const issue = (key: string, held: readonly number[], rank: (row: number) => number, who: string, than: string): Issue[] => {
    const rows = held.filter((row) => rank(row) < STRANGE);
    const chance = held.length * STRANGE;
    if (rows.length < LEAST_STRANGE || rows.length < TIMES_CHANCE * chance) return [];
    const judged = rows.filter((row) => at(said?.correct, row) !== null);
    const right = wilson(judged.filter((row) => at(said?.correct, row) === 1).length, judged.length);
    const rest = wilson(held.filter((row) => rank(row) >= STRANGE && at(said?.correct, row) === 1).length, held.filter((row) => rank(row) >= STRANGE && at(said?.correct, row) !== null).length);
    const blind = right.high !== null && rest.value !== null && right.high < rest.value - BELOW;
    const told = right.value === null || rest.value === null ? "" : ` ${percent(right.value, 0)} of them are right, of the others ${percent(rest.value, 0)}.`;
    return [{ key, severity: blind ? "high" : "low", rows, words: `${who} in ${split} are unlike ${than}`, says: `They lie where fewer than ${percent(STRANGE, 0)} of the ${train} samples do; ${plural(Math.max(1, Math.round(chance)), "sample")} would be usual.${told}`, by: "Found by familiarity." }];
  };
  const overall = rowsWhere(truth.length, (row) => here(row) && valueAt(ranks.overall, row) !== null);
  const issues = issue("familiarity/strange", overall, (row) => Number(valueAt(ranks.overall, row)), "samples", "what was trained on");
  const classes = new Map<number, number[]>();
  for (const row of rowsWhere(truth.length, here)) {
    const label = at(truth.label, row);
    if (label === null || Number.isNaN(ranks.label[row])) continue;
    const own = classes.get(label);
    if (own) own.push(row);
    else classes.set(label, [row]);
  }
  for (const [label, rows] of classes) {
    const name = recording.classes[label] ?? `class ${label}`;
    issues.push(...issue(`familiarity/strange/${JSON.stringify(name)}`, rows, (row) => ranks.label[row] ?? NaN, `samples of ${name}`, `the ${name} it was trained on`));
  }
  return issues;
}

function textIn(payload: { readonly [key: string]: Json }, key: string): string | null {
  const value = payload[key];
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

function objectIn(payload: Json): { readonly [key: string]: Json } | null {
  return payload !== null && typeof payload === "object" && !Array.isArray(payload) ? (payload as { readonly [key: string]: Json }) : null;
}

export interface Given {
  sequence: number;
  author: string;
  title: string;
  severity: Severity;
  says: string;
  /** Sample ids. */
  samples: readonly string[];
}

/** Issues that somebody named: decisions of kind "issue" that are in force. */
export function givenIn(log: readonly Logged[]): Given[] {
  return log.flatMap(({ kind, payload, inForce, sequence, author }): Given[] => {
    const said = kind === "issue" && inForce ? objectIn(payload) : null;
    const title = said && textIn(said, "title");
    if (!said || !title) return [];
    const samples = said["samples"];
    return [{
      sequence, author, title, severity: SEVERITIES.find((one) => one === said["severity"]) ?? "medium", says: textIn(said, "explanation") ?? "",
      samples: Array.isArray(samples) ? samples.filter((id) => typeof id === "string") : [],
    }];
  });
}

export function fromGiven(given: readonly Given[], place: (id: string) => number | undefined): Issue[] {
  return given.map(({ sequence, author, title, severity, says, samples }) => {
    const rows = [...new Set(samples.map(place).filter((row) => row !== undefined))].sort((a, b) => a - b);
    const lost = samples.length - rows.length;
    const more = lost > 0 ? ` ${plural(lost, "sample")} of it ${lost === 1 ? "is" : "are"} not in this recording.` : "";
    return { key: `given/${sequence}`, severity, rows, words: title, says: `${says}${more}`.trim(), by: `Named by ${author}.` };
  });
}

export const SETTLED = ["resolved", "ignored"] as const;
export type Settled = (typeof SETTLED)[number];

export interface Verdict {
  state: Settled;
  sequence: number;
  time: string;
  author: string;
  /** How many samples it had then. */
  count: number | null;
}

/** What was decided about each issue last, and is in force. */
export function verdictsIn(log: readonly Logged[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const { kind, payload, inForce, sequence, time, author } of log) {
    const said = kind === "issue-state" && inForce ? objectIn(payload) : null;
    const key = said && textIn(said, "issue");
    if (!said || !key) continue;
    const state = SETTLED.find((one) => one === said["state"]);
    if (!state) {
      verdicts.delete(key); // opened again
      continue;
    }
    const counted = said["count"];
    verdicts.set(key, { state, sequence, time, author, count: typeof counted === "number" ? counted : null });
  }
  return verdicts;
}

/** Of equal severity first what makes other figures wrong, then what a person said, then where the network is weak. */
const FIRST = ["outputs", "duplicates", "given", "familiarity", "slice", "performance", "labels"];

function rank({ key }: Issue): number {
  return FIRST.indexOf(key.split("/")[0] ?? "");
}

export function bySeverity(issues: readonly Issue[]): Issue[] {
  return [...issues].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || rank(a) - rank(b) || b.rows.length - a.rows.length || (a.key < b.key ? -1 : 1));
}
