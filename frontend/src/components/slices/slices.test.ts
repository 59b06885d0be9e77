import { afterEach, expect, test } from "vitest";
import { mounted, settle, type Mounted } from "../mounted";
import { slices } from "./slices";

let page: Mounted | null = null;
afterEach(() => page?.close());

async function choose(column: string): Promise<void> {
  const select = page?.named("select", "Break down by") as HTMLSelectElement;
  select.value = column;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

test("choosing a column measures its values; each count opens exactly its samples", async () => {
  page = await mounted(slices);
  await choose("device");
  expect(page.host.asked).toContain('run performance {"checkpoint":"000003","slices":["device"]}');
  const rows = [...page.root.querySelectorAll("tbody tr")];
  expect(rows.map((row) => row.querySelector("th")?.textContent)).toEqual(["a", "b"]);
  for (const row of rows) {
    const door = row.querySelector<HTMLElement>("button");
    door?.click();
    await settle();
    expect(page.session.store.selection.value?.indices.length).toBe(Number.parseInt(door?.textContent ?? "", 10));
  }
});

test("few samples are marked as few", async () => {
  page = await mounted(slices);
  await choose("device");
  expect(page.root.querySelectorAll(".badge.warn")).toHaveLength(2);
});

test("a column with the name of a built-in is only a name", async () => {
  page = await mounted(slices, { more: { columns: [{ name: "__proto__", type: "category", role: "metadata" }, { name: "label", type: "integer", role: "label" }] } });
  await choose("__proto__");
  expect(page.session.store.groupBy.value).toEqual(["__proto__"]);
});

test("without metadata the view says how to record some", async () => {
  page = await mounted(slices, { more: { columns: [{ name: "label", type: "integer", role: "label" }] } });
  expect(page.text()).toContain("No metadata column has values to compare. Record some with metadata={…}: a source, a device, a date.");
});
