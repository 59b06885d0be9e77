import { afterEach, expect, test, vi } from "vitest";
import { FakeHost } from "../../hosts/fake";
import type { Table } from "../../hosts/host";
import type { Field } from "../../state/fields";
import { mounted, settle, type Mounted } from "../mounted";
import { exprOf, pressed } from "./acts";
import { columnWindow, moved, nextKeys, shownColumns } from "./columns";
import { tsv } from "./copy";
import { table } from "./table";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function opened(options: Parameters<typeof mounted>[1] = {}): Promise<Mounted> {
  page = await mounted(table, options);
  await vi.waitFor(() => expect(lines().filter((line) => line === "…")).toEqual([]));
  await settle();
  return page;
}

const rows = () => [...(page?.root.querySelectorAll<HTMLElement>(".tall [role=row]") ?? [])];
const lines = () => rows().map((row) => row.querySelector("[role=gridcell]")?.textContent);
const heads = () => [...(page?.root.querySelectorAll("[role=columnheader]") ?? [])].map((head) => head.getAttribute("data-column"));
const grid = () => page?.root.querySelector("[role=grid]") as HTMLElement;
const press = (key: string, more: KeyboardEventInit = {}) => grid().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
const cell = (row: number, column: number) => rows()[row]?.querySelectorAll<HTMLElement>("[role=gridcell]")[column] as HTMLElement;

async function choose(row: number, column: number, name: string): Promise<void> {
  cell(row, column).dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
  await settle();
  page?.named("[role=menuitem]", name).click();
  await settle();
}

async function head(column: string, name: string): Promise<void> {
  page?.named("button.more", `Column ${column}`).click();
  await settle();
  page?.named("[role=menuitem]", name).click();
  await settle();
}

test("the samples of the split, ids fetched for the rows on screen only; a head sorts", async () => {
  const { host, named } = await opened();
  expect(lines()[0]).toBe("test/5");
  expect(host.asked).toContain("samples?sample_id&rows=5,6,7,8,9,10,11");
  named("[role=columnheader] button", "label").click();
  await settle();
  expect(lines()).toEqual(["test/6", "test/7", "test/10", "test/5", "test/9", "test/8", "test/11"]);
  named("[role=columnheader] button", "label").click();
  await settle();
  expect(lines()).toEqual(["test/8", "test/5", "test/9", "test/6", "test/7", "test/10", "test/11"]);
});

test("one request for ids at a time: rows that were passed meanwhile are never asked for", async () => {
  const { host, session } = await opened();
  const answer = host.table.bind(host);
  let open = (): void => undefined;
  const gate = new Promise<void>((done) => (open = done));
  host.table = async (...given) => {
    const found = await answer(...given);
    await gate;
    return found;
  };
  const asked = () => host.asked.filter((one) => one.startsWith("samples?sample_id&rows="));
  const before = asked().length;
  const show = async (split: string, fingerprint: string) => {
    session.store.recording.value = { ...session.store.recording.value, fingerprint };
    session.store.split.value = split;
    await settle();
  };
  await show("test", "changed"); // what is kept of another content is not shown
  await show("train", "changed");
  await show("test", "changed");
  expect(lines()).toEqual(Array(7).fill("…"));
  open();
  await vi.waitFor(() => expect(lines()[0]).toBe("test/5"));
  await settle();
  expect(asked().slice(before)).toEqual(["samples?sample_id&rows=5,6,7,8,9,10,11"]);
  await show("train", "changed");
  await vi.waitFor(() => expect(lines()[0]).toBe("train/0"));
});

test("a click opens the sample; its menu filters by the value or leaves it out", async () => {
  const { session } = await opened();
  cell(1, 1).click();
  await settle();
  expect(session.store.focus.value).toBe(6);
  await choose(1, 1, "Only Bag");
  expect(session.store.clauses.value[0]?.expr).toEqual({ op: "eq", column: "label", value: "Bag" });
  expect(lines()).toEqual(["test/6", "test/7", "test/10"]);
  await choose(0, 1, "Exclude Bag");
  expect(page?.text()).toContain("No sample passes the filter.");
});

test("arrows move the cursor, Enter opens, the menu key offers what the cell can do", async () => {
  const { root, session } = await opened();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "Enter"]) press(key);
  await settle();
  expect(session.store.focus.value).toBe(7);
  expect(root.querySelector('[role=gridcell][tabindex="0"]')?.textContent).toBe("Bag");
  press("F10", { shiftKey: true });
  await settle();
  expect([...root.querySelectorAll("[role=menuitem]")].map((item) => item.textContent)).toEqual(["Only Bag", "Exclude Bag", "Copy value", "Copy row", "Add to the selection", "Open"]);
  root.querySelector("[role=menu]")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  await settle();
  expect(root.querySelector("[role=menu]")).toBeNull();
});

test("rows are selected with Ctrl, extended with Shift, taken out with Alt, and from the keyboard; the tab shows them", async () => {
  const { session, named } = await opened();
  const click = async (row: number, keys: MouseEventInit) => {
    cell(row, 0).dispatchEvent(new MouseEvent("click", { bubbles: true, ...keys }));
    await settle();
    return [...(session.store.selection.value?.indices ?? [])];
  };
  expect(await click(1, { ctrlKey: true })).toEqual([6]);
  expect(await click(3, { shiftKey: true })).toEqual([6, 7, 8]);
  expect(await click(2, { altKey: true })).toEqual([6, 8]);
  expect(session.store.selection.value?.source).toBe("table");
  expect(rows().map((row) => row.getAttribute("aria-selected"))).toEqual(["false", "true", "false", "true", "false", "false", "false"]);
  press("ArrowDown");
  press(" ");
  await settle();
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([6]);
  press("ArrowUp");
  press(" ");
  await settle();
  named("[role=radio]", "Selected 2").click();
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(lines()).toEqual(["test/6", "test/7"]);
  expect(session.store.arrangement.tile("table")?.options).toEqual({ rows: "selected" });
});

test("a cell's whole value is its hint once the mouse is over it, and a picture is never that of the sample before", async () => {
  const { session } = await opened();
  const [first, picture] = [cell(0, 0), cell(0, 0).querySelector(".thumb")?.firstElementChild];
  first.dispatchEvent(new MouseEvent("mousemove", { bubbles: true }));
  expect(first.title).toBe("test/5");
  first.dispatchEvent(new MouseEvent("mouseleave"));
  expect(first.hasAttribute("title")).toBe(false);
  expect(picture).toBeTruthy();
  session.filter.add({ op: "eq", column: "label", value: "Bag" });
  await settle();
  expect(lines()[0]).not.toBe("test/5");
  expect(cell(0, 0)).toBe(first);
  expect(cell(0, 0).querySelector(".thumb")?.firstElementChild).not.toBe(picture);
});

test("all, filtered and selected are counted; all shows what the filter hides", async () => {
  const { session, named } = await opened();
  session.filter.add({ op: "eq", column: "device", value: "b" });
  await settle();
  expect(lines()).toHaveLength(4);
  named("[role=radio]", "Filtered 4");
  named("[role=radio]", "All 7").click();
  await settle();
  expect(lines()).toHaveLength(7);
});

test("columns are moved, pinned, widened and hidden from their menu; all of it is undone", async () => {
  const { session, root } = await opened({ options: { hidden: ["prediction", "correct", "confidence", "loss"] } });
  expect(heads()[0]).toBe("sample_id");
  const before = heads();
  await head("device", "Pin to the left");
  expect(heads()[0]).toBe("device");
  await head("label", "Move left");
  expect(heads().slice(0, 3)).toEqual(["device", "label", "sample_id"]);
  await head("label", "Hide");
  expect(heads()).not.toContain("label");
  await head("device", "Wider");
  expect((root.querySelector("[data-column=device]") as HTMLElement).style.width).toBe("192px");
  expect(session.store.arrangement.tile("table")?.options).toMatchObject({ pinned: ["device"], hidden: ["prediction", "correct", "confidence", "loss", "label"], widths: { device: 192 } });
  for (let i = 0; i < 8 && session.history.undoable.value; i++) session.history.undo();
  await settle();
  expect(heads()).toEqual(before);
});

test("the edge of a head resizes it, a head that is dragged onto another takes its place", async () => {
  const { root } = await opened();
  const edge = root.querySelector("[data-column=label] .edge") as HTMLElement;
  const pointer = (el: Element, type: string, clientX: number) => el.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX, pointerId: 1 }));
  pointer(edge, "pointerdown", 100);
  pointer(edge, "pointermove", 150);
  pointer(edge, "pointerup", 150);
  await settle();
  expect((root.querySelector("[data-column=label]") as HTMLElement).style.width).toBe("178px");
  const button = root.querySelector("[data-column=label] .sort") as HTMLElement;
  (root as unknown as { elementsFromPoint: () => Element[] }).elementsFromPoint = () => [...root.querySelectorAll("[data-column=sample_id]")];
  pointer(button, "pointerdown", 100);
  pointer(button, "pointermove", 20);
  pointer(button, "pointerup", 20);
  button.click();
  await settle();
  expect(heads().slice(0, 2)).toEqual(["label", "sample_id"]);
  expect(root.querySelector("[data-column=label]")?.getAttribute("aria-sort")).toBe("none");
});

test("a row is found by its number and a sample by its id; what is not there is said", async () => {
  const { session, root, named } = await opened();
  const input = named("input", "Go to a row or an id") as HTMLInputElement;
  const go = async (wish: string) => {
    input.value = wish;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.closest("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await settle();
    return root.querySelector('[role=gridcell][tabindex="0"]')?.closest("[role=row]")?.getAttribute("aria-rowindex");
  };
  expect(await go("3")).toBe("4");
  expect(await go("test/9")).toBe("6");
  await go("train/0");
  await go("nobody");
  expect(session.store.notices.value).toEqual(["The row was not found. Sample train/0 is not among these rows. Show all rows to reach it.", "The row was not found. No sample has the id “nobody”, and there are 7 rows."]);
});

test("integers beyond 2^53 are shown and copied to the last digit, a long value in full on request", async () => {
  const long = "x".repeat(5000);
  class Wide extends FakeHost {
    override async table(name: string, columns: readonly string[], options: Parameters<FakeHost["table"]>[2] = {}): Promise<Table> {
      const found = new Map(await super.table(name, columns, options));
      const n = options.rows?.length ?? 12;
      if (columns.includes("big")) found.set("big", { kind: "bigint", length: n, values: BigInt64Array.from({ length: n }, (_, i) => 9007199254740993n + BigInt(i)), valid: null });
      if (columns.includes("essay")) found.set("essay", { kind: "text", length: n, at: () => long });
      return found;
    }
  }
  const host = new Wide(3, { columns: [{ name: "sample_id", type: "text", role: "id" }, { name: "big", type: "integer", role: "metadata" }, { name: "essay", type: "text", role: "metadata" }] });
  const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await opened({ host, options: { hidden: ["prediction", "correct", "confidence", "loss", "tags"] } });
  expect(cell(0, 1).textContent).toBe("9,007,199,254,740,993");
  await choose(0, 1, "Copy value");
  expect(written).toHaveBeenLastCalledWith("9007199254740993");
  expect(cell(0, 2).textContent).toHaveLength(120);
  await choose(0, 2, "Show all of it");
  expect(page?.root.querySelector("dialog pre")?.textContent).toBe(long);
  page?.named("button", "Copy").click();
  await settle();
  expect(String(written.mock.lastCall?.[0]).split("\n")[1]).toBe(`train/0\t9007199254740993\t${long}`);
});

test("of two thousand columns only those on screen are drawn and fetched", async () => {
  const columns = [{ name: "sample_id", type: "text", role: "id" }, ...Array.from({ length: 2000 }, (_, i) => ({ name: `c${i}`, type: "number", role: "metadata" }))];
  await opened({ more: { columns } });
  expect(page?.root.querySelectorAll("[role=columnheader]").length).toBeLessThan(12);
  expect(grid().getAttribute("aria-colcount")).toBe("2006");
  const asked = page?.host.asked.filter((one) => /samples\?c\d/.test(one)).length ?? 0;
  expect(asked).toBeLessThan(12);
  // A window from 1,040 px on, 600 wide, begins with the eleventh of columns that are 104 px wide (the id is 168).
  const middle = columnWindow(shownColumns(columns as unknown as Field[], { pinned: ["sample_id"] }), 1040, 600);
  expect([middle.before, middle.pinned.length, middle.shown.map(({ field }) => field.name)]).toEqual([1040, 1, ["c10", "c11", "c12", "c13", "c14"]]);
  const last = columnWindow(shownColumns(columns as unknown as Field[], {}), 2000 * 104 - 300, 600).shown;
  expect(last.at(-1)?.field.name).toBe("c1999");
});

test("two tables keep their own columns and source", async () => {
  const { session, named } = await opened({ id: "table-2" });
  named("[role=columnheader] button", "label").click();
  cell(0, 0).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
  await settle();
  expect(session.store.arrangement.tile("table-2")?.options).toEqual({ sort: [["label", false]] });
  expect(session.store.selection.value?.source).toBe("table-2");
});

test("a head goes up, down, off; with Shift the others stay", () => {
  const up = nextKeys([], "a", false);
  const down = nextKeys(up, "a", false);
  expect([up, down, nextKeys(down, "a", false)]).toEqual([[{ column: "a", descending: false }], [{ column: "a", descending: true }], []]);
  expect(nextKeys(up, "b", true)).toEqual([{ column: "a", descending: false }, { column: "b", descending: false }]);
});

test("what is pressed with which key; a name in an order that is gone is passed over", () => {
  const all = Uint32Array.of(9, 8, 7, 6);
  const keys = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  expect(pressed(Uint32Array.of(1), all, 0, 2, keys, 10)).toBeNull();
  expect([...(pressed(Uint32Array.of(1), all, 0, 2, { ...keys, shiftKey: true }, 10) ?? [])]).toEqual([1, 7, 8, 9]);
  expect([...(pressed(Uint32Array.of(1, 7), all, 0, 2, { ...keys, metaKey: true }, 10) ?? [])]).toEqual([1]);
  const fields: Field[] = ["a", "b", "c"].map((name) => ({ name, type: "number", role: "metadata" }));
  const columns = shownColumns(fields, { order: ["gone", "c"], pinned: ["b", "gone"], widths: { a: 1e9, c: "wide" } });
  expect(columns.map(({ field, width, left }) => [field.name, width, left])).toEqual([["b", 104, 0], ["c", 104, 0], ["a", 800, 104]]);
  expect(moved(columns, "a", 0)).toEqual(["a", "b", "c"]);
});

test("copied text keeps its columns whatever the values hold", () => {
  expect(tsv(["a", "b\tc"], [["x\ny", 9007199254740993n], [null, NaN]])).toBe("a\tb c\nx y\t9007199254740993\n\t");
  expect(exprOf("x", null)).toEqual({ op: "null", column: "x" });
  expect(exprOf("x", [1])).toBeNull();
});
