// @vitest-environment node
import { expect, test } from "vitest";
import { linePath, niceScale, spread } from "./axes";
import { classColour } from "./colour";
import { compact, count, duration, measure, percent, plural, probability, shorten, valueText } from "./format";
import { sortRows } from "./table";
import { timeEdges, timeRounding, timeTicks, timeWords } from "./times";
import { SIGHTS, contrast, lab, tokens } from "./tokens";
import { ScrollMap, Slots, TALLEST_PX } from "./window";

test("time is divided by the calendar, and written as short as tells it apart", () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  const edges = (from: string, to: string, about = 8) => {
    const found = timeEdges(at(from), at(to), about);
    return found.map(timeWords(found));
  };
  expect(edges("2024-01-17T10:20", "2024-06-03T00:00")).toEqual(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01", "2024-07-01"]);
  // What lies on an edge ends there.
  expect(edges("2024-01-01T00:00", "2024-03-01T00:00", 2)).toEqual(["2024-01-01", "2024-02-01", "2024-03-01"]);
  expect(edges("1968-12-31T23:50", "1969-01-01T00:40", 4)).toEqual(["1968-12-31 23:45", "1969-01-01 00:00", "1969-01-01 00:15", "1969-01-01 00:30", "1969-01-01 00:45"]);
  const ticks = timeTicks(at("2023-03-05T00:00"), at("2025-09-01T00:00"), 3);
  expect(ticks.map(timeWords(ticks))).toEqual(["2024-01-01", "2025-01-01"]);
  expect(new Date(timeRounding(at("2024-01-01T00:00"), at("2024-03-31T00:00"))(at("2024-02-05T17:31"))).toISOString()).toBe("2024-02-05T00:00:00.000Z");
});

test("numbers are written as look.md says", () => {
  expect(count(1234567)).toBe("1,234,567");
  expect(count(-30)).toBe("−30"); // the sign of every other number
  expect(plural(1, "sample")).toBe("1 sample");
  expect(plural(8000, "sample")).toBe("8,000 samples");
  expect(percent(0.97, 0)).toBe("97\u202f%");
  expect(percent(0.8283)).toBe("82.8\u202f%");
  expect(probability(0.97)).toBe(".97");
  expect(probability(0.005, 1)).toBe("<.1");
  expect(compact(12221)).toBe("12k");
  expect(compact(1523)).toBe("1.5k");
  expect(duration(68)).toBe("1 min 8 s");
  expect(shorten("a very long class name", 10)).toBe("a very lo…");
});

test("almost all is never rounded to all, almost none never to none", () => {
  expect(percent(0.99999)).toBe("99.9\u202f%");
  expect(percent(1)).toBe("100\u202f%");
  expect(percent(0.00001)).toBe("0.1\u202f%");
  expect(probability(0.9999)).toBe(">.99");
  expect(probability(0.0001)).toBe("<.01");
});

test("missing, infinite and very large values are told apart and lose no digit", () => {
  expect(measure(null)).toBe("–");
  expect(measure(NaN)).toBe("–");
  expect(measure(Infinity)).toBe("∞");
  expect(measure(-0.5)).toBe("−0.5");
  expect(valueText(9007199254740993n)).toBe("9,007,199,254,740,993");
  expect(valueText(null)).toBe("missing");
  expect(valueText(false)).toBe("no");
  expect(valueText([1, "b", null])).toBe("1, b, missing");
});

test("a class keeps its colour: tokens for ten, then hues that neither repeat nor depend on how many there are", () => {
  expect(classColour(3)).toBe("var(--c-3)");
  expect(classColour(null)).toBe("var(--c-missing)");
  expect(classColour(10)).toBe("oklch(var(--class-light-a) 0.13 0.0)");
  expect(new Set(Array.from({ length: 400 }, (_, i) => classColour(i))).size).toBe(400);
});

for (const theme of ["light", "dark"] as const) {
  const token = tokens(theme);
  const of = (name: string) => token[name] ?? "";

  test(`${theme}: text reads at 4.5:1 on whatever it lies on`, () => {
    for (const ground of ["--surface", "--paper", "--sunken"]) for (const ink of ["--ink", "--ink-2"]) expect(contrast(of(ink), of(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    for (const kind of ["good", "warn", "bad"]) expect(contrast(of(`--${kind}`), of(`--${kind}-soft`)), kind).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of("--on-accent"), of("--accent"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of("--accent"), of("--surface"))).toBeGreaterThanOrEqual(4.5);
  });

  test(`${theme}: any two of the ten class colours stay at least 20 apart for every kind of colour sight`, () => {
    for (const [sight, matrix] of Object.entries(SIGHTS)) {
      const seen = Array.from({ length: 10 }, (_, i) => lab(of(`--c-${i}`), matrix));
      seen.forEach((a, i) => seen.slice(0, i).forEach((b, j) => {
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]), `${sight}: ${i} and ${j}`).toBeGreaterThanOrEqual(19.5);
      }));
    }
  });
}

test("labels that would overlap move apart and stay inside", () => {
  expect(spread([50, 52, 51], 10, 0, 100)).toEqual([50, 70, 60]);
  const low = spread([98, 99, 100], 10, 0, 100);
  expect(low).toEqual([80, 90, 100]);
});

test("a missing value breaks the line instead of being drawn as zero", () => {
  expect(linePath([[0, 1], null, [2, 3], [4, 5]])).toBe("M0.0 1.0M2.0 3.0L4.0 5.0");
});

test("a scale over one value, or over none, still has a width", () => {
  for (const values of [[0.5], [0], [], [NaN]]) {
    const [low, high] = niceScale(values, [0, 100], 4).domain();
    expect(high).toBeGreaterThan(low ?? NaN);
  }
});

test("a million rows stay under the browser's height limit and both ends are reached", () => {
  const map = new ScrollMap(250_000, 150);
  expect(map.height).toBe(TALLEST_PX);
  expect(map.at(0, 600)).toMatchObject({ from: 0 });
  expect(map.at(TALLEST_PX - 600, 600).to).toBe(250_000);
  const middle = map.at(TALLEST_PX / 2, 600);
  expect(Math.abs(middle.from - 125_000)).toBeLessThan(10);
});

test("within a screenful scrolling moves by pixels, also in a mapped list", () => {
  const map = new ScrollMap(250_000, 150);
  const before = map.at(TALLEST_PX / 2, 600, 0);
  expect(map.at(TALLEST_PX / 2 + 300, 600, 0).from - before.from).toBe(2);
});

test("a row is revealed only when it is out of sight", () => {
  const map = new ScrollMap(100, 20);
  map.at(0, 100);
  expect(map.reveal(2, 0, 100)).toBeNull();
  expect(map.reveal(10, 0, 100)).toBe(120);
});

test("sorting keeps missing values last in both directions and ties in place", () => {
  const rows = [{ k: null, n: 1 }, { k: 2, n: 2 }, { k: 1, n: 3 }, { k: 2, n: 4 }];
  const column = { id: "k", name: "k", key: (row: { k: number | null }) => row.k, cell: () => null };
  expect(sortRows(rows, column, "ascending").map((row) => row.n)).toEqual([3, 2, 4, 1]);
  expect(sortRows(rows, column, "descending").map((row) => row.n)).toEqual([2, 4, 3, 1]);
});

test("a row in sight keeps its elements, one that comes takes those of one that left, and a jump moves none", () => {
  const slots = new Slots(5);
  expect(slots.at(0)).toEqual([0, 1, 2, 3, 4]);
  expect(slots.at(2)).toEqual([2, 3, 4, 0, 1]);
  expect(slots.at(2)).toEqual([2, 3, 4, 0, 1]);
  expect(slots.at(1)).toEqual([1, 2, 3, 4, 0]);
  for (const far of [1_000, 3, 999_983]) expect(slots.at(far)).toEqual([1, 2, 3, 4, 0]);
  expect(slots.at(999_980)).toEqual([3, 4, 0, 1, 2]);
});
