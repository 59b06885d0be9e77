import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { count, percent, plural } from "../../draw/format";
import { Door, Failure, Heading, Waiting } from "../../draw/parts";
import type { Recording } from "../../hosts/recording";
import { clauseWords } from "../../state/clauses";
import { UNJUDGED, WRONG, countGroups, rowsWhere, type Judged } from "../../state/counting";
import type { Grouping } from "../../state/groups";
import type { Mask } from "../../state/masks";
import type { Rule } from "../../state/selection";
import type { Context } from "../component";
import { groupable, useGrouping } from "../use-grouping";
import { pickRows, useCounted, useJudged, whereOf } from "../use-judged";
import { FIGURE_NAMES, clear, figuresOf, together, type GroupFigures } from "./figures";
import { DotForm, StripForm, TableForm, type FormProps } from "./forms";
import { AVERAGES, FIGURES, FORMS, LEAST, type Average, type Figure } from "./options";
import { RankingList, title as rankingTitle } from "./ranking-list";
import { AT_ONCE, candidates, useRanking } from "./use-ranking";
import { figureText, figureTitle } from "./words";
import css from "./metrics.css?inline";

export const styles = css;

const MOST_COLUMNS = 3;
const MOST_GROUPS = 200;
const FORM_NAMES = { table: "Table", dots: "Dots", strips: "Strips" } as const;

/** The class of a group where the groups are exactly the labels. */
function classOf(recording: Recording, grouping: Grouping): ((group: number) => number | null) | null {
  const [only] = grouping.divisions;
  const label = recording.columns.find(({ role }) => role === "label")?.name;
  if (!only || grouping.divisions.length > 1 || only.column !== label || recording.task !== "multiclass") return null;
  return (group) => {
    const at = recording.classes.indexOf(only.value(grouping.parts(group)[0] ?? 0));
    return at < 0 ? null : at;
  };
}

/** The short rule that picks exactly a group, where there is one; it stays readable in the address. */
function ruleOf(grouping: Grouping, group: number, wrong: boolean, label: number | null): Rule | null {
  if (label !== null) return wrong ? { kind: "wrong", label } : { kind: "label", label };
  const [only] = grouping.divisions;
  const value = grouping.divisions.length === 1 ? only?.exact(grouping.parts(group)[0] ?? 0) : undefined;
  return only && value !== undefined ? { kind: "slice", column: only.column, value, ...(wrong ? { wrong } : {}) } : null;
}

function Columns({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const fields = groupable(store.recording.value);
  const chosen = store.groupBy.value;
  const put = (place: number, name: string) => {
    const next = name === "" ? chosen.filter((_, at) => at !== place) : [...chosen.slice(0, place), name, ...chosen.slice(place + 1)];
    store.groupBy.value = next.filter((one, at) => next.indexOf(one) === at).slice(0, MOST_COLUMNS);
  };
  return (
    <>
      {[...chosen, ...(chosen.length < MOST_COLUMNS ? [""] : [])].map((name, place) => (
        <select key={place} aria-label={place === 0 ? "Break down by" : `And by, column ${place + 1}`} value={name} onChange={(event) => put(place, event.currentTarget.value)}>
          <option value="">{place === 0 ? "Break down by…" : place === chosen.length ? "and by…" : "no more"}</option>
          {fields.filter((field) => field.name === name || !chosen.includes(field.name)).map((field) => <option key={field.name} value={field.name}>{field.name}</option>)}
        </select>
      ))}
    </>
  );
}

function Overall({ ctx, of }: { ctx: Context; of: GroupFigures }) {
  return (
    <dl class="overall" aria-label="All together">
      <div><dt>Samples</dt><dd><Door leads="show all of them" open={() => void ctx.data.pick({ kind: "all" }, ctx.id)}>{count(of.support)}</Door></dd></div>
      <div><dt>Wrong</dt><dd><Door leads="show every mistake" open={() => void ctx.data.pick({ kind: "wrong" }, ctx.id)}>{count(of.wrong)}</Door></dd></div>
      {FIGURES.map((figure) => (
        <div key={figure}><dt>{FIGURE_NAMES[figure]}</dt><dd class="num" title={figureTitle(figure, of.of[figure])}>{figureText(figure, of.of[figure])}</dd></div>
      ))}
    </dl>
  );
}

function Controls({ ctx, grouped, form, figure, average, least }: { ctx: Context; grouped: boolean; form: (typeof FORMS)[number]; figure: Figure; average: Average; least: number }) {
  return (
    <div class="controls" role="group" aria-label="How it is shown">
      {grouped && (
        <div class="segments" role="group" aria-label="Drawn as">
          {FORMS.map((one) => <button key={one} type="button" aria-pressed={one === form} onClick={() => ctx.set({ form: one === "table" ? null : one })}>{FORM_NAMES[one]}</button>)}
        </div>
      )}
      {grouped && form === "dots" && (
        <select aria-label="Figure" value={figure} onChange={(event) => ctx.set({ figure: event.currentTarget.value === "accuracy" ? null : event.currentTarget.value })}>
          {FIGURES.map((one) => <option key={one} value={one}>{FIGURE_NAMES[one]}</option>)}
        </select>
      )}
      <select aria-label="Mean over classes" title="How precision, recall and F1 are taken over the classes" value={average} onChange={(event) => ctx.set({ average: event.currentTarget.value === "macro" ? null : event.currentTarget.value })}>
        <option value="macro">each class the same (macro)</option>
        <option value="weighted">by samples (weighted)</option>
        <option value="micro">all samples alike (micro)</option>
      </select>
      <label class="least">at least <input type="number" min={1} max={100000} aria-label="Fewest samples a group needs" value={least} onChange={(event) => {
        const next = Math.round(Number(event.currentTarget.value));
        if (next >= 1) ctx.set({ least: next === LEAST ? null : next });
      }} /> samples</label>
    </div>
  );
}

function useFigures(ctx: Context, judged: Judged | null, mask: Mask | null, grouping: Grouping | null, average: Average): { rows: readonly GroupFigures[]; overall: GroupFigures | null } {
  const recording = ctx.store.recording.value;
  const counts = useMemo(() => judged && countGroups(judged, grouping?.codes ?? new Int32Array(judged.length), grouping?.size ?? 1, mask), [judged, mask, grouping]);
  return useMemo(() => {
    if (!counts) return { rows: [], overall: null };
    const rows = grouping ? figuresOf(counts, average, classOf(recording, grouping)) : [];
    return { rows, overall: figuresOf(together(counts), average)[0] ?? null };
  }, [counts, average, grouping, recording]);
}

/** What the groups show, as a title: the weakest that clearly is. */
export function groupTitle(rows: readonly GroupFigures[], by: string, where: (group: number) => string, least: number): string {
  const enough = rows.filter(({ support }) => support >= least);
  const weak = enough.filter((row) => row.difference !== null && row.difference < 0 && clear(row.chance, enough.length)).toSorted((a, b) => (a.of.accuracy.value ?? 0) - (b.of.accuracy.value ?? 0));
  const [worst] = weak;
  if (worst) return `Weakest where ${where(worst.group)}: ${percent(worst.of.accuracy.value)} right`;
  return enough.length < 2 ? `Too few samples to compare values of ${by}` : `No value of ${by} is clearly weaker than the rest`;
}

function optionsOf(ctx: Context): { form: (typeof FORMS)[number]; figure: Figure; average: Average; least: number } {
  const options = ctx.options.value;
  return {
    form: FORMS.find((one) => one === options["form"]) ?? "table",
    figure: FIGURES.find((one) => one === options["figure"]) ?? "accuracy",
    average: AVERAGES.find((one) => one === options["average"]) ?? "macro",
    least: Math.max(1, Math.round(Number(options["least"] ?? LEAST))),
  };
}

/** A group as a condition: "device is a and flash is yes". */
function whereWords(grouping: Grouping, group: number): string {
  return grouping.values(group).map((value, d) => `${grouping.divisions[d]?.column ?? ""} is ${value}`).join(" and ");
}

/** Picks the samples of a group, or filters by it. */
function pickerOf(ctx: Context, judged: Judged | null, mask: Mask | null, grouping: Grouping | null): FormProps["pick"] {
  const { data, store } = ctx;
  return (group, wrong, filter) => {
    if (!grouping || !judged) return;
    if (filter) return data.filter.set(ctx.id, grouping.expr(group));
    const label = classOf(store.recording.value, grouping)?.(group) ?? null;
    // The short rules are about labels alone; where some samples have no prediction they would pick more than is counted.
    const rule = judged.complete ? ruleOf(grouping, group, wrong, label) : null;
    if (rule) return void data.pick(rule, ctx.id);
    const rows = rowsWhere(mask, judged.length, (row) => grouping.codes[row] === group && (wrong ? judged.state[row] === WRONG : judged.state[row] !== UNJUDGED));
    pickRows(ctx, rows, `${wrong ? "wrong where" : "where"} ${whereWords(grouping, group)}`);
  };
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const { form, figure, average, least } = optionsOf(ctx);
  const { judged, of, failed, again } = useJudged(ctx, checkpoint);
  const { mask, filtered } = useCounted(ctx);
  const { grouping, why } = useGrouping(ctx, store.groupBy.value);
  const { rows, overall } = useFigures(ctx, judged, mask, grouping, average);
  const columns = useSignal(AT_ONCE);
  const groups = useSignal(MOST_GROUPS);
  const { ranking, busy } = useRanking(ctx, judged, mask, least, columns.value);
  const by = grouping ? grouping.divisions.map(({ column }) => column).join(" and ") : "";
  const name = (group: number) => grouping?.values(group).join(" · ") ?? "";
  const where = (group: number) => (grouping ? whereWords(grouping, group) : "");
  const pick = pickerOf(ctx, judged, mask, grouping);
  const shown = rows.length > groups.value ? rows.toSorted((a, b) => b.support - a.support).slice(0, groups.value) : rows;
  const props: FormProps = { rows: shown, overall, name, where, by, least, figure, pick, unfilter: () => data.filter.set(ctx.id, null) };
  const own = data.filter.clause(ctx.id);
  const question = "Does it depend on anything you know?";
  const Form = { table: TableForm, dots: DotForm, strips: StripForm }[form];
  return (
    <section aria-label={question}>
      <Heading title={grouping && rows.length > 0 ? groupTitle(rows, by, where, least) : (rankingTitle(ranking, recording.classes) ?? question)}
        small={judged ? `${whereOf(recording, store.split.value, of)}${filtered ? " · filtered" : ""}` : null}>
        {own && <button type="button" class="button own" aria-label={`Take away the filter ${clauseWords(own)}`} onClick={props.unfilter}><span class="text">{clauseWords(own)}</span> ×</button>}
        <Columns ctx={ctx} />
      </Heading>
      {failed !== null && <Failure what="The figures could not be made." why={failed} retry={again} />}
      {!judged && failed === null && <Waiting what="Reading predictions" height={160} />}
      {judged && !overall && <p class="none muted">{filtered ? "No labelled sample with a prediction passes the filter." : "No labelled sample in this split has a prediction."}</p>}
      {overall && <Controls ctx={ctx} grouped={grouping !== null} form={form} figure={figure} average={average} least={least} />}
      {overall && <Overall ctx={ctx} of={overall} />}
      {grouping && overall && <Form {...props} />}
      {why !== null && <Failure what="These groups cannot be made." why={why} />}
      {store.groupBy.value.length > 0 && !grouping && why === null && <Waiting what={`Fetching ${store.groupBy.value.join(", ")}`} height={80} />}
      {rows.length > shown.length && <p class="foot"><button type="button" class="button" onClick={() => (groups.value += MOST_GROUPS)}>Show {plural(Math.min(MOST_GROUPS, rows.length - shown.length), "smaller group")} more of {count(rows.length - shown.length)}</button></p>}
      {overall && candidates(ctx).length > 0 && (
        <RankingList ctx={ctx} ranking={ranking} busy={busy} source={of} least={least} total={Math.max(0, candidates(ctx).length - columns.value)} more={() => (columns.value += AT_ONCE)} />
      )}
      {overall && candidates(ctx).length === 0 && <p class="none muted">There is no other column to compare by. Record some with metadata={"{…}"}: a source, a device, a date.</p>}
    </section>
  );
}
