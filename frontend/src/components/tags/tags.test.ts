import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import { divided, tags } from "./tags";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function write(text: string): Promise<void> {
  const input = page?.named("input", "Tag") as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}

async function put(tag: string, rows: number[]): Promise<void> {
  await page?.session.pick({ kind: "rows", rows }, "elsewhere");
  await write(tag);
  page?.named("form button", "Tag").click();
  await settle(16);
}

test("a tag is put on the picked samples; its count shows them", async () => {
  page = await mounted(tags);
  expect(page.text()).toContain("No sample is tagged yet");
  expect((page.named("form button", "Tag 0 selected") as HTMLButtonElement).disabled).toBe(true);
  await put("odd", [5, 8]);
  expect(page.text()).toContain("2 samples carry a tag");
  await page.session.pick({ kind: "all" }, "elsewhere");
  await settle();
  page.named(".door", "2: show the samples tagged odd").click();
  await settle();
  expect([...(page.session.store.selection.value?.indices ?? [])]).toEqual([5, 8]);
});

test("it is put on the rest of the picked samples, taken off some, and removed from all; each undone", async () => {
  page = await mounted(tags);
  await put("odd", [5, 8]);
  await page.session.pick({ kind: "rows", rows: [5, 6] }, "elsewhere");
  await settle();
  const rows = () => Object.fromEntries([...(page?.session.tags.rows.value ?? [])].map(([tag, own]) => [tag, [...own]]));
  page.named("button", "Put odd on 1 more").click();
  await settle(16);
  expect(rows()).toEqual({ odd: [5, 6, 8] });
  page.named("button", "Take odd off 2 selected").click();
  await settle(16);
  expect(rows()).toEqual({ odd: [8] });
  page.named("button", "Remove odd from 1 sample").click();
  await settle(16);
  expect(rows()).toEqual({});
  for (const expected of [{ odd: [8] }, { odd: [5, 6, 8] }]) {
    page.session.history.undo();
    await settle(16);
    expect(rows()).toEqual(expected);
  }
});

test("two lists of tags filter by themselves; a tag filters and stops filtering", async () => {
  page = await mounted(tags, { id: "tags-2" });
  await put("odd", [5, 8]);
  page.named("button", "Filter by odd").click();
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "tags-2/odd", expr: { op: "has", column: "tags", value: "odd" } }]);
  expect(page.session.filter.counts.value).toEqual({ passing: 2, total: 7 });
  page.named("button", "Filter by odd").click();
  await settle();
  expect(page.session.store.clauses.value).toEqual([]);
});

test("samples of another split are counted apart", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "tag", payload: { tag: "odd", samples: ["train/0", "test/5"] } });
  page = await mounted(tags, { host });
  expect(page.text()).toContain("of 2 in all splits");
});

test("where nothing can be saved it says so instead of offering it", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  await host.decide({ id: "1", kind: "tag", payload: { tag: "odd", samples: ["test/5"] } });
  page = await mounted(tags, { host });
  expect(page.text()).toContain("This page is open for reading only");
  expect(page.root.querySelector("form")).toBeNull();
  expect(page.root.querySelectorAll(".acts button")).toHaveLength(1);
});

test("what the picked samples carry and what they lack", () => {
  const { on, off } = divided(Uint32Array.of(1, 3), Uint32Array.of(3, 4), 5);
  expect([[...on], [...off]]).toEqual([[3], [4]]);
});
