/** Words that people put on samples. A tag is a decision about ids, so it survives another order of the samples. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { count } from "../draw/format";
import { valueAt, type Column } from "../hosts/arrow";
import type { Json, Logged } from "../hosts/host";
import type { Recording } from "../hosts/recording";
import type { Columns } from "./columns";
import { enact } from "./deeds";
import type { Session } from "./session";
import type { Store } from "./store";
import { reason } from "../hosts/reason";

const OWN_NAME = "tags";
const NONE: readonly string[] = [];
/** So many ids are asked for one by one; for more of them the whole column is fetched. */
const FEW_IDS = 500;
/** Characters of ids in one decision: a server takes a megabyte at once. */
const MOST_CHARACTERS = 300_000;

/** The field that tags are filtered by; a recorded column of that name keeps it. */
export function tagsField(recording: Recording): string {
  return recording.columns.some(({ name }) => name === OWN_NAME) ? "tags here" : OWN_NAME;
}

function idColumn(recording: Recording): string {
  const name = recording.columns.find(({ role }) => role === "id")?.name;
  if (name === undefined) throw new Error("The recording has no column of ids, so its samples cannot be named.");
  return name;
}

/** The ids of some samples, in the given order. */
export async function idsOf(columns: Columns, recording: Recording, rows: ArrayLike<number>): Promise<string[]> {
  const name = idColumn(recording);
  const places = Array.from(rows);
  const few = places.length <= FEW_IDS;
  const column = few ? (await columns.rows([name], places)).get(name) : await columns.get(name);
  if (!column) throw new Error(`Column “${name}” did not arrive.`);
  return places.map((row, i) => String(valueAt(column, few ? i : row)));
}

interface Tagged {
  tag: string;
  samples: readonly string[];
  remove: boolean;
}

/** The payload of a decision about a tag; null when it is not understood. */
export function taggedIn({ kind, payload, inForce }: Logged): Tagged | null {
  if (kind !== "tag" || !inForce || payload === null || typeof payload !== "object" || Array.isArray(payload)) return null;
  const { tag, samples, remove } = payload as { readonly [key: string]: Json };
  if (typeof tag !== "string" || !Array.isArray(samples)) return null;
  return { tag, samples: samples.filter((id) => typeof id === "string"), remove: remove === true };
}

/** The ids under every tag, in the order of their first use; a tag that nothing carries is gone. */
export function replayed(log: readonly Logged[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const entry of log) {
    const said = taggedIn(entry);
    if (!said) continue;
    const ids = found.get(said.tag) ?? new Set<string>();
    found.set(said.tag, ids);
    for (const id of said.samples) if (said.remove) ids.delete(id);
    else ids.add(id);
  }
  for (const [tag, ids] of found) if (ids.size === 0) found.delete(tag);
  return found;
}

/** The tags in force, as rows of this recording and as a column to filter by. */
export class Tags {
  private readonly found = signal<ReadonlyMap<string, Uint32Array>>(new Map());
  /** The samples under every tag, ascending. */
  readonly rows: ReadonlySignal<ReadonlyMap<string, Uint32Array>> = this.found;
  /** Place of each id that was asked for; null where the recording has none. */
  private places = new Map<string, number | null>();
  private lists = new Map<number, readonly string[]>();
  private turn = 0;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly store: Store,
    private readonly columns: () => Columns,
    private readonly changed: (field: string) => void,
  ) {
    const identity = computed(() => `${store.recording.value.fingerprint} ${store.recording.value.nSamples}`);
    let before = identity.peek();
    this.stops.push(effect(() => {
      if (identity.value !== before) this.places.clear();
      before = identity.value;
      const log = store.log.value;
      if (log) void this.follow(log);
    }));
  }

  stop(): void {
    this.turn++;
    for (const stop of this.stops) stop();
  }

  /** Ids whose places are known already: nothing has to be fetched to find them again. */
  learn(ids: readonly string[], rows: ArrayLike<number>): void {
    ids.forEach((id, i) => this.places.set(id, rows[i] ?? null));
  }

  private async follow(log: readonly Logged[]): Promise<void> {
    const turn = ++this.turn;
    const tags = replayed(log);
    try {
      await this.locate(new Set([...tags.values()].flatMap((ids) => [...ids].filter((id) => !this.places.has(id)))));
    } catch (error) {
      if (turn === this.turn) this.store.notice(`The tags could not be placed. ${reason(error)}`);
      return;
    }
    if (turn !== this.turn) return;
    const rows = [...tags].map(([tag, ids]) => [tag, Uint32Array.from([...ids].map((id) => this.places.get(id)).filter((row) => row !== null && row !== undefined)).sort()] as const);
    const lists = new Map<number, string[]>();
    for (const [tag, own] of rows) for (const row of own) lists.set(row, [...(lists.get(row) ?? []), tag]);
    this.lists = lists;
    this.found.value = new Map(rows);
    this.changed(tagsField(this.store.recording.peek()));
  }

  /** Where samples are by their ids; null for those the recording does not have. */
  async placesOf(ids: readonly string[]): Promise<(number | null)[]> {
    await this.locate(new Set(ids.filter((id) => !this.places.has(id))));
    return ids.map((id) => this.places.get(id) ?? null);
  }

  private async locate(wanted: Set<string>): Promise<void> {
    if (wanted.size === 0) return;
    const { places } = this;
    const column = await this.columns().get(idColumn(this.store.recording.peek()));
    for (let row = 0; row < column.length && wanted.size > 0; row++) {
      const id = String(valueAt(column, row));
      if (wanted.delete(id)) places.set(id, row);
    }
    for (const id of wanted) places.set(id, null);
  }

  /** The tags of a sample; reading it hears when they change. */
  of(row: number): readonly string[] {
    void this.found.value;
    return this.lists.get(row) ?? NONE;
  }

  /** Every sample's tags as a column; a sample without any says nothing. */
  column(): Column {
    const { lists } = this;
    return { kind: "list", length: this.store.recording.peek().nSamples, at: (row) => lists.get(row) ?? null };
  }
}

/** The tags of a sample. */
export function tagsOf(session: Session, row: number): readonly string[] {
  return session.tags.of(row);
}

function parts(ids: readonly string[]): string[][] {
  const out: string[][] = [];
  let room = 0;
  for (const id of ids) {
    if (room < id.length + 4) {
      out.push([]);
      room = MOST_CHARACTERS;
    }
    out.at(-1)?.push(id);
    room -= id.length + 4;
  }
  return out;
}

/** Put a tag on samples, or take it off; saved when this resolves to true. Undone and redone like everything else. */
export async function applyTag(session: Session, tag: string, rows: ArrayLike<number>, remove = false): Promise<boolean> {
  const name = tag.trim();
  if (name === "" || rows.length === 0) return false;
  try {
    const ids = await idsOf(session.columns, session.store.recording.peek(), rows);
    session.tags.learn(ids, rows);
    const label = remove ? `Take the tag ${name} off ${count(ids.length)}` : `Tag ${count(ids.length)} as ${name}`;
    return await enact(session, label, "tag", parts(ids).map((samples): Json => ({ tag: name, samples, ...(remove ? { remove: true } : {}) })));
  } catch (error) {
    session.store.notice(`Nothing was tagged. ${reason(error)}`);
    return false;
  }
}
