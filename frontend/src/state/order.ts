/** Sorting samples by a column, fast enough for a million of them. */
import type { Numbers, Valid } from "../hosts/arrow";

const scratch = new DataView(new ArrayBuffer(4));
const POSITIONS = 2 ** 21;

/** A 32-bit number that sorts as the float does. */
function sortable(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

/** `indices` ordered by their value; missing and NaN last either way; equal values keep their order. */
export function ordered(indices: Uint32Array, values: Numbers, valid: Valid, descending: boolean): Uint32Array {
  const n = indices.length;
  if (n > POSITIONS) return slowly(indices, values, valid, descending);
  // Key and position share one double (32 + 21 bits): the engine's own numeric sort is ten times a comparator's.
  const packed = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const index = indices[i] ?? 0;
    const value = valid && !valid[index] ? NaN : (values[index] ?? NaN);
    const key = Number.isNaN(value) ? 0xffffffff : descending ? 0xfffffffe - sortable(value) : sortable(value);
    packed[i] = Math.max(0, key) * POSITIONS + i;
  }
  packed.sort();
  return Uint32Array.from(packed, (key) => indices[key % POSITIONS] ?? 0);
}

function slowly(indices: Uint32Array, values: Numbers, valid: Valid, descending: boolean): Uint32Array {
  const sign = descending ? -1 : 1;
  const at = (index: number) => (valid && !valid[index] ? NaN : (values[index] ?? NaN));
  return indices.slice().sort((a, b) => {
    const x = at(a);
    const y = at(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}
