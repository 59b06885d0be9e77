// @vitest-environment node
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { settle } from "../components/mounted";
import { parse } from "./clause-parser";
import { textOf } from "./clause-text";
import { rowsOf } from "./masks";
import { Session } from "./session";

let session: Session | null = null;
afterEach(() => session?.stop());

async function opened(fragment = "", keep: (fragment: string) => void = () => undefined, host = new FakeHost()): Promise<Session> {
  session = new Session(host, await host.recording());
  session.start(fragment, keep);
  await settle();
  return session;
}

test("a filter narrows the samples shown and the count, and goes into the address and back", async () => {
  let kept = "";
  const { store, filter } = await opened("", (fragment) => (kept = fragment));
  filter.add(parse("label = Shirt"));
  await settle();
  expect([...store.shown.value]).toEqual([5]);
  expect(filter.counts.value).toEqual({ passing: 2, total: 7 });
  expect(new URLSearchParams(kept).get("filter")).toBe('bar:label = "Shirt"');
  session?.stop();
  const again = await opened(kept);
  expect([...again.store.shown.value]).toEqual([5]);
});

test("what the checkpoint says can be filtered, and follows the checkpoint", async () => {
  const { store, filter } = await opened();
  store.split.value = "all";
  filter.add(parse("prediction = Shirt and correct = true"));
  await settle();
  expect([...rowsOf(filter.mask() ?? new Uint32Array(1))]).toEqual([3, 4, 9]);
  store.choose(0);
  await new Promise((resolve) => setTimeout(resolve, 260));
  await settle();
  expect([...rowsOf(filter.mask() ?? new Uint32Array(1))]).toEqual([3, 9]);
});

test("a clause on a column that is not there is kept, says so and filters nothing", async () => {
  const { filter } = await opened("#filter=bar:gone+%3D+1&filter=bar:label+%3D+Shirt");
  expect([...filter.failed]).toEqual([["c1", "There is no column “gone”."]]);
  expect(filter.counts.value).toEqual({ passing: 2, total: 7 });
});

test("a tampered filter is dropped", async () => {
  const { store } = await opened("#filter=bar:label+%3D&filter=nonsense&filter=%25zz:a=1&filter=!over:device+%3D+a");
  expect(store.clauses.value.map(({ source, enabled }) => [source, enabled])).toEqual([["over", false]]);
});

test("a large set of chosen samples stays out of the address, and that is said", async () => {
  let kept = "";
  const { store, filter } = await opened("", (fragment) => (kept = fragment));
  filter.add({ op: "rows", rows: Uint32Array.from({ length: 101 }, (_, i) => i) });
  expect(kept).toBe("");
  expect(store.notices.value).toEqual(["A filter of more than 100 chosen samples is not kept in the address."]);
});

test("every filter in the documentation can be read, and is written so that it is read alike", () => {
  const page = readFileSync(resolve(process.cwd(), "../docs/reference/filters.md"), "utf8");
  const examples = [...page.matchAll(/^\| (`+) ?(.*?) ?\1 \|/gm)].map(([, , example]) => example ?? "");
  expect(examples.length).toBeGreaterThan(15);
  for (const example of examples) expect(parse(textOf(parse(example))), example).toEqual(parse(example));
});
