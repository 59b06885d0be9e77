import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { classes } from "./classes";

let page: Mounted | null = null;
afterEach(() => page?.close());

const order = () => [...(page?.root.querySelectorAll("tbody th .text") ?? [])].map((cell) => cell.textContent);

test("the hardest class comes first and is named in the title", async () => {
  page = await mounted(classes);
  expect(order()).toEqual(["T-shirt", "Shirt", "Bag"]);
  expect(page.text()).toContain("T-shirt is hardest, Bag easiest");
});

test("a click on a head sorts, a second click turns the order around", async () => {
  page = await mounted(classes);
  page.named(".sort", "Class").click();
  await settle();
  expect(order()).toEqual(["Bag", "Shirt", "T-shirt"]);
  expect(page.named("th[aria-sort]", "Class").getAttribute("aria-sort")).toBe("ascending");
  page.named(".sort", "Class").click();
  await settle();
  expect(order()).toEqual(["T-shirt", "Shirt", "Bag"]);
});

test("every number is a door to the samples that make it", async () => {
  page = await mounted(classes);
  const shirt = [...page.root.querySelectorAll("tbody tr")][1];
  const doors = [...(shirt?.querySelectorAll<HTMLElement>("button") ?? [])];
  const told: (string | undefined)[] = [];
  for (const door of doors) {
    door.click();
    await settle();
    told.push(page.session.store.selection.value?.sentence);
  }
  expect(told).toEqual(["2 called Shirt", "2 labelled Shirt", "1 wrongly called Shirt", "1 Shirt it misses", "2 mistakes with Shirt"]);
});

test("without labels the view says so instead of vanishing", async () => {
  page = await mounted(classes, { more: { n_missing_labels: 12 } });
  expect(page.text()).toContain("No sample has a label, so right and wrong cannot be told. Record with labels=… to fill this.");
});

test("a thousand classes are drawn a screenful at a time, yet counted whole", async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
  page = await mounted(classes, { more: { classes: names } });
  expect(page.root.querySelectorAll("tbody tr:not(.filler)").length).toBeLessThan(60);
});
