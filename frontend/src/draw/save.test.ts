// @vitest-environment node
import { expect, test } from "vitest";
import { fileName } from "./save";

test("two pictures of one recording never get the same name", () => {
  expect(fileName(["demo", "scatter", "brightness by ink"], "png")).toBe("demo-scatter-brightness-by-ink.png");
  expect(fileName(["demo", "scatter-2", "brightness by ink"], "png")).toBe("demo-scatter-2-brightness-by-ink.png");
});

test("whatever a recording or a column is called, the name is one that every system takes", () => {
  expect(fileName(["../../etc/passwd", "a:b?*", "\u202egnp"], "csv")).toBe("etc-passwd-a-b-gnp.csv");
  expect(fileName(["", "///"], "svg")).toBe("bathyscope.svg");
  expect(fileName(["猫 🐈", "x".repeat(500)], "png")).toHaveLength(124);
});
