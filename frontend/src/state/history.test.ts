// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { settle } from "../components/mounted";
import { FakeHost } from "../hosts/fake";
import { parse } from "./clause-parser";
import { History, durable, serialised } from "./history";
import { stacked, tile, tilesOf, withPage, withPageMoved, withoutPage, type Layout } from "./layout";
import { rowsOf } from "./masks";
import { withCopy, withTile, withTileAt, withTileDocked, withTileFitted, withTileFolded, withTileMoved, withTileNamed, withTileResized, withoutTile } from "./placing";
import { deleteSlice, saveSlice, savedSlices } from "./saved";
import { Session } from "./session";
import { applyTag, replayed } from "./tags";

const N_ACTIONS = 40;
/** Longer than a slider has to rest until what follows it is fetched. */
const REST_MS = 260;
const LAYOUT: Layout = {
  version: 1,
  pages: [
    { id: "first", title: "First", tiles: stacked(["confusion", "table", "metrics"]), dock: tile("grid") },
    { id: "second", title: "Second", tiles: stacked(["scatter", "overview"]), dock: null },
  ],
};

let session: Session | null = null;
afterEach(() => session?.stop());

async function opened() {
  const host = new FakeHost();
  const data = (session = new Session(host, await host.recording(), LAYOUT));
  data.start("", () => undefined);
  await settle();
  const clock = { now: 0 };
  data.history.stop();
  const again = new History(data.store, (asked) => void (asked ? data.pick(asked.rule, asked.source, asked) : data.pick({ kind: "wrong" }, "start")), () => clock.now);
  Object.assign(data, { history: again });
  return { data, clock, store: data.store, filter: data.filter };
}

/** Numbers that look random and are the same every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Everything that lasts, as text: the page's own state, and what the log of decisions says in the end. */
function state({ store }: Session): string {
  const log = store.log.value ?? [];
  const tags = [...replayed(log)].map(([tag, ids]) => [tag, ...ids]);
  return `${serialised(durable(store))}\n${JSON.stringify([tags, savedSlices(log).map(({ name, text }) => [name, text])])}`;
}

/** What views draw from that state. */
function shown({ store, filter, tags }: Session): unknown {
  const { selection, shown: rows } = store;
  return { sentence: selection.value?.sentence, indices: [...(selection.value?.indices ?? [])], rows: [...rows.value], counts: filter.counts.value,
    mask: filter.mask() && rowsOf(filter.mask() ?? new Uint32Array(0)), failed: [...filter.failed], tags: [...tags.rows.value] };
}

type Act = () => unknown;

function filterActs({ filter, store }: Session, below: (n: number) => number): Act[] {
  const texts = ["label = Shirt", 'device != "a"', "loss in [0.1 to 0.7)", "prediction = Bag and correct = true", "loss is missing", "rows(0, 3, 5, 9)", "tags has odd", "`no such column` = 1"];
  const text = () => parse(texts[below(texts.length)] ?? "");
  const one = () => store.clauses.value[below(store.clauses.value.length)];
  const of = (act: (id: string) => void) => () => one() && act(one()?.id ?? "");
  return [
    () => filter.add(text()),
    () => filter.add({ op: "rows", rows: Uint32Array.from({ length: 120 }, (_, i) => i % 12) }, "scatter", "drawn by hand"),
    () => filter.set("overview/device", parse(['device in ("a", "b")', "device is missing"][below(2)] ?? "")),
    () => filter.set("overview/device", null),
    of((id) => filter.change(id, { expr: text(), label: [null, "by hand"][below(2)] ?? null })),
    of((id) => filter.change(id, { enabled: !store.clauses.value.find((clause) => clause.id === id)?.enabled })),
    of((id) => filter.change(id, { expr: { op: "not", of: store.clauses.value.find((clause) => clause.id === id)?.expr ?? text() } })),
    of((id) => filter.remove(id)),
    () => below(4) === 0 && filter.clear(),
  ];
}

function chosenActs(data: Session, below: (n: number) => number): Act[] {
  const { store } = data;
  return [
    () => data.pick({ kind: "cell", label: below(3), prediction: below(3) }, "confusion"),
    () => data.pick({ kind: "rows", rows: [1, below(5) + 2], words: "picked" }, "scatter"),
    () => data.pick({ kind: "slice", column: "device", value: ["a", null][below(2)] ?? null }, "metrics"),
    () => data.unpick(),
    () => store.choose(below(3)),
    () => (store.split.value = ["all", "train", "test"][below(3)] ?? "all"),
    () => (store.groupBy.value = [[], ["device"], ["device", "label"]][below(3)] ?? []),
    () => (store.colorBy.value = [null, "device", "loss"][below(3)] ?? null),
    () => (store.showUnfiltered.value = !store.showUnfiltered.value),
    () => (store.pinned.value = [null, 3, 7][below(3)] ?? null),
  ];
}

function layoutActs({ store: { arrangement } }: Session, below: (n: number) => number): Act[] {
  const page = () => arrangement.layout.value.pages[below(arrangement.layout.value.pages.length)]?.id ?? "";
  const any = () => tilesOf(arrangement.layout.value)[below(tilesOf(arrangement.layout.value).length)]?.id ?? "";
  const measure = () => 9;
  const edit = (change: (layout: Layout, page: string, tile: string) => Layout) => () => {
    const id = any();
    const on = arrangement.layout.value.pages.find(({ tiles }) => tiles.some((one) => one.id === id))?.id ?? page();
    arrangement.edit((layout) => change(layout, on, id), id);
  };
  return [
    () => arrangement.set(any(), { order: ["name", "size", null][below(3)] ?? null }),
    () => arrangement.set(any(), { columns: ["label", "device"].slice(0, below(3)) }),
    edit((layout, on, id) => withTileMoved(layout, on, id, (["left", "right", "up", "down"] as const)[below(4)] ?? "up", measure)),
    edit((layout, on, id) => withTileAt(layout, on, id, { x: below(8), y: below(12) }, measure)),
    edit((layout, on, id) => withTileResized(layout, on, id, { w: below(7) - 3, h: below(5) - 2 }, measure)),
    edit((layout, on, id) => withTileFitted(layout, on, id, measure)),
    edit((layout, _, id) => withTileFolded(layout, id)),
    edit((layout, _, id) => withTileNamed(layout, id, ["", "Mine", "Theirs"][below(3)] ?? "")),
    edit((layout, on, id) => withTileDocked(layout, on, id)),
    edit((layout, on, id) => withCopy(layout, on, id).layout),
    edit((layout, _, id) => withoutTile(layout, id)),
    edit((layout) => withTile(layout, page(), ["chart", "table"][below(2)] ?? "").layout),
    edit((layout) => withPage(layout, "More", below(2) ? "first" : undefined).layout),
    edit((layout) => withPageMoved(layout, page(), below(2) ? 1 : -1)),
    edit((layout) => (below(3) ? layout : withoutPage(layout, page()))),
  ];
}

function decisionActs(data: Session, below: (n: number) => number): Act[] {
  const { store } = data;
  return [
    () => applyTag(data, ["odd", "blurred"][below(2)] ?? "", [below(12), below(12)], below(3) === 0),
    () => saveSlice(data, ["Shirts", "Mine"][below(2)] ?? "", parse(["label = Shirt", 'device = "b"'][below(2)] ?? "")),
    () => {
      const [slice] = savedSlices(store.log.peek() ?? []);
      return slice && deleteSlice(data, slice);
    },
  ];
}

/** Where a person looks is no step, and no undo moves it. */
function look({ store }: Session, below: (n: number) => number): void {
  store.focus.value = below(12);
  store.sort.value = { by: below(2) ? "loss" : "order", descending: true };
  store.arrangement.page.value = ["first", "second"][below(2)] ?? "";
}

test.each([1, 101, 158, 2026])("forty random actions and forty undos give back the very same state, and forty redos the other (%i)", async (seed) => {
  const { data, clock } = await opened();
  const below = dice(seed);
  const kinds = [filterActs, chosenActs, layoutActs, decisionActs].map((acts) => acts(data, below));
  const [states, drawn] = [[state(data)], shown(data)];
  const done = new Set<string>();
  while (states.length <= N_ACTIONS) {
    const before = [state(data), data.store.log.value?.length];
    const of = below(kinds.length);
    const which = below(kinds[of]?.length ?? 0);
    clock.now += 1000;
    look(data, below);
    const acting = kinds[of]?.[which]?.();
    // What is asked may still be on its way when the next thing is done; what is decided is a step once it is saved.
    if (of === 3 || below(2)) await acting;
    // A tag that the samples have already is decided and is a step, although nothing looks different.
    if (state(data) === before[0] && data.store.log.value?.length === before[1]) continue;
    states.push(state(data));
    done.add(`${of} ${which}`);
  }
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  await settle();
  expect(done.size).toBeGreaterThan(15);
  const final = shown(data);
  const { focus, arrangement } = data.store;
  const looked = [focus.value, arrangement.page.value];
  for (let k = N_ACTIONS - 1; k >= 0; k--) {
    data.history.undo();
    // An undo may come before the one before it is saved: then it waits.
    if (below(2)) continue;
    await settle(3);
    await vi.waitFor(() => expect(state(data), `undo ${k}`).toBe(states[k]));
  }
  await vi.waitFor(() => expect(data.history.undoable.value).toBeNull());
  await settle();
  expect(state(data)).toBe(states[0]);
  expect([focus.value, arrangement.page.value]).toEqual(looked);
  await vi.waitFor(() => expect(shown(data)).toEqual(drawn));
  for (let k = 1; k <= N_ACTIONS; k++) data.history.redo();
  await vi.waitFor(() => expect(data.history.redoable.value).toBeNull());
  await settle();
  expect(state(data)).toBe(states[N_ACTIONS]);
  await vi.waitFor(() => expect(shown(data)).toEqual(final));
}, 20_000);

test("every action of the forty alone is one step, which one undo takes back and one redo does again", async () => {
  const { data, clock } = await opened();
  const below = dice(5);
  for (const acts of [filterActs, chosenActs, layoutActs, decisionActs]) {
    const all = acts(data, below);
    for (let place = 0; place < all.length; place++) {
      let [before, after] = ["", ""];
      // Its dice may fall so that it changes nothing, or it needs something that is not there yet.
      for (let tries = 0; tries < 60 && before === after; tries++) {
        before = state(data);
        clock.now += 1000;
        await all[place]?.();
        after = state(data);
      }
      const words = data.history.undoable.value;
      const named = `${acts.name} ${place}: ${words}`;
      expect(after, named).not.toBe(before);
      data.history.undo();
      await settle(3);
      expect(state(data), named).toBe(before);
      expect(data.history.redoable.value).toBe(words);
      data.history.redo();
      await settle(3);
      expect(state(data), named).toBe(after);
    }
  }
}, 20_000);

test("steps say what they did; quick changes of one thing are one step", async () => {
  const { data, clock, store, filter } = await opened();
  filter.set("overview/ink", parse("loss in [0 to 1]"));
  clock.now = 100;
  filter.set("overview/ink", parse("loss in [0 to 2]"));
  expect(data.history.undoable.value).toBe("Filter loss from 0 to 2");
  clock.now = 2000;
  await data.pick({ kind: "cell", label: 0, prediction: 1 }, "confusion");
  expect(data.history.undoable.value).toBe("Show T-shirt called Shirt");
  data.history.undo();
  data.history.undo();
  expect([store.clauses.value.length, data.history.undoable.value, data.history.redoable.value]).toEqual([0, null, "Filter loss from 0 to 2"]);
});
