/** The one filter engine: expressions over typed-array columns become bitmasks, each worked out once. */
import type { Column } from "../hosts/arrow";
import { ClauseError, columnsOf, type Clause, type Expr } from "./clauses";
import { and, complement, every, fromRows, none, or, rowsOf, words, type Mask } from "./masks";
import { polygonMask, singleMask } from "./predicates";

interface Kept {
  mask: Mask;
  /** The columns it was worked out from; when one is replaced, it is worked out again. */
  from: readonly (Column | undefined)[];
}

export class Engine {
  private readonly columns = new Map<string, Column>();
  private readonly kept = new WeakMap<Expr, Kept>();

  constructor(readonly length: number) {}

  set(name: string, column: Column): void {
    if (column.length !== this.length) throw new ClauseError(`“${name}” has ${column.length} values for ${this.length} samples.`);
    this.columns.set(name, column);
  }

  get(name: string): Column | undefined {
    return this.columns.get(name);
  }

  drop(name: string): void {
    this.columns.delete(name);
  }

  /** The samples an expression is true for; a `ClauseError` when it cannot be asked. The mask is shared: do not change it. */
  mask(expr: Expr): Mask {
    const from = columnsOf(expr).map((name) => this.columns.get(name));
    const known = this.kept.get(expr);
    if (known && known.from.every((column, i) => column === from[i])) return known.mask;
    const mask = this.work(expr);
    this.kept.set(expr, { mask, from });
    return mask;
  }

  private column(name: string): Column {
    const column = this.columns.get(name);
    if (!column) throw new ClauseError(`There is no column “${name}”.`);
    return column;
  }

  private work(expr: Expr): Mask {
    const n = this.length;
    switch (expr.op) {
      case "and":
        return expr.of.reduce((mask, one) => and(mask, this.mask(one)), every(n));
      case "or":
        return expr.of.reduce((mask, one) => or(mask, this.mask(one)), none(n));
      case "not":
        return complement(this.mask(expr.of).slice(), n);
      case "rows":
        return fromRows(expr.rows, n);
      case "bits":
        return expr.bits.length === words(n) ? and(every(n), expr.bits) : fromRows(rowsOf(expr.bits), n);
      case "polygon":
        return polygonMask(this.column(expr.x), this.column(expr.y), expr);
      default:
        return singleMask(this.column(expr.column), expr);
    }
  }

  /** What passes every enabled clause but those of one source; null when nothing is filtered. */
  effective(clauses: readonly Clause[], except?: string): Mask | null {
    const masks = clauses.filter(({ enabled, source }) => enabled && source !== except).map(({ expr }) => this.mask(expr));
    const [first, ...rest] = masks;
    if (!first) return null;
    return rest.length === 0 ? first : rest.reduce(and, first.slice());
  }
}
