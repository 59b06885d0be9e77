import { bisectCenter } from "d3-array";
import { scaleLinear } from "d3-scale";
import { useSignal } from "@preact/signals";
import css from "./curves.css?inline";
import { bandPath, linePath, niceScale, spread, useSize, type Scale } from "../../draw/axes";
import { measure, percent } from "../../draw/format";
import { Door, Failure, Heading, Waiting } from "../../draw/parts";
import { splitText } from "../../draw/where";
import { isMeasurable, type Recording } from "../../hosts/recording";
import { firstReason, needsCheckpoints, needsLogits } from "../applies";
import { defineComponent, drawn, type Context } from "../component";
import { bestOf, choices, seriesOf, type Choice, type Series } from "./series";

const MARGIN = { top: 10, bottom: 34, left: 46, right: 136 };
/** Where the tile has no height of its own. */
const USUAL_HEIGHT = 220;
const LABEL_GAP = 24;
/** Splits are told apart by their line, not by colour alone. */
const DASHES = ["6 3", "2 3", "9 3 2 3", "1 4"];

function figure(choice: Choice, value: number | null): string {
  return choice.share ? percent(value) : measure(value);
}

/** Checkpoints lie by epoch where every one has it, by step otherwise. */
export function placesOf(recording: Recording): { unit: string; at: number[] } {
  const epochs = recording.checkpoints.map((checkpoint) => checkpoint.epoch);
  const rising = epochs.every((epoch, i) => epoch !== null && (i === 0 || epoch > (epochs[i - 1] ?? Infinity)));
  return rising ? { unit: "epoch", at: epochs.map(Number) } : { unit: "step", at: recording.checkpoints.map((checkpoint) => checkpoint.step) };
}

function finding(choice: Choice, series: Series | undefined): string {
  const best = series ? bestOf(series.values, choice.better) : null;
  if (!series || best === null || series.values.length < 2) return `${choice.name.toLowerCase()} by checkpoint`;
  const where = best === series.values.length - 1 ? "the last checkpoint" : `checkpoint ${best + 1}`;
  return `best ${series.split === "all" ? "" : `${series.name} `}${choice.name.toLowerCase()} ${figure(choice, series.values[best]?.value ?? null)} at ${where}`;
}

interface Frame {
  width: number;
  height: number;
  x: Scale;
  y: Scale;
  xs: number[];
}

function Axis({ frame, choice, unit, at, slots }: { frame: Frame; choice: Choice; unit: string; at: number[]; slots: number }) {
  const { x, y, width } = frame;
  const bottom = frame.height - MARGIN.bottom;
  const every = at.length <= slots ? at : x.ticks(slots).filter(Number.isInteger);
  return (
    <g class="axis">
      {y.ticks(4).map((tick) => (
        <g key={tick} transform={`translate(0 ${y(tick)})`}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} stroke="var(--line)" />
          <text x={MARGIN.left - 8} dy=".32em" text-anchor="end">{choice.share ? percent(tick, 0) : measure(tick)}</text>
        </g>
      ))}
      {every.map((tick) => (
        <text key={tick} x={x(tick)} y={bottom + 21} text-anchor="middle">{tick}</text>
      ))}
      <text x={width - MARGIN.right + 14} y={bottom + 21}>{unit}</text>
    </g>
  );
}

function Lines({ frame, series, chosen, place }: { frame: Frame; series: readonly Series[]; chosen: string; place: number }) {
  const { y, xs } = frame;
  const main = series.length === 1 ? series[0] : series.find(({ split }) => split === chosen);
  const point = (value: number | null, i: number) => (value === null ? null : ([xs[i] ?? 0, y(value)] as const));
  const sure = (main?.values ?? []).map((v, i) => ({ ...v, i })).filter((v) => v.low !== null && v.high !== null);
  const band = bandPath(sure.map((v) => [xs[v.i] ?? 0, y(v.high ?? 0)]), sure.map((v) => [xs[v.i] ?? 0, y(v.low ?? 0)]));
  let dash = 0;
  return (
    <g>
      <path d={band} fill="var(--accent)" opacity={0.14} />
      {series.map((one) => {
        const strong = one === main;
        const at = one.values[place]?.value ?? null;
        return (
          <g key={one.name} stroke={strong ? "var(--accent)" : "var(--ink-2)"}>
            <path d={linePath(one.values.map((v, i) => point(v.value, i)))} fill="none" stroke-width={strong ? 2.25 : 1.5} stroke-linejoin="round"
              stroke-dasharray={strong ? "none" : (DASHES[dash++ % DASHES.length] ?? "none")} />
            {strong && one.values.length <= 40 && one.values.map((v, i) => v.value !== null && <circle key={i} cx={xs[i]} cy={y(v.value)} r={2} fill="var(--accent)" />)}
            {one.values.length === 1 && at !== null && sure[0] && strong && <line x1={xs[0]} x2={xs[0]} y1={y(sure[0].low ?? 0)} y2={y(sure[0].high ?? 0)} stroke-width={2} />}
            {at !== null && <circle cx={xs[place]} cy={y(at)} r={4} fill="var(--surface)" stroke-width={2} />}
          </g>
        );
      })}
    </g>
  );
}

function Labels({ ctx, frame, series, choice, place }: { ctx: Context; frame: Frame; series: readonly Series[]; choice: Choice; place: number }) {
  const ends = series.map((one) => one.values.findLast((v) => v.value !== null)?.value ?? 0);
  const tops = spread(ends.map((value) => frame.y(value)), LABEL_GAP, 12, frame.height - MARGIN.bottom - 8);
  return (
    <div class="labels">
      {series.map((one, i) => {
        const text = figure(choice, one.values[place]?.value ?? null);
        const { split } = one;
        return (
          <div key={one.name} class={split === ctx.store.split.value || series.length === 1 ? "label strong" : "label"} style={{ top: `${tops[i]}px` }}>
            {split === null ? (
              <span class="num">{text}</span>
            ) : (
              <Door leads={`show what is wrong in ${splitText(split)}`} open={() => void ctx.data.pick({ kind: "wrong" }, "curves", { split })}>
                <span class="name">{splitText(split)}</span> {text}
              </Door>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Plot({ ctx, choice, series }: { ctx: Context; choice: Choice; series: readonly Series[] }) {
  const { store } = ctx;
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  const recording = store.recording.value;
  const place = store.place();
  const { unit, at } = placesOf(recording);
  const right = width - MARGIN.right;
  const only = at.length === 1;
  const x = scaleLinear([at[0] ?? 0, only ? (at[0] ?? 0) + 1 : (at.at(-1) ?? 1)], only ? [(MARGIN.left + right) / 2, right] : [MARGIN.left + 10, right - 10]);
  const values = series.flatMap((one) => one.values.flatMap((v) => [v.value, one.split === store.split.value ? v.low : null, one.split === store.split.value ? v.high : null]));
  const y = niceScale(values.filter((v) => v !== null), [height - MARGIN.bottom, MARGIN.top], 4);
  const frame: Frame = { width, height, x, y, xs: at.map((value) => x(value)) };
  const choose = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    store.choose(bisectCenter(frame.xs, event.clientX - box.left + MARGIN.left));
  };
  const keys: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity };
  const now = store.checkpoint.value;
  const said = series.map((one) => `${one.name} ${figure(choice, one.values[place]?.value ?? null)}`).join(", ");
  return (
    <div class="plot fills" ref={ref} style={{ "--usual": `${USUAL_HEIGHT}px` }}>
      {width > 0 && (
        <>
          <svg width={width} height={height} aria-hidden="true">
            <Axis frame={frame} choice={choice} unit={unit} at={at} slots={Math.max(3, Math.floor((right - MARGIN.left) / 34))} />
            <line x1={frame.xs[place]} x2={frame.xs[place]} y1={MARGIN.top - 6} y2={height - MARGIN.bottom} stroke="var(--ink)" stroke-width={1.5} />
            <Lines frame={frame} series={series} chosen={store.split.value} place={place} />
            <path class="handle" d="M-6 8 L0 0 L6 8 Z" transform={`translate(${frame.xs[place] ?? 0} ${height - MARGIN.bottom + 1})`} />
          </svg>
          <div class="slider" role="slider" tabIndex={0} aria-label="Checkpoint" aria-valuemin={1} aria-valuemax={at.length} aria-valuenow={place + 1}
            aria-valuetext={`checkpoint ${place + 1} of ${at.length}, ${unit} ${unit === "epoch" ? now?.epoch : now?.step}: ${said}`}
            style={{ left: `${MARGIN.left}px`, right: `${MARGIN.right}px` }}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              choose(event);
            }}
            onPointerMove={(event) => event.buttons > 0 && choose(event)}
            onKeyDown={(event) => {
              const by = keys[event.key];
              if (by === undefined) return;
              event.preventDefault();
              store.choose(place + by);
            }}
          />
          <Labels ctx={ctx} frame={frame} series={series} choice={choice} place={place} />
        </>
      )}
    </div>
  );
}

function Curves({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const { metrics, failed } = store.measured.value;
  const scored = recording.checkpoints.some(({ name }) => metrics?.overall(name, "all")?.of("accuracy").value !== null);
  const open = metrics === null && failed === null && isMeasurable(recording) ? [] : choices(recording, metrics !== null && scored);
  const picked = useSignal("accuracy");
  const choice = open.find(({ id }) => id === picked.value) ?? open[0];
  const series = choice ? seriesOf(choice, recording, metrics, store.split.value) : [];
  const main = series.find(({ split }) => split === store.split.value) ?? series[0];
  const banded = main?.values.some((v) => v.low !== null) ?? false;
  return (
    <section class="filling" aria-label="How it learned">
      <Heading title={recording.checkpoints.length === 1 ? "How good the one checkpoint is" : "How it learned"} small={choice ? `${finding(choice, main)}${banded ? " · band: 95 % interval" : ""}` : ""}>
        {open.length > 1 && (
          <select aria-label="Measure" value={choice?.id ?? ""} onChange={(event) => (picked.value = event.currentTarget.value)}>
            {open.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
        )}
      </Heading>
      {failed !== null && <Failure what="The checkpoints could not be measured." why={failed} retry={() => void data.measure()} />}
      {choice && series.length > 0 ? <Plot ctx={ctx} choice={choice} series={series} /> : failed === null && metrics === null && isMeasurable(recording) && <Waiting what="Measuring every checkpoint" height={USUAL_HEIGHT} />}
      {metrics !== null && open.length === 0 && <p class="none muted">No sample has a label and the training wrote no numbers down, so there is nothing to draw. Record with labels=…, or pass metrics=… to recorder.checkpoint.</p>}
    </section>
  );
}

export const curves = defineComponent({
  type: "curves",
  title: "How it learned",
  needs: ["checkpoints"],
  styles: css,
  applies: (recording) => firstReason(recording, needsCheckpoints, () => recording.checkpoints.some(({ metrics }) => Object.keys(metrics).length > 0) || needsLogits(recording)),
  mount: drawn(Curves),
});
