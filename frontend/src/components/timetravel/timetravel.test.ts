import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { numbers } from "../../hosts/fake";
import { STEPS } from "../../draw/points/quantise";
import { parse } from "../../state/clause-parser";
import { fieldsOf } from "../../state/fields";
import { rowsOf } from "../../state/masks";
import { ALL } from "../../state/selection";
import { mounted, settle as turns, type Mounted } from "../mounted";
import { fading } from "./above";
import { clockOf } from "./clock";
import { eventsIn, readEvents, samplesOf } from "./courses";
import { nearest, rims } from "./dots";
import { events } from "./events";
import { NAMES, places, texts, timeHost } from "./fake-time";
import { between, readLandscape, readPlaces } from "./frames";
import { csv } from "./keep";
import { boundaries, strengths } from "./landscape";
import { overWords } from "./over-time";
import { Ring } from "./ring";
import { storyWords } from "./story";
import { timetravel } from "./timetravel";
import { trajectories } from "./trajectories";
import { Places } from "../../draw/points/quantise";

let page: Mounted | null = null;
/** Animation frames, run by hand: time passes only when a test says so. */
let waiting: ((now: number) => void)[] = [];
let now = 0;

beforeEach(() => {
  waiting = [];
  now = 1000;
  vi.stubGlobal("requestAnimationFrame", (callback: (now: number) => void) => waiting.push(callback));
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => {
  page?.close();
  page = null;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function pass(ms: number, steps = Math.ceil(ms / 50)): void {
  for (let k = 0; k < steps; k++) {
    now += ms / steps;
    for (const callback of waiting.splice(0)) callback(now);
  }
}

/** Until nothing is left to do but what time itself does: effects wait for a frame, too. */
async function settle(): Promise<void> {
  for (let k = 0; k < 6; k++) {
    await turns(3);
    pass(0, 1);
  }
}

async function look(options: Parameters<typeof mounted>[1] = {}): Promise<Mounted> {
  const shown = await mounted(timetravel, { host: timeHost(), ...options });
  page = shown;
  // Its code and its data come one after the other.
  for (let k = 0; k < 100 && !shown.root.querySelector("button, .offer:not([role=status]), .explanation"); k++) await settle();
  await settle();
  return shown;
}

test("the trust of the frame is on the picture, and turns bad where the picture is", async () => {
  const shown = await look();
  expect(shown.named("button", "Picture:").textContent).toContain("Picture: trustworthy predictions kept 97\u202f%, neighbours kept 23\u202f% (by chance 1\u202f%)");
  shown.session.store.choose(0);
  await settle();
  expect(shown.root.querySelector(".trust b")?.textContent).toBe("not to be trusted");
  shown.named("button", "Picture:").click();
  await settle();
  expect(shown.text()).toContain("This frame is not to be trusted. Predictions are kept for 62 % only.");
  expect(shown.text()).toContain("Neighbours were lowered to 11.");
  const line = [...shown.root.querySelectorAll(".quality tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  expect(line).toContainEqual(["predictions kept", "test", "62\u202f%", "–", "62\u202f%"]);
});

test("places are fetched a checkpoint at a time", async () => {
  const shown = await look();
  const asked = shown.host.asked.filter((one) => one.includes("/positions?"));
  expect(asked[0]).toMatch(/positions\?000003$/);
  expect(asked.every((one) => !one.includes(","))).toBe(true);
});

test("arrow keys and the slider move time, and the page follows", async () => {
  const shown = await look();
  const { store } = shown.session;
  const press = (target: Element, key: string) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  const section = shown.root.querySelector("section") as HTMLElement;
  press(section, "ArrowLeft");
  await settle();
  expect(store.checkpoint.value?.name).toBe("000002");
  pass(300);
  expect(clockOf(shown.session).at.value).toBe(1);
  press(shown.named("[role=slider]", "Time"), "Home");
  await settle();
  expect(store.checkpoint.value?.name).toBe("000001");
  expect(shown.named("[role=slider]", "Time").getAttribute("aria-valuetext")).toBe("checkpoint 1 of 3");
});

test("the page's checkpoint moves the picture", async () => {
  const shown = await look();
  shown.session.store.choose(1);
  pass(300);
  expect(clockOf(shown.session).at.value).toBe(1);
});

test("play runs from the beginning to the end, waits for nothing that is here, and is one step to undo", async () => {
  const shown = await look();
  const clock = clockOf(shown.session);
  const { store, history } = shown.session;
  shown.named("button", "Play").click();
  expect(clock.at.value).toBe(0);
  await settle();
  pass(500);
  expect(clock.at.value).toBeCloseTo(0.5, 1);
  pass(700);
  await settle();
  expect(store.checkpoint.value?.name).toBe("000002");
  pass(1000);
  await settle();
  expect(clock.playing.value).toBe(false);
  expect(clock.at.value).toBe(2);
  expect(store.following()).toBe(true);
  history.undo();
  await settle();
  expect(history.undoable.value).toBeNull();
});

test("what happened over the training is a column to filter, group and colour by", async () => {
  const shown = await look();
  const { filter, store } = shown.session;
  expect(fieldsOf(store.recording.value).filter(({ role }) => role === "course").map(({ name }) => name)).toContain("first_learned");
  filter.add(parse("flips > 1 and aum < 4"));
  store.split.value = ALL;
  await settle();
  expect([...rowsOf(filter.mask() ?? new Uint32Array())]).toEqual([2, 3, 6, 7]);
});

test("time waits before a checkpoint whose data are not here", async () => {
  const shown = await look();
  const clock = clockOf(shown.session);
  let here = false;
  clock.gate((place) => place < 2 || here);
  clock.set(0);
  clock.speed.value = 4;
  clock.play();
  // The places of a checkpoint arrive between two frames.
  for (let k = 0; k < 4; k++) {
    pass(600);
    await settle();
  }
  expect(clock.at.value).toBe(1);
  expect(clock.waiting.value).toBe(2);
  here = true;
  pass(600);
  expect(clock.at.value).toBe(2);
});

test("a loop begins again where it was told to", async () => {
  const shown = await look();
  const clock = clockOf(shown.session);
  clock.loop.value = true;
  clock.from.value = 1;
  clock.set(1);
  clock.play();
  pass(1300);
  expect(clock.playing.value).toBe(true);
  expect(clock.at.value).toBeCloseTo(1.3, 1);
});

test("two views of one page stand on one clock and fetch a result once", async () => {
  const shown = await look();
  const { mountComponent, loaded } = await import("../component");
  const el = document.createElement("div");
  document.body.append(el);
  const unmount = mountComponent(timetravel, el, shown.session, "second");
  await loaded();
  await settle();
  const slider = el.shadowRoot?.querySelector("[role=slider]");
  shown.session.store.choose(1);
  await settle();
  expect(slider?.getAttribute("aria-valuenow")).toBe("2");
  const fetched = shown.host.asked.filter((one) => one.includes("/positions?"));
  expect(fetched.length).toBe(new Set(fetched).size);
  unmount();
  el.remove();
});

test("a filter over time is a clause of the page, told in words", async () => {
  const shown = await look();
  shown.named("select", "What happened").dispatchEvent(new Event("change", { bubbles: true }));
  shown.root.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await settle();
  const { clauses } = shown.session.store;
  expect(clauses.value.map(({ label }) => label)).toEqual(["flipped between 1 and 3"]);
  const mask = shown.session.filter.mask();
  expect(mask && [...rowsOf(mask)]).toEqual([1, 2, 4]);
  // The picture itself obeys it: its source is not the view's own.
  expect(shown.session.filter.mask("timetravel")).not.toBeNull();
});

test("flips on the way here are a door to their samples; so are the places that lie", async () => {
  const shown = await look();
  shown.named(".now .door", "1 flip").click();
  await settle();
  expect(shown.session.store.selection.value?.sentence).toBe("1 flipped on the way to checkpoint 3");
  // A training sample, although the page shows the test split: the picture shows all.
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([2]);
  shown.named(".lying .door", "2 places lie").click();
  await settle();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([3, 7]);
});

test("nothing is run without being asked; what it takes is said", async () => {
  const host = timeHost();
  host.absent.add("timetravel");
  const shown = await look({ host });
  expect(shown.text()).toContain("Not worked out yet. It takes about 20 s");
  expect(host.asked.some((one) => one.startsWith("run timetravel"))).toBe(false);
  shown.named("button", "Place the samples over time").click();
  await settle();
  expect(shown.root.querySelector("[role=slider]")).not.toBeNull();
});

test("another layer is another projection", async () => {
  const host = timeHost();
  host.more = { ...host.more, layers: [{ name: "fc", shape: [8], dtype: "float16", role: "embedding" }, { name: "conv", shape: [8], dtype: "float16", role: "activation" }] };
  const shown = await look({ host, options: { layer: "conv", mode: "pca" } });
  expect(host.asked).toContain('run timetravel {"mode":"pca","layer":"conv"}');
  expect(shown.text()).toContain("pca · layer conv");
});

test("one checkpoint has nowhere to move to", async () => {
  const shown = await look({ host: timeHost(1) });
  expect(shown.text()).toContain("Fewer than two checkpoints are recorded, so nothing moves.");
});

test("what happened is listed by kind, the largest change first", async () => {
  page = await mounted(events, { host: timeHost() });
  page.session.store.choose(1);
  await settle();
  expect(page.root.querySelector("h2")?.textContent).toBe("3 changed their prediction, 0 were forgotten");
  expect([...page.root.querySelectorAll(".event b")].map((one) => one.textContent)).toEqual(["T-shirt → Shirt", "T-shirt → Shirt", "Bag → Shirt"]);
  expect([...page.root.querySelectorAll(".event .num")].map((one) => one.textContent)).toEqual(["+.70", "−.40", "+.10"]);
  page.named(".event", "Show sample 1").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([1]);
  expect(page.session.store.focus.value).toBe(1);
});

test("the courses of the selected samples, in words for those who do not see them", async () => {
  page = await mounted(trajectories, { host: timeHost() });
  await page.session.pick({ kind: "rows", rows: [2, 4] }, "test", { split: "all" });
  await settle();
  await new Promise((resolve) => setTimeout(resolve, 120));
  await settle();
  const stories = [...page.root.querySelectorAll(".story")].map((one) => one.getAttribute("aria-label"));
  expect(stories).toEqual(["Called Bag, from checkpoint 2 Shirt, from checkpoint 3 T-shirt. The label ends at .67.", "Called T-shirt, from checkpoint 2 Shirt. The label ends at .67."]);
  expect(page.root.querySelectorAll(".way")).toHaveLength(2);
});

test("frames around a moment; a checkpoint without a frame keeps the one before", () => {
  const frames = [0, null, 1, 2];
  const at = (place: number) => frames[place] ?? null;
  expect(between(at, 0, 3)).toEqual({ a: 0, b: null, t: 0 });
  expect(between(at, 1, 3)).toEqual({ a: 0, b: 1, t: 0.5 });
  expect(between(at, 2.25, 3)).toEqual({ a: 1, b: 2, t: 0.25 });
  expect(between(at, 3, 3)).toEqual({ a: 2, b: null, t: 0 });
  expect(between((place) => (place === 1 ? 0 : null), 0, 1)).toEqual({ a: 0, b: null, t: 0 });
  expect(between(() => null, 0, 1)).toBeNull();
});

test("codes are used as they arrive; a missing pair hides its sample", () => {
  const extent = { x0: -1, y0: -1, x1: 1, y1: 1 };
  const read = readPlaces(places(1), extent);
  expect([read.n, read.nHidden, read.pairs[2], read.pairs[3]]).toEqual([12, 0, 4096, 1000]);
  const holey = readPlaces(places(0), extent);
  expect([holey.nHidden, holey.hidden[11], holey.hidden[10]]).toEqual([1, 1, 0]);
  expect(new Places({ a: read, b: null, t: 0 }).x(1)).toBeCloseTo(-1 + (2 * 4096) / STEPS, 9);
});

test("territories: stronger where it is sure, none where no data are; lines run between classes", () => {
  const look = { strength: 1, boundaries: true, mask: true };
  const planes = { confidence: Uint8Array.of(255, 255, 255), gap: Uint8Array.of(0, 96, 255), support: Uint8Array.of(255, 255, 0) };
  expect([...strengths(planes, look)]).toEqual([Math.round(0.05 * 255), 76, 0]);
  expect(strengths(planes, { ...look, mask: false })[2]).toBe(76);
  const landscape = { cells: 2, classes: Uint16Array.of(0, 1, 0, 1), confidence: new Uint8Array(4), gap: Uint8Array.of(9, 29, 9, 29), support: new Uint8Array(4).fill(255) };
  // 10 against 30: the line lies a quarter of the way, upright over the whole height.
  expect(boundaries(landscape, true)).toEqual([0.75, 1.5, 0.75, 0.5]);
  const bad = new Map([["cells", numbers([3])], ...["classes", "confidence", "gap", "support"].map((name) => [name, { kind: "list", length: 1, at: () => null, bytes: () => new Uint8Array(4) }] as const)] as [string, never][]);
  expect(() => readLandscape(bad)).toThrow("A landscape of 3 × 3 cells arrived with planes of another size.");
});

test("a ring stands for what is wrong, in the other colour of label and prediction", () => {
  const truth = { length: 4, label: { values: Int32Array.of(0, 1, 2, 0), valid: Uint8Array.of(1, 1, 1, 0) }, split: null };
  const said = { values: Int32Array.of(0, 2, 2, 1), valid: null };
  expect([...(rims("prediction", said, truth) ?? [])]).toEqual([65535, 1, 65535, 65535]);
  expect([...(rims("label", said, truth) ?? [])]).toEqual([65535, 2, 65535, 65535]);
  expect(rims("brightness", said, truth)).toBeNull();
});

test("the nearest on the picture, nearest first and never itself", () => {
  const a = readPlaces(places(1), { x0: 0, y0: 0, x1: 1, y1: 1 });
  expect(nearest(new Places({ a, b: null, t: 0 }), 5, 3)).toEqual([4, 6, 3]);
});

test("events on a way: after the first checkpoint, up to the last; each sample once", () => {
  const table = new Map([["sample_index", numbers([5, 3, 5, 1])], ["checkpoint", texts([NAMES[1] ?? "", NAMES[2] ?? "", NAMES[2] ?? "", NAMES[2] ?? ""])], ["kind", texts(["flip", "flip", "flip", "learned"])]]);
  const all = readEvents(table, (name) => NAMES.indexOf(name));
  expect(eventsIn(all, "flip", 0, 2)).toEqual([0, 1, 2]);
  expect(eventsIn(all, "flip", 1, 2)).toEqual([1, 2]);
  expect([...samplesOf(all, [0, 1, 2])]).toEqual([3, 5]);
  expect(overWords("flip", 3, 8)).toBe("flipped between 4 and 9");
  expect(overWords("wrong", 0, 4)).toBe("wrong at checkpoint 5");
});

test("a ring of parts keeps those around the last one wanted", async () => {
  const fetched: number[] = [];
  const ring = new Ring(async (frame: number) => (fetched.push(frame), frame * 10), 3);
  for (const frame of [0, 1, 2, 3]) await ring.want(frame);
  expect([0, 1, 2, 3].map((frame) => ring.get(frame))).toEqual([undefined, 10, 20, 30]);
  await ring.around(1, 4);
  expect(fetched).toEqual([0, 1, 2, 3, 0]);
  const broken = new Ring(() => Promise.reject(new Error("gone")), 3);
  await broken.want(0).catch(() => undefined);
  expect(broken.failed.value).toBe("gone");
});

test("the past fades, what is to come is faint; a table is safe to open", () => {
  expect([fading(5, 4.9), fading(5, 5), fading(5, 0)].map((one) => Number(one.toFixed(2)))).toEqual([1, 0.28, 0.64]);
  expect(csv([["a,b", 'say "x"', "=1+1", null, 2]])).toBe('"a,b","say ""x""",\'=1+1,,2\r\n');
  expect(storyWords({ prediction: [0, 0, null], label: [null, null, null], confidence: [] }, ["Bag"])).toBe("Called Bag, from checkpoint 3 unknown.");
});
