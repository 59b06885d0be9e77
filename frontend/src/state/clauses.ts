/** What a filter says: a small language over columns, as plain data. */
import { count, plural, shorten, valueText } from "../draw/format";
import { popcount } from "./masks";

/** Integers beyond 2^53 are bigints: as numbers they would not be themselves. */
export type Scalar = string | number | bigint | boolean;

export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** Which ends belong to a range: both, the lower, the upper, none. */
export type Ends = "[]" | "[)" | "(]" | "()";

/**
 * A missing value (null or NaN) matches no comparison, `ne` and `notin` included; only `null` matches it.
 * `not` keeps exactly what its inside leaves out, missing values included.
 */
export type Expr =
  | { op: "in" | "notin"; column: string; values: readonly Scalar[] }
  | { op: "range"; column: string; low: Scalar | null; high: Scalar | null; ends: Ends }
  | { op: Comparison; column: string; value: Scalar }
  | { op: "contains"; column: string; text: string; mindCase?: true }
  | { op: "regex"; column: string; pattern: string; ignoreCase?: true }
  | { op: "null"; column: string }
  | { op: "has"; column: string; value: Scalar }
  /** Samples by position, ascending, or as bits. */
  | { op: "rows"; rows: Uint32Array }
  | { op: "bits"; bits: Uint32Array }
  /** Inside a polygon over two columns, by the non-zero winding rule. */
  | { op: "polygon"; x: string; y: string; points: readonly (readonly [number, number])[] }
  | { op: "and" | "or"; of: readonly Expr[] }
  | { op: "not"; of: Expr };

export interface Clause {
  id: string;
  /** The view it was made in, which it does not filter; "bar" when made by hand. */
  source: string;
  /** Words of the view that made it; null for the clause's own. */
  label: string | null;
  expr: Expr;
  enabled: boolean;
}

export const BAR = "bar";

/** Why a clause cannot be applied, in a sentence. */
export class ClauseError extends Error {}

/** The columns an expression reads. */
export function columnsOf(expr: Expr): string[] {
  switch (expr.op) {
    case "and":
    case "or":
      return [...new Set(expr.of.flatMap(columnsOf))];
    case "not":
      return columnsOf(expr.of);
    case "rows":
    case "bits":
      return [];
    case "polygon":
      return [...new Set([expr.x, expr.y])];
    default:
      return [expr.column];
  }
}

/** The next id that no clause has. */
export function freshId(clauses: readonly Clause[]): string {
  return `c${1 + clauses.reduce((most, { id }) => Math.max(most, Number(id.slice(1)) || 0), 0)}`;
}

const LONGEST_VALUE = 32;
const VALUES_NAMED = 3;

function words(value: Scalar | null): string {
  return value === "" ? "empty text" : typeof value === "number" ? valueText(Number(value.toPrecision(6))) : shorten(valueText(value), LONGEST_VALUE);
}

function several(values: readonly Scalar[]): string {
  const named = values.slice(0, VALUES_NAMED).map(words);
  const rest = values.length - named.length;
  if (rest > 0) return `${named.join(", ")} or ${count(rest)} more`;
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} or ${named.at(-1)}` : (named[0] ?? "nothing");
}

const SIGNS: Record<Comparison, string> = { eq: "=", ne: "≠", lt: "<", le: "≤", gt: ">", ge: "≥" };

function rangeWords(expr: Extract<Expr, { op: "range" }>): string {
  const { low, high, ends } = expr;
  if (low === null && high === null) return "is known";
  if (high === null) return `${ends.startsWith("[") ? "≥" : ">"} ${words(low)}`;
  if (low === null) return `${ends.endsWith("]") ? "≤" : "<"} ${words(high)}`;
  return `${ends.startsWith("[") ? "from" : "above"} ${words(low)} to ${ends.endsWith("]") ? "" : "below "}${words(high)}`;
}

/** An expression as people say it: "label = Shirt", "ink from 0.2 to 0.5". */
export function sentenceOf(expr: Expr): string {
  switch (expr.op) {
    case "in":
      return expr.values.length === 1 ? `${expr.column} = ${several(expr.values)}` : `${expr.column} is ${several(expr.values)}`;
    case "notin":
      return `${expr.column} is known and not ${several(expr.values)}`;
    case "range":
      return `${expr.column} ${rangeWords(expr)}`;
    case "contains":
      return `${expr.column} contains “${shorten(expr.text, LONGEST_VALUE)}”`;
    case "regex":
      return `${expr.column} matches ${shorten(expr.pattern, LONGEST_VALUE)}`;
    case "null":
      return `${expr.column} is missing`;
    case "has":
      return `${expr.column} has ${words(expr.value)}`;
    case "rows":
      return `${plural(expr.rows.length, "chosen sample")}`;
    case "bits":
      return `${plural(popcount(expr.bits), "chosen sample")}`;
    case "polygon":
      return `inside an outline of ${expr.x} and ${expr.y}`;
    case "and":
    case "or":
      if (expr.of.length === 0) return expr.op === "and" ? "everything" : "nothing";
      return expr.of.map((one) => (one.op === "and" || one.op === "or" ? `(${sentenceOf(one)})` : sentenceOf(one))).join(` ${expr.op} `);
    case "not":
      return expr.of.op === "null" ? `${expr.of.column} is known` : `not ${expr.of.op === "and" || expr.of.op === "or" ? `(${sentenceOf(expr.of)})` : sentenceOf(expr.of)}`;
    default:
      return `${expr.column} ${SIGNS[expr.op]} ${words(expr.value)}`;
  }
}

export function clauseWords(clause: Clause): string {
  return clause.label ?? sentenceOf(clause.expr);
}

/** Chosen samples are named one by one in an address, as long as they are few. */
const INLINE_ROWS = 100;

/** Whether a clause is short enough to be written out: the samples it names are at most `most`. */
export function isInline(expr: Expr, most = INLINE_ROWS): boolean {
  if (expr.op === "rows") return expr.rows.length <= most;
  if (expr.op === "bits") return popcount(expr.bits) <= most;
  if (expr.op === "and" || expr.op === "or") return expr.of.every((one) => isInline(one, most));
  return expr.op !== "not" || isInline(expr.of, most);
}
