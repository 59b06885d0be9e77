/** What is said of an analysis before it is run. */
import { expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { commandFor, secondsFor } from "./analysis";

test("texts are looked up, only pictures and embeddings are compared with each other", async () => {
  const recording = { ...(await new FakeHost().recording()), nSamples: 1_000_000 };
  const seconds = (kind: typeof recording.kind, role: string) =>
    secondsFor({ analysis: "duplicates", params: {}, tables: {}, title: "" }, { ...recording, kind, layers: [{ name: "a", shape: [8], dtype: "float32", role }] }) ?? NaN;
  expect(seconds("text", "hidden")).toBeLessThan(10);
  expect(seconds("text", "embedding")).toBeGreaterThan(3600);
  expect(seconds("image", "embedding")).toBeGreaterThan(1.8 * seconds("text", "embedding"));
  expect(secondsFor({ analysis: "unheard of", params: {}, tables: {}, title: "" }, recording)).toBeUndefined();
});

test("the command for a shell gives every parameter, so that it answers the same question", () => {
  const params = { neurons: [3, 1], classes: ["Ankle boot"], split: "test", checkpoint: "000012", layer: "12", strength: null, groups: "who's" };
  expect(commandFor({ analysis: "mitigate", params }, "my run")).toBe(
    `bathyscope run mitigate 'my run' -p 'neurons=[3,1]' -p 'classes=["Ankle boot"]' -p split=test -p checkpoint=000012 -p 'layer="12"' -p strength=null -p 'groups=who'\\''s'`,
  );
});
