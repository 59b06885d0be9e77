/** Binds a host to the store: fetches what the views need, follows a live run, works out selections. */
import { effect } from "@preact/signals";
import type { Column } from "../hosts/arrow";
import { ArrivalError } from "../hosts/errors";
import type { Host, HostEvent, Json, RunOptions, RunResult, Saved, Table } from "../hosts/host";
import { inForce, isMeasurable, saysPredictions, type Recording } from "../hosts/recording";
import { Columns } from "./columns";
import { fieldColumn, fieldsOf } from "./fields";
import { Filter } from "./filter";
import { History } from "./history";
import type { Layout } from "./layout";
import { keep as kept } from "./masks";
import { ordered } from "./sorting";
import { Performance, type SampleColumns } from "./performance";
import { predictionsOf } from "./predicted";
import { indicesOf, needsPrediction, sentenceOf, type Question, type Rule, type Selection } from "./selection";
import { share } from "./share";
import { START, Store, firstRule, type Job, type Sort } from "./store";
import { Tags, tagsField } from "./tags";
import { fromFragment, toFragment, unreadIn } from "./url";
import { reason } from "../hosts/reason";

/** A slider that is dragged asks for every checkpoint on its way; only where it rests is worth fetching. */
const REST_MS = 220;

/** A UUID of version 4; pages over plain http have random bytes and no `randomUUID`. */
function freshUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export class Session {
  readonly store: Store;
  columns: Columns;
  readonly performance: Performance;
  readonly filter: Filter;
  readonly history: History;
  readonly tags: Tags;
  private readonly stops: (() => void)[] = [];
  private readonly tables = new Map<string, Promise<Table>>();
  private said: Promise<SampleColumns> | null = null;
  /** While the recording is taken over anew: what is heard of samples meanwhile is about that one. */
  following: Promise<unknown> | null = null;
  /** The selection in its order, kept while only the filter changes: to sort a million samples costs more than to filter them. */
  private sorted: { selection: Selection; sort: Sort; rows: Uint32Array } | null = null;
  private asked = 0;
  private jobs = 0;
  /** The look at the log that is under way, and the next one, where somebody waits for it. */
  private looking = Promise.resolve();
  private look: Promise<void> | null = null;
  /** Decisions of this page that are not answered yet, those that were and are still to be heard of, and what was heard meanwhile. */
  private deciding = 0;
  private readonly own = new Set<number>();
  private readonly heard = new Set<number>();

  constructor(
    private readonly host: Host,
    recording: Recording,
    layout?: Layout,
  ) {
    this.store = new Store(recording, layout);
    this.columns = new Columns(host, recording);
    this.performance = new Performance(host, (title, work) => this.watch(title, work));
    this.tags = new Tags(this.store, () => this.columns, (field) => this.filter.renew(field));
    const tagged = (name: string) => name === tagsField(this.store.recording.peek());
    this.filter = new Filter(this.store, async (name) => tagged(name) ? this.tags.column() : fieldColumn(name, this.store.recording.peek(), this.columns, () => this.predictions(this.store.checkpoint.peek()?.name ?? null), (one) => this.overTraining(one)));
    this.history = new History(this.store, (asked) => void (asked ? this.pick(asked.rule, asked.source, asked) : this.pick(firstRule(this.store.recording.peek()), START)));
    this.stops.push(() => this.tags.stop(), () => this.filter.stop(), () => this.history.stop());
    this.stops.push(host.subscribe((event) => this.receive(event)));
  }

  get capabilities(): Host["capabilities"] {
    return this.host.capabilities;
  }

  get hostName(): string {
    return this.host.name;
  }

  /** Begin: restore the view in the address, measure, and show what is wrong first. */
  start(fragment: string, keep: (fragment: string) => void): void {
    const { store } = this;
    const view = fromFragment(fragment);
    const question = store.restore(view, unreadIn(fragment, view));
    void this.measure();
    void this.readLog();
    if (question) void this.pick(question.rule, "address", question);
    this.history.begin();
    if (this.capabilities.share) this.stops.push(share(this, this.host, view));
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.stops.push(
      effect(() => {
        const fresh = { split: store.split.value, checkpoint: store.checkpoint.value?.name ?? null };
        const { selection } = store;
        clearTimeout(timer);
        const started = selection.peek() !== null || question !== null;
        // What is on its way counts: of two undos in a row, the first may have asked for what the second makes stale.
        const asked = store.picking.peek() ?? selection.peek();
        if (asked && asked.source !== START) return;
        if (question && !selection.peek()) return;
        const turn = this.asked;
        // Whoever asked something else meanwhile wants to see that.
        timer = setTimeout(() => turn === this.asked && void this.pick(firstRule(this.store.recording.peek()), START, fresh), started ? REST_MS : 0);
      }),
      effect(() => void this.arrange()),
      effect(() => keep(toFragment(store.view()))),
      () => clearTimeout(timer),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.host.close();
  }

  /** Work out a selection and show it; a newer question replaces an older one that is still being answered. */
  async pick(rule: Rule, source: string, where: Partial<Omit<Question, "rule">> = {}): Promise<void> {
    const { store } = this;
    const turn = ++this.asked;
    const question: Question = {
      rule,
      split: where.split ?? store.split.peek(),
      checkpoint: where.checkpoint ?? store.checkpoint.peek()?.name ?? null,
    };
    store.picking.value = { ...question, source };
    store.pickFailed.value = null;
    try {
      const [truth, predicted, column] = await Promise.all([
        this.columns.truth(),
        needsPrediction(rule) ? this.predictions(question.checkpoint) : null,
        rule.kind === "slice" ? this.columns.get(rule.column) : null,
      ]);
      if (turn !== this.asked) return;
      const indices = indicesOf(question, truth, predicted, column);
      const sentence = sentenceOf(rule, indices.length, store.recording.peek().classes);
      store.selection.value = { ...question, source, sentence, indices };
      if (source !== START) store.say(sentence);
    } catch (error) {
      if (turn !== this.asked || aborted(error)) return;
      store.pickFailed.value = { question, source, why: reason(error) };
    } finally {
      if (turn === this.asked) store.picking.value = null;
    }
  }

  /** Back to what the page opens on. */
  unpick(): void {
    void this.pick(firstRule(this.store.recording.peek()), START);
  }

  /** Ask the same rule again of the split and checkpoint that are chosen now. */
  repick(): void {
    const selection = this.store.selection.peek();
    if (selection) void this.pick(selection.rule, selection.source);
  }

  /** Ask the question that failed once more. */
  retryPick(): void {
    const failed = this.store.pickFailed.peek();
    if (failed) void this.pick(failed.question.rule, failed.source, failed.question);
  }

  /** What a checkpoint, or a column of a plain table, says of every sample; null where nothing does. */
  async predictions(checkpoint: string | null): Promise<SampleColumns | null> {
    const recording = this.store.recording.peek();
    if (isMeasurable(recording)) return checkpoint === null ? null : this.performance.samples(checkpoint);
    if (!saysPredictions(recording)) return null;
    this.said ??= predictionsOf(recording, this.columns);
    this.said.catch(() => (this.said = null));
    return this.said;
  }

  /** A table of an analysis' result, run if need be; asked for once per parameters. */
  result(analysis: string, params: { readonly [key: string]: Json }, table: string, columns: readonly string[] = [], title = `Running ${analysis}`): Promise<Table> {
    const key = JSON.stringify([analysis, params, table, columns]);
    const known = this.tables.get(key);
    if (known) return known;
    const asked = this.watch(title, (options) => this.host.run(analysis, params, options)).then(
      (result) => this.host.table(`results/${analysis}/${result.key}/${table}`, columns),
    );
    this.tables.set(key, asked);
    asked.catch(() => this.tables.delete(key));
    return asked;
  }

  /** A column that tells of every sample over the whole training. */
  private async overTraining(name: string): Promise<Column> {
    const table = await this.result("trajectories", {}, "samples", [name], "Following every sample through the training");
    const column = table.get(name);
    if (column?.length !== this.store.recording.peek().nSamples) throw new ArrivalError(`Column “${name}” did not arrive whole. Run the analysis trajectories again.`);
    return column;
  }

  /** Whether an analysis was run before with these parameters, so that its result costs nothing. */
  async stored(analysis: string, params: { readonly [key: string]: Json }): Promise<boolean> {
    return (await this.host.stored(analysis, params)) !== null;
  }

  /** Where the result of an analysis lies, if it was run before; for views that fetch parts of it themselves. */
  located(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult | null> {
    return this.host.stored(analysis, params);
  }

  /** Some columns or rows of a result, not kept: whoever shows a few of many at a time keeps those. */
  part(result: RunResult, table: string, columns: readonly string[], options: { rows?: readonly number[]; signal?: AbortSignal } = {}): Promise<Table> {
    return this.host.table(`results/${result.analysis}/${result.key}/${table}`, columns, options);
  }

  /** Some rows of a table of an analysis' result, not kept; null where it was not run before. */
  async storedRows(analysis: string, params: { readonly [key: string]: Json }, table: string, rows: readonly number[]): Promise<Table | null> {
    const result = await this.host.stored(analysis, params);
    return result && this.host.table(`results/${analysis}/${result.key}/${table}`, [], { rows });
  }

  /** Log a decision; when this resolves it is on disk and in `store.log`. Returns its sequence. */
  async decide(kind: string, payload: Json, options: { undoes?: number } = {}): Promise<number> {
    const id = freshUuid();
    this.deciding++;
    try {
      const saved = await this.host.decide({ id, kind, payload, ...options });
      this.own.add(saved.sequence);
      if (!this.joined(saved, kind, payload, options.undoes ?? null)) await this.readLog();
      return saved.sequence;
    } finally {
      if (--this.deciding === 0) this.hearOthers();
    }
  }

  /** What was just saved, as the next line of the log, where it is that: nothing need be asked for then. */
  private joined({ sequence, time, author }: Saved, kind: string, payload: Json, undoes: number | null): boolean {
    const { log } = this.store;
    const known = log.peek();
    if (known === null || time === undefined || author === undefined || sequence !== (known.at(-1)?.sequence ?? 0) + 1) return false;
    const all = [...known, { sequence, time, author, kind, payload, undoes, inForce: true }];
    log.value = undoes === null ? all : inForce(all);
    return true;
  }

  /** A decision was heard of; whether it is one of this page is known only after those under way were answered. */
  private hear(sequence: number): void {
    this.heard.add(sequence);
    if (this.deciding === 0) this.hearOthers();
  }

  private hearOthers(): void {
    const known = this.store.log.peek()?.at(-1)?.sequence ?? 0;
    const others = [...this.heard].filter((sequence) => !this.own.delete(sequence) && sequence > known);
    this.heard.clear();
    if (others.length > 0) void this.readLog();
  }

  /** One look at a time; whoever asks while one waits gets what that one finds. */
  private readLog(): Promise<void> {
    this.look ??= this.looking.then(() => {
      this.look = null;
      return (this.looking = this.readMore());
    });
    return this.look;
  }

  /** Only what is not here yet is asked for; it may change what is in force of the rest. */
  private async readMore(): Promise<void> {
    const { log } = this.store;
    const known = log.peek();
    try {
      const more = await this.host.decisions(known?.at(-1)?.sequence ?? 0);
      const now = log.peek();
      // What this page saved meanwhile may stand there already.
      const fresh = more.filter(({ sequence }) => sequence > (now?.at(-1)?.sequence ?? 0));
      if (now === null || fresh.length > 0) log.value = now === null ? more : inForce([...now, ...fresh]);
    } catch (error) {
      if (!aborted(error)) this.store.notice(`What was decided about this recording could not be read. ${reason(error)}`);
    }
  }

  private async arrange(): Promise<void> {
    const { store } = this;
    const selection = store.selection.value;
    const sort = store.sort.value;
    const mask = this.filter.mask();
    if (!selection) return;
    if (this.sorted?.selection !== selection || this.sorted.sort !== sort) {
      const rows = sort.by === "order" ? (sort.descending ? selection.indices.slice().reverse() : selection.indices) : await this.inOrder(selection, sort);
      if (store.selection.peek() !== selection || store.sort.peek() !== sort || this.filter.mask() !== mask) return;
      // Where nothing could be sorted by, it is asked for again next time.
      this.sorted = rows && { selection, sort, rows };
    }
    store.shown.value = kept(this.sorted?.rows ?? selection.indices, mask);
  }

  private async inOrder({ indices, checkpoint }: Selection, { by, descending }: Sort): Promise<Uint32Array | null> {
    const predictions = await this.predictions(checkpoint).catch(() => null);
    const column = by === "order" ? undefined : predictions?.[by];
    return column ? ordered(indices, column.values, column.valid, descending) : null;
  }

  /** How one sample went through the checkpoints. */
  course(sample: number, signal: AbortSignal): Promise<Table> {
    return this.host.table("course", [], { sample, signal });
  }

  media(sample: number, size?: number): string | Promise<string> {
    return this.host.media(sample, size);
  }

  text(sample: number, signal?: AbortSignal): Promise<string> {
    return this.host.text(sample, signal);
  }

  /** Address of code that this page's host serves; a sentence why not where it serves none. */
  code(path: string): Promise<string> {
    if (this.host.code) return this.host.code(path);
    return Promise.reject(new Error(`A ${this.host.name} brings no code of others with it. Open the recording itself to run this.`));
  }

  whyNoMedia(sample: number): Promise<string> {
    return this.host.whyNoMedia(sample);
  }

  reconnect(): void {
    this.host.reconnect();
  }

  async measure(recording = this.store.recording.peek()): Promise<void> {
    const { store } = this;
    if (!isMeasurable(recording)) return;
    try {
      const { metrics, confusion } = await this.performance.measure();
      store.measured.value = { metrics, confusion, failed: null };
    } catch (error) {
      const failed = aborted(error) ? "Measuring was cancelled." : reason(error);
      store.measured.value = { ...store.measured.peek(), failed };
    }
  }

  private async watch(
    title: string,
    work: (options: RunOptions) => Promise<RunResult>,
  ): Promise<RunResult> {
    const { jobs } = this.store;
    const id = ++this.jobs;
    const control = new AbortController();
    const cancel = () => control.abort();
    jobs.value = [...jobs.peek(), { id, title, progress: null, partial: null, cancel }];
    const change = (now: Partial<Job>) => (jobs.value = jobs.peek().map((job) => (job.id === id ? { ...job, ...now } : job)));
    try {
      return await work({ signal: control.signal, onProgress: (progress) => change({ progress }), onPartial: (partial) => change({ partial }) });
    } finally {
      jobs.value = jobs.peek().filter((job) => job.id !== id);
    }
  }

  private receive(event: HostEvent): void {
    if (event.type === "connection") {
      this.store.connection.value = event.connection;
      if (event.connection.state === "connected") this.retryPick();
    } else if (event.type === "recording") this.follow();
    else if (event.type === "decision") this.hear(event.sequence);
    else if (event.type === "unknown") {
      this.store.notice(`The ${this.host.name} sent "${event.name}", which this page does not know. Reload it if Bathyscope was updated.`);
    }
  }

  private follow(): void {
    const turn = (this.following ?? Promise.resolve()).then(() => this.refresh()).finally(() => this.following === turn && (this.following = null));
    this.following = turn;
  }

  /** The recording grew or changed: take it over without losing the place. */
  private async refresh(): Promise<void> {
    const { store } = this;
    const before = store.recording.peek();
    let after: Recording;
    try {
      after = await this.host.recording();
    } catch {
      return; // the connection's own retry asks again
    }
    const other = after.fingerprint !== before.fingerprint || after.nSamples !== before.nSamples;
    if (other) {
      this.columns = new Columns(this.host, after);
      this.said = null;
      this.performance.forget();
    }
    this.tables.clear(); // a result may be about another state of the recording; its key says which
    // A checkpoint is shown once it is measured, so that no figure on the page blinks.
    const grew = after.checkpoints.length - before.checkpoints.length;
    const changed = other || grew !== 0 || store.measured.peek().failed !== null;
    if (changed) await this.measure(after);
    store.recording.value = after;
    if (grew !== 0) for (const { name, role } of fieldsOf(after)) if (role === "course") this.filter.renew(name);
    if (other) {
      this.filter.reset();
      // What a rule picks is other samples now; which of those picked by hand are still there, only who changed the data can tell.
      if (store.selection.peek()?.rule.kind !== "rows") this.repick();
    }
    if (grew > 0) store.say(`Checkpoint ${after.checkpoints.length} was recorded.`);
  }
}
