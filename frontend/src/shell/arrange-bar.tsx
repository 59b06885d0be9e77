/** The row of tools while the page is arranged: what is put on it, and what becomes of the layout. */
import { useRef } from "preact/hooks";
import { whyNotDecide } from "../state/deeds";
import { Menu } from "./menu";
import { downloadLayout, forgetLayout, saveLayout, takeLayout } from "./saved-layout";
import type { Shell } from "./shell";
import { PageTools } from "./tabs";

export function ArrangeBar({ shell }: { shell: Shell }) {
  const file = useRef<HTMLInputElement>(null);
  const { session } = shell;
  const { arrangement } = session.store;
  const cannot = whyNotDecide(session);
  const changed = arrangement.changed.value;
  const open = async (chosen: File | undefined) => {
    if (!chosen) return;
    const faults = takeLayout(session, await chosen.text());
    faults.forEach((text) => session.store.notice(text));
    if (faults.length === 0) shell.tell(`The layout of ${chosen.name} is on the page. Save it to keep it.`);
  };
  return (
    <div class="arrange-bar" role="toolbar" aria-label="Arrange">
      <button type="button" class="button" onClick={() => (shell.finder.value = "component")}>+ Add a view</button>
      <PageTools shell={shell} />
      <span class="muted small hint">Drag a tile by its name, resize it at its corner; or move it with the arrows, with Shift resize it.</span>
      <span class="space" />
      {cannot !== null && <span class="muted small hint">{cannot}</span>}
      <button type="button" class={changed ? "button primary" : "button"} disabled={cannot !== null || !changed} title={cannot ?? (changed ? "Kept with the recording; the page opens so next time" : "Nothing has changed since it was saved")}
        onClick={() => void saveLayout(session).then((done) => done && shell.tell("The layout is saved. The page opens so next time."))}>Save layout</button>
      <Menu label="Layout files" sign="⋯" items={[
        { title: "Download as a file", run: () => downloadLayout(session) },
        { title: "Open a file", run: () => file.current?.click() },
        { title: "Back to the first layout", run: () => void forgetLayout(session).then(() => shell.tell("The first layout is back. Undo returns to yours.")) },
      ]} />
      <input ref={file} type="file" hidden accept=".json,application/json" aria-label="Layout file" onChange={(event) => {
        void open(event.currentTarget.files?.[0]);
        event.currentTarget.value = "";
      }} />
      <button type="button" class="button" onClick={() => shell.arrange(false)}>Done</button>
    </div>
  );
}
