/** The keys of the desk: one table for the handler, the bar below the picture and the help. */
import { chordOf, takesText } from "../../state/keys";
import { DESK, deskKeys, saidBy, type DeskKey } from "./bindings";
import { given, type Desk } from "./desk";
import type { Review } from "./use-review";
import type { Queue } from "./queue";

export interface KeyLine {
  /** The action, where its key can be changed. */
  id?: DeskKey;
  keys: readonly string[];
  says: string;
  /** In the bar, too: the verb on the button. */
  verb?: string;
  group: "Decide" | "Move" | "Other";
}

const FIXED_LINES: readonly KeyLine[] = [
  { keys: ["1", "2", "3"], says: "Set to that suggestion; blind, the digits are classes", group: "Decide" },
  { keys: ["←", "→"], says: "Previous and next sample", group: "Move" },
  { keys: ["↑", "↓"], says: "A line up or down", group: "Move" },
  { keys: ["Shift ←", "Shift →"], says: "Mark from here to there", group: "Move" },
  { keys: ["Enter"], says: "Open the sample in the inspector", group: "Move" },
  { keys: ["Esc"], says: "Clear the marks; then back to the pairs", group: "Other" },
];

/** As the keys are now; read while drawing, so that a changed key is seen at once. */
export function keyLines(): readonly KeyLine[] {
  return [...DESK.map((line) => ({ ...line, keys: [deskKeys.caption(line.id)] })), ...FIXED_LINES];
}

export interface Keyed {
  review: Review;
  desk: Desk;
  queue: Queue;
  columns: number;
  blind: () => void;
  map: () => void;
  /** Of copies: the next one in the same place, or what differs. */
  flip: () => void;
  differ: () => void;
  leave: () => void;
  open: () => void;
  why: () => void;
}

function digit({ review, desk, queue }: Keyed, key: string): boolean {
  if (!queue.blind) {
    if (key > "3" || key === "0") return false;
    review.suggest(Number(key) - 1);
    return true;
  }
  const index = key === "0" ? 9 : Number(key) - 1;
  const label = desk.classes[index];
  if (label === undefined) return false;
  review.choose(label);
  return true;
}

const DOES: Record<DeskKey, (on: Keyed) => void> = {
  keep: ({ review }) => review.keep(),
  none: ({ review }) => review.act(given("none")),
  exclude: ({ review }) => review.act(given("exclude")),
  skip: ({ review }) => review.act(given("skip")),
  copies: ({ review }) => review.copy(),
  other: ({ review }) => review.ask({ kind: "class" }),
  ambiguous: ({ review }) => review.ask({ kind: "ambiguous" }),
  comment: ({ review }) => review.ask({ kind: "comment" }),
  help: ({ review }) => review.ask({ kind: "help" }),
  undo: ({ review }) => review.undo(),
  redo: ({ review }) => review.redo(),
  mark: ({ review }) => review.toggle(),
  previous: ({ review }) => review.step(-1),
  next: ({ review }) => review.step(1),
  blind: (on) => on.blind(),
  map: (on) => on.map(),
  flip: (on) => on.flip(),
  differ: (on) => on.differ(),
  why: (on) => on.why(),
};

/** True when the key was one of the desk's. */
function obeyed(on: Keyed, event: KeyboardEvent): boolean {
  const { review, columns } = on;
  const { key, shiftKey } = event;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -4 * columns, PageDown: 4 * columns };
  const by = steps[key];
  if (by !== undefined) review.step(by, shiftKey && key.startsWith("Arrow"));
  else if (key === "Home") review.go(0);
  else if (key === "End") review.go(Number.MAX_SAFE_INTEGER);
  else if (/^\d$/.test(key)) return digit(on, key);
  else if (key === "Enter") on.open();
  else if (key === "Escape") {
    if (review.marked.size > 0) review.clear();
    else on.leave();
  } else {
    const id = saidBy(deskKeys, chordOf(event));
    if (id === null) return false;
    DOES[id](on);
  }
  return true;
}

export function keyed(on: Keyed): (event: KeyboardEvent) => void {
  return (event) => {
    const target = event.composedPath()[0];
    if (on.review.asking !== null || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || takesText(target instanceof EventTarget ? target : undefined)) return;
    // A button that has the focus is pressed by Enter and Space; every other key is the desk's.
    const pressed = target instanceof HTMLElement && target.closest("button") !== null && (event.key === "Enter" || event.key === " ");
    if (pressed || !obeyed(on, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
