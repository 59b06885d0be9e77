/** Time below the picture: play, scrub, speed and loop, with what happened and how good it was above the slider. */
import { scaleLinear } from "d3-scale";
import { max } from "d3-array";
import { linePath, spread, useSize } from "../../draw/axes";
import { count, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import { checkpointText } from "../../draw/where";
import { Alerts, type Alert } from "../alerts";
import type { Context } from "../component";
import { calm, SPEEDS, type Clock } from "./clock";
import type { Counts } from "./courses";

const HEIGHT = 66;
const CURVES = { top: 6, bottom: 44 };
const TICKS = { top: 46, bottom: 64 };
const LABEL_GAP = 12;
const LABELS = 126;

export interface Curve {
  name: string;
  /** One value a checkpoint of the recording. */
  values: readonly (number | null)[];
  figure: (value: number) => string;
  /** A share is drawn between 0 and 1, anything else over its own range. */
  share: boolean;
  dash: string | null;
}

interface Props {
  ctx: Context;
  clock: Clock;
  curves: readonly Curve[];
  /** By kind and place in the recording. */
  counts: Counts | null;
  flips: (place: number) => void;
  alerts: readonly Alert[];
}

function Lines({ curves, x, width }: { curves: readonly Curve[]; x: (place: number) => number; width: number }) {
  const drawn = curves.map((curve) => {
    const found = curve.values.filter((value) => value !== null);
    const [low, high] = curve.share ? [0, 1] : [Math.min(...found), Math.max(...found)];
    const y = scaleLinear([low, high === low ? low + 1 : high], [CURVES.bottom, CURVES.top]);
    const last = curve.values.findLast((value) => value !== null) ?? 0;
    return { curve, path: linePath(curve.values.map((value, place) => (value === null ? null : [x(place), y(value)]))), last, end: y(last) };
  });
  const tops = spread(drawn.map(({ end }) => end), LABEL_GAP, CURVES.top + 2, CURVES.bottom);
  return (
    <>
      {drawn.map(({ curve, path }) => <path key={curve.name} d={path} fill="none" stroke={curve.dash === null ? "var(--accent)" : "var(--ink-2)"} stroke-width={curve.dash === null ? 2 : 1.5} stroke-dasharray={curve.dash ?? "none"} stroke-linejoin="round" />)}
      {drawn.map(({ curve, last }, i) => <text key={curve.name} class="curve" x={width - LABELS + 6} y={tops[i]} dy=".32em">{`${curve.name} ${curve.figure(last)}`}</text>)}
    </>
  );
}

function Flips({ counts, x, step }: { counts: Counts; x: (place: number) => number; step: number }) {
  const most = max(counts.flip, (value) => value ?? 0) || 1;
  const height = (value: number) => (value > 0 ? 2 + (TICKS.bottom - TICKS.top - 2) * Math.sqrt(value / most) : 0);
  return (
    <g class="flips">
      {counts.flip.map((value, place) => value !== null && value > 0 && (
        <rect key={place} x={x(place) - Math.min(2, step / 3)} width={Math.min(4, (2 * step) / 3)} y={TICKS.bottom - height(value)} height={height(value)} fill="var(--ink-3)"><title>{`${plural(value, "flip")} on the way to checkpoint ${place + 1}`}</title></rect>
      ))}
    </g>
  );
}

/** Beside the drawing, not in it: moved by the browser alone, where all of a drawing would be painted at every frame. */
function Playhead({ clock, x }: { clock: Clock; x: (place: number) => number }) {
  return <div class="playhead" aria-hidden="true" style={{ transform: `translateX(${x(clock.at.value)}px)` }} />;
}

function Track({ ctx, clock, curves, counts, alerts }: Props) {
  const { store } = ctx;
  const [ref, { width }] = useSize<HTMLDivElement>();
  const recording = store.recording.value;
  const n = recording.checkpoints.length;
  const x = scaleLinear([0, Math.max(1, n - 1)], [8, Math.max(9, width - LABELS - 8)]);
  const place = store.place();
  const [from, to] = [clock.from.value ?? 0, clock.to.value ?? n - 1];
  const seek = (event: PointerEvent) => {
    const at = x.invert(event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left);
    clock.set(calm() ? Math.round(at) : at);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => clock.step(-1), ArrowRight: () => clock.step(1), ArrowDown: () => clock.step(-1), ArrowUp: () => clock.step(1),
    PageDown: () => clock.step(-5), PageUp: () => clock.step(5), Home: () => clock.go(0), End: () => clock.go(n - 1),
  };
  const flips = counts?.flip[place] ?? null;
  return (
    <div class="track" ref={ref}>
      {width > 0 && (
        <>
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {clock.loop.value && from < to && <rect x={x(from)} width={x(to) - x(from)} y={0} height={HEIGHT} fill="var(--sunken)" />}
            <line x1={x(0)} x2={x(n - 1)} y1={TICKS.bottom + 0.5} y2={TICKS.bottom + 0.5} stroke="var(--line-2)" />
            {counts && <Flips counts={counts} x={x} step={x(1) - x(0)} />}
            {alerts.map(({ place, text }) => <line key={`${place} ${text}`} x1={x(place)} x2={x(place)} y1={0} y2={TICKS.bottom} stroke="var(--bad)" stroke-width={2} stroke-dasharray="2 2"><title>{text}</title></line>)}
            <Lines curves={curves} x={x} width={width} />
            {counts && <text class="curve" x={width - LABELS + 6} y={(TICKS.top + TICKS.bottom) / 2} dy=".5em">flips</text>}
          </svg>
          <Playhead clock={clock} x={x} />
          <div class="slider" role="slider" tabIndex={0} aria-label="Time" aria-valuemin={1} aria-valuemax={n} aria-valuenow={place + 1}
            aria-valuetext={`checkpoint ${place + 1} of ${n}${flips === null ? "" : `, ${plural(flips, "flip")}`}`} style={{ right: `${LABELS}px` }}
            onPointerDown={(event) => {
              clock.pause();
              event.currentTarget.setPointerCapture(event.pointerId);
              seek(event);
            }}
            onPointerMove={(event) => event.buttons > 0 && seek(event)}
            onPointerUp={() => clock.settle()}
            onPointerCancel={() => clock.settle()}
            onKeyDown={(event) => {
              const act = keys[event.key];
              if (!act) return;
              event.preventDefault();
              event.stopPropagation();
              act();
            }}
          />
        </>
      )}
    </div>
  );
}

function Range({ ctx, clock }: { ctx: Context; clock: Clock }) {
  const { checkpoints } = ctx.store.recording.value;
  const end = checkpoints.length - 1;
  const choose = (label: string, value: number, set: (place: number) => void) => (
    <select aria-label={label} value={String(value)} onChange={(event) => set(Number(event.currentTarget.value))}>
      {checkpoints.map((one, place) => <option key={one.name} value={String(place)}>{place + 1}</option>)}
    </select>
  );
  return (
    <span class="range">
      {choose("Loop from checkpoint", clock.from.value ?? 0, (place) => (clock.from.value = place === 0 ? null : place))}
      <span class="muted">to</span>
      {choose("Loop to checkpoint", clock.to.value ?? end, (place) => (clock.to.value = place === end ? null : place))}
    </span>
  );
}

export function Timeline(props: Props) {
  const { ctx, clock, counts } = props;
  const playing = clock.playing.value;
  const recording = ctx.store.recording.value;
  const place = ctx.store.place();
  const now = ctx.store.checkpoint.value;
  const flips = counts?.flip[place] ?? null;
  return (
    <div class="timeline">
      <div class="transport">
        <button type="button" class="button primary play" aria-label={playing ? "Pause" : "Play"} title={`${playing ? "Pause" : "Play"} (space)`} onClick={() => clock.toggle()}>{playing ? "❚❚ Pause" : "▶ Play"}</button>
        <button type="button" class="button icon" aria-label="Checkpoint back" title="Checkpoint back (←)" onClick={() => clock.step(-1)}>◂</button>
        <button type="button" class="button icon" aria-label="Checkpoint on" title="Checkpoint on (→)" onClick={() => clock.step(1)}>▸</button>
      </div>
      <Track {...props} />
      <div class="pace">
        <select aria-label="Speed" title="At 1× a checkpoint lasts a second" value={String(clock.speed.value)} onChange={(event) => (clock.speed.value = Number(event.currentTarget.value))}>
          {SPEEDS.map((speed) => <option key={speed} value={String(speed)}>{speed}×</option>)}
        </select>
        <button type="button" class="button" aria-pressed={clock.loop.value} title="Begin again at the end" onClick={() => (clock.loop.value = !clock.loop.value)}>Loop</button>
        {clock.loop.value && <Range ctx={ctx} clock={clock} />}
      </div>
      <p class="now muted small">
        <span class="num">{`${checkpointText(recording, now?.name ?? null)} of ${count(recording.checkpoints.length)}${now?.epoch != null ? `, epoch ${now.epoch}` : now ? `, step ${count(now.step)}` : ""}`}</span>
        {flips !== null && <> · <Door leads="show the samples whose prediction changed here" disabled={flips === 0} open={() => props.flips(place)}>{plural(flips, "flip")}</Door></>}
        {clock.waiting.value !== null && <span role="status">{` · waiting for ${checkpointText(recording, recording.checkpoints[clock.waiting.value]?.name ?? null)}`}</span>}
      </p>
      <Alerts ctx={ctx} alerts={props.alerts} />
    </div>
  );
}
