/** How much time there is, what it is best spent on, and what came of it so far. */
import { useState } from "preact/hooks";
import { count, duration, percent, plural } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import type { Context } from "../component";
import type { Desk } from "./desk";
import { CONFLICT, outlookOf, paceOf, SINGLE, standingsIn, type PartStanding } from "./plan";
import type { Queue } from "./queue";
import type { Review } from "./use-review";

const MOST = 100_000;

/** How far off it may be: of 50 measured, 48 lay so near (docs, "Labels"). */
const SPREAD = 1.5;

export function rangeWords(expected: number, samples: number): string {
  return `between ${count(Math.floor(expected / SPREAD))} and ${count(Math.min(samples, Math.ceil(expected * SPREAD)))}`;
}

function PartName({ desk, part }: { desk: Desk; part: string }) {
  if (part === CONFLICT) return <span>copies whose labels differ</span>;
  if (part === SINGLE) return <span>others, a few of many pairs</span>;
  const [label, suggestion] = part.split(" ").map(Number);
  return <span><Swatch of={label ?? null} /> <b>{desk.classes[label ?? -1] ?? ""}</b> <span class="muted">that may be</span> <Swatch of={suggestion ?? null} /> <b>{desk.classes[suggestion ?? -1] ?? ""}</b></span>;
}

function Parts({ desk, parts, review }: { desk: Desk; parts: readonly PartStanding[]; review: Review }) {
  return (
    <table class="parts num">
      <thead><tr><th scope="col">What to take</th><th scope="col">samples</th><th scope="col">wrong, expected</th><th scope="col">decided</th><th scope="col">found wrong</th></tr></thead>
      <tbody>
        {parts.map(({ part, at, samples, expected, decided, found, due }) => (
          <tr key={part}>
            <th scope="row"><PartName desk={desk} part={part} /></th>
            <td><Door leads="go to the first of them" open={() => review.go(at)}>{count(samples)}</Door></td>
            <td>{expected.toFixed(expected < 10 ? 1 : 0)}</td>
            <td>{count(decided)}</td>
            <td>{decided === 0 ? "–" : `${count(found)} where ${due.toFixed(due < 10 ? 1 : 0)} were expected`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Ask({ ctx, budget, pace }: { ctx: Context; budget: number; pace: number | null }) {
  const [typed, type] = useState(String(budget));
  const wanted = Math.round(Number(typed));
  const fits = Number.isFinite(wanted) && wanted >= 1 && wanted <= MOST;
  return (
    <form class="does" onSubmit={(event) => {
      event.preventDefault();
      if (fits) ctx.set({ budget: wanted, since: ctx.store.log.peek()?.at(-1)?.sequence ?? 0 });
    }} onKeyDown={(event) => event.stopPropagation()}>
      <label class="choose"><span>I have time for</span> <input class="field number" type="number" min={1} max={MOST} value={typed} aria-label="Samples there is time for" onInput={(event) => type(event.currentTarget.value)} /> <span>samples</span></label>
      <button type="submit" class="button" disabled={!fits} title="A new plan, without what is decided by now">Plan anew</button>
      <span class="muted small">{!fits ? `a number from 1 to ${count(MOST)}` : pace === null ? "" : `about ${duration((60 * wanted) / pace)} at your pace of ${pace.toFixed(0)} a minute`}</span>
    </form>
  );
}

export function Plan({ ctx, desk, queue, review, withoutCopies }: { ctx: Context; desk: Desk; queue: Queue; review: Review; withoutCopies: boolean }) {
  const parts = standingsIn(desk, queue.items);
  const { samples, decided, found, expected, left, corrected } = outlookOf(parts);
  const budget = Number(ctx.options.value["budget"] ?? samples);
  return (
    <section class="plan" aria-label="Plan">
      <Ask ctx={ctx} budget={budget} pace={paceOf(desk.decided.times)} />
      <p class="line" role="status">
        <b class="num">{`About ${count(Math.round(expected))} wrong labels expected in ${plural(samples, "sample")}`}</b>
        <span class="muted">{decided === 0 ? `, ${rangeWords(expected, samples)}; what you find corrects the number` : `; ${count(found)} found in ${count(decided)} decided (${percent(found / decided, 0)})`}</span>
        {decided > 0 && samples > decided && <span title={corrected ? "What was expected, times what was found for every one expected so far" : "As expected at first: too few were decided to correct it"}>{`, about ${count(Math.round(left))} more in the other ${count(samples - decided)}${corrected ? "" : ", as expected at first"}`}</span>}
        {withoutCopies && <span class="muted">. Duplicates were not looked for, so copies count one by one</span>}
        {samples < budget && <span class="muted">{`. No more than ${count(samples)} are open`}</span>}
      </p>
      {/* Blind: the pairs would tell what the samples may be. */}
      {!queue.blind && <details class="fold"><summary>{`What to take: ${plural(parts.length, "part")}`}</summary><div class="parts-box"><Parts desk={desk} parts={parts} review={review} /></div></details>}
    </section>
  );
}
