import { useMemo } from "preact/hooks";
import { count, percent } from "../../draw/format";
import { Door, Failure, Heading, Swatch, Waiting, Whisker } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { splitText } from "../../draw/where";
import { clauseWords } from "../../state/clauses";
import { OUTCOMES, outcomesOf, rowsWhere, type Judged, type Outcome } from "../../state/counting";
import { fromRows } from "../../state/masks";
import type { Context } from "../component";
import { pickRows, sourceText, useCounted, useJudged } from "../use-judged";
import { compare } from "./compare";
import { before, sources } from "./sources";
import { agreementOf, changesByClass, chanceWords, finding, type Agreement, type ClassChange } from "./agreement";
import css from "./compare.css?inline";

export const styles = css;

const WORDS: Readonly<Record<Outcome, string>> = {
  "both right": "right both times",
  fixed: "wrong, now right",
  broken: "right, now wrong",
  "wrong alike": "wrong both times, called the same",
  "wrong differently": "wrong both times, called differently",
};

/** Fewer samples of a label say little about it; they are marked. */
const FEW = 20;

interface Doing {
  /** Pick the samples of an outcome, or filter by them. */
  go: (outcomes: readonly Outcome[], label: number | null, filter: boolean) => void;
}

function useDoing(ctx: Context, agreement: Agreement | null, judged: Judged | null, words: (outcomes: readonly Outcome[]) => string): Doing {
  const { mask } = useCounted(ctx);
  const { classes } = ctx.store.recording.value;
  return {
    go: (outcomes, label, filter) => {
      if (!agreement || !judged) return;
      const codes = outcomes.map((outcome) => OUTCOMES.indexOf(outcome));
      const rows = rowsWhere(mask, judged.length, (row) => codes.includes(agreement.outcomes[row] as number) && (label === null || judged.label[row] === label));
      const told = `${label === null ? "" : `${classes[label] ?? ""}: `}${words(outcomes)}`;
      if (filter) ctx.data.filter.set(ctx.id, { op: "bits", bits: fromRows(rows, judged.length) }, told);
      else pickRows(ctx, rows, told);
    },
  };
}

function Cell({ of, outcome, doing, tone }: { of: Agreement; outcome: Outcome; doing: Doing; tone?: string }) {
  const n = of.counts[outcome];
  return (
    <td class={tone ?? ""}>
      <Door class="figure" leads={`show what is ${WORDS[outcome]}`} open={(event) => doing.go([outcome], null, event.shiftKey)}>{count(n)}</Door>
      <small>{WORDS[outcome]}, {percent(of.total === 0 ? null : n / of.total)}</small>
    </td>
  );
}

function AgreementTable({ of, doing, names, unfilter }: { of: Agreement; doing: Doing; names: readonly [string, string]; unfilter: () => void }) {
  const [first, second] = names;
  return (
    <table class="agreement" onDblClick={unfilter} aria-label={`${first} against ${second}`}>
      <thead><tr><td /><th scope="col">right in {second}</th><th scope="col">wrong in {second}</th></tr></thead>
      <tbody>
        <tr><th scope="row">right in {first}</th><Cell of={of} outcome="both right" doing={doing} /><Cell of={of} outcome="broken" doing={doing} tone="bad" /></tr>
        <tr>
          <th scope="row">wrong in {first}</th><Cell of={of} outcome="fixed" doing={doing} tone="good" />
          <td>
            <Door class="figure" leads="show what is wrong both times" open={(event) => doing.go(["wrong alike", "wrong differently"], null, event.shiftKey)}>{count(of.counts["wrong alike"] + of.counts["wrong differently"])}</Door>
            <small>
              <Door leads={`show what is ${WORDS["wrong alike"]}`} open={(event) => doing.go(["wrong alike"], null, event.shiftKey)}>{count(of.counts["wrong alike"])} called the same</Door>{" "}
              <Door leads={`show what is ${WORDS["wrong differently"]}`} open={(event) => doing.go(["wrong differently"], null, event.shiftKey)}>{count(of.counts["wrong differently"])} called differently</Door>
            </small>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

function points(value: number | null): string {
  if (value === null) return "—";
  const text = (100 * Math.abs(value)).toFixed(1);
  return text === "0.0" ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

/** The widest change that has to be drawn: with all of them on one scale, small changes still stand apart. */
function reachOf(rows: readonly ClassChange[]): number {
  return Math.max(0.01, ...rows.flatMap(({ change: { value, low, high } }) => [value, low, high].map((at) => Math.abs(at ?? 0))));
}

export function columnsOf(classes: readonly string[], doing: Doing, rows: readonly ClassChange[]): TableColumn<ClassChange>[] {
  const reach = reachOf(rows);
  const door = (id: string, name: string, outcomes: readonly Outcome[]): TableColumn<ClassChange> => {
    const n = ({ counts }: ClassChange) => outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
    return {
      id, name, numeric: true, first: "descending", key: n,
      cell: (row) => <Door leads={`show the ${classes[row.label]}: ${outcomes.map((outcome) => WORDS[outcome]).join(" or ")}`} open={(event) => doing.go(outcomes, row.label, event.shiftKey)}>{count(n(row))}</Door>,
    };
  };
  return [
    { id: "class", name: "Label", key: ({ label }) => classes[label] ?? "", cell: ({ label }) => <span class="class-name"><Swatch of={label} /> <span class="text">{classes[label]}</span></span> },
    { ...door("samples", "Samples", OUTCOMES), cell: (row) => <>{row.total < FEW && <span class="badge warn" title={`Fewer than ${count(FEW)} samples: not enough data to tell`}>few</span>} {door("samples", "Samples", OUTCOMES).cell(row)}</> },
    door("fixed", "Fixed", ["fixed"]),
    door("broken", "Broken", ["broken"]),
    {
      id: "change", name: "Change", hint: "Points of share right gained or lost, with its 95 % interval", numeric: true, key: ({ change }) => change.value,
      cell: ({ change }) => <span class="estimate" title={change.low === null ? "" : `95 % interval ${points(change.low)} to ${points(change.high)} points`}><Whisker of={change} from={-reach} to={reach} /><span class="num">{points(change.value)}</span></span>,
    },
    door("both", "Wrong both times", ["wrong alike", "wrong differently"]),
  ];
}

function Choose({ ctx, name, value, of, option }: { ctx: Context; name: string; value: string; of: readonly string[]; option: string }) {
  const recording = ctx.store.recording.value;
  return (
    <select aria-label={name} value={value} onChange={(event) => ctx.set({ [option]: event.currentTarget.value })}>
      {of.map((source) => <option key={source} value={source}>{sourceText(recording, source)}</option>)}
    </select>
  );
}

function useSides(ctx: Context): { first: string | null; second: string | null; known: readonly string[]; wrong: string | null } {
  const { store } = ctx;
  const recording = store.recording.value;
  const known = sources(recording);
  const option = (name: string) => {
    const value = ctx.options.value[name];
    return typeof value === "string" ? value : null;
  };
  const given = [option("before"), option("after")];
  const missing = given.find((source) => source !== null && !known.includes(source));
  const fits = (source: string | null | undefined) => (source && known.includes(source) ? source : null);
  const second = fits(given[1]) ?? store.checkpoint.value?.name ?? known.at(-1) ?? null;
  const first = fits(given[0]) ?? (second === null ? null : before(recording, second, store.measured.value.metrics, store.split.value));
  return { first, second, known, wrong: missing == null ? null : `There is no ${sourceText(recording, missing)} (“${missing}”) here; the usual choice is shown.` };
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const { first, second, known, wrong } = useSides(ctx);
  const earlier = useJudged(ctx, first ?? undefined);
  const later = useJudged(ctx, second ?? undefined);
  const { mask, filtered } = useCounted(ctx);
  const ready = earlier.judged && later.judged && earlier.judged.length === later.judged.length ? ([earlier.judged, later.judged] as const) : null;
  const outcomes = useMemo(() => ready && outcomesOf(...ready), [earlier.judged, later.judged]);
  const agreement = useMemo(() => ready && outcomes && agreementOf(outcomes, ...ready, mask), [outcomes, mask]);
  const byClass = useMemo(() => (agreement && ready ? changesByClass(agreement, ready[1], mask) : []), [agreement]);
  const names = [sourceText(recording, earlier.of ?? first), sourceText(recording, later.of ?? second)] as const;
  const doing = useDoing(ctx, agreement, later.judged, (outcomes) => `${outcomes.map((outcome) => WORDS[outcome]).join(" or ")}, from ${names[0]} to ${names[1]}`);
  const failed = earlier.failed ?? later.failed;
  const own = data.filter.clause(ctx.id);
  const unfilter = () => data.filter.set(ctx.id, null);
  if (first === null || second === null) return <section aria-label={compare.title}><Heading title={compare.title} /><p class="none muted">One checkpoint alone has nothing to compare with. This fills as soon as another is recorded.</p></section>;
  return (
    <section aria-label={compare.title}>
      <Heading title={agreement ? finding(agreement, ...names) : compare.title} small={`${splitText(store.split.value)}${filtered ? " · filtered" : ""}${agreement ? ` · ${count(agreement.total)} samples` : ""}`}>
        {own && <button type="button" class="button own" aria-label={`Take away the filter ${clauseWords(own)}`} onClick={unfilter}><span class="text">{clauseWords(own)}</span> ×</button>}
        <Choose ctx={ctx} name="From" option="before" value={first} of={known.filter((source) => source !== second)} />
        <span aria-hidden="true">→</span>
        <Choose ctx={ctx} name="To" option="after" value={second} of={known.filter((source) => source !== first)} />
      </Heading>
      {wrong !== null && <p class="none muted">{wrong}</p>}
      {failed !== null && <Failure what="The two could not be compared." why={failed} retry={() => (earlier.failed === null ? later.again() : earlier.again())} />}
      {!agreement && failed === null && <Waiting what="Reading both predictions" height={160} />}
      {agreement && agreement.total === 0 && <p class="none muted">{filtered ? "No labelled sample that both speak of passes the filter." : "No labelled sample in this split has a prediction of both."}</p>}
      {agreement && agreement.total > 0 && (
        <>
          <AgreementTable of={agreement} doing={doing} names={names} unfilter={unfilter} />
          <p class="told">
            <b>{points(agreement.change.value)} points</b> of share right <span class="muted">(95 % interval {points(agreement.change.low)} to {points(agreement.change.high)})</span>. {chanceWords(agreement)}{" "}
            <span class="muted small">Click shows the samples; Shift and click filters by them.{agreement.apart > 0 ? ` ${count(agreement.apart)} that only one of them speaks of are left out.` : ""}</span>
          </p>
          {byClass.length > 0 && <SortedTable name="By label" rows={byClass} columns={columnsOf(recording.classes, doing, byClass)} initial={{ id: "broken", direction: "descending" }} keyOf={({ label }) => label} />}
        </>
      )}
    </section>
  );
}
