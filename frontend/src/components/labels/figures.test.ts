/** Numbers worked elsewhere: bounds, agreement, lots, and what the log comes to. */
import { expect, test } from "vitest";
import type { Json, Logged } from "../../hosts/host";
import { differing, distance, FIRST, flipped } from "./copies";
import { agreements, cohen, disagreements, replay, replayed } from "./decided";
import { matching } from "./finder";
import { drawn } from "./found";
import { CONFLICT, outlookOf, paceOf, SINGLE, type PartStanding } from "./plan";
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

test("a replay that goes on gives what a replay from the start gives, also after something was taken back", () => {
  const log = [entry(1, "ana", { samples: ["a", "b"], action: "set", label: "X" }), entry(2, "ana", { samples: ["b"], action: "skip" }), entry(3, "bo", { samples: ["a"], action: "keep", reason: "control" }), entry(4, "bo", { samples: ["c"], action: "skip" })];
  const read = replay();
  for (let n = 0; n <= log.length; n++) expect(read(log.slice(0, n))).toEqual(replayed(log.slice(0, n)));
  const [first, ...rest] = log;
  const undone = first ? [{ ...first, inForce: false }, ...rest] : [];
  expect(read(undone)).toEqual(replayed(undone));
  expect([...read(undone).standing.keys()]).toEqual(["a"]);
});

test("copies blink in a ring; laid over each other, none lies over itself", () => {
  expect([flipped(FIRST, 3), flipped({ copy: 2, difference: false }, 3)].map(({ copy }) => copy)).toEqual([1, 0]);
  expect(differing(FIRST)).toEqual({ copy: 1, difference: true });
  expect(flipped({ copy: 2, difference: true }, 3)).toEqual({ copy: 1, difference: true });
  expect(differing({ copy: 2, difference: true })).toEqual({ copy: 2, difference: false });
});

test("of two pixels one differs by 30 in one of three colours: 10 of 255 there, half of that on average", () => {
  const { mean, share } = distance(Uint8ClampedArray.of(0, 0, 0, 255, 9, 9, 9, 255), Uint8ClampedArray.of(0, 30, 0, 255, 9, 9, 9, 0));
  expect(mean).toBeCloseTo(5 / 255);
  expect(share).toBe(0.5);
});

function part(name: string, samples: number, expected: number, decided = 0, found = 0, due = 0): PartStanding {
  return { part: name, at: 0, samples, expected, decided, found, due };
}

test("what is expected is doubt at first; what was found corrects it, and never what copies tell", () => {
  expect(outlookOf([part(CONFLICT, 5, 5), part("0 1", 40, 10)])).toEqual({ samples: 45, decided: 0, found: 0, expected: 15, left: 15, corrected: false });
  // 12 decided should have found 4 and found 8: the 6 that are still expected become 12. Copies stay as they are.
  expect(outlookOf([part(CONFLICT, 5, 5, 3, 1, 3), part("0 1", 30, 8, 12, 8, 4), part(SINGLE, 10, 2)])).toMatchObject({ decided: 15, found: 9, left: 2 + 12, corrected: true });
  expect(outlookOf([part("0 1", 12, 8, 10, 10, 2)]).left).toBe(2); // no more than are open
});

test("pauses do not count for the pace, and a few decisions tell none", () => {
  const steady = Array.from({ length: 12 }, (_, k) => 2000 * k);
  expect(paceOf([...steady, 22_000 + 3_600_000])).toBe(30);
  expect(paceOf(steady.slice(0, 6))).toBeNull();
});
