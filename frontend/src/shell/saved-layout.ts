/** Which layout a page opens on: one saved with the recording, one given by its owner, or the first. */
import type { Json, Logged } from "../hosts/host";
import type { Recording } from "../hosts/recording";
import { enact } from "../state/deeds";
import { fileName, saveAs } from "../draw/save";
import type { Layout } from "../state/layout";
import { FILE_NAME, readLayout, writeLayout } from "../state/layout-file";
import type { Session } from "../state/session";
import { WIDE, firstLayout } from "./first-layout";
import { reason } from "../hosts/reason";

const KIND = "layout";

export function isWide(): boolean {
  return typeof matchMedia === "function" && matchMedia(WIDE).matches;
}

/** A short name of a JSON value: equal values, equal names. */
function nameOf(json: Json): string | null {
  if (json === null) return null;
  let hash = 0x811c9dc5;
  for (const sign of JSON.stringify(json)) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16);
}

interface Saved {
  /** null: back to what the page opens on by itself. */
  layout: Json;
  /** Name of the layout that its owner had given then. */
  given: string | null;
}

/** The last layout that was saved and not taken back; one that was saved over another given layout does not count. */
export function lastSaved(log: readonly Logged[], given: Json): Saved | null {
  const name = nameOf(given);
  for (const { kind, payload, inForce } of [...log].reverse()) {
    if (kind !== KIND || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) continue;
    const { layout, given: over } = payload as { readonly [key: string]: Json };
    const saved = { layout: layout ?? null, given: typeof over === "string" ? over : null };
    if (name === null || saved.given === name) return saved;
  }
  return null;
}

/** What the page would open on had nobody saved anything. */
export function unsaved(recording: Recording): { layout: Layout; faults: readonly string[] } {
  const given = recording.layout === null ? null : readLayout(recording.layout);
  return { layout: given?.layout ?? firstLayout(recording, isWide()), faults: given?.faults ?? [] };
}

export function openingLayout(recording: Recording, log: readonly Logged[]): { layout: Layout; faults: readonly string[] } {
  const saved = lastSaved(log, recording.layout);
  const read = saved && saved.layout !== null ? readLayout(saved.layout) : null;
  if (read?.layout) return { layout: read.layout, faults: read.faults };
  const otherwise = unsaved(recording);
  return { ...otherwise, faults: [...(read?.faults ?? []), ...otherwise.faults] };
}

/** Keep the layout with the recording; true once it is on disk. */
export async function saveLayout(session: Session): Promise<boolean> {
  const { arrangement, recording } = session.store;
  const payload = { layout: writeLayout(arrangement.layout.peek()), given: nameOf(recording.peek().layout) };
  const done = await enact(session, "Save the layout", KIND, [payload]);
  if (done) arrangement.kept();
  return done;
}

/** Back to what the page opens on by itself, now and next time. */
export async function forgetLayout(session: Session): Promise<void> {
  const { arrangement, recording, log } = session.store;
  const { layout } = unsaved(recording.peek());
  arrangement.edit(() => layout);
  const saved = lastSaved(log.peek() ?? [], recording.peek().layout);
  if (saved && saved.layout !== null && session.capabilities.decide) {
    await enact(session, "Forget the saved layout", KIND, [{ layout: null, given: nameOf(recording.peek().layout) }]);
  }
  arrangement.kept();
}

export function downloadLayout(session: Session): void {
  const { arrangement, recording } = session.store;
  const text = `${JSON.stringify(writeLayout(arrangement.layout.peek()), null, 2)}\n`;
  saveAs(new Blob([text], { type: "application/json" }), `${fileName([recording.peek().name], FILE_NAME).replace(/\.json$/, "")}.json`);
}

/** Take over a layout file; what is wrong with it, in sentences. */
export function takeLayout(session: Session, text: string): readonly string[] {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    return [`The file is no JSON: ${reason(error)}. Choose a ${FILE_NAME}.`];
  }
  const { layout, faults } = readLayout(json);
  if (layout) session.store.arrangement.edit(() => layout);
  return faults;
}
