/** Samples divided by the values of some columns: only combinations that occur, each under its own name, in order. */
import type { Column } from "../../hosts/arrow";
import { bucketsOf, type Buckets } from "../../state/buckets";
import { textOrder } from "../../state/text-order";

export const MOST_SECTIONS = 200;

export interface Section {
  name: string;
  rows: Uint32Array;
}

interface Division {
  buckets: Buckets;
  /** Place of each bucket in the order: names as people sort them, ranges from low to high, missing and infinite last. */
  place: Int32Array;
  /** The bucket at each place. */
  bucket: Uint32Array;
}

function divisionOf(column: Column): Division | null {
  const buckets = bucketsOf(column);
  if (!buckets) return null;
  const size = buckets.size + 2;
  const names = Array.from({ length: buckets.size }, (_, i) => buckets.name(i));
  const order = column.kind === "category" ? textOrder(names) : Uint32Array.from(names, (_, i) => i);
  const bucket = Uint32Array.from({ length: size }, (_, i) => order[i] ?? i);
  const place = new Int32Array(size);
  bucket.forEach((own, at) => (place[own] = at));
  return { buckets, place, bucket };
}

function nameOf(column: string, { buckets, bucket }: Division, place: number): string {
  const own = bucket[place] ?? 0;
  return `${column}: ${own < buckets.size ? buckets.name(own) : own === buckets.size ? "missing" : "infinite"}`;
}

/** The sections of some rows, which keep their order inside; beyond the first two hundred, how many there are. Columns that cannot be counted divide nothing. */
export function sectionsOf(rows: Uint32Array, columns: readonly { name: string; column: Column }[], most = MOST_SECTIONS): { sections: Section[]; more: number } {
  const divided = columns.flatMap(({ name, column }) => {
    const division = divisionOf(column);
    return division ? [{ name, ...division }] : [];
  });
  const keyOf = (row: number) => divided.reduce((key, { buckets, place }) => key * place.length + (place[buckets.codes[row] ?? 0] ?? 0), 0);
  const sizes = new Map<number, number>();
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const key = keyOf(rows[i] as number);
    keys[i] = key;
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  const found = [...sizes.keys()].sort((a, b) => a - b);
  const open = new Map(found.slice(0, most).map((key) => [key, { rows: new Uint32Array(sizes.get(key) ?? 0), at: 0 }]));
  for (let i = 0; i < rows.length; i++) {
    const own = open.get(keys[i] as number);
    if (own) own.rows[own.at++] = rows[i] as number;
  }
  const sections = [...open].map(([key, own]): Section => {
    const places: number[] = [];
    let rest = key;
    for (const { place } of [...divided].reverse()) {
      places.unshift(rest % place.length);
      rest = Math.floor(rest / place.length);
    }
    return { name: divided.map((one, i) => nameOf(one.name, one, places[i] ?? 0)).join(" · "), rows: own.rows };
  });
  return { sections, more: found.length - open.size };
}

export interface Cell {
  width: number;
  /** Of a line of cards, with the gap below. */
  height: number;
  columns: number;
  gap: number;
}

/** Where every head and every card lies, without a list of them: a million cards cost as much as ten. */
export class Geometry {
  /** Top of each section, and position of its first card among all. */
  private readonly tops: number[] = [];
  private readonly starts: number[] = [];
  readonly height: number;
  readonly total: number;

  constructor(
    private readonly sizes: readonly number[],
    readonly cell: Cell,
    /** Height of a section's head; 0 where there are none. */
    readonly head: number,
  ) {
    let [top, start] = [0, 0];
    for (const size of sizes) {
      this.tops.push(top);
      this.starts.push(start);
      top += head + Math.ceil(size / cell.columns) * cell.height;
      start += size;
    }
    this.height = top;
    this.total = start;
  }

  private last(list: readonly number[], most: number): number {
    let [low, high] = [0, list.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((list[middle] ?? 0) <= most) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  sectionAt(y: number): number {
    return this.last(this.tops, y);
  }

  topOf(section: number): number {
    return this.tops[section] ?? 0;
  }

  /** Top left of the card at a position. */
  placeOf(position: number): { section: number; line: number; column: number; x: number; y: number } {
    const section = this.last(this.starts, position);
    const inside = position - (this.starts[section] ?? 0);
    const [line, column] = [Math.floor(inside / this.cell.columns), inside % this.cell.columns];
    return { section, line, column, x: column * (this.cell.width + this.cell.gap), y: this.topOf(section) + this.head + line * this.cell.height };
  }

  /** Positions of the cards that a box touches, section by section, as ranges [from, to). */
  rangesIn(y0: number, y1: number, x0 = -Infinity, x1 = Infinity): (readonly [number, number])[] {
    const { columns, width, gap, height } = this.cell;
    const c0 = Math.max(0, Math.floor((x0 + gap) / (width + gap)));
    const c1 = Math.min(columns - 1, Math.floor(x1 / (width + gap)));
    const out: (readonly [number, number])[] = [];
    for (let section = this.sectionAt(y0); section < this.sizes.length && this.topOf(section) <= y1; section++) {
      const size = this.sizes[section] ?? 0;
      const top = this.topOf(section) + this.head;
      const start = this.starts[section] ?? 0;
      const lines = Math.ceil(size / columns);
      const [from, to] = [Math.max(0, Math.floor((y0 - top + gap) / height)), Math.min(lines - 1, Math.floor((y1 - top) / height))];
      if (c0 === 0 && c1 >= columns - 1) {
        if (to >= from) out.push([start + from * columns, start + Math.min(size, (to + 1) * columns)]);
        continue;
      }
      for (let line = from; line <= to; line++) out.push([start + line * columns + c0, start + Math.min(size, line * columns + c1 + 1)]);
    }
    return out.filter(([from, to]) => to > from);
  }

  /** The card some lines further, in the same column as far as there is one. */
  step(position: number, lines: number): number {
    const { section, line, column } = this.placeOf(position);
    const { columns } = this.cell;
    let [at, target] = [section, line + lines];
    const linesOf = (one: number) => Math.ceil((this.sizes[one] ?? 0) / columns);
    while (target < 0 && at > 0) target += linesOf(--at);
    while (target >= linesOf(at) && at < this.sizes.length - 1) target -= linesOf(at++);
    const inside = Math.max(0, Math.min(linesOf(at) - 1, target)) * columns + column;
    return Math.max(0, (this.starts[at] ?? 0) + Math.min((this.sizes[at] ?? 1) - 1, inside));
  }
}
