/** What people said about a sample: tags, and notes with their author and time. */
import { useSignal } from "@preact/signals";
import type { Json, Logged } from "../../hosts/host";
import { enact, takeBack, whyNotDecide } from "../../state/deeds";
import { applyTag } from "../../state/tags";
import type { Context } from "../component";

export interface Note {
  sequence: number;
  author: string;
  time: string;
  text: string;
}

/** The notes in force about a sample, oldest first. */
export function notesIn(log: readonly Logged[], id: string): Note[] {
  return log.flatMap(({ kind, payload, inForce, sequence, author, time }): Note[] => {
    if (kind !== "note" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) return [];
    const said = payload as { readonly [key: string]: Json };
    const about = said["sample"] ?? said["sample_id"];
    return about === id && typeof said["text"] === "string" ? [{ sequence, author, time, text: said["text"] }] : [];
  });
}

function when(time: string): string {
  return `${time.replace("T", " ").slice(0, 16)} UTC`;
}

export function TagsOf({ ctx, sample }: { ctx: Context; sample: number }) {
  const { data } = ctx;
  const text = useSignal("");
  const why = whyNotDecide(data);
  const tags = data.tags.of(sample);
  const list = `known-tags-${ctx.id}`;
  const add = async () => {
    if (await applyTag(data, text.peek(), [sample])) text.value = "";
  };
  return (
    <>
      <h3>Tags</h3>
      <ul class="tags" aria-label="Tags of this sample">
        {tags.map((tag) => (
          <li key={tag} class="tag"><span>{tag}</span>{why === null && <button type="button" aria-label={`Take the tag ${tag} off`} onClick={() => void applyTag(data, tag, [sample], true)}>×</button>}</li>
        ))}
        {tags.length === 0 && <li class="muted small">none</li>}
      </ul>
      {why === null ? (
        <form class="add" onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}>
          <input class="field" type="text" aria-label="New tag" list={list} autocomplete="off" placeholder="A word for this sample" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
          <datalist id={list}>{[...data.tags.rows.value.keys()].map((tag) => <option key={tag} value={tag} />)}</datalist>
          <button type="submit" class="button" disabled={text.value.trim() === ""}>Tag</button>
        </form>
      ) : <p class="note muted small">{why}</p>}
    </>
  );
}

export function Notes({ ctx, id }: { ctx: Context; id: string | null }) {
  const { data, store } = ctx;
  const text = useSignal("");
  const busy = useSignal(false);
  const why = whyNotDecide(data);
  if (id === null) return <><h3>Notes</h3><p class="note muted small">The recording has no ids, so a note would not know its sample.</p></>;
  const notes = notesIn(store.log.value ?? [], id);
  const save = async () => {
    if (busy.peek()) return;
    busy.value = true;
    if (await enact(data, `Note on ${id}`, "note", [{ sample: id, text: text.peek().trim() }])) text.value = "";
    busy.value = false;
  };
  const remove = async (note: Note) => {
    busy.value = true;
    await takeBack(data, `Take back the note on ${id}`, note.sequence);
    busy.value = false;
  };
  return (
    <>
      <h3>Notes</h3>
      <ul class="notes" aria-label="Notes on this sample">
        {notes.map((note) => (
          <li key={note.sequence}>
            <p>{note.text}</p>
            <small class="muted">{`${note.author}, ${when(note.time)}`}</small>
            {why === null && <button type="button" class="button quiet" disabled={busy.value} onClick={() => void remove(note)}>Take back</button>}
          </li>
        ))}
        {notes.length === 0 && <li class="muted small">none</li>}
      </ul>
      {why === null && (
        <form class="add" onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}>
          <textarea class="field" aria-label="New note" rows={2} placeholder="What you see here" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
          <button type="submit" class="button" disabled={busy.value || text.value.trim() === ""}>Save note</button>
        </form>
      )}
    </>
  );
}
