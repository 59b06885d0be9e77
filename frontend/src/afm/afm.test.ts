import { expect, test, vi } from "vitest";
import { Model, forHook, type AnyModel } from "./model";
import { hooksOf, ModuleError, type Hooks } from "./module";
import { Widget, Widgets } from "./widget";

async function settle(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

function modelWith(values: { readonly [name: string]: unknown } = {}) {
  const saved: { readonly [name: string]: unknown }[] = [];
  const errors: unknown[] = [];
  const model = new Model(values, { save: (changes) => void saved.push(changes), failed: (error) => void errors.push(error) });
  return { model, saved, errors };
}

function widgetOf(hooks: Hooks | Promise<Hooks>, { id = "one", widgets = new Widgets(), values = {} }: { id?: string; widgets?: Widgets; values?: { readonly [name: string]: unknown } } = {}) {
  const { model, saved, errors } = modelWith(values);
  return { widget: new Widget(id, model, Promise.resolve(hooks), widgets, (error) => void errors.push(error)), model, saved, errors, widgets };
}

test("what is set is heard at once, and only what changed is saved, once", () => {
  const { model, saved } = modelWith({ a: 1, b: 2 });
  const heard: unknown[][] = [];
  model.on("change:a", (...what) => void heard.push([model.get("a"), ...what]));
  model.set("a", 5);
  expect(heard).toEqual([[5]]); // no arguments
  expect(saved).toEqual([]);
  model.save();
  model.save();
  expect(saved).toEqual([{ a: 5 }]);
});

test("the same value is no change; another object of the same content is one", () => {
  const list = [1];
  const { model, saved } = modelWith({ list });
  const heard = vi.fn();
  model.on("change:list", heard);
  model.set("list", list);
  expect(heard).toHaveBeenCalledTimes(0);
  model.set("list", [1]);
  expect(heard).toHaveBeenCalledTimes(1);
  model.save();
  expect(saved).toEqual([{ list: [1] }]);
});

test("what comes from behind is nothing to save, and wins over what was not saved", () => {
  const { model, saved } = modelWith({ a: 1, b: 1 });
  model.set("a", 2);
  model.set("b", 2);
  model.receive({ a: 3 });
  expect(model.get("a")).toBe(3);
  model.save();
  expect(saved).toEqual([{ b: 2 }]);
});

test("an update of several values is never seen by half", () => {
  const { model } = modelWith({ low: 0, high: 1 });
  const seen: unknown[] = [];
  model.on("change:low", () => void seen.push([model.get("low"), model.get("high")]));
  model.receive({ low: 10, high: 20 });
  expect(seen).toEqual([[10, 20]]);
});

test("a listener that throws or leaves does not keep the others from hearing", () => {
  const { model, errors } = modelWith({ a: 0 });
  const heard: string[] = [];
  const leaving = () => {
    heard.push("leaving");
    model.off("change:a", leaving);
  };
  model.on("change:a", () => { throw new Error("broken listener"); });
  model.on("change:a", leaving);
  model.on("change:a", () => void heard.push("last"));
  model.set("a", 1);
  model.set("a", 2);
  expect(heard).toEqual(["leaving", "last", "last"]);
  expect(errors.map(String)).toEqual(["Error: broken listener", "Error: broken listener"]);
});

test("a listener that comes while others are told hears of the next change", () => {
  const { model } = modelWith({ a: 0 });
  const heard: unknown[] = [];
  let come = false;
  model.on("change:a", () => {
    if (!come) model.on("change:a", () => void heard.push(model.get("a")));
    come = true;
  });
  model.set("a", 1);
  expect(heard).toEqual([]);
  model.set("a", 2);
  expect(heard).toEqual([2]);
});

test("a hook takes off only its own listeners, and all of them when its signal is aborted", () => {
  const { model } = modelWith({ a: 0 });
  const heard: string[] = [];
  const control = new AbortController();
  const missing = () => Promise.reject(new Error("none"));
  const first = forHook(model, control.signal, missing);
  const second = forHook(model, new AbortController().signal, missing);
  const shared = () => void heard.push("shared");
  first.on("change:a", shared);
  first.on("msg:custom", () => undefined);
  second.on("change:a", shared);
  second.off();
  model.set("a", 1);
  expect(heard).toEqual(["shared"]);
  control.abort();
  model.set("a", 2);
  first.on("change:a", shared); // too late
  model.set("a", 3);
  expect(heard).toEqual(["shared"]);
  expect(() => first.send({ ping: 1 }, null, [new ArrayBuffer(2)])).not.toThrow();
});

const ELEMENT = (text: string) => ({ el }: { el: HTMLElement }) => void (el.textContent = text);

test.each([
  ["an object", { render: ELEMENT("object") }, "object"],
  ["a function", () => ({ render: ELEMENT("function") }), "function"],
  ["a function that takes its time", async () => ({ render: ELEMENT("later") }), "later"],
])("a module's default export may be %s", async (_, exported, text) => {
  const { widget } = widgetOf(hooksOf({ default: exported }, "toy"));
  const el = document.createElement("div");
  await widget.render(el);
  expect(el.textContent).toBe(text);
});

test("what is no widget is refused with a sentence", async () => {
  const of = (module: unknown) => hooksOf(module, "toy").catch((error: unknown) => error);
  expect(await of({ render: () => undefined })).toEqual(new ModuleError("The module “toy” exports “render” by name, a form that the anywidget standard has given up. End it with: export default { render };"));
  expect(await of({})).toEqual(new ModuleError("The module “toy” has no default export. End it with: export default { render };"));
  const no = "The default export of the module “toy” is no widget. It should be an object with a function “render”, or a function that returns one.";
  for (const exported of [7, "text", () => 7, { render: 7 }, () => () => ({}), null]) expect(await of({ default: exported })).toEqual(new ModuleError(no));
});

test("initialize runs once and to its end before any view; exports reach other widgets", async () => {
  const order: string[] = [];
  const widgets = new Widgets();
  const { widget } = widgetOf({
    initialize: async ({ model }) => {
      order.push("initialize");
      await settle(1);
      model.set("ready", true);
      order.push("initialised");
      return { double: (x: number) => 2 * x };
    },
    render: ({ el, model }) => {
      order.push("render");
      el.textContent = String(model.get("ready"));
    },
  }, { id: "child", widgets });
  const parent = widgetOf({
    render: async ({ el, host }) => {
      const child = await host.getWidget("anywidget:child");
      expect((child.exports as { double: (x: number) => number }).double(21)).toBe(42);
      await child.render({ el });
    },
  }, { id: "parent", widgets });
  const [a, b, c] = [0, 0, 0].map(() => document.createElement("div"));
  await Promise.all([widget.render(a as HTMLElement), widget.render(b as HTMLElement), parent.widget.render(c as HTMLElement)]);
  expect(order).toEqual(["initialize", "initialised", "render", "render", "render"]);
  expect([a?.textContent, c?.textContent]).toEqual(["true", "true"]);
});

test("destroying aborts every signal first, then cleans up views, then the widget; what comes late is called too", async () => {
  const order: string[] = [];
  let finish: (cleanup: () => void) => void = () => undefined;
  const { widget } = widgetOf({
    initialize: ({ signal }) => {
      signal.addEventListener("abort", () => order.push("initialize aborted"));
      return () => void order.push("initialize cleaned up");
    },
    render: ({ signal, el }) => {
      signal.addEventListener("abort", () => order.push(`${el.id} aborted`));
      return el.id === "late" ? new Promise((resolve) => (finish = resolve)) : () => void order.push(`${el.id} cleaned up`);
    },
  });
  const [quick, late] = ["quick", "late"].map((id) => Object.assign(document.createElement("div"), { id }));
  await widget.render(quick as HTMLElement);
  void widget.render(late as HTMLElement);
  await settle();
  widget.destroy();
  await settle();
  expect(order.splice(0, 3).sort()).toEqual(["initialize aborted", "late aborted", "quick aborted"]);
  expect(order).toEqual(["quick cleaned up", "initialize cleaned up"]);
  finish(() => void order.push("late cleaned up"));
  await settle();
  expect(order.at(-1)).toBe("late cleaned up");
});

test("a view ends with its own signal, and the widget and its other views go on", async () => {
  const heard: string[] = [];
  const { widget, model } = widgetOf({ render: ({ model: own, el }) => own.on("change:a", () => void heard.push(el.id)) });
  const control = new AbortController();
  const [one, two] = ["one", "two"].map((id) => Object.assign(document.createElement("div"), { id }));
  await widget.render(one as HTMLElement, control.signal);
  await widget.render(two as HTMLElement);
  control.abort();
  model.set("a", 1);
  expect(heard).toEqual(["two"]);
});

test("a module that throws fails its views and nothing else; a clean-up that throws is told", async () => {
  const { widget } = widgetOf({ initialize: () => { throw new Error("no"); }, render: () => undefined });
  await expect(widget.render(document.createElement("div"))).rejects.toThrow("no");
  const broken = widgetOf({ render: () => () => { throw new Error("in clean-up"); } });
  await broken.widget.render(document.createElement("div"));
  broken.widget.destroy();
  await settle();
  expect(broken.errors.map(String)).toEqual(["Error: in clean-up"]);
});

test("a widget that comes later is waited for; a malformed or unknown reference is refused", async () => {
  const widgets = new Widgets(20);
  const { widget } = widgetOf({}, { id: "asker", widgets });
  const model: AnyModel = widget.modelFor(new AbortController().signal);
  const coming = model.widget_manager.get_model("late");
  widgetOf({}, { id: "late", widgets, values: { a: 7 } });
  expect((await coming).get("a")).toBe(7);
  await expect(widgets.find("late")).rejects.toThrow('"late" refers to no widget; a text like "anywidget:ID" is expected.');
  await expect(widgets.find(undefined)).rejects.toThrow("undefined refers to no widget");
  await expect(widgets.find("anywidget:nobody")).rejects.toThrow("There is no widget “nobody” on this page; it was waited for for 0.02 s.");
});
