/** Confusion counts looked up by cell, and what a place in the matrix means in words. */
import { count } from "../../draw/format";
import type { Cell } from "../../state/performance";
import type { Rule } from "../../state/selection";

/** A place in the matrix: row and column, −1 for the heads. */
export interface Place {
  row: number;
  column: number;
}

export class Matrix {
  private readonly counts = new Map<number, number>();
  readonly rows: Uint32Array;
  readonly columns: Uint32Array;
  readonly wrong: number;
  readonly total: number;
  /** The largest count off the diagonal; 0 when nothing is wrong. */
  readonly most: number;

  constructor(
    readonly cells: readonly Cell[],
    readonly size: number,
  ) {
    this.rows = new Uint32Array(size);
    this.columns = new Uint32Array(size);
    let wrong = 0;
    let total = 0;
    let most = 0;
    for (const { label, prediction, count: n } of cells) {
      this.counts.set(label * size + prediction, n);
      this.rows[label] = (this.rows[label] ?? 0) + n;
      this.columns[prediction] = (this.columns[prediction] ?? 0) + n;
      total += n;
      if (label === prediction) continue;
      wrong += n;
      most = Math.max(most, n);
    }
    this.wrong = wrong;
    this.total = total;
    this.most = most;
  }

  at(label: number, prediction: number): number {
    return this.counts.get(label * this.size + prediction) ?? 0;
  }

  /** How strongly a mistake is drawn, in [0, 1]; square root, so that rare mistakes are still seen. */
  weight(n: number): number {
    return this.most === 0 ? 0 : Math.sqrt(n / this.most);
  }

  sentence({ row, column }: Place, classes: readonly string[]): string {
    if (row < 0) return `${count(this.columns[column] ?? 0)} called ${classes[column] ?? ""}`;
    if (column < 0) return `${count(this.rows[row] ?? 0)} labelled ${classes[row] ?? ""}`;
    const right = row === column ? ", rightly" : "";
    return `${count(this.at(row, column))} ${classes[row] ?? ""} called ${classes[column] ?? ""}${right}`;
  }

  rule({ row, column }: Place): Rule {
    if (row < 0) return { kind: "called", prediction: column };
    if (column < 0) return { kind: "label", label: row };
    return { kind: "cell", label: row, prediction: column };
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
    return row >= 0 && column >= 0 && this.at(row, column) === 0;
  }
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
