/** Which key does what at the desk; a person can change that, as the keys of the page. */
import { Bindings, caps, type Bound } from "../../state/keys";

export type DeskKey = "keep" | "other" | "ambiguous" | "none" | "exclude" | "copies" | "skip" | "flip" | "differ" | "comment" | "undo" | "redo" | "previous" | "next" | "mark" | "map" | "blind" | "why" | "help";

export interface DeskLine extends Bound<DeskKey> {
  /** In the bar below the picture, too: the verb on the button. */
  verb?: string;
  group: "Decide" | "Move" | "Other";
}

export const DESK: readonly DeskLine[] = [
  { id: "keep", keys: ["k"], says: "Keep the label", verb: "Keep", group: "Decide" },
  { id: "other", keys: ["/"], says: "Set to any class: type its name", verb: "Other class", group: "Decide" },
  { id: "ambiguous", keys: ["a"], says: "Several classes fit: choose which", verb: "Ambiguous", group: "Decide" },
  { id: "none", keys: ["n"], says: "None of the classes, or unreadable", verb: "None", group: "Decide" },
  { id: "exclude", keys: ["x"], says: "Exclude from training; nothing is deleted", verb: "Exclude", group: "Decide" },
  { id: "copies", keys: ["d"], says: "In a group of duplicates: keep one, the others are its copies", verb: "Copies", group: "Decide" },
  { id: "skip", keys: ["s"], says: "Skip: it comes again at the end", verb: "Skip", group: "Decide" },
  { id: "previous", keys: ["j"], says: "Previous sample", group: "Move" },
  { id: "next", keys: ["l"], says: "Next sample", group: "Move" },
  { id: "mark", keys: [" "], says: "Mark the sample; then every key decides about all that are marked", group: "Move" },
  { id: "flip", keys: ["f"], says: "In a group of duplicates: the next copy in the place of this one", group: "Other" },
  { id: "differ", keys: ["e"], says: "In a group of duplicates: only what differs between two", group: "Other" },
  { id: "comment", keys: ["c"], says: "Comment on the sample", verb: "Comment", group: "Other" },
  { id: "undo", keys: ["z"], says: "Undo", verb: "Undo", group: "Other" },
  { id: "redo", keys: ["Shift+Z"], says: "Redo", verb: "Redo", group: "Other" },
  { id: "map", keys: ["g"], says: "Grid or map: where the embedding puts the samples", group: "Other" },
  { id: "blind", keys: ["b"], says: "Blind mode: hide label and suggestions until you have decided", group: "Other" },
  { id: "why", keys: ["w"], says: "Which neurons decided so: the sample on the page of neurons", group: "Other" },
  { id: "help", keys: ["?"], says: "This help", verb: "Keys", group: "Other" },
];

/** Keys that choose a class, move, or go back. */
const FIXED = /^(Shift\+)?(Arrow\w+|Enter|Escape|Home|End|PageUp|PageDown|Backspace|Delete|[0-9])$/;

export function deskBindings(): Bindings<DeskKey> {
  return new Bindings(DESK, "bathyscope.labels.keys", (_, chord) => {
    const named = caps(chord).join(" ");
    if (FIXED.test(chord)) return `${named} chooses a class, moves or goes back; it cannot be given away. Press another key.`;
    return /^(Mod|Alt)\+|Tab$/.test(chord) ? `${named} is needed by the browser or by the page. Press another key.` : null;
  });
}

/** The keys are the person's, not the view's: every desk on a page has the same. */
export const deskKeys = deskBindings();

/** The action of a chord. A letter typed with Shift or Caps Lock is that letter, unless it has a meaning of its own. */
export function saidBy(keys: Bindings<DeskKey>, chord: string | null): DeskKey | null {
  if (chord === null) return null;
  return keys.find(chord) ?? (/^Shift\+\p{L}$/u.test(chord) ? keys.find(chord.slice(6).toLowerCase()) : null);
}

/** What an action does, in words. */
export function saysOf(id: DeskKey): string {
  return DESK.find((line) => line.id === id)?.says ?? "";
}
