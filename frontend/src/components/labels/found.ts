/** What the analysis found, as arrays over the samples and a list of class pairs. */
import { numbersOf, stringsOf, valueAt, type Column, type Numbers, type Valid } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import type { Asked } from "../analysis";
import { numbersIn, readRound, type Round } from "./rounds";
import type { Measure, Sort } from "./words";

export const ASKED: Asked = {
  analysis: "labels",
  params: {},
  tables: { samples: [], class_pairs: [], compare: [], about: [], notes: [], round: [], moved: [], accuracy: [] },
  title: "Judging labels",
};

/** A sample is in the queue of a pair when the model calls it so, or when the other class is at least so likely to be meant. */
const LIKELY = 0.1;

type Numeric = { values: Numbers; valid: Valid };

export interface Pair {
  basis: string;
  label: number;
  prediction: number;
  count: number;
  mass: number;
  margin: number;
  confidence: number | null;
  errors: number;
  share: number;
  systematic: boolean;
  /** Samples by the model's confidence, from chance to 1 in equal steps. */
  bins: readonly number[];
}

export interface About {
  basis: string;
  samples: number;
  flagged: number;
  /** As many wrong labels are expected among them. */
  errors: number;
}

export interface Suggestion {
  index: number;
  probability: number | null;
}

export interface Found {
  n: number;
  pairs: readonly Pair[];
  about: readonly About[];
  notes: readonly string[];
  basis: (row: number) => string;
  /** The label that was judged: the recorded one, or what it was corrected to before a new round. */
  judged: (row: number) => number | null;
  /** The round that it stands on; null where it stands on what was recorded. */
  round: Round | null;
  /** Probability of the label that was judged. */
  given: (row: number) => number | null;
  /** The classes that fit better, best first. */
  suggestions: (row: number) => Suggestion[];
  prediction: (row: number) => number | null;
  flagged: (row: number) => boolean;
  /** Higher is more suspicious; null where nothing says so. */
  score: (row: number, by: Sort) => number | null;
  /** Made to be summed: so many wrong labels are expected of this one. */
  expected: (row: number) => number;
  /** Others of the label, and of the first suggestion, nearest first. */
  compare: (row: number) => { label: readonly number[]; suggestion: readonly number[] } | null;
}

function at({ values, valid }: Numeric, row: number): number | null {
  if (valid && !valid[row]) return null;
  const value = Number(values[row] ?? NaN);
  return Number.isNaN(value) ? null : value;
}

function lists(column: Column | undefined): (row: number) => readonly number[] {
  return (row) => (column ? numbersIn(valueAt(column, row)) : []);
}

function readPairs(table: Table): Pair[] {
  const basis = stringsOf(table, "basis");
  const [label, prediction, count, mass, margin, confidence, errors, share, systematic] = ["label", "prediction", "count", "disagreement_mass", "margin_mass", "mean_confidence", "expected_errors", "share_of_class", "systematic"].map((name) => numbersOf(table, name));
  const bins = lists(table.get("confidences"));
  const of = (column: Numeric | undefined, row: number) => (column ? at(column, row) : null);
  return Array.from({ length: table.get("label")?.length ?? 0 }, (_, row) => ({
    basis: basis(row), label: of(label, row) ?? 0, prediction: of(prediction, row) ?? 0, count: of(count, row) ?? 0, mass: of(mass, row) ?? 0, margin: of(margin, row) ?? 0,
    confidence: of(confidence, row), errors: of(errors, row) ?? 0, share: of(share, row) ?? 0, systematic: of(systematic, row) === 1, bins: bins(row),
  }));
}

function readAbout(table: Table): About[] {
  const basis = stringsOf(table, "basis");
  const [samples, flagged, errors] = ["samples", "flagged", "expected_errors"].map((name) => numbersOf(table, name));
  const of = (column: Numeric | undefined, row: number) => (column ? (at(column, row) ?? 0) : 0);
  return Array.from({ length: table.get("basis")?.length ?? 0 }, (_, row) => ({ basis: basis(row), samples: of(samples, row), flagged: of(flagged, row), errors: of(errors, row) }));
}

export function readFound(tables: ReadonlyMap<string, Table>): Found {
  const table = (name: string): Table => tables.get(name) ?? new Map();
  const [samples, compare, notes] = [table("samples"), table("compare"), table("notes")];
  const column = (name: string) => numbersOf(samples, name);
  const suggested = [1, 2, 3].map((place) => column(`suggestion_${place}`));
  const likely = ["suggestion_probability", "suggestion_probability_2", "suggestion_probability_3"].map(column);
  const [label, given, posterior, suspicion, expected, prediction, flagged] = ["label", "self_confidence", "pair_posterior", "suspicion", "expected_errors", "prediction", "flagged"].map(column) as [Numeric, Numeric, Numeric, Numeric, Numeric, Numeric, Numeric];
  const [of, like] = [lists(compare.get("of_label")), lists(compare.get("of_suggestion"))];
  const place = new Map(Array.from(compare.has("sample_index") ? numbersOf(compare, "sample_index").values : [], (row, i) => [Number(row), i]));
  const text = notes.get("text");
  return {
    n: samples.get("self_confidence")?.length ?? 0,
    pairs: readPairs(table("class_pairs")),
    about: readAbout(table("about")),
    notes: Array.from({ length: text?.length ?? 0 }, (_, i) => String(text ? valueAt(text, i) : "")),
    basis: stringsOf(samples, "basis"),
    judged: (row) => at(label, row),
    round: readRound({ round: table("round"), moved: table("moved"), accuracy: table("accuracy") }),
    given: (row) => at(given, row),
    suggestions: (row) => suggested.flatMap((one, k) => {
      const index = at(one, row);
      const probability = likely[k];
      return index === null ? [] : [{ index, probability: probability ? at(probability, row) : null }];
    }),
    prediction: (row) => at(prediction, row),
    flagged: (row) => at(flagged, row) === 1,
    score: (row, by) => {
      if (by === "suspicion") return at(suspicion, row);
      if (by === "pair_posterior") return at(posterior, row);
      const own = at(given, row);
      return own === null ? null : 1 - own;
    },
    expected: (row) => at(expected, row) ?? 0,
    compare: (row) => {
      const i = place.get(row);
      return i === undefined ? null : { label: of(i), suggestion: like(i) };
    },
  };
}

export function measureOf(pair: Pair, by: Measure, open: number): number {
  switch (by) {
    case "errors":
      return pair.errors;
    case "mass":
      return pair.mass;
    case "margin":
      return pair.margin;
    case "share":
      return pair.share;
    case "count":
      return pair.count;
    case "confidence":
      return pair.confidence ?? 0;
    default:
      return open;
  }
}

/** Rows by falling score; those without one are left out, and equal ones stay in their order. */
export function bySuspicion(rows: Iterable<number>, score: (row: number) => number | null): number[] {
  const scored: (readonly [number, number])[] = [];
  for (const row of rows) {
    const value = score(row);
    if (value !== null) scored.push([row, value]);
  }
  return scored.sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([row]) => row);
}

export function rowsOf(found: Found, basis: string | null): number[] {
  const rows: number[] = [];
  for (let row = 0; row < found.n; row++) if (found.basis(row) !== "" && (basis === null || found.basis(row) === basis)) rows.push(row);
  return rows;
}

/** The samples of a pair: those the model calls the other class, and those that are likely to be meant so. */
export function rowsOfPair(found: Found, rows: readonly number[], pair: { label: number; prediction: number }): number[] {
  const inside = rows.filter((row) => {
    if (found.judged(row) !== pair.label) return false;
    if (found.prediction(row) === pair.prediction) return true;
    return found.suggestions(row)[0]?.index === pair.prediction && (found.score(row, "suspicion") ?? 0) >= LIKELY;
  });
  return bySuspicion(inside, (row) => found.score(row, "suspicion"));
}

/**
 * Label and suggestions as they are shown: around the recorded label. After a round the judgement of a corrected sample
 * is about the corrected one, which then comes first among what it may be instead.
 */
export function besideLabel(found: Found, row: number, recorded: number | null): { likely: number | null; suggestions: readonly Suggestion[] } {
  const [judged, suggestions] = [found.judged(row), found.suggestions(row)];
  if (judged === recorded || judged === null) return { likely: found.given(row), suggestions };
  const most = suggestions.length;
  return {
    likely: suggestions.find(({ index }) => index === recorded)?.probability ?? null,
    suggestions: [{ index: judged, probability: found.given(row) }, ...suggestions.filter(({ index }) => index !== recorded)].slice(0, Math.max(1, most)),
  };
}

/** The probability of the second likeliest class: near a half, both fit. */
export function secondOf(found: Found, row: number): number | null {
  const all = [found.given(row), ...found.suggestions(row).map(({ probability }) => probability)].filter((value) => value !== null).sort((a, b) => b - a);
  return all[1] ?? null;
}

/** A number in [0, 1) by text, the same in every browser and on every day: an order by it is as good as drawn. */
export function drawn(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  // FNV alone leaves the last letters in the last bits: ids that count up would come in runs.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
