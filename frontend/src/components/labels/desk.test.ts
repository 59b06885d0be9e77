/** Speed at the desk, and the other ways to look: the map, copies in one place, a plan for limited time. */
import { expect, test, vi } from "vitest";
import type { FakeHost } from "../../hosts/fake";
import { settle } from "../mounted";
import { timeHost } from "../timetravel/fake-time";
import { calm, look, PAIR, press, said, tiles } from "./fake-desk";
import { labelsHost, MORE } from "./fake-labels";

test("the log is not asked for what this page itself saved; what others decide meanwhile is heard", async () => {
  const shown = await look({ options: PAIR });
  const asked = vi.spyOn(shown.host, "decisions");
  press(shown, "1", "k");
  await calm();
  expect(tiles(shown).slice(0, 2)).toEqual(["train/0, labelled T-shirt, → Shirt", "train/1, labelled T-shirt, ✓ kept"]);
  expect(asked.mock.calls).toEqual([]);
  const decide = shown.host.decide.bind(shown.host);
  shown.host.decide = async (decision) => {
    await decide({ id: "other", kind: "label", payload: { samples: ["train/1"], action: "set", label: "Bag" } });
    return decide(decision);
  };
  press(shown, "2");
  await calm();
  expect(asked.mock.calls).toEqual([[2]]);
  expect(tiles(shown)).toEqual(["train/0, labelled T-shirt, → Shirt", "train/1, labelled T-shirt, → Bag", "train/2, labelled T-shirt, → Bag"]);
});

test("what lies beside a sample is drawn once one rests at it", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "l");
  await settle();
  expect(shown.root.querySelectorAll(".like")).toHaveLength(2);
  expect(shown.root.querySelector(".like img")).toBeNull();
  await calm();
  await calm();
  expect(shown.root.querySelectorAll(".like img")).toHaveLength(2);
});

test("copies: blinking and the difference by keys, in the place of the large picture", async () => {
  const shown = await look({ options: { tab: "duplicates" } });
  const seen = () => [...shown.root.querySelectorAll(".sheet")].map((one) => !one.classList.contains("away"));
  const count = seen().length;
  expect(seen().indexOf(true)).toBe(0);
  press(shown, "f");
  await settle();
  expect([seen().filter(Boolean).length, seen()[1]]).toEqual([1, true]);
  press(shown, "e");
  await settle();
  expect([seen()[0], seen()[1], shown.root.querySelector(".stack")?.classList.contains("differing")]).toEqual([true, true, true]);
  expect(shown.root.querySelector(".laid [role=status]")?.textContent).toContain(`1 and 2 of ${count}`);
  press(shown, "l");
  await settle();
  expect(seen().indexOf(true)).toBe(0);
  expect(shown.root.querySelector(".differing")).toBeNull();
});

/** The labels' host, and where the samples lie. */
function placedHost(): FakeHost {
  const host = labelsHost({ analyses: [...(MORE["analyses"] as { name: string; missing: string[] }[]), { name: "timetravel", missing: [] }] });
  for (const [name, table] of timeHost().given) if (name.startsWith("timetravel/")) host.given.set(name, table);
  return host;
}

test("the map: states with their counts, keys decide there too, and blind there is none", async () => {
  const shown = await look({ host: placedHost(), options: PAIR });
  press(shown, "g");
  await calm();
  const legend = () => [...shown.root.querySelectorAll(".map .legend .door")].map((one) => one.firstChild?.textContent);
  expect(legend()).toEqual(["3 open", "0 kept", "0 changed", "0 skipped"]);
  expect(shown.root.querySelector(".map .legend")?.textContent).toContain("the rest of T-shirt and Shirt");
  press(shown, "1", "s");
  await calm();
  expect(said(shown)).toEqual([["train/0", "set", "Shirt"], ["train/1", "skip"]]);
  expect(legend()).toEqual(["1 open", "0 kept", "1 changed", "1 skipped"]);
  press(shown, "b");
  await calm();
  expect(shown.root.querySelector(".map")).toBeNull();
  press(shown, "b", "g");
  await calm();
  expect(shown.root.querySelector(".tile")).not.toBeNull();
});

test("without places the map says how to get them, and the keys go on working", async () => {
  const shown = await look({ options: { ...PAIR, view: "map" } });
  expect(shown.root.querySelector(".map")?.textContent).toContain("Where the samples lie cannot be told");
  press(shown, "k");
  await calm();
  expect(said(shown)).toEqual([["train/0", "keep"]]);
});

test("limited time: conflicting copies first, then the most doubtful; what is found stands beside what was expected", async () => {
  const shown = await look({ options: { tab: "budget", budget: 4, basis: "training dynamics" } });
  const plan = () => shown.root.querySelector(".plan")?.textContent ?? "";
  expect(shown.root.querySelectorAll(".tile")).toHaveLength(4);
  expect(plan()).toContain("wrong labels expected in 4 samples");
  expect(plan()).toContain("copies whose labels differ");
  const before = tiles(shown);
  press(shown, "1");
  await calm();
  expect(tiles(shown).map((one) => one?.split(",")[0])).toEqual(before.map((one) => one?.split(",")[0])); // a plan stands still
  expect(plan()).toContain("1 found in 1 decided (100\u202f%)");
  shown.named("button", "Plan anew").click();
  await calm();
  expect(tiles(shown)).not.toContain(before[0]);
  expect(plan()).not.toContain("decided (");
});
