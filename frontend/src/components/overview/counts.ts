/** What a card counts: every bucket before and after the filter, and how often the network is right there. */
import type { Column } from "../../hosts/arrow";
import type { Buckets } from "../../state/buckets";
import { STATES, and, countBy, countStates, type Mask } from "../../state/masks";
import type { Estimate } from "../../state/performance";
import { wilson } from "../../state/intervals";
import type { Context } from "../component";

/** Below this many samples a share says little and is not drawn. */
export const FEW = 20;
const NOTHING: Estimate = { value: null, low: null, high: null };

export interface Counts {
  all: Uint32Array;
  passing: Uint32Array;
  /** Share right among the passing, labelled samples with its interval; no value where they are few or nothing is known. */
  right: (bucket: number) => Estimate;
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
export function counted(buckets: Buckets, states: Uint8Array | null, mask: Mask | null): Pick<Counts, "passing" | "right"> {
  const size = buckets.size + 2;
  if (!states) return { passing: countBy(buckets.codes, size, mask), right: () => NOTHING };
  const counts = countStates(buckets.codes, size, states, mask);
  const at = (bucket: number, state: number) => counts[bucket * STATES + state] ?? 0;
  return {
    passing: Uint32Array.from({ length: size }, (_, bucket) => at(bucket, 0) + at(bucket, WRONG) + at(bucket, RIGHT)),
    right: (bucket) => {
      const judged = at(bucket, WRONG) + at(bucket, RIGHT);
      return judged < FEW ? NOTHING : wilson(at(bucket, RIGHT), judged);
    },
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

/** The bucket where the network is right least often; null with fewer than two to compare. */
export function weakest(counts: Counts, buckets: Buckets): { bucket: number; right: number } | null {
  const known = Array.from({ length: buckets.size }, (_, bucket) => ({ bucket, right: counts.right(bucket).value })).filter((one): one is { bucket: number; right: number } => one.right !== null);
  return known.length < 2 ? null : known.reduce((worst, one) => (one.right < worst.right ? one : worst));
}
