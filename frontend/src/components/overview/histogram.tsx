import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count, percent } from "../../draw/format";
import type { Buckets } from "../../state/buckets";
import type { Counts } from "./counts";

const HEIGHT = 76;

/** Ranges as bars to brush over: drag with the pointer, or arrows, Shift with arrows, and Enter. */
export function Histogram(props: { name: string; buckets: Buckets; counts: Counts; picked: readonly number[]; pick: (buckets: readonly number[]) => void }) {
  const { buckets, counts, picked } = props;
  const { size } = buckets;
  const brush = useSignal<{ from: number; to: number } | null>(null);
  const active = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  const most = Math.max(1, ...counts.all.subarray(0, size));
  const between = (a: number, b: number) => Array.from({ length: Math.abs(a - b) + 1 }, (_, i) => Math.min(a, b) + i);
  const chosen = brush.value ? between(brush.value.from, brush.value.to) : picked;
  const at = (x: number) => {
    const rect = box.current?.getBoundingClientRect();
    return rect ? Math.max(0, Math.min(size - 1, Math.floor(((x - rect.left) / rect.width) * size))) : 0;
  };
  const done = (bars: readonly number[]) => props.pick(bars.length === picked.length && bars.every((bar, i) => bar === picked[i]) ? [] : bars);
  const words = (i: number) => `${buckets.name(i)}: ${count(counts.passing[i] ?? 0)} of ${count(counts.all[i] ?? 0)}${counts.right(i) === null ? "" : `, ${percent(counts.right(i), 0)} right`}`;
  const keyed = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -size, End: size }[event.key];
    if (by !== undefined) {
      active.value = Math.max(0, Math.min(size - 1, active.value + by));
      if (event.shiftKey) props.pick(between(Math.min(...picked, active.value), active.value));
      box.current?.querySelectorAll<HTMLElement>("[role=option]")[active.value]?.focus();
    } else if (event.key === "Enter" || event.key === " ") done([active.value]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} class="bars" role="listbox" aria-multiselectable="true" aria-label={`Ranges of ${props.name}`} aria-orientation="horizontal" style={{ height: `${HEIGHT}px` }} onKeyDown={keyed}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        brush.value = { from: at(event.clientX), to: at(event.clientX) };
      }}
      onPointerMove={(event) => brush.value && (brush.value = { ...brush.value, to: at(event.clientX) })}
      onPointerCancel={() => (brush.value = null)}
      onPointerUp={() => {
        const drawn = brush.value;
        brush.value = null;
        if (drawn) done(between(drawn.from, drawn.to));
      }}>
      {Array.from({ length: size }, (_, i) => {
        const right = counts.right(i);
        const high = (n: number | undefined) => `${n ? Math.max(1.5, ((n ?? 0) / most) * (HEIGHT - 2)) : 0}px`;
        return (
          <div key={i} role="option" aria-selected={chosen.includes(i)} aria-label={words(i)} title={words(i)} tabIndex={i === active.value ? 0 : -1} class={chosen.length > 0 && !chosen.includes(i) ? "bar faded" : "bar"}>
            <i class="grey" style={{ height: high(counts.all[i]) }} />
            <i class="fill" style={{ height: high(counts.passing[i]) }} />
            {right !== null && <i class="right" style={{ bottom: `${right * (HEIGHT - 4)}px` }} />}
          </div>
        );
      })}
    </div>
  );
}
