/** For tests: what the analyses of the tiny recording found, thought up so that every case of a view occurs. */
import type { Column } from "./arrow";

type Value = number | null;

function numbers(values: readonly Value[]): Column {
  const valid = values.includes(null) ? Uint8Array.from(values, (value) => Number(value !== null)) : null;
  return { kind: "number", length: values.length, values: Float64Array.from(values, (value) => value ?? 0), integer: false, valid };
}

function texts(values: readonly (string | null)[]): Column {
  return { kind: "text", length: values.length, at: (index) => values[index] ?? null };
}

function flags(values: readonly boolean[]): Column {
  return { kind: "bool", length: values.length, values: Uint8Array.from(values, Number), valid: null };
}

function lists(values: readonly (readonly number[] | null)[]): Column {
  return { kind: "list", length: values.length, at: (index) => values[index] ?? null };
}

type Pair = readonly [a: number, b: number, tier: string, distance: number, inCuts: number];

/** Two labels in train; across train and test; three copies in test; two that are only listed. */
const PAIRS: readonly Pair[] = [
  [6, 7, "exact", 0, 0],
  [6, 10, "exact", 0, 0],
  [0, 4, "perceptual", 1, 0.2],
  [3, 9, "perceptual", 2, 0.4],
  [1, 2, "perceptual", 8, 1.6],
  [5, 11, "embedding", 0.0008, 0.8],
];
const CLUSTERS: readonly Value[] = [0, null, null, 1, 0, null, 2, 2, null, 1, 2, null];
/** Sample 8 cannot be read. */
const READABLE = CLUSTERS.map((_, i) => i !== 8);

export function pairsTable(pairs: readonly Pair[]): Map<string, Column> {
  return new Map([
    ["a", numbers(pairs.map(([a]) => a))],
    ["b", numbers(pairs.map(([, b]) => b))],
    ["tier", texts(pairs.map(([, , tier]) => tier))],
    ["distance", numbers(pairs.map(([, , , distance]) => distance))],
    ["in_cuts", numbers(pairs.map(([, , , , inCuts]) => inCuts))],
  ]);
}

export const FAMILIARITY: readonly Value[] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.005, 0.1, 0.05, null];
/** sample, column, its value, rank within it */
const WITHIN: readonly (readonly [number, string, string, number])[] = [
  [0, "label", "T-shirt", 0.2], [1, "label", "T-shirt", 0.4], [2, "label", "T-shirt", 0.6], [8, "label", "T-shirt", 0.8],
  [3, "label", "Shirt", 0.9], [4, "label", "Shirt", 0.1], [5, "label", "Shirt", 0.3], [9, "label", "Shirt", 0.5],
  [4, "split", "train", 0.99], [0, "split", "train", 0.01],
];

const GROUPS: readonly (readonly [string, string, number, string | null, Value, Value])[] = [
  ["", "", 11, null, 0.97, 0.12],
  ["label", "T-shirt", 4, null, 0.5, null],
  ["label", "Shirt", 4, null, 0.93, null],
  ["label", "Bag", 3, "3 members with an embedding; at least 50 are needed", null, null],
];

const RESULTS: { readonly [name: string]: () => Map<string, Column> } = {
  "duplicates/pairs": () => pairsTable(PAIRS),
  "duplicates/samples": () => new Map([["cluster", numbers(CLUSTERS)], ["readable", flags(READABLE)]]),
  "duplicates/coverage": () => new Map([
    ["tier", texts(["exact", "perceptual", "embedding"])],
    ["reason", texts([null, null, null])],
    ["compared", numbers([11, 11, 12])],
    ["skipped", numbers([1, 1, 0])],
    ["cut", numbers([0, 5, 0.001])],
    ["pairs", numbers([2, 3, 1])],
    ["grouped", numbers([2, 2, 0])],
  ]),
  "familiarity/samples": () => new Map([["familiarity", numbers(FAMILIARITY)], ["log_density", numbers(FAMILIARITY.map((value) => value && value * 100))]]),
  "familiarity/by_group": () => new Map([
    ["sample_index", numbers(WITHIN.map(([sample]) => sample))],
    ["attribute", texts(WITHIN.map(([, attribute]) => attribute))],
    ["value", texts(WITHIN.map(([, , value]) => value))],
    ["familiarity", numbers(WITHIN.map(([, , , rank]) => rank))],
    ["log_density", numbers(WITHIN.map(([, , , rank]) => rank * 50))],
  ]),
  "familiarity/groups": () => new Map([
    ["attribute", texts(GROUPS.map(([attribute]) => attribute))],
    ["value", texts(GROUPS.map(([, value]) => value))],
    ["members", numbers(GROUPS.map(([, , members]) => members))],
    ["reason", texts(GROUPS.map(([, , , why]) => why))],
    ["agreement", numbers(GROUPS.map(([, , , , agreement]) => agreement))],
    ["shift", numbers(GROUPS.map(([, , , , , shift]) => shift))],
  ]),
  "health/alerts": () => new Map([
    ["checkpoint", texts(["000003"])],
    ["text", texts(["The classes moved together: their distance fell by 18\u202f%."])],
  ]),
  "familiarity/nearest": () => new Map([
    ["neighbours", lists(CLUSTERS.map((_, i) => (i === 11 ? null : [(i + 1) % 5, (i + 2) % 5])))],
    ["distances", lists(CLUSTERS.map((_, i) => (i === 11 ? null : [0.125, 0.25])))],
  ]),
};

/** A table of a result; null for analyses that the host measures itself. */
export function fakeResult(analysis: string, table: string): Map<string, Column> | null {
  return RESULTS[`${analysis}/${table}`]?.() ?? null;
}
