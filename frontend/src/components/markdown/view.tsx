import { useEffect, useRef, useState } from "preact/hooks";
import { Failure, Heading, Waiting } from "../../draw/parts";
import { lazy } from "../lazy";
import type { Context } from "../component";
import { NAME } from "./name";
import address from "./sanitised?worker&url";
import { reason } from "../../hosts/reason";
import css from "./markdown.css?inline";

export const styles = css;

interface Library {
  nodesOf: (text: string) => DocumentFragment;
}

function Text({ ctx, text }: { ctx: Context; text: string }) {
  const at = useRef<HTMLDivElement>(null);
  const [library, setLibrary] = useState<Library | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    setFailed(null);
    lazy<Library>("sanitised", address, ctx.data).then(setLibrary, (error: unknown) => setFailed(reason(error)));
  };
  useEffect(load, []);
  useEffect(() => library ? at.current?.replaceChildren(library.nodesOf(text)) : undefined, [library, text]);
  if (failed !== null) return <Failure what="The text cannot be shown." why={failed} retry={load} />;
  return library ? <div class="text" ref={at} /> : <Waiting what="Loading the text" />;
}

function Editor({ title, text, keep, leave }: { title: string; text: string; keep: (title: string, text: string) => void; leave: () => void }) {
  const [draft, setDraft] = useState({ title, text });
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) keep(draft.title, draft.text);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="editor" onKeyDown={keyed}>
      <input aria-label="Title" placeholder="Title" value={draft.title} onInput={(event) => setDraft({ ...draft, title: event.currentTarget.value })} />
      <textarea ref={area} aria-label="Text in markdown" value={draft.text} onInput={(event) => setDraft({ ...draft, text: event.currentTarget.value })} />
      <div class="row">
        <button type="button" class="button primary" title="Ctrl+Enter" onClick={() => keep(draft.title, draft.text)}>Keep</button>
        <button type="button" class="button" title="Escape" onClick={leave}>Discard</button>
        <span class="muted small">Markdown: **bold**, lists, tables, links, pictures of this page or as data.</span>
      </div>
    </div>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { title, text } = ctx.options.value as { title: string; text: string };
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    // Whoever leaves the editor by keyboard goes on where it was opened.
    if (wasEditing.current && !editing) button.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  const keep = (newTitle: string, newText: string) => {
    ctx.set({ title: newTitle.trim() === "" ? null : newTitle, text: newText.trim() === "" ? null : newText });
    setEditing(false);
  };
  return (
    <section aria-label={title || NAME}>
      <Heading title={title || NAME}>
        {!editing && <button ref={button} type="button" class="button quiet" onClick={() => setEditing(true)}>{text.trim() === "" ? "Write" : "Edit"}</button>}
      </Heading>
      {editing && <Editor title={title} text={text} keep={keep} leave={() => setEditing(false)} />}
      {!editing && (text.trim() === "" ? <p class="text muted">Nothing is written here yet.</p> : <Text ctx={ctx} text={text} />)}
    </section>
  );
}
