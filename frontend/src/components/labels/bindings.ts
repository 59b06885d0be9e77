/** Which key does what at the desk, and how a person changes that; kept in the browser as the keys of the page are. */
import { signal } from "@preact/signals";
import { caps } from "../../state/keys";

export type DeskKey = "keep" | "other" | "ambiguous" | "none" | "exclude" | "copies" | "skip" | "flip" | "differ" | "comment" | "undo" | "redo" | "previous" | "next" | "mark" | "map" | "blind" | "why" | "help";

/** The chords that each comes with, as `chordOf` names them. */
export const FIRST_KEYS: Readonly<Record<DeskKey, string>> = {
  keep: "k", other: "/", ambiguous: "a", none: "n", exclude: "x", copies: "d", skip: "s", flip: "f", differ: "e", comment: "c", undo: "z", redo: "Shift+Z", previous: "j", next: "l", mark: " ", map: "g", blind: "b", why: "w", help: "?",
};
const IDS = Object.keys(FIRST_KEYS) as DeskKey[];

const KEPT = "bathyscope.labels.keys";
/** Keys that choose a class, move, or go back. */
const FIXED = /^(Shift\+)?(Arrow\w+|Enter|Escape|Home|End|PageUp|PageDown|Backspace|Delete|[0-9])$/;

function kept(): Map<DeskKey, string> {
  const found = new Map<DeskKey, string>();
  try {
    const said: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (said === null || typeof said !== "object") return found;
    for (const id of IDS) {
      const chord: unknown = Object.hasOwn(said, id) ? (said as Record<string, unknown>)[id] : undefined;
      if (typeof chord === "string" && chord !== "") found.set(id, chord);
    }
  } catch {
    // Storage is blocked or holds something else: the keys are as they came.
  }
  return found;
}

export class DeskKeys {
  private readonly own = signal(kept());

  of(id: DeskKey): string {
    return this.own.value.get(id) ?? FIRST_KEYS[id];
  }

  /** As it is printed on a keyboard: "Shift Z". */
  caption(id: DeskKey): string {
    return caps(this.of(id)).join(" ");
  }

  find(chord: string): DeskKey | null {
    const found = IDS.find((id) => this.of(id) === chord);
    if (found) return found;
    // A letter typed with Shift or Caps Lock is that letter, unless it has a meaning of its own.
    return /^Shift\+\p{L}$/u.test(chord) ? (IDS.find((id) => this.of(id) === chord.slice(6).toLowerCase()) ?? null) : null;
  }

  get changed(): boolean {
    return this.own.value.size > 0;
  }

  /** Give an action another key; what stands in the way is said in a sentence, and nothing changes then. */
  bind(id: DeskKey, chord: string, says: (id: DeskKey) => string): string | null {
    const named = caps(chord).join(" ");
    if (FIXED.test(chord)) return `${named} chooses a class, moves or goes back; it cannot be given away. Press another key.`;
    if (/^(Mod|Alt)\+/.test(chord) || chord === "Tab" || chord === "Shift+Tab") return `${named} is needed by the browser or by the page. Press another key.`;
    const other = IDS.find((one) => one !== id && this.of(one) === chord);
    if (other) return `${named} is taken: “${says(other)}”. Press another key, or change that one first.`;
    const next = new Map(this.own.peek());
    if (chord === FIRST_KEYS[id]) next.delete(id);
    else next.set(id, chord);
    this.keep(next);
    return null;
  }

  reset(): void {
    this.keep(new Map());
  }

  private keep(next: Map<DeskKey, string>): void {
    this.own.value = next;
    try {
      if (next.size === 0) localStorage.removeItem(KEPT);
      else localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(next)));
    } catch {
      // Storage is blocked: the change holds for this visit.
    }
  }
}

/** The keys are the person's, not the view's: every desk on a page has the same. */
export const deskKeys = new DeskKeys();
