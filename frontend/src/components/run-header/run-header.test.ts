import { afterEach, expect, test } from "vitest";
import { description, FakeHost } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import { gapSentence, runHeader, spanOf } from "./run-header";

let page: Mounted | null = null;
afterEach(() => page?.close());

test("it says what the run is: name, samples by split, classes, checkpoints and how long it took", async () => {
  page = await mounted(runHeader);
  const said = page.text();
  for (const words of ["tiny", "12 samples", "5 train", "7 test", "3 classes", "3 checkpoints", "in 20 s", "1 without a label"]) expect(said).toContain(words);
});

test("the headline figure opens what is wrong in its split", async () => {
  page = await mounted(runHeader);
  page.named("button.value", "66.7").click();
  await settle();
  expect(page.session.store.selection.value).toMatchObject({ source: "run-header", split: "test", sentence: "2 samples it gets wrong" });
});

test("the count of a split opens its samples", async () => {
  page = await mounted(runHeader);
  page.named("button", "5 train").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([0, 1, 2, 3, 4]);
});

test("without checkpoints there is no figure, but still the samples", async () => {
  page = await mounted(runHeader, { checkpoints: 0 });
  expect(page.text()).not.toContain("checkpoint"); // a plain table will never have any
  expect(page.root.querySelector(".figure")).toBeNull();
});

test("a run that has just begun has no checkpoint yet", async () => {
  page = await mounted(runHeader, { checkpoints: 0, more: { writing: true } });
  expect(page.text()).toContain("no checkpoint yet");
});

test("a run that is still recording says so", async () => {
  page = await mounted(runHeader, { more: { writing: true } });
  expect(page.text()).toContain("Live: still recording");
});

test("a training that went wrong is told, and leads to the checkpoint that shows it", async () => {
  const host = new FakeHost(3, { writing: true });
  page = await mounted(runHeader, { host });
  expect(page.text()).toContain("The classes moved together: their distance fell by 18\u202f%.");
  page.session.store.choose(0);
  page.named(".alerts button", "checkpoint 3").click();
  await settle();
  expect(page.session.store.checkpoint.value?.name).toBe("000003");
});

test("a finished run that nobody looked into raises nothing, and nothing is run for it", async () => {
  const host = new FakeHost(3);
  host.absent.add("health");
  page = await mounted(runHeader, { host });
  expect(page.root.querySelector(".alerts")).toBeNull();
  expect(host.asked.filter((asked) => asked.startsWith("run health"))).toEqual([]);
});

test("the span is unknown with one clock reading; the gap is told only beyond both intervals", () => {
  expect(spanOf(description(1).checkpoints)).toBeNull();
  expect(spanOf(description(3).checkpoints)).toBe(20);
  const row = (value: number, low: number, high: number) => ({ checkpoint: "", step: 0, split: "", scope: "", name: "", classIndex: null, support: 9, of: () => ({ value, low, high }) });
  expect(gapSentence(row(0.95, 0.94, 0.96), row(0.9, 0.88, 0.92), "test")).toBe("train is 5.0 points above test");
  expect(gapSentence(row(0.92, 0.9, 0.94), row(0.9, 0.88, 0.92), "test")).toBeNull();
});
