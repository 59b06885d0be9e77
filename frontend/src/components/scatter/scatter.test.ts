import { afterEach, expect, test } from "vitest";
import { LABELS, PREDICTIONS, SPLITS, description } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import type { Column } from "../../hosts/arrow";
import { rowsOf } from "../../state/masks";
import { byCode, byCorrect, byField, byNumber, colourings, cssOf, sizesOf, sizings } from "./colouring";
import { firstPair, isProjection, measuresOf } from "./measures";
import { h, render } from "preact";
import { Links } from "./links";
import { combined, outlineExpr } from "./plane";
import { scatter } from "./scatter";
import { thumbSide } from "./thumbs";
import { outside } from "./use-shown";

let page: Mounted | null = null;
afterEach(() => page?.close());

const columns = (...names: string[]) => ({ columns: names.map((name) => ({ name, type: "number", role: "metadata" })) });

test("a projection is shown first, otherwise the first two numbers", () => {
  const pair = (...names: string[]) => firstPair(measuresOf(description(0, columns(...names))));
  expect(pair("ink", "projection_fc_y", "projection_fc_x")).toEqual({ x: "projection_fc_x", y: "projection_fc_y", projection: true });
  expect(pair("ink", "light")).toEqual({ x: "ink", y: "light", projection: false });
  expect(pair("ink")).toBeNull();
  expect([isProjection("tsne_1", "tsne_2"), isProjection("a_x", "b_y"), isProjection("x", "y"), isProjection("ink", "light")]).toEqual([true, false, true, false]);
});

test("with no number recorded, samples are placed by what the checkpoint says", async () => {
  page = await mounted(scatter);
  expect(page.root.querySelector("h2")?.textContent).toBe("Which samples are alike in confidence and margin");
  expect(page.text()).toContain("7 samples · test · checkpoint 3");
});

test("without two columns of numbers it says what would fill it", async () => {
  page = await mounted(scatter, { checkpoints: 0 });
  expect(page.text()).toContain("Two columns of numbers are needed to place the samples");
});

test("samples without coordinates are counted, the legend counts the rest by class", async () => {
  page = await mounted(scatter);
  const upwards = page.named("select", "Upwards") as HTMLSelectElement;
  upwards.value = "loss";
  upwards.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(page.text()).toContain("1 sample without coordinates");
  const own = LABELS.filter((label, i) => label === 2 && SPLITS[i] === "test").length;
  expect(page.text()).toContain(`Bag ${own}`);
});

test("right and wrong are counted as the checkpoint has them", async () => {
  page = await mounted(scatter);
  const colour = page.named("select", "Colour") as HTMLSelectElement;
  colour.value = "correct";
  colour.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  const wrong = LABELS.filter((label, i) => label !== null && SPLITS[i] === "test" && PREDICTIONS[2]?.[i] !== label).length;
  expect(page.text()).toContain(`wrong ${wrong}`);
});

test("a drawn line replaces, adds to or takes from what was selected, in order", () => {
  const drawn = Uint32Array.of(2, 5);
  expect(combined([9, 1], drawn, "replace")).toEqual([2, 5]);
  expect(combined([9, 2], drawn, "add")).toEqual([2, 5, 9]);
  expect(combined([9, 2], drawn, "remove")).toEqual([9]);
});

test("rows picked by hand become the shared selection, within the split", async () => {
  page = await mounted(scatter);
  await page.session.pick({ kind: "rows", rows: [0, 5, 7] }, "scatter");
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([5, 7]);
  expect(page.session.store.selection.value?.sentence).toBe("2 samples picked by hand");
});

test("outside the split or the filter is grey", () => {
  const truth = { length: 3, label: null, split: { codes: Int32Array.of(0, 1, 1), values: ["train", "test"] } };
  expect(outside(truth, "all", null)).toBeNull();
  expect([...(outside(truth, "test", null) ?? [])]).toEqual([1, 0, 0]);
  expect([...(outside(truth, "test", Uint32Array.of(0b011)) ?? [])]).toEqual([1, 0, 1]);
});

test("a class keeps its colour; what is missing is counted by itself", () => {
  const made = byCode([0, 1, 1, -1], [1, 1, 1, 0], ["T-shirt", "Shirt"], (i) => i !== 2);
  expect(made.legend).toEqual([
    { name: "T-shirt", colour: "var(--c-0)", count: 1 },
    { name: "Shirt", colour: "var(--c-1)", count: 1 },
    { name: "missing", colour: "var(--c-missing)", count: 1 },
  ]);
  expect(byCorrect({ values: Uint8Array.of(1, 0), valid: null }, () => true).colours).toMatchObject({ raised: 0, palette: ["var(--bad)", "var(--ink-3)"] });
  expect(byNumber({ values: Float64Array.of(2, NaN, 4), valid: null }).ends).toEqual(["2", "4"]);
});

test("colours on offer are those the recording can tell", () => {
  expect(colourings(description(0)).map(({ name }) => name)).toEqual(["label", "split", "device"]);
  expect(colourings(description(2)).map(({ name }) => name)).toEqual(["label", "prediction", "correct", "confidence", "loss", "split", "device"]);
  expect(sizings(description(2)).map(({ name }) => name)).toEqual(["confidence", "loss"]);
  const values = (n: number) => Array.from({ length: n }, (_, i) => String(i));
  const columns = [{ name: "some", type: "category", role: "metadata", values: values(1000) }, { name: "many", type: "category", role: "metadata", values: values(1001) }];
  expect(colourings(description(0, { columns })).map(({ name }) => name)).toEqual(["some"]);
});

test("more than eight classes get more than eight colours; none is used twice", () => {
  const made = byCode(Array.from({ length: 40 }, (_, i) => i), null, Array.from({ length: 40 }, (_, i) => `class ${i}`), () => true);
  expect(new Set(made.colours.palette).size).toBe(40);
});

test("a value has the same colour in a picture and on a border", () => {
  const field = { name: "kind", type: "category", role: "metadata" } as const;
  const column: Column = { kind: "category", length: 3, codes: Int32Array.of(1, 0, 0), values: ["a", "b"], valid: Uint8Array.of(1, 1, 0) };
  const picture = byField(field, column, () => true).colours;
  const border = cssOf(field, column);
  expect([0, 1].map(border)).toEqual([0, 1].map((row) => picture.palette[picture.codes[row] ?? 0]));
  expect(border(2)).toBe("var(--c-missing)");
  const numbers: Column = { kind: "number", length: 3, values: Float64Array.of(0, 10, NaN), integer: false, valid: null };
  const shade = cssOf({ name: "ink", type: "number", role: "metadata" }, numbers);
  expect([shade(0), shade(1), shade(2)]).toEqual(["color-mix(in srgb, var(--heat-1) 22.0%, var(--heat-0))", "color-mix(in srgb, var(--heat-1) 100.0%, var(--heat-0))", "var(--c-missing)"]);
});

test("sizes go from 1 to 15 over the range; what is missing is smallest", () => {
  expect([...(sizesOf({ kind: "number", length: 5, values: Float64Array.of(2, 4, 3, NaN, Infinity), integer: false, valid: null }) ?? [])]).toEqual([1, 15, 8, 1, 15]);
  expect(sizesOf({ kind: "none", length: 2 })).toBeNull();
});

test("an outline over what can be filtered is a clause, which filters every other view", async () => {
  page = await mounted(scatter, { options: { x: "confidence", y: "loss" }, id: "scatter-2" });
  const line = [0.545, 0.45, 0.575, 0.45, 0.575, 0.75, 0.545, 0.75];
  const ctx = { store: page.session.store } as Parameters<typeof outlineExpr>[0];
  const expr = outlineExpr(ctx, { x: { name: "confidence", said: null, time: false }, y: { name: "loss", said: null, time: false } }, line);
  expect(expr).toEqual({ op: "polygon", x: "confidence", y: "loss", points: [[0.545, 0.45], [0.575, 0.45], [0.575, 0.75], [0.545, 0.75]] });
  expect(outlineExpr(ctx, { x: { name: "confidence", said: null, time: false }, y: { name: "margin", said: "margin", time: false } }, line)).toBeNull();
  // Confidence is .5 + i / 100, loss i / 10: samples 5, 6 and 7 lie inside.
  if (expr) page.session.filter.set("scatter-2", expr);
  await settle();
  expect([...rowsOf(page.session.filter.mask() ?? new Uint32Array(0))]).toEqual([5, 6, 7]);
  expect(page.session.filter.mask("scatter-2")).toBeNull();
  expect(page.text()).toContain("6 samples · test");
  page.named("button", "Clear the outline filter").click();
  await settle();
  expect(page.session.store.clauses.value).toEqual([]);
});

test("what is drawn around is picked in this picture's name; f makes the outline a filter", async () => {
  page = await mounted(scatter, { options: { x: "confidence", y: "loss" }, id: "scatter-2" });
  page.named("button", "Box").click();
  await settle();
  const el = page.root.querySelector(".points") as HTMLElement;
  const pointer = (type: string, x: number, y: number) => el.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, button: 0, bubbles: true }));
  pointer("pointerdown", 1, 1);
  pointer("pointermove", 599, 599);
  pointer("pointerup", 599, 599);
  await settle();
  expect(page.session.store.selection.value).toMatchObject({ source: "scatter-2", sentence: "6 drawn around" });
  el.dispatchEvent(new KeyboardEvent("keydown", { key: "f", bubbles: true }));
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "scatter-2", expr: { op: "polygon", x: "confidence", y: "loss" } }]);
});

test("options are kept in the layout; without one the page's colour is used", async () => {
  page = await mounted(scatter);
  expect((page.named("select", "Colour") as HTMLSelectElement).value).toBe("label");
  page.session.store.colorBy.value = "device";
  await settle();
  expect((page.named("select", "Colour") as HTMLSelectElement).value).toBe("device");
  page.named("button", "Density").click();
  const across = page.named("select", "Across") as HTMLSelectElement;
  across.value = "loss";
  across.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(page.session.store.arrangement.tile("scatter")?.options).toEqual({ mode: "density", x: "loss" });
  page.session.history.undo();
  page.session.history.undo();
  await settle();
  expect(page.session.store.arrangement.tile("scatter")?.options).toEqual({});
});

test("what the table calls x and y comes first", () => {
  const columns = [{ name: "ink", type: "number", role: "metadata" }, { name: "east", type: "number", role: "x" }, { name: "north", type: "number", role: "y" }];
  const recording = description(0, { columns });
  expect(firstPair(measuresOf(recording), recording)).toEqual({ x: "east", y: "north", projection: true });
});

test("the samples in sight are listed, too, and open from there", async () => {
  page = await mounted(scatter, { options: { x: "confidence", y: "loss", twin: true } });
  await new Promise((resolve) => setTimeout(resolve, 260));
  await settle();
  expect(page.text()).toContain("6 samples in sight.");
  page.named(".door", "7: open sample 7").click();
  expect(page.session.store.focus.value).toBe(7);
});

test("thumbnails are neither dots nor posters", () => {
  expect([thumbSide(1, 300_000), thumbSide(100, 300_000), thumbSide(399, 90_000)]).toEqual([56, 32, 18]);
});

test("lines to neighbours are off unless asked for; then they say what they lead to, and the number opens it", async () => {
  page = await mounted(scatter);
  page.session.store.focus.value = 5;
  await settle();
  expect(page.host.asked.some((asked) => asked.includes("nearest"))).toBe(false);
  page.close();
  page = await mounted(scatter, { options: { neighbours: true } });
  expect(page.text()).toContain("Open a sample to see lines to those nearest to it.");
  page.host.given.set("familiarity/nearest", new Map<string, Column>([["neighbours", { kind: "list", length: 12, at: () => [1, 4, 7] }], ["distances", { kind: "list", length: 12, at: () => [0.1, 0.2, 0.3] }]]));
  page.session.store.focus.value = 5;
  await settle();
  page.named("button", "3 nearest samples").click();
  await settle();
  expect(page.session.store.selection.value?.rule).toMatchObject({ kind: "rows", rows: [1, 4, 5, 7] });
});

test("where nobody ran the analysis, the lines say so and run nothing", async () => {
  page = await mounted(scatter, { options: { neighbours: true } });
  page.host.absent.add("familiarity");
  page.session.store.focus.value = 5;
  await settle();
  expect(page.text()).toContain("Its neighbours are not known: the analysis familiarity was never run.");
  expect(page.host.asked.some((asked) => asked.startsWith("run familiarity"))).toBe(false);
});

test("each neighbour with a place gets a line from the sample in focus", () => {
  const box = document.createElement("div");
  const shown = { xValues: { values: Float64Array.of(0, 1, NaN, 3), valid: null }, yValues: { values: Float64Array.of(0, 1, 2, 3), valid: Uint8Array.of(1, 1, 1, 1) } };
  const canvas = { where: (row: number) => [10 * row, 20 * row] as const };
  render(h(Links, { canvas, shown, nearest: { sample: 1, rows: [3, 2, 0] } }), box);
  const ends = [...box.querySelectorAll("line")].map((line) => ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name))));
  expect(ends).toEqual([[10, 20, 30, 60], [10, 20, 0, 0]]);
  render(h(Links, { canvas, shown, nearest: { sample: 2, rows: [0] } }), box);
  expect(box.querySelectorAll("line").length).toBe(0);
});
