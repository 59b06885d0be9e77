import { useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { count, plural } from "../../draw/format";
import type { Tool } from "../../draw/points/gestures";
import type { Mode } from "../../draw/points/renderer";
import { Failure, Heading, Waiting } from "../../draw/parts";
import { whereText } from "../../draw/where";
import type { Field } from "../../state/fields";
import type { Context } from "../component";
import { colourings, sizings } from "./colouring";
import { Dragging, Segments } from "./dragging";
import { firstPair, isProjection, measuresOf, type Measure } from "./measures";
import { Plane, type Look } from "./plane";
import { useShown, type Shown } from "./use-shown";
import css from "./scatter.css?inline";

export const styles = css;

/** Classes beside the picture; where there are more, the most frequent. */
const MOST_IN_LEGEND = 12;

function titleOf(x: Measure, y: Measure): string {
  return isProjection(x.name, y.name) ? "Which samples the network sees as alike" : `Which samples are alike in ${x.name} and ${y.name}`;
}

function Choose(props: { label: string; short: string; of: readonly { name: string }[]; value: string | null; none?: string; choose: (name: string | null) => void }) {
  return (
    <label class="choose">
      <span aria-hidden="true">{props.short}</span>
      <select aria-label={props.label} value={props.value ?? ""} onChange={(event) => props.choose(event.currentTarget.value || null)}>
        {props.none !== undefined && <option value="">{props.none}</option>}
        {props.of.map(({ name }) => <option key={name} value={name}>{name}</option>)}
      </select>
    </label>
  );
}

const MODES = [
  ["points", "Points", "One dot a sample"],
  ["density", "Density", "A cloud: the more samples, the stronger"],
] as const satisfies readonly (readonly [Mode, string, string])[];

interface Chosen {
  measures: readonly Measure[];
  colours: readonly Field[];
  sizes: readonly Field[];
  x: Measure | null;
  y: Measure | null;
  colour: Field | null;
  size: Field | null;
}

/** What the options say, or else the page, or else what suits the recording. */
function useChosen(ctx: Context): Chosen {
  const recording = ctx.store.recording.value;
  const options = ctx.options.value;
  const pageColour = ctx.store.colorBy.value;
  return useMemo(() => {
    const measures = measuresOf(recording);
    const colours = colourings(recording);
    const first = firstPair(measures, recording);
    const find = <T extends { name: string }>(of: readonly T[], ...names: unknown[]) => names.map((name) => of.find((one) => one.name === name)).find((one) => one !== undefined) ?? null;
    return {
      measures, colours, sizes: sizings(recording),
      x: find(measures, options["x"], first?.x),
      y: find(measures, options["y"], first?.y),
      colour: find(colours, options["colour"], pageColour, colours[0]?.name),
      size: find(colours, options["size"]),
    };
  }, [recording, options, pageColour]);
}

const SETTINGS = [["labels", "Names on the data"], ["pictures", "Pictures where few are in sight"], ["neighbours", "Lines to the nearest of the open sample"], ["twin", "As a table, too"]] as const;

function Settings({ ctx, sizes, size }: { ctx: Context; sizes: readonly Field[]; size: Field | null }) {
  const options = ctx.options.value;
  return (
    <details class="settings">
      <summary class="button">Display</summary>
      <div class="panel">
        {sizes.length > 0 && <Choose label="Size" short="Size" of={sizes} value={size?.name ?? null} none="all alike" choose={(name) => ctx.set({ size: name })} />}
        <label class="choose">
          <span>Axes</span>
          <select aria-label="Axes" value={String(options["axes"])} onChange={(event) => ctx.set({ axes: event.currentTarget.value })}>
            <option value="auto">where they mean something</option>
            <option value="on">on</option>
            <option value="off">off</option>
          </select>
        </label>
        {SETTINGS.map(([name, words]) => (
          <label key={name} class="check"><input type="checkbox" checked={options[name] === true} onChange={() => ctx.set({ [name]: options[name] !== true })} /> {words}</label>
        ))}
        <label class="check"><input type="checkbox" checked={ctx.store.showUnfiltered.value} onChange={() => (ctx.store.showUnfiltered.value = !ctx.store.showUnfiltered.value)} /> Filtered samples in grey</label>
      </div>
    </details>
  );
}

function Below({ shown, colour }: { shown: Shown; colour: Field | null }) {
  const legend = shown.coloured ? shown.coloured.legend.filter((entry) => entry.count > 0) : [];
  const told = legend.length > MOST_IN_LEGEND ? [...legend].sort((a, b) => b.count - a.count).slice(0, MOST_IN_LEGEND - 1) : legend;
  return (
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
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const options = ctx.options.value;
  const { measures, colours, sizes, x, y, colour, size } = useChosen(ctx);
  const tool = useSignal<Tool>("pan");
  const { shown, failed, again } = useShown(ctx, x, y, colour, size);
  if (!x || !y) return null;
  const small = shown ? `${plural(shown.nKept - shown.nNowhere, "sample")} · ${whereText(recording, store.split.value, store.checkpoint.value?.name ?? null)}` : "";
  const look: Look = { mode: options["mode"] as Mode, tool: tool.value, axes: options["axes"] as Look["axes"], labels: options["labels"] === true, pictures: options["pictures"] === true, neighbours: options["neighbours"] === true, twin: options["twin"] === true };
  return (
    <section class="filling" aria-label={titleOf(x, y)}>
      <Heading title={titleOf(x, y)} small={small}><Settings ctx={ctx} sizes={sizes} size={size} /></Heading>
      <div class="controls">
        <Choose label="Across" short="→" of={measures} value={x.name} choose={(name) => ctx.set({ x: name })} />
        <Choose label="Upwards" short="↑" of={measures} value={y.name} choose={(name) => ctx.set({ y: name })} />
        {colours.length > 0 && <Choose label="Colour" short="Colour" of={colours} value={colour?.name ?? null} choose={(name) => ctx.set({ colour: name })} />}
        <Segments label="Drawn as" value={look.mode} options={MODES} choose={(mode) => ctx.set({ mode })} />
        <Dragging tool={tool.value} choose={(next) => (tool.value = next)} />
      </div>
      {failed !== null && <Failure what="The points could not be placed." why={failed} retry={again} />}
      {failed === null && !shown && <Waiting what="Placing the samples" height={360} />}
      {shown && <Plane ctx={ctx} shown={shown} look={look} title={titleOf(x, y)} />}
      {shown && <Below shown={shown} colour={colour} />}
    </section>
  );
}
