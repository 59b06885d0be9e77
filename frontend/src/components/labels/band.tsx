/** One band of suspicion at a time: only the samples between two marks are in the list. */
import { useState } from "preact/hooks";
import { count, percent } from "../../draw/format";
import type { Context } from "../component";

export interface Between {
  low: number;
  high: number;
}

export const EVERYTHING: Between = { low: 0, high: 1 };

/** The band that is chosen, in order and within [0, 1]. */
export function bandOf(options: { readonly [name: string]: unknown }): Between {
  const at = (name: string, otherwise: number) => (typeof options[name] === "number" ? Math.min(1, Math.max(0, options[name])) : otherwise);
  const [a, b] = [at("from", 0), at("to", 1)];
  return { low: Math.min(a, b), high: Math.max(a, b) };
}

/** A sample without a score is in the list only where no band is chosen. */
export function inBand({ low, high }: Between, score: number | null): boolean {
  if (low <= 0 && high >= 1) return true;
  return score !== null && score >= low && score <= high;
}

function Mark({ name, value, set }: { name: string; value: number; set: (value: number) => void }) {
  const [dragged, drag] = useState<number | null>(null);
  const shown = dragged ?? value;
  return (
    <label class="choose small">
      <span class="muted">{name}</span>
      <input type="range" min={0} max={1} step={0.01} value={shown} aria-label={`Suspicion ${name}`} aria-valuetext={percent(shown, 0)} onInput={(event) => drag(Number(event.currentTarget.value))} onChange={(event) => {
        drag(null);
        set(Number(event.currentTarget.value));
      }} onKeyDown={(event) => {
        // What moves the mark is its own; every other key is the desk's.
        if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
      }} />
      <span class="num">{percent(shown, 0)}</span>
    </label>
  );
}

export function Band({ ctx, shown, markAll }: { ctx: Context; shown: number; markAll: (() => void) | null }) {
  const { low, high } = bandOf(ctx.options.value);
  const all = low <= 0 && high >= 1;
  return (
    <div class="band" role="group" aria-label="Only samples of this suspicion">
      <span class="small" title="How suspect a label is, by which the list is ordered; how likely it is wrong stands beside its picture">Suspicion</span>
      <Mark name="from" value={low} set={(value) => ctx.set({ from: value === 0 ? null : Math.min(value, high) })} />
      <Mark name="to" value={high} set={(value) => ctx.set({ to: value === 1 ? null : Math.max(value, low) })} />
      {!all && <button type="button" class="button quiet" onClick={() => ctx.set({ from: null, to: null })}>Show all</button>}
      {markAll && shown > 0 && <button type="button" class="button quiet" title="Then every key decides about all of them; many are asked about first" onClick={markAll}>{`Mark all ${count(shown)}`}</button>}
    </div>
  );
}
