/** From a mark to the samples behind it. */
import type { Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import type { Expr, Scalar } from "../../state/clauses";
import type { Datum } from "./draw";
import { INDEX } from "./spec";

/** The sample that a mark is; null where it stands for several, or for none. */
export function sampleOf(datum: Datum): number | null {
  const index = datum[INDEX];
  return typeof index === "number" && Number.isInteger(index) ? index : null;
}

function greatest(column: Column): number {
  if (column.kind !== "number") return Infinity;
  let most = -Infinity;
  for (let i = 0; i < column.length; i++) if ((column.values[i] ?? NaN) > most && (!column.valid || column.valid[i])) most = column.values[i] ?? most;
  return most;
}

function valueExpr(name: string, value: Json, column: Column): Expr | null {
  if (value === null) return { op: "null", column: name };
  if (column.kind === "time") return null; // a mark over time stands for a unit of it, not for a moment
  return typeof value === "object" ? null : { op: "eq", column: name, value: value as Scalar };
}

/** What the samples behind a mark have in common, as far as its groups say it; null where they say nothing. */
export function exprOf(datum: Datum, columns: ReadonlyMap<string, Column>): Expr | null {
  const of: Expr[] = [];
  for (const [name, column] of columns) {
    if (name in datum) {
      const expr = valueExpr(name, datum[name] ?? null, column);
      if (expr) of.push(expr);
      continue;
    }
    const start = Object.keys(datum).find((key) => key.startsWith("bin_") && key.endsWith(`_${name}`));
    if (start === undefined) continue;
    const [low, high] = [datum[start], datum[`${start}_end`]];
    if (typeof low !== "number" || typeof high !== "number") of.push({ op: "null", column: name });
    // The last bin holds its upper end as well.
    else of.push({ op: "range", column: name, low, high, ends: high >= greatest(column) ? "[]" : "[)" });
  }
  const [first] = of;
  return of.length > 1 ? { op: "and", of } : (first ?? null);
}
