import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { grid, layoutOf } from "./grid";

let page: Mounted | null = null;
afterEach(() => page?.close());

const shown = () => [...(page?.root.querySelectorAll("[role=option]") ?? [])].map((card) => card.getAttribute("aria-label"));

test("it opens on the mistakes and tells each in words", async () => {
  page = await mounted(grid);
  expect(page.root.querySelector("h2")?.textContent).toBe("2 samples it gets wrong");
  expect(shown()).toEqual(["T-shirt called Shirt, sample 8", "Shirt called T-shirt, sample 5"]);
});

test("a change of order reorders the samples", async () => {
  page = await mounted(grid);
  const order = page.named("select", "Order") as HTMLSelectElement;
  order.value = String([...order.options].findIndex((option) => option.text === "In recorded order"));
  order.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(shown()[0]).toBe("Shirt called T-shirt, sample 5");
});

test("a click opens the sample in the inspector, as does Enter", async () => {
  page = await mounted(grid);
  page.named("[role=option]", "T-shirt called Shirt").click();
  expect(page.session.store.focus.value).toBe(8);
  page.named("[role=option]", "Shirt called T-shirt").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  expect(page.session.store.focus.value).toBe(5);
});

test("an image that cannot be read is replaced by the reason", async () => {
  page = await mounted(grid);
  page.root.querySelector("img")?.dispatchEvent(new Event("error"));
  await settle();
  expect(page.text()).toContain("No picture The image of sample 8 is damaged.");
});

test("a selection made elsewhere says so and can be asked again for what is chosen now", async () => {
  page = await mounted(grid);
  await page.session.pick({ kind: "cell", label: 1, prediction: 0 }, "confusion");
  page.session.store.choose(0);
  await settle();
  expect(page.root.querySelector("small")?.textContent).toBe("test · checkpoint 3");
  page.named("button", "Ask again: test · checkpoint 1").click();
  await settle();
  expect(page.root.querySelector("small")?.textContent).toBe("test · checkpoint 1");
});

test("nothing found is said, not left blank", async () => {
  page = await mounted(grid);
  await page.session.pick({ kind: "cell", label: 2, prediction: 0 }, "confusion");
  await settle();
  expect(page.text()).toContain("No sample of 12 is so. Pick another number or cell.");
});

test("without labels there is no order by loss", async () => {
  page = await mounted(grid, { more: { n_missing_labels: 12 } });
  const order = page.named("select", "Order") as HTMLSelectElement;
  expect([...order.options].map((option) => option.text)).toEqual(["Most confident first", "Least confident first", "In recorded order"]);
  expect(order.selectedOptions[0]?.text).toBe("In recorded order");
});

test("cards fill the width with at least one column", () => {
  expect(layoutOf(450, false).columns).toBe(4);
  expect(layoutOf(60, false).columns).toBe(1);
});
