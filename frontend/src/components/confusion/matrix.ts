/** Confusion counts looked up by place, how strongly each is drawn, and what a place means in words. */
import { count, percent } from "../../draw/format";
import type { Cells } from "../../state/counting";
import type { Rule } from "../../state/selection";
import type { Axis, Item } from "./levels";

/** A place in the matrix: row and column, −1 for the heads. */
export interface Place {
  row: number;
  column: number;
}

export const SHARES = ["counts", "label", "prediction"] as const;
export type Share = (typeof SHARES)[number];

export interface Style {
  /** Counts, or shares of each label or of each prediction. */
  share: Share;
  hideDiagonal: boolean;
  /** Strength by orders of magnitude instead of by the square root. */
  log: boolean;
  /** The counts to compare with, and whose they are. */
  against: { cells: Cells; name: string } | null;
}

export const PLAIN: Style = { share: "counts", hideDiagonal: false, log: false, against: null };

/** Up to this many places counts are held in a table of all of them. */
const DENSE = 1 << 22;

/** Counts by place of an axis. */
class Counts {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  private readonly table: Uint32Array | null;
  private readonly sparse = new Map<number, number>();
  /** Places that hold something, each once. */
  private readonly filled: Int32Array;
  total = 0;
  /** Mistakes between classes, also between two of one closed group. */
  wrong = 0;

  constructor(cells: Cells, axis: Axis, readonly size: number) {
    this.rows = new Float64Array(size);
    this.columns = new Float64Array(size);
    this.table = size * size <= DENSE ? new Uint32Array(size * size) : null;
    const { position } = axis;
    const { label, prediction, count: counts } = cells;
    const filled = new Int32Array(counts.length);
    let places = 0;
    for (let k = 0; k < counts.length; k++) {
      const n = counts[k] as number;
      const row = position[label[k] as number] as number;
      const column = position[prediction[k] as number] as number;
      const at = row * size + column;
      const there = this.table ? (this.table[at] as number) : (this.sparse.get(at) ?? 0);
      if (there === 0 && n > 0) filled[places++] = at;
      if (this.table) this.table[at] = there + n;
      else this.sparse.set(at, there + n);
      this.rows[row] = (this.rows[row] as number) + n;
      this.columns[column] = (this.columns[column] as number) + n;
      this.total += n;
      if (label[k] !== prediction[k]) this.wrong += n;
    }
    this.filled = filled.subarray(0, places);
  }

  at(row: number, column: number): number {
    const at = row * this.size + column;
    return this.table ? (this.table[at] ?? 0) : (this.sparse.get(at) ?? 0);
  }

  share(row: number, column: number, by: Share): number {
    const n = this.at(row, column);
    const of = by === "counts" ? 1 : by === "label" ? (this.rows[row] as number) : (this.columns[column] as number);
    return of === 0 ? 0 : n / of;
  }

  /** Places that hold something here or in the other, ascending. */
  heldWith(other: Counts | null): Int32Array {
    const more = other ? other.filled.filter((at) => this.at(Math.floor(at / this.size), at % this.size) === 0) : new Int32Array(0);
    const out = new Int32Array(this.filled.length + more.length);
    out.set(this.filled);
    out.set(more, this.filled.length);
    return out.sort();
  }
}

export class Matrix {
  readonly size: number;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly wrong: number;
  readonly total: number;
  /** The value drawn strongest: the largest off the diagonal, 0 when nothing is wrong or changed; one for several matrices on one scale. */
  most: number;
  /** The smallest value that is not 0, where strength goes by orders of magnitude. */
  private readonly least: number;
  private readonly now: Counts;
  private readonly before: Counts | null;
  /** Places that hold something, now or before, as row · size + column. */
  readonly held: Int32Array;

  constructor(cells: Cells, readonly axis: Axis, readonly style: Style = PLAIN) {
    const size = axis.items.length;
    this.size = size;
    this.now = new Counts(cells, axis, size);
    this.before = style.against && new Counts(style.against.cells, axis, size);
    ({ rows: this.rows, columns: this.columns, wrong: this.wrong, total: this.total } = this.now);
    this.held = this.now.heldWith(this.before);
    let [most, least] = [0, Infinity];
    for (const place of this.held) {
      const [row, column] = [Math.floor(place / size), place % size];
      const value = Math.abs(this.value(row, column));
      if (row === column || value === 0) continue;
      if (value > most) most = value;
      if (value < least) least = value;
    }
    this.most = most;
    this.least = Math.min(least, this.most);
  }

  get items(): readonly Item[] {
    return this.axis.items;
  }

  at(row: number, column: number): number {
    return this.now.at(row, column);
  }

  was(row: number, column: number): number {
    return this.before?.at(row, column) ?? 0;
  }

  /** What is drawn: a count, a share, or the difference of two of them. */
  value(row: number, column: number): number {
    const { share } = this.style;
    return this.now.share(row, column, share) - (this.before?.share(row, column, share) ?? 0);
  }

  holds(row: number, column: number): boolean {
    if (this.style.hideDiagonal && row === column) return false;
    return this.at(row, column) > 0 || this.was(row, column) > 0;
  }

  /** How strongly a place is drawn, in [0, 1]: square root, so that rare mistakes are still seen, or by orders of magnitude. */
  weight(row: number, column: number): number {
    const size = Math.abs(this.value(row, column));
    if (size === 0 || this.most === 0) return 0;
    if (this.style.log) return Math.min(1, Math.log1p(size / this.least) / Math.log1p(this.most / this.least));
    return Math.min(1, Math.sqrt(size / this.most));
  }

  /** 1 where it is better than what it is compared with, −1 where it is worse, 0 without a difference. */
  better(row: number, column: number): -1 | 0 | 1 {
    const sign = Math.sign(this.value(row, column)) * (row === column ? 1 : -1);
    return this.before === null || sign === 0 ? 0 : sign > 0 ? 1 : -1;
  }

  name(place: number): string {
    return this.items[place]?.name ?? "";
  }

  short(place: number): string {
    return this.items[place]?.short ?? "";
  }

  sentence({ row, column }: Place): string {
    if (row < 0) return `${count(this.columns[column] ?? 0)} called ${this.name(column)}`;
    if (column < 0) return `${count(this.rows[row] ?? 0)} labelled ${this.name(row)}`;
    const { share, against } = this.style;
    const inside = row === column && this.items[row]?.closed === true;
    const words = `${count(this.at(row, column))} ${this.name(row)} called ${this.name(column)}${row !== column ? "" : inside ? ", rightly or another of the group" : ", rightly"}`;
    const of = share === "label" ? `labelled ${this.name(row)}` : `called ${this.name(column)}`;
    const told = share === "counts" ? words : `${words}, ${percent(this.now.share(row, column, share))} of all ${of}`;
    if (!against || !this.before) return told;
    const then = count(this.was(row, column));
    return `${told}; ${then}${share === "counts" ? "" : `, ${percent(this.before.share(row, column, share))},`} ${against.name}`;
  }

  /** The rule that picks a place; null where a group is closed, so that no one label says it. */
  rule({ row, column }: Place): Rule | null {
    const label = row < 0 ? -1 : (this.items[row]?.of ?? null);
    const prediction = column < 0 ? -1 : (this.items[column]?.of ?? null);
    if (label === null || prediction === null) return null;
    if (row < 0) return { kind: "called", prediction };
    if (column < 0) return { kind: "label", label };
    return { kind: "cell", label, prediction };
  }

  /** The most frequent mistakes; with a comparison, the largest changes. */
  worst(most: number): { row: number; column: number; count: number; value: number }[] {
    const { size } = this;
    const found: { row: number; column: number; count: number; value: number }[] = [];
    let least = 0;
    for (const at of this.held) {
      const [row, column] = [Math.floor(at / size), at % size];
      const value = this.value(row, column);
      if (row === column || value === 0 || (found.length >= most && Math.abs(value) <= least)) continue;
      found.push({ row, column, count: this.at(row, column), value });
      if (found.length < 4 * most) continue;
      found.sort(byValue).length = most;
      least = Math.abs(found.at(-1)?.value ?? 0);
    }
    return found.sort(byValue).slice(0, most);
  }

  /** How many different mistakes there are. */
  get pairs(): number {
    let n = 0;
    for (const at of this.held) if (Math.floor(at / this.size) !== at % this.size && this.value(Math.floor(at / this.size), at % this.size) !== 0) n++;
    return n;
  }

  /** The next place in a direction; with `skip`, empty cells are jumped over (large matrices are mostly empty). */
  next(from: Place, down: number, right: number, skip: boolean): Place {
    let at = from;
    for (;;) {
      const to = { row: at.row + down, column: at.column + right };
      const out = to.row < -1 || to.column < -1 || to.row >= this.size || to.column >= this.size || (to.row === -1 && to.column === -1);
      if (out) return skip && at !== from && this.empty(at) ? from : at;
      at = to;
      if (!skip || !this.empty(at)) return at;
    }
  }

  private empty({ row, column }: Place): boolean {
    return row >= 0 && column >= 0 && !this.holds(row, column);
  }
}

function byValue(a: { value: number; row: number; column: number }, b: { value: number; row: number; column: number }): number {
  return Math.abs(b.value) - Math.abs(a.value) || a.row - b.row || a.column - b.column;
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Where a key leads from a place, or null when the key is not ours. */
export function moved(matrix: Matrix, from: Place, key: string, far: boolean, skip: boolean): Place | null {
  const last = matrix.size - 1;
  if (key === "Home") return far ? { row: 0, column: 0 } : { row: from.row, column: 0 };
  if (key === "End") return far ? { row: last, column: last } : { row: from.row, column: last };
  const move = MOVES[key];
  return move ? matrix.next(from, move[0], move[1], skip) : null;
}
