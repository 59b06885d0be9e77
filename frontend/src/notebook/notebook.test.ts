import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Model } from "../hosts/notebook";
import { tilesOf } from "./hub";
import { Places } from "./places";
import stub from "./stub";
import { followNotebook, luminance, themeOf } from "./theme";

class State implements Model {
  constructor(private readonly state: Record<string, unknown>) {}
  widget_manager?: { get_model(id: string): Promise<unknown> };
  get(name: string): unknown {
    return this.state[name];
  }
  set(): void {}
  save_changes(): void {}
  send(): void {}
  on(): void {}
  off(): void {}
}

const REGISTRY = Symbol.for("bathyscope.hubs");
const world = globalThis as { [key: symbol]: unknown };
let el: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => {
  vi.useRealTimers();
  delete world[REGISTRY];
  document.body.removeAttribute("class");
  document.body.removeAttribute("style");
  delete document.body.dataset["jpThemeLight"];
  document.documentElement.removeAttribute("class");
});

/** A hub that notes whom it is asked to show. */
function hub() {
  const shown: unknown[] = [];
  return { shown, mount: (view: { signal: AbortSignal }) => void shown.push(view) };
}

const view = () => new State({ hub: "anywidget:m1", hub_key: "k1" });

test("with a host the stub asks it for the hub, and hands over", async () => {
  const found = hub();
  const asked: unknown[] = [];
  const control = new AbortController();
  const host = { getWidget: async (ref: unknown) => (asked.push(ref), { exports: found }) };
  stub.render({ model: view(), el, signal: control.signal, host });
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual(["anywidget:m1"]);
  expect(found.shown).toHaveLength(1);
  expect(el.textContent).toBe("");
});

test("without one it waits for the hub to appear among those of the page, and no longer than the view is there", async () => {
  const found = hub();
  const end = stub.render({ model: view(), el });
  await vi.advanceTimersByTimeAsync(3000);
  expect(el.textContent).toBe("Looking for the hub…");
  world[REGISTRY] = new Map([["k1", found], ["other", hub()]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(found.shown).toHaveLength(1);
  const [given] = found.shown as { signal: AbortSignal }[];
  end();
  expect(given?.signal.aborted).toBe(true);

  delete world[REGISTRY];
  const late = hub();
  stub.render({ model: view(), el })();
  world[REGISTRY] = new Map([["k1", late]]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(late.shown).toHaveLength(0);
});

test("as a last resort it has the old widget manager make the hub", async () => {
  const found = hub();
  const model = view();
  const made: string[] = [];
  model.widget_manager = {
    get_model: async (id) => {
      made.push(id);
      world[REGISTRY] = new Map([["k1", found]]);
    },
  };
  stub.render({ model, el });
  await vi.advanceTimersByTimeAsync(9000);
  expect(made).toEqual([]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(made).toEqual(["m1"]);
  expect(found.shown).toHaveLength(1);
});

test("where no hub is found it says what to do, and can be asked again", async () => {
  const found = hub();
  let there = false;
  const host = { getWidget: () => (there ? Promise.resolve({ exports: found }) : Promise.reject(new Error("no <b>model</b>"))) };
  stub.render({ model: view(), el, host });
  await vi.advanceTimersByTimeAsync(0);
  expect(el.querySelector("[role=alert]")?.textContent).toBe(
    "This view needs its kernel. It shows data that the notebook's kernel holds, and no running hub was found. Run the cell that makes the hub (hub = bs.Hub(…), kept in a variable), then run this cell again. (no <b>model</b>)Look again",
  );
  there = true;
  el.querySelector("button")?.click();
  await vi.advanceTimersByTimeAsync(0);
  expect(found.shown).toHaveLength(1);
});

test("a hub that Python closed is not looked for", async () => {
  stub.render({ model: new State({ hub: null, hub_key: "k1" }), el, host: { getWidget: () => Promise.reject(new Error("asked")) } });
  await vi.advanceTimersByTimeAsync(0);
  expect(el.querySelector("[role=alert]")?.textContent).not.toContain("asked");
});

test("a view is one tile, a page several, each with an id of its own", () => {
  const one = tilesOf(new State({ id: "scatter-1", type: "scatter", options: { x: "a" } }));
  expect(one.map(({ id, component, options }) => [id, component, options])).toEqual([["scatter-1", "scatter", { x: "a" }]]);
  const page = tilesOf(new State({ id: "page-1", type: "page", options: { tiles: [{ type: "grid", options: {} }, { type: "grid", options: { columns: ["a"] } }, null] } }));
  expect(page.map(({ id, component, options }) => [id, component, options])).toEqual([
    ["page-1-1", "grid", {}],
    ["page-1-2", "grid", { columns: ["a"] }],
    ["page-1-3", "undefined", {}],
  ]);
});

test("of many views the ones seen longest ago give way, never one that is seen", () => {
  const places = new Places();
  const drawn = new Set<number>();
  const all = Array.from({ length: 15 }, (_, n) => places.enter((show) => (show ? drawn.add(n) : drawn.delete(n))));
  for (const place of all.slice(0, 3)) place.seen(true); // these stay in sight
  for (const place of all.slice(3)) {
    place.seen(true);
    place.seen(false);
  }
  expect([...drawn].sort((a, b) => a - b)).toEqual([0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  all[3]?.seen(true);
  expect(drawn.has(3)).toBe(true);
  expect(drawn.has(6)).toBe(false);
  for (const place of all) place.leave();
});

test.each([
  ["#fff", 1],
  ["#111111", 17 / 255],
  ["rgb(255, 0, 0)", 0.2126],
  ["rgba(0 0 255 / 0.5)", 0.0722],
  ["white", 1],
  ["var(--x)", null],
  ["", null],
])("the luminance of %s", (colour, expected) => {
  const found = luminance(colour);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(expected, 4);
});

test("what JupyterLab says goes before what its colours and the classes of others say", () => {
  expect(themeOf(document)).toBeNull();
  document.documentElement.classList.add("dark");
  expect(themeOf(document)).toBe("dark");
  document.body.classList.add("vscode-light");
  expect(themeOf(document)).toBe("light");
  document.body.style.setProperty("--jp-layout-color0", "#101010");
  expect(themeOf(document)).toBe("dark");
  document.body.dataset["jpThemeLight"] = "true";
  expect(themeOf(document)).toBe("light");
});

test("the theme is followed until the hub goes", async () => {
  vi.useRealTimers();
  const control = new AbortController();
  const shown = followNotebook(document, control.signal);
  expect(shown.value).toBe("light");
  document.body.dataset["jpThemeLight"] = "false";
  await vi.waitFor(() => expect(shown.value).toBe("dark"));
  control.abort();
  document.body.dataset["jpThemeLight"] = "true";
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(shown.value).toBe("dark");
});
