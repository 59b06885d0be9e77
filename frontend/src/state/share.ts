/** Keeps this page, Python and the other pages of a hub showing the same. Nobody hears back what they said themselves. */
import { batch, computed, effect, type ReadonlySignal } from "@preact/signals";
import type { Host, HostEvent, Json, SharedClause, SharedState } from "../hosts/host";
import { clauseWords, freshId, isInline, type Clause } from "./clauses";
import { parse } from "./clause-parser";
import { LISTED, textOf } from "./clause-text";
import { fieldsOf } from "./fields";
import { fromBase64, fromRows, rowsOf, toBase64 } from "./masks";
import { ALL } from "./selection";
import type { Session } from "./session";
import { START } from "./store";
import type { View } from "./url";
import { reason } from "../hosts/reason";

/** What changes within this time is told together. */
const GATHER_MS = 100;
/** Longer filters, of very many values, are not told. */
const LONGEST_TEXT = 4e6;

type Field = keyof SharedState;
type Heard = Extract<HostEvent, { type: "state" }>;

interface Said {
  /** Equal keys, equal states: by this an echo is told from news. */
  key: string;
  value: Json;
}

const FIELDS: readonly Field[] = ["filter", "filter_error", "selection", "focus", "group_by", "color_by", "page"];
const NOTHING: Said = { key: "null", value: null };

function plain(value: Json): Said {
  return { key: JSON.stringify(value), value };
}

/** Samples in ascending order, in the shorter of the two forms. */
function saidSelection(indices: ArrayLike<number>, sentence: string, n: number): Said {
  const which = indices.length <= LISTED ? { indices: Array.from(indices) } : { bits: toBase64(fromRows(indices, n), Math.ceil(n / 8)) };
  return { key: JSON.stringify(which), value: { sentence, ...which } };
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function clauseOf(json: Json): SharedClause | null {
  if (json === null || typeof json !== "object" || Array.isArray(json)) return null;
  const { text, label, source, enabled } = json as { readonly [key: string]: Json };
  if (typeof text !== "string" || typeof source !== "string") return null;
  return { text, label: typeof label === "string" ? label : null, source, enabled: enabled !== false };
}

function sharedClause(clause: Clause): { [key: string]: Json } {
  return { text: textOf(clause.expr), label: clause.label, source: clause.source, enabled: clause.enabled };
}

/** Share until the returned function is called. What the address asked for is news to the others, not theirs to this page. */
export function share(session: Session, host: Host, address: View, me = Math.random().toString(36).slice(2, 10)): () => void {
  return new Share(session, host, address, me).stop;
}

function namedBy(address: View): Set<Field> {
  const named: Partial<Record<Field, boolean>> = { filter: address.clauses.length > 0, selection: address.pick !== null, focus: address.focus !== null, group_by: address.groupBy.length > 0, color_by: address.colorBy !== null, page: address.page !== null };
  return new Set(FIELDS.filter((field) => named[field]));
}

class Share {
  private readonly fields: Record<Field, ReadonlySignal<Said>>;
  /** What the others know of each field, by its key. */
  private readonly known = new Map<Field, string>(FIELDS.map((field) => [field, field === "filter" || field === "group_by" ? "[]" : "null"]));
  /** The place of our last word on a field in the order of changes: what is older is no news. */
  private readonly written = new Map<Field, number>();
  /** Heard while a word of ours was on its way; null while none is. */
  private held: Heard[] | null = null;
  /** A heard filter that could not be read, for as long as what was read of it stands. */
  private unread: { key: string; why: string } | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Named by the address this page was opened at, and not told yet. */
  private readonly asked: Set<Field>;
  readonly stop: () => void;

  constructor(
    private readonly session: Session,
    private readonly host: Host,
    address: View,
    private readonly me: string,
  ) {
    const { store } = session;
    this.asked = namedBy(address);
    const own = (page: string): Json => (session.hostName === "notebook" ? null : page);
    this.fields = {
      filter: computed(() => plain(store.clauses.value.filter(({ expr }) => isInline(expr) || textOf(expr).length <= LONGEST_TEXT).map(sharedClause))),
      filter_error: computed(() => plain(this.filterError())),
      selection: computed(() => this.selection()),
      focus: computed(() => plain(store.focus.value)),
      group_by: computed(() => plain(store.groupBy.value)),
      color_by: computed(() => plain(store.colorBy.value)),
      page: computed(() => plain(own(store.arrangement.page.value))),
    };
    const ends = [
      effect(() => {
        // All are read, so that all are followed.
        for (const field of FIELDS) void this.fields[field].value;
        void store.picking.value;
        if (this.news().length > 0) this.soon();
      }),
      host.subscribe((event) => this.receive(event)),
      () => this.timer && clearTimeout(this.timer),
    ];
    this.stop = () => ends.forEach((end) => end());
  }

  /** What the page opens on is nothing a person picked. */
  private selection(): Said {
    const { store } = this.session;
    const selection = store.selection.value;
    return !selection || selection.source === START ? NOTHING : saidSelection(selection.indices, selection.sentence, store.recording.value.nSamples);
  }

  /** Fields that the others do not know as they are here. What is being picked is news when it is there. */
  private news(): (readonly [Field, Said])[] {
    const picking = this.session.store.picking.peek() !== null;
    const now = FIELDS.map((field) => [field, this.fields[field].peek()] as const);
    return now.filter(([field, { key }]) => key !== this.known.get(field) && !(picking && field === "selection"));
  }

  private filterError(): string | null {
    const [failed] = this.session.filter.failed;
    const read = this.fields.filter.value.key;
    if (this.unread?.key === read) return this.unread.why;
    const clause = failed && this.session.store.clauses.value.find(({ id }) => id === failed[0]);
    return clause ? `The filter ${clauseWords(clause).slice(0, 200)} cannot be applied. ${failed[1]}` : null;
  }

  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.tell();
    }, GATHER_MS);
  }

  private async tell(): Promise<void> {
    if (this.held) return; // one word at a time: what changes meanwhile is told after it
    const news = this.news();
    if (news.length === 0) return;
    for (const [field, { key }] of news) this.known.set(field, key);
    this.held = [];
    let place: number | null = null;
    try {
      place = (await this.host.share?.(Object.fromEntries(news.map(([field, { value }]) => [field, value])), this.me)) ?? null;
    } catch {
      // Told again when the line is back, together with what changes until then.
      for (const [field] of news) this.known.delete(field);
    }
    for (const [field] of news) {
      if (place === null) continue;
      this.written.set(field, place);
      this.asked.delete(field);
    }
    const held = this.held;
    this.held = null;
    for (const event of held) this.hear(event);
    if (place !== null && this.news().length > 0) this.soon();
  }

  private receive(event: HostEvent): void {
    if (event.type === "connection" && event.connection.state === "connected") {
      this.written.clear(); // the program may have been started anew, and counts from 1 again
      this.soon();
    } else if (event.type === "state" && event.by !== this.me) {
      const { following } = this.session;
      if (following) void following.finally(() => this.take(event));
      else this.take(event);
    }
  }

  private take(event: Heard): void {
    if (this.held) this.held.push(event);
    else this.hear(event);
  }

  private hear({ sequence, state }: Heard): void {
    const waits = (field: Field) => this.asked.has(field) && ((field === "selection" && this.session.store.picking.peek() !== null) || this.fields[field].peek().key !== this.known.get(field));
    const heard = FIELDS.filter((field) => Object.hasOwn(state, field) && sequence > (this.written.get(field) ?? 0) && !waits(field));
    batch(() => heard.forEach((field) => this.apply(field, state[field] ?? null)));
    // Whatever became of it here, sending it back would be an echo.
    for (const field of heard) if (field !== "selection") this.known.set(field, this.fields[field].peek().key);
    if (heard.includes("filter")) this.known.set("filter_error", "null");
    if (this.fields.filter_error.peek().key !== this.known.get("filter_error")) this.soon();
  }

  private apply(field: Field, value: Json): void {
    const { store } = this.session;
    const { recording, arrangement } = store;
    const isColumn = (name: string) => fieldsOf(recording.peek()).some((one) => one.name === name);
    switch (field) {
      case "filter":
        return this.applyFilter(Array.isArray(value) ? value : []);
      case "selection":
        return this.applySelection(value);
      case "focus":
        store.focus.value = typeof value === "number" && value < recording.peek().nSamples ? value : null;
        return;
      case "group_by":
        store.groupBy.value = texts(value).filter(isColumn);
        return;
      case "color_by":
        store.colorBy.value = typeof value === "string" ? value : null;
        return;
      case "page":
        if (this.session.hostName !== "notebook" && arrangement.layout.peek().pages.some(({ id }) => id === value)) arrangement.page.value = String(value);
        return;
      case "filter_error":
        return;
    }
  }

  /** Clauses that say what they said before stay the same clauses. */
  private applyFilter(value: readonly Json[]): void {
    const { clauses } = this.session.store;
    const before = new Map(clauses.peek().map((clause) => [JSON.stringify(sharedClause(clause)), clause]));
    const after: Clause[] = [];
    let why: string | null = null;
    for (const said of value.map(clauseOf).filter((clause) => clause !== null)) {
      try {
        const made: Clause = { ...said, id: freshId([...clauses.peek(), ...after]), expr: parse(said.text) };
        after.push(before.get(JSON.stringify(sharedClause(made))) ?? made);
      } catch (error) {
        why = `The filter ${said.text.slice(0, 200)} cannot be read. ${reason(error)}`;
      }
    }
    clauses.value = after;
    const { store } = this.session;
    store.notices.value = store.notices.peek().filter((text) => text !== this.unread?.why);
    this.unread = why === null ? null : { key: JSON.stringify(after.map(sharedClause)), why };
    if (why !== null) store.notice(why);
  }

  private applySelection(value: Json): void {
    const { session } = this;
    const n = session.store.recording.peek().nSamples;
    const { indices, bits } = (value ?? {}) as { readonly [key: string]: Json };
    const listed = Array.isArray(indices) ? indices.filter((row): row is number => typeof row === "number" && row < n) : [];
    const rows = typeof bits === "string" ? Array.from(rowsOf(fromBase64(bits))).filter((row) => row < n) : listed.sort((a, b) => a - b);
    const said = value === null ? NOTHING : saidSelection(rows, "", n);
    const shown = this.fields.selection.peek().key;
    this.known.set("selection", said.key);
    if (said.key === shown) return;
    if (value === null) session.unpick();
    else void session.pick({ kind: "rows", rows }, "python", { split: ALL });
  }
}
