// @vitest-environment node
import { expect, test } from "vitest";
import { fit, found } from "./fuzzy";

const ALL = ["Add a filter on label", "Add a filter on split", "Colour by label", "Group by label", "Checkpoint 11 of 12", "Checkpoint 1 of 12", "Theme: dark", "Undo"];

test("words in any order, letters with gaps, best fit first", () => {
  expect(found("filter lab", ALL, String)[0]).toBe("Add a filter on label");
  expect(found("lab fil", ALL, String)[0]).toBe("Add a filter on label");
  expect(found("gbl", ALL, String)[0]).toBe("Group by label");
  expect(found("dark", ALL, String)).toEqual(["Theme: dark"]);
  expect(found("", ALL, String)).toEqual(ALL);
  expect(found("xyz", ALL, String)).toEqual([]);
});

test("what stands there as a word beats letters picked here and there", () => {
  expect(fit("undo", "Undo") ?? 0).toBeGreaterThan(fit("undo", "Unfold to do it once more") ?? 0);
  expect(fit("é", "Élan")).not.toBeNull();
});
