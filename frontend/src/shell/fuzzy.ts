/** How well what was typed fits a text: letters in order, best at the beginnings of words; null when it does not. */
const START_OF_WORD = 8;
const NEXT_LETTER = 5;
const ANYWHERE = 1;

function wordScore(word: string, text: string): number | null {
  // A word that stands there as it is beats letters picked here and there.
  const whole = text.indexOf(word);
  if (whole >= 0) return word.length * START_OF_WORD + (whole === 0 || !/[\p{L}\p{N}]/u.test(text[whole - 1] ?? "") ? 2 * START_OF_WORD : 0) - whole / 100;
  let score = 0;
  let at = -1;
  for (const letter of word) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    const begins = next === 0 || !/[\p{L}\p{N}]/u.test(text[next - 1] ?? "");
    score += begins ? START_OF_WORD : next === at + 1 ? NEXT_LETTER : ANYWHERE - (next - at) / 100;
    at = next;
  }
  return score - text.length / 1000;
}

/** Every word of what was typed must fit; their order is free. */
export function fit(typed: string, text: string): number | null {
  const within = text.toLowerCase();
  let total = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const score = wordScore(word, within);
    if (score === null) return null;
    total += score;
  }
  return total;
}

/** What fits, best first; equal ones in their given order. */
export function found<T>(typed: string, all: readonly T[], textOf: (one: T) => string): T[] {
  return all
    .map((one) => ({ one, score: fit(typed, textOf(one)) }))
    .filter((entry): entry is { one: T; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}
