/** Comparisons as closed intervals, exact for doubles and for 64-bit integers alike. */
import type { Expr, Scalar } from "./clauses";

/** A value among the representable ones: itself twice, or its two neighbours. */
interface Place<T> {
  below: T;
  above: T;
}

export interface Line<T> {
  place: (value: Scalar) => Place<T> | null;
  next: (value: T) => T;
  previous: (value: T) => T;
  least: T;
  most: T;
}

const view = new DataView(new ArrayBuffer(8));

/** The next larger double; NaN after infinity, which then matches nothing. */
export function nextUp(value: number): number {
  if (Number.isNaN(value) || value === Infinity) return NaN;
  if (value === 0) return Number.MIN_VALUE;
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

/** Doubles; `narrow` rounds what is typed to what the column can hold (0.1 in a column of 32-bit floats). */
export function doubles(narrow: (value: number) => number): Line<number> {
  return {
    place: (value) => {
      if (typeof value === "bigint") {
        const near = Number(value);
        if (!Number.isFinite(near)) return { below: value > 0n ? Number.MAX_VALUE : -Infinity, above: value > 0n ? Infinity : -Number.MAX_VALUE };
        const exact = BigInt(near);
        return { below: exact > value ? -nextUp(-near) : near, above: exact < value ? nextUp(near) : near };
      }
      const at = narrow(Number(value));
      return Number.isNaN(at) ? null : { below: at, above: at };
    },
    next: nextUp,
    previous: (value) => -nextUp(-value),
    least: -Infinity,
    most: Infinity,
  };
}

/** Beyond every 64-bit integer, signed or not. */
const FAR = 2n ** 65n;

export const integers: Line<bigint> = {
  place: (value) => {
    if (typeof value === "bigint") return { below: value, above: value };
    const number = Number(value);
    if (Number.isNaN(number)) return null;
    if (!Number.isFinite(number)) return number > 0 ? { below: FAR, above: FAR } : { below: -FAR, above: -FAR };
    return { below: BigInt(Math.floor(number)), above: BigInt(Math.ceil(number)) };
  },
  next: (value) => value + 1n,
  previous: (value) => value - 1n,
  least: -FAR - 1n,
  most: FAR + 1n,
};

export type Interval<T> = readonly [T, T];

type Compared = Extract<Expr, { op: "in" | "notin" | "range" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" }>;

/** The intervals an expression asks for; for `ne` and `notin` those it rules out. */
export function intervalsOf<T>(expr: Compared, line: Line<T>): Interval<T>[] {
  const exactly = (value: Scalar): Interval<T>[] => {
    const place = line.place(value);
    return place && place.below === place.above ? [[place.below, place.above]] : [];
  };
  const from = (value: Scalar, itself: boolean): T | null => {
    const place = line.place(value);
    return place && (place.below === place.above && !itself ? line.next(place.above) : place.above);
  };
  const to = (value: Scalar, itself: boolean): T | null => {
    const place = line.place(value);
    return place && (place.below === place.above && !itself ? line.previous(place.below) : place.below);
  };
  const between = (low: T | null, high: T | null): Interval<T>[] => (low === null || high === null ? [] : [[low, high]]);
  switch (expr.op) {
    case "in":
    case "notin":
      return expr.values.flatMap(exactly);
    case "eq":
    case "ne":
      return exactly(expr.value);
    case "lt":
    case "le":
      return between(line.least, to(expr.value, expr.op === "le"));
    case "gt":
    case "ge":
      return between(from(expr.value, expr.op === "ge"), line.most);
    case "range": {
      const { low, high, ends } = expr;
      return between(low === null ? line.least : from(low, ends.startsWith("[")), high === null ? line.most : to(high, ends.endsWith("]")));
    }
  }
}
