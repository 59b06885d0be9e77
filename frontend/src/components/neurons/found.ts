/** What the analysis `counterfactual` found about a set of mistakes, as the views read it. */
import type { Json, Table } from "../../hosts/host";
import { by, linesOf, type Line } from "./rows";

export const TABLES = { summary: [], neurons: [], samples: [], shifts: [], exemplars: [], histograms: [], heads: [], common: [], path: [], minimal: [], notes: [] } as const;

export const LISTS = ["insufficient", "excessive", "mixed", "dead"] as const;
export type List = (typeof LISTS)[number];
export type ExemplarKind = "overall" | "class" | "contribution";

export interface Neuron {
  neuron: number;
  list: List | null;
  up: number;
  down: number;
  /** Share of the samples that name it, in [0, 1], with its 95 % interval. */
  share: number | null;
  low: number | null;
  high: number | null;
  /** Above 1 it supports the target. */
  importance: number | null;
  medianEffort: number | null;
  auroc: number | null;
  /** The smallest neuron of its family; null when it is alone. */
  family: number | null;
  mirror: boolean;
  std: number | null;
  mean: number | null;
  /** Between these ends lie 99 % of its activations. */
  from: number | null;
  to: number | null;
}

export interface Mistake {
  row: number;
  label: string | null;
  prediction: string | null;
  target: string | null;
  status: string;
  effort: number | null;
  moved: number;
  infeasible: number;
  widening: number | null;
  binding: readonly string[];
}

export interface Shift {
  neuron: number;
  shift: number;
  sigmas: number;
  atBound: boolean;
  activation: number;
}

export interface Bin {
  low: number;
  high: number;
  correct: number;
  mistakes: number;
}

export interface Found {
  status: string;
  n: number;
  used: number;
  unreachable: number;
  unargmaxable: number;
  notConverged: number;
  alreadyRight: number;
  /** Share that one shift for all of them would flip. */
  commonFlipped: number | null;
  split: string | null;
  neurons: readonly Neuron[];
  of: ReadonlyMap<number, Neuron>;
  samples: readonly Mistake[];
  shifts: ReadonlyMap<number, readonly Shift[]>;
  /** The samples that name each neuron among the first to change. */
  voters: ReadonlyMap<number, readonly number[]>;
  exemplars: ReadonlyMap<number, ReadonlyMap<ExemplarKind, readonly number[]>>;
  histograms: ReadonlyMap<number, readonly Bin[]>;
  /** The column of the decision layer of each neuron that is shown, a number for every class. */
  heads: ReadonlyMap<number, readonly number[]>;
  common: readonly { neuron: number; sigmas: number }[];
  path: readonly { effort: number; probability: number }[];
  minimal: readonly { t: number; flipped: number }[];
  notes: readonly string[];
}

function neuronOf(line: Line): Neuron {
  const list = line.text("list");
  return {
    neuron: line.number("neuron") ?? 0,
    list: LISTS.find((one) => one === list) ?? null,
    up: line.number("votes_up") ?? 0,
    down: line.number("votes_down") ?? 0,
    share: line.number("share"),
    low: line.number("low"),
    high: line.number("high"),
    importance: line.number("importance"),
    medianEffort: line.number("median_effort"),
    auroc: line.number("auroc"),
    family: line.number("family"),
    mirror: line.flag("mirror"),
    std: line.number("std"),
    mean: line.number("mean"),
    from: line.number("range_low"),
    to: line.number("range_high"),
  };
}

function mistakeOf(line: Line): Mistake {
  return {
    row: line.number("sample_index") ?? 0,
    label: line.text("label"),
    prediction: line.text("prediction"),
    target: line.text("target"),
    status: line.text("status") ?? "",
    effort: line.number("effort"),
    moved: line.number("moved") ?? 0,
    infeasible: line.number("infeasible") ?? 0,
    widening: line.number("widening"),
    binding: line.list("binding").map(String),
  };
}

function shiftsOf(lines: readonly Line[]): Map<number, Shift[]> {
  const found = new Map<number, Shift[]>();
  for (const line of lines) {
    const row = line.number("sample_index") ?? 0;
    const shift = { neuron: line.number("neuron") ?? 0, shift: line.number("shift") ?? 0, sigmas: line.number("sigmas") ?? 0, atBound: line.flag("at_bound"), activation: line.number("activation") ?? 0 };
    found.set(row, [...(found.get(row) ?? []), shift]);
  }
  return found;
}

interface Settings {
  votes: number;
  mode: string;
}

function settingsOf(text: string | null): Settings {
  const said: { readonly [key: string]: Json } = text === null ? {} : JSON.parse(text);
  return { votes: typeof said["votes"] === "number" ? said["votes"] : 5, mode: String(said["mode"] ?? "feasible") };
}

/** The same vote as in the analysis: of each flipped sample the first few upward and downward, in deviations except in the paper's mode. */
export function votersOf(samples: readonly Mistake[], shifts: ReadonlyMap<number, readonly Shift[]>, { votes, mode }: Settings, neurons: number): Map<number, number[]> {
  const each = Math.max(1, Math.min(votes, Math.floor(neurons / 2)));
  const size = (one: Shift) => (mode === "paper" ? one.shift : one.sigmas);
  const found = new Map<number, number[]>();
  for (const { row, status, effort } of samples) {
    if (status !== "flipped" || !((effort ?? 0) > 0)) continue;
    const own = shifts.get(row) ?? [];
    for (const sign of [1, -1]) {
      const first = own.filter((one) => sign * size(one) > 0).sort((a, b) => sign * (size(b) - size(a)) || a.neuron - b.neuron);
      for (const { neuron } of first.slice(0, each)) found.set(neuron, [...(found.get(neuron) ?? []), row]);
    }
  }
  return found;
}

function exemplarsOf(lines: readonly Line[]): Map<number, Map<ExemplarKind, number[]>> {
  const found = new Map<number, Map<ExemplarKind, number[]>>();
  for (const [neuron, own] of by(lines, (line) => line.number("neuron") ?? 0)) {
    const kinds = new Map<ExemplarKind, number[]>();
    for (const kind of ["overall", "class", "contribution"] as const) {
      const ranked = own.filter((line) => line.text("kind") === kind).sort((a, b) => (a.number("rank") ?? 0) - (b.number("rank") ?? 0));
      kinds.set(kind, ranked.map((line) => line.number("sample_index") ?? 0));
    }
    found.set(neuron, kinds);
  }
  return found;
}

function histogramsOf(lines: readonly Line[]): Map<number, Bin[]> {
  return new Map([...by(lines, (line) => line.number("neuron") ?? 0)].map(([neuron, own]) => [
    neuron,
    own.map((line) => ({ low: line.number("low") ?? 0, high: line.number("high") ?? 0, correct: line.number("correct") ?? 0, mistakes: line.number("mistakes") ?? 0 })),
  ]));
}

export function readFound(tables: ReadonlyMap<string, Table>): Found {
  const lines = (name: string) => linesOf(tables, name);
  const [summary] = lines("summary");
  const neurons = lines("neurons").map(neuronOf);
  const samples = lines("samples").map(mistakeOf);
  const shifts = shiftsOf(lines("shifts"));
  const counted = (name: string) => summary?.number(name) ?? 0;
  return {
    status: summary?.text("status") ?? "no_samples",
    n: counted("n"),
    used: counted("n_used"),
    unreachable: counted("unreachable_in_range"),
    unargmaxable: counted("unargmaxable"),
    notConverged: counted("not_converged"),
    alreadyRight: counted("already_correct"),
    commonFlipped: summary?.number("common_flipped") ?? null,
    split: summary?.text("split") ?? null,
    neurons,
    of: new Map(neurons.map((one) => [one.neuron, one])),
    samples,
    shifts,
    voters: votersOf(samples, shifts, settingsOf(summary?.text("settings") ?? null), neurons.length),
    exemplars: exemplarsOf(lines("exemplars")),
    histograms: histogramsOf(lines("histograms")),
    heads: new Map(lines("heads").map((line) => [line.number("neuron") ?? 0, line.list("weights").map(Number)])),
    common: lines("common").map((line) => ({ neuron: line.number("neuron") ?? 0, sigmas: line.number("sigmas") ?? 0 })),
    path: lines("path").map((line) => ({ effort: line.number("effort") ?? 0, probability: line.number("probability") ?? 0 })),
    minimal: lines("minimal").map((line) => ({ t: line.number("t") ?? 0, flipped: line.number("flipped") ?? 0 })),
    notes: lines("notes").flatMap((line) => line.text("text") ?? []),
  };
}

/** What most of the samples are to become; the analysis shows exemplars of it. */
export function targetOf(found: Found, neuron: number): string | null {
  const voters = new Set(found.voters.get(neuron) ?? []);
  const counted = new Map<string, number>();
  for (const { row, target } of found.samples) if (target !== null && (voters.size === 0 || voters.has(row))) counted.set(target, (counted.get(target) ?? 0) + 1);
  return [...counted].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
