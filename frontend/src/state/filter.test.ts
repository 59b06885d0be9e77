import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { settle } from "../components/mounted";
import { parse } from "./clause-parser";
import { rowsOf } from "./masks";
import { History, durable, serialised } from "./history";
import { Session } from "./session";

let session: Session | null = null;
afterEach(() => session?.stop());

async function opened(fragment = "", keep: (fragment: string) => void = () => undefined, host = new FakeHost()): Promise<Session> {
  session = new Session(host, await host.recording());
  session.start(fragment, keep);
  await settle();
  return session;
}

test("a filter narrows the samples shown and the count, and goes into the address and back", async () => {
  let kept = "";
  const { store, filter } = await opened("", (fragment) => (kept = fragment));
  filter.add(parse("label = Shirt"));
  await settle();
  expect([...store.shown.value]).toEqual([5]);
  expect(filter.counts.value).toEqual({ passing: 2, total: 7 });
  expect(new URLSearchParams(kept).get("filter")).toBe('bar:label = "Shirt"');
  session?.stop();
  const again = await opened(kept);
  expect([...again.store.shown.value]).toEqual([5]);
});

test("what the checkpoint says can be filtered, and follows the checkpoint", async () => {
  const { store, filter } = await opened();
  store.split.value = "all";
  filter.add(parse("prediction = Shirt and correct = true"));
  await settle();
  expect([...rowsOf(filter.mask() ?? new Uint32Array(1))]).toEqual([3, 4, 9]);
  store.choose(0);
  await new Promise((resolve) => setTimeout(resolve, 260));
  await settle();
  expect([...rowsOf(filter.mask() ?? new Uint32Array(1))]).toEqual([3, 9]);
});

test("a clause on a column that is not there is kept, says so and filters nothing", async () => {
  const { filter } = await opened("#filter=bar:gone+%3D+1&filter=bar:label+%3D+Shirt");
  expect([...filter.failed]).toEqual([["c1", "There is no column “gone”."]]);
  expect(filter.counts.value).toEqual({ passing: 2, total: 7 });
});

test("a tampered filter is dropped", async () => {
  const { store } = await opened("#filter=bar:label+%3D&filter=nonsense&filter=%25zz:a=1&filter=!over:device+%3D+a");
  expect(store.clauses.value.map(({ source, enabled }) => [source, enabled])).toEqual([["over", false]]);
});

test("a large set of chosen samples stays out of the address, and that is said", async () => {
  let kept = "";
  const { store, filter } = await opened("", (fragment) => (kept = fragment));
  filter.add({ op: "rows", rows: Uint32Array.from({ length: 101 }, (_, i) => i) });
  expect(kept).toBe("");
  expect(store.notices.value).toEqual(["A filter of more than 100 chosen samples is not kept in the address."]);
});

test("forty random actions and forty undos give back the very same state, and redo the other", async () => {
  const { store, filter, data, clock } = await withHistory();
  let seed = 7;
  const below = (n: number) => Math.floor(((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32) * n);
  const actions = [
    () => filter.add(parse(`label = ${["Shirt", "Bag"][below(2)]}`)),
    () => filter.set("overview/device", parse('device in ("a", "b")')),
    () => filter.set("overview/device", null),
    () => store.clauses.value[0] && filter.change(store.clauses.value[0].id, { enabled: !store.clauses.value[0].enabled }),
    () => store.clauses.value[0] && filter.remove(store.clauses.value[0].id),
    () => filter.clear(),
    () => void data.pick({ kind: "cell", label: below(3), prediction: below(3) }, "confusion"),
    () => void data.pick({ kind: "wrong" }, "start"),
    () => store.choose(below(3)),
    () => (store.split.value = ["all", "train", "test"][below(3)] ?? "all"),
    () => (store.groupBy.value = [[], ["device"]][below(2)] ?? []),
    () => void data.pick({ kind: "rows", rows: [1, below(5) + 2] }, "scatter"),
  ];
  const states = [serialised(durable(store))];
  for (let done = 0; done < 40; ) {
    const before = serialised(durable(store));
    clock.now += 1000;
    actions[below(actions.length)]?.();
    if (below(2)) await settle(3);
    if (serialised(durable(store)) === before) continue;
    states.push(serialised(durable(store)));
    done++;
  }
  await settle();
  for (let k = 39; k >= 0; k--) {
    data.history.undo();
    expect(serialised(durable(store)), `undo ${k}`).toBe(states[k]);
    if (below(3) === 0) await settle(3);
  }
  await settle();
  expect(serialised(durable(store))).toBe(states[0]);
  expect(data.history.undoable.value).toBeNull();
  for (let k = 1; k <= 40; k++) data.history.redo();
  await settle();
  expect(serialised(durable(store))).toBe(states[40]);
}, 20_000);

async function withHistory() {
  const data = await opened();
  const clock = { now: 0 };
  data.history.stop();
  const history = new History(data.store, (asked) => void (asked ? data.pick(asked.rule, asked.source, asked) : data.pick({ kind: "wrong" }, "start")), () => clock.now);
  Object.assign(data, { history });
  return { data, clock, store: data.store, filter: data.filter };
}

test("steps say what they did; quick changes of one thing are one step", async () => {
  const { data, clock, store, filter } = await withHistory();
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
