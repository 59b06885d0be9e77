/** The neurons that the mistakes have in common, ranked: too weak, too strong, both ways, dead. */
import { useState } from "preact/hooks";
import { count, measure, percent, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import type { Context } from "../component";
import { showRows } from "../samples-strip";
import type { Flag } from "./decided";
import { LISTS, type Found, type List, type Neuron } from "./found";

const FEW = 6;

export const NAMES: Record<List, { title: string; says: string; one: string }> = {
  insufficient: { title: "Too weak", says: "would have to be stronger", one: "too weak" },
  excessive: { title: "Too strong", says: "would have to be weaker", one: "too strong" },
  mixed: { title: "Both ways", says: "stronger in some, weaker in others", one: "too weak in some, too strong in others" },
  dead: { title: "Dead", says: "never change, so nothing can be asked of them", one: "dead" },
};

export interface ListsProps {
  ctx: Context;
  found: Found;
  open: number | null;
  basket: readonly number[];
  flags: ReadonlyMap<number, Flag>;
  choose: (neuron: number) => void;
  fill: (neurons: readonly number[]) => void;
}

function Row({ ctx, found, one, open, basket, flags, choose, fill }: ListsProps & { one: Neuron }) {
  const voters = found.voters.get(one.neuron) ?? [];
  const inside = basket.includes(one.neuron);
  const flag = flags.get(one.neuron);
  const share = one.share ?? 0;
  const interval = one.low === null || one.high === null ? "" : `, 95 % interval ${percent(one.low, 0)} to ${percent(one.high, 0)}`;
  return (
    <li class={`neuron ${open === one.neuron ? "on" : ""}`}>
      <button type="button" class="name num" aria-current={open === one.neuron} aria-label={`Neuron ${one.neuron}${flag ? `, flagged ${flag.flag}` : ""}`} onClick={() => choose(one.neuron)}>{one.neuron}</button>
      <span class="vote" title={`Named by ${percent(share, 0)} of ${plural(found.used, "sample")}${interval}`}>
        <i style={{ width: `${share * 100}%` }} aria-hidden="true" />
        {one.low !== null && one.high !== null && <b style={{ left: `${one.low * 100}%`, width: `${(one.high - one.low) * 100}%` }} aria-hidden="true" />}
      </span>
      <Door leads={`show the ${plural(voters.length, "mistake")} that name neuron ${one.neuron}`} disabled={voters.length === 0} open={() => showRows(ctx, voters, `that name neuron ${one.neuron}`)}>{percent(share, 0)}</Door>
      <span class="num muted small" title={one.importance === null ? "" : `Without it, what is aimed at is ${one.importance >= 1 ? "less" : "more"} probable, by this factor`}>{one.importance === null ? "" : `×${measure(one.importance)}`}</span>
      <span class="badges">
        {flag && <span class={`badge ${flag.flag === "spurious" ? "bad" : flag.flag === "core" ? "good" : ""}`}>{flag.flag}</span>}
        {one.family !== null && <span class="badge" title={`Family ${one.family}: others go with it; editing one alone lets the others take over`}>kin</span>}
      </span>
      <button type="button" class="button icon quiet" aria-pressed={inside} aria-label={inside ? `Take neuron ${one.neuron} out of the basket` : `Put neuron ${one.neuron} into the basket`} title={inside ? "In the basket" : "Put into the basket"} onClick={() => fill(inside ? basket.filter((id) => id !== one.neuron) : [...basket, one.neuron])}>{inside ? "✓" : "+"}</button>
    </li>
  );
}

function Ranked(props: ListsProps & { list: List; of: readonly Neuron[] }) {
  const { list, of, basket, fill } = props;
  const [all, setAll] = useState(false);
  const shown = all ? of : of.slice(0, FEW);
  const first = of.slice(0, 5).map(({ neuron }) => neuron);
  const missing = first.filter((neuron) => !basket.includes(neuron));
  const { title, says } = NAMES[list];
  return (
    <section class="ranked" aria-label={title}>
      <header>
        <h3>{title} <small class="muted">{`${says} · ${count(of.length)}`}</small></h3>
        {list !== "dead" && <button type="button" class="button quiet" disabled={missing.length === 0} onClick={() => fill([...basket, ...missing])}>{first.length === 1 ? "Take it" : `Take the first ${first.length}`}</button>}
      </header>
      {list === "dead" ? <p class="muted small">{of.slice(0, 40).map(({ neuron }) => neuron).join(", ")}{of.length > 40 ? " …" : ""}</p> : (
        <ol>{shown.map((one) => <Row key={one.neuron} {...props} one={one} />)}</ol>
      )}
      {list !== "dead" && of.length > FEW && <button type="button" class="button quiet more" aria-expanded={all} onClick={() => setAll(!all)}>{all ? `Show the first ${FEW}` : `Show ${count(of.length - FEW)} more`}</button>}
    </section>
  );
}

export function Lists(props: ListsProps) {
  const { found } = props;
  const lists = LISTS.map((list) => ({ list, of: found.neurons.filter((one) => one.list === list) })).filter(({ of }) => of.length > 0);
  if (lists.length === 0) return <p class="muted">No neuron is named by more than a few of these samples: they have no cause in common among single neurons.</p>;
  return <>{lists.map(({ list, of }) => <Ranked key={list} {...props} list={list} of={of} />)}</>;
}
