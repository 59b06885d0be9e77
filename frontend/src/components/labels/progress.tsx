/** How far the work is, how many errors are left at most, who agrees with whom, and what was decided. */
import { count, percent, plural } from "../../draw/format";
import { linePath } from "../../draw/axes";
import { Door } from "../../draw/parts";
import { takeBack } from "../../state/deeds";
import type { Context } from "../component";
import { showRows } from "../samples-strip";
import { agreements, disagreements, wasWrong, wordsOf } from "./decided";
import type { Desk } from "./desk";
import { saveCorrections, saveLog } from "./saving";
import { remaining } from "./stopping";

const RECENT_MS = 5 * 60_000;
const MOST_LISTED = 40;
const CURVE = { width: 180, height: 44 };

export interface Standings {
  decided: readonly number[];
  wrong: readonly number[];
  skipped: readonly number[];
  control: { drawn: number; wrong: number };
  unseen: number;
  /** In the order of the decisions: how many of them were wrong so far. */
  curve: readonly number[];
}

/** Counted over all labelled samples, by what is on disk. */
export function standingsOf(desk: Desk): Standings {
  const { standing, skipped, control } = desk.decided;
  const out = { decided: [] as number[], wrong: [] as number[], skipped: [] as number[] };
  let [drawn, drawnWrong, unseen] = [0, 0, 0];
  const order: (readonly [number, boolean])[] = [];
  for (let row = 0; row < desk.found.n; row++) {
    const given = desk.nameOf(row);
    if (given === null) continue;
    const id = desk.idOf(row);
    const vote = standing.get(id);
    if (!vote) {
      if (skipped.has(id)) out.skipped.push(row);
      else unseen++;
      continue;
    }
    const wrong = wasWrong(vote, given);
    out.decided.push(row);
    if (wrong) out.wrong.push(row);
    order.push([vote.sequence, wrong]);
    if (control.has(id)) [drawn, drawnWrong] = [drawn + 1, drawnWrong + Number(wrong)];
  }
  let found = 0;
  const curve = order.sort((a, b) => a[0] - b[0]).map(([, wrong]) => (found += Number(wrong)));
  return { ...out, control: { drawn, wrong: drawnWrong }, unseen, curve };
}

/** Of what was decided, which share was wrong, over the decisions. */
function Curve({ curve }: { curve: readonly number[] }) {
  const { width, height } = CURVE;
  const every = Math.max(1, Math.floor(curve.length / width));
  const points = curve.flatMap((found, i) => (i % every === 0 || i === curve.length - 1 ? [[(i / Math.max(1, curve.length - 1)) * width, height - 1 - (found / (i + 1)) * (height - 2)] as const] : []));
  const last = (curve.at(-1) ?? 0) / Math.max(1, curve.length);
  return (
    <figure class="curve">
      <svg width={width} height={height} role="img" aria-label={`Precision over ${plural(curve.length, "decision")}: ${percent(last, 0)} now`}>
        <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line-2)" />
        <path d={linePath(points)} fill="none" stroke="var(--heat-1)" stroke-width={1.5} />
      </svg>
      <figcaption class="muted small">share that was wrong, from the first decision to the last</figcaption>
    </figure>
  );
}

function Left({ ctx, standings }: { ctx: Context; standings: Standings }) {
  const { control, unseen, wrong } = standings;
  const draw = () => ctx.set({ tab: "control" });
  if (control.drawn === 0) {
    return <p class="line"><span>How many are left, no score can say.</span> <button type="button" class="button" onClick={draw}>Judge some drawn at random</button></p>;
  }
  const left = remaining(control.drawn, control.wrong, unseen, wrong.length);
  return (
    <p class="line">
      <b class="num">{`At most ${count(Math.ceil(left.errors))} wrong labels are left`}</b>{" "}
      <span class="muted">{`of ${count(unseen)} nobody has seen, and at least ${percent(left.recall, 0)} of all are found: ${control.wrong} of ${control.drawn} drawn at random were wrong, so at most ${percent(left.rate, 1)} are (95 % sure).`}</span>{" "}
      <button type="button" class="button quiet" onClick={draw}>Judge more</button>
    </p>
  );
}

function People({ ctx, desk }: { ctx: Context; desk: Desk }) {
  const pairs = agreements(desk.decided, desk.givenOf);
  const differing = disagreements(desk.decided, desk.givenOf).length;
  const authors = new Set([...desk.decided.votes.values()].flatMap((by) => [...by.keys()]));
  if (authors.size < 2) return null;
  return (
    <div class="people">
      <h4>{`${count(authors.size)} people decided`}</h4>
      <ul aria-label="Agreement">
        {pairs.map(({ a, b, both, share, kappa }) => <li key={`${a} ${b}`}>{`${a} and ${b}: the same on ${percent(share, 0)} of ${plural(both, "sample")}`}<span class="muted">{kappa === null ? "; beyond chance nothing can be told" : `, Cohen's κ ${kappa.toFixed(2)}`}</span></li>)}
        {pairs.length === 0 && <li class="muted">No sample was decided by two of them, so agreement cannot be told.</li>}
      </ul>
      <p><Door leads="look at the samples they disagree about" disabled={differing === 0} open={() => ctx.set({ tab: "disagreed" })}>{differing === 0 ? "No disagreement" : plural(differing, "disagreement")}</Door></p>
    </div>
  );
}

function Log({ ctx, desk }: { ctx: Context; desk: Desk }) {
  const last = [...desk.decided.standing].slice(-MOST_LISTED).reverse();
  return (
    <details class="fold">
      <summary>{`Decisions: ${count(desk.decided.standing.size)}`}</summary>
      <ul class="said" aria-label="Decisions, the latest first">
        {last.map(([id, vote]) => (
          <li key={id}>
            <span class="name">{id}</span><span>{`${desk.givenOf(id) ?? "no label"} → ${wordsOf(vote)}`}</span><span class="muted small">{`${vote.author} ${vote.time.replace("T", " ").slice(0, 16)}`}</span>
            {desk.barred === null && <button type="button" class="button quiet" aria-label={`Take back the decision about ${id}`} onClick={() => void takeBack(ctx.data, `Take back the decision about ${id}`, vote.sequence)}>Take back</button>}
          </li>
        ))}
      </ul>
      {desk.decided.standing.size > last.length && <p class="line muted small">{`and ${count(desk.decided.standing.size - last.length)} earlier`}</p>}
    </details>
  );
}

/** A new round needs a training, which only its owner has: here is what to call with it. */
function Again({ ctx }: { ctx: Context }) {
  const { name } = ctx.store.recording.value;
  const code = `import bathyscope as bs
from bathyscope.analyses.labels import new_round

def fit(rows, labels):                      # learn from these samples
    model = train(images[rows], labels[rows])
    return lambda asked: model.predict_proba(images[asked])

made = new_round(bs.load(${JSON.stringify(name)}), fit)   # the path of the recording
print(made)                                 # accuracy before and after, and what moved`;
  return (
    <details class="fold again">
      <summary>Judge again with what you decided</summary>
      <p class="line muted small">A new round learns from the corrected labels, out of fold, and judges every label by models that never saw it. It needs your training, so it is begun in Python; this page stands on the new round once it is opened again.</p>
      <pre tabIndex={0} aria-label="Python for a new round"><code>{code}</code></pre>
    </details>
  );
}

export function Progress({ ctx, desk }: { ctx: Context; desk: Desk }) {
  const standings = standingsOf(desk);
  const { decided, wrong, skipped, curve } = standings;
  const now = Date.now();
  const recent = desk.decided.times.filter((time) => now - time < RECENT_MS).length;
  return (
    <section class="progress" aria-label="Progress">
      <h3>How far it is</h3>
      <p class="line counts">
        <Door leads="show them among the samples" disabled={decided.length === 0} open={() => showRows(ctx, decided, "decided about")}>{`${count(decided.length)} decided`}</Door>
        <Door leads="show them among the samples" disabled={wrong.length === 0} open={() => showRows(ctx, wrong, "found to be wrong")}>{`${count(wrong.length)} changed`}</Door>
        <Door leads="show them among the samples" disabled={skipped.length === 0} open={() => showRows(ctx, skipped, "skipped")}>{`${count(skipped.length)} skipped`}</Door>
        {decided.length > 0 && <span class="muted">{`precision so far ${percent(wrong.length / decided.length, 0)}`}</span>}
        {recent > 0 && <span class="muted num">{`${(recent / (RECENT_MS / 60_000)).toFixed(1)} a minute in the last five`}</span>}
      </p>
      {curve.length > 4 && <Curve curve={curve} />}
      <Left ctx={ctx} standings={standings} />
      <People ctx={ctx} desk={desk} />
      {decided.length > 0 && (
        <p class="line does">
          <button type="button" class="button" onClick={() => saveCorrections(ctx, desk)}>Save corrected labels (CSV)</button>
          <button type="button" class="button" onClick={() => saveLog(ctx)}>Save the log (JSON lines)</button>
          <span class="muted small">{`bathyscope export labels ${ctx.store.recording.value.name} … writes Parquet and whole data sets`}</span>
        </p>
      )}
      {decided.length > 0 && <Again ctx={ctx} />}
      {desk.decided.standing.size > 0 && <Log ctx={ctx} desk={desk} />}
    </section>
  );
}
