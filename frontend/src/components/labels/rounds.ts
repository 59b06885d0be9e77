/** What the round that the page stands on changed, as the analysis tells it. */
import { numbersOf, stringsOf, valueAt, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";

/** How often two models are right on the same held-out samples: of the recorded labels, and of the corrected ones. */
export interface Measured {
  /** "recorded" or "corrected": whose labels are taken for true. */
  on: string;
  samples: number;
  before: number;
  after: number;
  /** 95 % interval of the gain. */
  low: number;
  high: number;
  /** Samples that only the later model has right, that only the earlier one has, and that the later one has wrong. */
  mended: readonly number[];
  broken: readonly number[];
  wrong: readonly number[];
}

export interface Round {
  number: number;
  /** Labels it learnt from that are not the recorded ones. */
  corrected: number;
  /** The last decision of the log that its labels follow. */
  lastDecision: number;
  errors: { before: number; after: number };
  /** Taken for right before and for wrong now, the most suspicious first; and the other way round. */
  suspects: readonly number[];
  cleared: readonly number[];
  accuracy: readonly Measured[];
}

export function numbersIn(value: Value): readonly number[] {
  return Array.isArray(value) ? (value as readonly Value[]).map(Number) : ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : [];
}

function readAccuracy(table: Table): Measured[] {
  const on = stringsOf(table, "measured_on");
  const number = (name: string, row: number) => (table.has(name) ? Number(numbersOf(table, name).values[row] ?? NaN) : NaN);
  const rows = (name: string, row: number) => {
    const column = table.get(name);
    return column ? numbersIn(valueAt(column, row)) : [];
  };
  return Array.from({ length: table.get("measured_on")?.length ?? 0 }, (_, row): Measured => {
    const [first, second] = [rows("wrong_before", row), rows("wrong_after", row)];
    const [were, are] = [new Set(first), new Set(second)];
    return {
      on: on(row), samples: number("samples", row), before: number("before", row), after: number("after", row), low: number("low", row), high: number("high", row),
      mended: first.filter((one) => !are.has(one)), broken: second.filter((one) => !were.has(one)), wrong: second,
    };
  });
}

/** Null where the labels were never judged anew. */
export function readRound(tables: { round: Table; moved: Table; accuracy: Table }): Round | null {
  const { round, moved } = tables;
  if (!(round.get("number")?.length ?? 0)) return null;
  const number = (name: string) => Number(numbersOf(round, name).values[0] ?? 0);
  const change = stringsOf(moved, "change");
  const rows = moved.has("sample_index") ? Array.from(numbersOf(moved, "sample_index").values, Number) : [];
  return {
    number: number("number"),
    corrected: number("corrected"),
    lastDecision: number("last_decision"),
    errors: { before: number("errors_before"), after: number("errors_after") },
    suspects: rows.filter((_, i) => change(i) === "new suspect"),
    cleared: rows.filter((_, i) => change(i) === "cleared"),
    accuracy: readAccuracy(tables.accuracy),
  };
}
