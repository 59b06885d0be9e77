/** What is picked, in a row: how much of it the filter hides, and what can be done with it as a whole. */
import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import "./selection-bar.css";
import { copy } from "../components/table/copy";
import { count, plural } from "../draw/format";
import { fileName, saveAs } from "../draw/save";
import type { Json, Logged } from "../hosts/host";
import { csvOf } from "../state/cells";
import { chosen, filterChosen, hiddenOf, pickRows } from "../state/chosen";
import { whyNotDecide } from "../state/deeds";
import { fieldsOf } from "../state/fields";
import { fromRows, has } from "../state/masks";
import type { Session } from "../state/session";
import { applyTag, idsOf } from "../state/tags";
import { reason } from "../hosts/reason";

/** "12 selected, 3 hidden by the filter". */
export function selectedText(selected: number, hidden: number): string {
  return `${count(selected)} selected${hidden > 0 ? `, ${count(hidden)} hidden by the filter` : ""}`;
}

/** The ids that notes in force are about. */
export function notedIds(log: readonly Logged[]): string[] {
  return log.flatMap(({ kind, payload, inForce }) => {
    if (kind !== "note" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) return [];
    const { sample, samples } = payload as { readonly [key: string]: Json };
    const ids = Array.isArray(samples) ? samples : [sample];
    return ids.filter((id) => typeof id === "string");
  });
}

/** The rows that notes are about, one for each note. */
function useNoted(session: Session): readonly number[] {
  const [rows, setRows] = useState<readonly number[]>([]);
  const log = session.store.log.value;
  useEffect(() => {
    let gone = false;
    session.tags.placesOf(notedIds(log ?? [])).then(
      (places) => !gone && setRows(places.filter((row) => row !== null)),
      () => undefined, // the notes stay uncounted; that ids cannot be read is said where they are shown
    );
    return () => {
      gone = true;
    };
  }, [log]);
  return rows;
}

async function told(session: Session, what: string, work: () => Promise<string>): Promise<void> {
  try {
    session.store.say(await work());
  } catch (error) {
    session.store.notice(`${what} ${reason(error)}`);
  }
}

function TagField({ session, rows }: { session: Session; rows: Uint32Array }) {
  const text = useSignal("");
  const why = whyNotDecide(session);
  if (why !== null) return null;
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      void applyTag(session, text.peek(), rows).then((done) => done && (text.value = ""));
    }}>
      <input type="text" aria-label={`Tag ${count(rows.length)} selected`} placeholder="Tag" list="tags-of-page" autocomplete="off" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      <datalist id="tags-of-page">{[...session.tags.rows.value.keys()].map((tag) => <option key={tag} value={tag} />)}</datalist>
      <button type="submit" class="button" disabled={text.value.trim() === ""}>Tag</button>
    </form>
  );
}

export function SelectionBar({ session }: { session: Session }) {
  const { store, filter } = session;
  const noted = useNoted(session);
  const rows = chosen(store);
  if (rows.length === 0) return null;
  const recording = store.recording.value;
  const own = fromRows(rows, recording.nSamples);
  const withNotes = noted.filter((row) => has(own, row));
  const sentence = store.selection.value?.sentence ?? "";
  const ids = () => told(session, "No id was copied.", async () => {
    await copy((await idsOf(session.columns, recording, rows)).join("\n"));
    return `${plural(rows.length, "id")} copied.`;
  });
  const csv = () => told(session, "No file was made.", async () => {
    const fields = fieldsOf(recording).filter(({ role }) => role !== "course");
    const ordered = [...fields.filter(({ role }) => role === "id"), ...fields.filter(({ role }) => role !== "id")];
    saveAs(await csvOf(session, ordered, rows), fileName([recording.name, "selection", `${rows.length}-samples`], "csv"));
    return `${plural(rows.length, "sample")} saved.`;
  });
  return (
    <div class="selection-bar" role="region" aria-label="Selection">
      <span class="what" title={sentence} role="status"><b>{selectedText(rows.length, hiddenOf(rows, filter.mask()))}</b></span>
      <button type="button" class="button" title="Filter: only the selected samples (f)" onClick={() => filterChosen(session, "only")}>Show only these <kbd>f</kbd></button>
      <button type="button" class="button" title="Filter: everything but the selected samples (x)" onClick={() => filterChosen(session, "without")}>Leave out <kbd>x</kbd></button>
      <TagField session={session} rows={rows} />
      {withNotes.length > 0 && <button type="button" class="button" title="Select those with a note" onClick={() => pickRows(session, [...new Set(withNotes)], "selection")}>{plural(withNotes.length, "note")}</button>}
      <button type="button" class="button" onClick={() => void ids()}>Copy ids</button>
      <button type="button" class="button" onClick={() => void csv()}>Save CSV</button>
      <button type="button" class="button quiet last" onClick={() => session.unpick()}>Clear selection</button>
    </div>
  );
}
