import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import type { Json } from "../hosts/host";
import { componentOf, componentsFor } from "./all";
import { mounted, settle, type Mounted } from "./mounted";
import { definitionIn } from "./outside-view";

class CodeHost extends FakeHost {
  constructor(private readonly source: string, modules: readonly Json[]) {
    super(3, { modules });
  }

  code(): Promise<string> {
    return Promise.resolve(`data:text/javascript,${encodeURIComponent(this.source)}`);
  }
}

const TEMPLATE = readFileSync(resolve(process.cwd(), "../src/bathyscope/workbench/component_template/NAME.js"), "utf8");

let open: Mounted | null = null;
let made = 0;

afterEach(() => {
  open?.close();
  open = null;
});

async function outside(code: string, options: { readonly [name: string]: Json } = {}) {
  const hash = `c${(++made).toString(16)}`.padStart(64, "0");
  const definition = componentOf("outside:mine");
  if (!definition) throw new Error("no definition");
  const host = new CodeHost(code, [{ name: "mine", kind: "component", code: hash, style: null }]);
  open = await mounted(definition, { host, options, id: "mine-1" });
  await settle(30);
  // The component has a root of its own, below ours.
  const inside = () => [...(open?.root.querySelectorAll("*") ?? [])].map((el) => el.shadowRoot).find((root) => root !== null) ?? null;
  return { ...open, inside, rows: () => [...(inside()?.querySelectorAll("button") ?? [])].map((row) => row.textContent) };
}

test("the template counts what passes, filters the others and not itself, and hears of every change", async () => {
  const { session, rows, inside, text } = await outside(TEMPLATE);
  expect(text()).toContain("How many samples there are of each kind");
  expect(text()).toMatch(/code of others, 0000/);
  expect(rows()).toEqual(["T-shirt1", "Shirt2", "Bag3"]); // the test split
  expect(inside()?.querySelector("p")?.textContent).toBe("1 without a value");
  inside()?.querySelector("button")?.click();
  await settle();
  expect(session.store.clauses.value).toMatchObject([{ source: "mine-1", expr: { op: "in", column: "label", values: ["T-shirt"] } }]);
  expect(rows()).toEqual(["T-shirt1", "Shirt2", "Bag3"]);
  expect(inside()?.querySelector("[aria-pressed=true]")?.textContent).toBe("T-shirt1");
  session.filter.add({ op: "eq", column: "device", value: "a" });
  await settle(20);
  expect(rows()).toEqual(["T-shirt1", "Shirt0", "Bag2"]);
  inside()?.querySelector<HTMLElement>("[aria-pressed=true]")?.click();
  await settle();
  expect(session.store.clauses.value).toHaveLength(1);
});

test("its own options are checked as ours are, kept in the layout, and never taken from an address", async () => {
  const { session, rows } = await outside(TEMPLATE, { column: "device", more: 1 });
  expect(rows()).toEqual(["a3", "b4"]);
  expect(session.store.notices.value).toEqual(["How many samples there are of each kind: There is no option “more”. Options: column."]);
  session.store.arrangement.set("mine-1", { column: "split" });
  await settle(20);
  expect(rows()).toEqual(["train0", "test7"]);
  expect(session.store.view().options).toEqual({});
});

test("the facade gives plain columns, the selection and the focus, both ways", async () => {
  await outside(`export default { title: "t", mount(page) { globalThis.page = page; page.on(() => globalThis.changes = (globalThis.changes ?? 0) + 1); } };`);
  const { session } = open as Mounted;
  const world = globalThis as unknown as { page: import("./facade").Facade; changes: number | undefined };
  const { page } = world;
  expect([page.length, page.classes]).toEqual([12, ["T-shirt", "Shirt", "Bag"]]);
  const label = await page.columns("label");
  expect(label).toMatchObject({ kind: "category", codes: Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 0, 1, 2, -1), values: ["T-shirt", "Shirt", "Bag"] });
  expect(label.at(11)).toBeNull();
  const loss = await page.columns("loss");
  expect(loss.kind === "number" && [loss.values[1], loss.values[11]]).toEqual([0.1, NaN]);
  expect((await page.columns("sample_id")).at(3)).toBe("train/3");
  await expect(page.columns("weather")).rejects.toThrow("There is no column “weather”.");
  expect(Array.from(page.mask())).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
  expect(page.selection.get()).toHaveLength(0);
  page.selection.set([5, 2, 5, 99]);
  await settle();
  expect(session.store.selection.value).toMatchObject({ source: "mine-1", indices: Uint32Array.of(2, 5) });
  page.focus.set(4);
  expect([page.focus.get(), session.store.focus.value]).toEqual([4, 4]);
  page.filter.set("device = 'a'");
  expect(page.filter.get()).toBe('device = "a"');
  expect(() => page.filter.set("device =")).toThrow();
  expect(page.colours.of(3)).toBe("var(--c-3)");
  expect(world.changes).toBeGreaterThanOrEqual(3);
  open?.close();
  const before = world.changes;
  session.store.focus.value = 7;
  expect(world.changes).toBe(before);
});

test("a component that draws later, as a promise, is cleaned up, and what it then throws is said in its tile too", async () => {
  const world = globalThis as unknown as { cleaned?: number };
  const fine = await outside(`export default { title: "Later", async mount(page) { page.root.append((await page.columns("label")).kind); return () => { globalThis.cleaned = 1; }; } };`);
  expect(fine.inside()?.textContent).toBe("category");
  fine.close();
  await settle();
  expect(world.cleaned).toBe(1);
  const { text, session } = await outside(`export default { title: "Later", async mount(page) { page.on(async () => { throw new Error("listening"); }); await page.columns("nowhere"); } };`);
  expect(text()).toContain("The component “mine” failed. Error: There is no column “nowhere”. The rest of the page works.");
  session.store.focus.value = 1;
  await settle();
  expect(text()).toContain("The component “mine” failed. Error: listening The rest of the page works.");
});

test("a component that throws says so in its tile; the page and its other views go on", async () => {
  const { text, session } = await outside(`export default { title: "Broken", mount(page) { page.on(() => { throw new Error("later"); }); throw new RangeError("at once"); } };`);
  expect(text()).toContain("The component “mine” failed. RangeError: at once The rest of the page works.");
  session.store.focus.value = 2;
  await settle();
  expect(text()).toContain("Error: later");
});

test("what is no definition is told in a sentence", () => {
  const of = (exported: unknown) => {
    try {
      return definitionIn({ default: exported }, "x").title;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const mount = () => undefined;
  expect(of(undefined)).toBe("The component “x” has no default export. End it with: export default { title, mount };");
  expect(of({ mount })).toBe("The component “x” has no title. Say in a few words which question it answers.");
  expect(of({ title: "t" })).toBe("The component “x” has no function “mount”. It draws into facade.root and returns its clean-up.");
  expect(of({ title: "t", mount, options: { a: { type: "text", default: "" } } })).toBe("The component “x” has an option “a” without a type (text, number, flag, choice, texts, json), a default and a sentence “says”.");
  expect(of({ title: "t", mount })).toBe("t");
});

test("the list of views offers what is registered; an unknown one says how to register it", async () => {
  const host = new FakeHost(3, { modules: [{ name: "mine", kind: "component", code: "0".repeat(64), style: null }] });
  const offered = componentsFor(await host.recording()).map(({ type }) => type);
  expect(offered).toContain("outside:mine");
  expect(componentOf("outside:mine")).toBe(componentOf("outside:mine"));
  expect([componentOf("outside:"), componentOf("nothing")]).toEqual([null, null]);
  const unknown = componentOf("outside:other");
  open = await mounted(unknown as NonNullable<typeof unknown>, { host });
  expect(open.text()).toContain("No component “other” is registered. Register it in Python: hub.register_component(\"other.js\").");
});
