import { bisectCenter } from "d3-array";
import { scaleLinear } from "d3-scale";
import { linePath, spread, useSize } from "../../draw/axes";
import { classColour } from "../../draw/colour";
import { probability, shorten } from "../../draw/format";
import { eventsOf, type CoursePoint } from "./course";

const HEIGHT = 132;
const MARGIN = { top: 8, bottom: 22, left: 26, right: 84 };

interface Props {
  course: readonly CoursePoint[];
  label: number | null;
  shown: readonly number[];
  classes: readonly string[];
  at: number;
  choose: (place: number) => void;
}

/** Probabilities of the few classes that mattered, over the checkpoints; the label's line is the strong one. */
export function CourseChart({ course, label, shown, classes, at, choose }: Props) {
  const [ref, { width }] = useSize<HTMLDivElement>();
  const right = width - MARGIN.right;
  const steps = course.map((point) => point.step);
  const x = scaleLinear([steps[0] ?? 0, steps.at(-1) ?? 1], [MARGIN.left + 4, right - 4]);
  const y = scaleLinear([0, 1], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const xs = steps.map((step) => x(step));
  const last = course.at(-1);
  const tops = spread(shown.map((index) => y(last?.probabilities.get(index) ?? 0)), 14, MARGIN.top + 2, HEIGHT - MARGIN.bottom);
  const events = label === null ? null : eventsOf(course, label);
  const pick = (event: PointerEvent) => choose(bisectCenter(xs, event.clientX - (event.currentTarget as Element).getBoundingClientRect().left));
  return (
    <div class="course" ref={ref}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`Probability over ${course.length} checkpoints: ${shown.map((index) => `${classes[index]} ends at ${probability(last?.probabilities.get(index) ?? null)}`).join(", ")}`} onPointerDown={pick}>
          {[0, 0.5, 1].map((tick) => (
            <g key={tick} transform={`translate(0 ${y(tick)})`}>
              <line x1={MARGIN.left} x2={right} stroke="var(--line)" />
              <text x={MARGIN.left - 5} dy=".32em" text-anchor="end" class="tick">{probability(tick, 1)}</text>
            </g>
          ))}
          {at >= 0 && <line x1={xs[at]} x2={xs[at]} y1={MARGIN.top - 4} y2={HEIGHT - MARGIN.bottom} stroke="var(--ink)" />}
          {[...shown].reverse().map((index) => (
            <path key={index} fill="none" stroke={classColour(index)} stroke-width={index === label ? 2.75 : 1.5} stroke-dasharray={index === label ? "none" : "4 2"} stroke-linejoin="round"
              d={linePath(course.map((point, i) => (point.probabilities.has(index) ? [xs[i] ?? 0, y(point.probabilities.get(index) ?? 0)] : null)))} />
          ))}
          {shown.map((index, i) => (
            <text key={index} x={right + 4} y={tops[i]} dy=".32em" class={index === label ? "end own" : "end"}>
              {shorten(classes[index] ?? String(index), 13)}
            </text>
          ))}
          {events?.flips.map((place) => (
            <path key={place} d="M-3.5 0 L0 -5 L3.5 0 Z" transform={`translate(${xs[place] ?? 0} ${HEIGHT - MARGIN.bottom + 8}) ${course[place]?.prediction === label ? "" : "rotate(180) translate(0 5)"}`}
              fill={course[place]?.prediction === label ? "var(--good)" : "var(--bad)"}>
              <title>{`checkpoint ${place + 1}: ${course[place]?.prediction === label ? "became right" : "became wrong"}`}</title>
            </path>
          ))}
        </svg>
      )}
      <p class="legend muted">{events && events.flips.length > 0 ? "▲ became right  ▼ became wrong" : "over the checkpoints"}</p>
    </div>
  );
}
