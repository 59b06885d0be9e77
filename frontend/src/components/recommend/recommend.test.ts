import { afterEach, expect, test } from "vitest";
import type { Logged } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { recommendHost } from "../timetravel/fake-time";
import { cursorOf, marksOf } from "../timetravel/marks";
import { answersOf, precisionOf, reviewersIn } from "./answers";
import { recommend } from "./recommend";
import { paramsFor } from "./use-batch";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function look(options: Parameters<typeof mounted>[1] = {}): Promise<Mounted> {
  page = await mounted(recommend, { host: recommendHost(), ...options });
  await calm();
  return page;
}

/** Saving, reading the log, asking anew and drawing follow one another. */
async function calm(): Promise<void> {
  for (let k = 0; k < 4; k++) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    await settle();
  }
}

const names = ({ root }: Mounted) => [...root.querySelectorAll(".who > b:first-child")].map((one) => one.textContent);
const press = ({ root }: Mounted, key: string) => {
  const item = root.querySelector<HTMLElement>('.item[aria-current="true"]');
  item?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
};
const said = ({ host }: Mounted) => host.decided.filter(({ kind }) => kind === "answer").map(({ payload, inForce }) => [...["sample_id", "verdict"].map((key) => (payload as Record<string, unknown>)[key]), inForce]);

test("each sample is told by its name, its label, what it might be instead, and why", async () => {
  const shown = await look();
  expect(names(shown)).toEqual(["train/1", "train/2", "train/4"]);
  expect(shown.root.querySelector(".item")?.getAttribute("aria-label")).toBe("train/1, T-shirt, perhaps Bag");
  expect(shown.root.querySelector(".why")?.textContent).toBe("reason 1 · its neighbours differ");
  expect(shown.root.querySelector(".side")?.textContent).toBe(".90");
});

test("keys answer, go on to the next by themselves, and each answer is on disk", async () => {
  const shown = await look();
  press(shown, "1");
  await calm();
  expect(said(shown)).toEqual([["train/1", "yes", true]]);
  expect(shown.host.decided[0]?.payload).toEqual({ sample_id: "train/1", verdict: "yes", target: "label_noise", strategy: "bathyscope", rank: 1, suggested: "Bag" });
  expect(shown.root.querySelector('.item[aria-current="true"] b')?.textContent).toBe("train/2");
  expect(cursorOf(shown.session).value).toBe(2);
  press(shown, "2");
  press(shown, "3");
  await calm();
  expect(said(shown)).toEqual([["train/1", "yes", true], ["train/2", "no", true], ["train/4", "skip", true]]);
});

test("when all are answered the next ones come, asked with every answer", async () => {
  const shown = await look();
  for (const key of ["1", "2", "3"]) {
    press(shown, key);
    await calm();
  }
  expect(names(shown)).toEqual(["test/6", "test/8", "test/9"]);
  expect(shown.host.asked).toContain('run recommend {"accepted":["train/1"],"rejected":["train/2"],"skipped":["train/4"]}');
  expect(shown.text()).toContain("precision so far 50\u202f%");
  expect(shown.text()).toContain("1 answer does not fit the others");
  expect(shown.text()).toContain("answered no, yes expected");
});

test("an answer counts as saved only when it is on disk", async () => {
  const shown = await look();
  shown.host.failing = "The disk is full.";
  press(shown, "1");
  await calm();
  expect(shown.root.querySelector(".verdict")).toBeNull();
  expect(shown.session.store.notices.value.join()).toContain("Nothing was saved. The disk is full.");
  shown.host.failing = null;
  let release: () => void = () => undefined;
  const decide = shown.host.decide.bind(shown.host);
  shown.host.decide = async (decision) => {
    await new Promise<void>((resolve) => (release = resolve));
    return decide(decision);
  };
  shown.root.querySelectorAll<HTMLElement>(".item")[0]?.click();
  await settle();
  press(shown, "1");
  await calm();
  expect(shown.root.querySelector(".verdict")?.textContent).toBe("saving…");
  release();
  await calm();
  expect(shown.root.querySelector(".verdict")?.textContent).toBe("✓ yes");
});

test("undo takes the last answer back, and redo gives it again", async () => {
  const shown = await look();
  press(shown, "1");
  await calm();
  shown.session.history.undo();
  await calm();
  expect(said(shown)).toEqual([["train/1", "yes", false]]);
  expect(shown.root.querySelector(".verdict")).toBeNull();
  shown.session.history.redo();
  await calm();
  expect(shown.root.querySelector(".verdict")?.textContent).toBe("✓ yes");
});

test("what was undone after its batch comes back to be answered", async () => {
  const shown = await look();
  for (const key of ["1", "2", "3"]) {
    press(shown, key);
    await calm();
  }
  expect(names(shown)).not.toContain("train/4");
  shown.session.history.undo();
  await calm();
  expect(names(shown)).toEqual(["train/4", "test/6", "test/8", "test/9"]);
});

test("a page that opens later knows every answer", async () => {
  const shown = await look();
  press(shown, "1");
  await calm();
  const host = shown.host;
  shown.close();
  page = await mounted(recommend, { host });
  await calm();
  expect(names(page)).toEqual(["train/2", "train/4", "test/6"]);
  expect(page.text()).toContain("1 answer saved");
  expect([...marksOf(page.session).value]).toEqual([[10, "typical"], [2, "recommended"], [4, "recommended"], [6, "recommended"], [1, "yes"]]);
});

test("all at once is one step, which one undo takes back", async () => {
  const shown = await look();
  press(shown, "1");
  await calm();
  shown.named("button", "No to 2").click();
  await calm();
  expect(said(shown)).toEqual([["train/1", "yes", true], ["train/2", "no", true], ["train/4", "no", true]]);
  shown.session.history.undo();
  await calm();
  expect(said(shown)).toEqual([["train/1", "yes", true], ["train/2", "no", false], ["train/4", "no", false]]);
});

test("a page for reading only says why nothing can be answered", async () => {
  const host = recommendHost();
  host.capabilities = { ...host.capabilities, decide: false };
  const shown = await look({ host });
  expect(shown.text()).toContain("This page is open for reading only");
  press(shown, "1");
  await calm();
  expect(said(shown)).toEqual([]);
});

test("keys with a modifier, and those typed into a field, are no answers", async () => {
  const shown = await look();
  shown.root.querySelector(".item")?.dispatchEvent(new KeyboardEvent("keydown", { key: "1", ctrlKey: true, bubbles: true }));
  await calm();
  expect(said(shown)).toEqual([]);
});

test("who speaks on this page is known before the first answer, and learns from nobody else's", async () => {
  const host = recommendHost();
  const payload = (id: string, verdict: string): Logged["payload"] => ({ sample_id: id, verdict, target: "label_noise", strategy: "bathyscope", rank: 1 });
  const entry = (sequence: number, author: string, id: string, verdict: string): Logged => ({ sequence, time: "2026-01-01T00:00:00Z", author, kind: "answer", payload: payload(id, verdict), inForce: true });
  host.decided = [entry(1, "bob", "train/1", "yes"), entry(2, "test", "train/2", "no"), entry(3, "bob", "train/4", "yes")];
  host.more = { ...host.more, author: "test" };
  const shown = await look({ host });
  expect(host.asked.filter((one) => one.startsWith("run recommend")).at(-1)).toBe('run recommend {"rejected":["train/2"]}');
  expect(names(shown)).toEqual(["train/1", "train/4", "test/6"]);
  expect(shown.text()).toContain("1 answer saved");
  const whose = shown.named("select", "Whose answers") as HTMLSelectElement;
  expect([...whose.options].map(({ text }) => text)).toEqual(["answers of bob", "my own answers (test)"]);
  whose.value = "bob";
  whose.dispatchEvent(new Event("change", { bubbles: true }));
  await calm();
  expect(names(shown)).toEqual(["train/2", "test/6", "test/8"]);
  expect(shown.text()).toContain("These are the answers of bob, and the list that they teach. To answer, choose your own under How.");
  press(shown, "1");
  await calm();
  expect(host.decided).toHaveLength(3);
});

test("a person new to a recording that another one answered begins with a list of their own", async () => {
  const host = recommendHost();
  host.decided = [{ sequence: 1, time: "2026-01-01T00:00:00Z", author: "bob", kind: "answer", payload: { sample_id: "train/1", verdict: "yes", target: "label_noise" }, inForce: true }];
  host.more = { ...host.more, author: "ada" };
  const shown = await look({ host });
  expect(names(shown)).toEqual(["train/1", "train/2", "train/4"]);
  expect(shown.text()).not.toContain("answer saved");
  // Where nobody may decide, there is no own list: what was answered is shown.
  shown.close();
  host.more = { ...host.more, author: null };
  page = await mounted(recommend, { host });
  await calm();
  expect(names(page)).toEqual(["train/2", "train/4", "test/6"]);
});

test("several reviewers are kept apart; a later answer of one person holds", () => {
  const entry = (sequence: number, author: string, id: string, verdict: string, more: Partial<Logged> = {}): Logged => ({ sequence, time: "t", author, kind: "answer", payload: { sample_id: id, verdict, target: "hard" }, inForce: true, ...more });
  const log = [entry(1, "ada", "a", "yes"), entry(2, "bob", "a", "no"), entry(3, "ada", "b", "no"), entry(4, "ada", "a", "skip"), entry(5, "ada", "c", "yes", { inForce: false }), entry(6, "ada", "d", "maybe"), entry(7, "ada", "e", "yes", { kind: "tag" })];
  expect(reviewersIn(log, "hard")).toEqual(["ada", "bob"]);
  expect([...answersOf(log, "hard", "ada").values()].map(({ sampleId, verdict }) => [sampleId, verdict])).toEqual([["b", "no"], ["a", "skip"]]);
  expect(answersOf(log, "label_noise", null).size).toBe(0);
  const { hits, judged, estimate } = precisionOf(answersOf(log, "hard", "bob"));
  // Wilson by hand for 0 of 1: the upper end is z² / (1 + z²) = 3.841 / 4.841.
  expect([hits, judged, estimate.value]).toEqual([0, 1, 0]);
  expect(estimate.high).toBeCloseTo(0.7935, 3);
});

test("only what differs from the analysis' own settings is asked", () => {
  const none = { accepted: [], rejected: [], skipped: [] };
  expect(paramsFor({ strategy: "bathyscope", batch: 20, split: null, like: ["a"] }, "label_noise", none)).toEqual({});
  expect(paramsFor({ strategy: "aum", batch: 1e9, split: "all", like: ["a"] }, "like_these", { ...none, accepted: ["x"] })).toEqual({ target: "like_these", strategy: "aum", batch: 500, split: "all", like: ["a"], accepted: ["x"] });
});
