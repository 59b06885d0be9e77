/** For tests: twelve samples whose labels are judged, thought up so that every case of the view occurs. */
import type { Column } from "../../hosts/arrow";
import { categories, FakeHost, LABELS, numbers, SPLITS } from "../../hosts/fake";
import type { Json, Logged } from "../../hosts/host";
import { lists, texts } from "../timetravel/fake-time";

export const MORE: { readonly [key: string]: Json } = {
  analyses: ["performance", "familiarity", "duplicates", "labels"].map((name) => ({ name, missing: [] })),
};

/** 0, 1 and 2 are T-shirts that may be Shirts (2 the least), 3 a Shirt that may be a T-shirt, 7 a Bag that may be a Shirt. */
const GIVEN: readonly (number | null)[] = [0.1, 0.2, 0.4, 0.3, 0.9, 0.8, 0.9, 0.25, 0.7, 0.6, 0.9, null];
const POSTERIOR: readonly (number | null)[] = [0.9, 0.8, 0.5, 0.6, 0.05, 0.1, 0.02, 0.7, 0.15, 0.2, 0.01, null];
const FIRST: readonly (number | null)[] = [1, 1, 1, 0, 0, 0, 0, 1, 2, 0, 1, 0];
const SECOND: readonly (number | null)[] = [2, 2, 2, 2, 2, 2, 1, 0, 1, 2, 0, 1];
const LIKELY: readonly (number | null)[] = [0.8, 0.7, 0.55, 0.6, 0.06, 0.15, 0.05, 0.65, 0.2, 0.35, 0.06, 0.7];
const CALLED: readonly (number | null)[] = [1, 1, 1, 0, 1, 1, 2, 1, 0, 1, 2, 0];
const BASIS = LABELS.map((label, i) => (label === null ? "" : SPLITS[i] === "train" ? "training dynamics" : "held out"));

/** label, prediction, count, mass, errors, systematic */
const PAIRS: readonly (readonly [string, number, number, number, number, number, number])[] = [
  ["training dynamics", 0, 1, 3, 2.05, 2, 1], ["training dynamics", 1, 0, 1, 0.6, 1, 0], ["training dynamics", 0, 0, 0, 0, 0, 0], ["held out", 2, 1, 1, 0.65, 1, 0],
];

export function labelsHost(more: { readonly [key: string]: Json } = {}): FakeHost {
  const host = new FakeHost(3, { ...MORE, ...more });
  const give = (name: string, table: Map<string, Column>) => host.given.set(`labels/${name}`, table);
  give("samples", new Map<string, Column>([
    ["self_confidence", numbers(GIVEN, false)], ["pair_posterior", numbers(POSTERIOR, false)], ["suspicion", numbers(POSTERIOR, false)],
    ["label", numbers(LABELS)], ["expected_errors", numbers(POSTERIOR, false)], ["suggestion_1", numbers(FIRST)], ["suggestion_2", numbers(SECOND)], ["suggestion_3", numbers(FIRST.map(() => null))],
    ["suggestion_probability", numbers(LIKELY, false)], ["suggestion_probability_2", numbers(LIKELY.map((value) => (value === null ? null : value / 10)), false)], ["suggestion_probability_3", numbers(LIKELY.map(() => null), false)],
    ["prediction", numbers(CALLED)], ["flagged", numbers(POSTERIOR.map((value) => Number((value ?? 0) > 0.5)))], ["basis", categories(BASIS)],
  ]));
  const column = (place: number, integer = true) => numbers(PAIRS.map((pair) => Number(pair[place])), integer);
  give("class_pairs", new Map<string, Column>([
    ["basis", texts(PAIRS.map(([basis]) => basis))], ["label", column(1)], ["prediction", column(2)], ["count", column(3)], ["disagreement_mass", column(4, false)], ["margin_mass", column(4, false)],
    ["mean_confidence", numbers(PAIRS.map(([, , , count, mass]) => (count === 0 ? null : mass / count)), false)], ["expected_errors", column(5, false)], ["share_of_class", column(4, false)], ["systematic", column(6)],
    ["confidences", lists(PAIRS.map(([, , , count]) => [0, 0, 0, 0, count, 0, 0, 0, 0, 0]))],
  ]));
  give("compare", new Map<string, Column>([["sample_index", numbers([0, 1, 3])], ["of_label", lists([[8, 2], [8], [9, 5]])], ["of_suggestion", lists([[4, 9], [4], [8]])]]));
  give("about", new Map<string, Column>([["basis", texts(["held out", "training dynamics"])], ["samples", numbers([6, 5])], ["flagged", numbers([1, 3])], ["expected_errors", numbers([1, 3], false)]]));
  give("round", new Map());
  give("moved", new Map());
  give("accuracy", new Map());
  give("notes", new Map<string, Column>([["text", texts(["The model learnt from the labels that are judged here.", "Only 3 checkpoints tell of the training."])]]));
  return host;
}

/** The same after a second round: train/0 was corrected to Shirt before it, and 2 and 7 are suspect since. */
export function roundHost(): FakeHost {
  const host = labelsHost();
  decidedBy(host, "ana", ["train/0"], { action: "set", label: "Shirt" });
  decidedBy(host, "ana", ["train/2"], { action: "keep" });
  const samples = host.given.get("labels/samples");
  const first = <T>(values: readonly T[], value: T) => values.with(0, value);
  samples?.set("label", numbers(first(LABELS, 1))).set("self_confidence", numbers(first(GIVEN, 0.8), false)).set("suspicion", numbers(first(POSTERIOR, 0.1), false)).set("expected_errors", numbers(first(POSTERIOR, 0.2), false));
  samples?.set("suggestion_1", numbers(first(FIRST, 0))).set("suggestion_probability", numbers(first(LIKELY, 0.15), false));
  const one = (value: number) => numbers([value], false);
  host.given.set("labels/round", new Map<string, Column>([["name", texts(["0002-ab"])], ["number", one(2)], ["corrected", one(412)], ["last_decision", one(2)], ["errors_before", one(3.2)], ["errors_after", one(1.6)]]));
  host.given.set("labels/moved", new Map<string, Column>([["sample_index", numbers([7, 2, 0])], ["change", texts(["new suspect", "new suspect", "cleared"])], ["before", numbers([0.1, 0.2, 0.9], false)], ["after", numbers([0.7, 0.5, 0.1], false)]]));
  const each = (a: number, b: number) => numbers([a, b], false);
  host.given.set("labels/accuracy", new Map<string, Column>([
    ["measured_on", texts(["recorded", "corrected"])], ["samples", each(6, 5)], ["before", each(0.5, 0.6)], ["after", each(2 / 3, 0.8)], ["low", each(-0.2, 0.1)], ["high", each(0.5, 0.4)],
    ["wrong_before", lists([[5, 6, 8], [6, 8]])], ["wrong_after", lists([[8, 9], [8]])],
  ]));
  return host;
}

/** A decision of somebody else, as it stands in the log. */
export function decidedBy(host: FakeHost, author: string, samples: readonly string[], said: { readonly [name: string]: Json }): void {
  const sequence = host.decided.length + 1;
  host.decided.push({ sequence, time: `2026-01-01T00:00:0${sequence % 10}Z`, author, kind: "label", payload: { samples, ...said }, inForce: true } satisfies Logged);
}
