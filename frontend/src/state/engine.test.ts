// @vitest-environment node
import { expect, test } from "vitest";
import { valueAt, type Column, type Value } from "../hosts/arrow";
import { nextUp } from "./bounds";
import { ClauseError, sentenceOf, type Expr, type Scalar } from "./clauses";
import { parse, TextError } from "./clause-parser";
import { textOf } from "./clause-text";
import { Engine } from "./engine";
import { countBy, every, fromRows, has, keep, popcount, rowsOf } from "./masks";

let seed = 1;
const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const below = (n: number) => Math.floor(random() * n);
const one = <T>(from: readonly T[]): T => from[below(from.length)] as T;

const WORDS = ["Shirt", "shirt", "Bag", "", "a\"b`c", "<b>", "\u202eevil", "🙂", "1", "and"];
const NUMBERS = [0, -0, 1, -1, 0.1, 2.5, 1e20, -Infinity, Infinity, NaN, 3];
const BIGS = [0n, -1n, 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 53n) - 1n];

function validity(n: number): Uint8Array | null {
  return random() < 0.3 ? null : Uint8Array.from({ length: n }, () => Number(random() < 0.8));
}

function table(n: number): Map<string, Column> {
  const texts = Array.from({ length: n }, () => (random() < 0.1 ? null : one(WORDS)));
  return new Map<string, Column>([
    ["kind", { kind: "category", length: n, values: WORDS, codes: Int32Array.from({ length: n }, () => below(WORDS.length)), valid: validity(n) }],
    ["real", { kind: "number", length: n, integer: false, values: Float64Array.from({ length: n }, () => one(NUMBERS)), valid: validity(n) }],
    ["single", { kind: "number", length: n, integer: false, values: Float32Array.from({ length: n }, () => one(NUMBERS)), valid: validity(n) }],
    ["small", { kind: "number", length: n, integer: true, values: Int8Array.from({ length: n }, () => below(7) - 3), valid: validity(n) }],
    ["big", { kind: "bigint", length: n, values: BigInt64Array.from({ length: n }, () => one(BIGS)), valid: validity(n) }],
    ["ubig", { kind: "bigint", length: n, values: BigUint64Array.from({ length: n }, () => BigInt.asUintN(64, one(BIGS))), valid: validity(n) }],
    ["flag", { kind: "bool", length: n, values: Uint8Array.from({ length: n }, () => below(2)), valid: validity(n) }],
    ["note", { kind: "text", length: n, at: (i) => texts[i] ?? null }],
    ["tags", { kind: "list", length: n, at: (i) => (i % 5 === 0 ? null : [WORDS[i % 10] ?? "", i % 3, null]) }],
    ["nothing here", { kind: "none", length: n }],
  ]);
}

const scalarFor = (name: string): Scalar =>
  name === "flag" ? random() < 0.5 : name === "kind" || name === "note" || name === "tags" ? one(WORDS) : random() < 0.4 ? one([...BIGS, 2n ** 64n - 1n, 2n ** 70n]) : one([...NUMBERS, 0.5, -2, 2 ** 53]);

function randomExpr(depth: number): Expr {
  const column = one(["kind", "real", "single", "small", "big", "ubig", "flag", "note", "nothing here"]);
  const value = () => scalarFor(column);
  const kind = below(depth > 0 ? 12 : 8);
  if (kind >= 10) return { op: "not", of: randomExpr(depth - 1) };
  if (kind >= 8) return { op: one(["and", "or"] as const), of: Array.from({ length: 2 + below(3) }, () => randomExpr(depth - 1)) };
  if (kind === 7) return one<Expr>([{ op: "null", column }, { op: "has", column: "tags", value: one<Scalar>(["Shirt", 1, 2n]) }, { op: "rows", rows: Uint32Array.of(1, 5, 40) }, { op: "null", column: "tags" }]);
  if (kind === 6) return one<Expr>([{ op: "contains", column: "note", text: "SH" }, { op: "contains", column: "kind", text: "S", mindCase: true }, { op: "regex", column: "kind", pattern: "^.h", ignoreCase: true }, { op: "regex", column: "note", pattern: "[A-Z]" }]);
  if (kind >= 4) return { op: one(["in", "notin"] as const), column, values: Array.from({ length: below(9) }, value) };
  if (kind === 3) return { op: "range", column, low: random() < 0.2 ? null : value(), high: random() < 0.2 ? null : value(), ends: one(["[]", "[)", "(]", "()"] as const) };
  return { op: one(["eq", "ne", "lt", "le", "gt", "ge"] as const), column, value: value() };
}

const missing = (value: Value) => value === null || (typeof value === "number" && Number.isNaN(value));

/** Row by row, with the language's own comparisons, which are exact between numbers and bigints. */
function slow(expr: Expr, columns: Map<string, Column>, row: number): boolean {
  const read = (name: string) => valueAt(columns.get(name) as Column, row);
  const fit = (name: string, value: Scalar): Scalar => (name === "single" && typeof value === "number" ? Math.fround(value) : name === "kind" || name === "note" ? String(value) : value);
  switch (expr.op) {
    case "and":
      return expr.of.every((inner) => slow(inner, columns, row));
    case "or":
      return expr.of.some((inner) => slow(inner, columns, row));
    case "not":
      return !slow(expr.of, columns, row);
    case "rows":
      return expr.rows.includes(row);
    case "null":
      return missing(read(expr.column));
    case "has":
      return ((read(expr.column) as Value[] | null) ?? []).some((item) => item !== null && item == expr.value && typeof item !== "boolean");
    case "contains": {
      const value = read(expr.column);
      return value !== null && (expr.mindCase ? String(value).includes(expr.text) : String(value).toLowerCase().includes(expr.text.toLowerCase()));
    }
    case "regex": {
      const value = read(expr.column);
      return value !== null && new RegExp(expr.pattern, expr.ignoreCase ? "iu" : "u").test(String(value));
    }
    case "bits":
    case "polygon":
      throw new Error("not here");
    default: {
      const value = read(expr.column) as Scalar | null;
      if (value === null || missing(value)) return false;
      const to = (other: Scalar) => fit(expr.column, other);
      if (expr.op === "in" || expr.op === "notin") return expr.values.some((other) => value == to(other)) === (expr.op === "in");
      if (expr.op === "range") {
        const { low, high, ends } = expr;
        const above = low === null || value > to(low) || (ends[0] === "[" && value == to(low));
        return above && (high === null || value < to(high) || (ends[1] === "]" && value == to(high)));
      }
      const { op } = expr;
      const other = to((expr as { value: Scalar }).value);
      return { eq: value == other, ne: value != other, lt: value < other, le: value <= other, gt: value > other, ge: value >= other }[op as "eq"];
    }
  }
}

function engineOf(columns: Map<string, Column>, n: number): Engine {
  const engine = new Engine(n);
  for (const [name, column] of columns) engine.set(name, column);
  return engine;
}

const rows = (engine: Engine, text: string) => [...rowsOf(engine.mask(parse(text)))];

test("on random tables the masks are what a slow look at every row finds", () => {
  for (let round = 0; round < 250; round++) {
    const n = one([0, 1, 31, 32, 33, 70]);
    const columns = table(n);
    const engine = engineOf(columns, n);
    const expr = randomExpr(2);
    const wanted = Array.from({ length: n }, (_, i) => i).filter((row) => slow(expr, columns, row));
    expect([...rowsOf(engine.mask(expr))], `${round}: ${textOf(expr)}`).toEqual(wanted);
  }
});

/** A bigint that fits a number is one. */
function canonical<T>(of: T): T {
  if (typeof of === "bigint") return (Number.isSafeInteger(Number(of)) ? Number(of) : of) as T;
  if (Array.isArray(of)) return of.map(canonical) as T;
  if (of === null || typeof of !== "object" || ArrayBuffer.isView(of)) return of;
  return Object.fromEntries(Object.entries(of).map(([key, inner]) => [key, canonical(inner)])) as T;
}

test("what is written is read back as the same, hostile names and values included", () => {
  const names = ["a b", "`", "\\", "and", "IN", "__proto__", "", "x\ny", "\u202e", "\ud800", "ü", "𝒳", "is", "1st", "inf"];
  for (let round = 0; round < 400; round++) {
    const expr = randomExpr(3);
    if (!("column" in expr) && round % 2) continue;
    const named = "column" in expr ? { ...expr, column: one(names) } : expr;
    expect(parse(textOf(named)), textOf(named)).toEqual(canonical(named));
  }
  const outline: Expr = { op: "polygon", x: "a b", y: "y", points: [[0, -1.5], [1e21, 2], [3, 4]] };
  expect(parse(textOf(outline))).toEqual(outline);
  expect(parse(textOf({ op: "eq", column: "c", value: "\ud800\\u{41}" }))).toEqual({ op: "eq", column: "c", value: "\ud800\\u{41}" });
});

test("people may write it in several ways", () => {
  expect(parse("label = Shirt")).toEqual({ op: "eq", column: "label", value: "Shirt" });
  expect(parse("label == 'Ankle boot' AND NOT (x>=.5 or y is missing)")).toEqual({
    op: "and", of: [{ op: "eq", column: "label", value: "Ankle boot" }, { op: "not", of: { op: "or", of: [{ op: "ge", column: "x", value: 0.5 }, { op: "null", column: "y" }] } }],
  });
  expect(parse("a = 1 or b = 2 and c = 3").op).toBe("or");
});

test("an error says where, and what would make sense", () => {
  const wrong = (text: string) => {
    try {
      parse(text);
    } catch (error) {
      if (error instanceof TextError) return [error.position, error.message];
    }
    return null;
  };
  expect(wrong("label =")).toEqual([7, "Expected a value, with quotes around text, found the end."]);
  expect(wrong("label = Shirt Coat")).toEqual([14, "Expected “and”, “or” or the end, found “Coat”."]);
  expect(wrong("(a = 1")).toEqual([6, "Expected “)”, found the end."]);
  expect(wrong("a = 'x")).toEqual([6, "Expected a closing ', found the end."]);
  expect(wrong("a ~ 3")).toEqual([2, "Expected a column, a value or a sign, found “~”."]);
  expect(wrong("a is 3")?.[0]).toBe(5);
  expect(wrong("(".repeat(5000))?.[0]).toBeLessThan(1000);
  expect(wrong("not ".repeat(5000))?.[0]).toBeLessThan(1000);
});

test("by hand: missing values, infinities, -0 and integers beyond 2^53", () => {
  const engine = engineOf(new Map<string, Column>([
    ["x", { kind: "number", length: 5, integer: false, values: Float64Array.of(1, NaN, -0, Infinity, 5), valid: Uint8Array.of(1, 1, 1, 1, 0) }],
    ["n", { kind: "bigint", length: 5, values: BigInt64Array.of(9007199254740992n, 9007199254740993n, 9007199254740994n, -5n, 0n), valid: null }],
    ["t", { kind: "time", length: 5, values: Float64Array.of(0, 86_400_000, -1, NaN, 3), valid: null }],
  ]), 5);
  expect(rows(engine, "x = 0")).toEqual([2]);
  expect(rows(engine, "x != 1")).toEqual([2, 3]);
  expect(rows(engine, "not x = 1")).toEqual([1, 2, 3, 4]);
  expect(rows(engine, "x is missing")).toEqual([1, 4]);
  expect(rows(engine, "x >= inf")).toEqual([3]);
  expect(rows(engine, "x in [5 to 1]")).toEqual([]);
  expect(rows(engine, "n = 9007199254740993")).toEqual([1]);
  expect(rows(engine, "n > 9007199254740992")).toEqual([1, 2]);
  expect(rows(engine, "n < 0.5")).toEqual([3, 4]);
  expect(rows(engine, 't >= "1970-01-02"')).toEqual([1]);
  expect(rows(engine, "rows(4, 0, 99)")).toEqual([0, 4]);
});

test("a clause that cannot be asked says why", () => {
  const engine = engineOf(table(4), 4);
  for (const [text, why] of [["gone = 1", "There is no column “gone”."], ['real = "x"', "“real” holds numbers; “x” is none."], ['kind matches "("', "cannot be read"], ["flag = 1", "true or false"], ["tags = 1", "holds lists"], ['big contains "x"', "no text"]] as const) {
    expect(() => engine.mask(parse(text)), text).toThrow(ClauseError);
    expect(() => engine.mask(parse(text)), text).toThrow(why);
  }
});

test("outlines: winding counts, fewer than three points hold nothing, the middle of a star is inside", () => {
  const engine = engineOf(new Map<string, Column>([
    ["x", { kind: "number", length: 4, integer: false, values: Float32Array.of(0, 2, 9, NaN), valid: null }],
    ["y", { kind: "number", length: 4, integer: false, values: Float32Array.of(0, 2, 9, 0), valid: null }],
  ]), 4);
  const star = [0, 2, 4, 1, 3].map((k) => [5 * Math.sin(k * 1.2566), 5 * Math.cos(k * 1.2566)] as const);
  expect([...rowsOf(engine.mask({ op: "polygon", x: "x", y: "y", points: star }))]).toEqual([0]);
  expect(rows(engine, "polygon(x, y, -1 -1, 3 -1, 3 3, -1 3)")).toEqual([0, 1]);
  expect(rows(engine, "polygon(x, y, -1 -1, 3 3)")).toEqual([]);
});

test("laws: double negation, De Morgan, and the order of the samples does not matter", () => {
  for (let round = 0; round < 60; round++) {
    const columns = table(50);
    const engine = engineOf(columns, 50);
    const [a, b] = [randomExpr(1), randomExpr(1)];
    const not = (of: Expr): Expr => ({ op: "not", of });
    expect(engine.mask(not(not(a)))).toEqual(engine.mask(a));
    expect(engine.mask(not({ op: "and", of: [a, b] }))).toEqual(engine.mask({ op: "or", of: [not(a), not(b)] }));
    const eq: Expr = { op: "eq", column: "small", value: 2 };
    expect(engine.mask({ op: "or", of: [eq, { ...eq, op: "ne" }, { op: "null", column: "small" }] })).toEqual(every(50));
    const shuffled = Array.from({ length: 50 }, (_, i) => (i * 17 + 3) % 50);
    const kind = columns.get("kind") as Extract<Column, { kind: "category" }>;
    const moved = new Engine(50);
    moved.set("kind", { ...kind, codes: Int32Array.from(shuffled, (i) => kind.codes[i] ?? 0), valid: kind.valid && Uint8Array.from(shuffled, (i) => kind.valid?.[i] ?? 0) });
    const asked: Expr = { op: "in", column: "kind", values: ["Shirt", "1"] };
    expect([...rowsOf(moved.mask(asked))].map((i) => shuffled[i]).sort()).toEqual([...rowsOf(engine.mask(asked))].sort());
  }
});

test("a view never filters itself; a replaced column is looked at again", () => {
  const engine = new Engine(3);
  const numbers = (...values: number[]): Column => ({ kind: "number", length: 3, integer: true, values: Int32Array.from(values), valid: null });
  engine.set("a", numbers(1, 2, 3));
  const clause = (id: string, source: string, text: string, enabled = true) => ({ id, source, label: null, expr: parse(text), enabled });
  const clauses = [clause("c1", "one", "a >= 2"), clause("c2", "two", "a <= 2"), clause("c3", "bar", "a = 1", false)];
  const passing = (except?: string) => [...rowsOf(engine.effective(clauses, except) ?? every(3))];
  expect([passing(), passing("one"), passing("two")]).toEqual([[1], [0, 1], [1, 2]]);
  expect(engine.effective(clauses.slice(2))).toBeNull();
  engine.set("a", numbers(2, 2, 3));
  expect(passing()).toEqual([0, 1]);
  expect([...keep(Uint32Array.of(2, 1, 0), fromRows([0, 2], 3))]).toEqual([2, 0]);
});

test("very many chosen samples are written as bits and read back; of another recording those count that are here", () => {
  const bits = new Uint32Array(80).fill(0x77777777);
  const text = textOf({ op: "bits", bits });
  expect(text.length).toBeLessThan(460);
  expect(parse(text)).toEqual({ op: "bits", bits });
  expect(parse(textOf({ op: "bits", bits: bits.map((_, i) => (i < 8 ? 1 : 0)) }))).toEqual({ op: "rows", rows: Uint32Array.from({ length: 8 }, (_, i) => 32 * i) });
  expect([...rowsOf(new Engine(11).mask(parse(text)))]).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
  expect(() => parse('rows("no base64!")')).toThrow("Expected bits as base64");
});

test("counts and single bits", () => {
  const mask = fromRows([0, 31, 32, 64], 65);
  expect([popcount(mask), has(mask, 31), has(mask, 33), popcount(every(65))]).toEqual([4, true, false, 65]);
  const codes = Int32Array.from({ length: 65 }, (_, i) => i % 3);
  expect([...countBy(codes, 3, mask)]).toEqual([1, 2, 1]);
  expect([...countBy(codes, 3, null)]).toEqual([22, 22, 21]);
  expect(nextUp(1)).toBe(1 + 2 ** -52);
  expect(-nextUp(-0)).toBe(-Number.MIN_VALUE);
});

test("every clause reads as a sentence", () => {
  const said = (text: string) => sentenceOf(parse(text));
  expect(said('label = "Shirt"')).toBe("label = Shirt");
  expect(said('label in ("a", "b", "c", "d", "e")')).toBe("label is a, b, c or 2 more");
  expect(said("ink in [0.2 to 0.5)")).toBe("ink from 0.2 to below 0.5");
  expect(said("ink in (* to 0.5)")).toBe("ink < 0.5");
  expect(said("not (a is missing or b = 2)")).toBe("not (a is missing or b = 2)");
  expect(said("rows(1, 2, 3)")).toBe("3 chosen samples");
});
