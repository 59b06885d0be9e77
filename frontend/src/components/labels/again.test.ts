/** Working on a part: a band of suspicion, a box over tiles, a second look, keys of one's own. */
import { afterEach, expect, test } from "vitest";
import { settle } from "../mounted";
import { bandOf, inBand } from "./band";
import { calm, current, look, PAIR, payloads, press, said, tiles } from "./fake-desk";
import { decidedBy, labelsHost, roundHost } from "./fake-labels";
import { deskBindings, deskKeys, saidBy } from "./bindings";
import { secondLook } from "./second-look";

afterEach(() => {
  deskKeys.resetAll();
  localStorage.clear();
});

test("a band narrows the list, keeps the slider's focus, and a key decides about all that is marked of it", async () => {
  const shown = await look({ options: PAIR });
  expect(tiles(shown)).toHaveLength(3);
  const from = shown.named("input", "Suspicion from") as HTMLInputElement;
  from.focus();
  from.value = "0.75"; // the suspicions are .9, .8 and .5
  from.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  expect(tiles(shown)).toHaveLength(3); // while it is dragged nothing changes but the number
  from.dispatchEvent(new Event("change", { bubbles: true }));
  await calm();
  expect(tiles(shown).map((one) => one?.split(",")[0])).toEqual(["train/0", "train/1"]);
  expect(shown.root.activeElement).toBe(from);
  shown.named("button", "Mark all 2").click();
  await settle();
  press(shown, "1");
  await calm();
  expect(said(shown)).toEqual([["train/0,train/1", "set", "Shirt"]]);
  shown.named("button", "Show all").click();
  await calm();
  expect(tiles(shown)).toHaveLength(3);
  expect(current(shown)).toBe("train/2"); // what is open comes first
});

test("a band out of order or out of range is put right, and leaves out what has no score", () => {
  expect(bandOf({ from: 0.8, to: -1 })).toEqual({ low: 0, high: 0.8 });
  expect([inBand({ low: 0, high: 1 }, null), inBand({ low: 0.1, high: 1 }, null), inBand({ low: 0.1, high: 0.5 }, 0.5)]).toEqual([true, false, true]);
});

test("a box drawn with the mouse marks; the click that ends it means nothing, and Escape marks nothing", async () => {
  const shown = await look({ options: PAIR });
  const scroller = shown.root.querySelector<HTMLElement>("[data-tiles]");
  const at = (type: string, x: number, y: number, shiftKey = false) => new PointerEvent(type, { clientX: x, clientY: y, button: 0, pointerType: "mouse", bubbles: true, composed: true, shiftKey });
  const drag = (to: number) => {
    scroller?.dispatchEvent(at("pointerdown", 1, 1));
    window.dispatchEvent(at("pointermove", to, 40));
  };
  drag(30);
  await settle();
  expect(shown.root.querySelector(".rubber")).not.toBeNull();
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  await settle();
  expect([shown.root.querySelector(".rubber"), shown.root.querySelectorAll(".tile.marked").length]).toEqual([null, 0]);
  drag(30);
  window.dispatchEvent(at("pointerup", 30, 40));
  await settle();
  expect(shown.root.querySelectorAll(".tile.marked")).toHaveLength(1);
  shown.root.querySelectorAll<HTMLElement>(".tile")[2]?.click();
  await settle();
  expect(current(shown)).toBe("train/0");
});

test("a second look: what the model contradicts, what was skipped, what was left open or commented on", async () => {
  const host = labelsHost();
  decidedBy(host, "ann", ["train/4"], { action: "set", label: "Bag" }); // the model gives Bag .006, and its label .9
  decidedBy(host, "ann", ["train/1"], { action: "skip" });
  decidedBy(host, "ann", ["train/3"], { action: "ambiguous", labels: ["Shirt", "T-shirt"] });
  decidedBy(host, "ann", ["train/0"], { action: "set", label: "Shirt" }); // the model agrees
  host.decided.push({ sequence: 9, time: "2026-01-01T00:00:09Z", author: "ann", kind: "note", payload: { sample: "train/2", text: "torn" }, inForce: true });
  const shown = await look({ host });
  const tab = [...shown.root.querySelectorAll<HTMLElement>("[role=tab]")].find((one) => one.textContent?.startsWith("Second look"));
  expect(tab?.textContent).toBe("Second look4");
  tab?.click();
  await calm();
  expect(tiles(shown).map((one) => one?.split(",")[0])).toEqual(["train/4", "train/1", "train/3", "train/2"]);
  press(shown, "Home");
  await settle();
  expect(shown.text()).toContain("Decided: Bag. The model: .90 for Shirt.");
  // What is decided already is decided anew, and the next one comes, whatever stands about it.
  press(shown, "k");
  await calm();
  expect(payloads(shown).at(-1)).toMatchObject({ samples: ["train/4"], action: "keep", reason: "second_look" });
  expect(current(shown)).toBe("train/1");
});

test("a new round says what it learnt from, what moved and what that is worth, each number with its samples", async () => {
  const shown = await look({ host: roundHost() });
  const part = shown.root.querySelector(".round");
  expect(part?.textContent).toContain("What round 2 changed");
  const seen = (one: Element) => [...one.children].map((child) => (child.classList.contains("door") ? child.firstChild?.textContent : child.textContent)).join("").replaceAll("\u202f", " ");
  const gains = [...(part?.querySelectorAll("li") ?? [])].map(seen);
  expect(gains).toEqual([
    "Right on 6 held-out samples, by the recorded labels: 50.0 % before, 66.7 % after; 2 mended, 1 broken. +16.7 points, 95 % between −20.0 and +50.0 for these two trainings: so few samples tell no difference.",
    "Right on 5 held-out samples, by the corrected labels: 60.0 % before, 80.0 % after; 1 mended, 0 broken. +20.0 points, 95 % between +10.0 and +40.0 for these two trainings: better.",
  ]);
  expect(part?.textContent).toMatch(/about 3 before, about 2.* now/);
  const door = (words: string) => [...(part?.querySelectorAll<HTMLElement>(".door") ?? [])].find((one) => one.textContent?.startsWith(words));
  door("2 mended")?.click();
  await calm();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([5, 6]);
  door("1 cleared")?.click();
  await calm();
  expect([...(shown.session.store.selection.value?.indices ?? [])]).toEqual([0]);
  expect(part?.textContent).toContain("1 of them you corrected");
  // What was decided before the round is no news; nor does the round contradict the correction that it learnt.
  expect(part?.textContent).toContain("no decision it contradicts");
  door("1 new suspect")?.click();
  await calm();
  expect(tiles(shown).map((one) => one?.split(",")[0])).toEqual(["test/7"]);
  press(shown, "1");
  await calm();
  shown.named("[role=tab]", "Class pairs").click();
  await calm();
  expect(shown.root.querySelector(".round")?.textContent).toContain("0 new suspects: go through them1 more decided by now");
  expect(shown.root.querySelector("[role=note]")?.textContent).not.toContain("Round 2"); // that stands with what was judged out of fold
});

test("after a round a corrected sample stands with its recorded label, and the judgement is of the corrected one", async () => {
  const shown = await look({ host: roundHost(), options: { tab: "items" } });
  press(shown, "End");
  for (let k = 0; k < 12 && current(shown) !== "train/0"; k++) {
    press(shown, "ArrowLeft");
    await settle();
  }
  expect([...shown.root.querySelectorAll(".choice")].map((one) => one.textContent?.replace(/\s+/g, " ").trim())).toEqual(["K T-shirt.15", "1 Shirt.80", "2 Bag.08"]);
  expect(shown.root.querySelector(".facts p")?.textContent?.replaceAll("\u202f", " ")).toBe("labelled T-shirt · as Shirt 20 % likely wrong");
});

test("keys can be changed: the bar and the help show them, the old one does nothing, and a clash is refused", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "?");
  await settle();
  const change = () => shown.root.querySelector<HTMLElement>("[aria-label$='Keep the label']");
  change()?.click();
  await settle();
  const panel = shown.named("[role=dialog]", "Keys of the desk");
  const type = async (key: string) => {
    panel.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
    await settle();
  };
  await type("x");
  expect(panel.textContent).toContain("X is taken: “Exclude from training; nothing is deleted”. Press another key, or change that one first.");
  await type("2");
  expect(panel.textContent).toContain("2 chooses a class, moves or goes back; it cannot be given away. Press another key.");
  await type("v");
  await type("Escape");
  await calm();
  expect(shown.root.querySelector("[role=toolbar]")?.textContent).toContain("Keep V");
  press(shown, "k", "v");
  await calm();
  expect(said(shown)).toEqual([["train/0", "keep"]]);
  expect(deskBindings().of("keep")).toEqual(["v"]); // on the next visit, too
  deskKeys.resetAll();
  await settle();
  expect([shown.root.querySelector("[role=toolbar]")?.textContent?.includes("Keep K"), localStorage.length]).toEqual([true, 0]);
});

test("a letter with Shift is that letter unless it has a meaning of its own, and what is stored wrong is passed over", () => {
  localStorage.setItem("bathyscope.labels.keys", '{"keep": 3, "skip": ["q"]}');
  const keys = deskBindings();
  expect([keys.caption("keep"), ...["q", "s", "Shift+K", "Shift+Z", "z", null].map((chord) => saidBy(keys, chord))]).toEqual(["K", "skip", null, "keep", "redo", "undo", null]);
  expect(keys.bind("skip", "Mod+s")).toBe("Ctrl S is needed by the browser or by the page. Press another key.");
});

test("nothing was decided: no second look", () => {
  const desk = { decided: { standing: new Map(), skipped: new Set() } } as unknown as Parameters<typeof secondLook>[0];
  expect(secondLook(desk, [])).toEqual([]);
});
