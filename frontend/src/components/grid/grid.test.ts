import { afterEach, expect, test, vi } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { rowsOf } from "../../state/masks";
import { grid } from "./grid";
import { cellFor } from "./look";
import { howOf, marked } from "./marks";
import { Geometry } from "./sections";

let page: Mounted | null = null;
afterEach(() => {
  vi.restoreAllMocks();
  page?.close();
});

const shown = () => [...(page?.root.querySelectorAll("[role=option]") ?? [])].map((card) => card.getAttribute("aria-label"));

test("it opens on the mistakes and tells each in words", async () => {
  page = await mounted(grid);
  expect(page.root.querySelector("h2")?.textContent).toBe("2 samples it gets wrong");
  expect(shown()).toEqual(["T-shirt called Shirt, sample 8", "Shirt called T-shirt, sample 5"]);
});

test("a change of order reorders the samples", async () => {
  page = await mounted(grid);
  const order = page.named("select", "Order") as HTMLSelectElement;
  order.value = String([...order.options].findIndex((option) => option.text === "In recorded order"));
  order.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(shown()[0]).toBe("Shirt called T-shirt, sample 5");
});

test("a click opens the sample in the inspector, as does Enter", async () => {
  page = await mounted(grid);
  page.named("[role=option]", "T-shirt called Shirt").click();
  expect(page.session.store.focus.value).toBe(8);
  page.named("[role=option]", "Shirt called T-shirt").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  expect(page.session.store.focus.value).toBe(5);
});

test("an image that cannot be read is replaced by the reason", async () => {
  page = await mounted(grid);
  page.root.querySelector("img")?.dispatchEvent(new Event("error"));
  await settle();
  expect(page.text()).toContain("No picture The image of sample 8 is damaged.");
});

test("a selection made elsewhere says so and can be asked again for what is chosen now", async () => {
  page = await mounted(grid);
  await page.session.pick({ kind: "cell", label: 1, prediction: 0 }, "confusion");
  page.session.store.choose(0);
  await settle();
  expect(page.root.querySelector("small")?.textContent).toBe("test · checkpoint 3");
  page.named("button", "Ask again: test · checkpoint 1").click();
  await settle();
  expect(page.root.querySelector("small")?.textContent).toBe("test · checkpoint 1");
});

test("the way back is to what the page opened on: all samples, where nobody says what is right", async () => {
  page = await mounted(grid, { checkpoints: 0 });
  await page.session.pick({ kind: "rows", rows: [3] }, "scatter");
  vi.spyOn(performance, "now").mockReturnValue(1e9); // much later, so a step of its own
  page.named("button", "All samples").click();
  await settle();
  expect(page.session.store.selection.value?.rule).toEqual({ kind: "all" });
  expect(page.session.history.undoable.value).toBe("Show all samples");
});

test("nothing found is said, not left blank", async () => {
  page = await mounted(grid);
  await page.session.pick({ kind: "cell", label: 2, prediction: 0 }, "confusion");
  await settle();
  expect(page.text()).toContain("No sample of 12 is so. Pick another number or cell.");
});

test("without labels there is no order by loss", async () => {
  page = await mounted(grid, { more: { n_missing_labels: 12 } });
  const order = page.named("select", "Order") as HTMLSelectElement;
  expect([...order.options].map((option) => option.text)).toEqual(["Most confident first", "Least confident first", "In recorded order"]);
  expect(order.selectedOptions[0]?.text).toBe("In recorded order");
});

test("cards fill the width with at least one column, at five sizes", () => {
  const columns = (width: number, size: number, text = false) => cellFor(width, { size, captions: [], kind: text ? "text" : "image" }).columns;
  expect([0, 1, 2, 3, 4].map((size) => columns(450, size))).toEqual([9, 6, 4, 2, 1]);
  expect(columns(60, 2)).toBe(1);
  expect(columns(450, 2, true)).toBe(2);
  // Of what is neither picture nor text there is only a number to show: two lines of it, and two of the caption.
  expect(cellFor(450, { size: 2, captions: [], kind: null }).height).toBe(2 * 17 + (2 * 17 + 8) + 8);
});

const named = (selector: string, start: string) => page?.named(selector, start) as HTMLElement;
const cards = () => [...(page?.root.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
const click = (position: number, more: MouseEventInit = {}) => cards()[position]?.dispatchEvent(new MouseEvent("click", { bubbles: true, ...more }));
const marks = () => cards().flatMap((card, i) => (card.getAttribute("aria-selected") === "true" ? [i] : []));

async function all(options = {}): Promise<Mounted> {
  page = await mounted(grid, { ...options, options: { of: "filtered", ...("options" in options ? (options.options as object) : {}) } });
  page.session.store.sort.value = { by: "order", descending: false };
  await settle();
  return page;
}

test("cards are marked with Ctrl, Shift and Alt, and from the keyboard; the marks become the selection", async () => {
  const { session, root } = await all({ id: "grid-2" });
  expect(page?.root.querySelector("h2")?.textContent).toBe("All 7 samples");
  click(1, { ctrlKey: true });
  click(3, { shiftKey: true });
  click(2, { altKey: true });
  await settle();
  expect(marks()).toEqual([1, 3]);
  const key = (name: string, more: KeyboardEventInit = {}) => root.querySelector(".scroll")?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
  key("End");
  key(" ");
  await settle();
  expect(marks()).toEqual([1, 3, 6]);
  named("button", "Select 3").click();
  await settle();
  expect(session.store.selection.value).toMatchObject({ source: "grid-2", sentence: "3 samples picked by hand" });
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([6, 8, 11]);
  expect(marks()).toEqual([]);
  key("a", { ctrlKey: true });
  await settle();
  expect(marks()).toHaveLength(7);
  key("Escape");
  await settle();
  expect(marks()).toEqual([]);
});

test("a box drawn over cards marks those it touches, and is no click", async () => {
  const { root, session } = await all();
  const tall = root.querySelector(".tall") as HTMLElement;
  const pointer = (type: string, x: number, y: number) => tall.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, button: 0, bubbles: true, composed: true, pointerType: "mouse" }));
  pointer("pointerdown", 5, 5);
  pointer("pointermove", 150, 20);
  await settle();
  expect(root.querySelector(".band")).not.toBeNull();
  pointer("pointerup", 150, 20);
  click(0);
  await settle();
  expect(marks()).toEqual([0, 1]);
  expect(session.store.focus.value).toBeNull();
  click(0);
  expect(session.store.focus.value).toBe(5);
});

test("captions come from chosen columns, borders from a column, and both are options", async () => {
  const { root, session } = await all({ options: { captions: ["device", "sample_id"], border: "colour", colour: "device" } });
  await new Promise((resolve) => setTimeout(resolve, 80));
  await settle();
  expect(cards()[0]?.querySelector(".caption")?.textContent).toBe("btest/5");
  expect((cards()[0]?.querySelector(".frame") as HTMLElement).style.borderColor).toBe("var(--c-1)");
  expect(root.querySelector(".corner")).toBeNull();
  const size = named("select", "Size") as HTMLSelectElement;
  size.value = "smallest";
  size.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(root.querySelector(".caption")).toBeNull();
  expect(session.store.arrangement.tile("grid")?.options).toMatchObject({ size: "smallest" });
});

test("groups get heads with their own names and counts; a count selects the group", async () => {
  const { root, session } = await all({ options: { size: "smallest" } });
  session.store.groupBy.value = ["device", "label"];
  await settle();
  const heads = () => [...root.querySelectorAll(".tall .section")].map((head) => [head.querySelector(".name")?.textContent, head.querySelector(".door")?.firstChild?.textContent]);
  // Test split: 5 b Shirt, 6 a Bag, 7 b Bag, 8 a T-shirt, 9 b Shirt, 10 a Bag, 11 b without a label.
  expect(heads()).toEqual([
    ["device: a · label: Bag", "2"], ["device: a · label: T-shirt", "1"],
    ["device: b · label: Bag", "1"], ["device: b · label: Shirt", "2"], ["device: b · label: missing", "1"],
  ]);
  expect(cards().map((card) => card.getAttribute("aria-label")?.split("sample ")[1])).toEqual(["6", "10", "8", "7", "5", "9", "11"]);
  named(".door", "2: select the samples of device: b · label: Shirt").click();
  await settle();
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([5, 9]);
});

test("a position is gone to", async () => {
  const { root } = await all();
  const input = named("input", "Go to a position") as HTMLInputElement;
  input.value = "4";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.closest("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await settle();
  expect(root.querySelector('[role=option][tabindex="0"]')?.getAttribute("aria-posinset")).toBe("4");
});

test("where cards lie: lines, heads, boxes and steps agree; the millionth is as near as the first", () => {
  const cell = { width: 100, height: 50, columns: 3, gap: 10 };
  const two = new Geometry([4, 2], cell, 20);
  expect([two.height, two.total]).toEqual([190, 6]);
  expect(two.placeOf(3)).toEqual({ section: 0, line: 1, column: 0, x: 0, y: 70 });
  expect(two.placeOf(4)).toMatchObject({ section: 1, x: 0, y: 140 });
  expect(two.rangesIn(0, 190)).toEqual([[0, 4], [4, 6]]);
  expect(two.rangesIn(30, 40, 120, 130)).toEqual([[1, 2]]);
  expect(two.rangesIn(62, 68, 0, 500)).toEqual([]); // between two lines
  expect([two.step(1, 1), two.step(0, 1), two.step(3, 1), two.step(4, -1), two.step(5, 9), two.step(0, -5)]).toEqual([3, 3, 4, 3, 5, 0]);
  const many = new Geometry([1_000_000], cell, 0);
  const { y } = many.placeOf(999_999);
  expect(many.rangesIn(y, y + 1)).toEqual([[999_999, 1_000_000]]);
});

test("no sample at all is no card, no step", () => {
  for (const sizes of [[], [0]]) {
    const empty = new Geometry(sizes, { width: 100, height: 50, columns: 3, gap: 10 }, 20);
    expect([empty.total, empty.rangesIn(0, 1000), empty.step(0, 1)]).toEqual([0, [], 0]);
  }
});

test("marks: begun anew, added, taken out, turned over; what keys mean", () => {
  const before = Uint32Array.of(0b0110);
  const rows = (how: Parameters<typeof marked>[2]) => [...rowsOf(marked(before, [1, 3], how))];
  expect([rows("only"), rows("add"), rows("remove"), rows("toggle")]).toEqual([[1, 3], [1, 2, 3], [2], [2, 3]]);
  const keys = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  expect([howOf(keys), howOf({ ...keys, metaKey: true }), howOf({ ...keys, shiftKey: true }), howOf({ ...keys, altKey: true, ctrlKey: true })]).toEqual(["only", "add", "add", "remove"]);
});
