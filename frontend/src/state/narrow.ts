/** 64-bit integers as doubles where every one of them is exact: a comparison then costs a third. */

const kept = new WeakMap<BigInt64Array | BigUint64Array, Float64Array | null>();
const HALF = 2 ** 32;
/** Upper halves of integers from −2^53 to 2^53. */
const REACH = 2 ** 21;

/** null where a value lies beyond 2^53: as a double it would not be itself. */
export function exactDoubles(values: BigInt64Array | BigUint64Array): Float64Array | null {
  let found = kept.get(values);
  if (found === undefined) kept.set(values, (found = converted(values)));
  return found;
}

function converted(values: BigInt64Array | BigUint64Array): Float64Array | null {
  const n = values.length;
  const out = new Float64Array(n);
  const lower = new Uint32Array(values.buffer, values.byteOffset, n * 2);
  const upper = values instanceof BigInt64Array ? new Int32Array(values.buffer, values.byteOffset, n * 2) : lower;
  for (let i = 0; i < n; i++) {
    const high = upper[2 * i + 1] as number;
    if (high < -REACH || high >= REACH) return null;
    out[i] = high * HALF + (lower[2 * i] as number);
  }
  return out;
}
