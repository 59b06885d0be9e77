import { afterEach, expect, test } from "vitest";
import { LABELS, PREDICTIONS, SPLITS } from "../../hosts/fake";
import { heat } from "../../draw/colour";
import { mounted, settle, type Mounted } from "../mounted";
import { placeAt } from "./cell-map";
import { UNREADABLE, shade } from "./cell-grid";
import { confusion } from "./confusion";
import { Matrix, moved } from "./matrix";
import { contrast, tokens } from "../../draw/tokens";

let page: Mounted | null = null;
afterEach(() => page?.close());

test("a click on a cell selects exactly the samples its count is about", async () => {
  page = await mounted(confusion);
  page.named("[role=gridcell]", "1 T-shirt called Shirt").click();
  await settle();
  const wanted = LABELS.flatMap((label, i) => (SPLITS[i] === "test" && label === 0 && PREDICTIONS[2]?.[i] === 1 ? [i] : []));
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual(wanted);
  expect(page.session.store.selection.value?.sentence).toBe("1 T-shirt called Shirt");
});

test("every cell says its count in a sentence, and the counts add up to the labelled samples of the split", async () => {
  page = await mounted(confusion);
  const cells = [...page.root.querySelectorAll("[role=gridcell]")].map((cell) => cell.getAttribute("aria-label") ?? "");
  expect(cells).toHaveLength(9);
  expect(cells.reduce((sum, words) => sum + Number.parseInt(words, 10), 0)).toBe(6);
  expect(cells).toContain("3 Bag called Bag, rightly");
});

test("arrow keys walk the cells and Enter opens the one under the cursor", async () => {
  page = await mounted(confusion);
  const first = page.root.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]');
  first?.focus();
  for (const key of ["ArrowDown", "Enter"]) page.root.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  await settle();
  expect(page.session.store.selection.value?.rule).toEqual({ kind: "cell", label: 1, prediction: 0 });
});

test("row and column heads open what is labelled so and what is called so", async () => {
  page = await mounted(confusion);
  page.named("[role=rowheader]", "2 labelled Shirt").click();
  await settle();
  expect(page.session.store.selection.value?.rule).toEqual({ kind: "label", label: 1 });
  page.named("[role=columnheader]", "2 called Shirt").click();
  await settle();
  expect(page.session.store.selection.value?.sentence).toBe("2 called Shirt");
});

test("the worst pair comes first in the list", async () => {
  page = await mounted(confusion, { fragment: "#split=all&checkpoint=000001" });
  page.session.store.split.value = "all";
  await settle();
  expect(page.root.querySelector(".pair")?.getAttribute("aria-label")).toBe("2 T-shirt called Shirt");
});

test("several labels per sample: the view says why there is no matrix", async () => {
  page = await mounted(confusion, { more: { task: "multilabel" } });
  expect(page.text()).toContain("A sample here carries several labels, so no one class is mistaken for one other.");
});

test("with a thousand classes the cursor jumps to the next cell that holds something", () => {
  const matrix = new Matrix([{ label: 0, prediction: 900, count: 3 }, { label: 400, prediction: 0, count: 1 }], 1000);
  expect(moved(matrix, { row: 0, column: 0 }, "ArrowRight", false, true)).toEqual({ row: 0, column: 900 });
  expect(moved(matrix, { row: 0, column: 900 }, "ArrowRight", false, true)).toEqual({ row: 0, column: 900 });
  expect(moved(matrix, { row: 0, column: 0 }, "ArrowDown", false, true)).toEqual({ row: 400, column: 0 });
});

test("where cells are smaller than a pixel the pointer finds the nearest mistake", () => {
  const matrix = new Matrix([{ label: 500, prediction: 503, count: 2 }], 1000);
  expect(placeAt(matrix, 500, 14 + 250, 14 + 250)).toEqual({ row: 500, column: 503 });
  expect(placeAt(matrix, 500, 3, 14 + 10)).toEqual({ row: 20, column: -1 });
});

test("the number in a cell is readable at every strength, light and dark", () => {
  for (const theme of ["light", "dark"] as const) {
    const token = tokens(theme);
    for (let weight = 0; weight <= 1.0001; weight += 0.02) {
      const { share, inverse } = shade(Math.min(1, weight));
      expect(share <= UNREADABLE.from || share >= UNREADABLE.to).toBe(true);
      const ground = heat(token["--heat-0"] ?? "", token["--heat-1"] ?? "", share);
      expect(contrast(ground, token[inverse ? "--surface" : "--ink"] ?? "")).toBeGreaterThanOrEqual(4.5);
    }
  }
});
