/** Small pictures of numbers: how a neuron fires, how an edit trades, how a change leads to the target. */
import { linePath } from "../../draw/axes";
import { measure, percent, probability } from "../../draw/format";
import type { Step } from "./edits";
import type { Bin } from "./found";

/** Shares of the correct samples and of the mistakes, so that few mistakes are seen beside many correct ones. */
export function Firing({ bins, neuron }: { bins: readonly Bin[]; neuron: number }) {
  const [first] = bins;
  const last = bins.at(-1);
  if (!first || !last) return null;
  const [correct, mistakes] = [bins.reduce((sum, one) => sum + one.correct, 0), bins.reduce((sum, one) => sum + one.mistakes, 0)];
  const shares = bins.map((one) => [one.correct / (correct || 1), one.mistakes / (mistakes || 1)] as const);
  const most = Math.max(...shares.flat()) || 1;
  const [width, height] = [300, 84];
  const step = width / bins.length;
  const line = shares.flatMap(([, share], i) => {
    const y = height - (share / most) * (height - 4);
    return [[i * step, y] as const, [(i + 1) * step, y] as const];
  });
  return (
    <figure class="firing">
      <svg viewBox={`0 0 ${width} ${height + 16}`} role="img" aria-label={`Activation of neuron ${neuron}: ${correct} correct samples and ${mistakes} mistakes, from ${measure(first.low)} to ${measure(last.high)}`}>
        {shares.map(([share], i) => <rect key={i} class="correct" x={i * step + 0.5} width={Math.max(1, step - 1)} y={height - (share / most) * (height - 4)} height={(share / most) * (height - 4)} />)}
        <path class="wrong" d={linePath(line)} />
        <line class="axis" x1={0} x2={width} y1={height} y2={height} />
        <text x={0} y={height + 13}>{measure(first.low)}</text>
        <text x={width} y={height + 13} text-anchor="end">{measure(last.high)}</text>
        <text x={width / 2} y={height + 13} text-anchor="middle">activation</text>
      </svg>
      <figcaption class="muted small"><span class="key correct" aria-hidden="true" /> correct of the same labels ({correct}) <span class="key wrong" aria-hidden="true" /> mistakes ({mistakes})</figcaption>
    </figure>
  );
}

const PLOT = { width: 300, height: 96, left: 34, bottom: 16 };

function scales(xs: readonly number[], ys: readonly number[]) {
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const pad = (y1 - y0) * 0.12 || 0.02;
  return {
    x: (value: number) => PLOT.left + ((value - x0) / (x1 - x0 || 1)) * (PLOT.width - PLOT.left - 8),
    y: (value: number) => PLOT.height - PLOT.bottom - ((value - y0 + pad) / (y1 - y0 + 2 * pad)) * (PLOT.height - PLOT.bottom - 4),
    ends: [y0, y1] as const,
  };
}

/** What each strength does: accuracy against the worst group, on the samples that the choice is made by. */
export function Trade({ curve }: { curve: readonly Step[] }) {
  const whole = curve.flatMap((step) => (step.accuracy === null || step.worst === null ? [] : [{ ...step, accuracy: step.accuracy, worst: step.worst }]));
  if (whole.length < 2) return null;
  const { x, y, ends } = scales(whole.map(({ accuracy }) => accuracy), whole.map(({ worst }) => worst));
  const name = (step: Step) => (step.strength === null ? "unedited" : measure(step.strength));
  return (
    <figure class="trade">
      <svg viewBox={`0 0 ${PLOT.width} ${PLOT.height}`} role="img" aria-label={`Strengths tried: ${whole.map((step) => `${name(step)} accuracy ${percent(step.accuracy)} worst group ${percent(step.worst)}${step.chosen ? ", chosen" : ""}`).join("; ")}`}>
        <line class="axis" x1={PLOT.left} x2={PLOT.width} y1={PLOT.height - PLOT.bottom} y2={PLOT.height - PLOT.bottom} />
        <path class="line" d={linePath(whole.map((step) => [x(step.accuracy), y(step.worst)]))} />
        {whole.map((step, i) => (
          <g key={i}>
            <circle cx={x(step.accuracy)} cy={y(step.worst)} r={step.chosen ? 5 : 3} class={step.chosen ? "dot on" : step.strength === null ? "dot none" : "dot"} />
            <title>{`${name(step)}: ${percent(step.accuracy)} right, worst group ${percent(step.worst)}`}</title>
          </g>
        ))}
        {ends.map((value, i) => <text key={i} x={PLOT.left - 4} y={y(value) + 4} text-anchor="end">{percent(value, 0)}</text>)}
        {[whole.map((s) => s.accuracy).reduce((a, b) => Math.min(a, b)), whole.map((s) => s.accuracy).reduce((a, b) => Math.max(a, b))].map((value, i) => <text key={i} x={i === 0 ? PLOT.left : PLOT.width} y={PLOT.height - 3} text-anchor={i === 0 ? "start" : "end"}>{percent(value)}</text>)}
      </svg>
      <figcaption class="muted small">Worst group (up) against all (right), for each strength tried; the large dot was taken, the hollow one is the head as it is.</figcaption>
    </figure>
  );
}

/** How probable the target becomes along the way, in shares of its effort. */
export function Way({ path, target, at }: { path: readonly { effort: number; probability: number }[]; target: string; at: number | null }) {
  if (path.length < 2) return null;
  const x = (value: number) => PLOT.left + value * (PLOT.width - PLOT.left - 8);
  const y = (value: number) => 4 + (1 - value) * (PLOT.height - PLOT.bottom - 8);
  return (
    <figure class="way">
      <svg viewBox={`0 0 ${PLOT.width} ${PLOT.height}`} role="img" aria-label={`Probability of ${target} along the change: from ${probability(path[0]?.probability ?? null)} to ${probability(path.at(-1)?.probability ?? null)}`}>
        <line class="axis" x1={PLOT.left} x2={PLOT.width - 8} y1={y(0)} y2={y(0)} />
        {[0, 0.5, 1].map((value) => <text key={value} x={PLOT.left - 4} y={y(value) + 4} text-anchor="end">{probability(value, 1)}</text>)}
        <path class="line" d={linePath(path.map((one) => [x(one.effort), y(one.probability)]))} />
        {at !== null && <circle class="dot on" cx={x(1)} cy={y(at)} r={4} />}
        <text x={PLOT.left} y={PLOT.height - 3}>as recorded</text>
        <text x={PLOT.width - 8} y={PLOT.height - 3} text-anchor="end">full change</text>
      </svg>
      <figcaption class="muted small">{`Probability of ${target} on the way.`}</figcaption>
    </figure>
  );
}
