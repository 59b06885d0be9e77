/** A neuron: what excites it in real samples first, how it fires, what it decides, then pictures, and a flag. */
import { useState } from "preact/hooks";
import { count, measure, percent, plural } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import { classColour } from "../../draw/colour";
import { enact, takeBack, whyNotDecide } from "../../state/deeds";
import type { Context } from "../component";
import { Glimpse, showRows, type Known } from "../samples-strip";
import { describe } from "../grid/card";
import { Firing } from "./charts";
import { text } from "./chosen";
import { FLAGS, type Flag } from "./decided";
import { targetOf, type ExemplarKind, type Found, type Neuron } from "./found";
import { NAMES } from "./lists";
import { Pictures } from "./pictures";

const MOST_WEIGHTS = 10;

interface CardProps {
  ctx: Context;
  found: Found;
  one: Neuron;
  known: Known | null;
  flag: Flag | null;
  layer: string;
  /** The class under debugging. */
  about: string | null;
  inside: boolean;
  toggle: () => void;
}

function Shown({ ctx, samples, known, label, name }: { ctx: Context; samples: readonly number[]; known: Known | null; label: string; name: string }) {
  const { classes } = ctx.store.recording.value;
  return (
    <section class="exemplars" aria-label={label}>
      <h4><Door leads={`show these ${plural(samples.length, "sample")}`} open={() => showRows(ctx, samples, name)}>{label}</Door></h4>
      <ul>
        {samples.map((sample) => {
          const words = known ? describe(known.facts(sample), sample, classes) : `sample ${count(sample)}`;
          return <li key={sample}><button type="button" class="mini" aria-label={`Open ${words}`} title={words} onClick={() => (ctx.store.focus.value = sample)}><Glimpse ctx={ctx} sample={sample} /></button></li>;
        })}
      </ul>
    </section>
  );
}

function Exemplars({ ctx, found, one, known }: CardProps) {
  const kinds = found.exemplars.get(one.neuron);
  const target = targetOf(found, one.neuron) ?? "the class";
  if (!kinds) return <p class="muted small">Real samples that excite it were gathered for listed neurons only.</p>;
  const against = one.list === "excessive";
  const titles: Record<ExemplarKind, string> = { overall: "Excited most by", class: `Among ${target}`, contribution: against ? `Speaks most against ${target} in` : `Speaks most for ${target} in` };
  return <>{(["overall", "class", "contribution"] as const).map((kind) => {
    const samples = kinds.get(kind) ?? [];
    return samples.length > 0 && <Shown key={kind} ctx={ctx} samples={samples} known={known} label={titles[kind]} name={`that neuron ${one.neuron} shows: ${titles[kind].toLowerCase()}`} />;
  })}</>;
}

/** Its column of the decision layer: which classes it speaks for, and against which. */
function Weights({ ctx, weights }: { ctx: Context; weights: readonly number[] }) {
  const { classes } = ctx.store.recording.value;
  const order = weights.map((weight, index) => ({ weight, index })).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, MOST_WEIGHTS).sort((a, b) => b.weight - a.weight);
  const most = Math.max(...order.map(({ weight }) => Math.abs(weight))) || 1;
  return (
    <ul class="weights" aria-label="Its weight for each class">
      {order.map(({ weight, index }) => (
        <li key={index}>
          <span class="name"><Swatch of={index} /> <span class="words">{classes[index] ?? index}</span></span>
          <span class="balance" aria-hidden="true"><i class={weight < 0 ? "minus" : ""} style={{ width: `${(Math.abs(weight) / most) * 50}%`, background: classColour(index) }} /></span>
          <span class="num">{weight > 0 ? `+${measure(weight)}` : measure(weight)}</span>
        </li>
      ))}
    </ul>
  );
}

function Flagging({ ctx, one, flag, layer }: CardProps) {
  const { data } = ctx;
  const [why, setWhy] = useState("");
  const barred = whyNotDecide(data);
  const set = (id: string) => {
    if (flag?.flag === id && why.trim() === "") return void takeBack(data, `Take the flag off neuron ${one.neuron}`, flag.sequence);
    void enact(data, `Flag neuron ${one.neuron} as ${id}`, "neuron", [{ neuron: one.neuron, layer, flag: id, reason: why.trim() === "" ? null : why.trim() }]).then((saved) => saved && setWhy(""));
  };
  return (
    <section class="flagging" aria-label="Your verdict">
      <h4>Your verdict{flag && <small class="muted">{[flag.author, flag.reason].filter((words) => words !== null && words !== "").map((words) => ` · ${words}`)}</small>}</h4>
      {barred !== null ? <p class="muted small">{flag ? `Flagged ${flag.flag}. ` : ""}{barred}</p> : (
        <div class="row">
          <span class="segments" role="group" aria-label="Flag">
            {FLAGS.map(({ id, name, says }) => <button key={id} type="button" aria-pressed={flag?.flag === id} title={flag?.flag === id ? "Click again to take it back" : says} onClick={() => set(id)}>{name}</button>)}
          </span>
          <input class="field" type="text" aria-label="Why" placeholder="Why (optional)" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        </div>
      )}
    </section>
  );
}

function facts(found: Found, one: Neuron): string {
  const said = [
    one.auroc === null ? null : `${one.auroc >= 0.5 ? "stronger" : "weaker"} in the mistakes than in correct samples (AUROC ${measure(one.auroc)})`,
    one.importance === null ? null : `${one.importance >= 1 ? "supports" : "opposes"} what they should become (×${measure(one.importance)})`,
    one.medianEffort === null ? null : `median effort of the mistakes that name it ${measure(one.medianEffort)}`,
  ].filter((words) => words !== null);
  const kin = one.family === null ? [] : found.neurons.filter((other) => other.family === one.family && other.neuron !== one.neuron);
  if (kin.length > 0) said.push(`${one.mirror ? "in a family with a mirror" : "family"} with ${kin.map(({ neuron }) => neuron).join(", ")}`);
  return said.join(" · ");
}

export function NeuronCard(props: CardProps) {
  const { ctx, found, one, about } = props;
  const voters = found.voters.get(one.neuron) ?? [];
  const bins = found.histograms.get(one.neuron);
  const weights = found.heads.get(one.neuron);
  const pictured = text(ctx.options.value["pictured"]) ?? (one.list === "excessive" ? about : null) ?? targetOf(found, one.neuron) ?? about;
  return (
    <section class="card" aria-label={`Neuron ${one.neuron}`}>
      <header class="over">
        <h3>Neuron {one.neuron}{one.list !== null && <> · {NAMES[one.list].one}{voters.length > 0 && <> in <Door leads={`show the mistakes that name neuron ${one.neuron}`} open={() => showRows(ctx, voters, `that name neuron ${one.neuron}`)}>{plural(voters.length, "mistake")}</Door> ({percent(one.share, 0)})</>}</>}</h3>
        <button type="button" class={props.inside ? "button" : "button primary"} aria-pressed={props.inside} onClick={props.toggle}>{props.inside ? "✓ In the basket" : "Put into the basket"}</button>
      </header>
      <p class="muted small">{facts(found, one)}</p>
      <Exemplars {...props} />
      <div class="halves">
        {bins && <section aria-label="How it fires"><h4>How it fires</h4><Firing bins={bins} neuron={one.neuron} /></section>}
        {weights && <section aria-label="What it decides"><h4>What it decides</h4><Weights ctx={ctx} weights={weights} /></section>}
      </div>
      <Pictures key={`${one.neuron} ${pictured}`} ctx={ctx} neuron={one.neuron} label={pictured} />
      <Flagging key={one.neuron} {...props} />
    </section>
  );
}
