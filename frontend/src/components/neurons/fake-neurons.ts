/** For tests: two mistakes, four neurons, one edit, over the tiny recording. */
import type { Column, Value } from "../../hosts/arrow";
import { FakeHost } from "../../hosts/fake";

type Line = Readonly<Record<string, Value>>;

/** A table from rows; every column is there even where there is no row. */
export function tableOf(names: readonly string[], lines: readonly Line[]): Map<string, Column> {
  return new Map(names.map((name) => [name, { kind: "list", length: lines.length, at: (row: number) => lines[row]?.[name] ?? null }]));
}

export function bytesColumn(values: readonly number[]): Column {
  return { kind: "list", length: values.length, at: () => null, bytes: (row) => Uint8Array.of(values[row] ?? 0) };
}

const NEURON = ["neuron", "list", "votes_up", "votes_down", "share", "low", "high", "importance", "sigmas_total", "median_effort", "auroc", "family", "mirror", "std", "weight", "mean", "range_low", "range_high"];
const neuron = (id: number, list: string | null, share: number, more: Line = {}): Line => ({ neuron: id, list, votes_up: 0, votes_down: 0, share, low: null, high: null, importance: 1.5, sigmas_total: 1, median_effort: 2, auroc: 0.25, family: null, mirror: null, std: 1, weight: 1, mean: 1, range_low: 0, range_high: 4, ...more });
const EMPTY: readonly Line[] = [];

export interface Story {
  /** "no_mistakes" leaves every table empty. */
  status?: string;
  edit?: string;
}

/** Sample 5 is a Shirt called T-shirt, sample 8 a T-shirt called Shirt. Neuron 3 is too weak in both, neuron 1 too strong in one. */
function explain(host: FakeHost, status: string): void {
  const there = status === "ok";
  const give = (table: string, names: readonly string[], lines: readonly Line[]) => host.given.set(`counterfactual/${table}`, tableOf(names, there || table === "summary" || table === "notes" ? lines : EMPTY));
  const settings = JSON.stringify({ votes: 5, mode: "feasible" });
  give("summary", ["status", "n", "n_used", "flipped", "already_correct", "unreachable_in_range", "unargmaxable", "not_converged", "common_flipped", "split", "reference_samples", "settings"],
    [{ status, n: there ? 2 : 0, n_used: there ? 2 : 0, flipped: 2, already_correct: 0, unreachable_in_range: 0, unargmaxable: 0, not_converged: 0, common_flipped: 0.5, split: "test", reference_samples: 5, settings }]);
  give("neurons", NEURON, [neuron(3, "insufficient", 1, { votes_up: 2, low: 0.9, high: 1, family: 0, mirror: true }), neuron(1, "excessive", 0.5, { votes_down: 1 }), neuron(0, null, 0, { family: 0, mirror: true }), neuron(2, "dead", 0, { std: 0 })]);
  const sample = (sample_index: number, label: string, prediction: string, moved: number): Line => ({ sample_index, label, prediction, target: label, status: "flipped", effort: 3, margin_before: -1, margin_after: 0.001, moved, infeasible: 0, widening: null, binding: [] });
  give("samples", ["sample_index", "label", "prediction", "target", "status", "effort", "margin_before", "margin_after", "moved", "infeasible", "widening", "binding"], [sample(5, "Shirt", "T-shirt", 2), sample(8, "T-shirt", "Shirt", 1)]);
  const shift = (sample_index: number, id: number, by: number, activation: number): Line => ({ sample_index, neuron: id, shift: by, sigmas: by, at_bound: false, activation });
  give("shifts", ["sample_index", "neuron", "shift", "sigmas", "at_bound", "activation"], [shift(5, 3, 2, 0.5), shift(5, 1, -1, 1.5), shift(8, 3, 1, 0)]);
  const exemplar = (id: number, kind: string, rank: number, sample_index: number): Line => ({ neuron: id, kind, rank, sample_index, activation: 3 });
  // Given out of order: the rank decides.
  give("exemplars", ["neuron", "kind", "rank", "sample_index", "activation"], [exemplar(3, "overall", 1, 6), exemplar(3, "overall", 0, 3), exemplar(3, "class", 0, 4), exemplar(3, "contribution", 0, 0)]);
  give("histograms", ["neuron", "low", "high", "correct", "mistakes"], [{ neuron: 3, low: 0, high: 1, correct: 3, mistakes: 2 }, { neuron: 3, low: 1, high: 2, correct: 1, mistakes: 0 }]);
  give("heads", ["neuron", "weights"], [{ neuron: 3, weights: [0, 1, 0] }, { neuron: 1, weights: [1, 0, 0] }]);
  give("common", ["neuron", "shift", "sigmas"], [{ neuron: 3, shift: 2, sigmas: 2 }]);
  give("path", ["effort", "probability"], [{ effort: 0, probability: 0.1 }, { effort: 1, probability: 0.6 }]);
  give("minimal", ["t", "flipped"], [{ t: 1, flipped: 0.5 }, { t: 2, flipped: 1 }]);
  give("notes", ["text"], [{ text: there ? "Ranges are those of split 'train' (5 samples)." : "None of these samples in split 'test' is a mistake." }]);
}

function mitigate(host: FakeHost, status: string): void {
  const give = (table: string, names: readonly string[], lines: readonly Line[]) => host.given.set(`mitigate/${table}`, tableOf(names, lines));
  give("summary", ["status", "method", "strength", "neurons", "classes", "settings"], [{ status, method: "zero", strength: null, neurons: [0, 3], classes: ["T-shirt", "Shirt", "Bag"], settings: "{}" }]);
  const measure = (name: string, before: number, after: number, more: Line = {}): Line => ({ split: "test", measure: name, group: null, before, after, delta: after - before, low: null, high: null, count: 7, ...more });
  give("measures", ["split", "measure", "group", "before", "after", "delta", "low", "high", "count"], [
    measure("accuracy", 0.9, 0.1, { split: "chosen by" }),
    measure("accuracy", 0.5, 0.75, { low: 0.1, high: 0.4 }), measure("worst_group", 0.25, 0.5), measure("class_accuracy", 0.5, 0.25, { group: "Bag", low: -0.5, high: 0 }),
    measure("fixed", 0, 1), measure("broken", 0, 1), measure("mcnemar_p", 1, 0.5), measure("ece", 0.1, 0.05), measure("retention_distance", 2, 0, { group: "Shirt" }),
  ]);
  // Sample 0 is of train: the figures are of test, and so are the samples behind them.
  give("changed", ["sample_index", "before", "after", "verdict"], [{ sample_index: 0, before: "Bag", after: "T-shirt", verdict: "fixed" }, { sample_index: 5, before: "T-shirt", after: "Shirt", verdict: "fixed" }, { sample_index: 9, before: "Shirt", after: "Bag", verdict: "broken" }]);
  give("curve", ["strength", "accuracy", "worst_group", "average_loss", "chosen"], [{ strength: null, accuracy: 0.5, worst_group: 0.2, average_loss: 0, chosen: false }, { strength: 0, accuracy: 0.6, worst_group: 0.4, average_loss: 0, chosen: true }, { strength: 1, accuracy: 0.4, worst_group: 0.3, average_loss: 0.1, chosen: false }]);
  give("compensation", ["neuron", "label", "growth", "contribution_before", "contribution_after", "warned"], [{ neuron: 1, label: "Bag", growth: 2, contribution_before: 1, contribution_after: 2, warned: true }, { neuron: 2, label: "Bag", growth: 1.1, contribution_before: 1, contribution_after: 1.1, warned: false }]);
  give("groups", ["split", "group", "label", "count", "accuracy_before", "accuracy_after", "ignored"], [{ split: "test", group: "Bag, little support", label: "Bag", count: 12, accuracy_before: 0.25, accuracy_after: 0.5, ignored: false }]);
  give("notes", ["text"], [{ text: "Neurons 0 go with those named and are edited too; families=false leaves them out." }]);
  const patch = new Map(tableOf(["fingerprint", "fingerprint_after"], status === "ok" ? [{ fingerprint: "f00dcafe12", fingerprint_after: "beef" }] : EMPTY));
  host.given.set("mitigate/patch", patch.set("file", bytesColumn(status === "ok" ? [7] : [])));
}

function picture(host: FakeHost): void {
  const kinds = ["class", "class_only", "neuron_only"];
  const names = ["neuron", "label", "seed", "kind", "activation", "logit", "probability", "q", "percentile", "specificity", "expressed", "badge", "gamma", "guidance"];
  const lines = kinds.map((kind): Line => ({ neuron: 3, label: "Shirt", seed: 0, kind, activation: 2, logit: 1, probability: 0.9, q: null, percentile: kind === "class" ? 80 : 99.5, specificity: kind === "class_only" ? null : 2.5, expressed: kind !== "class", badge: kind === "class" ? "neuron not expressed" : null, gamma: 0.5, guidance: null }));
  host.given.set("illusion/pictures", new Map([...tableOf(names, lines), ["png", bytesColumn([1, 2, 3])], ["mask", bytesColumn([4, 5, 6])]]));
  host.given.set("illusion/agreement", tableOf(["value", "words"], [{ value: null, words: "Not enough neurons to tell: 1, where 4 are needed." }]));
  host.given.set("illusion/triage", tableOf(["neuron", "core_score", "candidate", "median_mistakes", "median_correct", "image_property", "image_correlation", "metadata", "metadata_correlation"], [
    { neuron: 3, core_score: 0.8, candidate: true, median_mistakes: 0.5, median_correct: 2, image_property: "corner", image_correlation: 0.67, metadata: "device = a", metadata_correlation: 0.1 },
  ]));
  const real = [[6, 1, "overall"], [3, 0, "overall"], [4, 0, "class"]] as const;
  host.given.set("illusion/exemplars", new Map([...tableOf(["neuron", "kind", "rank", "sample_index"], real.map(([row, rank, kind]): Line => ({ neuron: 3, kind, rank, sample_index: row }))), ["mask", bytesColumn([7, 8, 9])]]));
  host.given.set("illusion/notes", tableOf(["text"], EMPTY));
}

export function neuronsHost({ status = "ok", edit = "ok" }: Story = {}): FakeHost {
  const analyses = ["performance", "familiarity", "duplicates", "health", "counterfactual", "mitigate", "illusion"].map((name) => ({ name, missing: [] }));
  const host = new FakeHost(3, { analyses });
  explain(host, status);
  mitigate(host, edit);
  picture(host);
  host.absent.add("illusion");
  return host;
}
