import { render } from "preact";
import { afterEach, expect, test, vi } from "vitest";
import { settle } from "../components/mounted";
import { FakeHost } from "../hosts/fake";
import { rowsOf } from "../state/masks";
import { csvCell, csvOf } from "../state/cells";
import { exprOfRows, filterChosen } from "../state/chosen";
import { fieldsOf } from "../state/fields";
import { Session } from "../state/session";
import { SelectionBar, selectedText } from "./selection-bar";

let session: Session | null = null;
afterEach(() => {
  render(null, document.body);
  session?.stop();
});

async function opened(host = new FakeHost()): Promise<{ host: FakeHost; session: Session }> {
  session = new Session(host, await host.recording());
  session.start("", () => undefined);
  render(<SelectionBar session={session} />, document.body);
  await settle();
  return { host, session };
}

const bar = () => document.querySelector(".selection-bar");
const button = (start: string) => [...document.querySelectorAll("button")].find((one) => one.textContent?.startsWith(start)) as HTMLButtonElement;
const passing = (session: Session) => [...rowsOf(session.filter.mask() ?? new Uint32Array(0))];

test("it is there while samples are picked, counts those the filter hides, and clears", async () => {
  const { session } = await opened();
  expect(bar()).toBeNull();
  await session.pick({ kind: "rows", rows: [5, 6, 7] }, "table");
  session.filter.add({ op: "eq", column: "device", value: "b" });
  await settle();
  expect(bar()?.textContent).toContain("3 selected, 1 hidden by the filter");
  button("Clear selection").click();
  await settle();
  expect(bar()).toBeNull();
  expect(session.store.selection.value?.source).toBe("start");
  expect(selectedText(1234, 0)).toBe("1,234 selected");
});

test("the picked samples are shown alone, or left out", async () => {
  const { session } = await opened();
  await session.pick({ kind: "rows", rows: [5, 6] }, "table");
  await settle();
  button("Show only these").click();
  await settle();
  expect(passing(session)).toEqual([5, 6]);
  session.filter.clear();
  button("Leave out").click();
  await settle();
  expect(passing(session)).toEqual([0, 1, 2, 3, 4, 7, 8, 9, 10, 11]);
});

test("with nothing picked there is nothing to filter by; many samples are bits, not a list", async () => {
  const { session } = await opened();
  expect(filterChosen(session, "only")).toBe(false);
  expect(session.store.clauses.value).toEqual([]);
  const many = exprOfRows(Uint32Array.from({ length: 101 }, (_, i) => i), 1000);
  expect(many.op).toBe("bits");
  expect(exprOfRows(Uint32Array.of(7, 3), 1000)).toEqual({ op: "rows", rows: Uint32Array.of(3, 7) });
});

test("a tag is put on what is picked", async () => {
  const { host, session } = await opened();
  await session.pick({ kind: "rows", rows: [5, 6] }, "table");
  await settle();
  const input = document.querySelector("input") as HTMLInputElement;
  input.value = "odd";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  button("Tag").click();
  await settle(16);
  expect(host.decided[0]?.payload).toEqual({ tag: "odd", samples: ["test/5", "test/6"] });
});

test("notes on the picked samples are counted and lead to them", async () => {
  const host = new FakeHost();
  for (const id of ["test/5", "test/5", "train/0"]) await host.decide({ id, kind: "note", payload: { sample: id, text: "look" } });
  const { session } = await opened(host);
  await session.pick({ kind: "rows", rows: [5, 6] }, "table");
  await settle();
  button("2 notes").click();
  await settle();
  expect([...(session.store.selection.value?.indices ?? [])]).toEqual([5]);
});

test("ids are copied line by line", async () => {
  const { session } = await opened();
  const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await session.pick({ kind: "rows", rows: [5, 6] }, "table");
  await settle();
  button("Copy ids").click();
  await settle();
  expect(written).toHaveBeenCalledWith("test/5\ntest/6");
});

test("CSV: every field, text that begins like a formula is kept text, numbers stay numbers", async () => {
  const { session } = await opened();
  const fields = fieldsOf(session.store.recording.value).filter(({ name }) => ["sample_id", "label", "device", "loss"].includes(name));
  const blob = await csvOf(session, fields, [5, 11]);
  expect(await blob.text()).toBe("label,loss,device,sample_id\r\nShirt,0.5,b,test/5\r\n,,b,test/11\r\n");
  expect(["=1+1", "+a", "-a", "@x", "\tx", 'say "so", twice', -1.5, -3n, null, "a-b"].map(csvCell)).toEqual(["'=1+1", "'+a", "'-a", "'@x", "'\tx", '"say ""so"", twice"', "-1.5", "-3", "", "a-b"]);
});

test("where nothing can be saved no tag is offered", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  const { session } = await opened(host);
  await session.pick({ kind: "rows", rows: [5] }, "table");
  await settle();
  expect(document.querySelector("input")).toBeNull();
  expect(button("Save CSV")).toBeDefined();
});
