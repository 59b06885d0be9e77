// @vitest-environment node
import { afterEach, expect, test } from "vitest";
import { valueAt } from "../hosts/arrow";
import { CLASSES, FakeHost, LABELS, PREDICTIONS, SPLITS, categories, description, numbers } from "../hosts/fake";
import { settle } from "../components/mounted";
import { ordered } from "./sorting";
import type { Columns } from "./columns";
import { fieldColumn, fieldsOf } from "./fields";
import { indicesOf, sentenceOf, type Predicted, type Rule, type Truth } from "./selection";
import { Session } from "./session";
import { START, Store, headlineSplit } from "./store";
import { NO_VIEW, fromFragment, toFragment, type View } from "./url";

let session: Session | null = null;
afterEach(() => session?.stop());

async function opened(host: FakeHost, fragment = "", keep: (fragment: string) => void = () => undefined): Promise<Session> {
  session = new Session(host, await host.recording());
  session.start(fragment, keep);
  await settle();
  return session;
}

function column(values: readonly (number | null)[]) {
  const made = numbers(values);
  if (made.kind !== "number") throw new Error("not numbers");
  return { values: made.values, valid: made.valid };
}

const splits = categories(SPLITS);
if (splits.kind !== "category") throw new Error("not categories");
const truth: Truth = { length: LABELS.length, label: column(LABELS), split: { codes: splits.codes, values: splits.values } };
const said: Predicted = {
  prediction: column(PREDICTIONS[2] ?? []),
  correct: column(LABELS.map((label, i) => (label === null ? null : Number(label === PREDICTIONS[2]?.[i])))),
};
const numbersOf3 = column([0, 0, 0]);
const pick = (rule: Rule, split = "all") => [...indicesOf({ rule, split, checkpoint: "000003" }, truth, said)];

test("the samples of every cell are as many as a slow count finds", () => {
  for (const split of ["all", "train", "test"]) CLASSES.forEach((_, label) => CLASSES.forEach((__, prediction) => {
    const slow = LABELS.flatMap((own, i) => (own === label && PREDICTIONS[2]?.[i] === prediction && (split === "all" || SPLITS[i] === split) ? [i] : []));
    expect(pick({ kind: "cell", label, prediction }, split)).toEqual(slow);
  }));
});

test("right, wrong and unlabelled share out the samples without overlap", () => {
  const parts = [...pick({ kind: "right" }), ...pick({ kind: "wrong" }), ...pick({ kind: "unlabelled" })];
  expect(parts.sort((a, b) => a - b)).toEqual(pick({ kind: "all" }));
});

test("mistakes with a class are those it misses and those wrongly called so", () => {
  const label = 0;
  expect(pick({ kind: "either", label })).toEqual([...pick({ kind: "wrong", label }), ...pick({ kind: "alarm", prediction: label })].sort((a, b) => a - b));
});

test("with several labels per sample, wrong is what the analysis says is wrong", () => {
  expect([...indicesOf({ rule: { kind: "wrong" }, split: "all", checkpoint: "000003" }, { ...truth, label: null, lists: (i) => (LABELS[i] === null ? null : [LABELS[i] ?? 0]) }, said)]).toEqual(pick({ kind: "wrong" }));
});

test("with several labels per sample, a label's samples are all that carry it", () => {
  const lists = (i: number) => (i === 11 ? null : i % 2 === 0 ? [0, 2] : [1]);
  const several = (rule: Rule) => [...indicesOf({ rule, split: "all", checkpoint: null }, { length: 12, label: null, split: null, lists }, said)];
  expect(several({ kind: "label", label: 2 })).toEqual([0, 2, 4, 6, 8, 10]);
  expect(several({ kind: "unlabelled" })).toEqual([11]);
  expect(several({ kind: "cell", label: 0, prediction: 1 })).toEqual([]);
});

test("a slice of what is missing is not the slice of the word missing", () => {
  const column = categories(["missing", "x", "x"]);
  if (column.kind !== "category") throw new Error("not categories");
  const holey = { ...column, valid: Uint8Array.of(1, 1, 0) };
  const of = (value: string | null) => [...indicesOf({ rule: { kind: "slice", column: "c", value }, split: "all", checkpoint: null }, { length: 3, label: numbersOf3, split: null }, null, holey)];
  expect([of("missing"), of(null), of("x")]).toEqual([[0], [2], [1]]);
});

test("a slice holds the labelled samples with that value", () => {
  const rule = { kind: "slice", column: "device", value: "b" } as const;
  const device = categories(["a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "a", "b"]);
  expect([...indicesOf({ rule, split: "all", checkpoint: null }, truth, null, device)]).toEqual([1, 3, 5, 7, 9]);
  const flags = { kind: "bool", length: 12, values: new Uint8Array(12).fill(1), valid: null } as const;
  expect(indicesOf({ rule: { ...rule, value: "True" }, split: "all", checkpoint: null }, truth, null, flags)).toHaveLength(11);
});

test("a selection is told as a finding", () => {
  expect(sentenceOf({ kind: "cell", label: 0, prediction: 1 }, 1740, CLASSES)).toBe("1,740 T-shirt called Shirt");
  expect(sentenceOf({ kind: "wrong" }, 1, CLASSES)).toBe("1 sample it gets wrong");
  expect(sentenceOf({ kind: "alarm", prediction: 2 }, 3, CLASSES)).toBe("3 wrongly called Bag");
});

test("sorting agrees with a comparator, keeps ties in place and missing last, both ways", () => {
  const values = Float32Array.from([0.5, -1, NaN, 3, 0, -0.25, 3, Infinity]);
  const valid = Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 1]);
  valid[4] = 0;
  const all = Uint32Array.from(values, (_, i) => i);
  expect([...ordered(all, values, valid, false)]).toEqual([1, 5, 0, 3, 6, 7, 2, 4]);
  expect([...ordered(all, values, valid, true)]).toEqual([7, 3, 6, 0, 5, 1, 2, 4]);
});

const RULES: Rule[] = [
  { kind: "all" }, { kind: "unlabelled" }, { kind: "right" }, { kind: "wrong", label: 7 }, { kind: "label", label: 0 }, { kind: "called", prediction: 9 },
  { kind: "alarm", prediction: 1 }, { kind: "cell", label: 0, prediction: 999 }, { kind: "either", label: 2 },
  { kind: "slice", column: "a:b&c=#", value: "90° \"quoted\" 🙂", wrong: true }, { kind: "slice", column: "__proto__", value: "" }, { kind: "slice", column: "device", value: null },
];

test("every view comes back from the address as it went in", () => {
  for (const rule of RULES) {
    const view: View = { fingerprint: "abcdef012345", checkpoint: "000002", split: "test & more", pick: { rule, split: "all", checkpoint: "000001" }, focus: 17, pinned: 4, groupBy: ["column, odd", "b"], colorBy: "device", showUnfiltered: false, page: "data", options: { "scatter-2": { x: "a:b", y: null } }, clauses: [{ id: "c1", source: "overview/a:b", label: null, expr: { op: "eq", column: "a&b=`", value: "%#" }, enabled: false }] };
    expect(fromFragment(`#${toFragment(view)}`)).toEqual(view);
  }
  expect(fromFragment(toFragment(NO_VIEW))).toEqual(NO_VIEW);
});

test("a tampered address is dropped, not obeyed", () => {
  for (const pick of ["cell:1", "cell:1:2:3", "cell:-1:2", "cell:1e9:0", "wrong:x", "slice:{", "slice:[1,2]", "<script>", "constructor", "all:1"]) {
    expect(fromFragment(`#pick=${encodeURIComponent(pick)}`).pick, pick).toBeNull();
  }
  expect(fromFragment("#focus=-4").focus).toBeNull();
  expect(fromFragment(`#split=${"x".repeat(20_000)}`)).toEqual(NO_VIEW);
});

test("what of an address cannot be read, or is not in this recording, is said", async () => {
  const said = async (fragment: string) => {
    const { store } = await opened(new FakeHost(), fragment);
    session?.stop();
    return store.notices.value;
  };
  const fits = (what: string) => [`Not everything in the address fits: ${what}.`];
  expect(await said("#pick=cell:1&focus=-4&filter=bar:label+%3D&filter=bar:split+%3D+train&filter=bar:((&tile=scatter:{")).toEqual(fits("2 filters cannot be read; the selection cannot be read; the sample cannot be read; the settings of a tile cannot be read"));
  expect(await said("#split=tset&focus=99999999&pinned=99999999&page=nowhere")).toEqual(fits("there is no split “tset”; there is no sample 99999999; there is no page “nowhere”"));
  expect(await said("#pick=wrong&in=tset")).toEqual(fits("what was selected is of a split that is not here"));
  expect(await said("#pick=wrong&in=all&at=000009")).toEqual(fits("what was selected is of a checkpoint that is not here"));
  expect(await said(`#filter=${"x".repeat(20_000)}`)).toEqual(fits("it is longer than an address can be"));
  expect(await said("#focus=4&in=all")).toEqual([]);
});

test("the headline is what the network did not train on", () => {
  expect(headlineSplit(description(1))).toBe("test");
  expect(headlineSplit(description(1, { splits: [{ name: "all data", count: 12 }] }))).toBe("all");
  expect(headlineSplit(description(1, { splits: [{ name: "train", count: 5 }, { name: "val", count: 7 }, { name: "test", count: 0 }] }))).toBe("val");
});

test("choosing the last checkpoint follows the run, choosing another holds it", () => {
  const store = new Store(description(2));
  store.choose(0);
  expect([store.place(), store.following()]).toEqual([0, false]);
  store.recording.value = description(3);
  expect(store.place()).toBe(0);
  store.choose(99);
  expect([store.place(), store.following()]).toEqual([2, true]);
});

test("previous and next walk the shown order and stop at its ends", () => {
  const store = new Store(description(1));
  store.shown.value = Uint32Array.of(5, 2, 9);
  store.focus.value = 5;
  store.step(-1);
  expect(store.focus.value).toBe(5);
  store.step(1);
  store.step(1);
  store.step(1);
  expect(store.focus.value).toBe(9);
});

test("the page opens on the mistakes of the headline split, most wrong first", async () => {
  const { store } = await opened(new FakeHost());
  expect(store.selection.value).toMatchObject({ source: START, sentence: "2 samples it gets wrong", split: "test", checkpoint: "000003" });
  expect([...store.shown.value]).toEqual([8, 5]);
});

test("an address brings back checkpoint, split, selection and sample; what is unknown is said", async () => {
  const { store } = await opened(new FakeHost(), "#checkpoint=000002&split=train&pick=label:1&in=all&focus=4&of=abcdef012345");
  expect(store.checkpoint.value?.name).toBe("000002");
  expect(store.split.value).toBe("train");
  expect([...(store.selection.value?.indices ?? [])]).toEqual([3, 4, 5, 9]);
  expect(store.focus.value).toBe(4);
  expect(store.notices.value).toEqual([]);
  session?.stop();
  const other = await opened(new FakeHost(), "#checkpoint=000009&of=ffff");
  expect(other.store.notices.value).toEqual(["Not everything in the address fits: the address was made for another recording; checkpoint 000009 is not recorded."]);
});

test("a live run: the new checkpoint appears measured, and only one who stands at the last moves on", async () => {
  const host = new FakeHost(2);
  const { store } = await opened(host);
  host.checkpoints = 3;
  host.tell({ type: "recording" });
  await settle();
  expect(store.checkpoint.value?.name).toBe("000003");
  expect(store.measured.value.metrics?.overall("000003", "test")?.support).toBe(6);
  expect(store.announcement.value).toBe("Checkpoint 3 was recorded.");
  session?.stop();
  const held = new FakeHost(2);
  const second = await opened(held);
  second.store.choose(0);
  held.checkpoints = 3;
  held.tell({ type: "recording" });
  await settle();
  expect(second.store.place()).toBe(0);
});

test("samples that are written anew are asked for anew, although ids and labels are the same", async () => {
  const host = new FakeHost(3, { media_version: "one" });
  const { store, filter } = await opened(host, "#filter=bar:device+%3D+a");
  expect(filter.counts.value.passing).toBeGreaterThan(0);
  const before = host.asked.length;
  host.more = { media_version: "two" };
  host.tell({ type: "recording" });
  await settle();
  const asked = host.asked.slice(before);
  expect(asked).toContain("samples?device");
  expect(asked.filter((one) => one.startsWith("results/performance/") && one.includes("/samples?"))).toHaveLength(1);
  expect(asked.some((one) => one.includes("/metrics?"))).toBe(true);
  expect(toFragment(store.view())).toContain("of=abcdef012345");
});

test("samples' columns are fetched once, and only for the checkpoint that is asked", async () => {
  const host = new FakeHost();
  const opening = await opened(host);
  await opening.pick({ kind: "wrong" }, "test");
  await opening.pick({ kind: "cell", label: 0, prediction: 1 }, "test");
  expect(host.asked.filter((asked) => asked.includes("/samples?"))).toHaveLength(1);
  expect(host.asked.filter((asked) => asked.startsWith("samples?label"))).toHaveLength(1);
});

test("a failing host is told in its own words, and what failed is asked again when it is back", async () => {
  const host = new FakeHost();
  const opening = await opened(host);
  host.failing = "The disk is gone.";
  await opening.pick({ kind: "slice", column: "device", value: "a" }, "test");
  expect(opening.store.pickFailed.value?.why).toBe("The disk is gone.");
  expect(opening.store.picking.value).toBeNull();
  host.failing = null;
  host.tell({ type: "connection", connection: { state: "connected" } });
  await settle();
  expect(opening.store.pickFailed.value).toBeNull();
  expect(opening.store.selection.value?.sentence).toBe("3 where device is a");
});

test("a sample in no split belongs to none", async () => {
  const host = new FakeHost();
  host.unsplit = true;
  const opening = await opened(host);
  await opening.pick({ kind: "all" }, "test", { split: "train" });
  expect([...(opening.store.selection.value?.indices ?? [])]).toEqual([1, 2, 3, 4]);
  await opening.pick({ kind: "all" }, "test", { split: "all" });
  expect(opening.store.selection.value?.indices.length).toBe(12);
});

test("a column of the wrong length is refused", async () => {
  const host = new FakeHost(1, { n_samples: 13 });
  session = new Session(host, await host.recording());
  await expect(session.columns.get("label")).rejects.toThrow('Column "label" has 12 values for 13 samples. Reload the page; the recording may have changed.');
});

test("the address is kept up to date without the samples the page opened with", async () => {
  let kept = "";
  const opening = await opened(new FakeHost(), "", (fragment) => (kept = fragment));
  expect(kept).toBe("");
  await opening.pick({ kind: "cell", label: 0, prediction: 1 }, "confusion");
  expect(kept).toBe("pick=cell%3A0%3A1&in=test&at=000003&of=abcdef012345");
});

test("values keep their kind", () => {
  expect(valueAt({ kind: "bigint", length: 1, values: BigInt64Array.of(2n ** 60n), valid: null }, 0)).toBe(2n ** 60n);
  expect(valueAt({ kind: "number", length: 1, values: Float32Array.of(1), integer: false, valid: Uint8Array.of(0) }, 0)).toBeNull();
});

test("a decision carries a UUID of version 4, also where the page comes over plain http", async () => {
  const host = new FakeHost();
  const session = await opened(host);
  const ids: string[] = [];
  const decide = host.decide.bind(host);
  host.decide = (decision) => {
    ids.push(decision.id);
    return decide(decision);
  };
  await session.decide("note", { sample: "a", text: "odd" });
  await session.decide("note", { sample: "a", text: "odd" });
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(2);
});

test("labels in lists are spoken of by their names, in whichever width their numbers came", async () => {
  const recording = { ...(await new FakeHost().recording()), task: "multilabel" as const };
  const lists: readonly (readonly (number | bigint)[] | null)[] = [[0n, 2n], [1], null, [99n]];
  const columns = { get: async () => ({ kind: "list", length: lists.length, at: (i: number) => lists[i] ?? null }) } as unknown as Columns;
  const column = await fieldColumn("label", recording, columns, async () => null, () => Promise.reject(new Error("no course")));
  expect(column.kind === "list" && lists.map((_, i) => column.at(i))).toEqual([["T-shirt", "Bag"], ["Shirt"], null, [99n]]);
});

test("a table without splits has no field of them", async () => {
  const recording = await new FakeHost().recording();
  const names = (splits: typeof recording.splits) => fieldsOf({ ...recording, splits }).map(({ name }) => name);
  expect(names(recording.splits)).toContain("split");
  expect(names([])).not.toContain("split");
});
