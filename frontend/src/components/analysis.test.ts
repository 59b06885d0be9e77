/** What an analysis is said to take before it is run. */
import { expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { secondsFor } from "./analysis";

test("texts are looked up, only pictures and embeddings are compared with each other", async () => {
  const recording = { ...(await new FakeHost().recording()), nSamples: 1_000_000 };
  const seconds = (kind: typeof recording.kind, role: string) =>
    secondsFor({ analysis: "duplicates", params: {}, tables: {}, title: "" }, { ...recording, kind, layers: [{ name: "a", shape: [8], dtype: "float32", role }] }) ?? NaN;
  expect(seconds("text", "hidden")).toBeLessThan(10);
  expect(seconds("text", "embedding")).toBeGreaterThan(3600);
  expect(seconds("image", "embedding")).toBeGreaterThan(1.8 * seconds("text", "embedding"));
  expect(secondsFor({ analysis: "unheard of", params: {}, tables: {}, title: "" }, recording)).toBeUndefined();
});
