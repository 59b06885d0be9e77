/** Sets of samples as bits, 32 to a word: what every filter is made of. Bits beyond the last sample are always 0. */
import type { Numbers } from "../hosts/arrow";

export type Mask = Uint32Array;

/** Values are copied here in pieces, so that the loops below always see one kind of array and stay fast for all. */
const CHUNK = 1 << 13;
const scratch = new Float64Array(CHUNK);

export function words(n: number): number {
  return (n + 31) >>> 5;
}

export function none(n: number): Mask {
  return new Uint32Array(words(n));
}

export function every(n: number): Mask {
  return trimmed(none(n).fill(0xffffffff), n);
}

function trimmed(mask: Mask, n: number): Mask {
  const rest = n & 31;
  if (rest > 0 && mask.length > 0) mask[mask.length - 1] = (mask.at(-1) ?? 0) & (2 ** rest - 1);
  return mask;
}

/** Each of these changes the first mask and returns it. */
export function and(into: Mask, other: Mask): Mask {
  for (let w = 0; w < into.length; w++) into[w] = (into[w] as number) & (other[w] as number);
  return into;
}

export function or(into: Mask, other: Mask): Mask {
  for (let w = 0; w < into.length; w++) into[w] = (into[w] as number) | (other[w] as number);
  return into;
}

export function minus(into: Mask, other: Mask): Mask {
  for (let w = 0; w < into.length; w++) into[w] = (into[w] as number) & ~(other[w] as number);
  return into;
}

export function complement(into: Mask, n: number): Mask {
  for (let w = 0; w < into.length; w++) into[w] = ~(into[w] as number);
  return trimmed(into, n);
}

export function popcount(mask: Mask): number {
  let total = 0;
  for (let w = 0; w < mask.length; w++) {
    let bits = mask[w] as number;
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    total += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return total;
}

export function has(mask: Mask, row: number): boolean {
  return (((mask[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1;
}

/** Rows beyond the last sample are left out: they come from another recording. */
export function fromRows(rows: ArrayLike<number>, n: number): Mask {
  const out = none(n);
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k] as number;
    if (row < n) out[row >>> 5] = (out[row >>> 5] as number) | (1 << (row & 31));
  }
  return out;
}

/** The first bytes of a mask as base64, the lowest bit first. */
export function toBase64(mask: Mask, length = 4 * mask.length): string {
  const bytes = new Uint8Array(mask.buffer, mask.byteOffset, length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}

/** Throws where the text is no base64. */
export function fromBase64(text: string): Mask {
  const packed = atob(text);
  const bytes = new Uint8Array(4 * Math.ceil(packed.length / 4));
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  return new Uint32Array(bytes.buffer);
}

/** The rows of a mask, ascending. */
export function rowsOf(mask: Mask): Uint32Array {
  const out = new Uint32Array(popcount(mask));
  let at = 0;
  for (let w = 0; w < mask.length; w++) {
    for (let bits = mask[w] as number; bits !== 0; bits &= bits - 1) out[at++] = w * 32 + 31 - Math.clz32(bits & -bits);
  }
  return out;
}

/** The rows a mask keeps, in their given order; no mask keeps all. */
export function keep(rows: Uint32Array, mask: Mask | null): Uint32Array {
  if (!mask) return rows;
  const out = new Uint32Array(rows.length);
  let n = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    out[n] = row;
    // No branch: whether a row stays is as good as random in a sorted list.
    n += ((mask[row >>> 5] as number) >>> (row & 31)) & 1;
  }
  return out.slice(0, n);
}

/** Where `low` ≤ value ≤ `high`; NaN is nowhere. */
export function within(values: Numbers | Float64Array, low: number, high: number): Mask {
  if (values instanceof Int8Array || values instanceof Uint8Array) return byteTable(values, (value) => value >= low && value <= high);
  const n = values.length;
  const out = none(n);
  for (let start = 0; start < n; start += CHUNK) {
    const size = Math.min(CHUNK, n - start);
    scratch.set(values.subarray(start, start + size));
    scratch.fill(NaN, size, Math.min(CHUNK, size + 32));
    withinChunk(out, start >>> 5, size, low, high);
  }
  return out;
}

/** A function of its own, small enough for the engine to keep everything in registers; no branch depends on the data. */
function withinChunk(out: Mask, word: number, size: number, low: number, high: number): void {
  const from = scratch;
  for (let i = 0; i < size; i += 32) {
    let bits = 0;
    // From the last to the first: each one moves those before it up.
    for (let at = i + 31; at >= i; at--) {
      const value = from[at] as number;
      bits = (bits << 1) | (value >= low ? (value <= high ? 1 : 0) : 0);
    }
    out[word++] = bits;
  }
}

/** Single bytes have 256 values: each is asked once. */
export function byteTable(values: Int8Array | Uint8Array, test: (value: number) => boolean): Mask {
  const signed = values instanceof Int8Array;
  const table = Uint8Array.from({ length: 256 }, (_, byte) => Number(test(signed ? (byte << 24) >> 24 : byte)));
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.length);
  const out = none(bytes.length);
  for (let i = 0; i < bytes.length; i += 32) {
    const size = Math.min(32, bytes.length - i);
    let bits = 0;
    for (let b = 0; b < size; b++) bits |= (table[bytes[i + b] as number] as number) << b;
    out[i >>> 5] = bits;
  }
  return out;
}

const SIGN = 0x80000000;

/** Where low ≤ value ≤ high among 64-bit integers, exactly: compared as two 32-bit halves, because a BigInt for each is slow. */
export function within64(values: BigInt64Array | BigUint64Array, low: bigint, high: bigint): Mask {
  const n = values.length;
  const out = none(n);
  const unsigned = values instanceof BigUint64Array;
  const least = unsigned ? 0n : -(2n ** 63n);
  const most = unsigned ? 2n ** 64n - 1n : 2n ** 63n - 1n;
  const from = low < least ? least : low;
  const to = high > most ? most : high;
  if (from > to) return out;
  const halves = new Int32Array(values.buffer, values.byteOffset, n * 2);
  const flip = unsigned ? SIGN | 0 : 0;
  const upper = (value: bigint) => Number(BigInt.asIntN(32, value >> 32n)) ^ flip;
  const lower = (value: bigint) => Number(BigInt.asUintN(32, value));
  const [fromUp, fromLow, toUp, toLow] = [upper(from), lower(from), upper(to), lower(to)];
  for (let i = 0; i < n; i += 32) {
    const end = Math.min(n, i + 32);
    let bits = 0;
    for (let at = end - 1; at >= i; at--) {
      const up = (halves[2 * at + 1] as number) ^ flip;
      const down = (halves[2 * at] as number) >>> 0;
      bits = (bits << 1) | ((up > fromUp || (up === fromUp && down >= fromLow)) && (up < toUp || (up === toUp && down <= toLow)) ? 1 : 0);
    }
    out[i >>> 5] = bits;
  }
  return out;
}

/** Where the table holds 1 for the code. */
export function byCode(codes: Int32Array, table: Uint8Array): Mask {
  const n = codes.length;
  const out = none(n);
  for (let i = 0; i < n; i += 32) {
    const size = Math.min(32, n - i);
    let bits = 0;
    for (let b = 0; b < size; b++) bits |= (table[codes[i + b] as number] as number) << b;
    out[i >>> 5] = bits;
  }
  return out;
}

/** Where a byte is 1. */
export function fromBytes(bytes: Uint8Array): Mask {
  const n = bytes.length;
  const out = none(n);
  for (let i = 0; i < n; i += 32) {
    const size = Math.min(32, n - i);
    let bits = 0;
    for (let b = 0; b < size; b++) bits |= ((bytes[i + b] as number) & 1) << b;
    out[i >>> 5] = bits;
  }
  return out;
}

/** The slow way, for what has no fast one. */
export function where(n: number, test: (row: number) => boolean): Mask {
  const out = none(n);
  for (let i = 0; i < n; i++) if (test(i)) out[i >>> 5] = (out[i >>> 5] as number) | (1 << (i & 31));
  return out;
}

/** States of a sample for `countStates`: four of them fit beside a code. */
export const STATES = 4;

/** How many of a mask's samples have each code and each state (0 … 3), at code × 4 + state; no mask counts all. */
export function countStates(codes: Int32Array, size: number, states: Uint8Array, mask: Mask | null): Uint32Array {
  const counts = new Uint32Array(size * STATES);
  const n = codes.length;
  if (!mask) {
    for (let i = 0; i < n; i++) {
      const at = ((codes[i] as number) << 2) | (states[i] as number);
      counts[at] = (counts[at] as number) + 1;
    }
    return counts;
  }
  for (let w = 0; w < mask.length; w++) {
    for (let bits = mask[w] as number; bits !== 0; bits &= bits - 1) {
      const row = w * 32 + 31 - Math.clz32(bits & -bits);
      const at = ((codes[row] as number) << 2) | (states[row] as number);
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return counts;
}

/** How many of a mask's samples have each code, 0 … size − 1; no mask counts all. */
export function countBy(codes: Int32Array, size: number, mask: Mask | null): Uint32Array {
  const counts = new Uint32Array(size);
  if (!mask) {
    for (let i = 0; i < codes.length; i++) counts[codes[i] as number] = (counts[codes[i] as number] as number) + 1;
    return counts;
  }
  for (let w = 0; w < mask.length; w++) {
    for (let bits = mask[w] as number; bits !== 0; bits &= bits - 1) {
      const code = codes[w * 32 + 31 - Math.clz32(bits & -bits)] as number;
      counts[code] = (counts[code] as number) + 1;
    }
  }
  return counts;
}
