/** Two accepted patches side by side, or one beside the unedited layer: figures, who is right where, and why it may not be told. */
import { useMemo } from "preact/hooks";
import { count, measure, percent, plural } from "../../draw/format";
import { Door, Heading, Whisker } from "../../draw/parts";
import { Offer, useAnalysis } from "../analysis";
import type { Context } from "../component";
import { showRows, type Known } from "../samples-strip";
import { apartBecause, fatesOf, lead, withinOf, type Fate, type Fates, type Side } from "./compared";
import type { Accepted } from "./decided";
import { editing, measured, methodOf, readEdited, TABLES, type Measure } from "./edits";
import { ChangeDoor, delta } from "./effect";
import { linesOf } from "./rows";

const MOST_CLASSES = 10;
const LINES = [["accuracy", "All"], ["macro_accuracy", "Mean of the classes"], ["worst_class", "Worst class"], ["worst_group", "Worst group"]] as const;
const SAID: { readonly [fate in Fate]: string } = {
  "both fix": "both put right", "first fixes": "only A puts right", "second fixes": "only B puts right",
  "both break": "both make wrong", "first breaks": "only A makes wrong", "second breaks": "only B makes wrong", apart: "wrong with both, called differently",
};

/** What a patch is: how, how strongly, which neurons, which classes. */
export function wordsOf({ method: id, strength, neurons, classes }: Accepted, most = 8) {
  const method = methodOf(id);
  return (
    <>
      <b>{method.name}</b>{strength !== null && method.strength && <span class="num"> {measure(strength)}</span>} <span class="num">{neurons.slice(0, most).join(", ")}{neurons.length > most ? ` and ${count(neurons.length - most)} more` : ""}</span>{classes.length > 0 && ` for ${classes.join(", ")}`}
    </>
  );
}

/** What the patch does, as it was recorded; made anew where it is gone. */
function useSide(ctx: Context, patch: Accepted | undefined, name: string) {
  const asked = useMemo(() => patch && {
    ...editing({ neurons: patch.neurons, classes: patch.classes, method: methodOf(patch.method), strength: patch.strength, families: true, groups: null }, ctx.store),
    params: patch.params, tables: { ...TABLES, patch: ["fingerprint"] }, title: `Working out patch ${name}`,
  }, [patch, name]);
  const used = useAnalysis(ctx, asked ?? null, patch !== undefined && methodOf(patch.method).instant);
  const side = useMemo((): Side | null => {
    if (!patch || !used.tables) return null;
    return { name, patch, edited: readEdited(used.tables), fingerprint: linesOf(used.tables, "patch")[0]?.text("fingerprint") ?? null };
  }, [used.tables, patch, name]);
  return { asked, used, side };
}

interface Both {
  ctx: Context;
  known: Known | null;
  first: Side;
  /** null is the unedited layer. */
  second: Side | null;
  /** What becomes of the samples; null where the two cannot be compared one by one. */
  fates: Fates | null;
}

function Fated({ ctx, fates, fate, words }: { ctx: Context; fates: Fates; fate: Fate; words: string }) {
  const rows = fates.get(fate) ?? [];
  return <Door leads={`show the ${plural(rows.length, "sample")} that ${words}`} disabled={rows.length === 0} open={() => showRows(ctx, rows, `that ${words}`)}>{count(rows.length)}</Door>;
}

/** The finding: where one is right and the other is not. */
function Title({ ctx, known, first, second, fates }: Both) {
  const { edited } = first;
  if (second === null) return <>A puts <ChangeDoor ctx={ctx} edited={edited} known={known} verdict="fixed" /> right and makes <ChangeDoor ctx={ctx} edited={edited} known={known} verdict="broken" /> wrong of {plural(measured(edited, "accuracy")?.count ?? 0, "sample")}</>;
  if (fates === null) return <>A and B, side by side</>;
  const [one, other] = rightAlone(fates);
  const door = (rows: readonly number[], words: string) => <Door leads={`show the ${plural(rows.length, "sample")} ${words}`} disabled={rows.length === 0} open={() => showRows(ctx, rows, words)}>{count(rows.length)}</Door>;
  return <>A is right on {door(one, "that A gets right and B wrong")} where B is wrong, B on {door(other, "that B gets right and A wrong")} where A is wrong</>;
}

/** Samples that only the first has right, and those that only the second has. */
function rightAlone(fates: Fates): readonly [readonly number[], readonly number[]] {
  const of = (...names: Fate[]) => names.flatMap((name) => fates.get(name) ?? []);
  return [of("first fixes", "second breaks"), of("second fixes", "first breaks")];
}

/** By how much the right one leads: B over A, or A over the unedited layer. */
function Lead({ second, fates, one }: { second: Side | null; fates: Fates | null; one: Measure }) {
  const other = second && second.edited.measures.find(({ measure: name, group }) => name === one.measure && group === one.group);
  const [onlyA, onlyB] = fates ? rightAlone(fates) : [[], []];
  const paired = second !== null && one.measure === "accuracy" && fates !== null;
  const of = second === null ? { value: one.delta, low: one.low, high: one.high } : paired ? lead(one.count, onlyB.length, onlyA.length) : { value: (other?.after ?? 0) - (one.after ?? 0), low: null, high: null };
  const told = of.low !== null && of.high !== null;
  return (
    <>
      {second && <td class="numeric">{percent(other?.after ?? null)}</td>}
      <td class="numeric">{second !== null && (fates === null || other?.after == null || one.after === null || one.measure.startsWith("worst")) ? "–" : delta(of.value)}</td>
      <td class="numeric">{told ? `${delta(of.low)} to ${delta(of.high)}` : "–"}{told && <Whisker of={of} from={-0.2} to={0.2} />}</td>
    </>
  );
}

function Figures({ first, second, fates }: Both) {
  const shares = LINES.flatMap(([id, name]) => { const one = measured(first.edited, id); return one ? [{ name, one }] : []; });
  const classes = first.edited.measures.filter((one) => one.measure === "class_accuracy").sort((a, b) => Math.abs(b.delta ?? 0) - Math.abs(a.delta ?? 0)).slice(0, MOST_CLASSES).map((one) => ({ name: one.group ?? "", one }));
  return (
    <div class="table-scroll">
      <table class="figures" aria-label="Right, side by side">
        <thead><tr><th scope="col">Right</th><th scope="col" class="numeric">unedited</th><th scope="col" class="numeric">A</th>{second && <th scope="col" class="numeric">B</th>}<th scope="col" class="numeric">{second ? "B over A" : "points"}</th><th scope="col" class="numeric">95 %</th></tr></thead>
        <tbody>
          {[...shares, ...classes].map(({ name, one }) => (
            <tr key={name}><th scope="row" title={name}>{name}</th><td class="numeric">{percent(one.before)}</td><td class="numeric">{percent(one.after)}</td><Lead second={second} fates={fates} one={one} /></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Fates({ ctx, fates }: { ctx: Context; fates: Fates }) {
  return (
    <ul class="also small" aria-label="What becomes of the samples">
      {(Object.keys(SAID) as Fate[]).map((fate) => <li key={fate}><Fated ctx={ctx} fates={fates} fate={fate} words={SAID[fate]} /> {SAID[fate]}</li>)}
    </ul>
  );
}

function Sides({ ctx, known, sides }: { ctx: Context; known: Known | null; sides: readonly Side[] }) {
  return (
    <ul class="small">
      {sides.map((side) => (
        <li key={side.name}>
          <b>{side.name}</b> {wordsOf(side.patch)}: puts <ChangeDoor ctx={ctx} edited={side.edited} known={known} verdict="fixed" /> right, makes <ChangeDoor ctx={ctx} edited={side.edited} known={known} verdict="broken" /> wrong
          {side.fingerprint !== side.patch.fingerprint && <span class="warned"> The recording changed since {side.name} was accepted: these figures are of the same edit made anew, not of the accepted patch.</span>}
        </li>
      ))}
    </ul>
  );
}

function Compared({ ctx, known, first, second }: { ctx: Context; known: Known | null; first: Side; second: Side | null }) {
  const why = second && apartBecause(first, second);
  const fates = useMemo(() => (why === null ? fatesOf(first.edited, second?.edited ?? null, withinOf(first.edited, known)) : null), [first, second, known, why]);
  const both = { ctx, known, first, second, fates };
  return (
    <>
      <Heading level={3} title={<Title {...both} />} small={second ? `of ${first.edited.split}` : `beside the unedited layer · ${first.edited.split}`} />
      <div class="line">
        {why !== null && <p class="warned small">{why}</p>}
        <Sides ctx={ctx} known={known} sides={second ? [first, second] : [first]} />
        {second && fates && <Fates ctx={ctx} fates={fates} />}
        <Figures {...both} />
        {second && <p class="small muted">The worst class and group are each patch's own and need not be the same, so no difference is told.</p>}
      </div>
    </>
  );
}

/** Of the patches that were chosen, at most two. */
export function Compare({ ctx, known, chosen }: { ctx: Context; known: Known | null; chosen: readonly Accepted[] }) {
  const [one, two] = chosen;
  const first = useSide(ctx, one, "A");
  const second = useSide(ctx, two, "B");
  if (!one) return null;
  const ready = first.side && (!two || second.side);
  return (
    <section class="compare" aria-label="Patches side by side">
      {[first, second].map(({ asked, used, side }, place) => asked && !side && <Offer key={place} ctx={ctx} used={used} asked={asked} what={`What patch ${place === 0 ? "A" : "B"} does`} verb="Work it out again" />)}
      {ready && first.side && <Compared ctx={ctx} known={known} first={first.side} second={second.side} />}
      {!two && <p class="line small muted">Choose a second patch to compare the two.</p>}
    </section>
  );
}
