/** What an edit does: the samples it fixes and breaks first, then every figure before and after, with what speaks against it. */
import { count, measure, percent, plural } from "../../draw/format";
import { Door, Whisker } from "../../draw/parts";
import type { Context } from "../component";
import { showRows, type Known } from "../samples-strip";
import { Trade } from "./charts";
import { withinOf } from "./compared";
import { measured, type Edit, type Edited, type Measure } from "./edits";

const NAMES: Record<string, string> = {
  accuracy: "All",
  accuracy_train_weighted: "Groups as in training",
  macro_accuracy: "Mean of the classes",
  worst_class: "Worst class",
  worst_group: "Worst group",
};
const MOST_LEANING = 12;

/** The samples that an edit fixes or breaks, of those that the figures are of. */
export function rowsOf(edited: Edited, known: Known | null, verdict: string): number[] {
  const within = withinOf(edited, known);
  return edited.changed.filter((one) => one.verdict === verdict && within(one.row)).map(({ row }) => row);
}

export function ChangeDoor({ ctx, edited, known, verdict }: { ctx: Context; edited: Edited; known: Known | null; verdict: "fixed" | "broken" }) {
  const n = measured(edited, verdict)?.after ?? 0;
  const rows = rowsOf(edited, known, verdict);
  return <Door leads={`show the ${plural(n, "sample")} that it ${verdict === "fixed" ? "puts right" : "makes wrong"}`} disabled={rows.length === 0} open={() => showRows(ctx, rows, `${verdict} by the edit`)}>{count(n)}</Door>;
}

export function EffectTitle({ ctx, edit, edited, known }: { ctx: Context; edit: Edit; edited: Edited; known: Known | null }) {
  if (edited.status !== "ok") return <>No strength of “{edit.method.name.toLowerCase()}” helps the worst group</>;
  const n = measured(edited, "accuracy")?.count ?? 0;
  return <>It fixes <ChangeDoor ctx={ctx} edited={edited} known={known} verdict="fixed" /> and breaks <ChangeDoor ctx={ctx} edited={edited} known={known} verdict="broken" /> of {plural(n, "sample")}</>;
}

export function delta(value: number | null): string {
  if (value === null) return "–";
  const points = Number((value * 100).toFixed(1));
  return `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points).toFixed(1)}`;
}

function Figure({ name, one, span }: { name: string; one: Measure; span: number }) {
  return (
    <tr>
      <th scope="row" title={name}>{name}</th>
      <td class="numeric">{percent(one.before)}</td>
      <td class="numeric">{percent(one.after)}</td>
      <td class={`numeric ${(one.delta ?? 0) > 0 ? "better" : (one.delta ?? 0) < 0 ? "worse" : ""}`}>{delta(one.delta)}</td>
      <td class="numeric" title={one.low === null ? "No interval is told for this figure" : `95 % interval of the difference: ${delta(one.low)} to ${delta(one.high)} points`}><Whisker of={{ value: one.delta, low: one.low, high: one.high }} from={-span} to={span} /></td>
    </tr>
  );
}

function Figures({ edit, edited }: { edit: Edit; edited: Edited }) {
  const shares = edited.measures.filter(({ measure: name }) => name in NAMES);
  const asked = edit.classes.length > 0 ? edit.classes : null;
  const classes = edited.measures.filter(({ measure: name, group }) => name === "class_accuracy" && (asked === null || (group !== null && asked.includes(group))));
  const moved = [...classes].sort((a, b) => Math.abs(b.delta ?? 0) - Math.abs(a.delta ?? 0)).slice(0, 12);
  const span = Math.max(0.02, ...[...shares, ...moved].flatMap((one) => [one.delta, one.low, one.high].map((value) => Math.abs(value ?? 0))));
  return (
    <div class="table-scroll">
      <table class="figures" aria-label="Right before and after">
        <thead><tr><th scope="col">Right</th><th scope="col" class="numeric">before</th><th scope="col" class="numeric">after</th><th scope="col" class="numeric">points</th><th scope="col" class="numeric">95 %</th></tr></thead>
        <tbody>
          {shares.map((one) => <Figure key={one.measure} name={NAMES[one.measure] ?? one.measure} one={one} span={span} />)}
          {moved.map((one) => <Figure key={one.group} name={one.group ?? ""} one={one} span={span} />)}
        </tbody>
      </table>
    </div>
  );
}

/** What else changes, in sentences. */
function Also({ edited }: { edited: Edited }) {
  const chance = measured(edited, "mcnemar_p")?.after ?? null;
  const ece = measured(edited, "ece");
  const ratios = edited.measures.filter((one) => one.measure === "retention_distance" && one.before !== null && one.after !== null);
  const far = [...ratios].sort((a, b) => (b.before ?? 0) - (a.before ?? 0))[0];
  return (
    <ul class="also small">
      {chance !== null && <li>{chance < 0.05 ? `More than chance: as uneven a count of fixed and broken comes by chance ${percent(chance)} of the time (McNemar).` : `It may be chance: as uneven a count of fixed and broken comes by chance ${percent(chance, 0)} of the time (McNemar).`}</li>}
      {ece && <li>{`Probabilities are off by ${percent(ece.before)} before and ${percent(ece.after)} after (calibration error).`}</li>}
      {far && <li>{`${far.group} depended on these neurons most: its retention ratio was ${measure(far.before)} from its aim, now ${measure(far.after)}.`}</li>}
    </ul>
  );
}

function Warnings({ ctx, edit, edited, explained }: { ctx: Context; edit: Edit; edited: Edited; explained: string | null }) {
  const warned = [...new Set(edited.leaning.filter((one) => one.warned).map(({ neuron }) => neuron))];
  const notes = edited.notes.filter((note) => !/^Compensation|^Neurons? .* go with those named|^The patch is the file/.test(note));
  return (
    <>
      {warned.length > 0 && (
        <div class="warned" role="note">
          <p><b>It leans harder on others now.</b> {`The edited head depends by more than half more on ${plural(warned.length, "other neuron")}; the cue may come back through them.`}</p>
          <p class="acts">
            {warned.slice(0, MOST_LEANING).map((neuron) => <button key={neuron} type="button" class="chip num" onClick={() => ctx.set({ neuron })}>{neuron}</button>)}
            {warned.length > MOST_LEANING && <span class="muted">and {count(warned.length - MOST_LEANING)} more</span>}
            {edit.method.whole !== true && <button type="button" class="button" onClick={() => ctx.set({ basket: [...edit.neurons, ...warned.slice(0, MOST_LEANING)] })}>{`Take ${warned.length > MOST_LEANING ? `the first ${MOST_LEANING}` : "them"} too`}</button>}
          </p>
        </div>
      )}
      {explained !== null && explained === edited.split && <p class="warned small">{`The neurons were proposed by mistakes of ${edited.split}, and the edit is judged on ${edited.split}: the figures flatter it. Explain mistakes of another split to choose.`}</p>}
      {notes.map((note) => <p key={note} class="small muted">{note}</p>)}
    </>
  );
}

function Groups({ edited }: { edited: Edited }) {
  const worst = edited.groups.filter(({ ignored, before, after }) => !ignored && before !== null && after !== null).sort((a, b) => (a.before ?? 0) - (b.before ?? 0)).slice(0, 6);
  if (worst.length === 0) return null;
  return (
    <section aria-label="Groups it is judged by">
      <h4>Worst groups <small class="muted">{edited.split}</small></h4>
      <ul class="groups">
        {worst.map(({ group, count: n, before, after }) => (
          <li key={group}><span class="name" title={group}>{group}</span> <span class="num muted">{count(n)}</span> <span class="num">{percent(before, 0)} → <b class={(after ?? 0) > (before ?? 0) ? "better" : (after ?? 0) < (before ?? 0) ? "worse" : ""}>{percent(after, 0)}</b></span></li>
        ))}
      </ul>
    </section>
  );
}

export function Effect({ ctx, edit, edited, known, explained }: { ctx: Context; edit: Edit; edited: Edited; known: Known | null; explained: string | null }) {
  const other = rowsOf(edited, known, "other");
  return (
    <>
      <div class="line"><Warnings ctx={ctx} edit={edit} edited={edited} explained={explained} /></div>
      <div class="columns even">
        <div class="left"><Figures edit={edit} edited={edited} /></div>
        <div class="right">
          {other.length > 0 && <p class="small"><Door leads="show the samples that are wrong in another way now" open={() => showRows(ctx, other, "wrong in another way by the edit")}>{count(other.length)}</Door> more are wrong in another way.</p>}
          <Also edited={edited} />
          <div class="halves"><Groups edited={edited} />{edited.curve.length > 2 && <section aria-label="Strengths tried"><h4>Strengths tried</h4><Trade curve={edited.curve} /></section>}</div>
        </div>
      </div>
    </>
  );
}
