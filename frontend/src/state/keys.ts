/** The keys of the page: one table, which the help sheet shows and a person can change. */
import { signal } from "@preact/signals";

export type KeyId =
  | "help" | "palette" | "back" | "undo" | "redo" | "arrange" | "maximise"
  | "search" | "group" | "colour" | "behind"
  | "next" | "previous" | "pin" | "select" | "filter" | "exclude" | "tag"
  | "earlier" | "later"
  | "lasso" | "rectangle" | "pan";

/** An action and the chords that it comes with: "?", "Shift+ArrowUp", "Mod+Z" (Ctrl, on a Mac Cmd). */
export interface Bound<Id extends string> {
  id: Id;
  keys: readonly string[];
  says: string;
}

export interface Key extends Bound<KeyId> {
  group: "Page" | "Samples" | "What is shown";
}

export const KEYS: readonly Key[] = [
  { id: "palette", keys: ["Mod+K"], says: "Find any action, page, column or sample", group: "Page" },
  { id: "undo", keys: ["Mod+Z"], says: "Undo", group: "Page" },
  { id: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], says: "Redo", group: "Page" },
  { id: "back", keys: ["Escape"], says: "One step back: close what is open, leave the tool, clear the selection", group: "Page" },
  { id: "arrange", keys: ["e"], says: "Arrange the page, or stop arranging", group: "Page" },
  { id: "maximise", keys: ["m"], says: "One tile over the whole page, or back", group: "Page" },
  { id: "help", keys: ["?"], says: "This sheet", group: "Page" },
  { id: "search", keys: ["/"], says: "Search: add a filter", group: "What is shown" },
  { id: "group", keys: ["g"], says: "Group by columns", group: "What is shown" },
  { id: "colour", keys: ["c"], says: "Colour by a column", group: "What is shown" },
  { id: "behind", keys: ["u"], says: "Show or hide what the filter leaves out, in grey", group: "What is shown" },
  { id: "earlier", keys: ["["], says: "Previous checkpoint", group: "What is shown" },
  { id: "later", keys: ["]"], says: "Next checkpoint", group: "What is shown" },
  { id: "lasso", keys: ["l"], says: "Scatter plot: draw around samples", group: "What is shown" },
  { id: "rectangle", keys: ["r"], says: "Scatter plot: draw a box over samples", group: "What is shown" },
  { id: "pan", keys: ["h"], says: "Scatter plot: move the picture", group: "What is shown" },
  { id: "next", keys: ["j"], says: "Next sample", group: "Samples" },
  { id: "previous", keys: ["k"], says: "Previous sample", group: "Samples" },
  { id: "pin", keys: ["p"], says: "Pin the sample to compare others with it, or unpin", group: "Samples" },
  { id: "select", keys: ["s"], says: "Pick the sample by hand, or take it out again", group: "Samples" },
  { id: "filter", keys: ["f"], says: "Filter to the samples that are selected", group: "Samples" },
  { id: "exclude", keys: ["x"], says: "Leave out the samples that are selected", group: "Samples" },
  { id: "tag", keys: ["t"], says: "Tag the samples that are selected", group: "Samples" },
];

/** What views do themselves, where the focus is; not to be changed. */
export const IN_VIEWS: readonly { keys: readonly string[]; says: string }[] = [
  { keys: ["1 … 9"], says: "That page" },
  { keys: ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], says: "In a matrix, a table, a picture or among samples: move" },
  { keys: ["Enter"], says: "Open what is under the cursor" },
  { keys: ["+", "-", "0"], says: "In a scatter plot: nearer, further, everything" },
  { keys: ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], says: "While arranging, on a tile: move it; with Shift: resize it" },
];

const NAMED = new Set(["Escape", "Enter", "Tab", "Backspace", "Delete", "Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);
/** Keys that the browser, a form or a view needs. */
const TAKEN = new Set(["Tab", "Shift+Tab", "Enter", " ", "Mod+C", "Mod+V", "Mod+X", "Mod+A", "Mod+R", "Mod+T", "Mod+W", "Mod+N", "Mod+L", "Mod+F", "Mod+P", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", ..."123456789"]);

/** What was pressed, as a chord; null while only Shift and the like are down. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string | null {
  const { key } = event;
  if (/^(Shift|Control|Alt|AltGraph|Meta|CapsLock|Dead|Process|Unidentified)$/.test(key)) return null;
  const letter = /^\p{L}$/u.test(key);
  // On many keyboards "[" or "?" is typed with AltGr (Ctrl and Alt at once) or Option: then they are a part of the sign.
  const typed = event.altKey && key.length === 1 && !letter;
  const mod = (event.ctrlKey && !typed) || event.metaKey;
  const name = letter ? (mod || event.shiftKey || event.altKey ? key.toUpperCase() : key.toLowerCase()) : key;
  // What Shift makes of a key is already in its sign: "?" needs no "Shift+".
  const shift = event.shiftKey && (letter || NAMED.has(key) || key.length > 1);
  return `${mod ? "Mod+" : ""}${event.altKey && !typed ? "Alt+" : ""}${shift ? "Shift+" : ""}${name}`;
}

const SIGNS: { readonly [key: string]: string } = { Mod: "Ctrl", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", " ": "Space" };

/** The keys of a chord as they are printed on a keyboard. */
export function caps(chord: string): string[] {
  const parts = chord === "+" ? ["+"] : chord.endsWith("++") ? [...chord.slice(0, -2).split("+"), "+"] : chord.split("+");
  return parts.map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}

/** Keys that a person can change, kept in the browser under a name. */
export class Bindings<Id extends string> {
  private readonly own;

  constructor(
    private readonly table: readonly Bound<Id>[],
    private readonly name: string,
    /** Why an action or a chord must stay what it is, in a sentence; null where it need not. */
    private readonly refused: (id: Id, chord: string) => string | null,
  ) {
    this.own = signal(this.read());
  }

  of(id: Id): readonly string[] {
    return this.own.value.get(id) ?? this.first(id);
  }

  /** The first chord, as it is printed on a keyboard: "Shift Z". */
  caption(id: Id): string {
    return caps(this.of(id)[0] ?? "").join(" ");
  }

  find(chord: string): Id | null {
    return this.table.find(({ id }) => this.of(id).includes(chord))?.id ?? null;
  }

  /** Give an action another key; what stands in the way is said in a sentence, and nothing changes then. */
  bind(id: Id, chord: string): string | null {
    const refused = this.refused(id, chord);
    if (refused !== null) return refused;
    const other = this.table.find((key) => key.id !== id && this.of(key.id).includes(chord));
    if (other) return `${caps(chord).join(" ")} is taken: “${other.says}”. Press another key, or change that one first.`;
    this.keep(new Map(this.own.peek()).set(id, [chord]));
    return null;
  }

  /** Back to the key it came with, if that is free. */
  reset(id: Id): string | null {
    const first = this.first(id);
    const other = this.table.find((key) => key.id !== id && this.of(key.id).some((chord) => first.includes(chord)));
    if (other) return `${first.map((chord) => caps(chord).join(" ")).join(", ")} is taken: “${other.says}”. Change that one first.`;
    const next = new Map(this.own.peek());
    next.delete(id);
    this.keep(next);
    return null;
  }

  resetAll(): void {
    this.keep(new Map());
  }

  isOwn(id: Id): boolean {
    return this.own.value.has(id);
  }

  get changed(): boolean {
    return this.own.value.size > 0;
  }

  private first(id: Id): readonly string[] {
    return this.table.find((key) => key.id === id)?.keys ?? [];
  }

  private read(): Map<Id, readonly string[]> {
    const found = new Map<Id, readonly string[]>();
    try {
      const said: unknown = JSON.parse(localStorage.getItem(this.name) ?? "{}");
      if (said === null || typeof said !== "object") return found;
      for (const { id } of this.table) {
        const chords: unknown = Object.hasOwn(said, id) ? (said as Record<string, unknown>)[id] : undefined;
        if (Array.isArray(chords) && chords.length > 0 && chords.every((chord) => typeof chord === "string" && chord !== "")) found.set(id, chords as string[]);
      }
    } catch {
      // Storage is blocked or holds something else: the keys are as they came.
    }
    return found;
  }

  private keep(next: Map<Id, readonly string[]>): void {
    this.own.value = next;
    try {
      if (next.size === 0) localStorage.removeItem(this.name);
      else localStorage.setItem(this.name, JSON.stringify(Object.fromEntries(next)));
    } catch {
      // Storage is blocked: the change holds for this visit.
    }
  }
}

/** Those of the page. */
export function pageKeys(): Bindings<KeyId> {
  return new Bindings(KEYS, "bathyscope.keys", (id, chord) => {
    if (id === "back") return "Esc always goes back; it cannot be changed.";
    return TAKEN.has(chord) ? `${caps(chord).join(" ")} is needed by the browser or by views. Press another key.` : null;
  });
}

/** Whether what has the focus takes letters. */
export function takesText(target: EventTarget | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !/^(checkbox|radio|range|button|submit|reset|color|file)$/.test(target.getAttribute("type") ?? "text");
}
