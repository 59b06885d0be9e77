import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { categories, numbers } from "../../hosts/fake";
import type { Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import type { Field } from "../../state/fields";
import { mounted, settle, type Mounted } from "../mounted";
import { chart } from "./chart";
import { grouped, looks, weighed, WEIGHT } from "./counting";
import { exprOf } from "./door";
import type { Library } from "./library";
import { drawn, rowsOf } from "./rows";
import { firstChart, questionOf, simpleOf, specOf } from "./simple";
import { columnsRead, complaint, completed, described, readText, sized, type Spec } from "./spec";
import "./charts";
import { provided } from "../lazy";

const library = provided<Library>("charts") as Library;
const field = (name: string, type: Field["type"] = "category", role: Field["role"] = "metadata"): Field => ({ name, type, role });
const FIELDS = [field("label", "category", "label"), field("ink", "number"), field("a.b", "number"), field("time", "datetime"), field("sample_id", "text", "id")];

beforeAll(() => {
  // happy-dom paints nothing; the chart library only needs somebody to paint to.
  const paint: unknown = new Proxy({}, { get: (_, name) => (name === "measureText" ? () => ({ width: 8 }) : name === "getImageData" ? () => ({ data: new Uint8ClampedArray(4096) }) : () => undefined), set: () => true });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation((() => paint) as never);
});

let open: Mounted | null = null;
afterEach(() => {
  open?.close();
  open = null;
});

async function shown(options: { readonly [name: string]: Json } = {}, more: Parameters<typeof mounted>[1] = {}) {
  open = await mounted(chart, { options, id: "c", ...more });
  await settle(40);
  return open;
}

/** What the chart's first marks show, from its table of figures. */
async function figures(page: Mounted): Promise<string[]> {
  const details = page.root.querySelector<HTMLDetailsElement>(".figures");
  if (!details) return [];
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  await settle();
  return [...details.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => (cell.firstChild?.firstChild ?? cell.firstChild)?.textContent).join(" "));
}

test("it opens with how many samples each label has, of the split on show", async () => {
  const page = await shown();
  expect(page.text()).toContain("How many samples for each label");
  expect(page.text()).toContain("7 samples · test");
  expect((await figures(page)).sort()).toEqual(["Bag 3", "Shirt 2", "T-shirt 1", "missing 1"]);
});

test("choosing in the form draws another chart, as one step that can be undone", async () => {
  const page = await shown();
  const x = page.named("select", "Across") as HTMLSelectElement;
  x.value = "device";
  x.dispatchEvent(new Event("change"));
  await settle(30);
  expect(page.session.store.arrangement.tile("c")?.options["spec"]).toEqual({ data: { name: "samples" }, mark: "bar", encoding: { x: { field: "device" }, y: { aggregate: "count" } } });
  expect((await figures(page)).sort()).toEqual(["a 3", "b 4"]);
  page.session.history.undo();
  await settle(30);
  expect(page.text()).toContain("How many samples for each label");
});

test("a filter of others is followed, and a click on a bar filters the others and not the chart", async () => {
  const page = await shown({ spec: specOf({ mark: "bar", x: "device", aggregate: "count", y: null, colour: null }, FIELDS) });
  page.session.filter.add({ op: "eq", column: "label", value: "Bag" });
  await settle(40);
  expect((await figures(page)).sort()).toEqual(["a 2", "b 1"]);
  page.session.filter.clear();
  await settle(40);
  await figures(page);
  (page.root.querySelector(".figures .door") as HTMLElement).click();
  await settle(20);
  expect(page.session.store.clauses.value).toMatchObject([{ source: "c", expr: { op: "eq", column: "device" } }]);
  expect((await figures(page)).sort()).toEqual(["a 3", "b 4"]);
  page.named("button", "device =").click();
  expect(page.session.store.clauses.value).toEqual([]);
});

test("text is checked before it is drawn: JSON, columns, and nothing from elsewhere", async () => {
  const page = await shown({ spec: { mark: "bar", encoding: { x: { field: "device" }, y: { aggregate: "count" } }, width: 300 } });
  const type = async (text: string) => {
    const area = page.root.querySelector("textarea") as HTMLTextAreaElement;
    area.value = text;
    area.dispatchEvent(new Event("input"));
    await settle(2);
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
    await settle(20);
    return page.root.querySelector(".wrong")?.textContent ?? "";
  };
  expect(await type("{ mark: 7")).toMatch(/^This is no JSON: /);
  expect(await type("[1]")).toBe("A chart is an object: { \"mark\": …, \"encoding\": … }.");
  expect(await type('{"mark":"bar","encoding":{"x":{"field":"weather"}}}')).toMatch(/^There is no column “weather”. Columns: label, /);
  expect(await type('{"data":{"url":"https://elsewhere.example/x.csv"},"mark":"bar"}')).toBe('The chart asks for data at "https://elsewhere.example/x.csv". Charts on this page read the samples only, { "name": "samples" }, or values that stand in the chart itself.');
  expect(page.session.store.arrangement.tile("c")?.options["spec"]).toMatchObject({ width: 300 });
  expect(await type('{"mark":"point","encoding":{"x":{"field":"device"},"y":{"field":"label"}},"width":100}')).toBe("");
  expect(page.session.store.arrangement.tile("c")?.options["spec"]).toMatchObject({ mark: "point" });
});

test("a chart that the library refuses says why, and the page goes on", async () => {
  const page = await shown({ spec: { nothing: "of a chart" } });
  expect(page.root.querySelector("[role=alert]")?.textContent).toMatch(/^This chart cannot be drawn\. Invalid specification/);
  page.session.store.focus.value = 3;
  expect(page.session.store.focus.value).toBe(3);
});

test("no chart is ever taken from an address, nor written into one", async () => {
  const fragment = new URLSearchParams({ tile: `c:${JSON.stringify({ spec: { mark: "bar", data: { url: "https://elsewhere.example" } }, title: "Look" })}` }).toString();
  const page = await shown({}, { fragment });
  expect(page.session.store.arrangement.tile("c")?.options).toEqual({});
  page.session.store.arrangement.set("c", { spec: { mark: "point" } });
  expect(page.session.store.view().options).toEqual({});
});

test("the columns a chart reads are found in fields, formulas, escaped names and repeats", () => {
  const read = (spec: Spec) => columnsRead(spec, FIELDS);
  expect(read({ encoding: { x: { field: "label" }, y: { field: "a\\.b" } } })).toEqual(["label", "a.b"]);
  expect(read({ transform: [{ calculate: "datum.ink * 2", as: "twice" }], encoding: { x: { field: "twice" } } })).toEqual(["ink"]);
  expect(read({ transform: [{ filter: "datum['a.b'] > 1" }] })).toEqual(["a.b"]);
  expect(read({ repeat: ["ink", "time"], spec: { encoding: { x: { field: { repeat: "repeat" } } } } })).toEqual(["ink", "time"]);
  expect(read({ encoding: { y: { aggregate: "count" } } })).toEqual([]);
});

test("addresses are found wherever they hide; values in the chart itself are fine", () => {
  const asks = (spec: Spec) => complaint(spec, FIELDS)?.startsWith("The chart asks for data at ") ?? false;
  expect(asks({ layer: [{ data: { url: "x.json" }, mark: "bar" }] })).toBe(true);
  expect(asks({ transform: [{ lookup: "label", from: { data: { url: "x.json" }, key: "k" } }] })).toBe(true);
  expect(asks({ $schema: "https://vega.github.io/schema/vega/v6.json", data: [{ name: "a", url: { signal: "'x'" } }] })).toBe(true);
  expect(asks({ data: { values: [{ a: 1 }] }, mark: "bar", encoding: { x: { field: "a" } } })).toBe(false);
});

test("what the page knows is filled in: kinds, and the colours that classes have everywhere", () => {
  const palettes = new Map([["label", { domain: ["x", "y"], range: ["red", "blue"] }]]);
  const out = completed({ mark: "bar", encoding: { x: { field: "label" }, y: { field: "time" }, color: { field: "label" }, fill: { field: "label", scale: { range: ["pink"] } }, size: { aggregate: "mean", field: "ink" } } }, FIELDS, palettes);
  expect(out).toEqual({
    data: { name: "samples" }, mark: "bar",
    encoding: { x: { field: "label", type: "nominal", sort: ["x", "y"] }, y: { field: "time", type: "temporal" }, color: { field: "label", type: "nominal", scale: { domain: ["x", "y"], range: ["red", "blue"] } }, fill: { field: "label", type: "nominal", scale: { range: ["pink"] } }, size: { aggregate: "mean", field: "ink" } },
  });
  expect(completed({ data: { name: "arrow_table" }, mark: "bar" }, FIELDS, new Map())["data"]).toEqual({ name: "samples" });
  expect(sized({ mark: "bar" }, 500, 260)).toMatchObject({ width: 500, height: 260 });
  expect(sized({ mark: "bar", width: 50 }, 500, 260)).toMatchObject({ width: 50 });
  expect(sized({ hconcat: [] }, 500, 260)).toEqual({ hconcat: [] });
  expect(described({ mark: { type: "line" }, encoding: { x: { field: "time" }, y: { aggregate: "mean", field: "ink" } } })).toBe("A line: across time, upwards mean of ink");
});

test("the form and the text are the same chart, as long as the form can say it", () => {
  const all = { mark: "bar", x: "ink", aggregate: "mean", y: "a.b", colour: "label" } as const;
  const spec = specOf(all, FIELDS);
  expect(spec).toEqual({ data: { name: "samples" }, mark: "bar", encoding: { x: { field: "ink", bin: { maxbins: 30 } }, y: { aggregate: "mean", field: "a\\.b" }, color: { field: "label" } } });
  expect(simpleOf(spec, FIELDS)).toEqual(all);
  const { encoding, mark, data } = spec;
  expect(simpleOf({ encoding: encoding as Json, mark: mark as Json, data: data as Json }, FIELDS)).toEqual(all); // a saved layout comes in another order
  expect([questionOf(all), questionOf({ ...all, aggregate: "none", colour: null }), questionOf({ ...all, aggregate: "count" })]).toEqual(["Mean a.b for each ink, by label", "a.b against ink", "How many samples for each ink, by label"]);
  expect(simpleOf({ ...spec, width: 100 }, FIELDS)).toBeNull();
  expect(simpleOf({ layer: [] }, FIELDS)).toBeNull();
  expect(firstChart(FIELDS)).toEqual({ mark: "bar", x: "label", aggregate: "count", y: null, colour: null });
  expect(readText('{"a":1}')).toEqual({ spec: { a: 1 } });
});

/** 5,000 samples: a category, a skewed number with holes, a rare flag. */
const N = 5000;
const COLUMNS = new Map<string, Column>([
  ["label", categories(Array.from({ length: N }, (_, i) => ["x", "y", "z"][(i * i) % 3] ?? ""))],
  ["ink", numbers(Array.from({ length: N }, (_, i) => (i % 97 === 0 ? null : Math.sin(i) ** 3 * 40 + (i % 7))), false)],
  ["odd", numbers(Array.from({ length: N }, (_, i) => i % 11))],
  // As x it is small, else large: a filter changes how far its bins reach.
  ["far", numbers(Array.from({ length: N }, (_, i) => ((i * i) % 3 === 0 ? i % 6 : (i % 20) * 5)))],
  // Every value lies on the edge of a bin, none exactly.
  ["tenth", numbers(Array.from({ length: N }, (_, i) => (i % 11) / 10), false)],
]);
const LOOKED = [field("label"), field("ink", "number"), field("odd", "integer"), field("far", "integer"), field("tenth", "number")];
const ALL = Uint32Array.from({ length: N }, (_, i) => i);

async function told(compiled: Spec, values: readonly { readonly [name: string]: Json }[]): Promise<string[]> {
  const data = (compiled["data"] as readonly Spec[]).map((one) => (one["name"] === "samples" ? { ...one, values } : one));
  const view = new library.View(library.parse({ ...compiled, data }, {}, { ast: true }), { expr: library.expressionInterpreter, renderer: "none" });
  await view.runAsync();
  const last = String((compiled["data"] as readonly Spec[]).at(-1)?.["name"]);
  const lines = view.data(last).map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))));
  view.finalize();
  return lines.sort();
}

test.each<[string, Spec]>([
  ["bars by label", { mark: "bar", encoding: { x: { field: "label" }, y: { aggregate: "count" } } }],
  ["bins", { mark: "bar", encoding: { x: { field: "ink", bin: { maxbins: 30 } }, y: { aggregate: "count" } } }],
  ["bins by label and flag", { mark: "bar", encoding: { x: { field: "ink", bin: true }, y: { aggregate: "count" }, color: { field: "label" }, order: { field: "odd" } } }],
  ["a heatmap of two kinds of bins", { mark: "rect", encoding: { x: { field: "ink", bin: { maxbins: 7 } }, y: { field: "odd", bin: { step: 3 } }, color: { aggregate: "count" } } }],
  ["a stacked share", { mark: "bar", encoding: { x: { field: "label" }, y: { aggregate: "count", stack: "normalize" }, color: { field: "odd", type: "nominal" } } }],
  ["bins after a filter", { transform: [{ filter: "datum.label == 'x'" }], mark: "bar", encoding: { x: { field: "far", bin: true }, y: { aggregate: "count" } } }],
  ["values on the edges of bins", { mark: "bar", encoding: { x: { field: "tenth", bin: { step: 0.1 } }, y: { aggregate: "count" } } }],
  ["least and greatest beside a count", { mark: "point", encoding: { x: { field: "label" }, y: { aggregate: "max", field: "odd" }, size: { aggregate: "count" } } }],
])("a count over alike samples is the count over all of them: %s", async (_, spec) => {
  const { spec: compiled } = library.compile(completed(spec, LOOKED, new Map()), {});
  const close = looks(compiled);
  if (!close) throw new Error("not seen to count only");
  const used = new Map([...COLUMNS].filter(([name]) => columnsRead(spec, LOOKED).includes(name)));
  const rows = grouped(ALL, used, close, library.bin);
  if (!rows) throw new Error("not grouped");
  expect(rows.length).toBeLessThan(N / 10);
  expect(rows.reduce((sum, row) => sum + Number(row[WEIGHT]), 0)).toBe(N);
  expect(await told(weighed(compiled, close), rows)).toEqual(await told(compiled, rowsOf(ALL, used)));
});

test.each<[string, Spec]>([
  ["points", { mark: "point", encoding: { x: { field: "ink" }, y: { field: "odd" } } }],
  ["a mean", { mark: "bar", encoding: { x: { field: "label" }, y: { aggregate: "mean", field: "ink" } } }],
  ["a window", { transform: [{ window: [{ op: "rank", as: "r" }] }], mark: "bar", encoding: { x: { field: "r" }, y: { aggregate: "count" } } }],
  ["a facet", { mark: "bar", encoding: { row: { field: "label" }, x: { field: "ink" }, y: { field: "odd" } } }],
  ["Symphony's name in Vega", { data: [{ name: "arrow_table" }], marks: [{ type: "symbol", from: { data: "arrow_table" } }] }],
])("a chart that does more than count is given its samples as they are: %s", (_, spec) => {
  const compiled = spec["marks"] ? spec : library.compile(completed(spec, LOOKED, new Map()), {}).spec;
  expect(looks(compiled)).toBeNull();
});

test("too many samples are drawn from evenly, the same ones every time, and the chart says so", async () => {
  const many = Uint32Array.from({ length: 100_000 }, (_, i) => i * 3);
  const some = drawn(many, 1000);
  expect(some).toEqual(drawn(many, 1000));
  expect(some).toHaveLength(1000);
  some.forEach((sample, i) => expect(Math.floor(sample / 300)).toBe(i)); // one from each hundred
  expect(drawn(many.subarray(0, 10), 1000)).toHaveLength(10);
});

test("a mark leads to the samples behind it: by value, by bin, with the last bin's end, by what is missing", () => {
  const ink: Column = numbers([1, 2, 10], false);
  const columns = new Map<string, Column>([["label", categories(["x", "y", "x"])], ["ink", ink]]);
  expect(exprOf({ label: "x", __count: 2 }, columns)).toEqual({ op: "eq", column: "label", value: "x" });
  expect(exprOf({ label: null }, columns)).toEqual({ op: "null", column: "label" });
  expect(exprOf({ bin_maxbins_10_ink: 2, bin_maxbins_10_ink_end: 4 }, columns)).toEqual({ op: "range", column: "ink", low: 2, high: 4, ends: "[)" });
  expect(exprOf({ bin_maxbins_10_ink: 8, bin_maxbins_10_ink_end: 10, label: "y" }, columns)).toEqual({ op: "and", of: [{ op: "eq", column: "label", value: "y" }, { op: "range", column: "ink", low: 8, high: 10, ends: "[]" }] });
  expect(exprOf({ __count: 3 }, columns)).toBeNull();
});
