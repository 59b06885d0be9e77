/** Filters that people named and keep: decisions, so that nothing is lost when one is replaced or deleted. */
import type { Column } from "../hosts/arrow";
import type { Json, Logged } from "../hosts/host";
import { bucketsOf } from "./buckets";
import { TextError, parse } from "./clause-parser";
import { textOf } from "./clause-text";
import { ClauseError, isInline, type Clause, type Expr } from "./clauses";
import { enact } from "./deeds";
import { countBy } from "./masks";
import type { Session } from "./session";
import { reason } from "../hosts/reason";

export interface SavedSlice {
  sequence: number;
  name: string;
  text: string;
  /** null where the text is not understood; `why` says where it stops making sense. */
  expr: Expr | null;
  why: string | null;
}

/** Source of the clauses that apply a saved slice. */
export const SLICE = "slice";
/** A column with more values than this gives no slice for each. */
export const MOST_SLICES = 50;

const read = new Map<string, { expr: Expr | null; why: string | null }>();

/** Each text is read once, so that its mask is worked out once. */
function understood(text: string): { expr: Expr | null; why: string | null } {
  let found = read.get(text);
  if (!found) {
    try {
      found = { expr: parse(text), why: null };
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      found = { expr: null, why: `At ${error.position + 1}: ${error.message}` };
    }
    read.set(text, found);
  }
  return found;
}

/**
 * The slices, in the order of their first names: of each name the last that is in force, none where that says no filter.
 * No decision takes another one back here: two replacements in a row would put the first back in force.
 */
export function savedSlices(log: readonly Logged[]): SavedSlice[] {
  const found = new Map<string, SavedSlice | null>();
  for (const { sequence, kind, payload, inForce } of log) {
    if (kind !== "slice" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) continue;
    const { name, filter } = payload as { readonly [key: string]: Json };
    if (typeof name === "string") found.set(name, typeof filter === "string" ? { sequence, name, text: filter, ...understood(filter) } : null);
  }
  return [...found.values()].filter((one) => one !== null);
}

/** What the enabled clauses say together; null when nothing is filtered. */
export function currentFilter(clauses: readonly Clause[]): Expr | null {
  const exprs = clauses.filter(({ enabled }) => enabled).map(({ expr }) => expr);
  return exprs.length > 1 ? { op: "and", of: exprs } : (exprs[0] ?? null);
}

function payloadOf(name: string, expr: Expr): Json {
  if (!isInline(expr)) throw new ClauseError("It names more than 100 samples by their place, which another order would mix up. Tag them, and filter by the tag.");
  return { name, filter: textOf(expr) };
}

/** Keep a filter under a name; one of the same name is replaced. */
export async function saveSlice(session: Session, name: string, expr: Expr): Promise<boolean> {
  const title = name.trim();
  if (title === "") return false;
  const known = savedSlices(session.store.log.peek() ?? []).some((one) => one.name === title);
  try {
    return await enact(session, `${known ? "Replace" : "Save"} slice ${title}`, "slice", [payloadOf(title, expr)]);
  } catch (error) {
    session.store.notice(`The filter was not saved. ${reason(error)}`);
    return false;
  }
}

export function deleteSlice(session: Session, slice: SavedSlice): Promise<boolean> {
  return enact(session, `Delete slice ${slice.name}`, "slice", [{ name: slice.name, filter: null }]);
}

/** A slice for every value that occurs, and one for what is missing; null where there are too many to read. */
export function slicesOf(name: string, column: Column): { name: string; expr: Expr }[] | null {
  const buckets = bucketsOf(column);
  if (!buckets) return null;
  const counts = countBy(buckets.codes, buckets.size + 2, null);
  const found = Array.from({ length: buckets.size }, (_, bucket) => bucket).filter((bucket) => (counts[bucket] ?? 0) > 0);
  if (found.length === 0 || found.length > MOST_SLICES) return null;
  const slices = found.map((bucket) => ({ name: `${name} = ${buckets.name(bucket)}`, expr: buckets.pick(name, [bucket]) }));
  return (counts[buckets.size] ?? 0) > 0 ? [...slices, { name: `${name} is missing`, expr: { op: "null", column: name } as const }] : slices;
}

/** One slice per value, saved as one step; those that exist under the same name stay as they are. */
export function saveEach(session: Session, name: string, slices: readonly { name: string; expr: Expr }[]): Promise<boolean> {
  const known = new Set(savedSlices(session.store.log.peek() ?? []).map((one) => one.name));
  const fresh = slices.filter((one) => !known.has(one.name));
  if (fresh.length === 0) {
    session.store.notice(`There is a slice for each value of ${name} already.`);
    return Promise.resolve(false);
  }
  return enact(session, `Save ${fresh.length} slices of ${name}`, "slice", fresh.map((one) => payloadOf(one.name, one.expr)));
}
