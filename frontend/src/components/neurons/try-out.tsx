/** One sample: move its neurons by hand and see what it would be called. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { count, measure, plural, probability } from "../../draw/format";
import { Failure, Heading } from "../../draw/parts";
import { idsOf } from "../../state/tags";
import { reason } from "../../hosts/reason";
import { Offer, useAnalysis, type Asked } from "../analysis";
import type { Context } from "../component";
import { labelText } from "../grid/card";
import { Bars } from "../inspector/facts";
import { pointAt, useSample } from "../inspector/sample";
import { Glimpse, type Known } from "../samples-strip";
import { Way } from "./charts";
import { explaining } from "./chosen";
import { readFound, type Found, type Mistake, type Shift } from "./found";
import { moved, pathOf, winner } from "./what-if";

const FEW = 6;

/** The id of a sample; null until it is known. */
function useId(ctx: Context, sample: number): string | null {
  const [state, set] = useState<{ of: number; id: string } | null>(null);
  useEffect(() => {
    let gone = false;
    idsOf(ctx.data.columns, ctx.store.recording.peek(), [sample]).then(
      ([id]) => !gone && id !== undefined && set({ of: sample, id }),
      (error: unknown) => !gone && ctx.store.notice(`The sample's id could not be read. ${reason(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [sample]);
  return state?.of === sample ? state.id : null;
}

/** Why there is no change to show, or how good it is, in a sentence. */
export function statusWords(mistake: Mistake): string {
  const { status, target, moved: n, widening, binding, infeasible } = mistake;
  if (status === "flipped") return `${plural(n, "neuron")} moved make it ${target}${infeasible > 0 ? `, but ${count(infeasible)} of them to where they cannot go` : ""}.`;
  if (status === "already_correct") return `It is called ${target} already; nothing has to change.`;
  if (status === "unreachable_in_range") return `Within what its neurons can do it cannot become ${target}${binding.length > 0 ? `; ${binding.join(", ")} ${binding.length === 1 ? "holds" : "hold"} it back` : ""}${widening === null ? "" : `. It could if every range were ${measure(widening)} standard deviations wider`}.`;
  if (status === "unargmaxable") return `No activation whatever makes it ${target}: other classes lie around it in the decision layer.`;
  return "No change was found within the steps allowed.";
}

function Sliders({ found, shifts, by, set }: { found: Found; shifts: readonly Shift[]; by: ReadonlyMap<number, number>; set: (neuron: number, amount: number) => void }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <ul class="sliders">
        {(all ? shifts : shifts.slice(0, FEW)).map(({ neuron, shift, activation, atBound }) => {
          const one = found.of.get(neuron);
          const [from, to] = [Math.min(one?.from ?? activation, activation, activation + shift), Math.max(one?.to ?? activation, activation, activation + shift)];
          const now = activation + (by.get(neuron) ?? 0);
          return (
            <li key={neuron}>
              <label><span class="num name">{neuron}</span>
                <input type="range" min={from} max={to} step={(to - from) / 200 || 0.01} value={now} aria-label={`Neuron ${neuron}`} aria-valuetext={measure(now)} onInput={(event) => set(neuron, Number(event.currentTarget.value) - activation)} />
              </label>
              <span class="num">{measure(now)}</span>
              <span class="num muted small" title={atBound ? "The explanation moves it to the end of its range" : "Where the explanation moves it"}>{`${measure(activation)} → ${measure(activation + shift)}`}</span>
            </li>
          );
        })}
      </ul>
      {shifts.length > FEW && <button type="button" class="button quiet" aria-expanded={all} onClick={() => setAll(!all)}>{all ? `Show the first ${FEW}` : `Show ${count(shifts.length - FEW)} more`}</button>}
    </>
  );
}

/** "The first 3 neurons alone can make it so." */
function minimalWords(found: Found): string {
  const enough = found.minimal.find(({ flipped }) => flipped >= 1);
  if (found.n !== 1 || found.minimal.length === 0) return "";
  if (!enough) return `The ${plural(found.minimal.length, "neuron")} named cannot do it alone.`;
  const first = found.neurons.slice(0, enough.t).map(({ neuron }) => neuron).join(", ");
  return enough.t === 1 ? `Neuron ${first} alone can do it.` : `The smallest set that can do it: neurons ${first}.`;
}

function Trial({ ctx, sample, found, mistake, own }: { ctx: Context; sample: number; found: Found; mistake: Mistake; own: Found | null }) {
  const { classes, checkpoints } = ctx.store.recording.value;
  const { fetched, failed, again } = useSample(ctx, sample);
  const [by, setBy] = useState<ReadonlyMap<number, number>>(new Map());
  const shifts = found.shifts.get(sample) ?? [];
  if (failed !== null) return <Failure what="The sample could not be read." why={failed} retry={again} />;
  const point = fetched && pointAt(fetched, ctx.store.checkpoint.value?.name ?? checkpoints.at(-1)?.name ?? null);
  if (!point || point.probabilities.size === 0) return <p class="muted small">{fetched ? "No probabilities are recorded for it." : "Reading the sample…"}</p>;
  const target = classes.indexOf(mistake.target ?? "");
  const now = moved(point.probabilities, found.heads, by);
  const called = winner(now);
  const full = new Map(shifts.map(({ neuron, shift }) => [neuron, shift]));
  return (
    <>
      <div class="try">
        <div>
          <p class="acts">
            <button type="button" class="button" disabled={by.size === 0} onClick={() => setBy(new Map())}>As recorded</button>
            <button type="button" class="button" disabled={shifts.length === 0} onClick={() => setBy(full)}>As the explanation moves them</button>
          </p>
          <Sliders found={found} shifts={shifts} by={by} set={(neuron, amount) => setBy(new Map([...by, [neuron, amount]]))} />
          <Way path={pathOf(point.probabilities, found.heads, shifts, target)} target={mistake.target ?? ""} at={by.size === 0 ? null : (now.get(target) ?? null)} />
        </div>
        <div aria-live="polite">
          <p>With these activations it is called <b>{called === null ? "nothing" : (classes[called] ?? called)}</b>.</p>
          <Bars point={{ ...point, probabilities: now }} label={fetched?.label ?? null} classes={classes} />
        </div>
      </div>
      <p class="small muted">
        {statusWords(mistake)} {own ? minimalWords(own) : ""}
        {point.probabilities.size < classes.length && ` Only the ${count(point.probabilities.size)} most probable of ${count(classes.length)} classes are compared.`}
      </p>
    </>
  );
}

export function TryOut({ ctx, found, sample, known, close }: { ctx: Context; found: Found | null; sample: number; known: Known | null; close: () => void }) {
  const { classes } = ctx.store.recording.value;
  const id = useId(ctx, sample);
  const asked = useMemo((): Asked | null => (id === null ? null : { ...explaining(ctx, { label: null, predicted: null, samples: [id] }), title: `Explaining ${id}` }), [id, ctx.options.value["mode"], ctx.options.value["target"], ctx.store.chosen.value]);
  const used = useAnalysis(ctx, asked, true);
  const own = useMemo(() => (used.tables ? readFound(used.tables) : null), [used.tables]);
  const shown = own ?? found;
  const mistake = shown?.samples.find(({ row }) => row === sample) ?? null;
  const facts = known?.facts(sample) ?? null;
  const label = facts && labelText(facts, classes);
  const called = facts?.prediction == null ? null : (classes[facts.prediction] ?? null);
  return (
    <section class="tryout" aria-label={`Why ${id ?? sample}?`}>
      <Heading level={3} title={`Why is ${label ?? "it"} called ${called ?? "so"}?`} small={`${id ?? ""}${facts?.confidence == null ? "" : ` · ${probability(facts.confidence)}`}`}>
        <button type="button" class="button icon quiet" aria-label="Close this sample" onClick={close}>✕</button>
      </Heading>
      <div class="about">
        <button type="button" class="mini large" aria-label={`Open ${id ?? "the sample"} in the inspector`} onClick={() => (ctx.store.focus.value = sample)}><Glimpse ctx={ctx} sample={sample} /></button>
        <div class="rest">
          {asked && !mistake && <Offer ctx={ctx} used={used} asked={asked} what="Why it is called so" verb="Explain it" />}
          {shown && mistake && <Trial key={sample} ctx={ctx} sample={sample} found={shown} mistake={mistake} own={own} />}
          {own && !mistake && <p class="muted">{own.notes.at(-1) ?? "It cannot be explained."}</p>}
        </div>
      </div>
    </section>
  );
}
