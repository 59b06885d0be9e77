/** What is looked at, one after the other: an order that stands still while it is worked through. */
import { useMemo, useRef } from "preact/hooks";
import { numbersOf } from "../../hosts/arrow";
import { useAnalysis, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { groupsOf, readFound as readDuplicates, usualTiers, type Group } from "../duplicates/groups";
import { has, type Mask } from "../../state/masks";
import type { Logged } from "../../hosts/host";
import { bandOf, EVERYTHING, inBand, type Between } from "./band";
import { disagreements } from "./decided";
import type { Desk } from "./desk";
import { bySuspicion, drawn, rowsOf, rowsOfPair, secondOf } from "./found";
import { planned, type Planned } from "./plan";
import { secondLook } from "./second-look";
import { BASES, SORTS, TAB_WORDS, type Sort, type Tab } from "./words";

export interface Item {
  /** The samples that a decision holds for; the first is looked at. */
  rows: readonly number[];
  group?: Group;
  /** What it is in the plan for, where there is one. */
  plan?: Planned;
  /** Why it is looked at again, in a sentence. */
  why?: string;
}

export interface Queue {
  /** What is listed, whatever band of it. */
  list: string;
  key: string;
  title: string;
  how: string;
  items: readonly Item[];
  /** What is kept with each decision. */
  reason: string;
  /** The class that is suspected, where all items have the same. */
  target: number | null;
  blind: boolean;
  /** Whether the list can be narrowed to a band of suspicion. */
  banded: boolean;
  /** What is decided already is gone through once more, in its order. */
  again: boolean;
}

export const DUPLICATES: Asked = { analysis: "duplicates", params: {}, tables: { pairs: ["a", "b", "tier", "distance", "in_cuts"], samples: ["cluster"], coverage: [] }, title: "Looking for duplicates" };
export const FAMILIARITY: Asked = { analysis: "familiarity", params: {}, tables: { samples: ["familiarity"] }, title: "Measuring familiarity" };

const REASONS: Record<Tab, string> = { pairs: "class_interpretation", items: "instance", duplicates: "similarity", ambiguous: "ambiguous", strange: "out_of_scope", unlabelled: "unlabelled", budget: "instance", control: "control", disagreed: "adjudication", suspects: "instance", again: "second_look" };
/** Lists in which each sample stands for itself and has a suspicion. */
const BANDED: ReadonlySet<Tab> = new Set(["pairs", "items", "ambiguous", "strange"]);

function single(rows: readonly number[]): Item[] {
  return rows.map((row) => ({ rows: [row] }));
}

/** What a model may have learnt from comes before what was held out: those labels do the harm. */
export function basesOf(desk: Desk): string[] {
  const known = Object.keys(BASES);
  return desk.found.about.map(({ basis }) => basis).sort((a, b) => known.indexOf(a) - known.indexOf(b));
}

export function pairOf(ctx: Context): { label: number; prediction: number } | null {
  const named = ctx.options.value["pair"];
  if (!Array.isArray(named) || named.length !== 2) return null;
  const [label, prediction] = named.map((name) => ctx.store.recording.value.classes.indexOf(String(name)));
  return label === undefined || prediction === undefined || label < 0 || prediction < 0 ? null : { label, prediction };
}

/** Which samples to keep of a group: decided ones first, then what nobody trains on, then the lower id. */
export function survivorOf(desk: Desk, rows: readonly number[]): number {
  const rank = (row: number) => [/^(keep|set)$/.test(desk.standing(row)?.action ?? "") ? 0 : 1, desk.splitOf(row) === "train" ? 1 : 0] as const;
  return [...rows].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || (desk.idOf(a) < desk.idOf(b) ? -1 : 1);
  })[0] ?? rows[0] ?? 0;
}

function conflictFirst(a: Group, b: Group): number {
  return Number(b.conflict) - Number(a.conflict) || Number(b.splits.length > 1) - Number(a.splits.length > 1) || a.nearest - b.nearest || a.number - b.number;
}

/** Suspect since the last round, and not decided about before it: what it contradicts there is a second look. */
export function newSuspects({ found: { round }, decided, idOf }: Desk): number[] {
  return (round?.suspects ?? []).filter((row) => (decided.standing.get(idOf(row))?.sequence ?? Infinity) > (round?.lastDecision ?? 0));
}

/** The first of a random order that nobody has seen yet, and those of it that were judged before. */
export function controlRows(desk: Desk, rows: readonly number[], most: number): number[] {
  const { standing, skipped, control } = desk.decided;
  const unseen = rows.filter((row) => {
    const id = desk.idOf(row);
    return control.has(id) || (!standing.has(id) && !skipped.has(id));
  });
  const lots = new Map(unseen.map((row) => [row, drawn(desk.idOf(row))]));
  return unseen.sort((a, b) => (lots.get(a) ?? 0) - (lots.get(b) ?? 0)).slice(0, Math.max(1, most));
}

export interface Sources {
  duplicates: Used;
  familiarity: Used;
}

/** Results of other analyses that two of the tabs stand on; asked for when the tab is open. */
export function useSources(ctx: Context, tab: Tab): Sources {
  const has = (name: string) => ctx.store.recording.value.missing[name]?.length === 0;
  return {
    duplicates: useAnalysis(ctx, (tab === "duplicates" || tab === "budget") && has("duplicates") ? DUPLICATES : null, tab === "duplicates" || tab === "budget"),
    familiarity: useAnalysis(ctx, tab === "strange" && has("familiarity") ? FAMILIARITY : null, tab === "strange"),
  };
}

function copiesIn(desk: Desk, tables: NonNullable<Used["tables"]>): Group[] {
  const all = readDuplicates(tables);
  return groupsOf(all.own, desk.truth, { pairs: all.pairs, tiers: usualTiers(all), upTo: 1 });
}

/** Whether an answer is on its way, without anybody having to ask for it. */
export function waitsFor({ answer, tables }: Used): boolean {
  return tables === null && (answer.state === "asking" || answer.state === "running" || answer.state === "done");
}

function itemsOf(desk: Desk, tab: Tab, basis: string | null, how: { pair: { label: number; prediction: number } | null; order: Sort; control: number; budget: number; since: number; mask: Mask | null; band: Between; log: readonly Logged[] }, { duplicates, familiarity }: Sources): Item[] | null {
  const { found } = desk;
  const within = (row: number) => inBand(how.band, found.score(row, "suspicion"));
  const rows = rowsOf(found, basis).filter((row) => (how.mask === null || has(how.mask, row)) && within(row));
  switch (tab) {
    case "pairs":
      return how.pair ? single(rowsOfPair(found, rows, how.pair)) : [];
    case "items":
      return single(bySuspicion(rows, (row) => found.score(row, how.order)));
    case "ambiguous":
      return single(bySuspicion(rows, (row) => secondOf(found, row)).slice(0, Math.max(100, Math.ceil(rows.length / 20))));
    case "unlabelled": {
      const bare = Array.from({ length: found.n }, (_, row) => row).filter((row) => desk.labelOf(row) === null && (how.mask === null || has(how.mask, row)));
      return single(bySuspicion(bare, (row) => found.suggestions(row)[0]?.probability ?? null));
    }
    case "control":
      return single(controlRows(desk, rows, how.control));
    case "disagreed": {
      const place = new Map(Array.from({ length: found.n }, (_, row) => [desk.idOf(row), row]));
      return single(disagreements(desk.decided, desk.givenOf).flatMap((id) => place.get(id) ?? []));
    }
    case "suspects":
      return single(newSuspects(desk).filter((row) => how.mask === null || has(how.mask, row)));
    case "again":
      return secondLook(desk, how.log).filter(({ rows: [row = 0] }) => how.mask === null || has(how.mask, row));
    case "strange": {
      const table = familiarity.tables?.get("samples");
      if (!table) return null;
      const { values, valid } = numbersOf(table, "familiarity");
      return single(bySuspicion(rows, (row) => (valid && !valid[row] ? null : 1 - Number(values[row]))).slice(0, Math.max(100, Math.ceil(rows.length / 20))));
    }
    case "budget": {
      // A plan that turned into another one when the duplicates came would be no plan.
      if (waitsFor(duplicates)) return null;
      return planned(desk, rows, duplicates.tables ? copiesIn(desk, duplicates.tables).sort(conflictFirst) : [], how);
    }
    case "duplicates": {
      if (!duplicates.tables) return null;
      const groups = copiesIn(desk, duplicates.tables);
      return groups.filter(({ members }) => how.mask === null || members.some((row) => how.mask !== null && has(how.mask, row))).sort(conflictFirst).map((group): Item => ({ rows: Array.from(group.members), group }));
    }
  }
}

export function useQueue(ctx: Context, desk: Desk, sources: Sources, basis: string | null): Queue | null {
  const options = ctx.options.value;
  const tab = options["tab"] as Tab;
  const pair = pairOf(ctx);
  const order = (SORTS.find(({ id }) => id === options["order"])?.id ?? "suspicion") as Sort;
  const whole = (name: string, otherwise: number) => (typeof options[name] === "number" ? Math.round(options[name]) : otherwise);
  const [control, budget, since] = [whole("control", 100), Math.max(1, whole("budget", 200)), Math.max(whole("since", 0), desk.found.round?.lastDecision ?? 0)];
  // What the page filters, this list filters; the split it shows is another question.
  const mask = ctx.data.filter.mask(ctx.id);
  const band = BANDED.has(tab) && options["blind"] !== true ? bandOf(options) : EVERYTHING;
  const narrowed = band.low > 0 || band.high < 1;
  const list = JSON.stringify([tab, tab === "pairs" ? pair : null, tab === "items" ? order : null, basis, control, ...(tab === "budget" ? [budget, since] : [])]);
  const key = narrowed ? `${list} ${band.low}–${band.high}` : list;
  const latest = useRef(desk);
  latest.current = desk;
  // Decisions change what stands about an item, and never the order of the items.
  const items = useMemo(() => (desk.ready ? itemsOf(latest.current, tab, basis, { pair, order, control, budget, since, mask, band, log: ctx.store.log.peek() ?? [] }, sources) : null), [desk.found, desk.truth, desk.ready, key, mask, sources.duplicates.tables, tab === "budget" && waitsFor(sources.duplicates), sources.familiarity.tables]);
  if (!items) return null;
  const { classes } = desk;
  const words = TAB_WORDS[tab];
  const blind = tab === "control" || options["blind"] === true;
  const named = tab === "pairs" && pair && !blind ? `Which ${classes[pair.label] ?? ""} labels should be ${classes[pair.prediction] ?? ""}?` : words.question;
  return { list, key, title: named, how: words.how, items, reason: REASONS[tab], target: tab === "pairs" && pair ? pair.prediction : null, blind, banded: BANDED.has(tab), again: tab === "again" };
}
