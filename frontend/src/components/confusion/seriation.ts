/** An order of the classes in which those that are taken for each other lie side by side. */
import type { Cells } from "../../state/counting";

/** Similarities of more classes than these are not held. */
export const MOST_SERIATED = 2048;

/** How often two classes are taken for each other, as the mean of both shares; symmetric, diagonal 0. */
function similarities(cells: Cells, n: number): Float32Array {
  const rows = new Float64Array(n);
  cells.label.forEach((label, k) => (rows[label] = (rows[label] ?? 0) + (cells.count[k] ?? 0)));
  const out = new Float32Array(n * n);
  for (let k = 0; k < cells.count.length; k++) {
    const [label, prediction] = [cells.label[k] as number, cells.prediction[k] as number];
    if (label === prediction) continue;
    const share = (cells.count[k] as number) / (rows[label] ?? 1) / 2;
    for (const at of [label * n + prediction, prediction * n + label]) out[at] = (out[at] as number) + share;
  }
  return out;
}

/** The most similar other cluster, the first of several; −1 where nothing is similar. */
function nearest(similar: Float32Array, n: number, of: number, alive: Uint8Array, preferred: number): number {
  let best = preferred;
  let most = preferred < 0 ? 0 : (similar[of * n + preferred] as number);
  for (let other = 0; other < n; other++) {
    const at = similar[of * n + other] as number;
    if (at > most && alive[other] === 1 && other !== of) [most, best] = [at, other];
  }
  return best;
}

/** Two chains as one, turned so that the ends that meet are the most alike. */
function joined(a: readonly number[], b: readonly number[], alike: (i: number, j: number) => number): number[] {
  const turns: readonly (readonly [number, number, () => number[]])[] = [
    [a.at(-1) ?? 0, b[0] ?? 0, () => [...a, ...b]],
    [a.at(-1) ?? 0, b.at(-1) ?? 0, () => [...a, ...b.toReversed()]],
    [a[0] ?? 0, b[0] ?? 0, () => [...a.toReversed(), ...b]],
    [a[0] ?? 0, b.at(-1) ?? 0, () => [...a.toReversed(), ...b.toReversed()]],
  ];
  return turns.reduce((best, turn) => (alike(turn[0], turn[1]) > alike(best[0], best[1]) ? turn : best))[2]();
}

/**
 * Leaves of an average-linkage tree over the symmetrised shares, grown along chains of nearest neighbours (quadratic in
 * the number of classes), each branch turned towards its neighbour. Classes that are never confused come last, as given.
 */
export function seriated(cells: Cells, n: number): number[] {
  const original = similarities(cells, n);
  const similar = original.slice();
  const alike = (i: number, j: number) => original[i * n + j] as number;
  const alive = Uint8Array.from({ length: n }, (_, i) => Number(original.subarray(i * n, (i + 1) * n).some((share) => share > 0)));
  const leaves: number[][] = Array.from({ length: n }, (_, i) => [i]);
  const done: number[][] = [];
  for (let start = 0; start < n; start++) {
    const chain: number[] = [];
    while (alive[start] === 1 || chain.length > 0) {
      if (chain.length === 0) chain.push(start);
      const top = chain.at(-1) ?? 0;
      const before = chain.at(-2) ?? -1;
      const next = nearest(similar, n, top, alive, before);
      if (next < 0) {
        done.push(leaves[top] ?? []);
        alive[top] = 0;
        chain.pop();
      } else if (next === before) {
        chain.length -= 2;
        merge(similar, n, top, before, leaves, alive);
        leaves[before] = joined(leaves[before] ?? [], leaves[top] ?? [], alike);
      } else chain.push(next);
    }
  }
  const placed = new Set(done.flat());
  const order = done.flatMap((chain) => ((chain[0] ?? 0) > (chain.at(-1) ?? 0) ? chain.toReversed() : chain));
  return [...order, ...Array.from({ length: n }, (_, i) => i).filter((i) => !placed.has(i))];
}

/** `from` becomes a part of `into`: similarities to the rest are means over the members of both. */
function merge(similar: Float32Array, n: number, from: number, into: number, leaves: readonly number[][], alive: Uint8Array): void {
  const [a, b] = [leaves[from]?.length ?? 1, leaves[into]?.length ?? 1];
  alive[from] = 0;
  for (let k = 0; k < n; k++) {
    if (alive[k] === 0 || k === into) continue;
    const mean = (a * (similar[from * n + k] as number) + b * (similar[into * n + k] as number)) / (a + b);
    similar[into * n + k] = similar[k * n + into] = mean;
  }
}
