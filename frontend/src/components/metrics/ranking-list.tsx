/** Which column matters most: one line a column, the clearest weakness first. */
import { useSignal } from "@preact/signals";
import { count, percent, plural } from "../../draw/format";
import { Door, Swatch, Waiting } from "../../draw/parts";
import { RIGHT, UNJUDGED, WRONG, rowsWhere } from "../../state/counting";
import type { Expr } from "../../state/clauses";
import type { Context } from "../component";
import { namesOf, pickRows } from "../use-judged";
import type { Ranked, Weakness } from "./ranking";
import type { Ranking } from "./use-ranking";
import { restWords, weaknessWords } from "./words";

const NAMED = 8;

function Line({ ctx, ranking, weakness, source }: { ctx: Context; ranking: Ranking; weakness: Weakness; source: string | null }) {
  const recording = ctx.store.recording.value;
  const { classes } = recording;
  const { column, code, label, here, elsewhere, excess } = weakness;
  const division = ranking.divisions.get(column);
  if (!division) return null;
  const value = division.value(code);
  const whose = label === null ? "" : `${classes[label] ?? ""} `;
  const pick = (inside: boolean, judgement: number, words: string) => {
    const { judged, mask } = ranking;
    pickRows(ctx, rowsWhere(mask, judged.length, (row) => (division.codes[row] === code) === inside && (label === null || judged.label[row] === label) && (judgement === UNJUDGED ? judged.state[row] !== UNJUDGED : judged.state[row] === judgement)), words);
  };
  const filter = () => {
    const named = namesOf(recording, source).label;
    const own: Expr | null = label === null || named === null ? null : { op: "eq", column: named, value: classes[label] ?? "" };
    ctx.data.filter.set(ctx.id, own ? { op: "and", of: [own, division.expr(code)] } : division.expr(code));
  };
  const there = `${whose}where ${column} is ${value}`;
  const rest = restWords(weakness, value, classes);
  return (
    <>
      <span class="bar" aria-hidden="true"><i style={{ left: `${100 * Math.max(0, excess.low ?? 0)}%`, width: `${100 * ((excess.high ?? 0) - Math.max(0, excess.low ?? 0))}%` }} /><b style={{ left: `${100 * (excess.value ?? 0)}%` }} /></span>
      <p>
        {label !== null && <Swatch of={label} />} {label === null ? `W${there.slice(1)}` : there}:{" "}
        <Door leads={`show what is wrong ${there}`} open={(event) => (event.shiftKey ? filter() : pick(true, WRONG, `wrong: ${there}`))}>{`${count(here.wrong)} of ${count(here.total)} wrong`}</Door>
        , elsewhere{" "}
        <Door leads={`show what is wrong for ${whose || "all labels "}elsewhere`} open={() => pick(false, WRONG, `wrong: ${whose}where ${column} is not ${value}`)}>{`${count(elsewhere.wrong)} of ${count(elsewhere.total)}`}</Door>
        . <Door leads={`show what is right ${there}`} class="muted" open={() => pick(true, RIGHT, `right: ${there}`)}>{percent((here.total - here.wrong) / here.total)} right</Door>{" "}
        <span class="muted">against {percent((elsewhere.total - elsewhere.wrong) / elsewhere.total)}</span>
      </p>
      {rest && <p class="muted small">{rest}</p>}
    </>
  );
}

export function RankingList({ ctx, ranking, busy, total, more, source, least }: { ctx: Context; ranking: Ranking | null; busy: boolean; total: number; more: () => void; source: string | null; least: number }) {
  const all = useSignal(false);
  const { groupBy } = ctx.store;
  if (!ranking) return <Waiting what="Looking which column matters" height={80} />;
  const strong = ranking.columns.filter(({ weakness }) => weakness !== null);
  const quiet = ranking.columns.filter(({ weakness }) => weakness === null);
  const shown = all.value ? strong : strong.slice(0, NAMED);
  const name = ({ column }: Ranked) => <button type="button" class="door column" aria-pressed={groupBy.value.includes(column)} title={`Break down by ${column}`} onClick={() => (groupBy.value = [column])}>{column}</button>;
  return (
    <section class="ranking" aria-busy={busy} aria-label="Which column matters most">
      <h3>Which column matters most <span class="muted small">{busy ? "looking again…" : "how much more is wrong there than elsewhere for the same label; bands bear that many groups were looked at"}</span></h3>
      <ol>
        {shown.map((one) => <li key={one.column}>{name(one)}{one.weakness && <Line ctx={ctx} ranking={ranking} weakness={one.weakness} source={source} />}</li>)}
      </ol>
      {strong.length > shown.length && <button type="button" class="button quiet" onClick={() => (all.value = true)}>{plural(strong.length - shown.length, "more column")}</button>}
      {strong.length === 0 && <p>No column tells where it is wrong beyond chance.</p>}
      {quiet.length > 0 && <p class="muted small">Nothing clear in {quiet.slice(0, NAMED).map((one, i) => <span key={one.column}>{i > 0 ? ", " : ""}{name(one)}</span>)}{quiet.length > NAMED ? ` and ${count(quiet.length - NAMED)} more` : ""}. Groups of fewer than {count(least)} samples were not looked at.</p>}
      {ranking.refused.length > 0 && <p class="muted small">Not looked at: {ranking.refused.slice(0, 3).join("; ")}{ranking.refused.length > 3 ? ` and ${count(ranking.refused.length - 3)} more` : ""}.</p>}
      {total > 0 && <button type="button" class="button" onClick={more}>Look through {plural(total, "more column")}</button>}
    </section>
  );
}

export function title(ranking: Ranking | null, classes: readonly string[]): string | null {
  const weakness = ranking?.columns[0]?.weakness;
  const division = weakness && ranking.divisions.get(weakness.column);
  return weakness && division ? weaknessWords(weakness, division.value(weakness.code), classes) : null;
}
