import { afterEach, expect, test } from "vitest";
import { description } from "../../hosts/fake";
import type { Json, Logged, RunOptions, Table } from "../../hosts/host";
import type { Options } from "../../state/layout";
import { inspector } from "../inspector/inspector";
import { mounted, settle, type Mounted } from "../mounted";
import { crispness } from "./address";
import { paramsOf } from "./chosen";
import { flagsIn, patchesIn } from "./decided";
import { editOf, paramsOf as editParams } from "./edits";
import { bytesColumn, neuronsHost, tableOf, type Story } from "./fake-neurons";
import { votersOf } from "./found";
import { neurons } from "./neurons";
import { moved, winner } from "./what-if";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function calm(): Promise<void> {
  for (let k = 0; k < 3; k++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await settle();
  }
}

async function look(options: Options = {}, story: Story = {}): Promise<Mounted> {
  page = await mounted(neurons, { host: neuronsHost(story), options });
  await calm();
  return page;
}

async function press(shown: Mounted, start: string, selector = "button"): Promise<void> {
  shown.named(selector, start).click();
  await calm();
}

async function change(shown: Mounted, name: string, value: string, selector = "select"): Promise<void> {
  const field = shown.named(selector, name) as HTMLSelectElement;
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await calm();
}

const selected = ({ session }: Mounted) => [session.store.selection.value?.sentence, [...(session.store.selection.value?.indices ?? [])]];
/** Every table asks for its result once more; what was asked is told once. */
const runs = ({ host }: Mounted, analysis: string) => {
  const lines = host.asked.filter((line) => line.startsWith(`run ${analysis} `));
  return lines.filter((line, i) => line !== lines[i - 1]).map((line) => JSON.parse(line.slice(analysis.length + 5)) as Json);
};
const basket = ({ root }: Mounted) => [...root.querySelectorAll(".basket .chip")].map((chip) => chip.textContent);
const title = ({ root }: Mounted, place = "") => (root.querySelector(`${place} .titles > *`)?.textContent ?? "").replace(/: show [^?]*?(?=:| and| of| wrongly|$)/g, "").replace(/\s+/g, " ");

test("the page opens on the mistakes of the class most often called wrongly, and says the finding", async () => {
  const shown = await look();
  expect(runs(shown, "counterfactual")).toEqual([{ predicted: "T-shirt", split: "test" }]);
  expect(shown.text()).toContain("wrongly called T-shirt: neuron 3 is too weak in 100\u202f% of them");
  expect([...shown.root.querySelectorAll(".ranked h3")].map((one) => one.textContent)).toEqual(["Too weak would have to be stronger · 1", "Too strong would have to be weaker · 1", "Dead never change, so nothing can be asked of them · 1"]);
  expect(shown.text()).toContain("one shared change of 1 neuron would put 50\u202f% right");
  expect(shown.text()).toContain("too few to rank neurons reliably");
});

test("every share leads to the mistakes that name the neuron, and the count to all of them", async () => {
  const shown = await look();
  shown.named(".ranked .door", "50\u202f%").click();
  await calm();
  expect(selected(shown)).toEqual(["1 that name neuron 1", [5]]);
  shown.named(".titles .door", "2").click();
  await calm();
  expect(selected(shown)).toEqual(["2 wrongly called T-shirt", [5, 8]]);
});

test("another confusion is asked for anew, and what was open for the old one closes", async () => {
  const shown = await look({ predicted: "Bag", neuron: 1, sample: 5 });
  expect(shown.root.querySelector(".tryout")).not.toBeNull();
  await press(shown, "1 T-shirt called Shirt");
  expect(runs(shown, "counterfactual").at(-1)).toEqual({ label: "T-shirt", predicted: "Shirt", split: "test" });
  expect(shown.session.store.arrangement.tile("neurons")?.options).toEqual({ label: "T-shirt", predicted: "Shirt" });
  await change(shown, "Called", "");
  expect(runs(shown, "counterfactual").at(-1)).toEqual({ label: "T-shirt", split: "test" });
});

test("samples picked in another view are explained by their ids", async () => {
  const shown = await look();
  await shown.session.pick({ kind: "rows", rows: [5, 8] }, "scatter");
  await calm();
  await press(shown, "Explain the 2 samples picked");
  expect(runs(shown, "counterfactual").at(-1)).toEqual({ samples: ["test/5", "test/8"] });
  expect(shown.text()).toContain("that you picked");
});

test("a neuron shows real samples first, in the order of their rank, then how it fires and what it decides", async () => {
  const shown = await look();
  expect([...shown.root.querySelectorAll(".exemplars h4 .door")].map((one) => one.firstChild?.textContent)).toEqual(["Excited most by", "Among Shirt", "Speaks most for Shirt in"]);
  const first = shown.root.querySelector(".exemplars ul");
  expect([...(first?.querySelectorAll("button") ?? [])].map((one) => one.getAttribute("aria-label"))).toEqual(["Open Shirt called Shirt, rightly, sample 3", "Open Bag called Bag, rightly, sample 6"]);
  first?.querySelector("button")?.click();
  expect(shown.session.store.focus.value).toBe(3);
  expect(shown.root.querySelector(".firing svg")?.getAttribute("aria-label")).toBe("Activation of neuron 3: 4 correct samples and 2 mistakes, from 0 to 2");
  expect([...shown.root.querySelectorAll(".weights li")].map((one) => one.textContent?.trim())).toEqual(["Shirt+1", "T-shirt0", "Bag0"]);
  expect(shown.text()).toContain("in a family with a mirror with 0");
});

test("a flag is a decision on disk; a second click takes it back, and so does undo", async () => {
  const shown = await look();
  const why = shown.named("input", "Why") as HTMLInputElement;
  why.value = "the corner";
  why.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  await press(shown, "Spurious");
  expect(shown.host.decided.map(({ kind, payload, inForce }) => [kind, payload, inForce])).toEqual([["neuron", { neuron: 3, layer: "fc", flag: "spurious", reason: "the corner" }, true]]);
  expect(shown.named(".neuron .name", "Neuron 3").getAttribute("aria-label")).toBe("Neuron 3, flagged spurious");
  await press(shown, "Spurious");
  expect(flagsIn(shown.host.decided, "fc").size).toBe(0);
  shown.session.history.undo();
  await calm();
  expect(flagsIn(shown.host.decided, "fc").get(3)?.reason).toBe("the corner");
});

test("sliders move one sample's neurons, and the probabilities follow", async () => {
  const shown = await look();
  await press(shown, "Why?");
  expect(runs(shown, "counterfactual").at(-1)).toEqual({ samples: ["test/5"] });
  expect(title(shown, ".tryout")).toBe("Why is Shirt called T-shirt?");
  expect(shown.text()).toContain("With these activations it is called T-shirt.");
  await press(shown, "As the explanation moves them");
  // ln .8 − 1, ln .1 + 2, ln .1 → .26, .65, .09
  expect([...shown.root.querySelectorAll(".tryout .bars li")].map((one) => [one.querySelector(".text")?.textContent, one.querySelector(".num")?.textContent])).toEqual([["Shirt", ".65"], ["T-shirt", ".26"], ["Bag", ".09"]]);
  expect(shown.text()).toContain("With these activations it is called Shirt.");
  const slider = shown.named(".sliders input", "Neuron 3") as HTMLInputElement;
  slider.value = "0.5";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  // Only neuron 1 is moved: ln .8 − 1, ln .1, ln .1 → .60, .20, .20
  expect([...shown.root.querySelectorAll(".tryout .bars .num")].map((one) => one.textContent)).toEqual([".60", ".20", ".20"]);
  expect(shown.text()).toContain("2 neurons moved make it Shirt.");
  await press(shown, "As recorded");
  expect(shown.text()).toContain("With these activations it is called T-shirt.");
});

test("an edit without training is previewed by itself, and its numbers lead to the samples of the same split", async () => {
  const shown = await look();
  expect(shown.text()).toContain("Put neurons into the basket");
  await press(shown, "Put neuron 3 into the basket");
  expect(runs(shown, "mitigate")).toEqual([{ neurons: [3] }]);
  expect(basket(shown)).toEqual(["3×", "0 family"]);
  expect(shown.root.querySelector(".edit .titles h3")?.textContent).toMatch(/^It fixes 1.* and breaks 1.* of 7 samples$/);
  const doors = [...shown.root.querySelectorAll<HTMLElement>(".edit .titles .door")];
  doors[0]?.click();
  await calm();
  expect(selected(shown)).toEqual(["1 fixed by the edit", [5]]);
  doors[1]?.click();
  await calm();
  expect(selected(shown)).toEqual(["1 broken by the edit", [9]]);
  expect([...shown.root.querySelectorAll(".figures tbody tr")].map((row) => [...row.querySelectorAll("th, td")].slice(0, 4).map((cell) => cell.textContent))).toEqual([
    ["All", "50.0\u202f%", "75.0\u202f%", "+25.0"], ["Worst group", "25.0\u202f%", "50.0\u202f%", "+25.0"], ["Bag", "50.0\u202f%", "25.0\u202f%", "−25.0"],
  ]);
  expect(shown.text()).toContain("It may be chance");
  expect(shown.text()).toContain("proposed by mistakes of test, and the edit is judged on test");
});

test("who leans harder now is named, and can be edited as well", async () => {
  const shown = await look({ basket: [3] });
  expect(shown.root.querySelector(".warned")?.textContent).toContain("depends by more than half more on 1 other neuron");
  await press(shown, "Take them too");
  expect(runs(shown, "mitigate").at(-1)).toEqual({ neurons: [1, 3] });
  await press(shown, "Take neuron 3 out of the basket");
  expect(runs(shown, "mitigate").at(-1)).toEqual({ neurons: [1] });
});

test("training waits for a click, and DFR for a column of groups", async () => {
  const shown = await look({ basket: [3], method: "afr" });
  shown.host.absent.add("mitigate");
  await change(shown, "How they are edited", "retention");
  expect(runs(shown, "mitigate").some((params) => (params as Record<string, Json>)["method"] === "retention")).toBe(false);
  await press(shown, "Try this edit");
  expect(runs(shown, "mitigate").at(-1)).toEqual({ neurons: [3], method: "retention" });
  await change(shown, "How they are edited", "dfr");
  expect(shown.text()).toContain("DFR needs to know the groups: choose a column under “Judged by”.");
  await change(shown, "Groups that it is judged by", "device");
  expect(shown.text()).toContain("It fixes");
  expect(shown.host.asked).toContain('stored mitigate {"neurons":[3],"method":"dfr","groups":"device"}');
});

test("other ways stand beside it in one table, and are worked out there", async () => {
  const shown = await look({ basket: [3] });
  shown.host.absent.add("mitigate");
  const details = shown.root.querySelector<HTMLDetailsElement>(".rivals");
  if (details) details.open = true;
  details?.dispatchEvent(new Event("toggle"));
  await calm();
  const names = () => [...shown.root.querySelectorAll(".rivals tbody tr")].map((row) => [...row.querySelectorAll("th, td")].map((cell) => (cell.textContent ?? "").replace(/:.*/, "")));
  expect(names().find(([name]) => name === "AFR")).toEqual(["AFR", "Work it out"]);
  expect(names().find(([name]) => name === "DFR")).toEqual(["DFR", "needs a column under “Judged by”"]);
  const afr = [...shown.root.querySelectorAll(".rivals tbody tr")].find((row) => row.textContent?.startsWith("AFR"));
  afr?.querySelector<HTMLElement>("td button")?.click();
  await calm();
  expect(runs(shown, "mitigate").at(-1)).toEqual({ neurons: [3], method: "afr" });
  expect(names().find(([name]) => name === "AFR")).toEqual(["AFR", "1", "1", "75.0\u202f%", "50.0\u202f%"]);
});

test("an accepted patch is a decision on disk, is listed, and is undone", async () => {
  const shown = await look({ basket: [3] });
  await press(shown, "Accept this patch");
  const [first] = shown.host.decided;
  expect([first?.kind, first?.payload]).toEqual(["patch", {
    accepted: true, key: encodeURIComponent('{"neurons":[3]}'), fingerprint: "f00dcafe12", method: "zero", strength: null, neurons: [0, 3], classes: [], split: "test", fixed: 1, broken: 1, params: { neurons: [3] },
  }]);
  expect(shown.named("button", "✓ Accepted").hasAttribute("disabled")).toBe(true);
  expect(shown.root.querySelector(".patches")?.textContent).toContain("Switch off 0, 3fixed 1, broke 1 of test");
  shown.session.history.undo();
  await calm();
  expect(patchesIn(shown.host.decided)).toEqual([]);
  expect(shown.root.querySelector(".patches")).toBeNull();
  await press(shown, "Accept this patch");
  await press(shown, "Take back");
  expect(patchesIn(shown.host.decided)).toEqual([]);
});

test("a decision that could not be saved does not count", async () => {
  const shown = await look({ basket: [3] });
  shown.host.decide = () => Promise.reject(new Error("The disk is full."));
  await press(shown, "Accept this patch");
  expect(shown.root.querySelector(".patches")).toBeNull();
  expect(shown.session.store.notices.value.join()).toContain("Nothing was saved. The disk is full.");
});

test("an edit that helps nothing offers no patch", async () => {
  const shown = await look({ basket: [3] }, { edit: "no_improvement" });
  expect(shown.root.querySelector(".edit .titles h3")?.textContent).toBe("No strength of “switch off” helps the worst group");
  expect(() => shown.named("button", "Accept this patch")).toThrow();
  expect(shown.text()).toContain("The head stays as it is, so there is no patch.");
});

test("pictures are made on demand, with their controls and what speaks against them", async () => {
  const shown = await look();
  expect(runs(shown, "illusion")).toEqual([]);
  await press(shown, "Make pictures");
  expect(runs(shown, "illusion")).toEqual([{ neurons: [3], label: "Shirt" }]);
  const sections = [...shown.root.querySelectorAll(".album > section")];
  expect(sections.map((one) => one.querySelector("h5")?.textContent)).toEqual(["Neuron 3 with Shirt", "Control: Shirt alone", "Control: the neuron alone"]);
  expect(sections[0]?.textContent).toContain("neuron not expressed");
  expect(sections[0]?.textContent).toContain("stronger than 80\u202f% of real images+2.5 σ over the class alone");
  expect(sections[1]?.querySelector(".badge")).toBeNull();
  expect(shown.text()).toContain("evidence, not proof");
  expect(shown.text()).toContain("so it may be spurious");
  expect(shown.text()).toContain("In mistakes of the class its median is 0.5, in correct samples 2. Of the image's properties it goes most with how bright its brightest corner is (correlation 0.67). Not enough");
  const real = () => [...shown.root.querySelectorAll('.exemplars[aria-label="Where it looks in real samples"] button')].map((one) => [one.getAttribute("aria-label"), one.querySelectorAll(".mask").length]);
  expect(real()).toEqual([["Open sample 3", 0], ["Open sample 6", 0]]);
  expect(shown.root.querySelectorAll(".made .mask").length).toBe(0);
  const masked = shown.root.querySelector<HTMLInputElement>(".pictures input[type=checkbox]");
  if (masked) masked.checked = true;
  masked?.dispatchEvent(new Event("change", { bubbles: true }));
  await calm();
  expect(shown.root.querySelectorAll(".made .mask").length).toBe(3);
  expect(real()).toEqual([["Open sample 3", 1], ["Open sample 6", 1]]);
});

function frames(...steps: readonly (readonly [number, number, number])[]): ReadonlyMap<string, Table> {
  const lines = steps.map(([seed, step, attempt]) => ({ neuron: 3, seed, step, steps: 128, attempt }));
  return new Map([["frames", new Map([...tableOf(["neuron", "seed", "step", "steps", "attempt"], lines), ["png", bytesColumn([1, 2, 3])]])]]);
}

test("pictures are seen while they are made, with how far each is, and nothing of them stays", async () => {
  const shown = await look();
  const { host } = shown;
  let show: RunOptions["onPartial"];
  let end: (error: Error) => void = () => undefined;
  const run = host.run.bind(host);
  host.run = (analysis: string, params: { readonly [key: string]: Json }, options: RunOptions = {}) => {
    if (analysis !== "illusion") return run(analysis, params);
    show = options.onPartial;
    return new Promise((_, reject) => (end = reject));
  };
  const soFar = () => [...shown.root.querySelectorAll(".so-far figure")].map((one) => [one.querySelector("img")?.alt, one.querySelector("figcaption")?.textContent]);
  await press(shown, "Make pictures");
  expect(soFar()).toEqual([]);
  show?.(frames([0, 32, 1]));
  await calm();
  expect(soFar()).toEqual([["Neuron 3 with Shirt, seed 0, so far", "step 32 of 128"]]);
  show?.(frames([0, 128, 1], [1, 64, 2]));
  await calm();
  expect(soFar().map(([, words]) => words)).toEqual(["step 128 of 128", "step 64 of 128try 2, with less of the class"]);
  // Another neuron's card shows none of it.
  await press(shown, "Neuron 1", ".neuron .name");
  expect(soFar()).toEqual([]);
  await press(shown, "Neuron 3", ".neuron .name");
  expect(soFar().length).toBe(2);
  end(new DOMException("illusion was cancelled.", "AbortError"));
  await calm();
  expect(soFar()).toEqual([]);
  expect(shown.session.store.jobs.value).toEqual([]);
  expect(shown.root.querySelector(".album")).toBeNull();
});

test("without a live session recorded results are read, and what is missing says so", async () => {
  const host = neuronsHost();
  host.capabilities = { ...host.capabilities, run: false, decide: false };
  const stored = host.stored.bind(host);
  host.stored = (analysis, params) => (analysis !== "counterfactual" || params["label"] === "T-shirt" ? stored(analysis, params) : Promise.resolve(null));
  page = await mounted(neurons, { host, options: { basket: [3] } });
  await calm();
  expect(page.text()).toContain("T-shirt called Shirt: neuron 3 is too weak");
  expect(page.named("button", "1 wrongly called T-shirt").hasAttribute("disabled")).toBe(true);
  expect(page.text()).toContain("Run “bathyscope run illusion tiny -p 'neurons=[3]' -p label=Shirt”");
  expect(() => page?.named("button", "Accept this patch")).toThrow();
  expect(page.named("button", "Download the patch").hasAttribute("disabled")).toBe(false);
  await press(page, "Why?");
  // Its own explanation was not recorded; that of the set tells of it.
  expect(page.text()).toContain("2 neurons moved make it Shirt.");
});

test("a recording that neurons cannot be asked of says why in a sentence", () => {
  expect(neurons.applies?.(description(1, { task: "multilabel" }))).toBe("Mistakes are explained where a sample has one label; here it has several. Record each class against the rest as a recording of two classes.");
  const why = "no decision layer. Record it with head='name of the last linear layer'";
  expect(neurons.applies?.(description(1, { analyses: [{ name: "counterfactual", missing: [why] }] }))).toBe(`Mistakes cannot be explained by neurons: the recording has ${why}`);
  expect(neurons.applies?.(description(1))).toBe("Mistakes cannot be explained by neurons: there is no analysis “counterfactual” here; another Bathyscope wrote this page.");
  expect(neurons.applies?.(description(1, { analyses: [{ name: "counterfactual", missing: [] }] }))).toBe(true);
});

test("a picture of few pixels is enlarged without blur, a large one smoothly", () => {
  const png = (width: number) => Uint8Array.of(...new Array<number>(16).fill(0), 0, 0, width >> 8, width & 255);
  expect([28, 64, 96, 300].map((width) => crispness(png(width)))).toEqual(["crisp", "crisp", "", ""]);
  // Bytes that lie inside a longer buffer, and what is no picture.
  expect(crispness(Uint8Array.of(9, 9, ...png(28)).subarray(2))).toBe("crisp");
  expect([crispness(null), crispness(Uint8Array.of(1))]).toEqual(["", ""]);
});

test("no mistake is an answer, not an empty page", async () => {
  const shown = await look({ label: "Bag" }, { status: "no_mistakes" });
  expect(shown.text()).toContain("None of these samples in split 'test' is a mistake.");
  expect(shown.root.querySelector(".ranked")).toBeNull();
});

test("the inspector leads from any sample to the neurons behind it, on a page of its own where there is none", async () => {
  page = await mounted(inspector, { host: neuronsHost(), fragment: "v=1&focus=5" });
  page.session.store.focus.value = 5;
  await calm();
  await press(page, "Why?");
  const { arrangement, focus } = page.session.store;
  const [, made] = arrangement.layout.value.pages;
  expect([made?.title, made?.tiles[0]?.component, made?.tiles[0]?.options]).toEqual(["Neurons", "neurons", { samples: ["test/5"], sample: 5 }]);
  expect([arrangement.page.value, focus.value]).toEqual([made?.id, null]);
});

test("a sample votes for its five largest changes in either direction, in deviations", () => {
  const mistake = (row: number, status: string) => ({ row, label: "a", prediction: "b", target: "a", status, effort: 1, moved: 1, infeasible: 0, widening: null, binding: [] });
  const shift = (neuron: number, sigmas: number) => ({ neuron, shift: -sigmas * 10, sigmas, atBound: false, activation: 0 });
  const shifts = new Map([[1, [shift(0, 1), shift(1, 2), shift(2, 2), shift(3, -1)]], [2, [shift(0, 3)]]]);
  const voters = votersOf([mistake(1, "flipped"), mistake(2, "already_correct")], shifts, { votes: 2, mode: "feasible" }, 8);
  // Of equal ones the smaller number comes first; sample 2 was right already.
  expect(voters).toEqual(new Map([[1, [1]], [2, [1]], [3, [1]]]));
  expect(votersOf([mistake(2, "flipped")], shifts, { votes: 1, mode: "paper" }, 8)).toEqual(new Map([[0, [2]]]));
});

test("moving neurons adds their weights to the logits; a shift of all logits changes nothing", () => {
  const start = new Map([[0, 0.8], [1, 0.1], [2, 0.1]]);
  const heads = new Map([[3, [0, 1, 0]], [4, [5, 5, 5]]]);
  const after = moved(start, heads, new Map([[3, Math.log(8)]]));
  expect([after.get(0), after.get(1), after.get(2)].map((p) => p?.toFixed(4))).toEqual(["0.4706", "0.4706", "0.0588"]);
  expect([...moved(start, heads, new Map([[4, 2]])).values()].map((p) => p.toFixed(6))).toEqual(["0.800000", "0.100000", "0.100000"]);
  expect(winner(start)).toBe(0);
});

test("parameters that are as the analysis has them are left out, so that a report finds what was recorded", async () => {
  const shown = await look();
  const { store } = shown.session;
  const which = { label: null, predicted: "Bag", samples: [] };
  expect(paramsOf(which, { mode: "feasible", target: "label" }, store)).toEqual({ predicted: "Bag", split: "test" });
  expect(paramsOf(which, { mode: "paper", target: "Shirt", split: "train" }, store)).toEqual({ predicted: "Bag", split: "train", mode: "paper", target: "Shirt" });
  expect(editParams(editOf({ basket: [5, 2, 5, -1, 0.5], method: "scale", strength: 0.5, families: false, classes: ["Bag"] }), null)).toEqual({ neurons: [2, 5], classes: ["Bag"], method: "scale", strength: 0.5, families: false });
  // A strength of a method that has none is not sent.
  expect(editParams(editOf({ basket: [2], method: "mean", strength: 0.5 }), null)).toEqual({ neurons: [2], method: "mean" });
});

test("flags are those in force of this layer, the last one of each neuron; a payload of another shape is left out", () => {
  const said = (sequence: number, payload: Json, inForce = true): Logged => ({ sequence, time: "", author: "me", kind: "neuron", payload, inForce });
  const log = [said(1, { neuron: 3, layer: "fc", flag: "core" }), said(2, { neuron: 3, layer: "fc", flag: "spurious" }), said(3, { neuron: 3, layer: "fc", flag: "unclear" }, false), said(4, { neuron: 4, layer: "conv", flag: "core" }), said(5, ["odd"])];
  expect([...flagsIn(log, "fc").values()].map(({ neuron, flag }) => [neuron, flag])).toEqual([[3, "spurious"]]);
});
