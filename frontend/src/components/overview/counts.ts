/** What a card counts: every bucket before and after the filter, and how often the network is right there. */
import type { Column } from "../../hosts/arrow";
import type { Buckets } from "../../state/buckets";
import { STATES, and, countBy, countStates, type Mask } from "../../state/masks";
import type { Estimate } from "../../state/performance";
import { differenceOf, quantileOf, wilson } from "../../state/intervals";
import type { Context } from "../component";

/** Below this many samples a share says little and is not drawn. */
export const FEW = 20;
const NOTHING: Estimate = { value: null, low: null, high: null };

export interface Counts {
  all: Uint32Array;
  passing: Uint32Array;
  /** Share right among the passing, labelled samples with its interval; no value where they are few or nothing is known. */
  right: (bucket: number) => Estimate;
  /** Of the passing, labelled samples: wrong, and all. */
  wrong: (bucket: number) => readonly [wrong: number, judged: number];
}

const [WRONG, RIGHT] = [1, 2];
const keptStates = new WeakMap<Column, Uint8Array>();

/** Of each sample: unknown, wrong or right, as bytes to count by. */
export function statesOf(correct: Column): Uint8Array | null {
  if (correct.kind !== "bool") return null;
  let found = keptStates.get(correct);
  if (!found) {
    const { values, valid } = correct;
    found = new Uint8Array(values.length);
    for (let i = 0; i < found.length; i++) found[i] = valid && !valid[i] ? 0 : values[i] === 1 ? RIGHT : WRONG;
    keptStates.set(correct, found);
  }
  return found;
}

/** One pass over the samples: how many pass in every bucket, and of them how many are wrong and right. */
export function counted(buckets: Buckets, states: Uint8Array | null, mask: Mask | null): Omit<Counts, "all"> {
  const size = buckets.size + 2;
  if (!states) return { passing: countBy(buckets.codes, size, mask), right: () => NOTHING, wrong: () => [0, 0] };
  const counts = countStates(buckets.codes, size, states, mask);
  const at = (bucket: number, state: number) => counts[bucket * STATES + state] ?? 0;
  const judged = (bucket: number) => at(bucket, WRONG) + at(bucket, RIGHT);
  return {
    passing: Uint32Array.from({ length: size }, (_, bucket) => at(bucket, 0) + judged(bucket)),
    right: (bucket) => (judged(bucket) < FEW ? NOTHING : wilson(at(bucket, RIGHT), judged(bucket))),
    wrong: (bucket) => [at(bucket, WRONG), judged(bucket)],
  };
}

export function both(a: Mask | null, b: Mask | null): Mask | null {
  return a && b ? and(a.slice(), b) : (a ?? b);
}

const keptAll = new WeakMap<Buckets, { within: Mask | null; counts: Uint32Array }>();

/** Before the filter: counted once for each choice of split. */
function allOf(buckets: Buckets, within: Mask | null): Uint32Array {
  const known = keptAll.get(buckets);
  if (known && known.within === within) return known.counts;
  const counts = countBy(buckets.codes, buckets.size + 2, within);
  keptAll.set(buckets, { within, counts });
  return counts;
}

/** Source of a card's clause: it filters every view but the card itself. */
export function sourceOf(id: string, column: string): string {
  return `${id}/${column}`;
}

interface KeptCounts {
  mask: Mask | null;
  within: Mask | null;
  states: Uint8Array | null;
  counts: Counts;
}

const keptCounts = new WeakMap<Buckets, KeptCounts>();

/** Counted once for each state of the filter, however often it is asked for: by the card, and by the title over all cards. */
export function countsOf(ctx: Context, column: string, buckets: Buckets, judged: boolean): Counts {
  const { filter } = ctx.data;
  const within = filter.within.value;
  const mask = filter.mask(sourceOf(ctx.id, column));
  const correct = judged ? filter.at("correct") : undefined;
  const states = correct ? statesOf(correct) : null;
  const known = keptCounts.get(buckets);
  if (known && known.mask === mask && known.within === within && known.states === states) return known.counts;
  const counts = { all: allOf(buckets, within), ...counted(buckets, states, both(mask, within)) };
  keptCounts.set(buckets, { mask, within, states, counts });
  return counts;
}

/** The bucket of any card where the network is clearly weaker than in the rest of that card; null where none is. */
export function weakest<C extends { buckets: Buckets; counts: Pick<Counts, "wrong"> }>(cards: readonly C[]): { card: C; bucket: number; right: number } | null {
  const compared = cards.flatMap((card) => {
    const all = Array.from({ length: card.buckets.size }, (_, bucket) => card.counts.wrong(bucket));
    const [wrong, judged] = all.reduce<[number, number]>(([k, n], own) => [k + own[0], n + own[1]], [0, 0]);
    return all.flatMap(([k, n], bucket) => (n >= FEW && judged - n >= FEW ? [{ card, bucket, k, n, others: [wrong - k, judged - n] as const }] : []));
  });
  // Of a hundred ranges some look weak by chance: the interval widens with the search.
  const z = quantileOf(0.05 / Math.max(1, compared.length));
  let worst: { card: C; bucket: number; right: number } | null = null;
  let most = 0;
  for (const { card, bucket, k, n, others } of compared) {
    const { low } = differenceOf(k, n, ...others, z);
    if (low === null || low <= most) continue;
    most = low;
    worst = { card, bucket, right: 1 - k / n };
  }
  return worst;
}
