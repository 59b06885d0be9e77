import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { courseSentence, eventsOf, topClasses, type CoursePoint } from "./course";
import { inspector, labelIndex } from "./inspector";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function look(sample: number): Promise<Mounted> {
  page = await mounted(inspector);
  page.session.store.focus.value = sample;
  await settle();
  return page;
}

test("it shows label, prediction, probabilities and all metadata of the sample", async () => {
  const { text, root } = await look(8);
  expect(root.querySelector("h2")?.textContent).toBe("test/8");
  for (const words of ["T-shirt", "Shirt .80", "✕ wrong", "device", "sample_index"]) expect(text()).toContain(words);
  expect(root.querySelectorAll(".bars li")).toHaveLength(3);
  expect(root.querySelector("img")?.getAttribute("src")).toBe("media/8");
});

test("arrow keys walk the selection and Escape closes", async () => {
  const { session, root } = await look(8);
  const press = (key: string) => root.querySelector(".inspector")?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  press("ArrowRight");
  expect(session.store.focus.value).toBe(5);
  press("ArrowLeft");
  expect(session.store.focus.value).toBe(8);
  press("Escape");
  expect(session.store.focus.value).toBeNull();
});

test("it follows the chosen checkpoint", async () => {
  const { session, text } = await look(9);
  expect(text()).toContain("✓ right");
  session.store.choose(1);
  await settle();
  expect(text()).toContain("✕ wrong");
});

test("a failing host is told in its words and can be tried again", async () => {
  page = await mounted(inspector);
  page.host.failing = "The part file is truncated.";
  page.session.store.focus.value = 1;
  await settle();
  expect(page.text()).toContain("The sample could not be read. The part file is truncated.");
  page.host.failing = null;
  page.named("button", "Try again").click();
  await settle();
  expect(page.root.querySelector("h2")?.textContent).toBe("train/1");
});

const course = (...predictions: number[]): CoursePoint[] =>
  predictions.map((prediction, t) => ({ checkpoint: `${t}`, step: t, epoch: t, prediction, confidence: 1, loss: 0, probabilities: new Map([[prediction, 0.9], [7, 0.05]]) }));

test("learning and changes of mind are told in a sentence", () => {
  expect(eventsOf(course(1, 0, 1, 0), 0)).toEqual({ firstLearnt: 1, flips: [1, 2, 3] });
  expect(courseSentence(course(1, 0, 0), 0)).toBe("First right at checkpoint 2, and right ever since.");
  expect(courseSentence(course(1, 0, 1, 0), 0)).toBe("First right at checkpoint 2, then changed its mind 2 times; right at the last.");
  expect(courseSentence(course(0, 0, 1), 0)).toBe("Right from the first checkpoint, then changed its mind once; wrong at the last.");
  expect(courseSentence(course(1, 2), 0)).toBe("Never called what it is labelled.");
  expect(courseSentence(course(1), null)).toBe("It has no label, so right and wrong cannot be told.");
});

test("the label always has a line, then the strongest others", () => {
  expect(topClasses(course(1, 2, 1), 5, 3)).toEqual([5, 1, 2]);
});

test("labels are understood as an index and as a name", () => {
  expect(labelIndex(2, ["a", "b"])).toBe(2);
  expect(labelIndex(1n, ["a", "b"])).toBe(1);
  expect(labelIndex("b", ["a", "b"])).toBe(1);
  expect(labelIndex(null, ["a"])).toBeNull();
});
