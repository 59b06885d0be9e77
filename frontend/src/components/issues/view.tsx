import { useEffect, useMemo, useState } from "preact/hooks";
import { count, plural } from "../../draw/format";
import { Door, Heading } from "../../draw/parts";
import { valueAt, type Column } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import { enact, whyNotDecide } from "../../state/deeds";
import type { SampleColumns } from "../../state/performance";
import { ALL, type Truth } from "../../state/selection";
import { headlineSplit } from "../../state/store";
import { Offer, useAnalysis, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { columnsOf } from "../duplicates/columns";
import { clustersIn, groupsOf, readFound, unreadableIn, usualTiers } from "../duplicates/groups";
import { thing } from "../duplicates/words";
import { within } from "../familiarity/scores";
import { showRows } from "../samples-strip";
import { bySeverity, fromGiven, fromGroups, fromRecording, givenIn, neverLearnt, strangers, unreadable, verdictsIn, weakSlices, type Issue, type Settled, type Severity, type Verdict } from "./gather";
import { reason } from "../../hosts/reason";
import css from "./issues.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

const TONES: Record<Severity, string> = { high: "bad", medium: "warn", low: "" };
const WORDS: Record<Severity, string> = { high: "High", medium: "Medium", low: "Low" };
/** So many columns are looked through for weak slices. */
const MOST_COLUMNS = 24;

const DUPLICATES: Asked = {
  analysis: "duplicates", params: {}, title: "Looking for duplicates",
  tables: { pairs: ["a", "b", "tier", "distance", "in_cuts"], samples: ["cluster", "readable"], coverage: ["tier", "reason", "compared", "skipped", "cut", "pairs", "grouped"] },
};
const FAMILIARITY: Asked = {
  analysis: "familiarity", params: {}, title: "Measuring familiarity",
  tables: { samples: ["familiarity", "log_density"], by_group: ["sample_index", "attribute", "value", "familiarity", "log_density"] },
};
const COURSES: Asked = { analysis: "performance", params: {}, title: "Measuring every checkpoint", tables: { samples: ["first_learnt", "correct"] } };

interface Basis {
  truth: Truth;
  said: SampleColumns | null;
}

function useBasis(ctx: Context): Basis | null {
  const { store, data } = ctx;
  const [basis, set] = useState<Basis | null>(null);
  const checkpoint = store.checkpoint.value?.name ?? null;
  const { fingerprint, nSamples } = store.recording.value;
  useEffect(() => {
    let gone = false;
    Promise.all([data.columns.truth(), data.predictions(checkpoint).catch(() => null)]).then(
      ([truth, said]) => !gone && set({ truth, said }),
      (error: unknown) => !gone && store.notice(`The issues could not be gathered. ${reason(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [checkpoint, fingerprint, nSamples]);
  return basis;
}

/** Columns whose values make slices, labels by their names first; those that are there. */
function useSliced(ctx: Context): { name: string; column: Column }[] {
  const recording = ctx.store.recording.value;
  const names = recording.columns
    .filter(({ role, type }) => (role === "label" && recording.task === "multiclass") || (role === "metadata" && (type === "category" || type === "bool")))
    .slice(0, MOST_COLUMNS)
    .map(({ name }) => name);
  return names.flatMap((name) => {
    const column = ctx.data.filter.at(name);
    return column ? [{ name, column }] : [];
  });
}

/** Where the samples stand that somebody named by their ids; the ids are fetched only if there are such. */
function usePlaces(ctx: Context, needed: boolean): (id: string) => number | undefined {
  const [places, set] = useState<ReadonlyMap<string, number>>(new Map());
  const recording = ctx.store.recording.value;
  const name = recording.columns.find(({ role }) => role === "id")?.name;
  useEffect(() => {
    let gone = false;
    if (!needed || name === undefined) return;
    ctx.data.columns.get(name).then(
      (column) => !gone && set(new Map(Array.from({ length: column.length }, (_, row) => [String(valueAt(column, row)), row]))),
      (error: unknown) => ctx.store.notice(`The samples of the issues could not be found. ${reason(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [needed, name, recording.fingerprint, recording.nSamples]);
  return (id) => places.get(id);
}

function groupIssues(recording: Recording, truth: Truth, tables: ReadonlyMap<string, Table> | null, column: { name: string; column: Column } | null): Issue[] {
  if (column) return fromGroups(groupsOf(clustersIn(column.column), truth, null), thing(recording, true), `Said by column ${column.name}.`);
  if (!tables) return [];
  const found = readFound(tables);
  if (found.own.length !== truth.length) return [];
  const what = thing(recording, false);
  const groups = groupsOf(found.own, truth, { pairs: found.pairs, tiers: usualTiers(found), upTo: 1 });
  return [...fromGroups(groups, what, "Found by duplicates."), ...unreadable(unreadableIn(tables.get("samples") ?? new Map()), what)];
}

function useIssues(ctx: Context): { issues: Issue[] | null; offers: readonly { asked: Asked; used: Used; what: string; verb: string }[] } {
  const { store } = ctx;
  const recording = store.recording.value;
  const basis = useBasis(ctx);
  const sliced = useSliced(ctx);
  const own = columnsOf(recording)[0];
  const ownColumn = own === undefined ? undefined : ctx.data.filter.at(own);
  const judged = recording.checkpoints.length > 0 && (recording.missing["performance"] ?? []).length === 0;
  const duplicates = useAnalysis(ctx, own === undefined ? DUPLICATES : null);
  const familiarity = useAnalysis(ctx, (recording.missing["familiarity"] ?? ["no such analysis"]).length === 0 ? FAMILIARITY : null);
  const courses = useAnalysis(ctx, judged ? COURSES : null);
  const log = store.log.value;
  const given = useMemo(() => givenIn(log ?? []), [log]);
  const place = usePlaces(ctx, given.length > 0);
  const checkpoint = store.checkpoint.value?.name ?? null;
  const head = headlineSplit(recording);
  const split = head === ALL ? null : head;
  const n = recording.nSamples;
  const groups = useMemo(() => (basis ? groupIssues(recording, basis.truth, duplicates.tables, own !== undefined && ownColumn ? { name: own, column: ownColumn } : null) : []), [basis, duplicates.tables, ownColumn]);
  const weak = useMemo(() => (basis ? weakSlices(sliced, basis.truth, basis.said, split) : []), [basis, split, ...sliced.map(({ column }) => column)]);
  const strange = useMemo(() => {
    const [samples, byGroup] = [familiarity.tables?.get("samples"), familiarity.tables?.get("by_group")];
    const overall = samples?.get("familiarity");
    if (!basis || !overall || !byGroup || overall.length !== n) return [];
    return strangers(recording, basis.truth, basis.said, { overall, label: within(byGroup, "label", null, n).values }, split);
  }, [basis, familiarity.tables, split]);
  const rest = useMemo(() => (basis ? [...fromRecording(recording, basis.truth, basis.said, checkpoint), ...neverLearnt(recording, basis.truth, courses.tables?.get("samples") ?? null)] : []), [basis, courses.tables, recording, checkpoint]);
  const issues = basis === null ? null : bySeverity([...groups, ...weak, ...strange, ...rest, ...fromGiven(given, place)]);
  const offers = [
    { asked: DUPLICATES, used: duplicates, what: "Which samples are there twice", verb: "Look for duplicates" },
    { asked: FAMILIARITY, used: familiarity, what: "Which samples are unlike the rest", verb: "Measure familiarity" },
  ].filter(({ used, asked }) => used.answer.state !== "done" && used.answer.state !== "lacking" && !(asked === DUPLICATES && own !== undefined) && !(asked === FAMILIARITY && (recording.missing["familiarity"] ?? ["none"]).length > 0));
  return { issues, offers };
}

function when(time: string): string {
  return time.replace("T", " ").slice(0, 16);
}

function Line({ ctx, issue, verdict }: { ctx: Context; issue: Issue; verdict: Verdict | undefined }) {
  const { data } = ctx;
  const [busy, setBusy] = useState(false);
  const why = whyNotDecide(data);
  const number = issue.number ?? issue.rows.length;
  const settle = async (state: Settled) => {
    setBusy(true);
    await enact(data, `${state === "resolved" ? "Resolve" : "Ignore"}: ${count(number)} ${issue.words}`, "issue-state", [{ issue: issue.key, state, count: issue.rows.length }]);
    setBusy(false);
  };
  const reopen = async () => {
    setBusy(true);
    await enact(data, `Reopen: ${count(number)} ${issue.words}`, "issue-state", [{ issue: issue.key, state: "open", count: issue.rows.length }]);
    setBusy(false);
  };
  const grown = verdict && verdict.count !== null && verdict.count !== issue.rows.length ? `, when it had ${plural(verdict.count, "sample")}` : "";
  return (
    <li class="issue" aria-label={`${count(number)} ${issue.words}`}>
      <span class={`badge ${TONES[issue.severity]}`} title={`Severity: ${issue.severity}`}>{WORDS[issue.severity]}</span>
      <div class="what">
        <h3><Door leads="show the samples behind it" disabled={issue.rows.length === 0} open={() => showRows(ctx, issue.rows, number === issue.rows.length ? issue.words : `in ${count(number)} ${issue.words}`)}>{count(number)}</Door> {issue.words}</h3>
        <p>{`${issue.says} ${issue.by}`.trim()}</p>
        {verdict && <p>{`${verdict.state === "resolved" ? "Resolved" : "Ignored"} by ${verdict.author}, ${when(verdict.time)}${grown}.`}</p>}
      </div>
      <span class="acts">
        {why === null && !verdict && <button type="button" class="button" disabled={busy} onClick={() => void settle("resolved")}>Resolve</button>}
        {why === null && !verdict && <button type="button" class="button quiet" disabled={busy} onClick={() => void settle("ignored")}>Ignore</button>}
        {why === null && verdict && <button type="button" class="button" disabled={busy} onClick={() => void reopen()}>Reopen</button>}
      </span>
    </li>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { issues, offers } = useIssues(ctx);
  const log = ctx.store.log.value;
  const verdicts = useMemo(() => verdictsIn(log ?? []), [log]);
  if (issues === null) return <Heading title="What should be looked at?" small="gathering…" />;
  const open = issues.filter(({ key }) => !verdicts.has(key));
  const settled = issues.filter(({ key }) => verdicts.has(key));
  const serious = open.filter(({ severity }) => severity === "high").length;
  const more = offers.length > 0 ? " so far" : "";
  const title = open.length === 0 ? `Nothing found that should be looked at${more}` : `${plural(open.length, "thing")} to look at${serious === 0 ? "" : serious === open.length ? ", all serious" : `, ${count(serious)} of them serious`}`;
  return (
    <section aria-label="What should be looked at?">
      <Heading title={title} small="all splits, whatever is filtered" />
      <ul>{open.map((issue) => <Line key={issue.key} ctx={ctx} issue={issue} verdict={undefined} />)}</ul>
      {offers.length > 0 && (
        <div class="more">
          {offers.map(({ asked, used, what, verb }) => (
            <div key={asked.analysis}>
              <h3>{`${what}?`}</h3>
              <Offer ctx={ctx} used={used} asked={asked} what={what} verb={verb} />
            </div>
          ))}
        </div>
      )}
      {settled.length > 0 && (
        <details class="settled">
          <summary>{`${count(settled.length)} resolved or ignored`}</summary>
          <ul>{settled.map((issue) => <Line key={issue.key} ctx={ctx} issue={issue} verdict={verdicts.get(issue.key)} />)}</ul>
        </details>
      )}
    </section>
  );
}
