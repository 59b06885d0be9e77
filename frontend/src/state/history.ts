/** Undo and redo of everything that lasts: filters, what is picked, split, checkpoint, grouping, colour, layout. */
import { batch, computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Layout } from "./layout";
import { layoutChange } from "./layout-change";
import { clauseWords, isInline, type Clause } from "./clauses";
import { textOf } from "./clause-text";
import { sentenceOf, type Rule } from "./selection";
import { START, firstWords, type Asked, type Store } from "./store";
import { splitText } from "../draw/where";
import { reason } from "../hosts/reason";

const MOST_STEPS = 200;
const COALESCE_MS = 400;

export interface Durable {
  checkpoint: string | null;
  split: string;
  groupBy: readonly string[];
  colorBy: string | null;
  showUnfiltered: boolean;
  pinned: number | null;
  layout: Layout;
  clauses: readonly Clause[];
  /** null is what the page opens on. */
  pick: Asked | null;
}

/** Something done outside this state, which is taken back and done again by its own means; that takes time and may fail. */
export interface Deed {
  label: string;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
}

interface Step {
  before: Durable;
  after: Durable;
  label: string;
  field: string;
  at: number;
  deed?: Deed;
}

/** The durable state now. What is being picked counts as picked, so that a step is one step although the answer takes time. */
export function durable(store: Store): Durable {
  const failed = store.pickFailed.value;
  const selection = store.selection.value;
  const asked = store.picking.value ?? (failed ? { ...failed.question, source: failed.source } : selection);
  const pick = asked && asked.source !== START ? { rule: asked.rule, split: asked.split, checkpoint: asked.checkpoint, source: asked.source } : null;
  return { checkpoint: store.chosen.value, split: store.split.value, groupBy: store.groupBy.value, colorBy: store.colorBy.value,
    showUnfiltered: store.showUnfiltered.value, pinned: store.pinned.value, layout: store.arrangement.layout.value, clauses: store.clauses.value, pick };
}

/** The state as text: equal texts, equal states. */
export function serialised(state: Durable): string {
  return JSON.stringify({ ...state, clauses: state.clauses.map(({ expr, ...rest }) => ({ ...rest, text: textOf(expr) })) });
}

function sameClause(a: Clause, b: Clause | undefined): boolean {
  if (a === b || !b) return a === b;
  const sameExpr = a.expr === b.expr || (isInline(a.expr) && isInline(b.expr) && textOf(a.expr) === textOf(b.expr));
  return sameExpr && a.id === b.id && a.source === b.source && a.label === b.label && a.enabled === b.enabled;
}

/** Rows are compared one by one: there may be a million of them. */
function sameRule(a: Rule, b: Rule): boolean {
  if (a === b || a.kind !== "rows" || b.kind !== "rows") return a === b || JSON.stringify(a) === JSON.stringify(b);
  return a.words === b.words && a.rows.length === b.rows.length && a.rows.every((row, i) => row === b.rows[i]);
}

function samePick(a: Asked | null, b: Asked | null): boolean {
  if (a === b || !a || !b) return a === b;
  return sameRule(a.rule, b.rule) && a.split === b.split && a.checkpoint === b.checkpoint && a.source === b.source;
}

/** What a rule picks, without how many. */
function ruleWords(rule: Rule, classes: readonly string[]): string {
  return rule.kind === "all" ? "all samples" : sentenceOf(rule, 2, classes).replace(/^\S+ /, "");
}

function clauseChange(before: readonly Clause[], after: readonly Clause[]): { field: string; label: string } {
  const changed = after.filter((clause) => !before.includes(clause));
  const gone = before.filter((clause) => !after.some(({ id }) => id === clause.id));
  const [one] = changed;
  if (one && changed.length === 1) {
    const old = before.find(({ id }) => id === one.id);
    if (old && old.enabled !== one.enabled) return { field: `enabled ${one.id}`, label: `Switch ${one.enabled ? "on" : "off"} filter ${clauseWords(one)}` };
    return { field: `clause ${one.id}`, label: `Filter ${clauseWords(one)}` };
  }
  if (changed.length === 0 && gone.length === 1 && gone[0]) return { field: `remove ${gone[0].id}`, label: `Remove filter ${clauseWords(gone[0])}` };
  return { field: "clauses", label: after.length === 0 ? "Clear filters" : "Change filters" };
}

/** What differs between two states, named after what a person did; null when nothing does. */
function change(before: Durable, after: Durable, store: Store): { field: string; label: string } | null {
  if (before.clauses.length !== after.clauses.length || !before.clauses.every((clause, i) => sameClause(clause, after.clauses[i]))) return clauseChange(before.clauses, after.clauses);
  if (!samePick(before.pick, after.pick)) {
    const recording = store.recording.peek();
    return { field: "pick", label: `Show ${after.pick ? ruleWords(after.pick.rule, recording.classes) : firstWords(recording)}` };
  }
  if (before.split !== after.split) return { field: "split", label: `Show ${splitText(after.split)}` };
  if (before.checkpoint !== after.checkpoint) return { field: "checkpoint", label: after.checkpoint === null ? "Last checkpoint" : `Checkpoint ${store.place() + 1}` };
  if (before.groupBy.join("\n") !== after.groupBy.join("\n")) return { field: "groupBy", label: after.groupBy.length === 0 ? "No groups" : `Group by ${after.groupBy.join(", ")}` };
  if (before.colorBy !== after.colorBy) return { field: "colorBy", label: after.colorBy === null ? "Colours as each view chooses" : `Colour by ${after.colorBy}` };
  if (before.showUnfiltered !== after.showUnfiltered) return { field: "showUnfiltered", label: after.showUnfiltered ? "Show all samples behind the filtered" : "Show the filtered samples only" };
  if (before.pinned !== after.pinned) return { field: "pinned", label: after.pinned === null ? "Unpin" : "Pin a sample" };
  return before.layout === after.layout ? null : layoutChange(before.layout, after.layout, store.arrangement.inHand);
}

export class History {
  private readonly done = signal<readonly Step[]>([]);
  private readonly undone = signal<readonly Step[]>([]);
  private now: Durable;
  /** The last of the deeds that are being done, undone or redone; they go one by one, and undo and redo wait for them. */
  private busy: Promise<void> | null = null;
  private readonly end: () => void;
  /** What the next undo and redo would do, in words; null when there is nothing. */
  readonly undoable: ReadonlySignal<string | null> = computed(() => this.done.value.at(-1)?.label ?? null);
  readonly redoable: ReadonlySignal<string | null> = computed(() => this.undone.value.at(-1)?.label ?? null);

  constructor(
    private readonly store: Store,
    private readonly pick: (asked: Asked | null) => void,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.now = durable(store);
    this.end = effect(() => this.record(durable(store)));
  }

  stop(): void {
    this.end();
  }

  /** Begin here: what was restored from the address is not a step. */
  begin(): void {
    this.now = durable(this.store);
    this.done.value = [];
    this.undone.value = [];
  }

  /** A change that is no step, and that no undo takes back: it holds in everything that was done before. */
  amend(change: (layout: Layout) => Layout): void {
    const changed = (state: Durable): Durable => ({ ...state, layout: change(state.layout) });
    const steps = (all: readonly Step[]) => all.map((step) => ({ ...step, before: changed(step.before), after: changed(step.after) }));
    this.done.value = steps(this.done.peek());
    this.undone.value = steps(this.undone.peek());
    this.now = changed(this.now);
    this.store.arrangement.layout.value = this.now.layout;
  }

  private record(after: Durable): void {
    const before = this.now;
    const found = change(before, after, this.store);
    if (!found) return;
    this.now = after;
    const at = this.clock();
    const steps = this.done.peek();
    const last = steps.at(-1);
    const travels = found.field === "checkpoint" && this.store.travelling.peek();
    const joins = last?.field === found.field && (travels || at - last.at <= COALESCE_MS) && this.undone.peek().length === 0;
    const step: Step = { before: joins ? last.before : before, after, ...found, at };
    const kept = joins ? steps.slice(0, -1) : steps;
    // Dragged there and back again: nothing was done.
    const nothing = joins && change(step.before, after, this.store) === null;
    this.done.value = nothing ? kept : [...kept, step].slice(-MOST_STEPS);
    this.undone.value = [];
  }

  private go(to: Durable): void {
    const { store } = this;
    const repick = !samePick(this.now.pick, to.pick);
    this.now = to;
    batch(() => {
      store.chosen.value = to.checkpoint;
      store.split.value = to.split;
      store.groupBy.value = to.groupBy;
      store.colorBy.value = to.colorBy;
      store.showUnfiltered.value = to.showUnfiltered;
      store.pinned.value = to.pinned;
      store.arrangement.layout.value = to.layout;
      store.clauses.value = to.clauses;
      if (repick) this.pick(to.pick);
    });
  }

  /** Do something outside this state, after all that was begun before it; what it answers is what the next undo takes back. */
  async doing(work: () => Promise<Deed | null>): Promise<void> {
    await this.inTurn(async () => {
      const deed = await work();
      if (deed) this.did(deed);
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.busy ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work).finally(() => {
      if (this.busy === turn) this.busy = null;
    });
    this.busy = turn;
    return turn;
  }

  private did(deed: Deed): void {
    const step: Step = { before: this.now, after: this.now, label: deed.label, field: "deed", at: this.clock(), deed };
    this.done.value = [...this.done.peek(), step].slice(-MOST_STEPS);
    this.undone.value = [];
  }

  undo(): void {
    this.turn("undo");
  }

  redo(): void {
    this.turn("redo");
  }

  private turn(way: "undo" | "redo"): void {
    if (this.busy) {
      const again = () => this.turn(way);
      void this.busy.then(again, again);
      return;
    }
    const [from, to] = way === "undo" ? [this.done, this.undone] : [this.undone, this.done];
    const step = from.peek().at(-1);
    if (!step) return;
    from.value = from.peek().slice(0, -1);
    to.value = [...to.peek(), step];
    const words = `${way === "undo" ? "Undone" : "Done again"}: ${step.label}`;
    if (!step.deed) {
      this.go(way === "undo" ? step.before : step.after);
      this.store.say(words);
      return;
    }
    const { deed } = step;
    void this.inTurn(() => deed[way]().then(
      () => this.store.say(words),
      (error: unknown) => {
        // It still stands as it was, so it is still the next to be taken back.
        to.value = to.peek().filter((one) => one !== step);
        from.value = [...from.peek(), step];
        this.store.notice(`${step.label} could not be ${way === "undo" ? "undone" : "done again"}. ${reason(error)}`);
      },
    ));
  }
}
