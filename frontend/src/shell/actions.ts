/** Everything that can be done on the page, as the palette lists it. */
import { componentsFor } from "../components/all";
import { splitText } from "../draw/where";
import { fieldsOf } from "../state/fields";
import { KEYS, caps, type KeyId } from "../state/keys";
import { topPages, type Layout } from "../state/layout";
import { inOrder, withTile } from "../state/placing";
import { ALL } from "../state/selection";
import { whyNotDecide } from "../state/deeds";
import { THEMES } from "../state/theme";
import { colourable, groupable, toggled } from "./choosers";
import { obey, openSample } from "./commands";
import type { Action } from "./finder";
import { downloadLayout, forgetLayout, saveLayout } from "./saved-layout";
import { share } from "./share";
import type { Shell } from "./shell";
import { nameOf } from "./tile-bar";

/** Bring a tile into sight, with the focus. */
function reveal(id: string): void {
  // The page may have to be drawn first.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const el = document.querySelector<HTMLElement>(`[data-place="${CSS.escape(id)}"]`);
    el?.scrollIntoView({ block: "start" });
    el?.focus({ preventScroll: true });
  }));
}

export function addComponent(shell: Shell, type: string): void {
  const { arrangement } = shell.session.store;
  const page = arrangement.current();
  if (!page) return;
  const { layout, id } = withTile(arrangement.layout.peek(), page.id, type);
  shell.maximised.value = null;
  arrangement.edit(() => layout);
  shell.tell(`Added at the end of ${page.title}.`);
  reveal(id);
}

/** What can be put on the page; what does not apply says why. */
export function componentActions(shell: Shell, kind = "Add to this page"): Action[] {
  const recording = shell.session.store.recording.value;
  return componentsFor(recording).map((definition) => {
    const applies = definition.applies(recording);
    const action: Action = { id: `add ${definition.type}`, title: definition.title, kind: `${kind} · ${definition.type}`, run: () => addComponent(shell, definition.type) };
    return applies === true ? action : { ...action, why: applies };
  });
}

function pageActions(shell: Shell, layout: Layout): Action[] {
  const top = topPages(layout);
  return layout.pages.flatMap((page) => {
    const number = top.indexOf(page) + 1;
    const open: Action = { id: `page ${page.id}`, title: page.title, kind: "Page", ...(number >= 1 && number <= 9 ? { keys: [String(number)] } : {}), run: () => shell.goTo(page.id) };
    const tiles = [...inOrder(page.tiles), ...(page.dock ? [page.dock] : [])];
    const views = tiles.map((tile): Action => ({ id: `tile ${tile.id}`, also: tile.component, title: nameOf(tile), kind: `View on ${page.title}`, run: () => {
      if (shell.session.store.arrangement.current()?.id !== page.id) shell.goTo(page.id);
      shell.maximised.value = null;
      reveal(tile.id);
    } }));
    return [open, ...views];
  });
}

function columnActions(shell: Shell): Action[] {
  const { store } = shell.session;
  const recording = store.recording.value;
  const shown = (name: string) => name || "(no name)";
  const filters = fieldsOf(recording).map(({ name }): Action => ({ id: `filter ${name}`, title: `Add a filter on ${shown(name)}`, kind: "Filter", run: () => (shell.popup.value = { of: "filter", column: name }) }));
  const groups = groupable(recording).map(({ name }): Action => {
    const on = store.groupBy.value.includes(name);
    return { id: `group ${name}`, title: on ? `No longer group by ${shown(name)}` : `Group by ${shown(name)}`, kind: "Groups", run: () => (store.groupBy.value = toggled(store.groupBy.value, name)) };
  });
  const colours = colourable(recording).map(({ name }): Action => ({ id: `colour ${name}`, title: `Colour by ${shown(name)}`, kind: "Colour", run: () => (store.colorBy.value = name) }));
  const none: Action = { id: "colour none", title: "Colours as each view chooses", kind: "Colour", run: () => (store.colorBy.value = null) };
  const clear: Action = { id: "filters clear", title: "Clear all filters", kind: "Filter", ...(store.clauses.value.length === 0 ? { why: "There is no filter." } : {}), run: () => shell.session.filter.clear() };
  return [...filters, clear, ...groups, ...colours, none];
}

function whereActions(shell: Shell): Action[] {
  const { store } = shell.session;
  const { checkpoints, splits } = store.recording.value;
  const names = splits.length > 1 ? [...splits.map(({ name }) => name), ALL] : [];
  return [
    ...checkpoints.map(({ name, step }, place): Action => ({ id: `checkpoint ${name}`, title: `Checkpoint ${place + 1} of ${checkpoints.length}`, kind: `Checkpoint · step ${step}`, run: () => store.choose(place) })),
    ...names.map((name): Action => ({ id: `split ${name}`, title: `Show ${splitText(name)}`, kind: "Split", run: () => (store.split.value = name) })),
  ];
}

const ALSO: Partial<Record<KeyId, string>> = { help: "help keyboard keys" };

const SAID: Partial<Record<KeyId, string>> = { help: "Shortcuts: see them, change them", search: "Add a filter", arrange: "Arrange this page" };

function keyActions(shell: Shell): Action[] {
  const { history } = shell.session;
  const why: Partial<Record<KeyId, string | false>> = { undo: history.undoable.value === null && "Nothing to undo.", redo: history.redoable.value === null && "Nothing to do again." };
  const also: Partial<Record<KeyId, string | null>> = { undo: history.undoable.value, redo: history.redoable.value };
  return KEYS.filter(({ id }) => id !== "palette" && id !== "back").map(({ id, says, group }): Action => {
    const reason = why[id];
    const detail = also[id];
    const title = id === "arrange" && shell.arranging.value ? "Stop arranging" : (SAID[id] ?? says);
    const first = shell.keys.of(id)[0];
    return { id: `key ${id}`, also: ALSO[id] ?? "", title: detail ? `${title}: ${detail}` : title, kind: group, ...(first === undefined ? {} : { keys: caps(first) }), ...(reason ? { why: reason } : {}), run: () => void obey(id, shell) };
  });
}

function layoutActions(shell: Shell): Action[] {
  const { session } = shell;
  const cannot = whyNotDecide(session);
  return [
    { id: "share", title: "Copy the address of this view", kind: "Share", run: () => void share(shell) },
    { id: "layout save", title: "Save the layout with the recording", kind: "Layout", ...(cannot === null ? {} : { why: cannot }), run: () => void saveLayout(session).then((done) => done && shell.tell("The layout is saved. The page opens so next time.")) },
    { id: "layout file", also: "export save", title: "Download the layout as a file", kind: "Layout", run: () => downloadLayout(session) },
    { id: "layout first", also: "reset", title: "Back to the first layout", kind: "Layout", run: () => void forgetLayout(session) },
    ...THEMES.map((theme): Action => ({ id: `theme ${theme}`, title: `Theme: ${theme === "auto" ? "as the system" : theme}`, kind: "Theme", run: () => (shell.theme.theme.value = theme) })),
  ];
}

export function everyAction(shell: Shell): Action[] {
  const layout = shell.session.store.arrangement.layout.value;
  return [...pageActions(shell, layout), ...keyActions(shell), ...layoutActions(shell), ...whereActions(shell), ...columnActions(shell), ...componentActions(shell)];
}

/** What was typed may be the id of a sample, or its number. */
export function sampleActions(shell: Shell, typed: string): Action[] {
  if (typed === "") return [];
  return [{ id: "sample", title: `Open the sample “${typed}”`, kind: "Sample", run: () => void openSample(shell, typed) }];
}
