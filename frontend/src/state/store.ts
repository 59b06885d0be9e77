/** What the page knows and what the person did, as signals. Nothing here talks to a host. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { shorten } from "../draw/format";
import type { Connection, Logged, Progress, Table } from "../hosts/host";
import { saysPredictions, type Checkpoint, type Recording } from "../hosts/recording";
import type { Confusion, Metrics } from "./performance";
import { ALL, type Question, type Rule, type Selection } from "./selection";
import { isInline, type Clause } from "./clauses";
import { fieldsOf } from "./fields";
import { Arrangement, changedOptions, withOptions, type Layout, type Options } from "./layout";
import { shareable } from "./shareable";
import type { View } from "./url";

export interface Job {
  id: number;
  title: string;
  progress: Progress | null;
  /** What there is so far of the tables of its result. */
  partial: ReadonlyMap<string, Table> | null;
  cancel: () => void;
}

export type SortBy = "loss" | "confidence" | "order";

/** A question and who asks it. */
export interface Asked extends Question {
  source: string;
}

export interface Sort {
  by: SortBy;
  descending: boolean;
}

/** Where a figure on the page stands: not asked yet, being made, there, or failed with a reason. */
export interface Measured {
  metrics: Metrics | null;
  confusion: Confusion | null;
  failed: string | null;
}

export const START = "start";

/** What to look at first: mistakes where there are labels and predictions, everything otherwise. */
export function firstRule(recording: Recording): Rule {
  return saysPredictions(recording) && recording.nMissingLabels < recording.nSamples ? { kind: "wrong" } : { kind: "all" };
}

export function firstWords(recording: Recording): string {
  return firstRule(recording).kind === "wrong" ? "all mistakes" : "all samples";
}

/** The split a person reads first: what the network did not train on. */
export function headlineSplit(recording: Recording): string {
  const names = recording.splits.filter((split) => split.count > 0).map((split) => split.name);
  if (names.length <= 1) return ALL;
  const held = ["test", "validation", "valid", "val", "dev", "eval"].find((name) => names.includes(name));
  return held ?? names.at(-1) ?? ALL;
}

export class Store {
  readonly recording: Signal<Recording>;
  /** The checkpoint a person chose; null follows the last one. */
  readonly chosen = signal<string | null>(null);
  readonly checkpoint: ReadonlySignal<Checkpoint | null>;
  /** Time is being played: the checkpoints on its way are one step of the history. */
  readonly travelling = signal(false);
  readonly split: Signal<string>;
  readonly selection = signal<Selection | null>(null);
  /** A selection that is being worked out. */
  readonly picking = signal<Asked | null>(null);
  /** The filter, clause by clause; `Session.filter` says what passes. */
  readonly clauses = signal<readonly Clause[]>([]);
  readonly pickFailed = signal<{ question: Question; source: string; why: string } | null>(null);
  readonly sort = signal<Sort>({ by: "loss", descending: true });
  /** The selection in the order it is shown; previous and next walk along it. */
  readonly shown = signal<Uint32Array>(new Uint32Array(0));
  readonly focus = signal<number | null>(null);
  /** A second sample beside the one in focus, to compare with. */
  readonly pinned = signal<number | null>(null);
  /** Columns whose values divide the samples into groups; at most three. */
  readonly groupBy = signal<readonly string[]>([]);
  /** A column that colours samples in every view; null lets each view choose. */
  readonly colorBy = signal<string | null>(null);
  /** Whether all samples stand grey behind those that pass the filter. */
  readonly showUnfiltered = signal(true);
  readonly arrangement: Arrangement;
  /** What was decided about this recording, oldest first; null until it is read. */
  readonly log = signal<readonly Logged[] | null>(null);
  readonly measured = signal<Measured>({ metrics: null, confusion: null, failed: null });
  readonly jobs = signal<readonly Job[]>([]);
  /** The theme on the page; what is drawn on a canvas is drawn again when it changes. */
  readonly theme = signal<"light" | "dark">("light");
  readonly connection = signal<Connection>({ state: "connecting" });
  /** Said by screen readers. */
  readonly announcement = signal("");
  readonly notices = signal<readonly string[]>([]);

  constructor(recording: Recording, layout: Layout = { version: 1, pages: [] }) {
    this.recording = signal(recording);
    this.arrangement = new Arrangement(layout);
    this.split = signal(headlineSplit(recording));
    this.checkpoint = computed(() => {
      const { checkpoints } = this.recording.value;
      return checkpoints.find(({ name }) => name === this.chosen.value) ?? checkpoints.at(-1) ?? null;
    });
  }

  /** Where the chosen checkpoint stands among all, from 0. */
  place(): number {
    const { checkpoints } = this.recording.value;
    return checkpoints.findIndex(({ name }) => name === this.checkpoint.value?.name);
  }

  following(): boolean {
    return this.chosen.value === null;
  }

  /** Choose by position; the last position follows what is recorded next. */
  choose(place: number): void {
    const { checkpoints } = this.recording.value;
    const within = Math.max(0, Math.min(checkpoints.length - 1, place));
    this.chosen.value = within === checkpoints.length - 1 ? null : (checkpoints[within]?.name ?? null);
  }

  /** Move the focus along the shown selection. */
  step(by: number): void {
    const { focus, shown } = this;
    if (focus.value === null || shown.value.length === 0) return;
    const at = shown.value.indexOf(focus.value);
    const next = shown.value[Math.max(0, Math.min(shown.value.length - 1, at + by))];
    if (next !== undefined) focus.value = next;
  }

  say(text: string): void {
    this.announcement.value = text;
  }

  notice(text: string): void {
    if (!this.notices.value.includes(text)) this.notices.value = [...this.notices.value, text];
  }

  view(): View {
    const recording = this.recording.value;
    const selection = this.selection.value;
    return {
      fingerprint: recording.fingerprint,
      checkpoint: this.chosen.value,
      split: this.split.value === headlineSplit(recording) ? null : this.split.value,
      pick: selection && selection.source !== START ? { rule: selection.rule, split: selection.split, checkpoint: selection.checkpoint } : null,
      focus: this.focus.value,
      pinned: this.pinned.value,
      groupBy: this.groupBy.value,
      colorBy: this.colorBy.value,
      showUnfiltered: this.showUnfiltered.value,
      page: this.arrangement.page.value === (this.arrangement.base.pages[0]?.id ?? "") ? null : this.arrangement.page.value,
      options: this.shareable(changedOptions(this.arrangement.layout.value, this.arrangement.base)),
      clauses: this.clauses.value.filter(({ expr }) => isInline(expr)),
    };
  }

  private shareable(options: View["options"]): { readonly [id: string]: Options } {
    const kept = Object.entries(options).map(([id, own]) => [id, shareable(this.arrangement.tile(id)?.component ?? "", own)] as const);
    return Object.fromEntries(kept.filter(([, own]) => Object.keys(own).length > 0));
  }

  /** Take over what of a view fits this recording; says what did not, after what could not even be read. Returns the question to ask, if there is one. */
  restore(view: View, unread: readonly string[] = []): Question | null {
    const recording = this.recording.value;
    const splits = [ALL, ...recording.splits.map((split) => split.name)];
    const known = (name: string | null) => name === null || recording.checkpoints.some((checkpoint) => checkpoint.name === name);
    const dropped = [...unread];
    if (view.fingerprint && !recording.fingerprint.startsWith(view.fingerprint)) {
      dropped.push("the address was made for another recording");
    }
    if (known(view.checkpoint)) this.chosen.value = view.checkpoint;
    else dropped.push(`checkpoint ${view.checkpoint} is not recorded`);
    if (view.split !== null && splits.includes(view.split)) this.split.value = view.split;
    else if (view.split !== null) dropped.push(`there is no split “${shorten(view.split, 40)}”`);
    if (view.focus !== null && view.focus < recording.nSamples) this.focus.value = view.focus;
    if (view.pinned !== null && view.pinned < recording.nSamples) this.pinned.value = view.pinned;
    const beyond = [view.focus, view.pinned].find((place) => place !== null && place >= recording.nSamples);
    if (typeof beyond === "number") dropped.push(`there is no sample ${beyond}`);
    const fields = new Set(fieldsOf(recording).map(({ name }) => name));
    this.groupBy.value = [...new Set(view.groupBy)].filter((name) => fields.has(name));
    this.colorBy.value = view.colorBy !== null && fields.has(view.colorBy) ? view.colorBy : null;
    const gone = [...view.groupBy, ...(view.colorBy === null ? [] : [view.colorBy])].filter((name) => !fields.has(name));
    if (gone.length > 0) dropped.push(`there is no column ${gone.map((name) => `“${shorten(name, 40)}”`).join(", ")}`);
    this.showUnfiltered.value = view.showUnfiltered;
    const { arrangement } = this;
    if (view.page !== null && arrangement.layout.peek().pages.some(({ id }) => id === view.page)) arrangement.page.value = view.page;
    else if (view.page !== null) dropped.push(`there is no page “${shorten(view.page, 40)}”`);
    const allowed = this.shareable(view.options);
    const refused = Object.entries(view.options).some(([id, own]) => this.arrangement.tile(id) && Object.keys(own).some((name) => !Object.hasOwn(allowed[id] ?? {}, name)));
    if (refused) dropped.push("texts, charts and code are never taken from an address");
    for (const [id, options] of Object.entries(allowed)) arrangement.layout.value = withOptions(arrangement.layout.peek(), id, options);
    this.clauses.value = view.clauses;
    const { pick } = view;
    const fits = pick === null || (splits.includes(pick.split) && known(pick.checkpoint));
    if (pick && !fits) dropped.push(`what was selected is of a ${splits.includes(pick.split) ? "checkpoint" : "split"} that is not here`);
    if (dropped.length > 0) this.notice(`Not everything in the address fits: ${dropped.join("; ")}.`);
    return fits ? pick : null;
  }
}
