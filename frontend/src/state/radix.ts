/** Sorting by whole numbers in linear time: least significant digits first, eleven bits at once, equal keys in their order. */

const BITS = 11;
const DIGITS = 1 << BITS;

/** One pass over the digit at `shift`; false when all digits are the same, so that nothing has to be moved. */
function pass(from: Keyed, to: Keyed, shift: number): boolean {
  const { rows, keys } = from;
  const n = rows.length;
  const starts = new Uint32Array(DIGITS);
  for (let i = 0; i < n; i++) {
    const digit = ((keys[i] as number) >>> shift) & (DIGITS - 1);
    starts[digit] = (starts[digit] as number) + 1;
  }
  let at = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = starts[digit] as number;
    if (size === n) return false;
    starts[digit] = at;
    at += size;
  }
  const { rows: outRows, keys: outKeys } = to;
  for (let i = 0; i < n; i++) {
    const key = keys[i] as number;
    const digit = (key >>> shift) & (DIGITS - 1);
    const place = starts[digit] as number;
    starts[digit] = place + 1;
    outRows[place] = rows[i] as number;
    outKeys[place] = key;
  }
  return true;
}

export interface Keyed {
  rows: Uint32Array;
  /** Key i belongs to row i. */
  keys: Uint32Array;
}

/** Rows in the order of their keys; `most` bounds the keys from above. What was given is only read. */
export function sortedByKey(given: Keyed, most = 0xffffffff): Keyed {
  const n = given.rows.length;
  const blank = (): Keyed => ({ rows: new Uint32Array(n), keys: new Uint32Array(n) });
  let from: Keyed = given;
  let to = blank();
  for (let shift = 0; shift < 32 && most / 2 ** shift >= 1; shift += BITS) {
    if (!pass(from, to, shift)) continue;
    [from, to] = [to, from === given ? blank() : from];
  }
  return from;
}

/** 0 … n − 1. */
export function counting(n: number): Uint32Array {
  const rows = new Uint32Array(n);
  for (let i = 0; i < n; i++) rows[i] = i;
  return rows;
}

/** 0 … n − 1 in the order of 64-bit keys given as two halves, with the upper halves in that order. */
export function argsort(high: Uint32Array, low: Uint32Array | null): Keyed {
  const rows = counting(high.length);
  if (!low) return sortedByKey({ rows, keys: high });
  const byLow = sortedByKey({ rows, keys: low }).rows;
  const keys = new Uint32Array(byLow.length);
  for (let i = 0; i < keys.length; i++) keys[i] = high[byLow[i] as number] as number;
  return sortedByKey({ rows: byLow, keys });
}
