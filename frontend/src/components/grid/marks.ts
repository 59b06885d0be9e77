/** Samples marked inside what is shown, before they become the selection. */
import { has, type Mask } from "../../state/masks";

export type How = "only" | "add" | "remove" | "toggle";

/** The marks after some samples were marked, taken out, or turned over. */
export function marked(before: Mask, rows: Iterable<number>, how: How): Mask {
  const next = how === "only" ? new Uint32Array(before.length) : before.slice();
  for (const row of rows) {
    const [word, bit] = [row >>> 5, 1 << (row & 31)];
    const put = how === "remove" ? false : how === "toggle" ? !has(before, row) : true;
    next[word] = put ? (next[word] ?? 0) | bit : (next[word] ?? 0) & ~bit;
  }
  return next;
}

/** What the keys held mean: Shift or Ctrl add, Alt takes away, none begins anew. */
export function howOf({ shiftKey, ctrlKey, metaKey, altKey }: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean; altKey: boolean }): How {
  return altKey ? "remove" : shiftKey || ctrlKey || metaKey ? "add" : "only";
}
