import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { loaded } from "../components/component";
import { settle } from "../components/mounted";
import type { Json } from "../hosts/host";
import { tile, type Layout } from "../state/layout";
import { lastSaved, openingLayout } from "./saved-layout";
import { opened, type Opened } from "./opened";

let page: Opened | null = null;
afterEach(() => page?.close());

const LAYOUT: Layout = {
  version: 1,
  pages: [
    { id: "a", title: "First", tiles: [tile("run-header"), tile("confusion", { y: 1 })], dock: tile("grid", { id: "samples" }) },
    { id: "b", title: "Second", tiles: [tile("weather"), tile("classes", { y: 1, options: { nonsense: 1 } })], dock: null },
    { id: "c", title: "Part of it", tiles: [], dock: null, under: "b" },
  ],
};

const places = ({ root }: Opened) => [...root.querySelectorAll<HTMLElement>("[data-place]")].map((el) => el.dataset["place"]);
const inShadow = (from: Opened, id: string) => from.root.querySelector(`[data-place="${id}"] .part`)?.shadowRoot?.textContent ?? "";

test("pages are tabs: by mouse, by arrows and by number; parts are a second row", async () => {
  page = await opened({ layout: LAYOUT });
  const tabs = () => [...(page?.root.querySelectorAll("[role=tab]") ?? [])].map((tab) => `${tab.textContent}${tab.getAttribute("aria-selected") === "true" ? " *" : ""}`);
  expect(tabs()).toEqual(["First *", "Second"]);
  expect(places(page)).toEqual(["run-header", "confusion", "samples"]);
  await page.press("2");
  expect(tabs()).toEqual(["First", "Second *", "Second *", "Part of it"]);
  expect(places(page)).toEqual(["weather", "classes"]);
  await page.press("ArrowLeft", {}, page.named("Second", "[role=tab]"));
  expect(page.session.store.arrangement.page.value).toBe("a");
  await page.click("Second", "[role=tab]");
  await page.click("Part of it", "[role=tab]");
  expect(page.root.querySelector(".views")?.textContent).toContain("This page is empty.");
  expect((await page.press("9")).defaultPrevented).toBe(false);
});

test("a view that is not there and an option that is unknown are said on their tiles; the rest works", async () => {
  page = await opened({ layout: LAYOUT });
  await page.press("2");
  expect(page.root.querySelector("[data-place=weather]")?.textContent).toContain("asks for a view called “weather”, which this Bathyscope does not have. Everything else works.");
  expect(page.root.querySelector("[data-place=classes] .wrong")?.textContent).toContain("There is no option “nonsense”.");
  expect(inShadow(page, "classes")).toContain("T-shirt");
});

test("arranged by keyboard: arrows move and resize, Escape puts back, Enter lays down, undo takes back", async () => {
  page = await opened({ layout: LAYOUT });
  const { session } = page;
  await page.press("e");
  const handle = () => page?.named("Move Where the network is wrong") ?? document.body;
  await page.press("ArrowUp", {}, handle());
  expect(places(page)).toEqual(["confusion", "run-header", "samples"]);
  expect(session.history.undoable.value).toBe("Move confusion");
  await page.press("ArrowLeft", { shiftKey: true }, handle());
  expect(session.store.arrangement.tile("confusion")?.w).toBe(11);
  await page.press("Escape", {}, handle());
  expect(places(page)).toEqual(["run-header", "confusion", "samples"]);
  expect(session.store.arrangement.tile("confusion")?.w).toBe(12);
  await page.press("ArrowUp", {}, handle());
  await page.press("Enter", {}, handle());
  await page.press("Escape", {}, handle());
  expect(page.root.querySelector(".arrange-bar")).toBeNull();
  expect(places(page)).toEqual(["confusion", "run-header", "samples"]);
});

test("a key that comes before the next frame still reaches the handle whose tile has moved", async () => {
  page = await opened({ layout: LAYOUT });
  await page.press("e");
  const handle = page.named("Move Where the network is wrong");
  handle?.focus();
  // As a browser does it: a key goes to what has the focus, and the page has no frame between two of them.
  const hit = async (key: string, shiftKey = false) => {
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true }));
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  for (const key of ["ArrowUp", "ArrowDown", "ArrowUp"]) await hit(key);
  expect(places(page)).toEqual(["confusion", "run-header", "samples"]);
  for (let turn = 0; turn < 2; turn++) await hit("ArrowLeft", true);
  expect(page.session.store.arrangement.tile("confusion")?.w).toBe(10);
});

test("tiles are renamed, copied, folded, removed and added; forty undos give back the same layout", async () => {
  page = await opened({ layout: LAYOUT });
  const { session } = page;
  const before = JSON.stringify(session.store.arrangement.layout.value);
  await page.press("e");
  const menu = async (item: string) => {
    await page?.click("What to do with Where the network is wrong");
    await page?.click(item, "[role=menuitem]");
  };
  await menu("Rename");
  const field = page.named("Name of the tile") as HTMLInputElement;
  field.value = "Mistakes";
  await page.press("Enter", {}, field);
  expect(page.named("Move Mistakes")).toBeTruthy();
  await page.click("What to do with Mistakes");
  await page.click("Duplicate", "[role=menuitem]");
  expect(places(page)).toEqual(["run-header", "confusion", "confusion-2", "samples"]);
  await page.click("What to do with Mistakes");
  await page.click("Fold", "[role=menuitem]");
  expect(page.root.querySelector("[data-place=confusion] .part")).toBeNull();
  await page.click("Remove What is this run?");
  await page.click("+ Add a view");
  await page.type("row by row", ".finder input");
  await page.press("Enter", {}, page.root.querySelector(".finder input") ?? document);
  expect(places(page)).toEqual(["confusion", "confusion-2", "table", "samples"]);
  for (let i = 0; i < 40; i++) session.history.undo();
  await settle();
  expect(JSON.stringify(session.store.arrangement.layout.value)).toBe(before);
  for (let i = 0; i < 40; i++) session.history.redo();
  await settle();
  expect(places(page)).toEqual(["confusion", "confusion-2", "table", "samples"]);
});

test("pages are added, named, moved and removed", async () => {
  page = await opened({ layout: LAYOUT });
  const { arrangement } = page.session.store;
  await page.press("e");
  const menu = async (item: string) => {
    await page?.click("What to do with this page");
    await page?.click(item, "[role=menuitem]");
  };
  await menu("Add a page");
  const name = page.named("Name of this page") as HTMLInputElement;
  name.value = "Mine";
  name.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  await menu("Move this page to the left");
  expect(arrangement.layout.value.pages.map(({ title }) => title)).toEqual(["First", "Mine", "Part of it", "Second"]);
  await menu("Remove this page");
  expect(arrangement.layout.value.pages.map(({ title }) => title)).toEqual(["First", "Part of it", "Second"]);
  expect(arrangement.page.value).toBe("a");
});

test("a view over the whole page goes back with Escape, before anything else does", async () => {
  page = await opened({ layout: LAYOUT });
  const { store } = page.session;
  await page.session.pick({ kind: "cell", label: 0, prediction: 1 }, "confusion");
  store.focus.value = 3;
  await page.click("Where the network is wrong: over the whole page");
  expect(page.root.querySelector(".tile.maximised")?.getAttribute("data-place")).toBe("confusion");
  await page.press("?");
  const open = () => [page?.root.querySelector("dialog") !== null, page?.root.querySelector(".maximised") !== null, store.focus.value !== null, store.selection.value?.source === "confusion"];
  const levels = [open()];
  for (let i = 0; i < 4; i++) {
    await page.press("Escape");
    levels.push(open());
  }
  expect(levels).toEqual([[true, true, true, true], [false, true, true, true], [false, false, true, true], [false, false, false, true], [false, false, false, false]]);
});

test("the palette finds and does everything by keyboard alone, and says why something cannot be done", async () => {
  page = await opened({ layout: LAYOUT });
  const { store } = page.session;
  const run = async (text: string) => {
    await page?.press("k", { ctrlKey: true });
    await page?.type(text, ".finder input");
    const line = page?.root.querySelector(".finder [aria-selected=true]");
    const said = line?.textContent ?? "";
    await page?.press("Enter", {}, page.root.querySelector(".finder input") ?? document);
    return said;
  };
  await run("checkpoint 1 of 3");
  expect(store.checkpoint.value?.name).toBe("000001");
  await run("group device");
  await run("colour label");
  expect([store.groupBy.value, store.colorBy.value]).toEqual([["device"], "label"]);
  await run("show train");
  expect(store.split.value).toBe("train");
  await run("test/7");
  expect(store.focus.value).toBe(7);
  await run("Second");
  expect(store.arrangement.page.value).toBe("b");
  await run("filter device");
  expect(page.root.querySelector("[aria-label='Values of device']")).not.toBeNull();
  expect(await run("redo")).toContain("Nothing to do again.");
  expect(page.root.querySelector(".finder")).not.toBeNull();
  const field = page.root.querySelector(".finder input");
  expect([field?.getAttribute("role"), field?.getAttribute("aria-controls"), page.root.querySelector(`#${field?.getAttribute("aria-activedescendant")}`)?.getAttribute("role")]).toEqual(["combobox", "finder-list", "option"]);
});

test("the palette finds a view by the name that files and Python give it, and first where it stands already", async () => {
  page = await opened({ layout: LAYOUT });
  await page.press("k", { ctrlKey: true });
  const first = async (text: string) => {
    await page?.type(text, ".finder input");
    return [...(page?.root.querySelectorAll(".finder [role=option]") ?? [])].slice(0, 2).map((line) => line.textContent);
  };
  expect(await first("confusion")).toEqual(["Where the network is wrongView on First", "Where the network is wrongAdd to this page · confusion"]);
  expect((await first("help"))[0]).toContain("Shortcuts: see them, change them");
  expect((await first("reset"))[0]).toContain("Back to the first layout");
  expect((await first("export"))[0]).toContain("Download the layout as a file");
});

test("no key works while somebody types or composes", async () => {
  page = await opened({ layout: LAYOUT });
  await page.click("Add a filter");
  const field = page.root.querySelector("[aria-label='Filter as text']") ?? document;
  for (const key of ["e", "?", "2", "j", "u"]) await page.press(key, {}, field);
  await page.press("e", { isComposing: true });
  expect([page.root.querySelector(".arrange-bar"), page.root.querySelector("dialog"), page.session.store.arrangement.page.value]).toEqual([null, null, "a"]);
  await page.press("k", { ctrlKey: true }, field);
  expect(page.root.querySelector(".finder")).not.toBeNull();
});

test("keys walk, pin, pick by hand and filter", async () => {
  page = await opened({ layout: LAYOUT });
  const { store } = page.session;
  await page.press("j");
  expect(store.focus.value).toBe(8);
  await page.press("j");
  expect(store.focus.value).toBe(5);
  await page.press("p");
  await page.press("k");
  expect([store.focus.value, store.pinned.value]).toEqual([8, 5]);
  await page.press("s");
  expect([...(store.selection.value?.indices ?? [])]).toEqual([8]);
  await page.press("f");
  expect(page.session.filter.counts.value.passing).toBe(1);
});

test("a key is changed in the sheet, and a conflict is told", async () => {
  page = await opened({ layout: LAYOUT });
  await page.press("?");
  await page.click("Change the key for: Arrange the page");
  await page.press("j", {}, page.named("Press the new key for: Arrange"));
  expect(page.root.querySelector("[role=alert]")?.textContent).toBe("J is taken: “Next sample”. Press another key, or change that one first.");
  await page.press("w", {}, page.named("Press the new key for: Arrange"));
  await page.press("Escape");
  await page.press("e");
  expect(page.root.querySelector(".arrange-bar")).toBeNull();
  await page.press("w");
  expect(page.root.querySelector(".arrange-bar")).not.toBeNull();
});

test("a saved layout is a decision that the page opens on; the first layout comes back the same way", async () => {
  const host = new FakeHost();
  page = await opened({ host, layout: LAYOUT });
  const { arrangement } = page.session.store;
  await page.press("e");
  expect((page.named("Save layout") as HTMLButtonElement).disabled).toBe(true);
  await page.click("Remove What is this run?");
  await page.click("Save layout");
  expect(host.decided.at(-1)).toMatchObject({ kind: "layout", payload: { given: null, layout: { version: 1 } } });
  expect(arrangement.changed.value).toBe(false);
  const recording = await host.recording();
  const next = openingLayout(recording, await host.decisions());
  expect([next.faults, next.layout.pages[0]?.tiles.map(({ id }) => id)]).toEqual([[], ["confusion"]]);
  await page.click("Layout files");
  await page.click("Back to the first layout", "[role=menuitem]");
  expect(lastSaved(await host.decisions(), null)).toEqual({ layout: null, given: null });
  expect(openingLayout(recording, await host.decisions()).layout.pages[0]?.title).toBe("First look");
  page.session.history.undo();
  page.session.history.undo();
  await settle();
  expect(openingLayout(recording, await host.decisions()).layout.pages[0]?.tiles.map(({ id }) => id)).toEqual(["confusion"]);
});

test("a layout that its owner gives stands before one that was saved without it", async () => {
  const given: Json = { version: 1, pages: [{ title: "Given", tiles: ["table"] }] };
  const other: Json = { version: 1, pages: [{ title: "Saved", tiles: ["classes"] }] };
  const host = new FakeHost(3, { layout: given });
  const recording = await host.recording();
  await host.decide({ id: "1", kind: "layout", payload: { layout: other, given: null } });
  const title = async () => openingLayout(recording, await host.decisions()).layout.pages[0]?.title;
  expect(await title()).toBe("Given");
  page = await opened({ host, layout: openingLayout(recording, []).layout });
  page.session.store.arrangement.edit((layout) => ({ ...layout, pages: layout.pages.map((one) => ({ ...one, title: "Given and changed" })) }));
  await page.press("e");
  await page.click("Save layout");
  expect(await title()).toBe("Given and changed");
  const broken = openingLayout({ ...recording, layout: { version: 1, pages: 3 } }, []);
  expect(broken.layout.pages[0]?.title).toBe("First look");
  expect(broken.faults[0]).toContain("It is not used.");
});

test("groups and colours are chosen in the filter row and by key", async () => {
  page = await opened({ layout: LAYOUT });
  const { store } = page.session;
  await page.press("g");
  for (const name of ["device", "split"]) {
    const box = [...page.root.querySelectorAll("[aria-label='Columns to group by'] label")].find((label) => label.textContent?.startsWith(name))?.querySelector("input");
    box?.click();
    await settle();
  }
  expect(store.groupBy.value).toEqual(["device", "split"]);
  await page.click("Done");
  expect(page.named("Grouped by device, split")).toBe(document.activeElement);
  const colour = page.root.querySelector<HTMLSelectElement>("select.colour-by");
  expect([...(colour?.options ?? [])].map(({ value }) => value)).toContain("device");
  if (colour) colour.value = "device";
  colour?.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(store.colorBy.value).toBe("device");
  await page.press("u");
  expect(store.showUnfiltered.value).toBe(false);
});

test("the status line says what is a part of a larger table, and errors with their details", async () => {
  page = await opened({ host: new FakeHost(3, { sampled_from: 60 }), layout: LAYOUT });
  expect(page.root.querySelector(".status")?.textContent).toContain("1 of every 5 samples: 12 of 60");
  window.dispatchEvent(new ErrorEvent("error", { error: new Error("The tide is out."), message: "x" }));
  await settle();
  expect(page.root.querySelector(".faults summary")?.textContent).toBe("1 error: The tide is out.");
  expect(page.root.querySelector(".faults pre")?.textContent).toContain("Error: The tide is out.");
  await page.click("Dismiss all");
  expect(page.root.querySelector(".faults")).toBeNull();
});

test("the list of views says why some cannot be shown, and does not add them", async () => {
  page = await opened({ host: new FakeHost(0), layout: LAYOUT });
  await page.press("e");
  await page.click("+ Add a view");
  await page.type("how it learned", ".finder input");
  expect(page.root.querySelector(".finder [aria-selected=true]")?.textContent).toContain("No checkpoint is recorded.");
  const before = places(page);
  await page.press("Enter", {}, page.root.querySelector(".finder input") ?? document);
  expect([places(page), page.root.querySelector(".finder") !== null]).toEqual([before, true]);
});

test("a tool of a scatter plot is taken up by its key", async () => {
  const two = (name: string): Json => ({ name, type: "number", role: "metadata" });
  const columns: Json = [{ name: "sample_id", type: "text", role: "id" }, { name: "label", type: "integer", role: "label" }, { name: "split", type: "category", role: "split", values: ["train", "test"] }, two("ink"), two("light")];
  page = await opened({ host: new FakeHost(3, { columns }), layout: { version: 1, pages: [{ id: "a", title: "A", tiles: [tile("scatter")], dock: null }] } });
  const pressed = () => [...(page?.root.querySelector("[data-place=scatter] .part")?.shadowRoot?.querySelectorAll('[aria-label="Dragging"] [aria-pressed=true]') ?? [])].map(({ textContent }) => textContent);
  await loaded();
  await settle();
  const before = pressed();
  await page.press("l");
  const after = pressed();
  await page.press("r");
  expect([before, after, pressed()]).toEqual([["Move"], ["Lasso"], ["Box"]]);
});
