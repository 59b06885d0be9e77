/** Ways to edit the decision layer, and what the analysis `mitigate` found of one, as the views read it. */
import type { Json, Table } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import type { Options } from "../../state/layout";
import type { Store } from "../../state/store";
import type { Asked } from "../analysis";
import { neuronsIn, number, text, texts } from "./chosen";
import { linesOf, type Line } from "./rows";

interface Strength {
  name: string;
  from: number;
  to: number;
  step: number;
  says: string;
}

export interface Method {
  id: string;
  name: string;
  says: string;
  /** Without training: previewed by itself. */
  instant: boolean;
  strength: Strength | null;
  /** It needs groups, as a column of the recording. */
  groups?: true;
  /** It takes the decision layer as a whole; the basket only tells the groups that it is judged by. */
  whole?: true;
}

const LAMBDA: Strength = { name: "Weight λ₃", from: 0, to: 10, step: 0.1, says: "0 fits the layer anew without the penalty; the more, the less it may depend on the neurons." };
const QUANTILE: Strength = { name: "Quantile", from: 0.5, to: 1, step: 0.01, says: "Of the neuron's activations in training." };

export const METHODS: readonly Method[] = [
  { id: "zero", name: "Switch off", says: "Their weights become 0 for every class.", instant: true, strength: null },
  { id: "class_zero", name: "Switch off for the classes", says: "Their weights become 0 for the classes chosen, and stay for the others.", instant: true, strength: null },
  { id: "mean", name: "Hold at their mean", says: "Each counts as if it always had its mean activation.", instant: true, strength: null },
  { id: "scale", name: "Weaken", says: "Their weights are multiplied by a factor.", instant: true, strength: { name: "Factor", from: 0, to: 1, step: 0.05, says: "0 switches them off, 1 changes nothing." } },
  { id: "clamp", name: "Cap", says: "Activations above a quantile count as that quantile. There is no patch of the layer, because its input changes.", instant: true, strength: QUANTILE },
  { id: "reactive", name: "Switch off where strong", says: "Only samples that excite them above a quantile are decided without them. There is no patch of the layer.", instant: true, strength: QUANTILE },
  { id: "retention", name: "Retrain to depend less", says: "The layer is trained on so that a class is as probable with the neurons as without (log form).", instant: false, strength: LAMBDA },
  { id: "retention_kl", name: "Retrain, all classes alike", says: "As above, for all classes together (KL form).", instant: false, strength: LAMBDA },
  { id: "retention_paper", name: "Retrain as published", says: "The objective of NeuroInspect, word for word; its sign can lead it astray.", instant: false, strength: { ...LAMBDA, to: 1, step: 0.01 } },
  { id: "dfr", name: "DFR", says: "The layer fitted anew on groups of equal size; needs a column that tells the groups.", instant: false, strength: { name: "C", from: 0.01, to: 1, step: 0.01, says: "The smaller, the fewer neurons are used." }, groups: true, whole: true },
  { id: "afr", name: "AFR", says: "The layer fitted anew with more weight on what it gets wrong; needs no groups.", instant: false, strength: { name: "γ", from: 0, to: 10, step: 0.5, says: "The larger, the more the mistakes count." }, whole: true },
  { id: "neurontune", name: "NeuronTune", says: "Neurons that are stronger in mistakes are switched off, and the layer is fitted anew.", instant: false, strength: null, whole: true },
  { id: "balanced", name: "Balanced", says: "The layer fitted anew with every class weighing the same, or every group where a column tells them.", instant: false, strength: null, whole: true },
];

export function methodOf(id: Json | undefined): Method {
  const [first] = METHODS;
  const found = METHODS.find((one) => one.id === id) ?? first;
  if (!found) throw new Error("There is no method.");
  return found;
}

export const TABLES = { summary: [], measures: [], changed: [], curve: [], compensation: [], groups: [], notes: [] } as const;

export interface Edit {
  neurons: readonly number[];
  classes: readonly string[];
  method: Method;
  strength: number | null;
  families: boolean;
  groups: string | null;
}

export function editOf(options: Options): Edit {
  const method = methodOf(options["method"]);
  return {
    neurons: neuronsIn(options["basket"]),
    classes: texts(options["classes"]),
    method,
    strength: method.strength === null ? null : number(options["strength"]),
    families: options["families"] !== false,
    groups: text(options["groups"]),
  };
}

/** Parameters without those that are as the analysis has them. */
export function paramsOf({ neurons, classes, method, strength, families, groups }: Edit, checkpoint: string | null): { readonly [key: string]: Json } {
  return {
    neurons: [...neurons].sort((a, b) => a - b),
    ...(classes.length === 0 ? {} : { classes }),
    ...(method.id === "zero" ? {} : { method: method.id }),
    ...(strength === null ? {} : { strength }),
    ...(families ? {} : { families }),
    ...(groups === null ? {} : { groups }),
    ...(checkpoint === null ? {} : { checkpoint }),
  };
}

/** Seconds for all strengths, measured on two cores with 8,000 samples and 128 neurons. */
const TRAINING_S: { readonly [method: string]: number } = { retention: 25, retention_kl: 25, retention_paper: 25, dfr: 40, afr: 12 };

/** Grows with the samples and with the neurons. */
function secondsOf({ method, strength }: Edit, recording: Recording): number {
  const width = recording.layers.find(({ role }) => role === "embedding")?.shape[0] ?? 512;
  const size = (recording.nSamples / 8000) * (width / 128);
  const tried = strength === null ? 1 : 0.25;
  return (method.instant ? 1.5 : (TRAINING_S[method.id] ?? 3) * tried) * Math.max(0.3, size);
}

export function editing(edit: Edit, store: Store): Asked {
  return { analysis: "mitigate", params: paramsOf(edit, store.chosen.value), tables: TABLES, title: `Trying: ${edit.method.name.toLowerCase()}`, seconds: secondsOf(edit, store.recording.value) };
}

export interface Measure {
  measure: string;
  group: string | null;
  before: number | null;
  after: number | null;
  delta: number | null;
  low: number | null;
  high: number | null;
  count: number;
}

export interface Changed {
  row: number;
  before: string | null;
  after: string | null;
  verdict: string;
}

export interface Step {
  strength: number | null;
  accuracy: number | null;
  worst: number | null;
  chosen: boolean;
}

export interface Leaning {
  neuron: number;
  label: string;
  growth: number | null;
  warned: boolean;
}

export interface Group {
  group: string;
  count: number;
  before: number | null;
  after: number | null;
  ignored: boolean;
}

export interface Edited {
  status: string;
  strength: number | null;
  neurons: readonly number[];
  classes: readonly string[];
  /** The split that the figures are of. */
  split: string;
  measures: readonly Measure[];
  changed: readonly Changed[];
  curve: readonly Step[];
  leaning: readonly Leaning[];
  groups: readonly Group[];
  notes: readonly string[];
  /** What the neurons were chosen by. */
  chosenBy: readonly Measure[];
}

export const CHOSEN_BY = "chosen by";

function measureOf(line: Line): Measure {
  return {
    measure: line.text("measure") ?? "",
    group: line.text("group"),
    before: line.number("before"),
    after: line.number("after"),
    delta: line.number("delta"),
    low: line.number("low"),
    high: line.number("high"),
    count: line.number("count") ?? 0,
  };
}

export function readEdited(tables: ReadonlyMap<string, Table>): Edited {
  const lines = (name: string) => linesOf(tables, name);
  const [summary] = lines("summary");
  const measures = lines("measures");
  const splits = [...new Set(measures.map((line) => line.text("split") ?? ""))];
  const split = splits.find((name) => name !== CHOSEN_BY) ?? CHOSEN_BY;
  return {
    status: summary?.text("status") ?? "no_improvement",
    strength: summary?.number("strength") ?? null,
    neurons: summary?.list("neurons").map(Number) ?? [],
    classes: summary?.list("classes").map(String) ?? [],
    split,
    measures: measures.filter((line) => line.text("split") === split).map(measureOf),
    chosenBy: split === CHOSEN_BY ? [] : measures.filter((line) => line.text("split") === CHOSEN_BY).map(measureOf),
    changed: lines("changed").map((line) => ({ row: line.number("sample_index") ?? 0, before: line.text("before"), after: line.text("after"), verdict: line.text("verdict") ?? "other" })),
    curve: lines("curve").map((line) => ({ strength: line.number("strength"), accuracy: line.number("accuracy"), worst: line.number("worst_group"), chosen: line.flag("chosen") })),
    leaning: lines("compensation").map((line) => ({ neuron: line.number("neuron") ?? 0, label: line.text("label") ?? "", growth: line.number("growth"), warned: line.flag("warned") })),
    groups: lines("groups").filter((line) => line.text("split") === split).map((line) => ({ group: line.text("group") ?? "", count: line.number("count") ?? 0, before: line.number("accuracy_before"), after: line.number("accuracy_after"), ignored: line.flag("ignored") })),
    notes: lines("notes").flatMap((line) => line.text("text") ?? []),
  };
}

export function measured(edited: Edited, measure: string, group: string | null = null): Measure | null {
  return edited.measures.find((one) => one.measure === measure && one.group === group) ?? null;
}
