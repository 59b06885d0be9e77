/** Filters as text: `label in ("Shirt", "Coat") and ink >= 0.5`. `clause-parser.ts` reads it back as the same expression. */
import type { Comparison, Expr, Scalar } from "./clauses";
import { popcount, rowsOf, toBase64 } from "./masks";

/** Words of the language; a column called so is written in backticks. */
export const RESERVED = new Set(["and", "or", "not", "in", "is", "missing", "contains", "matches", "has", "true", "false", "inf", "nan", "minding", "ignoring", "case", "rows", "polygon", "everything", "nothing", "to"]);
/** Up to so many chosen samples are named one by one, more as one bit for each sample. */
export const LISTED = 1000;
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const SIGNS: Record<Comparison, string> = { eq: "=", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };

/** Quotes, backslashes, control characters, direction marks and lone surrogates are escaped: nothing in a filter is invisible. */
function quoted(text: string, quote: string): string {
  let out = quote;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === quote || letter === "\\") out += `\\${letter}`;
    else if (letter === "\n") out += "\\n";
    else if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(letter)) out += `\\u{${code.toString(16)}}`;
    else out += letter;
  }
  return out + quote;
}

export function columnText(name: string): string {
  return IDENTIFIER.test(name) && !RESERVED.has(name.toLowerCase()) ? name : quoted(name, "`");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

export function scalarText(value: Scalar): string {
  if (typeof value === "string") return quoted(value, '"');
  return typeof value === "number" ? numberText(value) : String(value);
}

function list(values: readonly Scalar[]): string {
  return `(${values.map(scalarText).join(", ")})`;
}

function operand(expr: Expr): string {
  return expr.op === "and" || expr.op === "or" ? (expr.of.length === 0 ? textOf(expr) : `(${textOf(expr)})`) : textOf(expr);
}

export function textOf(expr: Expr): string {
  switch (expr.op) {
    case "and":
    case "or":
      if (expr.of.length === 0) return expr.op === "and" ? "everything" : "nothing";
      return expr.of.map(operand).join(` ${expr.op} `);
    case "not":
      return expr.of.op === "null" ? `${columnText(expr.of.column)} is not missing` : `not ${operand(expr.of)}`;
    case "rows":
      return `rows(${expr.rows.join(", ")})`;
    case "bits":
      return `rows(${popcount(expr.bits) <= LISTED ? rowsOf(expr.bits).join(", ") : quoted(toBase64(expr.bits), '"')})`;
    case "polygon":
      return `polygon(${[columnText(expr.x), columnText(expr.y), ...expr.points.map(([x, y]) => `${numberText(x)} ${numberText(y)}`)].join(", ")})`;
    case "in":
      return `${columnText(expr.column)} in ${list(expr.values)}`;
    case "notin":
      return `${columnText(expr.column)} not in ${list(expr.values)}`;
    case "range": {
      const end = (value: Scalar | null) => (value === null ? "*" : scalarText(value));
      return `${columnText(expr.column)} in ${expr.ends[0]}${end(expr.low)} to ${end(expr.high)}${expr.ends[1]}`;
    }
    case "contains":
      return `${columnText(expr.column)} contains ${quoted(expr.text, '"')}${expr.mindCase ? " minding case" : ""}`;
    case "regex":
      return `${columnText(expr.column)} matches ${quoted(expr.pattern, '"')}${expr.ignoreCase ? " ignoring case" : ""}`;
    case "null":
      return `${columnText(expr.column)} is missing`;
    case "has":
      return `${columnText(expr.column)} has ${scalarText(expr.value)}`;
    default:
      return `${columnText(expr.column)} ${SIGNS[expr.op]} ${scalarText(expr.value)}`;
  }
}
