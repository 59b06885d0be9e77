/** The decision layer is linear, so what a change of neurons does to the probabilities is a sum and a softmax. */
import type { Shift } from "./found";

/** Probabilities by class index after some neurons were moved by so much; classes without a probability are left out. */
export function moved(probabilities: ReadonlyMap<number, number>, heads: ReadonlyMap<number, readonly number[]>, by: ReadonlyMap<number, number>): Map<number, number> {
  const logits = new Map<number, number>();
  for (const [index, p] of probabilities) {
    let logit = Math.log(Math.max(p, 1e-30));
    for (const [neuron, amount] of by) logit += amount * (heads.get(neuron)?.[index] ?? 0);
    logits.set(index, logit);
  }
  const most = Math.max(...logits.values());
  const total = [...logits.values()].reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return new Map([...logits].map(([index, logit]) => [index, Math.exp(logit - most) / total]));
}

export function winner(probabilities: ReadonlyMap<number, number>): number | null {
  let best: readonly [number, number] | null = null;
  for (const entry of probabilities) if (best === null || entry[1] > best[1]) best = entry;
  return best?.[0] ?? null;
}

const STEPS = 20;

/** How probable a class is after each share of the way that the explanation proposes. */
export function pathOf(probabilities: ReadonlyMap<number, number>, heads: ReadonlyMap<number, readonly number[]>, shifts: readonly Shift[], target: number): { effort: number; probability: number }[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const effort = step / STEPS;
    const by = new Map(shifts.map(({ neuron, shift }) => [neuron, shift * effort]));
    return { effort, probability: moved(probabilities, heads, by).get(target) ?? 0 };
  });
}
