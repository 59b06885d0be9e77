/** The sample under the pointer in one picture of time: every other one of the page marks it, too. */
import { signal, type Signal } from "@preact/signals";
import type { Session } from "../../state/session";

export interface Pointed {
  sample: number;
  /** The tile that it is pointed at in. */
  by: string;
}

const all = new WeakMap<Session, Signal<Pointed | null>>();

export function pointedOf(session: Session): Signal<Pointed | null> {
  let found = all.get(session);
  if (!found) all.set(session, (found = signal(null)));
  return found;
}

/** A tile points at a sample, or at none any more; what another tile points at stays. */
export function point(session: Session, by: string, sample: number | null): void {
  const pointed = pointedOf(session);
  if (sample !== null) pointed.value = { sample, by };
  else if (pointed.peek()?.by === by) pointed.value = null;
}

/** What some other tile points at. */
export function elsewhere(pointed: Pointed | null, own: string): number | null {
  return pointed === null || pointed.by === own ? null : pointed.sample;
}
