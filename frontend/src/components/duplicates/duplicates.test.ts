import { afterEach, expect, test } from "vitest";
import { FakeHost, numbers, SPLITS } from "../../hosts/fake";
import { fakeResult } from "../../hosts/fake-results";
import { ALL } from "../../state/selection";
import { mounted, settle, type Mounted } from "../mounted";
import { duplicates } from "./duplicates";
import { clustersAt, clustersIn, groupsOf, readFound, usualTiers, type Found } from "./groups";
import { finding } from "./words";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function look(options: Parameters<typeof mounted>[1] = {}, split = ALL): Promise<Mounted> {
  page = await mounted(duplicates, options);
  page.session.store.split.value = split;
  await settle();
  return page;
}

const titles = ({ root }: Mounted) => [...root.querySelectorAll(".group h3")].map((title) => title.textContent);
const shownIn = ({ root }: Mounted, group: number) => [...root.querySelectorAll(`[aria-label="Group ${group}"] img`)].map((image) => Number(/media\/(\d+)/.exec(image.getAttribute("src") ?? "")?.[1]));

function found(): Found {
  return readFound(new Map(["pairs", "samples", "coverage"].map((table) => [table, fakeResult("duplicates", table) ?? new Map()])));
}

test("the title says what is found, groups come worst first with badges in words", async () => {
  const shown = await look();
  expect(shown.root.querySelector("h2")?.textContent).toContain("1: show the samples in these groups group of the same picture spans train and test");
  expect(titles(shown)).toEqual(["Group 1", "Group 2", "Group 3"]);
  const words = (group: number) => shown.root.querySelector(`[aria-label="Group ${group}"]`)?.textContent ?? "";
  expect(words(1)).toContain("labels differ: T-shirt and Shirt");
  expect(words(1)).toContain("nearly the same, 1 grey levels apart");
  expect(words(2)).toContain("across train and test");
  expect(words(3)).toContain("exact copies");
  expect(shownIn(shown, 3)).toEqual([6, 7, 10]);
});

test("members are listed by split, by the columns the page is grouped by, or together", async () => {
  const shown = await look();
  const heads = () => [...shown.root.querySelectorAll('[aria-label="Group 2"] h4')].map((head) => head.textContent?.split(":")[0]);
  expect(heads()).toEqual(["train", "test"]);
  shown.session.store.groupBy.value = ["device", "label"];
  await settle();
  // Only what exists makes a part: sample 3 has device b, sample 9 too, both are Shirts.
  expect(heads()).toEqual(["b, Shirt"]);
  const select = shown.root.querySelector<HTMLSelectElement>("label:nth-of-type(2) select");
  if (!select) throw new Error("no list");
  select.value = "together";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(heads()).toEqual([]);
  expect(shownIn(shown, 2)).toEqual([3, 9]);
});

test("a group is hidden only where none of its members is in the split or passes the filter", async () => {
  const shown = await look({}, "test");
  expect(titles(shown)).toEqual(["Group 2", "Group 3"]);
  expect(shown.text()).toContain("1 more group has no member that passes in test.");
  shown.named("button", "Show all splits").click();
  await settle();
  expect(titles(shown)).toHaveLength(3);
  shown.session.filter.add({ op: "eq", column: "device", value: "a" });
  await settle();
  // Devices alternate: 0 and 4 have a, 3 and 9 have b, of 6, 7 and 10 the 7 has b.
  expect(titles(shown)).toEqual(["Group 1", "Group 3"]);
  expect(shown.root.querySelectorAll('[aria-label="Group 3"] .faded')).toHaveLength(1);
  shown.session.filter.add({ op: "eq", column: "device", value: "b" });
  await settle();
  expect(shown.text()).toContain("No group has a member that passes the filter.");
});

test("numbers are doors to the samples of every split", async () => {
  const shown = await look({}, "test");
  shown.named("h2 .door", "1").click();
  await settle();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([3, 9]);
  expect(shown.session.store.selection.value?.source).toBe("duplicates");
  shown.named('[aria-label="Group 3"] .door', "3 samples").click();
  await settle();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([6, 7, 10]);
  shown.named("button", "Select all 2 samples across splits").click();
  await settle();
  expect(shown.session.store.selection.value?.sentence).toBe("2 in groups across splits");
});

test("a picture opens the sample", async () => {
  const shown = await look();
  shown.root.querySelectorAll<HTMLElement>('[aria-label="Group 3"] .pic')[1]?.click();
  expect(shown.session.store.focus.value).toBe(7);
});

test("what to keep and to drop is a tag, one of the two at most, and is undone", async () => {
  const shown = await look();
  const { host, session } = shown;
  const press = async (start: string, place = 0) => {
    [...shown.root.querySelectorAll<HTMLElement>('[aria-label="Group 3"] button')].filter((one) => one.textContent === start)[place]?.click();
    await settle();
  };
  await press("Drop", 0); // of sample 6
  expect(host.decided.at(-1)?.payload).toEqual({ tag: "drop", samples: ["test/6"] });
  expect(session.tags.of(6)).toEqual(["drop"]);
  expect(shown.text()).toContain("1: show them among the samples marked to drop");
  await press("Keep", 0);
  expect(session.tags.of(6)).toEqual(["keep"]);
  session.history.undo();
  await settle();
  expect(session.tags.of(6)).toEqual(["drop"]);
  await press("Drop 2");
  expect(session.tags.of(7)).toEqual(["drop"]);
  expect(session.tags.of(10)).toEqual(["drop"]);
  // Marked again, nothing is taken off first.
  const before = host.decided.length;
  await press("Drop 2");
  expect(host.decided.slice(before).map(({ payload }) => payload)).toEqual([{ tag: "drop", samples: ["test/7", "test/10"] }]);
});

test("copies in train are marked in one step, whose count is said before", async () => {
  const shown = await look({}, "test");
  shown.named("button", "Mark 1 copy in train to drop").click();
  await settle();
  expect([...shown.session.tags.rows.value]).toEqual([["drop", Uint32Array.from([3])]]);
  expect(shown.named("button", "✓ Copies in train are marked to drop").hasAttribute("disabled")).toBe(true);
});

test("who may only read sees marks and no buttons for them", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  const shown = await look({ host });
  expect(shown.root.querySelector(".marks")).toBeNull();
  expect(shown.text()).not.toContain("Mark 1 copy");
});

test("a lower distance splits groups, a higher one and another tier join more", () => {
  const all = found();
  const sizes = (tiers: Parameters<typeof clustersAt>[1], upTo: number) => {
    const byRoot = new Map<number, number>();
    for (const one of clustersAt(all, tiers, upTo)) if (one >= 0) byRoot.set(one, (byRoot.get(one) ?? 0) + 1);
    return [...byRoot.values()].sort();
  };
  expect(usualTiers(all)).toEqual(["exact", "perceptual"]);
  expect(sizes(["exact", "perceptual"], 1)).toEqual([2, 2, 3]);
  expect(sizes(["exact", "perceptual"], 0.3)).toEqual([2, 3]);
  expect(sizes(["exact", "perceptual"], 0)).toEqual([3]);
  expect(sizes(["exact", "perceptual"], 1.6)).toEqual([2, 2, 2, 3]);
  expect(sizes(["exact", "perceptual", "embedding"], 1)).toEqual([2, 2, 2, 3]);
  expect(sizes(["embedding"], 2)).toEqual([2]);
  expect(sizes(["exact"], 2)).toEqual([3]);
});

test("what the analysis divided stays divided up to its own distance", () => {
  const all = { ...found(), own: Int32Array.from([0, 0, 1, 1]), pairs: { a: [0, 2, 1], b: [1, 3, 2], tier: Uint8Array.from([1, 1, 1]), distance: [1, 1, 4], inCuts: [0.2, 0.2, 0.8] } };
  expect(new Set(clustersAt(all, ["exact", "perceptual"], 0.9)).size).toBe(2);
  expect(new Set(clustersAt(all, ["exact", "perceptual"], 1.1)).size).toBe(1);
});

test("the slider regroups on the page, without asking again", async () => {
  const shown = await look();
  const asked = shown.host.asked.length;
  const slider = shown.root.querySelector<HTMLInputElement>('input[type="range"]');
  if (!slider) throw new Error("no slider");
  slider.value = "0.3";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  expect(titles(shown)).toHaveLength(2);
  expect(shown.text()).toContain("1.5 grey levels (0.3× the usual)");
  expect(shown.session.store.arrangement.tile("duplicates")?.options).toEqual({ up_to: 0.3 });
  expect(shown.host.asked.length).toBe(asked);
});

test("another layer is asked for by its exact name", async () => {
  const layer = (name: string, role: string) => ({ name, shape: [8], dtype: "float16", role });
  const shown = await look({ more: { layers: [layer("fc", "embedding"), layer("fc1", "activation"), layer("fc10", "activation")] } });
  const select = [...shown.root.querySelectorAll("select")].find((one) => [...one.options].some(({ value }) => value === "fc10"));
  if (!select) throw new Error("no layers");
  expect(select.value).toBe("fc");
  select.value = "fc1";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(shown.host.asked).toContain('run duplicates {"layer":"fc1"}');
});

test("nothing is run without being asked; the button says what it takes", async () => {
  const host = new FakeHost();
  host.absent.add("duplicates");
  const shown = await look({ host });
  expect(host.asked.some((one) => one.startsWith("run duplicates"))).toBe(false);
  expect(shown.text()).toContain("Not worked out yet. It takes a moment");
  shown.named("button", "Look for duplicates").click();
  await settle();
  expect(titles(shown)).toHaveLength(3);
});

test("when a checkpoint is recorded meanwhile, what was found stays, and says that it is older", async () => {
  const host = new FakeHost(2);
  const shown = await look({ host });
  host.checkpoints = 3;
  host.absent.add("duplicates");
  host.tell({ type: "recording" });
  await settle(20);
  expect(titles(shown)).toHaveLength(3);
  expect(shown.text()).toContain("A checkpoint was recorded since this was worked out.");
  shown.named("button", "Look for duplicates").click();
  await settle();
  expect(shown.text()).not.toContain("A checkpoint was recorded since");
  expect(titles(shown)).toHaveLength(3);
});

test("where nothing can be run, it is said how to", async () => {
  const host = new FakeHost();
  host.absent.add("duplicates");
  host.capabilities = { ...host.capabilities, run: false };
  const shown = await look({ host });
  expect(shown.text()).toContain("Run “bathyscope run duplicates tiny” where the recording is.");
});

test("a failure is told and tried again", async () => {
  const host = new FakeHost();
  host.absent.add("duplicates");
  const shown = await look({ host });
  host.failing = "The disk is full.";
  shown.named("button", "Look for duplicates").click();
  await settle();
  expect(shown.text()).toContain("Which samples are there twice could not be told. The disk is full.");
  host.failing = null;
  shown.named("button", "Try again").click();
  await settle();
  expect(titles(shown)).toHaveLength(3);
});

test("a column of a plain table can say the groups; −1 and missing are none", async () => {
  const column = { kind: "number", length: 6, integer: true, values: Int32Array.from([5, -1, 5, 7, 0, 7]), valid: Uint8Array.from([1, 1, 1, 1, 0, 1]) } as const;
  expect([...clustersIn(column)]).toEqual([0, -1, 0, 1, -1, 1]);
  const host = new FakeHost(0);
  const columns = [
    { name: "sample_id", type: "text", role: "id" }, { name: "label", type: "integer", role: "label" },
    { name: "split", type: "category", role: "split", values: ["train", "test"] }, { name: "copies <b>", type: "integer", role: "duplicate_cluster" },
  ];
  host.more = { columns };
  const table = host.table.bind(host);
  host.table = async (name, asked, options) => (asked.includes("copies <b>") ? new Map([["copies <b>", numbers(SPLITS.map((_, i) => (i === 2 || i === 7 ? 3 : -1)))]]) : table(name, asked, options));
  const shown = await look({ host });
  expect(titles(shown)).toEqual(["Group 1"]);
  expect(shownIn(shown, 1)).toEqual([2, 7]);
  expect(shown.root.querySelector("h2")?.textContent).toContain("group of the same sample spans train and test");
  expect(shown.text()).toContain("by column copies <b>");
});

test("the finding names what matters most", () => {
  const truth = { length: 4, label: { values: Int32Array.from([0, 1, 0, 0]), valid: null }, split: null };
  expect(finding(groupsOf(Int32Array.from([0, 0, 1, 1]), truth, null), "text").words).toBe("group of the same text carries different labels");
  expect(finding(groupsOf(Int32Array.from([-1, -1, 1, 1]), truth, null), "text").words).toBe("group of the same text");
});
