import { afterEach, expect, test } from "vitest";
import { description } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import { curves, placesOf } from "./curves";
import { bestOf } from "./series";

let page: Mounted | null = null;
afterEach(() => page?.close());

const slider = () => page?.named("[role=slider]", "Checkpoint");
const press = async (key: string) => {
  slider()?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await settle();
};

test("the slider is moved by arrow keys, Home and End, and says where it is", async () => {
  page = await mounted(curves);
  expect(slider()?.getAttribute("aria-valuenow")).toBe("3");
  await press("ArrowLeft");
  expect(page.session.store.checkpoint.value?.name).toBe("000002");
  await press("Home");
  expect(slider()?.getAttribute("aria-valuetext")).toMatch(/^checkpoint 1 of 3, epoch 1: train 40\.0.%, test 33\.3.%$/);
  await press("End");
  expect(page.session.store.following()).toBe(true);
});

test("a line's label opens what is wrong in its split at that checkpoint", async () => {
  page = await mounted(curves);
  await press("ArrowLeft");
  page.named(".label button", "train").click();
  await settle();
  expect(page.session.store.selection.value).toMatchObject({ source: "curves", split: "train", checkpoint: "000002" });
});

test("numbers the training wrote down can be chosen too", async () => {
  page = await mounted(curves);
  const measure = page.named("select", "Measure") as HTMLSelectElement;
  expect([...measure.options].map((option) => option.text)).toContain("val_loss (recorded)");
  measure.value = "recorded:val_loss";
  measure.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(slider()?.getAttribute("aria-valuetext")).toContain("val_loss 0.333");
});

test("without a checkpoint the view says how to record one", async () => {
  page = await mounted(curves, { checkpoints: 0 });
  expect(page.text()).toContain("No checkpoint is recorded. Call recorder.checkpoint(model) while training");
});

test("when measuring fails the reason is shown and it can be tried again", async () => {
  page = await mounted(curves);
  page.host.failing = "The recording is damaged.";
  await page.session.measure();
  await settle();
  expect(page.text()).toContain("The checkpoints could not be measured. The recording is damaged.");
  page.host.failing = null;
  page.named("button", "Try again").click();
  await settle();
  expect(page.text()).not.toContain("damaged");
});

test("checkpoints lie by epoch only where every one has a rising epoch", () => {
  expect(placesOf(description(2))).toEqual({ unit: "epoch", at: [1, 2] });
  const none = description(2);
  const mixed = { ...none, checkpoints: none.checkpoints.map((checkpoint) => ({ ...checkpoint, epoch: 1, step: checkpoint.step * 100 })) };
  expect(placesOf(mixed)).toEqual({ unit: "step", at: [100, 200] });
});

test("best is the earliest of equals, smallest for losses", () => {
  const of = (...values: (number | null)[]) => values.map((value) => ({ value, low: null, high: null }));
  expect(bestOf(of(0.1, 0.9, null, 0.9), "larger")).toBe(1);
  expect(bestOf(of(0.3, 0.1, 0.2), "smaller")).toBe(1);
  expect(bestOf(of(null), "larger")).toBeNull();
});
