import { afterEach, expect, test } from "vitest";
import { LABELS, PREDICTIONS, SPLITS, description } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import { byCode, byCorrect, byNumber, choicesOf } from "./colouring";
import { firstPair, isProjection, measuresOf } from "./measures";
import { combined } from "./plane";
import { scatter } from "./scatter";
import { outside } from "./use-shown";

let page: Mounted | null = null;
afterEach(() => page?.close());

const columns = (...names: string[]) => ({ columns: names.map((name) => ({ name, type: "number", role: "metadata" })) });

test("a projection is shown first, otherwise the first two numbers", () => {
  const pair = (...names: string[]) => firstPair(measuresOf(description(0, columns(...names))));
  expect(pair("ink", "projection_fc_y", "projection_fc_x")).toEqual({ x: "column:projection_fc_x", y: "column:projection_fc_y", projection: true });
  expect(pair("ink", "light")).toEqual({ x: "column:ink", y: "column:light", projection: false });
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
  upwards.value = "said:loss";
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
  expect(choicesOf(description(0)).map(({ id }) => id)).toEqual(["label", "column:split", "column:device"]);
  expect(choicesOf(description(2, { n_missing_labels: 12 })).map(({ id }) => id)).toEqual(["prediction", "column:split", "column:device"]);
});
