/** What keys and menus do; each works on the page as it is at that moment. */
import { plural } from "../draw/format";
import { valueAt } from "../hosts/arrow";
import { chosen, filterChosen, pickRows } from "../state/chosen";
import { whyNotDecide } from "../state/deeds";
import type { KeyId } from "../state/keys";
import { inOrder } from "../state/placing";
import type { Session } from "../state/session";
import type { Shell } from "./shell";

/** The element that has the focus, also inside shadow roots. */
export function focused(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** The tile in which the focus is. */
export function tileInFocus(): string | null {
  return document.activeElement?.closest<HTMLElement>("[data-place]")?.dataset["place"] ?? null;
}

function step(session: Session, by: number): void {
  const { store } = session;
  if (store.focus.value !== null && store.shown.value.includes(store.focus.value)) store.step(by);
  else store.focus.value = store.shown.value[by > 0 ? 0 : store.shown.value.length - 1] ?? null;
}

export function maximise({ session, maximised }: Shell): void {
  const page = session.store.arrangement.current();
  const first = page ? (inOrder(page.tiles)[0]?.id ?? page.dock?.id) : undefined;
  maximised.value = maximised.value === null ? (tileInFocus() ?? first ?? null) : null;
}

function filterSelection(shell: Shell, how: "only" | "without"): void {
  const n = chosen(shell.session.store).length;
  if (!filterChosen(shell.session, how)) shell.tell("Nothing is selected. Pick a number, a cell, or samples in a picture first.");
  else shell.tell(how === "only" ? `Filtered to ${plural(n, "sample")}.` : `${plural(n, "sample")} left out.`);
}

/** The sample in focus, put into or taken out of those picked by hand. */
function pickByHand(shell: Shell): void {
  const { session } = shell;
  const sample = session.store.focus.value;
  if (sample === null) {
    shell.tell("No sample is open. Go to one with J, or click it.");
    return;
  }
  const rule = session.store.selection.value?.rule;
  const before = rule?.kind === "rows" ? rule.rows : [];
  const rows = before.includes(sample) ? before.filter((row) => row !== sample) : [...before, sample].sort((a, b) => a - b);
  if (rows.length > 0) pickRows(session, rows, "hand");
  else session.unpick();
}

function pin(shell: Shell): void {
  const { store } = shell.session;
  if (store.pinned.value === null && store.focus.value === null) shell.tell("No sample is open. Go to one with J, or click it.");
  else store.pinned.value = store.pinned.value !== null && (store.focus.value === null || store.focus.value === store.pinned.value) ? null : store.focus.value;
}

/** Tagging is a part of the bar that appears with a selection. */
function tag(shell: Shell): void {
  const field = document.querySelector<HTMLElement>(".selection-bar form input");
  if (field) field.focus();
  else shell.tell(chosen(shell.session.store).length > 0 ? (whyNotDecide(shell.session) ?? "Tags cannot be given here.") : "Nothing is selected. Pick a number, a cell, or samples in a picture first.");
}

/** Press a tool's button: in the tile in focus, or else in the first that has one. */
function takeUp(tool: "Lasso" | "Box" | "Move", shell: Shell): void {
  const own = tileInFocus();
  const parts = [...document.querySelectorAll<HTMLElement>(".views .part, .docked .part")].sort((a, b) => Number(b.dataset["tile"] === own) - Number(a.dataset["tile"] === own));
  const buttons = parts.flatMap((part) => [...(part.shadowRoot?.querySelectorAll<HTMLButtonElement>('[role=group][aria-label="Dragging"] button') ?? [])]);
  const button = buttons.find(({ textContent }) => textContent === tool);
  button?.click();
  shell.tell(button ? `${tool}: ${button.title}.` : "No scatter plot is on this page.");
}

export function openColours(): void {
  const select = document.querySelector<HTMLSelectElement>("select.colour-by");
  select?.focus();
  try {
    select?.showPicker?.();
  } catch {
    // Not every browser opens it from a key; it has the focus at least.
  }
}

/** Where a sample is, by its id or, as a number, by its place; null where there is none. */
export async function sampleCalled(session: Session, text: string): Promise<number | null> {
  const recording = session.store.recording.peek();
  const name = recording.columns.find(({ role }) => role === "id")?.name;
  if (name !== undefined) {
    const ids = await session.columns.get(name);
    for (let row = 0; row < ids.length; row++) if (String(valueAt(ids, row)) === text) return row;
  }
  const place = /^\d{1,9}$/.test(text) ? Number(text) : null;
  return place !== null && place < recording.nSamples ? place : null;
}

export async function openSample(shell: Shell, text: string): Promise<void> {
  try {
    const row = await sampleCalled(shell.session, text);
    if (row === null) shell.tell(`No sample has the id “${text}”.`);
    else shell.session.store.focus.value = row;
  } catch (error) {
    shell.fault(error);
  }
}

/** Do what a key stands for; false where there was nothing to do. */
export function obey(id: KeyId, shell: Shell): boolean {
  const { session, help, finder, popup, arranging } = shell;
  const { store, history } = session;
  const deeds: Record<KeyId, () => boolean | void> = {
    help: () => void (help.value = !help.value),
    palette: () => void (finder.value = finder.value === null ? "everything" : null),
    back: () => shell.back(),
    undo: () => history.undo(),
    redo: () => history.redo(),
    arrange: () => shell.arrange(!arranging.value),
    maximise: () => maximise(shell),
    search: () => void (popup.value = { of: "filter", column: null }),
    group: () => void (popup.value = { of: "group" }),
    colour: () => openColours(),
    behind: () => {
      store.showUnfiltered.value = !store.showUnfiltered.value;
      shell.tell(store.showUnfiltered.value ? "What the filter leaves out is shown in grey." : "What the filter leaves out is hidden.");
    },
    earlier: () => store.choose(store.place() - 1),
    later: () => store.choose(store.place() + 1),
    next: () => step(session, 1),
    previous: () => step(session, -1),
    pin: () => pin(shell),
    select: () => pickByHand(shell),
    filter: () => filterSelection(shell, "only"),
    exclude: () => filterSelection(shell, "without"),
    tag: () => tag(shell),
    lasso: () => takeUp("Lasso", shell),
    rectangle: () => takeUp("Box", shell),
    pan: () => takeUp("Move", shell),
  };
  return deeds[id]() !== false;
}
