import { afterEach, expect, test } from "vitest";
import type { Json } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { fateOf, lead, withinOf } from "./compared";
import type { Changed, Edited } from "./edits";
import { neuronsHost, tableOf } from "./fake-neurons";
import { neurons } from "./neurons";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

const line = (verdict: string, before = "a", after = "b"): Changed => ({ row: 1, before, after, verdict });

test("what becomes of a sample under two edits", () => {
  const [fixed, broken, other] = [line("fixed"), line("broken"), line("other")];
  expect([[fixed, fixed], [fixed, undefined], [other, fixed], [broken, broken], [broken, undefined], [undefined, broken]].map(([a, b]) => fateOf(a, b)))
    .toEqual(["both fix", "first fixes", "second fixes", "both break", "first breaks", "second breaks"]);
  // Both wrong: apart only where they call it differently.
  expect([fateOf(other, undefined), fateOf(other, line("other")), fateOf(other, line("other", "a", "c"))]).toEqual(["apart", null, "apart"]);
});

test("the lead of one patch over another counts both sides, and no difference is not certain", () => {
  const { value, low, high } = lead(100, 9, 1);
  // 1.96 · √(10 + 1 − 64 / 100) / 100 = .0631
  expect([value, low, high].map((one) => one?.toFixed(4))).toEqual(["0.0800", "0.0169", "0.1431"]);
  expect(lead(100, 0, 0).high?.toFixed(4)).toBe("0.0196");
  expect(lead(0, 0, 0)).toEqual({ value: null, low: null, high: null });
});

test("figures are of the samples of their split; of all that changed where that is no split of the recording", () => {
  const splits = ["train", "test"];
  const known = { split: (row: number) => splits[row], truth: { split: { values: splits } } } as unknown as Parameters<typeof withinOf>[1];
  const of = (split: string) => [0, 1].map(withinOf({ split } as Edited, known));
  expect([of("test"), of("held out")]).toEqual([[false, true], [true, true]]);
});

async function calm(): Promise<void> {
  for (let k = 0; k < 3; k++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await settle();
  }
}

/** Patch 1 edits neuron 3, patch 2 neuron 1, as they would be in the log; the second fixes 8 and breaks nothing. */
async function look(fingerprint = "f00dcafe12"): Promise<Mounted> {
  const host = neuronsHost();
  const read = host.table.bind(host);
  const changed = tableOf(["sample_index", "before", "after", "verdict"], [{ sample_index: 5, before: "T-shirt", after: "Shirt", verdict: "fixed" }, { sample_index: 8, before: "Shirt", after: "T-shirt", verdict: "fixed" }]);
  host.table = async (path, ...rest) => {
    if (path.includes(encodeURIComponent('[1]')) && path.endsWith("/changed")) return changed;
    if (path.includes(encodeURIComponent('[1]')) && path.endsWith("/patch")) return tableOf(["fingerprint"], [{ fingerprint }]);
    return read(path, ...rest);
  };
  for (const neuron of [3, 1]) {
    const payload: Json = { accepted: true, key: "k", fingerprint: neuron === 3 ? "f00dcafe12" : fingerprint, method: "zero", strength: null, neurons: [neuron], classes: [], split: "test", fixed: 1, broken: 1, params: { neurons: [neuron] } };
    await host.decide({ id: `${neuron}`, kind: "patch", payload });
  }
  page = await mounted(neurons, { host });
  await calm();
  return page;
}

async function choose(shown: Mounted): Promise<void> {
  // The newest stands first; the older one is A.
  for (const place of [1, 0]) {
    [...shown.root.querySelectorAll<HTMLElement>(".patches li button")].filter((one) => one.textContent === "Compare")[place]?.click();
    await calm();
  }
}

test("two accepted patches stand side by side, and where they part leads to the samples", async () => {
  const shown = await look();
  await choose(shown);
  const part = shown.root.querySelector(".compare");
  const doors = [...(part?.querySelectorAll<HTMLButtonElement>('ul[aria-label="What becomes of the samples"] .door') ?? [])];
  // Sample 0 is of train and does not count; sample 9 is broken by A alone.
  expect(doors.map((one) => one.firstChild?.textContent)).toEqual(["1", "0", "1", "0", "1", "0", "0"]);
  doors[2]?.click();
  await calm();
  expect([shown.session.store.selection.value?.sentence, [...(shown.session.store.selection.value?.indices ?? [])]]).toEqual(["1 that only B puts right", [8]]);
  expect(part?.querySelector("h3")?.textContent).toContain("where A is wrong");
  // Of 7, B has 2 alone and A none: 2 / 7.
  expect(part?.querySelector(".figures tbody tr")?.textContent).toContain("+28.6");
});

test("patches of different layers are not compared sample by sample, and the page says why", async () => {
  const shown = await look("another");
  await choose(shown);
  expect(shown.root.querySelector(".compare .warned")?.textContent).toContain("A and B belong to different decision layers");
  expect(shown.root.querySelector('ul[aria-label="What becomes of the samples"]')).toBeNull();
});
