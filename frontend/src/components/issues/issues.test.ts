import { afterEach, expect, test } from "vitest";
import { categories, description, FakeHost, numbers } from "../../hosts/fake";
import type { Logged } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { bySeverity, fromGiven, fromRecording, givenIn, neverLearnt, strangers, verdictsIn, weakSlices, type Issue } from "./gather";
import { issues } from "./issues";

let page: Mounted | null = null;
afterEach(() => page?.close());

const lines = ({ root }: Mounted, where = "section > ul") => [...root.querySelectorAll(`${where} .issue`)].map((line) => [line.querySelector(".badge")?.textContent, line.querySelector("h3")?.textContent?.replace(": show the samples behind it", "")]);
const line = ({ root }: Mounted, words: string) => {
  const found = [...root.querySelectorAll<HTMLElement>(".issue")].find((one) => one.textContent?.includes(words));
  if (!found) throw new Error(`no issue "${words}"`);
  return found;
};
const press = async (within: HTMLElement, name: string) => {
  [...within.querySelectorAll("button")].find((one) => one.textContent === name)?.click();
  await settle();
};

test("what was found is gathered, the most severe first, and its number is a door", async () => {
  page = await mounted(issues);
  expect(lines(page)).toEqual([
    ["High", "1 group of the same picture spans train and test"],
    ["Medium", "1 group of the same picture carries different labels"],
    ["Medium", "1 picture cannot be read"],
    ["Low", "1 group of the same picture lies in one split"],
    ["Low", "1 sample has no label"],
  ]);
  expect(page.root.querySelector("h2")?.textContent).toBe("5 things to look at, 1 of them serious");
  line(page, "spans train and test").querySelector<HTMLElement>(".door")?.click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([3, 9]);
  expect(page.session.store.selection.value?.sentence).toBe("2 in 1 group of the same picture spans train and test");
  line(page, "cannot be read").querySelector<HTMLElement>(".door")?.click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([8]);
});

test("what was not run is offered with what it takes, and runs only when asked", async () => {
  const host = new FakeHost();
  host.absent.add("duplicates").add("familiarity");
  page = await mounted(issues, { host });
  expect(lines(page)).toEqual([["Low", "1 sample has no label"]]);
  expect(page.text()).toContain("1 thing to look at");
  expect(page.text()).toContain("Which samples are there twice?Look for duplicatesNot worked out yet. It takes a moment");
  expect(host.asked.some((one) => /^run (duplicates|familiarity)/.test(one))).toBe(false);
  page.named("button", "Look for duplicates").click();
  await settle();
  expect(lines(page)).toHaveLength(5);
  expect(page.text()).not.toContain("Which samples are there twice?");
});

test("resolving and ignoring are decisions that last, can be taken back, and say who and when", async () => {
  const host = new FakeHost();
  page = await mounted(issues, { host });
  await press(line(page, "spans train and test"), "Resolve");
  expect(host.decided.at(-1)).toMatchObject({ kind: "issue-state", payload: { issue: "duplicates/across-splits", state: "resolved", count: 2 } });
  expect(lines(page)).toHaveLength(4);
  expect(lines(page, ".settled")).toEqual([["High", "1 group of the same picture spans train and test"]]);
  expect(page.text()).toContain("Resolved by me, 2026-01-01 00:00.");
  await press(line(page, "carries different labels"), "Ignore");
  expect(page.text()).toContain("2 resolved or ignored");
  // Another page of the same recording sees the same.
  page.close();
  page = await mounted(issues, { host });
  expect(lines(page)).toHaveLength(3);
  await press(line(page, "spans train and test"), "Reopen");
  expect(lines(page)).toHaveLength(4);
  page.session.history.undo();
  await settle();
  expect(lines(page)).toHaveLength(3);
});

test("a decision that could not be saved is not shown as taken", async () => {
  page = await mounted(issues);
  page.host.failing = "The disk is full.";
  await press(line(page, "spans train and test"), "Resolve");
  expect(lines(page)).toHaveLength(5);
  expect(page.session.store.notices.value.join()).toContain("The disk is full.");
});

test("issues named in Python stand among the others", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "issue", payload: { title: "glare <b>on</b> the lens", severity: "high", explanation: "Seen in May.", samples: ["train/4", "test/5", "gone/1"] } });
  page = await mounted(issues, { host });
  expect(lines(page)[1]).toEqual(["High", "2 glare <b>on</b> the lens"]);
  expect(line(page, "glare").textContent).toContain("Seen in May. 1 sample of it is not in this recording. Named by me.");
  line(page, "glare").querySelector<HTMLElement>(".door")?.click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([4, 5]);
});

test("who may only read sees no buttons", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  page = await mounted(issues, { host });
  expect([...page.root.querySelectorAll("button")].map((one) => one.textContent)).not.toContain("Resolve");
});

const truth = (labels: readonly (number | null)[], splits: readonly string[]) => {
  const values = [...new Set(splits)];
  return { length: labels.length, label: { values: Int32Array.from(labels, (label) => label ?? 0), valid: Uint8Array.from(labels, (label) => Number(label !== null)) }, split: { codes: Int32Array.from(splits, (split) => values.indexOf(split)), values } };
};
const saying = (correct: readonly (number | null)[]) => {
  const column = { values: Float64Array.from(correct, (one) => one ?? 0), valid: Uint8Array.from(correct, (one) => Number(one !== null)) };
  return { prediction: column, confidence: column, loss: column, margin: column, correct: column };
};

test("a slice is weak when even the upper end of its interval lies clearly below the whole", () => {
  // 100 of a, 95 right; 40 of b, 10 right: together 75 %; b is right in 25 % (14 to 40 %).
  const values = [...Array<string>(100).fill("a"), ...Array<string>(40).fill("b")];
  const right = values.map((value, i) => Number(value === "a" ? i < 95 : i < 110));
  const said = saying(right);
  const of = truth(values.map(() => 0), values.map(() => "test"));
  const [found, ...others] = weakSlices([{ name: "device", column: categories(values) }], of, said, "test");
  expect(others).toEqual([]);
  expect(found).toMatchObject({ severity: "high", words: "wrong where device is b", key: 'slice/["device","b"]' });
  expect(found?.rows).toEqual(Array.from({ length: 30 }, (_, i) => 110 + i));
  expect(found?.says).toBe("25\u202f% of 40 are right there (95\u202f% interval 14\u202f% to 40\u202f%); over all it is 75\u202f% in test.");
  // 20 of d, 12 right: below the whole, but it might well be as good (39 to 78 %).
  const unsure = values.map((value, i) => (i < 20 ? "d" : value));
  const some = saying(unsure.map((value, i) => (value === "d" ? Number(i < 12) : (right[i] ?? 0))));
  expect(weakSlices([{ name: "device", column: categories(unsure) }], of, some, "test").map(({ words }) => words)).toEqual(["wrong where device is b"]);
  const few = values.map((value, i) => (value === "b" && i > 110 ? "c" : value)); // 11 of b: too few to say
  expect(weakSlices([{ name: "device", column: categories(few) }], of, said, "test").map(({ words }) => words)).toEqual(["wrong where device is c"]);
  expect(weakSlices([{ name: "device", column: categories(values.map(() => "a")) }], of, said, "test")).toEqual([]);
});

test("never learnt counts what was judged in train and never right; two checkpoints are no never", () => {
  const first = numbers([1, null, null, null]);
  const samples = new Map([["first_learnt", first], ["correct", numbers([1, 0, null, 0])]]);
  const of = truth([0, 0, null, 0], ["train", "train", "train", "test"]);
  expect(neverLearnt(description(3), of, samples).map(({ rows, words }) => [rows, words])).toEqual([[[1], "train sample never called what it is labelled"]]);
  expect(neverLearnt(description(2), of, samples)).toEqual([]);
});

test("outputs that are no numbers are told of the chosen checkpoint", () => {
  const checkpoint = { name: "000001", step: 1, epoch: 1, wall_time: 1, duration_s: 1, metrics: {}, n_samples: 3, non_finite: 1 };
  const recording = description(1, { checkpoints: [checkpoint] });
  const of = truth([0, 0, 0], ["a", "a", "a"]);
  expect(fromRecording(recording, of, saying([1, null, 1]), "000001").map(({ key, rows }) => [key, rows])).toEqual([["outputs/non-finite", [1]]]);
  expect(fromRecording(recording, of, saying([1, null, 1]), null)).toEqual([]);
});

test("held-out samples unlike their class are found, and are serious where the network fails on them", () => {
  const n = 300;
  const of = truth(Array<number>(n).fill(0), Array.from({ length: n }, (_, i) => (i < 200 ? "train" : "test")));
  const strange = (i: number) => i >= 200 && i < 210;
  const label = Float64Array.from({ length: n }, (_, i) => (strange(i) ? 0.01 : 0.5));
  const overall = numbers(Array<number>(n).fill(0.5), false);
  const recording = description(3, { splits: [{ name: "train", count: 200 }, { name: "test", count: 100 }] });
  const blind = strangers(recording, of, saying(Array.from({ length: n }, (_, i) => Number(!strange(i)))), { overall, label }, "test");
  expect(blind.map(({ severity, words, rows }) => [severity, words, rows.length])).toEqual([["high", "samples of T-shirt in test are unlike the T-shirt it was trained on", 10]]);
  expect(blind[0]?.says).toContain("2 samples would be usual. 0\u202f% of them are right, of the others 100\u202f%.");
  expect(strangers(recording, of, saying(Array<number>(n).fill(1)), { overall, label }, "test")[0]?.severity).toBe("low");
  expect(strangers(recording, of, null, { overall, label }, null)).toEqual([]);
});

test("what is not understood in the log is passed over", () => {
  const entry = (payload: Logged["payload"], kind = "issue", sequence = 1): Logged => ({ sequence, time: "", author: "ana", kind, payload, inForce: true });
  expect(givenIn([entry(null), entry([]), entry({}), entry({ title: 3 }), entry({ title: "a", samples: "x", severity: "dire" })])).toEqual([{ sequence: 1, author: "ana", title: "a", severity: "medium", says: "", samples: [] }]);
  expect(fromGiven(givenIn([entry({ title: "a", samples: ["x", "x", 3] })]), () => 7)[0]?.rows).toEqual([7]);
  const verdicts = verdictsIn([entry({ issue: "k", state: "resolved" }, "issue-state"), entry({ issue: "j", state: "ignored" }, "issue-state", 2), entry({ issue: "k", state: "open" }, "issue-state", 3)]);
  expect([...verdicts.keys()]).toEqual(["j"]);
});

test("severity decides, then what makes other figures wrong", () => {
  const issue = (key: string, severity: Issue["severity"], n: number): Issue => ({ key, severity, rows: Array<number>(n).fill(0), words: "", says: "", by: "" });
  expect(bySeverity([issue("slice/a", "high", 9), issue("labels/missing", "low", 99), issue("duplicates/across-splits", "high", 1)]).map(({ key }) => key)).toEqual(["duplicates/across-splits", "slice/a", "labels/missing"]);
});
