/** A batch of recommendations as it arrives, and what the ranking learned. */
import { numbersOf, stringsOf, valueAt, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";

export interface Item {
  row: number;
  id: string;
  rank: number;
  score: number | null;
  suggested: string | null;
  why: readonly string[];
  part: string;
}

export interface Weight {
  label: string;
  weight: number;
  prior: number | null;
}

export interface Doubt {
  row: number;
  answered: string;
  expected: string;
  doubt: number | null;
}

export interface Batch {
  items: readonly Item[];
  weights: readonly Weight[];
  typical: readonly number[];
  doubts: readonly Doubt[];
  notes: readonly string[];
}

function maybe(table: Table, name: string, row: number): Value {
  const column = table.get(name);
  return column ? valueAt(column, row) : null;
}

function number(table: Table, name: string, row: number): number | null {
  const value = maybe(table, name, row);
  return value === null || Number.isNaN(Number(value)) ? null : Number(value);
}

function rowsIn(table: Table, name: string): number[] {
  return Array.from({ length: table.get(name)?.length ?? 0 }, (_, row) => row);
}

export function rowsRecommended(batch: Table): number[] {
  return Array.from(numbersOf(batch, "sample_index").values, Number);
}

export function readBatch(tables: ReadonlyMap<string, Table>, ids: readonly string[]): Batch {
  const of = (name: string): Table => tables.get(name) ?? new Map();
  const [batch, weights, review, notes] = [of("batch"), of("weights"), of("review"), of("notes")];
  const part = batch.has("part") ? stringsOf(batch, "part") : () => "";
  return {
    items: rowsRecommended(batch).map((row, k) => {
      const why = maybe(batch, "why", k);
      const suggested = maybe(batch, "suggested", k);
      return {
        row, id: ids[k] ?? "", rank: number(batch, "rank", k) ?? k + 1, score: number(batch, "score", k), suggested: typeof suggested === "string" ? suggested : null,
        why: Array.isArray(why) ? (why as readonly Value[]).map(String) : [], part: part(k),
      };
    }),
    weights: rowsIn(weights, "weight").map((row) => ({ label: String(maybe(weights, "label", row) ?? ""), weight: number(weights, "weight", row) ?? 0, prior: number(weights, "prior", row) })),
    typical: of("typical").has("sample_index") ? Array.from(numbersOf(of("typical"), "sample_index").values, Number) : [],
    doubts: rowsIn(review, "sample_index").map((row) => ({ row: number(review, "sample_index", row) ?? 0, answered: String(maybe(review, "answered", row) ?? ""), expected: String(maybe(review, "expected", row) ?? ""), doubt: number(review, "doubt", row) })),
    notes: rowsIn(notes, "text").map((row) => String(maybe(notes, "text", row) ?? "")),
  };
}
