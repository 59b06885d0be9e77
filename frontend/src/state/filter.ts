/** The filter of the page: keeps the clauses, fetches the columns they read, and tells every view what passes. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Column } from "../hosts/arrow";
import { BAR, columnsOf, freshId, isInline, type Clause, type Expr } from "./clauses";
import { Engine } from "./engine";
import { fieldsOf } from "./fields";
import { and, popcount, type Mask } from "./masks";
import { ALL } from "./selection";
import type { Store } from "./store";
import { reason } from "../hosts/reason";

/** A slider that is dragged passes many checkpoints; only where it rests are predictions fetched. */
const REST_MS = 220;

export class Filter {
  private engine: Engine;
  private readonly asked = new Map<string, Promise<Column>>();
  /** Counts up whenever a column arrives: whatever read a mask reads it again. */
  private readonly arrivals = signal(0);
  private readonly refused = new Map<string, string>();
  private readonly stops: (() => void)[] = [];
  private readonly masks = new Map<string, ReadonlySignal<Mask | null>>();
  private readonly usable: ReadonlySignal<{ clauses: readonly Clause[]; failed: ReadonlyMap<string, string>; pending: number }>;
  /** The samples of the chosen split; null is all. */
  readonly within: ReadonlySignal<Mask | null>;
  /** How many samples pass, and of how many in the chosen split. */
  readonly counts: ReadonlySignal<{ passing: number; total: number }>;

  constructor(
    private readonly store: Store,
    private readonly fetch: (name: string) => Promise<Column>,
  ) {
    this.engine = new Engine(store.recording.peek().nSamples);
    this.usable = computed(() => this.sort(store.clauses.value));
    const splitExpr = computed((): Expr | null => {
      const column = store.recording.value.columns.find(({ role }) => role === "split")?.name;
      return column === undefined || store.split.value === ALL ? null : { op: "eq", column, value: store.split.value };
    });
    this.within = computed(() => (splitExpr.value && this.ready(splitExpr.value) ? this.engine.mask(splitExpr.value) : null));
    this.counts = computed(() => {
      const mask = this.mask();
      const within = this.within.value;
      const total = within ? popcount(within) : this.engine.length;
      return { passing: !mask ? total : popcount(within ? and(mask.slice(), within) : mask), total };
    });
    this.stops.push(effect(() => {
      const wanted = store.clauses.value.flatMap(({ expr }) => columnsOf(expr));
      if (splitExpr.value) wanted.push(...columnsOf(splitExpr.value));
      for (const name of wanted) this.want(name);
    }), this.followCheckpoint());
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  /** Another recording, or one with other samples: forget every column. */
  reset(): void {
    this.engine = new Engine(this.store.recording.peek().nSamples);
    this.asked.clear();
    this.refused.clear();
    this.arrivals.value++;
    for (const { expr } of this.store.clauses.peek()) columnsOf(expr).forEach((name) => this.want(name));
  }

  private followCheckpoint(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let before = this.store.checkpoint.peek()?.name;
    const stop = effect(() => {
      const now = this.store.checkpoint.value?.name;
      if (now === before) return;
      before = now;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const model = fieldsOf(this.store.recording.peek()).filter(({ role }) => role === "model");
        // What is shown stays until the new column is there.
        for (const { name } of model) this.renew(name);
      }, REST_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }

  /** A column says something else now; the old one stays until the new one is there. */
  renew(name: string): void {
    if (this.asked.delete(name) || this.refused.delete(name)) this.want(name);
  }

  private want(name: string): void {
    if (!this.refused.has(name)) this.column(name).catch(() => undefined);
  }

  /** A column by name, kept by the engine. */
  column(name: string): Promise<Column> {
    const known = this.asked.get(name);
    if (known) return known;
    const { engine } = this;
    const asked = this.fetch(name).then((column) => {
      if (this.asked.get(name) === asked && this.engine === engine) {
        engine.set(name, column);
        this.refused.delete(name);
        this.arrivals.value++;
      }
      return column;
    });
    this.asked.set(name, asked);
    asked.catch((error: unknown) => {
      if (this.asked.get(name) !== asked) return;
      this.asked.delete(name);
      this.refused.set(name, reason(error));
      this.arrivals.value++;
    });
    return asked;
  }

  /** A column that is there already; reading it hears when it arrives. */
  at(name: string): Column | undefined {
    void this.arrivals.value;
    const column = this.engine.get(name);
    if (!column) this.want(name);
    return column;
  }

  private ready(expr: Expr): boolean {
    void this.arrivals.value;
    return columnsOf(expr).every((name) => this.engine.get(name) !== undefined);
  }

  private sort(all: readonly Clause[]): { clauses: readonly Clause[]; failed: ReadonlyMap<string, string>; pending: number } {
    const clauses: Clause[] = [];
    const failed = new Map<string, string>();
    let pending = 0;
    for (const clause of all) {
      const found = this.count(clause.expr);
      if ("failed" in found) failed.set(clause.id, found.failed);
      else if ("pending" in found) pending++;
      else clauses.push(clause);
    }
    return { clauses, failed, pending };
  }

  /** How many samples an expression is true for, or why that cannot be told (yet). */
  count(expr: Expr): { count: number } | { failed: string } | { pending: true } {
    void this.arrivals.value;
    const names = columnsOf(expr);
    const refused = names.find((name) => this.refused.has(name) && !this.engine.get(name));
    if (refused !== undefined) return { failed: this.refused.get(refused) ?? "" };
    if (!this.ready(expr)) {
      names.forEach((name) => this.want(name));
      return { pending: true };
    }
    try {
      const mask = this.engine.mask(expr);
      const within = this.within.value;
      return { count: popcount(within ? and(mask.slice(), within) : mask) };
    } catch (error) {
      return { failed: reason(error) };
    }
  }

  /** Clauses that cannot be applied, by id, each with the reason. They are kept, and filter nothing. */
  get failed(): ReadonlyMap<string, string> {
    return this.usable.value.failed;
  }

  get pending(): boolean {
    return this.usable.value.pending > 0;
  }

  /** What passes every clause but those made by `except`; null when nothing is filtered. Do not change the mask. */
  mask(except = ""): Mask | null {
    let found = this.masks.get(except);
    if (!found) this.masks.set(except, (found = computed(() => this.engine.effective(this.usable.value.clauses, except))));
    return found.value;
  }

  /** The mask of one expression over columns that are there; null otherwise. */
  of(expr: Expr): Mask | null {
    return "count" in this.count(expr) ? this.engine.mask(expr) : null;
  }

  clause(source: string): Clause | undefined {
    return this.store.clauses.value.find((clause) => clause.source === source);
  }

  add(expr: Expr, source = BAR, label: string | null = null): void {
    if (!isInline(expr)) this.store.notice("A filter of more than 100 chosen samples is not kept in the address.");
    const { clauses } = this.store;
    clauses.value = [...clauses.peek(), { id: freshId(clauses.peek()), source, label, expr, enabled: true }];
  }

  /** The one clause of a view: replaced, or taken away with null. */
  set(source: string, expr: Expr | null, label: string | null = null): void {
    const own = this.store.clauses.peek().find((clause) => clause.source === source);
    if (!expr) this.store.clauses.value = this.store.clauses.peek().filter((clause) => clause.source !== source);
    else if (own) this.change(own.id, { expr, label, enabled: true });
    else this.add(expr, source, label);
  }

  change(id: string, to: Partial<Omit<Clause, "id">>): void {
    const { clauses } = this.store;
    clauses.value = clauses.peek().map((clause) => (clause.id === id ? { ...clause, ...to } : clause));
  }

  remove(id: string): void {
    this.store.clauses.value = this.store.clauses.peek().filter((clause) => clause.id !== id);
  }

  clear(): void {
    if (this.store.clauses.peek().length > 0) this.store.clauses.value = [];
  }
}
