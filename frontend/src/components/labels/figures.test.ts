/** Numbers worked elsewhere: bounds, agreement, lots, and what the log comes to. */
import { expect, test } from "vitest";
import type { Json, Logged } from "../../hosts/host";
import { agreements, cohen, disagreements, replayed } from "./decided";
import { matching } from "./finder";
import { drawn } from "./found";
import { highestRate, mayDecideAll, remaining } from "./stopping";

test.each([[100, 0, 0.0295], [100, 1, 0.0466], [300, 0, 0.0099], [300, 3, 0.0256], [10, 10, 1], [0, 0, 1]])("of %i drawn %i were wrong: at most %f are", (n, wrong, rate) => {
  expect(highestRate(n, wrong)).toBeCloseTo(rate, 4);
});

test("errors and recall follow from the rate", () => {
  const { errors, recall } = remaining(100, 0, 1000, 60);
  expect(errors).toBeCloseTo(29.5, 1);
  expect(recall).toBeCloseTo(60 / 89.5, 3);
  expect(remaining(5, 0, 0, 0).recall).toBe(1);
});

test("a pair of which 70 % is of the class is almost never offered as a whole", () => {
  let seed = 1;
  const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647);
  const offered = Array.from({ length: 2000 }, () => Array.from({ length: 30 }, random).filter((lot) => lot < 0.7).length).filter((agreed) => mayDecideAll(30, agreed, 500));
  expect(offered.length).toBeLessThan(20);
  expect(mayDecideAll(30, 29, 500)).toBe(true);
  expect(mayDecideAll(29, 29, 500)).toBe(false);
  expect(mayDecideAll(6, 6, 6)).toBe(true);
});

test("agreement beyond chance: 20 samples of a text book", () => {
  const pairs = [...Array<[string, string]>(8).fill(["a", "a"]), ...Array<[string, string]>(6).fill(["b", "b"]), ...Array<[string, string]>(4).fill(["a", "b"]), ...Array<[string, string]>(2).fill(["b", "a"])];
  const { share, kappa } = cohen(pairs); // chance: 0.6 · 0.5 + 0.4 · 0.5
  expect(share).toBeCloseTo(0.7);
  expect(kappa).toBeCloseTo((0.7 - 0.5) / 0.5);
  expect(cohen([["a", "a"]]).kappa).toBeNull();
});

function entry(sequence: number, author: string, payload: Json, inForce = true): Logged {
  return { sequence, author, payload, inForce, kind: "label", time: `2026-01-01T00:00:0${sequence}Z` };
}

test("the latest decision stands, a skip undoes nothing, and what was taken back is gone", () => {
  const decided = replayed([
    entry(1, "ana", { samples: ["a", "b"], action: "set", label: "X" }), entry(2, "ana", { samples: ["b"], action: "keep", reason: "control" }), entry(3, "bo", { samples: ["a"], action: "skip" }),
    entry(4, "bo", { samples: ["c"], action: "none" }, false), entry(5, "bo", { samples: ["d"], action: "skip" }), entry(6, "bo", { samples: ["e"], action: "explode" }),
  ]);
  expect([...decided.standing].map(([id, vote]) => [id, vote.action])).toEqual([["a", "set"], ["b", "keep"]]);
  expect([...decided.skipped]).toEqual(["d"]);
  expect([...decided.control]).toEqual(["b"]);
});

test("setting the label that it has is the same as keeping it", () => {
  const decided = replayed([entry(1, "ana", { samples: ["a", "b"], action: "keep" }), entry(2, "bo", { samples: ["a"], action: "set", label: "X" }), entry(3, "bo", { samples: ["b"], action: "set", label: "Y" })]);
  expect(disagreements(decided, () => "X")).toEqual(["b"]);
  expect(agreements(decided, () => "X").map(({ a, b, both, share }) => [a, b, both, share])).toEqual([["ana", "bo", 2, 0.5]]);
});

test("lots by id are spread evenly, and ids that count up do not come in runs", () => {
  const lots = Array.from({ length: 4000 }, (_, i) => drawn(`train/${String(i).padStart(5, "0")}`));
  const tenths = lots.reduce((counts, lot) => counts.with(Math.floor(lot * 10), (counts[Math.floor(lot * 10)] ?? 0) + 1), Array<number>(10).fill(0));
  for (const tenth of tenths) expect(Math.abs(tenth - 400)).toBeLessThan(4 * Math.sqrt(400 * 0.9));
  const rises = lots.slice(1).filter((lot, i) => lot > (lots[i] ?? 0)).length;
  expect(Math.abs(rises - 2000)).toBeLessThan(100);
});

test("typing finds beginnings first, then words, then parts", () => {
  expect(matching(["Boot", "Ankle boot", "Robot", "Bag"], "bo", [])).toEqual(["Boot", "Ankle boot", "Robot"]);
  expect(matching(["A", "B", "C"], "", ["C"])).toEqual(["C", "A", "B"]);
});
