// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeHost } from "../hosts/fake";
import type { HostEvent, Json, SharedState, Table, TableOptions } from "../hosts/host";
import { parse } from "./clause-parser";
import { Session } from "./session";
import { fromRows, words } from "./masks";

type State = { readonly [key: string]: Json };

/** Python and its pages: gives each word its place, and tells it to everybody, who must know their own. */
class Desk {
  readonly posts: { by: string; changes: Partial<SharedState> }[] = [];
  readonly pages: SharingHost[] = [];
  private sequence = 0;
  failing = false;
  /** Holds answers back until it is called. */
  release: (() => void) | null = null;

  async post(changes: Partial<SharedState>, by: string): Promise<number> {
    if (this.failing) throw new Error("gone");
    this.posts.push({ by, changes });
    const place = ++this.sequence;
    this.tell({ type: "state", sequence: place, by, state: changes as State });
    if (this.release) await new Promise<void>((resolve) => (this.release = resolve));
    return place;
  }

  python(state: State, sequence = ++this.sequence): void {
    this.tell({ type: "state", sequence, by: "python", state });
  }

  private tell(event: HostEvent): void {
    for (const page of this.pages) page.tell(event);
  }
}

class SharingHost extends FakeHost {
  /** How long a table takes to come. */
  slow = 0;

  override async table(name: string, columns: readonly string[], options: TableOptions = {}): Promise<Table> {
    if (this.slow > 0) await new Promise((resolve) => setTimeout(resolve, this.slow));
    return super.table(name, columns, options);
  }

  constructor(private readonly desk: Desk) {
    super(3);
    this.capabilities = { ...this.capabilities, share: true };
    desk.pages.push(this);
  }
  share(changes: Partial<SharedState>, by: string): Promise<number> {
    return this.desk.post(changes, by);
  }
}

let desk: Desk;
const sessions: Session[] = [];

async function page(fragment = "", slow = 0): Promise<Session> {
  const host = new SharingHost(desk);
  host.slow = slow;
  const layout = { version: 1 as const, pages: ["one", "two"].map((id) => ({ id, title: id, tiles: [], dock: null })) };
  const session = new Session(host, await host.recording(), layout);
  session.start(fragment, () => undefined);
  sessions.push(session);
  await rest();
  return session;
}

/** Longer than changes are gathered, and than a pick takes. */
const rest = () => vi.advanceTimersByTimeAsync(400);
const clauses = (...all: string[]): Json => all.map((text) => ({ text, label: null, source: "python", enabled: true }));

beforeEach(() => {
  vi.useFakeTimers();
  desk = new Desk();
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.stop();
  vi.useRealTimers();
});

test("a fresh page says which page is open and nothing more", async () => {
  await page();
  expect(desk.posts.map(({ changes }) => changes)).toEqual([{ page: "one" }]);
});

test("what a person does is gathered and told in one go, only what changed", async () => {
  const { store, filter } = await page();
  desk.posts.length = 0;
  filter.add(parse('device = "a"'), "scatter", null);
  store.focus.value = 4;
  await vi.advanceTimersByTimeAsync(60);
  store.focus.value = 5;
  await rest();
  expect(desk.posts.map(({ changes }) => changes)).toEqual([
    { filter: [{ text: 'device = "a"', label: null, source: "scatter", enabled: true }], focus: 5 },
  ]);
  store.colorBy.value = "device";
  await rest();
  expect(desk.posts.at(-1)?.changes).toEqual({ color_by: "device" });
});

test("what Python says is done and not said back", async () => {
  const { store } = await page();
  desk.posts.length = 0;
  desk.python({ filter: clauses("label = 'Shirt'"), focus: 3, group_by: ["device"], color_by: "device", page: "two", selection: { sentence: "two", indices: [7, 2] } });
  await rest();
  expect(store.clauses.value.map(({ expr, source }) => [expr, source])).toEqual([[{ op: "eq", column: "label", value: "Shirt" }, "python"]]);
  expect([store.focus.value, store.groupBy.value, store.colorBy.value, store.arrangement.page.value]).toEqual([3, ["device"], "device", "two"]);
  expect([...(store.selection.value?.indices ?? [])]).toEqual([2, 7]);
  expect(desk.posts).toEqual([]);
});

test("the selection of the start is nobody's; picking and taking it back are told", async () => {
  const session = await page();
  desk.posts.length = 0;
  await session.pick({ kind: "rows", rows: [1, 4] }, "scatter", { split: "all" });
  await rest();
  expect(desk.posts.map(({ changes }) => changes)).toEqual([{ selection: { sentence: "2 samples picked by hand", indices: [1, 4] } }]);
  session.history.undo();
  await rest();
  expect(desk.posts.at(-1)?.changes).toEqual({ selection: null });
  desk.python({ selection: { sentence: "", indices: [0] } });
  await rest();
  desk.python({ selection: null });
  await rest();
  expect(session.store.selection.value?.source).toBe("start");
  expect(desk.posts).toHaveLength(2);
});

test("many samples travel as bits, both ways, without an echo", async () => {
  const session = await page();
  desk.posts.length = 0;
  const mask = new Uint8Array(fromRows([0, 3, 11], 12).buffer).slice(0, 2);
  desk.python({ selection: { sentence: "", bits: btoa(String.fromCharCode(...mask)) } });
  await rest();
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([0, 3, 11]);
  expect(desk.posts).toEqual([]);
});

test("a filter by very many chosen samples is told and heard like any other", async () => {
  const [one, other] = [await page(), await page()];
  const bits = new Uint32Array(words(600_000)).fill(0x77777777);
  one.filter.add({ op: "bits", bits });
  await rest();
  const [said] = other.store.clauses.value;
  expect(said?.expr).toEqual({ op: "bits", bits });
  expect(desk.posts.filter(({ changes }) => "filter" in changes)).toHaveLength(1);
  desk.python({ filter: [] });
  expect([one, other].map(({ store }) => store.clauses.value)).toEqual([[], []]);
});

test("while a heard selection is still worked out the one before is not sent back", async () => {
  const session = await page("", 2000);
  desk.posts.length = 0;
  desk.python({ selection: { sentence: "", indices: [1, 2] } });
  session.store.focus.value = 1;
  await rest();
  expect(desk.posts.map(({ changes }) => changes)).toEqual([{ focus: 1 }]);
  await vi.advanceTimersByTimeAsync(3000);
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([1, 2]);
  expect(desk.posts).toHaveLength(1);
});

test("two pages follow one another, each without hearing itself", async () => {
  const [first, second] = [await page(), await page()];
  desk.posts.length = 0;
  first.filter.add(parse('device = "a"'));
  await rest();
  second.store.focus.value = 2;
  await rest();
  expect(second.store.clauses.value).toHaveLength(1);
  expect(first.store.focus.value).toBe(2);
  expect(desk.posts).toHaveLength(2);
  expect(new Set(desk.posts.map(({ by }) => by)).size).toBe(2);
});

test("a filter that cannot be read is explained to whoever wrote it and on the page, until another one comes", async () => {
  const { store } = await page();
  desk.posts.length = 0;
  desk.python({ filter: clauses("label = ", 'device = "a"') });
  await rest();
  const why = "The filter label =  cannot be read. ";
  expect(store.clauses.value).toHaveLength(1);
  expect(store.notices.value.some((text) => text.startsWith(why))).toBe(true);
  expect(desk.posts).toHaveLength(1);
  expect(Object.keys(desk.posts[0]?.changes ?? {})).toEqual(["filter_error"]);
  expect(desk.posts[0]?.changes.filter_error).toContain(why);
  // The same mistake again is said again, for Python forgets the old complaint.
  desk.python({ filter: clauses("label = ", 'device = "a"') });
  await rest();
  expect(desk.posts).toHaveLength(2);
  desk.python({ filter: clauses('device = "b"') });
  await rest();
  expect(desk.posts).toHaveLength(2);
  expect(store.notices.value.some((text) => text.startsWith(why))).toBe(false);
});

test("of two words on the same field the later place wins, in whichever order they arrive", async () => {
  const { store } = await page();
  desk.release = () => undefined;
  store.focus.value = 7;
  await vi.advanceTimersByTimeAsync(150); // on its way, with place 2
  desk.python({ focus: 5, color_by: "device" }, 1); // said before it, heard while it travels
  desk.release?.();
  desk.release = null;
  await rest();
  expect(store.focus.value).toBe(7);
  expect(store.colorBy.value).toBe("device");
  desk.python({ focus: 6 }, 9);
  await rest();
  expect(store.focus.value).toBe(6);
});

test("what could not be told is told when the line is back", async () => {
  const { store } = await page();
  desk.posts.length = 0;
  desk.failing = true;
  store.focus.value = 3;
  await rest();
  desk.failing = false;
  desk.pages[0]?.tell({ type: "connection", connection: { state: "connected" } });
  await rest();
  expect(desk.posts.map(({ changes }) => changes)).toEqual([{ focus: 3 }]);
});

test("what the address asks for is told to the others; theirs holds for the rest", async () => {
  const host = new SharingHost(desk);
  host.slow = 50;
  const session = new Session(host, await host.recording());
  sessions.push(session);
  // Of twelve samples there is no ninety-ninth, so theirs is taken, although samples are being picked meanwhile.
  session.start("by=device&focus=99&pick=wrong&in=test&filter=bar:label+%3D+Shirt", () => undefined);
  // What the others show, as every page is told it when it comes.
  desk.python({ group_by: [], filter: [], color_by: "label", focus: 3 });
  await rest();
  const { store } = session;
  expect([store.groupBy.value, store.clauses.value.length, store.colorBy.value, store.focus.value]).toEqual([["device"], 1, "label", 3]);
  expect(desk.posts.at(-1)?.changes).toMatchObject({ group_by: ["device"], filter: [{ text: 'label = "Shirt"' }] });
  desk.python({ group_by: ["correct"], filter: [] });
  expect([store.groupBy.value, store.clauses.value]).toEqual([["correct"], []]);
});

test("nonsense from outside changes nothing", async () => {
  const { store } = await page();
  desk.posts.length = 0;
  desk.python({ filter: "label = 1", focus: 99, group_by: [1, "nowhere"], color_by: 4, page: "nowhere", selection: { indices: ["x", 400] } });
  await rest();
  expect([store.clauses.value, store.focus.value, store.groupBy.value, store.colorBy.value, store.arrangement.page.value]).toEqual([[], null, [], null, "one"]);
});

test("what is heard while a changed recording is taken over is about the changed one", async () => {
  const session = await page();
  const [host] = desk.pages;
  if (!host) throw new Error("no page");
  host.more = { n_samples: 20, fingerprint: "fedcba9876543210" };
  host.tell({ type: "recording" });
  desk.python({ focus: 15 }); // of the twelve samples before there is no such one
  await rest();
  expect(session.store.recording.value.nSamples).toBe(20);
  expect(session.store.focus.value).toBe(15);
  desk.python({ focus: 3 });
  expect(session.store.focus.value).toBe(3);
});

test("what a rule picks is picked anew among other samples", async () => {
  const session = await page();
  const before = session.store.selection.value;
  const [host] = desk.pages;
  if (!before || !host) throw new Error("nothing is picked");
  host.more = { fingerprint: "fedcba9876543210" };
  host.tell({ type: "recording" });
  await rest();
  expect(session.store.selection.value).not.toBe(before);
  expect(session.store.selection.value?.rule).toEqual(before.rule);
});
