import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../../hosts/fake";
import type { Json } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { anywidget } from "./anywidget";
import { targetOf } from "./mapping";

const HASH = "0123456789abcdef".repeat(4);

/** A host whose owner registered modules; their code comes from a data: address instead of the server. */
class CodeHost extends FakeHost {
  readonly imported: string[] = [];

  constructor(private readonly code_: { readonly [hash: string]: string }, modules: readonly Json[]) {
    super(3, { modules });
  }

  code(path: string): Promise<string> {
    this.imported.push(path);
    const text = this.code_[path.replace(/^api\/modules\/|\.js$/g, "")];
    return text === undefined ? Promise.reject(new Error(`There is nothing at ${path}.`)) : Promise.resolve(`data:text/javascript,${encodeURIComponent(text)}`);
  }
}

let open: Mounted | null = null;
let made = 0;

afterEach(() => {
  open?.close();
  open = null;
});

/** A tile with this code in it; every code gets a hash of its own, as in life. */
async function widget(code: string, options: { readonly [name: string]: Json } = {}, traits: { readonly [name: string]: Json } = {}, fragment = "") {
  const hash = (++made).toString(16).padStart(64, "0");
  const host = new CodeHost({ [hash]: code }, [{ name: "toy", kind: "anywidget", code: hash, style: null, traits }]);
  open = await mounted(anywidget, { host, options: { module: "toy", ...options }, id: "w", fragment });
  await settle(30);
  const inside = () => open?.root.querySelector<HTMLElement>(".widget > div")?.shadowRoot ?? null;
  return { ...open, host, inside, said: () => inside()?.textContent ?? "" };
}

const SHOW = `const show = (name) => ({ model, el }) => { const draw = () => { el.textContent = JSON.stringify(model.get(name)); }; draw(); model.on("change:" + name, draw); };`;
const BUTTON = (name: string, value: string) => `export default { render({ model, el }) { const b = document.createElement("button"); b.onclick = () => { model.set("${name}", ${value}); model.save_changes(); }; el.append(b); } };`;

test.each([
  ["an object", `export default { render({ el }) { el.textContent = "drawn"; } };`],
  ["a function", `export default () => ({ render({ el }) { el.textContent = "drawn"; } });`],
  ["an asynchronous function", `export default async () => ({ async render({ el }) { el.textContent = "drawn"; } });`],
])("a registered module that exports %s is drawn, with its hash beside its name", async (_, code) => {
  const { said, text } = await widget(code);
  expect(said()).toBe("drawn");
  expect(text()).toContain("toy");
  expect(text()).toContain("code of others, 00000000");
});

test("a module that throws says so in its tile, and trying again starts it anew", async () => {
  const { root, session, named, said } = await widget(`globalThis.tries = 0; export default { render({ el }) { if (globalThis.tries++ === 0) throw new TypeError("no canvas"); el.textContent = "second try"; } };`);
  expect(root.querySelector("[role=alert]")?.textContent).toContain("The module “toy” failed. TypeError: no canvas The rest of the page works.");
  session.store.focus.value = 3;
  expect(session.store.focus.value).toBe(3);
  named("button", "Try again").click();
  await settle(20);
  expect(said()).toBe("second try");
  expect(root.querySelector("[role=alert]")).toBeNull();
});

test("code that cannot be had, or in the old form, is a sentence too", async () => {
  const old = await widget(`export function render({ el }) {}`);
  expect(old.text()).toContain("exports “render” by name, a form that the anywidget standard has given up.");
  old.close();
  open = await mounted(anywidget, { host: new FakeHost(3, { modules: [{ name: "toy", kind: "anywidget", code: HASH, style: null }] }), options: { module: "toy" } });
  await settle(20);
  expect(open.text()).toContain("A fake brings no code of others with it.");
});

test("a tile whose module is not registered says how to register it, and offers those that are", async () => {
  const { text, named, session } = await widget(`export default {};`, { module: "other" });
  expect(text()).toContain("This tile asks for the module “other”, which is not registered. Register it in Python: hub.register_module(");
  const select = named("select", "Module") as HTMLSelectElement;
  select.value = "toy";
  select.dispatchEvent(new Event("change"));
  await settle();
  expect(session.store.arrangement.tile("w")?.options["module"]).toBe("toy");
});

test("no code, trait or mapping is ever taken from an address", async () => {
  const fragment = new URLSearchParams({ tile: `w:${JSON.stringify({ module: "evil", traits: { html: "<b>" }, map: { a: "focus" }, title: "T" })}` }).toString();
  const { session, host } = await widget(`export default {};`, {}, {}, fragment);
  expect(session.store.arrangement.tile("w")?.options).toEqual({ module: "toy" });
  expect(host.imported).toHaveLength(1);
  expect(session.store.notices.value).toEqual(["Not everything in the address fits: texts, charts and code are never taken from an address."]);
});

test("the picked samples reach the widget and the widget's reach the page, without an echo", async () => {
  const code = `${SHOW} export default { render(given) { globalThis.heard = []; given.model.on("change:picked", () => globalThis.heard.push(given.model.get("picked"))); show("picked")(given); globalThis.model = given.model; } };`;
  const { session, said } = await widget(code, { map: { picked: "selection" } });
  expect(said()).toBe("[]");
  await session.pick({ kind: "rows", rows: [2, 5] }, "elsewhere", { split: "all" });
  expect(said()).toBe("[2,5]");
  const world = globalThis as unknown as { heard: unknown[]; model: { set: (name: string, value: unknown) => void; save_changes: () => void } };
  world.model.set("picked", [7, 3, 3]);
  world.model.save_changes();
  await settle();
  expect(session.store.selection.value).toMatchObject({ source: "w", indices: Uint32Array.of(3, 7) });
  expect(world.heard).toEqual([[2, 5], [7, 3, 3]]); // set by the page, set by itself, and nothing came back
  world.model.set("picked", [99]);
  world.model.save_changes();
  await settle();
  expect(session.store.selection.value?.indices).toEqual(Uint32Array.of(3, 7));
  expect(session.store.notices.value).toContain("The widget set “picked” to [99]; a list of sample positions is expected.");
});

test("focus, colour and the tile's own filter go both ways, and an undo takes them back", async () => {
  const code = `export default { render({ model, el }) { globalThis.model = model; } };`;
  const { session } = await widget(code, { map: { at: "focus", by: "color_by", text: "filter", devices: "filter:device" } });
  const { model } = globalThis as unknown as { model: { get: (name: string) => unknown; set: (name: string, value: unknown) => void; save_changes: () => void } };
  const put = async (name: string, value: unknown) => {
    model.set(name, value);
    model.save_changes();
    await settle();
  };
  session.store.focus.value = 4;
  expect(model.get("at")).toBe(4);
  await put("at", 6);
  expect(session.store.focus.value).toBe(6);
  await put("by", "device");
  expect(session.store.colorBy.value).toBe("device");
  await put("devices", ["a"]);
  expect(session.store.clauses.value).toMatchObject([{ source: "w", expr: { op: "in", column: "device", values: ["a"] } }]);
  expect(model.get("text")).toBe('device in ("a")');
  expect(session.filter.mask("w")).toBeNull(); // it never filters itself
  session.filter.clear();
  expect([model.get("text"), model.get("devices")]).toEqual(["", []]);
  session.history.undo();
  expect(model.get("devices")).toEqual(["a"]);
  await put("text", "label = ");
  expect(session.store.notices.value.at(-1)).toContain("The widget set “text” to \"label = \";");
  expect(session.store.clauses.value).toHaveLength(1);
});

test("columns, their values, classes and what passes arrive as lists before the widget starts", async () => {
  const { session, said } = await widget(
    `export default { initialize({ model }) { globalThis.seen = ["label", "device", "kinds", "names", "rest"].map((name) => model.get(name)); }, ${""}render: ({ model, el }) => { const draw = () => el.textContent = JSON.stringify(model.get("rest")); draw(); model.on("change:rest", draw); } };`,
    { map: { label: "column:label", device: "column:device", kinds: "values:device", names: "classes", rest: "passing" } },
  );
  session.store.split.value = "all";
  const { seen } = globalThis as unknown as { seen: unknown[] };
  expect(seen[0]).toEqual(["T-shirt", "T-shirt", "T-shirt", "Shirt", "Shirt", "Shirt", "Bag", "Bag", "T-shirt", "Shirt", "Bag", null]);
  expect(seen.slice(2, 4)).toEqual([["a", "b"], ["T-shirt", "Shirt", "Bag"]]);
  session.filter.add({ op: "eq", column: "device", value: "b" }, "bar");
  await settle();
  expect(said()).toBe("[1,3,5,7,9,11]");
});

test("a widget's own state is kept in the layout, undone and given back; what is unsaved stays", async () => {
  const { session, inside } = await widget(BUTTON("count", "(model.get('count') ?? 0) + 1"), { traits: { step: 2 } }, { step: 1, other: "x" });
  inside()?.querySelector("button")?.click();
  await settle();
  expect(session.store.arrangement.tile("w")?.options["traits"]).toEqual({ step: 2, count: 1 });
  session.history.undo();
  inside()?.querySelector("button")?.click();
  await settle();
  expect(session.store.arrangement.tile("w")?.options["traits"]).toEqual({ step: 2, count: 1 });
  expect(session.store.view().options).toEqual({});
});

test("a trait tied to nothing on this page is told", async () => {
  const { text } = await widget(`export default {};`, { map: { a: "weather" } });
  expect(text()).toContain("“a” is tied to \"weather\", which is nothing on this page. It can be tied to selection, focus, filter, filter:COLUMN, passing,");
  expect([targetOf("column:"), targetOf("column:a:b"), targetOf(7), targetOf("classes")]).toEqual([null, { kind: "column:", column: "a:b" }, null, { kind: "classes", column: "" }]);
});
