/** Samples by the values of a column, and by the regions that those values are. */
import type { Column } from "../../hosts/arrow";
import type { Scalar } from "../../state/clauses";
import { wilson } from "../../state/intervals";
import { countBy, countStates, STATES, type Mask } from "../../state/masks";
import type { Estimate } from "../../state/performance";
import type { Placed } from "./shapes";

/** Of a column with more values than these no map is made: they are names of samples and not of places. */
export const MOST_VALUES = 20_000;

/** The different values of a column, and which of them each sample has; their number where it has none. */
export interface Values {
  scalars: readonly Scalar[];
  codes: Int32Array;
}

const kept = new WeakMap<Column, Values | null>();

/** null for what holds no names or codes, or too many. */
export function valuesOf(column: Column): Values | null {
  let found = kept.get(column);
  if (found === undefined) kept.set(column, (found = distinct(column)));
  return found;
}

function distinct(column: Column): Values | null {
  if (column.kind === "category") {
    const { values, valid, codes } = column;
    return { scalars: values, codes: valid ? codes.map((code, i) => (valid[i] ? code : values.length)) : codes };
  }
  const at = readerOf(column);
  if (!at) return null;
  const places = new Map<Scalar, number>();
  const codes = new Int32Array(column.length);
  for (let i = 0; i < codes.length; i++) {
    const value = at(i);
    let place = value === null ? -1 : places.get(value);
    if (value !== null && place === undefined) {
      if (places.size === MOST_VALUES) return null;
      places.set(value, (place = places.size));
    }
    codes[i] = place ?? -1;
  }
  return { scalars: [...places.keys()], codes: codes.map((code) => (code === -1 ? places.size : code)) };
}

/** What a sample says as a text or a whole number; null where it says nothing. */
function readerOf(column: Column): ((index: number) => Scalar | null) | null {
  if (column.kind === "text") return column.at;
  if (column.kind !== "number" && column.kind !== "bigint") return null;
  const { values, valid } = column;
  return (index) => {
    const value = values[index];
    return value === undefined || (valid && !valid[index]) || (typeof value === "number" && !Number.isFinite(value)) ? null : value;
  };
}

/** Figures of a value, or of all values of a region. */
export interface Figures {
  /** Samples of the split, whatever the filter. */
  all: number;
  /** Those of them that pass it. */
  passing: number;
  /** Of these the share right, among so many with label and prediction. */
  right: Estimate;
  hits: number;
  judged: number;
}

interface Sums {
  all: number;
  passing: number;
  hits: number;
  judged: number;
}

function figuresOf({ all, passing, hits, judged }: Sums): Figures {
  return { all, passing, hits, judged, right: wilson(hits, judged) };
}

const [WRONG, RIGHT] = [1, 2];

/** What the samples of every value come to; the last are those without one. */
export function sumsOf({ scalars, codes }: Values, states: Uint8Array | null, within: Mask | null, mask: Mask | null): Sums[] {
  const size = scalars.length + 1;
  const all = countBy(codes, size, within);
  const now = countStates(codes, size, states ?? new Uint8Array(codes.length), mask);
  return Array.from(all, (n, code) => {
    const at = (state: number) => now[code * STATES + state] ?? 0;
    const judged = at(WRONG) + at(RIGHT);
    return { all: n, passing: at(0) + judged, hits: at(RIGHT), judged };
  });
}

/** A region with samples. */
export interface Area extends Figures {
  region: number;
  /** The values that mean it. */
  values: readonly Scalar[];
}

/** A value that is on no map. */
export interface Stray extends Figures {
  value: Scalar;
  why: string;
}

export interface Counted {
  areas: ReadonlyMap<number, Area>;
  strays: readonly Stray[];
  missing: Figures;
  total: Figures;
}

function together(sums: readonly Sums[]): Sums {
  const add = (key: keyof Sums) => sums.reduce((sum, one) => sum + one[key], 0);
  return { all: add("all"), passing: add("passing"), hits: add("hits"), judged: add("judged") };
}

/** Every value with samples goes to its region, or to the strays. */
export function counted({ scalars }: Values, placed: readonly Placed[], sums: readonly Sums[]): Counted {
  const members = new Map<number, number[]>();
  const strays: Stray[] = [];
  scalars.forEach((value, code) => {
    const place = placed[code];
    const own = sums[code];
    if (!own || own.all === 0 || place === undefined) return;
    if (typeof place === "number") members.set(place, [...(members.get(place) ?? []), code]);
    else strays.push({ value, why: place.why, ...figuresOf(own) });
  });
  const areas = [...members].map(([region, codes]): [number, Area] => {
    const own = together(codes.flatMap((code) => sums[code] ?? []));
    return [region, { region, values: codes.flatMap((code) => scalars[code] ?? []), ...figuresOf(own) }];
  });
  return {
    areas: new Map(areas),
    strays: strays.sort((a, b) => b.all - a.all),
    missing: figuresOf(sums[scalars.length] ?? together([])),
    total: figuresOf(together(sums)),
  };
}
