/** What the last round brought: what moved, how many are left, and whether the corrections made the model better. */
import { count, percent, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import type { Context } from "../component";
import { showRows } from "../samples-strip";
import type { Desk } from "./desk";
import { newSuspects } from "./queue";
import type { Measured, Round } from "./rounds";
import { contradicted } from "./second-look";

/** "+1.9": a gain in points of a percent. */
function points(share: number): string {
  const value = 100 * share;
  return `${value < -0.05 ? "−" : value > 0.05 ? "+" : ""}${Math.abs(value).toFixed(1)}`;
}

export function roundWords({ number, corrected }: Round): string {
  return `Round ${count(number)}, learnt from ${corrected === 0 ? "the recorded labels" : plural(corrected, "corrected label")}`;
}

function verdict({ low, high }: Measured): string {
  return low > 0 ? "better" : high < 0 ? "worse" : "so few samples tell no difference";
}

/** Two models that differ in nothing but their labels, on samples that neither learnt from. */
function Gain({ ctx, one, alone }: { ctx: Context; one: Measured; alone: boolean }) {
  const show = (rows: readonly number[], words: string) => showRows(ctx, rows, `${words}, by the ${one.on} labels`);
  return (
    <li>
      <span>{`Right on ${count(one.samples)} held-out samples, by ${alone ? "their labels, none of which was corrected" : `the ${one.on} labels`}: `}</span>
      <b class="num" title="A model that learnt from the recorded labels">{percent(one.before)}</b><span> before, </span>
      <Door leads="show those it still has wrong" disabled={one.wrong.length === 0} open={() => show(one.wrong, "wrong after the corrections")}><b class="num">{percent(one.after)}</b></Door><span> after; </span>
      <Door leads="show what is right only after the corrections" disabled={one.mended.length === 0} open={() => show(one.mended, "right only after the corrections")}>{`${count(one.mended.length)} mended`}</Door><span>, </span>
      <Door leads="show what was right only before the corrections" disabled={one.broken.length === 0} open={() => show(one.broken, "right only before the corrections")}>{`${count(one.broken.length)} broken`}</Door><span>. </span>
      <span class="muted" title="The interval tells which samples happen to be held out; another training would differ a little by itself">{`${points(one.after - one.before)} points, 95 % between ${points(one.low)} and ${points(one.high)} for these two trainings: ${verdict(one)}.`}</span>
    </li>
  );
}

function Accuracy({ ctx, accuracy }: { ctx: Context; accuracy: readonly Measured[] }) {
  if (accuracy.length === 0) return <p class="line muted small">Accuracy before and after was not kept with this round: it was made without a held-out split, or by an earlier version.</p>;
  const [first, second] = accuracy;
  const alike = first !== undefined && second !== undefined && first.samples === second.samples && first.wrong.join() === second.wrong.join() && first.before === second.before;
  return <ul class="gains" aria-label="Accuracy before and after">{(alike ? [first] : accuracy).map((one) => <Gain key={one.on} ctx={ctx} one={one} alone={alike} />)}</ul>;
}

export function RoundPart({ ctx, desk, round }: { ctx: Context; desk: Desk; round: Round }) {
  const { cleared, errors } = round;
  const suspects = newSuspects(desk);
  const open = suspects.filter((row) => desk.standing(row) === null);
  const corrected = cleared.filter((row) => desk.found.judged(row) !== desk.labelOf(row));
  const again = contradicted(desk).length;
  return (
    <details class="fold round" open>
      <summary>{`What round ${count(round.number)} changed`}</summary>
      <p class="line counts">
        <Door leads="go through them" disabled={suspects.length === 0} open={() => ctx.set({ tab: "suspects", pair: null })}>{plural(open.length, "new suspect")}</Door>
        {open.length < suspects.length && <span class="muted">{`${count(suspects.length - open.length)} more decided by now`}</span>}
        <Door leads="show them among the samples" disabled={cleared.length === 0} open={() => showRows(ctx, cleared, `cleared by round ${round.number}`)}>{`${count(cleared.length)} cleared`}</Door>
        {corrected.length > 0 && <span class="muted">{`${count(corrected.length)} of them you corrected`}</span>}
        <Door leads="look at them again" disabled={again === 0} open={() => ctx.set({ tab: "again", pair: null })}>{again === 0 ? "no decision it contradicts" : `${plural(again, "decision")} it contradicts`}</Door>
      </p>
      <p class="line gains"><span>Wrong labels expected among those it learnt from: </span><b class="num">{`about ${count(Math.round(errors.before))}`}</b><span> before, </span><Door leads="look at single labels, most suspicious first" open={() => ctx.set({ tab: "items", pair: null })}><b class="num">{`about ${count(Math.round(errors.after))}`}</b></Door><span> now</span></p>
      <Accuracy ctx={ctx} accuracy={round.accuracy} />
    </details>
  );
}
