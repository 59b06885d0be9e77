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

test("of the demo's size and of sixty thousand pictures the time is told as it was measured, within a factor of three", async () => {
  const recording = await new FakeHost().recording();
  const told = (analysis: string, nSamples: number, times: number) =>
    secondsFor({ analysis, params: {}, tables: {}, title: "" }, { ...recording, nSamples, kind: "image", layers: [{ name: "a", shape: [128], dtype: "float16", role: "embedding" }], checkpoints: Array.from({ length: times }, () => recording.checkpoints[0]).filter((one) => one !== undefined) }) ?? NaN;
  // On two cores: 8,000 pictures at 12 checkpoints, 70,000 at 8.
  const measured: { readonly [analysis: string]: readonly [number, number] } = { duplicates: [2.2, 46.8], labels: [1.5, 9], recommend: [1.7, 13.5], timetravel: [33, 48], familiarity: [1, 23.7] };
  for (const [analysis, [small, large]] of Object.entries(measured)) {
    for (const ratio of [told(analysis, 8000, 12) / small, told(analysis, 70_000, 8) / large]) {
      expect(ratio, analysis).toBeGreaterThan(0.7);
      expect(ratio, analysis).toBeLessThan(3);
    }
  }
});

test("the command for a shell gives every parameter, so that it answers the same question", () => {
  const params = { neurons: [3, 1], classes: ["Ankle boot"], split: "test", checkpoint: "000012", layer: "12", strength: null, groups: "who's" };
  expect(commandFor({ analysis: "mitigate", params }, "my run")).toBe(
    `bathyscope run mitigate 'my run' -p 'neurons=[3,1]' -p 'classes=["Ankle boot"]' -p split=test -p checkpoint=000012 -p 'layer="12"' -p strength=null -p 'groups=who'\\''s'`,
  );
});
