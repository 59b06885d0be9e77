// @vitest-environment node
import { columnFromArray, float16, int32, int64, interval, tableFromArrays, tableFromColumns, tableToIPC, utf8, columnFromValues, dictionary, bool } from "@uwdata/flechette";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { numbersOf, stringsOf, tableFromArrow, valueAt } from "./arrow";
import { ArrivalError, HostError } from "./errors";
import type { HostEvent } from "./host";
import { description } from "./fake";
import { readRecording } from "./recording";
import { ServerHost } from "./server";

function stream(table: ReturnType<typeof tableFromArrays>): ArrayBuffer {
  const bytes = tableToIPC(table, { format: "stream" });
  if (!bytes) throw new Error("nothing encoded");
  return bytes.slice().buffer as ArrayBuffer;
}

test("columns arrive typed, with nulls kept apart from values", () => {
  const table = tableFromArrow(stream(tableFromColumns({
    prediction: columnFromArray([3, null, 5], int32()),
    step: columnFromArray([1n, 2n, 2n ** 60n], int64()),
    split: columnFromValues(["test", "train", "test"], dictionary(utf8())),
    correct: columnFromArray([true, null, false], bool()),
    half: columnFromArray([0.5, 1, 2], float16()),
    id: columnFromArray(["a", "b", null], utf8()),
  })));
  const prediction = table.get("prediction");
  expect(prediction?.kind === "number" && prediction.values instanceof Int32Array).toBe(true);
  expect([0, 1, 2].map((i) => prediction && valueAt(prediction, i))).toEqual([3, null, 5]);
  expect([...numbersOf(table, "step").values]).toEqual([1, 2, 2 ** 60]);
  expect([0, 1, 2].map(stringsOf(table, "split"))).toEqual(["test", "train", "test"]);
  const correct = table.get("correct");
  expect([0, 1, 2].map((i) => correct && valueAt(correct, i))).toEqual([true, null, false]);
  expect([...numbersOf(table, "half").values]).toEqual([0.5, 1, 2]);
  const id = table.get("id");
  expect(id && valueAt(id, 2)).toBeNull();
});

test("a type this page does not know is an error that names it, not a guess", () => {
  const odd = stream(tableFromColumns({ when: columnFromArray([Float64Array.of(1, 2, 3)], interval(2)) }));
  expect(() => tableFromArrow(odd)).toThrow(
    'Column "when" arrived as Interval, a type this page does not know. Leave it out, or update Bathyscope so that the page and the program match.',
  );
});

test("a missing column and a damaged stream are errors in words", () => {
  expect(() => tableFromArrow(stream(tableFromArrays({ a: [1] })), ["a", "b"])).toThrow("Asked for a, b; b did not arrive.");
  expect(() => tableFromArrow(new TextEncoder().encode("<html>not arrow at all</html>").buffer as ArrayBuffer)).toThrow(ArrivalError);
});

test("a column of the wrong kind is refused where it is used", () => {
  const table = tableFromArrow(stream(tableFromColumns({ name: columnFromArray(["a"], utf8()) })));
  expect(() => numbersOf(table, "name")).toThrow('Column "name" should hold numbers; it holds text.');
  expect(() => stringsOf(table, "other")).toThrow('Column "other" should hold text; it did not arrive.');
});

test("a recording is checked field by field", () => {
  expect(description(2).checkpoints[1]).toMatchObject({ name: "000002", step: 2, metrics: { val_loss: 0.5 } });
  expect(() => readRecording({ name: 4 })).toThrow("recording");
  expect(() => description(1, { task: "regression" })).toThrow('recording.task should be one of multiclass, multilabel; it is "regression".');
  expect(() => description(1, { columns: [{ name: "x", type: "picture", role: "metadata" }] })).toThrow("recording.columns[0].type should be one of category, text,");
});

class FakeSocket {
  static last: FakeSocket;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: URL) {
    FakeSocket.last = this;
  }
  send(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(): void {
    this.onclose?.();
  }
}

let answers: { path: string; init: RequestInit | undefined }[] = [];
let respond: (path: string) => Response;

beforeEach(() => {
  answers = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    const path = new URL(url).pathname + new URL(url).search;
    answers.push({ path, init });
    return Promise.resolve(respond(path));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

test("a running analysis reports progress and resolves when its end arrives", async () => {
  respond = () => json({ job: "j1", state: "running" });
  const host = new ServerHost("http://localhost:8000/");
  FakeSocket.last.onopen?.();
  const seen: number[] = [];
  const result = host.run("performance", {}, { onProgress: ({ done }) => seen.push(done) });
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  FakeSocket.last.send({ type: "progress", job: "j1", done: 0.5, message: "half" });
  FakeSocket.last.send({ type: "done", job: "j1", key: "k", tables: { metrics: 3 } });
  expect(await result).toEqual({ analysis: "performance", key: "k", tables: { metrics: 3 } });
  expect(seen).toEqual([0.5]);
  host.close();
});

test("what there is so far arrives as tables, and none of it after the end", async () => {
  respond = () => json({ job: "j1", state: "running" });
  const host = new ServerHost("http://localhost:8000/");
  FakeSocket.last.onopen?.();
  const seen: unknown[] = [];
  const result = host.run("illusion", {}, { onPartial: (tables) => seen.push([...tables].map(([name, table]) => [name, [...table].map(([column, { length }]) => [column, length])])) });
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  const stream = tableToIPC(tableFromArrays({ step: [32, 64] }), { format: "stream" }) ?? new Uint8Array();
  const partial = { type: "partial", tables: { frames: btoa(String.fromCharCode(...stream)) } };
  FakeSocket.last.send({ ...partial, job: "another" });
  FakeSocket.last.send({ ...partial, job: "j1" });
  FakeSocket.last.send({ type: "cancelled", job: "j1" });
  await expect(result).rejects.toThrow("illusion was cancelled.");
  FakeSocket.last.send({ ...partial, job: "j1" });
  expect(seen).toEqual([[["frames", [["step", 2]]]]]);
  host.close();
});

test("an end that arrives before the answer naming its job is not lost", async () => {
  const host = new ServerHost("http://localhost:8000/");
  FakeSocket.last.onopen?.();
  respond = () => {
    FakeSocket.last.send({ type: "failed", job: "j2", error: { type: "MissingInputError", message: "No labels were recorded." } });
    return json({ job: "j2", state: "running" });
  };
  await expect(host.run("performance", {})).rejects.toEqual(new HostError("MissingInputError", "No labels were recorded."));
  host.close();
});

test("cancelling tells the server", async () => {
  respond = (path) => (path.includes("cancel") ? json({}) : json({ job: "j3", state: "running" }));
  const host = new ServerHost("http://localhost:8000/");
  const control = new AbortController();
  const result = host.run("performance", {}, { signal: control.signal });
  result.catch(() => undefined);
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  control.abort();
  await vi.waitFor(() => expect(answers.at(-1)?.path).toBe("/api/jobs/j3/cancel"));
  FakeSocket.last.send({ type: "cancelled", job: "j3" });
  await expect(result).rejects.toThrow("performance was cancelled.");
  host.close();
});

test("when the socket closes the page is told, tries again later and asks its open questions anew", async () => {
  vi.useFakeTimers();
  const host = new ServerHost("http://localhost:8000/");
  const heard: HostEvent[] = [];
  host.subscribe((event) => heard.push(event));
  FakeSocket.last.onopen?.();
  const first = FakeSocket.last;
  first.close();
  expect(heard.at(-1)).toMatchObject({ type: "connection", connection: { state: "lost", reason: "The server does not answer." } });
  await vi.advanceTimersByTimeAsync(1000);
  expect(FakeSocket.last).not.toBe(first);
  FakeSocket.last.onopen?.();
  expect(heard.slice(-2)).toEqual([{ type: "connection", connection: { state: "connected" } }, { type: "recording" }]);
  host.close();
});

test("an unreadable image is explained in the server's words", async () => {
  respond = () => json({ error: { type: "MediaError", message: "The image of sample 3 is truncated." } }, 422);
  const host = new ServerHost("http://localhost:8000/");
  expect(await host.whyNoMedia(3)).toBe("The image of sample 3 is truncated.");
  expect(host.media(3, 96)).toBe("http://localhost:8000/api/media/3?size=96");
  host.close();
});

test("an event this page does not know is passed on as unknown", () => {
  const host = new ServerHost("http://localhost:8000/");
  const heard: HostEvent[] = [];
  host.subscribe((event) => heard.push(event));
  FakeSocket.last.send({ type: "weather" });
  expect(heard.at(-1)).toEqual({ type: "unknown", name: "weather" });
  host.close();
});
