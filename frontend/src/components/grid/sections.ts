/** Where every head and every card lies. */
export const MOST_SECTIONS = 200;

export interface Section {
  name: string;
  rows: Uint32Array;
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
