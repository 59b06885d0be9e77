/** The keys of the desk: one table for the handler, the bar below the picture and the help. */
import { takesText } from "../../state/keys";
import { given, type Desk } from "./desk";
import type { Review } from "./use-review";
import type { Queue } from "./queue";

export interface KeyLine {
  keys: readonly string[];
  says: string;
  /** In the bar, too: the verb on the button. */
  verb?: string;
  group: "Decide" | "Move" | "Other";
}

export const KEY_LINES: readonly KeyLine[] = [
  { keys: ["K"], says: "Keep the label", verb: "Keep", group: "Decide" },
  { keys: ["1", "2", "3"], says: "Set to that suggestion; blind, the digits are classes", group: "Decide" },
  { keys: ["/"], says: "Set to any class: type its name", verb: "Other class", group: "Decide" },
  { keys: ["A"], says: "Several classes fit: choose which", verb: "Ambiguous", group: "Decide" },
  { keys: ["N"], says: "None of the classes, or unreadable", verb: "None", group: "Decide" },
  { keys: ["X"], says: "Exclude from training; nothing is deleted", verb: "Exclude", group: "Decide" },
  { keys: ["D"], says: "In a group of duplicates: keep one, the others are its copies", verb: "Copies", group: "Decide" },
  { keys: ["S"], says: "Skip: it comes again at the end", verb: "Skip", group: "Decide" },
  { keys: ["F"], says: "In a group of duplicates: the next copy in the place of this one", group: "Other" },
  { keys: ["E"], says: "In a group of duplicates: only what differs between two", group: "Other" },
  { keys: ["C"], says: "Comment on the sample", verb: "Comment", group: "Other" },
  { keys: ["Z"], says: "Undo", verb: "Undo", group: "Other" },
  { keys: ["Shift Z"], says: "Redo", verb: "Redo", group: "Other" },
  { keys: ["←", "→", "J", "L"], says: "Previous and next sample", group: "Move" },
  { keys: ["↑", "↓"], says: "A line up or down", group: "Move" },
  { keys: ["Space"], says: "Mark the sample; then every key decides about all that are marked", group: "Move" },
  { keys: ["Shift ←", "Shift →"], says: "Mark from here to there", group: "Move" },
  { keys: ["Enter"], says: "Open the sample in the inspector", group: "Move" },
  { keys: ["G"], says: "Grid or map: where the embedding puts the samples", group: "Other" },
  { keys: ["B"], says: "Blind mode: hide label and suggestions until you have decided", group: "Other" },
  { keys: ["Esc"], says: "Clear the marks; then back to the pairs", group: "Other" },
  { keys: ["?"], says: "This help", verb: "Keys", group: "Other" },
];

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

const SIMPLE: Record<string, (review: Review) => void> = {
  k: (review) => review.keep(),
  n: (review) => review.act(given("none")),
  x: (review) => review.act(given("exclude")),
  s: (review) => review.act(given("skip")),
  d: (review) => review.copy(),
  "/": (review) => review.ask({ kind: "class" }),
  a: (review) => review.ask({ kind: "ambiguous" }),
  c: (review) => review.ask({ kind: "comment" }),
  "?": (review) => review.ask({ kind: "help" }),
  z: (review) => review.undo(),
  " ": (review) => review.toggle(),
};

/** True when the key was one of the desk's. */
function obeyed(on: Keyed, event: KeyboardEvent): boolean {
  const { review, columns } = on;
  const { key, shiftKey } = event;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -4 * columns, PageDown: 4 * columns };
  const letter = key.length === 1 ? key.toLowerCase() : key;
  const by = steps[key] ?? (letter === "j" ? -1 : letter === "l" ? 1 : undefined);
  if (by !== undefined) review.step(by, shiftKey && key.startsWith("Arrow"));
  else if (key === "Home") review.go(0);
  else if (key === "End") review.go(Number.MAX_SAFE_INTEGER);
  else if (letter === "z" && shiftKey) review.redo();
  else if (/^\d$/.test(key)) return digit(on, key);
  else if (letter === "b") on.blind();
  else if (letter === "g") on.map();
  else if (letter === "f") on.flip();
  else if (letter === "e") on.differ();
  else if (key === "Enter") on.open();
  else if (key === "Escape") {
    if (review.marked.size > 0) review.clear();
    else on.leave();
  } else {
    const act = SIMPLE[letter];
    if (!act) return false;
    act(review);
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
