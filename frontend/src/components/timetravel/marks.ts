/** What other views say of samples on the canvas: recommended, answered. One map a page, by sample. */
import { signal, type Signal } from "@preact/signals";
import type { Session } from "../../state/session";

export type Mark = "recommended" | "yes" | "no" | "typical";

export const MARK_WORDS: Record<Mark, string> = { recommended: "recommended", yes: "answered yes", no: "answered no", typical: "typical, to compare with" };

const NONE: ReadonlyMap<number, Mark> = new Map();
const marks = new WeakMap<Session, Signal<ReadonlyMap<number, Mark>>>();

const cursors = new WeakMap<Session, Signal<number | null>>();

/** The sample that a list stands at: the picture shows its way, and no inspector opens for it. */
export function cursorOf(session: Session): Signal<number | null> {
  let found = cursors.get(session);
  if (!found) cursors.set(session, (found = signal<number | null>(null)));
  return found;
}

export function marksOf(session: Session): Signal<ReadonlyMap<number, Mark>> {
  let found = marks.get(session);
  if (!found) marks.set(session, (found = signal(NONE)));
  return found;
}
