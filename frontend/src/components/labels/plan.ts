/** So many samples and no more: which ones, so that most wrong labels are found, and how many that should be. */
import type { Group } from "../duplicates/groups";
import { labelAfter, wasWrong } from "./decided";
import type { Desk } from "./desk";
import { bySuspicion } from "./found";
import type { Item } from "./queue";

/** Fewer of a pair than this are not worth a part of their own. */
const LEAST = 3;
/** From so many decisions on, what was found corrects what is expected. */
const TELLING = 10;

/** What a sample is in the plan for. */
export interface Planned {
  /** "conflict", "single", or the pair as "label suggestion". */
  part: string;
  /** Wrong labels that one decision about it should find. */
  expected: number;
}

export const CONFLICT = "conflict";
export const SINGLE = "single";

type Chosen = Item & { plan: Planned };

/** Copies with different labels hold at least one wrong one. */
function conflicts(desk: Desk, groups: readonly Group[], isOpen: (row: number) => boolean, since: number): Chosen[] {
  // Where a decision before the plan has made them equal, nothing is left to find.
  const label = (row: number) => {
    const said = desk.decided.standing.get(desk.idOf(row));
    return said && said.sequence <= since ? labelAfter(said, desk.nameOf(row)) : desk.nameOf(row);
  };
  const differ = (members: readonly number[]) => members.some(isOpen) && new Set(members.map(label)).size > 1;
  return groups.filter(({ conflict, members }) => conflict && differ([...members])).map((group): Chosen => {
    const rows = Array.from(group.members);
    const doubts = rows.reduce((sum, row) => sum + desk.found.expected(row), 0);
    return { rows, group, plan: { part: CONFLICT, expected: Math.min(rows.length - 1, Math.max(1, doubts)) } };
  });
}

/** Pair by pair, the one with most to find first, so that one comparison serves many; what is left comes last. */
function inParts(chosen: readonly Chosen[]): Chosen[] {
  const parts = new Map<string, Chosen[]>();
  for (const one of chosen) parts.set(one.plan.part, [...(parts.get(one.plan.part) ?? []), one]);
  const gain = (items: readonly Chosen[]) => items.reduce((sum, { plan }) => sum + plan.expected, 0);
  const pairs = [...parts.values()].filter(({ length }) => length >= LEAST).sort((a, b) => gain(b) - gain(a));
  const rest = chosen.filter(({ plan }) => (parts.get(plan.part)?.length ?? 0) < LEAST);
  return [...pairs.flat(), ...rest.map((one): Chosen => ({ ...one, plan: { ...one.plan, part: SINGLE } }))];
}

/**
 * The plan: conflicting copies first, then the most doubtful labels, one of each group of copies.
 *
 * `since` is the last decision before the plan was made: what was decided until then is left out, and what was decided
 * after it stays in its place.
 */
export function planned(desk: Desk, rows: readonly number[], groups: readonly Group[], how: { budget: number; since: number }): Item[] {
  const wanted = new Set(rows);
  const isOpen = (row: number) => wanted.has(row) && (desk.decided.standing.get(desk.idOf(row))?.sequence ?? Infinity) > how.since;
  const first = conflicts(desk, groups, isOpen, how.since).slice(0, how.budget);
  const groupOf = new Map(groups.flatMap((group) => [...group.members].map((row) => [row, group] as const)));
  const taken = new Set<Group>(groups.filter(({ conflict }) => conflict));
  const singles: Chosen[] = [];
  for (const row of bySuspicion(rows.filter(isOpen), (row) => desk.found.score(row, "suspicion"))) {
    if (first.length + singles.length >= how.budget) break;
    const group = groupOf.get(row);
    if (group && taken.has(group)) continue;
    if (group) taken.add(group);
    const suggestion = desk.suggestions(row)[0]?.index;
    const plan = { part: suggestion === undefined ? SINGLE : `${desk.labelOf(row)} ${suggestion}`, expected: desk.found.expected(row) };
    // What holds for one copy is offered for all of them.
    singles.push(group ? { rows: [row, ...Array.from(group.members).filter((other) => other !== row)], group, plan } : { rows: [row], plan });
  }
  return [...first, ...inParts(singles)];
}

export interface PartStanding {
  part: string;
  /** Place of its first sample in the queue. */
  at: number;
  samples: number;
  expected: number;
  decided: number;
  found: number;
  /** What those that are decided should have found. */
  due: number;
}

/** Part by part: how many are decided, and what they found against what they should have. */
export function standingsIn(desk: Desk, items: readonly Item[]): PartStanding[] {
  const parts = new Map<string, PartStanding>();
  items.forEach(({ rows, plan }, at) => {
    if (!plan) return;
    const one = parts.get(plan.part) ?? { part: plan.part, at, samples: 0, expected: 0, decided: 0, found: 0, due: 0 };
    parts.set(plan.part, one);
    one.samples++;
    one.expected += plan.expected;
    const said = desk.standing(rows[0] ?? 0);
    if (!said?.saved) return;
    one.decided++;
    one.due += plan.expected;
    if (rows.some((row) => {
      const own = desk.standing(row);
      return own !== null && own.saved && wasWrong(own, desk.nameOf(row));
    })) one.found++;
  });
  return [...parts.values()];
}

export interface Outlook {
  samples: number;
  decided: number;
  found: number;
  /** Wrong labels that all of the plan should find, as it stood at the start. */
  expected: number;
  /** The same for what is still open. */
  left: number;
  /** Whether what was found so far has corrected that; before, it says little. */
  corrected: boolean;
}

const NOTHING = { samples: 0, decided: 0, found: 0, expected: 0, due: 0 };

/** Doubt is a good order and a poor count: what is found tells how far it is off. Of copies that differ no model is asked. */
export function outlookOf(parts: readonly PartStanding[]): Outlook {
  const sum = (all: readonly PartStanding[]) => all.reduce((to, part) => ({ samples: to.samples + part.samples, decided: to.decided + part.decided, found: to.found + part.found, expected: to.expected + part.expected, due: to.due + part.due }), NOTHING);
  const [all, copies, doubted] = [sum(parts), sum(parts.filter(({ part }) => part === CONFLICT)), sum(parts.filter(({ part }) => part !== CONFLICT))];
  const corrected = doubted.decided >= TELLING && doubted.due > 0;
  const open = (doubted.expected - doubted.due) * (corrected ? doubted.found / doubted.due : 1);
  const { samples, decided, found, expected } = all;
  return { samples, decided, found, expected, left: copies.expected - copies.due + Math.min(doubted.samples - doubted.decided, open), corrected };
}

/** Samples a minute while one is at it: gaps longer than a minute are pauses. Null until a few decisions tell. */
export function paceOf(times: readonly number[]): number | null {
  const gaps = times.slice(-200).flatMap((time, k, all) => (k === 0 ? [] : [time - (all[k - 1] ?? time)])).filter((gap) => gap > 0 && gap <= 60_000).sort((a, b) => a - b);
  if (gaps.length < TELLING) return null;
  return 60_000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length);
}
