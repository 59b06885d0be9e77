import { useMemo } from "preact/hooks";
import { useSignal, type Signal } from "@preact/signals";
import css from "./scatter.css?inline";
import { count, plural } from "../../draw/format";
import { Failure, Heading, Waiting } from "../../draw/parts";
import type { Mode } from "../../draw/points/renderer";
import type { Tool } from "../../draw/points/gestures";
import { whereText } from "../../draw/where";
import type { Recording } from "../../hosts/recording";
import { defineComponent, drawn, type Context } from "../component";
import { choicesOf } from "./colouring";
import { firstPair, isProjection, measuresOf, type Measure } from "./measures";
import { Plane } from "./plane";
import { useShown } from "./use-shown";

/** Classes beside the picture; where there are more, the most frequent. */
const MOST_IN_LEGEND = 12;

export function titleOf(x: Measure, y: Measure): string {
  return isProjection(x.name, y.name) ? "Which samples the network sees as alike" : `Which samples are alike in ${x.name} and ${y.name}`;
}

function Choose<T extends { id: string; name: string }>(props: { label: string; short: string; of: readonly T[]; value: string; choose: (id: string) => void }) {
  return (
    <label class="choose">
      <span aria-hidden="true">{props.short}</span>
      <select aria-label={props.label} value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        {props.of.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </select>
    </label>
  );
}

function Segments<T extends string>({ label, value, options }: { label: string; value: Signal<T>; options: readonly (readonly [T, string, string])[] }) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([id, name, title]) => (
        <button key={id} type="button" title={title} aria-pressed={value.value === id} onClick={() => (value.value = id)}>{name}</button>
      ))}
    </div>
  );
}

const TOOLS = [
  ["pan", "Move", "Drag to move; Shift and drag to draw around samples"],
  ["lasso", "Lasso", "Drag around samples to select them; with Ctrl to add, with Alt to take away"],
  ["rectangle", "Box", "Drag a box over samples to select them; with Ctrl to add, with Alt to take away"],
] as const satisfies readonly (readonly [Tool, string, string])[];

const MODES = [
  ["points", "Points", "One dot a sample"],
  ["density", "Density", "A cloud: the more samples, the stronger"],
] as const satisfies readonly (readonly [Mode, string, string])[];

function Scatter({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const measures = useMemo(() => measuresOf(recording), [recording]);
  const colourings = useMemo(() => choicesOf(recording), [recording]);
  const first = useMemo(() => firstPair(measures), [measures]);
  const picked = useSignal<{ x: string | null; y: string | null; colour: string | null }>({ x: null, y: null, colour: null });
  const mode = useSignal<Mode>("points");
  const tool = useSignal<Tool>("pan");
  const find = (id: string | null, otherwise: string | undefined) => measures.find((one) => one.id === id) ?? measures.find((one) => one.id === otherwise) ?? null;
  const x = find(picked.value.x, first?.x);
  const y = find(picked.value.y, first?.y);
  const colour = colourings.find(({ id }) => id === picked.value.colour) ?? colourings[0] ?? null;
  const { shown, failed, again } = useShown(ctx, x, y, colour);
  if (!x || !y) return null;
  const { split } = store;
  const small = shown ? `${plural(shown.nKept - shown.nNowhere, "sample")} · ${whereText(recording, split.value, store.checkpoint.value?.name ?? null)}` : "";
  const legend = shown?.coloured ? shown.coloured.legend.filter((entry) => entry.count > 0) : [];
  const told = legend.length > MOST_IN_LEGEND ? [...legend].sort((a, b) => b.count - a.count).slice(0, MOST_IN_LEGEND - 1) : legend;
  return (
    <section aria-label={titleOf(x, y)}>
      <Heading title={titleOf(x, y)} small={small} />
      <div class="controls">
        <Choose label="Across" short="→" of={measures} value={x.id} choose={(id) => (picked.value = { ...picked.value, x: id })} />
        <Choose label="Upwards" short="↑" of={measures} value={y.id} choose={(id) => (picked.value = { ...picked.value, y: id })} />
        {colour && <Choose label="Colour" short="Colour" of={colourings} value={colour.id} choose={(id) => (picked.value = { ...picked.value, colour: id })} />}
        <Segments label="Drawn as" value={mode} options={MODES} />
        <Segments label="Dragging" value={tool} options={TOOLS} />
      </div>
      {failed !== null && <Failure what="The points could not be placed." why={failed} retry={again} />}
      {failed === null && !shown && <Waiting what="Placing the samples" height={360} />}
      {shown && <Plane ctx={ctx} shown={shown} mode={mode.value} tool={tool.value} title={titleOf(x, y)} />}
      {shown && (
        <div class="below">
          {told.length > 0 && (
            <ul class="legend" aria-label={`Colour: ${colour?.name ?? ""}`}>
              {told.map((entry) => (
                <li key={entry.name}><i class="swatch" style={{ background: entry.colour }} /> <span class="name">{entry.name}</span> <span class="num muted">{count(entry.count)}</span></li>
              ))}
              {legend.length > told.length && <li class="muted">{`and ${count(legend.length - told.length)} more`}</li>}
            </ul>
          )}
          {shown.coloured?.ends && (
            <p class="ramp"><span>{shown.coloured.ends[0]}</span><i aria-hidden="true" /><span>{shown.coloured.ends[1]}</span> <span class="muted">{colour?.name}</span></p>
          )}
          {shown.nNowhere > 0 && <p class="muted nowhere">{`${plural(shown.nNowhere, "sample")} without coordinates`}</p>}
        </div>
      )}
    </section>
  );
}

function applies(recording: Recording): true | string {
  if (recording.nSamples === 0) return "The recording holds no sample yet.";
  if (measuresOf(recording).length >= 2) return true;
  return "Two columns of numbers are needed to place the samples, and the recording has fewer. Record with metadata={…}, or run a projection.";
}

export const scatter = defineComponent({
  type: "scatter",
  title: "Which samples are alike",
  needs: [],
  styles: css,
  applies,
  mount: drawn(Scatter),
});
