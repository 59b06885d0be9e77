import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Column } from "../../hosts/arrow";
import { numbers } from "../../hosts/fake";
import type { Json } from "../../hosts/host";
import type { Theme } from "../../draw/points/appearance";
import { STEPS } from "../../draw/points/quantise";
import { parse } from "../../state/clause-parser";
import { fieldsOf } from "../../state/fields";
import { rowsOf } from "../../state/masks";
import { ALL } from "../../state/selection";
import { mounted, settle as turns, type Mounted } from "../mounted";
import { fading, paintTime } from "./above";
import { clockOf } from "./clock";
import { eventsIn, readEvents, samplesOf } from "./courses";
import { nearest, rims } from "./dots";
import { events } from "./events";
import { NAMES, places, texts, timeHost } from "./fake-time";
import { between, reach, readLandscape, readPlaces } from "./frames";
import { gifTimes } from "./film";
import { finds } from "./find";
import { Gif, paletteOf } from "./gif";
import { csv } from "./keep";
import { boundaries, strengths } from "./landscape";
import { othersOf } from "./beside";
import type { Mark } from "./marks";
import { overWords } from "./over-time";
import { pairOf, pairWords } from "./pair";
import { elsewhere, point, pointedOf } from "./pointed";
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
  const { at } = clockOf(shown.session);
  expect(at.value).toBeLessThan(2);
  await settle();
  // The picture comes first: the page follows once it has arrived.
  expect(store.checkpoint.value?.name).toBe("000003");
  pass(300);
  await settle();
  expect(at.value).toBe(1);
  expect(store.checkpoint.value?.name).toBe("000002");
  press(shown.named("[role=slider]", "Time"), "Home");
  pass(300);
  await settle();
  expect(store.checkpoint.value?.name).toBe("000001");
  expect(shown.named("[role=slider]", "Time").getAttribute("aria-valuetext")).toBe("checkpoint 1 of 3");
});

test("who steps again on the way goes on from where it leads, and the page hears of the end alone", async () => {
  const shown = await look();
  const { store } = shown.session;
  const heard: (string | undefined)[] = [];
  const stop = store.checkpoint.subscribe((checkpoint) => heard.push(checkpoint?.name));
  const clock = clockOf(shown.session);
  clock.step(-1);
  pass(100);
  clock.step(-1);
  pass(400);
  await settle();
  stop();
  expect(clock.at.value).toBe(0);
  expect(heard).toEqual(["000003", "000001"]);
  // Out of play it goes to the checkpoint that time was running to.
  clock.play();
  pass(700);
  shown.named("[role=slider]", "Time").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  pass(400);
  expect(clock.at.value).toBe(1);
});

test("who drags time is followed once the hand rests, or lets go", async () => {
  const shown = await look();
  const { store } = shown.session;
  const clock = clockOf(shown.session);
  clock.set(1.2);
  pass(50);
  clock.set(0.9);
  pass(100);
  await settle();
  expect(store.checkpoint.value?.name).toBe("000003");
  pass(50);
  await settle();
  expect(store.checkpoint.value?.name).toBe("000002");
  clock.set(0.3);
  clock.settle();
  pass(300);
  await settle();
  expect(clock.at.value).toBe(0);
  expect(store.checkpoint.value?.name).toBe("000001");
});

test("another layer stands beside, on one clock, and what one points at the other marks", async () => {
  const layers = [["fc", "embedding"], ["conv1", "activation"]].map(([name, role]) => ({ name, role, shape: [8], dtype: "float16" }) as Json);
  const shown = await look({ host: timeHost(3, { layers }) });
  const { session } = shown;
  const { arrangement } = session.store;
  const words = [...shown.root.querySelectorAll("optgroup")].map((group) => [group.label, group.children[0]?.textContent]);
  expect(words).toEqual([["Another layer", "conv1"], ["Placed otherwise", "one for every checkpoint"]]);
  shown.named("button", "Show side by side").click();
  const page = arrangement.current();
  expect(page?.title).toBe("Side by side");
  expect(page?.tiles.map(({ x, w, options }) => [x, w, options])).toEqual([[0, 6, {}], [6, 6, { layer: "conv1" }]]);
  point(session, "left", 4);
  expect(elsewhere(pointedOf(session).value, "right")).toBe(4);
  expect(elsewhere(pointedOf(session).value, "left")).toBeNull();
  point(session, "right", null);
  expect(elsewhere(pointedOf(session).value, "right")).toBe(4);
  point(session, "left", null);
  expect(pointedOf(session).value).toBeNull();
});

test("what another picture points at has a double ring where it stands here", () => {
  const discs: number[][] = [];
  const paint = { beginPath: () => undefined, stroke: () => undefined, fill: () => undefined, arc: (...to: number[]) => discs.push(to.slice(0, 3)) } as unknown as CanvasRenderingContext2D;
  const grey = [1, 2, 3, 255] as const;
  const theme = { surface: grey, ink: grey, ink2: grey, accent: grey } as unknown as Theme;
  const above = { size: { width: 9, height: 9 }, view: { cx: 0, cy: 0, kx: 1, ky: 1 }, theme, good: "", bad: "", at: 0, trails: [], neighbours: null, marks: new Map<number, Mark>() };
  const place = (sample: number) => (sample === 4 ? ([30, 40] as const) : null);
  paintTime(paint, { ...above, place, pointed: 4 });
  expect(discs).toEqual([[30, 40, 9], [30, 40, 9], [30, 40, 2]]);
  paintTime(paint, { ...above, place, pointed: 5 });
  paintTime(paint, { ...above, place, pointed: null });
  expect(discs).toHaveLength(3);
});

test("another training is asked for by its folder, and says nothing of this one's accuracy", async () => {
  const shown = await look({ host: timeHost(3, { beside: ["other", "third"] }), options: { beside: "other" } });
  const asked = shown.host.asked.filter((one) => one.includes("/positions?"));
  expect(asked[0]).toContain("%22beside%22%3A%22other%22");
  expect(shown.host.asked.some((one) => one.includes("trajectories") && one.includes("%22beside%22%3A%22other%22"))).toBe(true);
  expect(shown.text()).toContain("training other");
  expect(shown.text()).not.toContain("accuracy");
  const choices = [...shown.named("select", "Training").querySelectorAll("option")].map((option) => option.textContent);
  expect(choices).toEqual(["this one", "other", "third"]);
  const others = othersOf(shown.session.store.recording.value, { beside: "other" })[0];
  expect(others?.which).toEqual([{ name: "this one", options: { beside: null } }, { name: "third", options: { beside: "third" } }]);
});

test("the page's checkpoint moves the picture and the line in time", async () => {
  const shown = await look();
  const line = () => Number(/^translateX\((.+)px\)$/.exec(shown.root.querySelector<HTMLElement>(".playhead")?.style.transform ?? "")?.[1]);
  const before = line();
  shown.session.store.choose(1);
  pass(300);
  expect(clockOf(shown.session).at.value).toBe(1);
  await settle();
  expect(line()).toBeLessThan(before);
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
  expect(shown.text()).toContain("Not worked out yet. It takes about 35 s");
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

test("of samples with several labels no flips of one prediction are told", async () => {
  page = await mounted(trajectories, { host: timeHost(3, { task: "multilabel" }) });
  await page.session.pick({ kind: "rows", rows: [2] }, "test", { split: "all" });
  await settle();
  await new Promise((resolve) => setTimeout(resolve, 120));
  await settle();
  expect(page.root.querySelectorAll(".story")).toHaveLength(0);
  expect(page.text()).not.toContain("flip");
  expect(page.text()).toContain("Samples have several labels each: what one label got, and what one class it was called, is not told.");
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

/** Type, and wait until what is found is listed. */
async function typeInto(shown: Mounted, words: string): Promise<HTMLInputElement> {
  const field = shown.named("input", "Find samples") as HTMLInputElement;
  field.focus();
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 160));
  await settle();
  return field;
}

const press = (target: Element, key: string) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));

test("a sample is found by its id, opened, and its whole way is shown", async () => {
  const shown = await look();
  const asked = () => shown.host.asked.filter((one) => one.includes("/positions?") && one.includes("&rows=7"));
  const field = await typeInto(shown, "test/7");
  expect([...shown.root.querySelectorAll("[role=option]")].map((one) => one.textContent)).toEqual(["test/7 Bag"]);
  press(field, "Enter");
  await settle();
  expect(shown.session.store.focus.value).toBe(7);
  expect(asked()[0]).toMatch(/positions\?000001,000002,000003&rows=7$/);
  expect(shown.root.querySelector("[role=listbox]")).toBeNull();
  expect(shown.root.querySelector(".at-hand b")?.textContent).toBe("test/7");
});

test("a label, a prediction or a word finds all of which it holds; arrows go along the list", async () => {
  const shown = await look();
  const field = await typeInto(shown, "shirt");
  const options = [...shown.root.querySelectorAll("[role=option]")].map((one) => one.textContent);
  expect(options).toEqual(["labelled T-shirt 4 samples", "called T-shirt here 4 samples", "labelled Shirt 4 samples", "called Shirt here 5 samples"]);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) {
    press(field, key);
    await settle();
  }
  expect(field.getAttribute("aria-activedescendant")).toBe("found-3");
  press(field, "Enter");
  await settle();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([3, 4, 8, 9, 11]);
  expect(shown.session.store.selection.value?.sentence).toBe("5 called Shirt at the checkpoint");
  await typeInto(shown, "nothing like it");
  expect(shown.root.querySelector(".found [role=status]")?.textContent).toBe("No id, label or text has “nothing like it”.");
});

test("keys typed into the field of the search do not move time", async () => {
  const shown = await look();
  const field = await typeInto(shown, "t");
  for (const key of [" ", "ArrowLeft"]) press(field, key);
  await settle();
  expect(shown.session.store.checkpoint.value?.name).toBe("000003");
  expect(clockOf(shown.session).playing.value).toBe(false);
});

test("whole ids come before their beginnings, and a number is a place, too", () => {
  const ids = texts(["x12", "12", "123", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
  const sources = { n: 13, classes: [], ids, truth: null, predictions: null, texts: new Map([["camera", { kind: "category" as const, length: 13, codes: new Int32Array(13).fill(1), values: ["left", "Night 12"], valid: Uint8Array.from({ length: 13 }, (_, i) => Number(i > 9)) }]]) };
  expect(finds(sources, " 12 ").map(({ title }) => title)).toEqual(["12", "j", "123", "x12", "“12” in camera"]);
  expect(finds(sources, "#3").map(({ title }) => title)).toEqual(["a"]);
  expect(finds(sources, "night").map((one) => [one.aside, one.kind === "group" ? [...one.rows] : []])).toEqual([["3 samples", [10, 11, 12]]]);
  expect(finds(sources, "  ")).toEqual([]);
  // Numbers are padded in many ids, and nobody types the zeros.
  const padded = { ...sources, texts: new Map(), ids: texts(["train/00012", "train/00120", "test/00012", ...Array.from({ length: 10 }, () => "x")]) };
  expect(finds(padded, "train/12").map(({ title }) => title)).toEqual(["train/00012", "train/00120"]);
});

test("two samples are compared: the one in focus, and the next that is opened", async () => {
  const shown = await look();
  const { store } = shown.session;
  store.focus.value = 2;
  await settle();
  shown.named("button", "Compare with another").click();
  await settle();
  expect(shown.text()).toContain("Open the sample to compare train/2 with: click it on the picture, or find it.");
  store.focus.value = 4;
  await settle();
  const pair = shown.root.querySelector(".pair") as HTMLElement;
  // Both stand two samples apart at every checkpoint: 2 · 4096 of 65,536 codes. They are called 2, 1, 0 and 0, 1, 1.
  expect(pair.querySelector("h3")?.textContent).toBe("Two samples that stay as far apart as they began");
  expect(pair.textContent).toContain("13\u202f% of the picture’s width apart here. Called the same at 1 of 3 checkpoints.");
  expect(pair.querySelector("svg:last-of-type[aria-label^=Distance]")?.getAttribute("aria-label")).toBe("Distance on the picture: 13\u202f% at checkpoint 1, 13\u202f% at checkpoint 2, 13\u202f% at checkpoint 3.");
  expect([...pair.querySelectorAll(".side b")].map((one) => one.textContent)).toEqual(["train/2", "train/4"]);
  pair.querySelector<HTMLElement>("header button")?.click();
  await settle();
  expect(shown.root.querySelector(".pair")).toBeNull();
});

test("two selected samples can be compared at once", async () => {
  const shown = await look();
  await shown.session.pick({ kind: "rows", rows: [0, 11] }, "test", { split: "all" });
  await settle();
  shown.named("button", "Compare the two selected").click();
  await settle();
  // Sample 11 has no place in the first frame: nothing is drawn there, and nothing made up.
  expect(shown.root.querySelector("[aria-label^=Distance]")?.getAttribute("aria-label")).toBe("Distance on the picture: 69\u202f% at checkpoint 2, 69\u202f% at checkpoint 3.");
});

test("how far apart a pair is, and whether it is called the same", () => {
  const course = (...prediction: (number | null)[]) => ({ prediction, label: [], confidence: [] });
  const pair = pairOf([Float64Array.of(0, 0, 0, 0, 3, 4), Float64Array.of(0, 10, NaN, NaN, 0, 0)], 20, [course(1, 1, null), course(1, 2, 2)], (place) => place);
  expect(pair).toEqual({ apart: [0.5, null, 0.25], same: 1, called: 2 });
  expect(pairWords(pair)).toBe("Two samples that came closer");
  expect(pairWords({ ...pair, apart: [0.1, 0.2] })).toBe("Two samples that went apart");
  expect(pairWords({ ...pair, apart: [null, 0.2] })).toBe("Two samples through the training");
});

test("what holds a way is no smaller than a fifth of the picture, and nowhere when nothing is placed", () => {
  const whole = { x0: 0, y0: 0, x1: 10, y1: 10 };
  expect(reach([Float64Array.of(1, 1, 5, 1.5), Float64Array.of(NaN, NaN, 2, 2)], whole)).toEqual({ x0: 1, y0: 0.5, x1: 5, y1: 2.5 });
  expect(reach([Float64Array.of(NaN, NaN)], whole)).toBeNull();
});

test("a box can be drawn as well as a line", async () => {
  const shown = await look();
  shown.named("button", "Box").click();
  await settle();
  expect(shown.named("button", "Box").getAttribute("aria-pressed")).toBe("true");
  const el = shown.root.querySelector(".points") as HTMLElement;
  const at = (type: string, x: number, y: number) => el.dispatchEvent(new PointerEvent(type, { button: 0, pointerId: 1, clientX: x, clientY: y, bubbles: true }));
  at("pointerdown", 0, 0);
  at("pointermove", 600, 600);
  at("pointerup", 600, 600);
  await settle();
  expect(shown.session.store.selection.value?.indices.length).toBe(12);
});

/** A GIF read the slow way: the indices of each frame, what shines through filled in. */
function framesIn(bytes: Uint8Array): { size: [number, number]; palette: Uint8Array; frames: { delay: number; indices: number[] }[] } {
  const short = (at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const size: [number, number] = [short(6), short(8)];
  const palette = bytes.slice(13, 13 + 768);
  const frames: { delay: number; indices: number[] }[] = [];
  let [at, delay, through] = [13 + 768, 0, -1];
  const blocks = () => {
    const data: number[] = [];
    for (; (bytes[at] ?? 0) > 0; at += (bytes[at] ?? 0) + 1) data.push(...bytes.slice(at + 1, at + 1 + (bytes[at] ?? 0)));
    at++;
    return data;
  };
  while (bytes[at] !== 0x3b) {
    if (bytes[at] === 0x21) {
      if (bytes[at + 1] === 0xf9) [delay, through] = [short(at + 4), (bytes[at + 3] ?? 0) & 1 ? (bytes[at + 6] ?? 0) : -1];
      at += 2;
      blocks();
      continue;
    }
    at += 10;
    const bits = bytes[at++] ?? 0;
    const data = blocks();
    let [place, width] = [0, bits + 1];
    const read = () => {
      let code = 0;
      for (let k = 0; k < width; k++, place++) code |= (((data[place >> 3] ?? 0) >> (place & 7)) & 1) << k;
      return code;
    };
    const [clear, end] = [1 << bits, (1 << bits) + 1];
    let known: number[][] = [];
    let last: number[] | null = null;
    const out: number[] = [];
    for (let code = read(); code !== end; code = read()) {
      if (code === clear) {
        known = [...Array.from({ length: end + 1 }, (_, k) => [k])];
        [last, width] = [null, bits + 1];
        continue;
      }
      const run: number[] = code < known.length ? (known[code] ?? []) : [...(last ?? []), last?.[0] ?? 0];
      if (last) known.push([...last, run[0] ?? 0]);
      out.push(...run);
      last = run;
      if (known.length === 1 << width && width < 12) width++;
    }
    const before = frames.at(-1)?.indices ?? [];
    frames.push({ delay, indices: out.map((index, k) => (index === through ? (before[k] ?? -1) : index)) });
  }
  return { size, palette, frames };
}

test("a GIF read back shows what was put in, also after its codes have run out", () => {
  const [width, height] = [160, 120];
  // Noise of four colours has so many different runs that the table of codes is begun anew several times.
  let seed = 1;
  const noise = () => (seed = (seed * 16807) % 2147483647) % 4;
  const tones = [[255, 255, 255], [16, 32, 42], [200, 30, 30], [30, 90, 200]] as const;
  const picture = (of: readonly number[]) => Uint8ClampedArray.from(of.flatMap((tone) => [...(tones[tone] ?? [0, 0, 0]), 255]));
  const first = Array.from({ length: width * height }, noise);
  const second = first.map((tone, k) => (k < 500 ? 3 - tone : tone));
  const palette = paletteOf([picture(first)]);
  expect(palette.length).toBe(12);
  const gif = new Gif(width, height, palette);
  gif.add(picture(first), 10);
  gif.add(picture(second), 110);
  const read = framesIn(gif.done());
  expect([read.size, read.frames.map(({ delay }) => delay)]).toEqual([[160, 120], [10, 110]]);
  const seen = (indices: readonly number[]) => indices.map((index) => tones.findIndex((tone) => tone.every((value, k) => value === read.palette[3 * index + k])));
  expect(seen(read.frames[0]?.indices ?? [])).toEqual(first);
  expect(seen(read.frames[1]?.indices ?? [])).toEqual(second);
});

test("more colours than a palette holds are divided where it matters; few bright dots keep theirs", () => {
  const pixels = new Uint8ClampedArray(4 * 30_000);
  for (let i = 0; i < 30_000; i++) pixels.set(i < 30 ? [230, 20, 20, 255] : [200 + (i % 40), 210 + ((i >> 3) % 40), 220 + ((i >> 6) % 30), 255], 4 * i);
  const palette = paletteOf([pixels]);
  expect(palette.length).toBeLessThanOrEqual(3 * 255);
  const has = (r: number, g: number, b: number, away: number) => Array.from({ length: palette.length / 3 }, (_, k) => Math.max(Math.abs((palette[3 * k] ?? 0) - r), Math.abs((palette[3 * k + 1] ?? 0) - g), Math.abs((palette[3 * k + 2] ?? 0) - b))).some((most) => most <= away);
  expect(has(230, 20, 20, 0)).toBe(true);
  expect(has(220, 230, 235, 8)).toBe(true);
});

test("a GIF lasts as long as a film, ends with a second more, and does not grow without bounds", () => {
  const times = gifTimes(11);
  expect([times.length, times[0]?.at, times.at(-1)?.at]).toEqual([89, 0, 11]);
  expect(times.reduce((sum, { hundredths }) => sum + hundredths, 0)).toBe(89 * 10 + 100);
  expect(gifTimes(400).length).toBe(401);
});

test("a running job's new checkpoint comes onto the canvas by itself, and the canvas stays", async () => {
  const host = timeHost(2);
  host.more = { ...host.more, writing: true };
  const rows = (n: number) => {
    const frames = new Map<string, Column>([
      ["checkpoint", texts(NAMES.slice(0, n))], ["x", numbers(Array<number>(n).fill(-1))], ["y", numbers(Array<number>(n).fill(-1))], ["size", numbers(Array<number>(n).fill(2))], ["motion", numbers(Array<number>(n).fill(0.1), false)],
    ]);
    host.given.set("timetravel/frames", frames);
  };
  // A result stands for the checkpoints that were there when it was made, and is named so.
  const there = new Set([2]);
  const fits: number[] = [];
  const plain = { stored: host.stored.bind(host), run: host.run.bind(host) };
  const named = (params: { readonly [key: string]: Json }) => ({ analysis: "timetravel", key: encodeURIComponent(JSON.stringify({ ...params, checkpoints: host.checkpoints })), tables: {} });
  host.stored = async (analysis, params) => (analysis !== "timetravel" ? plain.stored(analysis, params) : there.has(host.checkpoints) ? named(params) : null);
  host.run = async (analysis, params) => {
    if (analysis !== "timetravel") return plain.run(analysis, params);
    if (!there.has(host.checkpoints)) fits.push(host.checkpoints);
    there.add(host.checkpoints);
    rows(host.checkpoints);
    return named(params);
  };
  rows(2);
  const shown = await look({ host, options: { mode: "live" } });
  const canvas = shown.root.querySelector("canvas");
  const slider = () => shown.named("[role=slider]", "Time").getAttribute("aria-valuetext");
  expect(slider()).toBe("checkpoint 2 of 2, 3 flips");
  expect(fits).toEqual([]);
  host.checkpoints = 3;
  host.tell({ type: "recording" });
  for (let k = 0; k < 6; k++) await settle();
  expect(fits).toEqual([3]);
  expect(slider()).toBe("checkpoint 3 of 3, 1 flip");
  // The same canvas: nothing was begun anew, and where a person had zoomed in is still in sight.
  expect(shown.root.querySelector("canvas")).toBe(canvas);
  expect(host.asked.some((one) => one.endsWith("/positions?000003"))).toBe(true);
});
