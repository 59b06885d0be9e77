/** Working through a queue: where one stands, what is marked, and what each key does. */
import { useEffect, useRef, useState } from "preact/hooks";
import { count, plural } from "../../draw/format";
import { enact } from "../../state/deeds";
import type { Context } from "../component";
import { given, type Circumstances, type Desk, type Given } from "./desk";
import { survivorOf, type Item, type Queue } from "./queue";

/** More than so many at once are asked about first; up to here undo is enough. */
const MANY = 50;

export type Asking =
  | { kind: "class" }
  | { kind: "ambiguous" }
  | { kind: "comment" }
  | { kind: "help" }
  | { kind: "sure"; rows: readonly number[]; given: Given; extra: Circumstances; words: string };

export interface Review {
  at: number;
  item: Item | null;
  /** Places of marked items. */
  marked: ReadonlySet<number>;
  asking: Asking | null;
  ask: (asking: Asking | null) => void;
  go: (place: number, extend?: boolean) => void;
  /** So many places on, from where one stands now, drawn or not. */
  step: (by: number, extend?: boolean) => void;
  /** Mark a place, or the one at hand. */
  toggle: (place?: number) => void;
  clear: () => void;
  /** Mark exactly these places, and stand at the first of them. */
  markAll: (places: ReadonlySet<number>) => void;
  /** Decide about what is marked, else about the item at hand, and go on. */
  act: (one: Given, extra?: Circumstances) => void;
  /** Decide about these samples; asks first when they are many. */
  actOn: (rows: readonly number[], one: Given, words: string, extra?: Circumstances) => void;
  /** The answer to the question: yes. */
  sure: () => void;
  suggest: (place: number) => void;
  /** A class by its name; the one that the sample has already means that its label is kept. */
  choose: (label: string) => void;
  keep: () => void;
  copy: () => void;
  comment: (text: string) => void;
  undo: () => void;
  redo: () => void;
}

/** The next place that nobody decided about; then those that were put off. */
function openAfter(desk: Desk, items: readonly Item[], at: number, done: ReadonlySet<number>): number {
  const lead = (place: number) => items[place]?.rows[0] ?? 0;
  const isOpen = (place: number) => !done.has(place) && desk.standing(lead(place)) === null;
  let later: number | null = null;
  for (let k = 1; k <= items.length; k++) {
    const place = (at + k) % items.length;
    if (!isOpen(place)) continue;
    if (!desk.isSkipped(lead(place))) return place;
    later ??= place;
  }
  return later ?? Math.min(items.length - 1, at + 1);
}

/** Where one stands in a list and what is marked; known at once, for keys may come faster than the page is drawn. */
function usePlace(desk: { readonly current: Desk }, items: readonly Item[]) {
  const [at, setAt] = useState(0);
  const [drawn, drawMarked] = useState<ReadonlySet<number>>(new Set());
  const here = useRef(0);
  const marks = useRef<ReadonlySet<number>>(drawn);
  const anchor = useRef(0);
  const since = useRef(performance.now());
  const acted = useRef<number[]>([]);
  const mark = (next: ReadonlySet<number>) => {
    marks.current = next;
    drawMarked(next);
  };
  const stand = (place: number) => {
    here.current = place;
    since.current = performance.now();
    setAt(place);
  };
  useEffect(() => {
    const first = items.findIndex(({ rows: [row = 0] }) => desk.current.standing(row) === null && !desk.current.isSkipped(row));
    anchor.current = Math.max(0, first);
    stand(anchor.current);
    mark(new Set());
    acted.current = [];
  }, [items]);
  const go = (place: number, extend = false) => {
    const to = Math.max(0, Math.min(items.length - 1, place));
    if (extend) {
      const [low, high] = [Math.min(anchor.current, to), Math.max(anchor.current, to)];
      mark(new Set(Array.from({ length: high - low + 1 }, (_, k) => low + k)));
    } else anchor.current = to;
    stand(to);
  };
  const toggle = (place = here.current) => {
    const next = new Set(marks.current);
    if (!next.delete(place)) next.add(place);
    anchor.current = place;
    mark(next);
  };
  return { at: Math.min(at, Math.max(0, items.length - 1)), drawn, here, marks, since, acted, mark, go, toggle };
}

export function useReview(ctx: Context, desk: Desk, queue: Queue): Review {
  const { items } = queue;
  const [asking, ask] = useState<Asking | null>(null);
  const latest = useRef(desk);
  latest.current = desk;
  const { at, drawn, here, marks, since, acted, mark, go, toggle } = usePlace(latest, items);
  const circumstances = (place: number): Circumstances => {
    const row = items[place]?.rows[0] ?? 0;
    const score = desk.found.score(row, "suspicion");
    const suggestions = desk.suggestions(row).map(({ index, probability }) => [desk.classes[index] ?? "", probability === null ? null : Number(probability.toFixed(4))] as const);
    return { reason: queue.reason, rank: place + 1, ...(score === null ? {} : { score: Number(score.toFixed(4)) }), suggestions, blind: queue.blind, duration_ms: Math.round(performance.now() - since.current), view: queue.key };
  };
  const save = (rows: readonly number[], one: Given, extra: Circumstances) => void latest.current.decide(rows, one, extra);
  const actOn: Review["actOn"] = (rows, one, words, extra = {}) => {
    if (rows.length > MANY) return ask({ kind: "sure", rows, given: one, extra: { reason: queue.reason, view: queue.key, blind: queue.blind, ...extra }, words });
    save(rows, one, { reason: queue.reason, view: queue.key, blind: queue.blind, ...extra });
  };
  const act: Review["act"] = (one, extra = {}) => {
    if (desk.barred !== null) return ctx.store.notice(desk.barred);
    const place = here.current;
    const item = items[place];
    if (!item) return;
    const marked = marks.current;
    if (marked.size > 0) {
      const places = [...marked].sort((a, b) => a - b);
      const rows = places.flatMap((one) => items[one]?.rows ?? []);
      actOn(rows, one, plural(rows.length, "marked sample"), { marked: true, ...extra });
      acted.current.push(place);
      if (rows.length > MANY) return;
      mark(new Set());
      return go(after(Math.max(...places), marked));
    }
    save(item.rows, one, { ...circumstances(place), ...extra });
    acted.current.push(place);
    go(after(place, new Set([place])));
  };
  // What is gone through again is decided already: on to the next one, whatever stands about it.
  const after = (place: number, done: ReadonlySet<number>) => (queue.again ? Math.min(items.length - 1, place + 1) : openAfter(latest.current, items, place, done));
  const suggestionOf = (place: number): string | null => {
    const row = items[here.current]?.rows[0] ?? 0;
    const index = desk.suggestions(row)[place]?.index;
    return index === undefined ? null : (desk.classes[index] ?? null);
  };
  return {
    at, item: items[at] ?? null, marked: drawn, asking, ask, go, act, actOn, toggle,
    step: (by, extend) => go(here.current + by, extend),
    clear: () => mark(new Set()),
    markAll: (places) => {
      mark(places);
      if (places.size > 0 && !places.has(here.current)) go(Math.min(...places));
    },
    sure: () => {
      if (asking?.kind !== "sure") return;
      save(asking.rows, asking.given, asking.extra);
      ask(null);
      const done = new Set([...marks.current, here.current]);
      mark(new Set());
      go(after(here.current, done));
    },
    suggest: (place) => {
      const label = suggestionOf(place);
      if (label !== null) act(given("set", { label }));
      else ctx.store.say("There is no such suggestion.");
    },
    choose: (label) => {
      const rows = marks.current.size > 0 ? [] : (items[here.current]?.rows ?? []);
      const same = rows.length > 0 && rows.every((row) => desk.nameOf(row) === label);
      act(same ? given("keep") : desk.classes.includes(label) ? given("set", { label }) : given("split", { label }));
    },
    keep: () => {
      if (queue.blind) return ctx.store.say("Blind: choose the class that you see.");
      const { rows = [] } = items[here.current] ?? {};
      const names = new Set(rows.map(desk.nameOf));
      const label = desk.nameOf(rows[0] ?? 0);
      if (label === null) return ctx.store.say("It has no label to keep.");
      // Copies with different labels: what holds for one holds for all.
      act(names.size > 1 && marks.current.size === 0 ? given("set", { label }) : given("keep"));
    },
    copy: () => {
      const item = items[here.current];
      if (!item || item.rows.length < 2) return ctx.store.say("This sample is in no group of duplicates.");
      const stays = survivorOf(desk, item.rows);
      const copies = item.rows.filter((row) => row !== stays);
      // The one that stays is kept as it is, unless somebody decided about it before; both are one step.
      const also = desk.standing(stays) === null ? { rows: [stays], given: given("keep") } : undefined;
      void latest.current.decide(copies, given("duplicate_of", { of: desk.idOf(stays) }), circumstances(here.current), also);
      acted.current.push(here.current);
      go(after(here.current, new Set([here.current])));
    },
    comment: (text) => {
      const row = items[here.current]?.rows[0];
      if (row !== undefined && text.trim() !== "") void enact(ctx.data, `Comment on ${desk.idOf(row)}`, "note", [{ sample: desk.idOf(row), text: text.trim() }]);
    },
    undo: () => {
      const last = acted.current.pop();
      if (ctx.data.history.undoable.peek() === null) latest.current.back();
      else ctx.data.history.undo();
      if (last !== undefined) go(last);
    },
    redo: () => ctx.data.history.redo(),
  };
}

/** What is said before many samples are decided about at once. */
export function sureWords(rows: readonly number[], { action, label }: Given): string {
  const what = action === "keep" ? "keep their labels" : label === null ? `be marked “${action.replace("_", " ")}”` : `be labelled ${label}`;
  return `${count(rows.length)} samples will ${what}. One undo takes all of it back.`;
}
