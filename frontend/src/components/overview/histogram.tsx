import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count, percent } from "../../draw/format";
import type { Buckets } from "../../state/buckets";
import type { Counts } from "./counts";

const HEIGHT = 76;

/** "0.2 to 0.3: 120 of 400, 91 % right (84 to 95 %)". */
export function bucketWords(buckets: Buckets, counts: Counts, i: number): string {
  const { value, low, high } = counts.right(i);
  const right = value === null ? "" : `, ${percent(value, 0)} right (${percent(low, 0)} to ${percent(high, 0)})`;
  return `${buckets.name(i)}: ${count(counts.passing[i] ?? 0)} of ${count(counts.all[i] ?? 0)}${right}`;
}

interface Props {
  name: string;
  buckets: Buckets;
  counts: Counts;
  picked: readonly number[];
  /** Bars that stand grey behind: what there is before the filter. */
  behind: boolean;
  /** Filter while the range is drawn, not only once it is. */
  live: boolean;
  pick: (buckets: readonly number[]) => void;
}

function Bar({ i, props, most, chosen, active }: { i: number; props: Props; most: number; chosen: readonly number[]; active: boolean }) {
  const { buckets, counts } = props;
  const { value, low, high } = counts.right(i);
  const words = bucketWords(buckets, counts, i);
  const tall = (n: number | undefined) => `${n ? Math.max(1.5, (n / most) * (HEIGHT - 2)) : 0}px`;
  const up = (share: number | null) => `${(share ?? 0) * (HEIGHT - 4)}px`;
  return (
    <div role="option" aria-selected={chosen.includes(i)} aria-label={words} title={words} tabIndex={active ? 0 : -1} class={chosen.length > 0 && !chosen.includes(i) ? "bar faded" : "bar"}>
      {props.behind && <i class="grey" style={{ height: tall(counts.all[i]) }} />}
      <i class="fill" style={{ height: tall(counts.passing[i]) }} />
      {value !== null && <i class="spread" style={{ bottom: up(low), height: up((high ?? 0) - (low ?? 0)) }} />}
      {value !== null && <i class="right" style={{ bottom: up(value) }} />}
    </div>
  );
}

/** A range drawn with the pointer: where it goes, and what it becomes. */
function useBrush(props: Props, box: { current: HTMLDivElement | null }, done: (bars: readonly number[], old: readonly number[]) => void) {
  const { size } = props.buckets;
  const brush = useSignal<{ from: number; to: number } | null>(null);
  const before = useRef<readonly number[]>([]);
  const at = (x: number) => {
    const rect = box.current?.getBoundingClientRect();
    return rect ? Math.max(0, Math.min(size - 1, Math.floor(((x - rect.left) / rect.width) * size))) : 0;
  };
  const handlers = {
    onPointerDown: (event: PointerEvent & { currentTarget: HTMLElement }) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture?.(event.pointerId);
      before.current = props.picked;
      brush.value = { from: at(event.clientX), to: at(event.clientX) };
    },
    onPointerMove: (event: PointerEvent) => {
      const to = at(event.clientX);
      if (!brush.value || to === brush.value.to) return;
      brush.value = { ...brush.value, to };
      if (props.live) props.pick(between(brush.value.from, to));
    },
    onPointerCancel: () => void (brush.value = null),
    onPointerUp: () => {
      const drawn = brush.value;
      brush.value = null;
      if (drawn) done(between(drawn.from, drawn.to), drawn.from === drawn.to ? before.current : []);
    },
  };
  return { drawn: brush.value && between(brush.value.from, brush.value.to), handlers };
}

function between(a: number, b: number): number[] {
  return Array.from({ length: Math.abs(a - b) + 1 }, (_, i) => Math.min(a, b) + i);
}

/** Ranges as bars to brush over: drag with the pointer, or arrows, Shift with arrows, and Enter. */
export function Histogram(props: Props) {
  const { buckets, counts, picked } = props;
  const { size } = buckets;
  const active = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  const most = Math.max(1, ...(props.behind ? counts.all : counts.passing).subarray(0, size));
  const done = (bars: readonly number[], old: readonly number[]) => props.pick(bars.length === old.length && bars.every((bar, i) => bar === old[i]) ? [] : bars);
  const { drawn, handlers } = useBrush(props, box, done);
  const chosen = drawn ?? picked;
  const keyed = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -size, End: size }[event.key];
    if (by !== undefined) {
      active.value = Math.max(0, Math.min(size - 1, active.value + by));
      if (event.shiftKey) props.pick(between(Math.min(...picked, active.value), active.value));
      box.current?.querySelectorAll<HTMLElement>("[role=option]")[active.value]?.focus();
    } else if (event.key === "Enter" || event.key === " ") done([active.value], picked);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} class="bars" role="listbox" aria-multiselectable="true" aria-label={`Ranges of ${props.name}`} aria-orientation="horizontal" style={{ height: `${HEIGHT}px` }} onKeyDown={keyed} onDblClick={() => props.pick([])} {...handlers}>
      {Array.from({ length: size }, (_, i) => <Bar key={i} i={i} props={props} most={most} chosen={chosen} active={i === active.value} />)}
    </div>
  );
}
