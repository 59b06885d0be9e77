/** Reads filters that people write, and says where one stops making sense. */
import type { Comparison, Expr, Scalar } from "./clauses";
import { RESERVED } from "./clause-text";
import { fromBase64 } from "./masks";

/** What could be written next: a column, or a value of one. */
export type Wanted = { kind: "column" } | { kind: "value"; column: string };

/** Where a text stops making sense, and what would. */
export class TextError extends Error {
  constructor(
    readonly position: number,
    readonly expected: string,
    found: string,
    readonly wants: Wanted | null = null,
  ) {
    super(`Expected ${expected}, found ${found}.`);
  }
}

const COMPARISONS: Record<string, Comparison> = { "=": "eq", "==": "eq", "!=": "ne", "≠": "ne", "<": "lt", "<=": "le", "≤": "le", ">": "gt", ">=": "ge", "≥": "ge" };


interface Token {
  kind: "word" | "column" | "text" | "number" | "sign" | "end";
  text: string;
  at: number;
}

const TOKEN = /\s+|([\p{L}_][\p{L}\p{N}_]*)|(-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|-inf\b)|(["'`])|(==|!=|<=|>=|[=<>≠≤≥()[\],*])/uy;
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

/** The inside of quotes, from just after the opening one; returns the text and where it ended. */
function unquoted(source: string, start: number, quote: string): [string, number] {
  let out = "";
  for (let at = start; at < source.length; at++) {
    const letter = source[at] ?? "";
    if (letter === quote) return [out, at + 1];
    if (letter !== "\\") {
      out += letter;
      continue;
    }
    const code = /^u\{([0-9a-fA-F]{1,6})\}/.exec(source.slice(at + 1, at + 10));
    if (code && Number.parseInt(code[1] ?? "", 16) <= 0x10ffff) {
      out += String.fromCodePoint(Number.parseInt(code[1] ?? "", 16));
      at += code[0].length;
    } else {
      const next = source[++at] ?? "";
      out += ESCAPES[next] ?? next;
    }
  }
  throw new TextError(source.length, `a closing ${quote}`, "the end");
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) throw new TextError(at, "a column, a value or a sign", `“${String.fromCodePoint(source.codePointAt(at) ?? 0)}”`);
    const [whole, word, number, quote, sign] = match;
    let end = at + whole.length;
    if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else if (quote !== undefined) {
      const [text, after] = unquoted(source, end, quote);
      tokens.push({ kind: quote === "`" ? "column" : "text", text, at });
      end = after;
    }
    at = end;
  }
  tokens.push({ kind: "end", text: "", at: source.length });
  return tokens;
}

const DEEPEST = 200;

class Parser {
  private place = 0;
  private depth = 0;
  /** The column that is being spoken of. */
  private subject = "";

  constructor(private readonly tokens: readonly Token[]) {}

  private get token(): Token {
    return this.tokens[this.place] ?? { kind: "end", text: "", at: 0 };
  }

  private fail(expected: string, wants: Wanted | null = null): never {
    const { kind, text, at } = this.token;
    throw new TextError(at, expected, kind === "end" ? "the end" : `“${text}”`, wants);
  }

  /** Take the next token if it is this word or sign. */
  private take(text: string): boolean {
    const { kind, text: found } = this.token;
    const same = (kind === "word" && found.toLowerCase() === text) || (kind === "sign" && found === text);
    if (same) this.place++;
    return same;
  }

  private need(text: string): void {
    if (!this.take(text)) this.fail(`“${text}”`);
  }

  whole(): Expr {
    const expr = this.either();
    if (this.token.kind !== "end") this.fail("“and”, “or” or the end");
    return expr;
  }

  private either(): Expr {
    if (++this.depth > DEEPEST) this.fail("fewer parentheses");
    const of = [this.both()];
    while (this.take("or")) of.push(this.both());
    this.depth--;
    return of.length === 1 && of[0] ? of[0] : { op: "or", of };
  }

  private both(): Expr {
    const of = [this.one()];
    while (this.take("and")) of.push(this.one());
    return of.length === 1 && of[0] ? of[0] : { op: "and", of };
  }

  private one(): Expr {
    if (this.take("not")) {
      if (++this.depth > DEEPEST) this.fail("fewer times “not”");
      const of = this.one();
      this.depth--;
      return { op: "not", of };
    }
    if (this.take("everything")) return { op: "and", of: [] };
    if (this.take("nothing")) return { op: "or", of: [] };
    if (this.take("(")) {
      const expr = this.either();
      this.need(")");
      return expr;
    }
    if (this.take("rows")) return this.rows();
    if (this.take("polygon")) return this.polygon();
    return this.about(this.column());
  }

  private column(): string {
    const { kind, text } = this.token;
    if (kind !== "column" && (kind !== "word" || RESERVED.has(text.toLowerCase()))) this.fail("a column, “not” or “(”", { kind: "column" });
    this.place++;
    return text;
  }

  private about(column: string): Expr {
    this.subject = column;
    const { kind, text } = this.token;
    const comparison = kind === "sign" && Object.hasOwn(COMPARISONS, text) ? COMPARISONS[text] : undefined;
    if (comparison) {
      this.place++;
      return { op: comparison, column, value: this.value() };
    }
    if (this.take("in")) return this.range(column) ?? { op: "in", column, values: this.values() };
    if (this.take("not")) {
      this.need("in");
      return { op: "notin", column, values: this.values() };
    }
    if (this.take("is")) {
      const not = this.take("not");
      this.need("missing");
      return not ? { op: "not", of: { op: "null", column } } : { op: "null", column };
    }
    if (this.take("contains")) {
      const wanted = this.text();
      return this.ending("minding") ? { op: "contains", column, text: wanted, mindCase: true } : { op: "contains", column, text: wanted };
    }
    if (this.take("matches")) {
      const pattern = this.text();
      return this.ending("ignoring") ? { op: "regex", column, pattern, ignoreCase: true } : { op: "regex", column, pattern };
    }
    if (this.take("has")) return { op: "has", column, value: this.value() };
    return this.fail("=, !=, <, <=, >, >=, in, not in, is missing, contains, matches or has");
  }

  private ending(word: string): boolean {
    if (!this.take(word)) return false;
    this.need("case");
    return true;
  }

  /** `[a to b)`: square ends belong to the range, round ones do not, * is no end. A list in parentheses is no range. */
  private range(column: string): Expr | null {
    const start = this.place;
    const first = this.take("[") ? "[" : this.take("(") ? "(" : this.fail("“(” before a list or “[” before a range");
    if (first === "(" && this.take(")")) return this.back(start);
    const low = this.take("*") ? null : this.value();
    if (!this.take("to")) return first === "(" && low !== null ? this.back(start) : this.fail("“to”");
    const high = this.take("*") ? null : this.value();
    const last = this.take("]") ? "]" : this.take(")") ? ")" : this.fail("“]” or “)”");
    return { op: "range", column, low, high, ends: `${first}${last}` };
  }

  private back(place: number): null {
    this.place = place;
    return null;
  }

  private values(): Scalar[] {
    this.need("(");
    const values: Scalar[] = [];
    if (this.take(")")) return values;
    do values.push(this.value());
    while (this.take(","));
    if (!this.take(")")) this.fail("“,” or “)”");
    return values;
  }

  private value(): Scalar {
    const { kind, text } = this.token;
    if (kind === "number") {
      this.place++;
      return numberOf(text);
    }
    if (kind === "word") {
      const word = text.toLowerCase();
      const known: Record<string, Scalar> = { true: true, false: false, inf: Infinity, nan: NaN };
      if (!RESERVED.has(word) || Object.hasOwn(known, word)) {
        this.place++;
        return known[Object.hasOwn(known, word) ? word : ""] ?? text;
      }
    }
    return kind === "text" ? this.text() : this.fail("a value, with quotes around text", { kind: "value", column: this.subject });
  }

  private text(): string {
    const { kind, text } = this.token;
    if (kind !== "text") this.fail("text in quotes");
    this.place++;
    return text;
  }

  private number(): number {
    const { kind, text } = this.token;
    if (kind !== "number" && !(kind === "word" && text === "inf")) this.fail("a number");
    this.place++;
    return text === "inf" ? Infinity : Number(numberOf(text));
  }

  private rows(): Expr {
    this.need("(");
    if (this.token.kind === "text") return this.bits();
    const rows: number[] = [];
    while (!this.take(")")) {
      if (rows.length > 0) this.need(",");
      if (!/^\d{1,9}$/.test(this.token.text)) this.fail("the position of a sample");
      rows.push(this.number());
    }
    return { op: "rows", rows: Uint32Array.from(new Set(rows)).sort() };
  }

  /** One bit for each sample, as base64. */
  private bits(): Expr {
    try {
      const bits = fromBase64(this.token.text);
      this.place++;
      this.need(")");
      return { op: "bits", bits };
    } catch (error) {
      if (error instanceof TextError) throw error;
      return this.fail("bits as base64");
    }
  }

  private polygon(): Expr {
    this.need("(");
    const x = this.column();
    this.need(",");
    const y = this.column();
    const points: [number, number][] = [];
    while (this.take(",")) points.push([this.number(), this.number()]);
    this.need(")");
    return { op: "polygon", x, y, points };
  }
}

function numberOf(text: string): number | bigint {
  if (text === "-inf") return -Infinity;
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

/** Read a filter; a `TextError` says where it stops making sense. */
export function parse(text: string): Expr {
  return new Parser(tokensOf(text)).whole();
}

/** A word, or the inside of quotes that are not closed yet. */
const BEGUN = [/[\p{L}\p{N}_]*$/u, /["`][^"`]*$/];

/** What a text wants at its end, and the beginning of it that stands there already; null where nothing can be offered. */
export function wantedAt(text: string): { before: string; begun: string; wants: Wanted } | null {
  for (const pattern of BEGUN) {
    const begun = pattern.exec(text)?.[0];
    if (begun === undefined) continue;
    const before = text.slice(0, text.length - begun.length);
    try {
      parse(before);
    } catch (error) {
      if (error instanceof TextError && error.wants && error.position === before.length) return { before, begun: begun.replace(/^["`]/, ""), wants: error.wants };
    }
  }
  return null;
}
