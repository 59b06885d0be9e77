/** Decisions that the page's undo takes back: each is a step of the history, and counts as done only once it is on disk. */
import type { Json } from "../hosts/host";
import { reason } from "../hosts/reason";
import type { Session } from "./session";

/** Why nothing can be decided here, or null when it can. */
export function whyNotDecide(session: Session): string | null {
  if (session.capabilities.decide) return null;
  if (session.hostName === "report") return "A report is for reading: what is decided in it cannot be kept. Open the recording with bathyscope open to decide.";
  return "This page is open for reading only, so nothing can be saved. Ask its owner, or open the recording yourself with bathyscope open.";
}

/** Decide one after the other, as one step of the history; false, with a notice, when something could not be saved. */
export async function enact(session: Session, label: string, kind: string, payloads: readonly Json[]): Promise<boolean> {
  const why = whyNotDecide(session);
  if (why !== null) {
    session.store.notice(why);
    return false;
  }
  let standing: number[] = [];
  const back = async () => {
    const undos: number[] = [];
    for (const sequence of [...standing].reverse()) undos.push(await session.decide("undo", {}, { undoes: sequence }));
    standing = undos;
  };
  let saved = false;
  await session.history.doing(async () => {
    try {
      for (const payload of payloads) standing.push(await session.decide(kind, payload));
      saved = true;
    } catch (error) {
      const kept = standing.length > 0 ? `${standing.length} of ${payloads.length} parts are saved and can be undone. ` : "Nothing was saved. ";
      session.store.notice(`${label}: ${kept}${reason(error)}`);
    }
    return standing.length > 0 ? { label, undo: back, redo: back } : null;
  });
  if (saved) session.store.say(`${label}: saved.`);
  return saved;
}

/** Take back a decision that stands in the log; that too is a step of the history, and counts once it is on disk. */
export async function takeBack(session: Session, label: string, sequence: number): Promise<boolean> {
  const why = whyNotDecide(session);
  if (why !== null) {
    session.store.notice(why);
    return false;
  }
  let last = sequence;
  // Undoing the undo brings the decision back, and so on.
  const turn = async () => {
    last = await session.decide("undo", {}, { undoes: last });
  };
  let saved = false;
  await session.history.doing(async () => {
    try {
      await turn();
      saved = true;
    } catch (error) {
      session.store.notice(`${label}: nothing was saved. ${reason(error)}`);
    }
    return saved ? { label, undo: turn, redo: turn } : null;
  });
  if (saved) session.store.say(`${label}: saved.`);
  return saved;
}
