import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { courseSentence, eventsOf, topClasses, type CoursePoint } from "./course";
import { categories, FakeHost, numbers } from "../../hosts/fake";
import { inspector } from "./inspector";
import { labelIndex } from "./sample";
import { kept, moved, WHOLE, zoomed } from "./viewer";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function look(sample: number): Promise<Mounted> {
  page = await mounted(inspector);
  page.session.store.focus.value = sample;
  await settle();
  return page;
}

test("it shows label, prediction, probabilities and all metadata of the sample", async () => {
  const { text, root } = await look(8);
  expect(root.querySelector("h2")?.textContent).toBe("test/8");
  for (const words of ["T-shirt", "Shirt .80", "✕ wrong", "device", "sample_index"]) expect(text()).toContain(words);
  expect(root.querySelectorAll(".bars li")).toHaveLength(3);
  expect(root.querySelector("img")?.getAttribute("src")).toBe("media/8");
});

test("arrow keys walk the selection and Escape closes", async () => {
  const { session, root } = await look(8);
  const press = (key: string) => root.querySelector(".inspector")?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  press("ArrowRight");
  expect(session.store.focus.value).toBe(5);
  press("ArrowLeft");
  expect(session.store.focus.value).toBe(8);
  press("Escape");
  expect(session.store.focus.value).toBeNull();
});

test("it follows the chosen checkpoint", async () => {
  const { session, text } = await look(9);
  expect(text()).toContain("✓ right");
  session.store.choose(1);
  await settle();
  expect(text()).toContain("✕ wrong");
});

test("a failing host is told in its words and can be tried again", async () => {
  page = await mounted(inspector);
  page.host.failing = "The part file is truncated.";
  page.session.store.focus.value = 1;
  await settle();
  expect(page.text()).toContain("The sample could not be read. The part file is truncated.");
  page.host.failing = null;
  page.named("button", "Try again").click();
  await settle();
  expect(page.root.querySelector("h2")?.textContent).toBe("train/1");
});

const course = (...predictions: number[]): CoursePoint[] =>
  predictions.map((prediction, t) => ({ checkpoint: `${t}`, step: t, epoch: t, prediction, confidence: 1, loss: 0, probabilities: new Map([[prediction, 0.9], [7, 0.05]]) }));

test("learning and changes of mind are told in a sentence", () => {
  expect(eventsOf(course(1, 0, 1, 0), 0)).toEqual({ firstLearnt: 1, flips: [1, 2, 3] });
  expect(courseSentence(course(1, 0, 0), 0)).toBe("First right at checkpoint 2, and right ever since.");
  expect(courseSentence(course(1, 0, 1, 0), 0)).toBe("First right at checkpoint 2, then changed its mind 2 times; right at the last.");
  expect(courseSentence(course(0, 0, 1), 0)).toBe("Right from the first checkpoint, then changed its mind once; wrong at the last.");
  expect(courseSentence(course(1, 2), 0)).toBe("Never called what it is labelled.");
  expect(courseSentence(course(1), null)).toBe("It has no label, so right and wrong cannot be told.");
});

test("the label always has a line, then the strongest others", () => {
  expect(topClasses(course(1, 2, 1), 5, 3)).toEqual([5, 1, 2]);
});

test("labels are understood as an index and as a name", () => {
  expect(labelIndex(2, ["a", "b"])).toBe(2);
  expect(labelIndex(1n, ["a", "b"])).toBe(1);
  expect(labelIndex("b", ["a", "b"])).toBe(1);
  expect(labelIndex(null, ["a"])).toBeNull();
});

const keyIn = (shown: Mounted, selector: string, key: string) => shown.root.querySelector(selector)?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
const scaleOf = (shown: Mounted) => /scale\(([\d.]+)\)/.exec(shown.root.querySelector<HTMLElement>(".zoomed")?.style.transform ?? "")?.[1];

test("keys, buttons and the wheel zoom the picture; at the whole the wheel is the panel's", async () => {
  const shown = await look(8);
  expect(scaleOf(shown)).toBe("1");
  shown.named("button", "Zoom in").click();
  await settle();
  expect(scaleOf(shown)).toBe("1.5");
  keyIn(shown, ".well", "+");
  await settle();
  expect(scaleOf(shown)).toBe("2.25");
  const wheel = (deltaY: number) => {
    const event = new WheelEvent("wheel", { deltaY, bubbles: true, cancelable: true });
    shown.root.querySelector(".well")?.dispatchEvent(event);
    return event.defaultPrevented;
  };
  expect(wheel(100)).toBe(true);
  keyIn(shown, ".well", "0");
  await settle();
  expect(scaleOf(shown)).toBe("1");
  expect(wheel(100)).toBe(false);
  expect(wheel(-100)).toBe(true);
});

test("arrows move an enlarged picture, and walk the samples where the whole is seen", async () => {
  const shown = await look(8);
  const where = () => shown.root.querySelector<HTMLElement>(".zoomed")?.style.transform;
  shown.named("button", "Zoom in").click();
  await settle();
  const before = where();
  keyIn(shown, ".well", "ArrowRight");
  await settle();
  expect(where()).not.toBe(before);
  expect(shown.session.store.focus.value).toBe(8);
  keyIn(shown, ".well", "0");
  await settle();
  keyIn(shown, ".well", "ArrowRight");
  expect(shown.session.store.focus.value).toBe(5);
});

test("pixels are shown sharp or smooth when asked for", async () => {
  const shown = await look(8);
  for (const [name, of] of [["Pixels: auto", "pixels"], ["Pixels: sharp", "smooth"], ["Pixels: smooth", "auto"]] as const) {
    shown.named("button", name).click();
    await settle();
    expect(shown.root.querySelector(".well")?.classList.contains(of)).toBe(true);
  }
});

test("zooming keeps the point under the pointer, and nothing but the picture is seen", () => {
  // Twice as large around the upper left corner: the middle of what is seen is at a quarter.
  expect(zoomed(WHOLE, 2, 0, 0)).toEqual({ x: 0.25, y: 0.25, zoom: 2 });
  const view = zoomed({ x: 0.4, y: 0.6, zoom: 2 }, 2, 0.75, 0.25);
  // The point there: middle plus a quarter of what is seen, before and after.
  expect(view.x + 0.25 / view.zoom).toBeCloseTo(0.4 + 0.25 / 2);
  expect(view.y - 0.25 / view.zoom).toBeCloseTo(0.6 - 0.25 / 2);
  expect(moved({ x: 0.5, y: 0.5, zoom: 2 }, 9, -9)).toEqual({ x: 0.75, y: 0.25, zoom: 2 });
  expect(kept({ x: 0, y: 1, zoom: 0.1 })).toEqual(WHOLE);
  expect(zoomed(WHOLE, 1e9).zoom).toBe(32);
});

test("P pins; another sample then stands beside it, and what differs is marked", async () => {
  const shown = await look(8);
  keyIn(shown, ".inspector", "p");
  await settle();
  expect(shown.session.store.pinned.value).toBe(8);
  expect(shown.text()).toContain("Open another sample to see both side by side.");
  shown.session.store.focus.value = 9;
  await settle();
  const sources = [...shown.root.querySelectorAll(".pair img")].map((image) => image.getAttribute("src"));
  expect(sources).toEqual(["media/8", "media/9"]);
  const rows = [...shown.root.querySelectorAll(".compare tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent?.trim()));
  expect(rows[0]).toEqual(["Label ≠", "T-shirt", "Shirt"]);
  expect(rows).toContainEqual(["split", "test", "test"]);
  expect(rows).toContainEqual(["device ≠", "a", "b"]);
  // Both frames show the same place.
  shown.named("button", "Zoom in").click();
  await settle();
  expect(new Set([...shown.root.querySelectorAll<HTMLElement>(".zoomed")].map((one) => one.style.transform)).size).toBe(1);
  shown.named("button", "Swap").click();
  await settle();
  expect([shown.session.store.focus.value, shown.session.store.pinned.value]).toEqual([8, 9]);
  shown.named("button", "Unpin the other").click();
  await settle();
  expect(shown.root.querySelector(".compare")).toBeNull();
});

test("P types a letter where a note is written", async () => {
  const shown = await look(8);
  keyIn(shown, "textarea", "p");
  keyIn(shown, "textarea", "ArrowRight");
  expect([shown.session.store.pinned.value, shown.session.store.focus.value]).toEqual([null, 8]);
});

async function write(shown: Mounted, selector: string, text: string, submit: string): Promise<void> {
  const field = shown.root.querySelector<HTMLInputElement | HTMLTextAreaElement>(selector);
  if (!field) throw new Error(`no ${selector}`);
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  shown.named("button", submit).click();
  // A second time before the first is saved: it must not be said twice.
  field.closest("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await settle();
}

test("a note is shown with author and time once it is saved, and can be taken back and brought back", async () => {
  const shown = await look(8);
  const notes = () => [...shown.root.querySelectorAll('[aria-label="Notes on this sample"] li')].map((line) => line.textContent);
  await write(shown, "textarea", " a <b>stain</b> ", "Save note");
  const decided = shown.host.decided.filter(({ kind }) => kind === "note");
  expect(decided).toHaveLength(1);
  expect(decided[0]?.payload).toEqual({ sample: "test/8", text: "a <b>stain</b>" });
  expect(notes()[0]).toBe("a <b>stain</b>me, 2026-01-01 00:00 UTCTake back");
  shown.named("button", "Take back").click();
  await settle();
  expect(notes().some((line) => line?.includes("stain"))).toBe(false);
  shown.session.history.undo();
  await settle();
  expect(notes()[0]).toContain("stain");
  shown.session.store.focus.value = 9;
  await settle();
  expect(notes()).toEqual(["none"]);
});

test("a note that could not be saved stays in its field", async () => {
  const shown = await look(8);
  const field = shown.root.querySelector("textarea");
  if (!field) throw new Error("no field");
  field.value = "lost?";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  shown.host.failing = "The disk is full.";
  field.closest("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await settle();
  expect(shown.root.querySelector("textarea")?.value).toBe("lost?");
  expect(shown.session.store.notices.value.join()).toContain("The disk is full.");
});

test("notes under the key that scripts use are shown too", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "note", payload: { sample_id: "test/8", text: "cut off" } });
  page = await mounted(inspector, { host });
  page.session.store.focus.value = 8;
  await settle();
  expect(page.text()).toContain("cut off");
});

test("tags are put on and taken off", async () => {
  const shown = await look(8);
  await write(shown, '[aria-label="New tag"]', "blurred", "Tag");
  expect(shown.session.tags.of(8)).toEqual(["blurred"]);
  shown.named("button", "Take the tag blurred off").click();
  await settle();
  expect(shown.session.tags.of(8)).toEqual([]);
});

test("who may only read is told why, and gets no fields", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  page = await mounted(inspector, { host });
  page.session.store.focus.value = 8;
  await settle();
  expect(page.root.querySelector("textarea")).toBeNull();
  expect(page.text()).toContain("open for reading only");
});

test("the nearest training samples stand with their distance, and open", async () => {
  const shown = await look(8);
  const near = [...shown.root.querySelectorAll(".nearest .thumb")];
  expect(near.map((one) => one.querySelector("img")?.getAttribute("src")?.split("?")[0])).toEqual(["media/4", "media/0"]);
  expect(near[0]?.textContent).toContain("0.125");
  expect(shown.host.asked).toContain("results/familiarity/%7B%7D/nearest?&rows=8");
  near[0]?.querySelector<HTMLElement>(".pic")?.click();
  await settle();
  expect(shown.session.store.focus.value).toBe(4);
  shown.session.store.focus.value = 11;
  await settle();
  expect(shown.text()).toContain("It has no embedding");
});

test("neighbours are not worked out in silence; without an embedding it is said why there are none", async () => {
  const host = new FakeHost();
  host.absent.add("familiarity");
  page = await mounted(inspector, { host });
  page.session.store.focus.value = 8;
  await settle();
  expect(host.asked.some((one) => one.startsWith("run familiarity"))).toBe(false);
  page.named("button", "Measure familiarity").click();
  await settle();
  expect(page.root.querySelectorAll(".nearest .thumb")).toHaveLength(2);
  page.close();
  page = await mounted(inspector, { more: { analyses: [{ name: "familiarity", missing: ["no layer of role 'embedding'"] }] } });
  page.session.store.focus.value = 8;
  await settle();
  expect(page.text()).toContain("The recording has no layer of role 'embedding'.");
});

test("large integers keep every digit, long values are cut until asked for", async () => {
  const host = new FakeHost();
  const columns = [
    { name: "sample_id", type: "text", role: "id" }, { name: "label", type: "integer", role: "label" }, { name: "serial", type: "integer", role: "metadata" },
    { name: "__proto__", type: "text", role: "metadata" },
  ];
  host.more = { columns };
  const long = "x".repeat(1_000_000);
  const table = host.table.bind(host);
  host.table = async (name, asked, options) =>
    name !== "samples" || !options?.rows ? table(name, asked, options) : new Map([
      ["sample_id", { kind: "text", length: 1, at: () => "a/1" }], ["label", numbers([0])],
      ["serial", { kind: "bigint", length: 1, values: BigInt64Array.from([9007199254740993n]), valid: null }], ["__proto__", categories([long])],
    ]);
  page = await mounted(inspector, { host });
  page.session.store.focus.value = 1;
  await settle();
  expect(page.text()).toContain("9,007,199,254,740,993");
  expect(page.text().length).toBeLessThan(5000);
  page.named("button", "Show all 1,000,000 characters").click();
  await settle();
  expect(page.text().length).toBeGreaterThan(1_000_000);
});

test("of many classes the six most probable are shown, the label among them, and all when asked for", async () => {
  const host = new FakeHost();
  const classes = Array.from({ length: 30 }, (_, i) => `kind ${i}`);
  host.more = { classes };
  const table = host.table.bind(host);
  host.table = async (name, asked, options) => {
    const found = await table(name, asked, options);
    if (name !== "course") return found;
    const spread = classes.map((_, i) => (i === 0 ? 0.001 : i / 435));
    return new Map([...found, ["probabilities", { kind: "list" as const, length: 3, at: () => spread }]]);
  };
  page = await mounted(inspector, { host });
  page.session.store.focus.value = 0; // labelled with class 0, the least probable
  await settle();
  const shown = () => [...(page?.root.querySelectorAll(".bars .text") ?? [])].map((one) => one.textContent);
  expect(shown()).toEqual(["kind 29", "kind 28", "kind 27", "kind 26", "kind 25", "kind 0"]);
  page.named("button", "Show 30 classes").click();
  await settle();
  expect(shown()).toHaveLength(30);
});
