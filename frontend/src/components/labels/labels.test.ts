import { expect, test, vi } from "vitest";
import { settle } from "../mounted";
import { calm, current, inForce, look, opened, PAIR, payloads, press, said, tiles, type } from "./fake-desk";
import { decidedBy, labelsHost } from "./fake-labels";

// step 1

test("the pair with most estimated errors is on top, with its badge, what it stands on, and a warning", async () => {
  const shown = await look();
  const pairs = [...shown.root.querySelectorAll(".couple .open")].map((one) => one.getAttribute("aria-label"));
  expect(pairs).toEqual(["T-shirt that may be Shirt: 2 estimated errors, 3 samples, systematic", "Shirt that may be T-shirt: 1 estimated errors, 1 sample"]);
  expect(shown.root.querySelector("[role=note]")?.textContent).toContain("In-sample: Judged by the model that learnt these labels");
  expect(shown.text()).toContain("about 3");
  expect(shown.text()).toContain("Only 3 checkpoints tell of the training.");
  shown.named("button", "held out").click();
  await calm();
  expect(shown.root.querySelector(".couple .open")?.getAttribute("aria-label")).toBe("Bag that may be Shirt: 1 estimated errors, 1 sample");
  expect(shown.root.querySelector("[role=note]")?.textContent).not.toContain("In-sample");
});

test("arrows walk the pairs, and the matrix opens the same ones", async () => {
  const shown = await look();
  const first = shown.root.querySelector<HTMLElement>(".couple .open");
  first?.focus();
  first?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, composed: true }));
  expect(shown.root.activeElement?.getAttribute("aria-label")).toContain("Shirt that may be T-shirt");
  shown.named("button", "Matrix").click();
  await calm();
  expect(shown.root.querySelector("[role=grid]")).not.toBeNull();
  // The number in a cell is what the list is ordered by, and the sentence says so.
  const cell = (start: string) => [...shown.root.querySelectorAll<HTMLElement>("[role=gridcell]")].find((one) => one.getAttribute("aria-label")?.startsWith(start));
  expect([cell("T-shirt that may be Shirt")?.textContent, cell("T-shirt that may be Shirt")?.getAttribute("aria-label")]).toEqual(["2", "T-shirt that may be Shirt: 2 estimated errors, 3 samples called so"]);
  const order = shown.named("select", "Order of the pairs") as HTMLSelectElement;
  order.value = "count";
  order.dispatchEvent(new Event("change", { bubbles: true }));
  await calm();
  expect(cell("T-shirt that may be Shirt")?.textContent).toBe("3");
  cell("T-shirt that may be Shirt")?.click();
  await calm();
  expect(tiles(shown)).toHaveLength(3);
});

test("a thousand classes open as a short list and a picture", async () => {
  const classes = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
  const host = labelsHost({ classes });
  const table = host.given.get("labels/class_pairs");
  if (!table) throw new Error("no pairs");
  const many = 5000;
  const numbers = (value: (i: number) => number) => ({ kind: "number", length: many, values: Float64Array.from({ length: many }, (_, i) => value(i)), integer: false, valid: null }) as const;
  for (const name of ["count", "disagreement_mass", "margin_mass", "mean_confidence", "expected_errors", "share_of_class"]) table.set(name, numbers((i) => many - i));
  table.set("label", numbers((i) => i % 1000)).set("prediction", numbers((i) => (i + 7 + Math.floor(i / 1000)) % 1000)).set("systematic", numbers(() => 0));
  table.set("basis", { kind: "text", length: many, at: () => "training dynamics" }).set("confidences", { kind: "list", length: many, at: () => [0, 1] });
  const before = performance.now();
  const shown = await look({ host });
  expect(performance.now() - before).toBeLessThan(2000);
  expect(shown.root.querySelectorAll(".couple")).toHaveLength(12);
  expect(shown.text()).toContain("Show all 5,000 pairs");
});

// step 2

test("the samples of a pair stand in order of suspicion, with their probabilities and others to compare with", async () => {
  const shown = await look({ options: PAIR });
  expect(tiles(shown)).toEqual(["train/0, labelled T-shirt, .80", "train/1, labelled T-shirt, .70", "train/2, labelled T-shirt, .55"]);
  const choices = [...shown.root.querySelectorAll(".choice")].map((one) => one.textContent?.replace(/\s+/g, " ").trim());
  expect(choices).toEqual(["K T-shirt.10", "1 Shirt.80", "2 Bag.08"]);
  expect([...shown.root.querySelectorAll(".like")].map((one) => one.getAttribute("aria-label"))).toEqual([
    "Open test/8, T-shirt, not reviewed", "Open train/2, T-shirt, not reviewed", "Open train/4, Shirt, not reviewed", "Open test/9, Shirt, not reviewed",
  ]);
});

test("keys keep and set, go on by themselves, and everything is on disk in the order it was given", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "1", "k", "2"); // faster than the page is drawn
  await calm();
  expect(said(shown)).toEqual([["train/0", "set", "Shirt"], ["train/1", "keep"], ["train/2", "set", "Bag"]]);
  expect(payloads(shown)[0]).toMatchObject({ reason: "class_interpretation", rank: 1, score: 0.9, blind: false, suggestions: [["Shirt", 0.8], ["Bag", 0.08]] });
  expect(tiles(shown)).toEqual(["train/0, labelled T-shirt, → Shirt", "train/1, labelled T-shirt, ✓ kept", "train/2, labelled T-shirt, → Bag"]);
  expect(shown.text()).toContain("3 of 3");
});

test("the next sample comes at once, and a decision counts as saved only when it is on disk", async () => {
  const shown = await look({ options: PAIR });
  const decide = shown.host.decide.bind(shown.host);
  let release: () => void = () => undefined;
  shown.host.decide = async (decision) => {
    await new Promise<void>((resolve) => (release = resolve));
    return decide(decision);
  };
  press(shown, "1");
  await calm();
  expect(current(shown)).toBe("train/1");
  expect(shown.root.querySelector(".tile")?.classList.contains("saving")).toBe(true);
  press(shown, "ArrowLeft");
  await calm();
  expect(shown.root.querySelector(".stands")?.textContent).toBe("saving: Shirt");
  release();
  await calm();
  expect(shown.root.querySelector(".stands")?.textContent).toBe("✓ saved: Shirt");
});

test("what the disk refuses stands as not decided, and is told", async () => {
  const shown = await look({ options: PAIR });
  shown.host.failing = "The disk is full.";
  press(shown, "1");
  await calm();
  expect(tiles(shown)[0]).toBe("train/0, labelled T-shirt, .80");
  expect(shown.session.store.notices.value.join()).toContain("The disk is full.");
});

test("undo takes the last decision back and stands at it; redo gives it again", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "1", "1");
  await calm();
  press(shown, "z");
  await calm();
  expect(inForce(shown)).toEqual([true, false]);
  expect(current(shown)).toBe("train/1");
  press(shown, "⇧Z");
  await calm();
  expect(tiles(shown)[1]).toBe("train/1, labelled T-shirt, → Shirt");
});

test("after a restart undo takes the last decision of the log back", async () => {
  const first = await look({ options: PAIR });
  press(first, "1");
  await calm();
  const { host } = first;
  first.close();
  const again = await opened({ host, options: PAIR });
  expect(current(again)).toBe("train/1"); // where one left off
  press(again, "z");
  await calm();
  expect(inForce(again)).toEqual([false]);
});

test("any class by typing it; a name that is no class yet splits one off", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "/");
  await settle();
  await type(shown, "ba");
  expect([...shown.root.querySelectorAll(".finder li")].map((one) => one.textContent?.trim())).toEqual(["Bag", "New class “ba”"]);
  press(shown, "Enter");
  await calm();
  press(shown, "/");
  await settle();
  await type(shown, "Polo");
  press(shown, "Enter");
  await calm();
  expect(said(shown)).toEqual([["train/0", "set", "Bag"], ["train/1", "split", "Polo"]]);
});

test("several classes, none, exclusion, a comment: each by its key", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "a");
  await settle();
  for (const name of ["T-shirt", "Shirt"]) {
    await type(shown, name);
    press(shown, "Enter");
    await settle();
  }
  press(shown, "Enter");
  await calm();
  press(shown, "n", "x");
  await calm();
  expect(payloads(shown).map(({ action, labels = [] }) => [action, ...labels])).toEqual([["ambiguous", "T-shirt", "Shirt"], ["none"], ["exclude"]]);
  press(shown, "c");
  await settle();
  await type(shown, "cut off");
  shown.named("button", "Save comment").click();
  await calm();
  expect(shown.host.decided.at(-1)?.payload).toEqual({ sample: "train/2", text: "cut off" });
});

test("what is skipped comes again after everything else", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "s");
  await calm();
  expect(current(shown)).toBe("train/1");
  press(shown, "k", "k");
  await calm();
  expect(current(shown)).toBe("train/0");
  expect(shown.text()).toContain("1 skipped");
});

test("marked samples are decided about together, as one step", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "⇧ArrowRight", "⇧ArrowRight");
  await settle();
  expect(shown.text()).toContain("3 samples marked");
  press(shown, "1");
  await calm();
  expect(said(shown)).toEqual([["train/0,train/1,train/2", "set", "Shirt"]]);
  press(shown, "z");
  await calm();
  expect(inForce(shown)).toEqual([false]);
});

test("a whole pair at once is offered only after its random part agrees", async () => {
  const shown = await look({ options: PAIR });
  expect(shown.text()).toContain("All at once: 0 of 3");
  press(shown, "1", "1");
  await calm();
  expect(shown.text()).toContain("All at once: 2 of 3");
});

test("a merge of two classes says how many samples it takes, and is one step", async () => {
  const shown = await look({ options: PAIR });
  shown.named("button", "Merge classes").click();
  await settle();
  expect(shown.root.querySelector("[role=alertdialog]")?.textContent).toContain("4 samples will be labelled Shirt. One undo takes all of it back.");
  shown.named("button", "Decide 4").click();
  await calm();
  expect(said(shown)).toEqual([["train/0,train/1,train/2,test/8", "merge", "Shirt"]]);
  press(shown, "z");
  await calm();
  expect(inForce(shown)).toEqual([false]);
});

test("samples without a label get suggestions, and there is nothing to keep", async () => {
  const shown = await look({ options: { tab: "unlabelled" } });
  expect(tiles(shown)).toEqual(["test/11, labelled nothing, T-shirt?"]);
  press(shown, "k", "1");
  await calm();
  expect(said(shown)).toEqual([["test/11", "set", "T-shirt"]]);
});

test("blind: nothing of label or suggestion is on the page before the decision", async () => {
  const shown = await look({ options: { ...PAIR, blind: true } });
  const { root } = shown;
  root.querySelector(".choices")?.remove(); // the classes themselves, in their own order, stand there for every sample alike
  const html = root.innerHTML;
  for (const name of ["T-shirt", "Shirt", "Bag"]) expect(html).not.toContain(name);
  expect(html).not.toMatch(/\.80|\.10|likely wrong/);
  expect(root.querySelector(".likes")).toBeNull();
});

test("a sample that is neither picture nor text is judged by what was recorded of it, blind too", async () => {
  const shown = await look({ host: labelsHost({ kind: null }), options: { ...PAIR, blind: true } });
  await vi.waitFor(() => expect(shown.root.querySelector(".figure .meta")).not.toBeNull());
  // Neither label, split nor id: what stands for nothing in particular.
  expect([...shown.root.querySelectorAll(".figure dt")].map((one) => one.textContent)).toEqual(["device", "sample_index"]);
  expect(shown.root.querySelector(".figure dd")?.textContent).toBe("a");
});

test("blind, digits are classes; the class it has already is a label kept; afterwards everything is shown", async () => {
  const shown = await look({ options: { ...PAIR, blind: true } });
  expect([...shown.root.querySelectorAll(".choice")].map((one) => one.textContent?.replace(/\s+/g, " ").trim())).toEqual(["1 T-shirt", "2 Shirt", "3 Bag"]);
  press(shown, "k");
  await calm();
  expect(payloads(shown)).toEqual([]);
  press(shown, "1", "2");
  await calm();
  expect(said(shown)).toEqual([["train/0", "keep"], ["train/1", "set", "Shirt"]]);
  expect(payloads(shown).every(({ blind }) => blind === true)).toBe(true);
  press(shown, "Home");
  await settle();
  expect(shown.root.querySelector(".likes")).not.toBeNull();
});

test("duplicates: different labels first, one decision for the group, or copies of the one that stays", async () => {
  const shown = await look({ options: { tab: "duplicates" } });
  expect(shown.root.querySelector(".copies")?.textContent).toContain("labels differ");
  const ids = [...shown.root.querySelectorAll(".copies .like")].map((one) => one.getAttribute("aria-label")?.replace("Open ", ""));
  press(shown, "k");
  await calm();
  expect(payloads(shown)).toEqual([expect.objectContaining({ samples: ids, action: "set", reason: "similarity" })]);
  const group = [...shown.root.querySelectorAll(".copies .like")].map((one) => one.getAttribute("aria-label")?.replace("Open ", ""));
  press(shown, "d");
  await calm();
  const [, copies, stays] = payloads(shown);
  expect(copies).toMatchObject({ action: "duplicate_of", of: stays?.samples[0] });
  expect([...(copies?.samples ?? []), ...(stays?.samples ?? [])].sort()).toEqual([...group].sort());
  press(shown, "z");
  await calm();
  expect(inForce(shown)).toEqual([true, false, false]);
});

// how far it is

test("a control sample is judged blind, and says how many errors are left at most", async () => {
  const shown = await look({ options: { tab: "control", control: 4 } });
  expect(shown.root.querySelectorAll(".tile")).toHaveLength(4);
  expect(shown.text()).toContain("How many are left, no score can say.");
  press(shown, "1", "1", "1", "1");
  await calm();
  expect(payloads(shown).every(({ reason, blind }) => reason === "control" && blind === true)).toBe(true);
  expect(shown.text()).toMatch(/At most \d+ wrong labels? (is|are) left/);
});

test("people who disagree are told, with their agreement, and can be looked at", async () => {
  const host = labelsHost();
  decidedBy(host, "ana", ["train/0", "train/1"], { action: "set", label: "Shirt" });
  decidedBy(host, "bo", ["train/0"], { action: "set", label: "Shirt" });
  decidedBy(host, "bo", ["train/1"], { action: "keep" });
  const shown = await look({ host });
  expect(shown.text()).toContain("ana and bo: the same on 50\u202f% of 2 samples, Cohen's κ 0.00");
  shown.named("button", "1 disagreement").click();
  await calm();
  expect(tiles(shown)).toEqual(["train/1, labelled T-shirt, ✓ kept"]);
  expect(shown.root.querySelector(".facts")?.textContent).toContain("ana: Shirt · bo: kept");
});

test("what was decided goes out as the columns that can be read in again", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "1", "k");
  await calm();
  const saved: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => (saved.push(blob as Blob), "blob:saved"));
  shown.named("button", "All pairs").click();
  await calm();
  shown.named("button", "Save corrected labels").click();
  shown.named("button", "Save the log").click();
  const lines = (await saved[0]?.text())?.trim().split("\r\n");
  expect(lines).toEqual([
    "sample_id,split,label_old,label_new,status,label_set,duplicate_of,n_votes,author,time",
    "train/0,train,T-shirt,Shirt,set,,,1,me,2026-01-01T00:00:01Z",
    "train/1,train,T-shirt,T-shirt,keep,,,1,me,2026-01-01T00:00:02Z",
  ]);
  expect((await saved[1]?.text())?.trim().split("\n").map((line) => (JSON.parse(line) as { payload: { action: string } }).payload.action)).toEqual(["set", "keep"]);
});

test("a page for reading shows everything, decides nothing, and says why", async () => {
  const host = labelsHost({ capabilities: { run: false, decide: false, media: true } });
  host.capabilities = { run: false, decide: false, media: true, share: false };
  const shown = await look({ host, options: PAIR });
  press(shown, "1");
  await calm();
  expect(host.decided).toEqual([]);
  expect(shown.text()).toContain("This page is open for reading only, so nothing can be saved.");
  expect(shown.root.querySelector("[role=toolbar]")).toBeNull();
});

test("help lists the keys, and closing it gives them back", async () => {
  const shown = await look({ options: PAIR });
  press(shown, "?");
  await settle();
  expect(shown.named("[role=dialog]", "Keys of the desk").textContent).toContain("Keep the label");
  press(shown, "Escape");
  await calm();
  press(shown, "k");
  await calm();
  expect(said(shown)).toEqual([["train/0", "keep"]]);
});

test("without labels, or with several to a sample, it says what is missing", async () => {
  const shown = await look({ more: { n_missing_labels: 12 }, host: labelsHost({ n_missing_labels: 12 }) });
  expect(shown.text()).toContain("No sample has a label");
  shown.close();
  expect((await opened({ host: labelsHost({ task: "multilabel" }) })).text()).toContain("here a sample has several");
});
