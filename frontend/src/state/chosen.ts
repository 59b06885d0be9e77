/** What a person picked, as one thing to act on: shown alone, left out, tagged, written down. */
import { BAR, type Expr } from "./clauses";
import { fromRows, has, type Mask } from "./masks";
import type { Session } from "./session";
import { START, type Store } from "./store";

const NONE = new Uint32Array(0);

/** The samples picked; none while the page shows what it opened on. Reading it hears of changes. */
export function chosen(store: Store): Uint32Array {
  const selection = store.selection.value;
  return selection && selection.source !== START ? selection.indices : NONE;
}

/** How many of the picked samples the filter hides. */
export function hiddenOf(rows: Uint32Array, mask: Mask | null): number {
  if (!mask) return 0;
  let hidden = 0;
  for (const row of rows) if (!has(mask, row)) hidden++;
  return hidden;
}

/** So many samples are named one by one; more of them are bits, of which a million cost no more than a few. */
const LISTED = 100;

export function exprOfRows(rows: Uint32Array, n: number): Expr {
  return rows.length <= LISTED ? { op: "rows", rows: rows.slice().sort() } : { op: "bits", bits: fromRows(rows, n) };
}

/** Turn the picked samples into a filter: only these, or all but these. */
export function filterChosen(session: Session, how: "only" | "without"): boolean {
  const rows = chosen(session.store);
  if (rows.length === 0) return false;
  const only = exprOfRows(rows, session.store.recording.peek().nSamples);
  session.filter.add(how === "only" ? only : { op: "not", of: only }, BAR);
  return true;
}

/** Pick samples by hand, in whatever order they come; with words, what they are: "tagged odd". */
export function pickRows(session: Session, rows: ArrayLike<number>, source: string, words?: string): void {
  const own = Array.from(Uint32Array.from(rows).sort());
  void session.pick({ kind: "rows", rows: own, ...(words === undefined ? {} : { words }) }, source);
}
