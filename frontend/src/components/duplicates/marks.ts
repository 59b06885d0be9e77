/** What of the copies is kept and what is dropped: two tags, of which a sample carries one at most. */
import { count } from "../../draw/format";
import type { Json } from "../../hosts/host";
import { enact } from "../../state/deeds";
import { idsOf } from "../../state/tags";
import type { Session } from "../../state/session";
import { reason } from "../../hosts/reason";

export const KEEP = "keep";
export const DROP = "drop";
export type Mark = typeof KEEP | typeof DROP;

export function markOf(session: Session, sample: number): Mark | null {
  const tags = session.tags.of(sample);
  return tags.includes(DROP) ? DROP : tags.includes(KEEP) ? KEEP : null;
}

/** Mark samples, or take their mark away; one step of the history, saved when this resolves to true. */
export async function mark(session: Session, rows: readonly number[], as: Mark | null): Promise<boolean> {
  if (rows.length === 0) return false;
  try {
    const ids = await idsOf(session.columns, session.store.recording.peek(), rows);
    session.tags.learn(ids, rows);
    const other = (tag: Mark) => rows.flatMap((row, i) => (tag !== as && session.tags.of(row).includes(tag) ? [ids[i] ?? ""] : []));
    const payloads: Json[] = [KEEP, DROP].flatMap((tag): Json[] => {
      const samples = other(tag === KEEP ? KEEP : DROP);
      return samples.length > 0 ? [{ tag, samples, remove: true }] : [];
    });
    if (as !== null) payloads.push({ tag: as, samples: ids });
    const many = count(rows.length);
    return await enact(session, as === null ? `Take the mark off ${many}` : `Mark ${many} to ${as}`, "tag", payloads);
  } catch (error) {
    session.store.notice(`Nothing was marked. ${reason(error)}`);
    return false;
  }
}
