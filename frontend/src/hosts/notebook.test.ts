// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GoneError, HostError } from "./errors";
import type { HostEvent } from "./host";
import { BUSY, CLOSED, NotebookHost, type Model } from "./notebook";

interface Sent {
  hello?: string;
  requests?: { id: string; method: string; path: string; body: unknown }[];
  cancel?: string[];
}

/** A widget's model whose other end is the test. */
class FakeModel implements Model {
  readonly sent: Sent[] = [];
  private readonly listeners = new Map<string, Set<(...args: never[]) => void>>();
  broken = false;

  get(): unknown {
    return undefined;
  }
  set(): void {}
  save_changes(): void {}
  send(content: unknown): void {
    if (this.broken) throw new Error("Comm is disposed");
    this.sent.push(content as Sent);
  }
  on(event: string, callback: (...args: never[]) => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(callback));
  }
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void {
    if (event && callback) this.listeners.get(event)?.delete(callback);
  }
  emit(event: string, ...args: unknown[]): void {
    for (const callback of this.listeners.get(event) ?? []) (callback as (...given: unknown[]) => void)(...args);
  }

  get asked(): NonNullable<Sent["requests"]> {
    return this.sent.flatMap(({ requests }) => requests ?? []);
  }

  /** Answer a request as the kernel does: JSON, text, or pieces of bytes. */
  answer(id: string, body: unknown, { status = 200, type = "application/json" } = {}): void {
    const pieces = Array.isArray(body) && body[0] instanceof Uint8Array ? (body as Uint8Array[]) : [new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))];
    const answers = pieces.map((_, part) => ({ id, status, headers: { "content-type": type }, part, parts: pieces.length }));
    // A view into a larger buffer, as hosts hand it over.
    const buffers = pieces.map((piece) => {
      const large = new Uint8Array(piece.length + 8);
      large.set(piece, 4);
      return new DataView(large.buffer, 4, piece.length);
    });
    this.emit("msg:custom", { answers }, buffers);
  }
}

let model: FakeModel;
let host: NotebookHost;
let gone: AbortController;
let heard: HostEvent[];

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  gone = new AbortController();
  host = new NotebookHost(model, gone.signal);
  heard = [];
  host.subscribe((event) => heard.push(event));
});
afterEach(() => {
  host.close();
  vi.useRealTimers();
});

const turn = () => vi.advanceTimersByTimeAsync(0);

test("what is asked in one go leaves as one message, and each answer finds its question", async () => {
  const first = host.text(1);
  const second = host.text(2);
  const decided = host.decide({ id: "d", kind: "tag", payload: { name: "odd" } });
  await turn();
  expect(model.sent).toHaveLength(2);
  expect(model.sent[0]?.hello).toMatch(/^[a-z0-9]+$/);
  expect(model.asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["GET", "/api/media/1", null],
    ["GET", "/api/media/2", null],
    ["POST", "/api/decide", { id: "d", kind: "tag", payload: { name: "odd" } }],
  ]);
  const [one, two, three] = model.asked.map(({ id }) => id);
  model.answer(three ?? "", { sequence: 4, hash: "h" });
  model.answer(two ?? "", "the second");
  model.answer("somebody else's:7", "not for us");
  model.answer(one ?? "", "the first");
  expect(await Promise.all([first, second, decided])).toEqual(["the first", "the second", { sequence: 4, hash: "h" }]);
});

test("a long answer is put together from its pieces, whatever buffer they lie in", async () => {
  const text = host.text(1);
  await turn();
  const bytes = (letters: string) => new TextEncoder().encode(letters);
  model.answer(model.asked[0]?.id ?? "", [bytes("one "), bytes("two "), bytes("three")], { type: "text/plain" });
  expect(await text).toBe("one two three");
});

test("an error comes in the program's words", async () => {
  const run = host.run("performance", { bins: 3 });
  await turn();
  model.answer(model.asked[0]?.id ?? "", { error: { type: "ParameterError", message: "bins must be at least 5." } }, { status: 400 });
  await expect(run).rejects.toEqual(new HostError("ParameterError", "bins must be at least 5."));
});

test("who gives up is rejected at once, and the kernel is told to stop", async () => {
  const control = new AbortController();
  const text = host.text(1, control.signal);
  await turn();
  control.abort();
  await expect(text).rejects.toMatchObject({ name: "AbortError" });
  await turn();
  expect(model.sent.at(-1)?.cancel).toEqual([model.asked[0]?.id]);
  model.answer(model.asked[0]?.id ?? "", "too late");
});

test("a running analysis reports progress and ends by events", async () => {
  const seen: number[] = [];
  const run = host.run("performance", {}, { onProgress: ({ done }) => seen.push(done) });
  await turn();
  model.answer(model.asked[0]?.id ?? "", { job: "j", state: "running" });
  await turn();
  model.emit("msg:custom", { events: [{ type: "progress", job: "j", done: 0.25, message: "" }, { type: "done", job: "j", key: "k", tables: { metrics: 2 } }] }, []);
  expect(await run).toEqual({ analysis: "performance", key: "k", tables: { metrics: 2 } });
  expect(seen).toEqual([0.25]);
});

test("a kernel that is busy is told from one that is gone, and what was asked is answered when it is free", async () => {
  model.emit("msg:custom", { events: [{ type: "hello" }] }, []);
  expect(heard.at(-1)).toEqual({ type: "connection", connection: { state: "connected" } });
  const text = host.text(1);
  await vi.advanceTimersByTimeAsync(3900);
  expect(heard).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(heard.at(-1)).toMatchObject({ type: "connection", connection: { state: "lost", reason: BUSY } });
  model.answer(model.asked[0]?.id ?? "", "at last");
  expect(await text).toBe("at last");
  expect(heard.slice(-2)).toEqual([{ type: "connection", connection: { state: "connected" } }, { type: "recording" }]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(heard.at(-1)).toEqual({ type: "recording" });
});

test("one answer does not make the kernel alive for what else was asked", async () => {
  const both = [host.text(1), host.text(2)];
  await turn();
  model.answer(model.asked[0]?.id ?? "", "one");
  await both[0];
  await vi.advanceTimersByTimeAsync(4100);
  expect(heard.at(-1)).toMatchObject({ connection: { state: "lost", reason: BUSY } });
  both[1]?.catch(() => undefined);
});

test("when the hub is closed everything that waits is rejected with what to do", async () => {
  const text = host.text(1);
  text.catch(() => undefined);
  await turn();
  gone.abort();
  await expect(text).rejects.toEqual(new GoneError(CLOSED));
  await expect(host.text(2)).rejects.toEqual(new GoneError(CLOSED));
  expect(heard.at(-1)).toMatchObject({ connection: { state: "lost", reason: CLOSED, retryAt: Number.POSITIVE_INFINITY } });
});

test("a comm that is disposed of is a hub that is gone", async () => {
  model.broken = true;
  const text = host.text(1);
  await expect(text).rejects.toEqual(new GoneError(CLOSED));
});

test("a comm that dies or comes back is asked whether anybody is there", async () => {
  model.emit("msg:custom", { events: [{ type: "hello" }] }, []);
  const before = model.sent.length;
  model.emit("comm_live_update");
  expect(model.sent).toHaveLength(before + 1);
  expect(model.sent.at(-1)?.hello).toBe(model.sent[0]?.hello);
  await vi.advanceTimersByTimeAsync(4100);
  expect(heard.at(-1)).toMatchObject({ connection: { state: "lost", reason: BUSY } });
});

test("pictures are asked for once, kept as blobs, and the oldest are let go", async () => {
  const made: string[] = [];
  const revoked: string[] = [];
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => (made.push(`blob:${made.length}`), made.at(-1)), revokeObjectURL: (address: string) => revoked.push(address) }));
  const first = host.media(0, 96);
  expect(host.media(0, 96)).toBe(first);
  await turn();
  expect(model.asked.map(({ path }) => path)).toEqual(["/api/media/0?size=96"]);
  model.answer(model.asked[0]?.id ?? "", [new Uint8Array(10)], { type: "image/webp" });
  expect(await first).toBe("blob:0");
  expect(host.media(0, 96)).toBe("blob:0");
  for (let sample = 1; sample <= 1500; sample++) {
    if (sample === 700) host.media(0, 96); // looked at meanwhile
    const coming = host.media(sample, 96);
    await turn();
    model.answer(model.asked.at(-1)?.id ?? "", [new Uint8Array(10)], { type: "image/webp" });
    await coming;
  }
  expect(revoked).toEqual(["blob:1"]);
  host.close();
  expect(revoked).toHaveLength(made.length);
  vi.unstubAllGlobals();
});

test("a picture that is not there is explained in the program's words", async () => {
  const picture = Promise.resolve(host.media(3, 96));
  picture.catch(() => undefined);
  await turn();
  const refusal = { error: { type: "MediaError", message: "The image of sample 3 is truncated." } };
  model.answer(model.asked[0]?.id ?? "", refusal, { status: 422 });
  await expect(picture).rejects.toThrow("There is no picture at media/3?size=96.");
  const why = host.whyNoMedia(3);
  await turn();
  model.answer(model.asked[1]?.id ?? "", refusal, { status: 422 });
  expect(await why).toBe("The image of sample 3 is truncated.");
});

test("code of the page is brought as a blob, once", async () => {
  const first = host.code("assets/vega-1.js");
  expect(host.code("assets/vega-1.js")).toBe(first);
  await turn();
  expect(model.asked.map(({ path }) => path)).toEqual(["/assets/vega-1.js"]);
  model.answer(model.asked[0]?.id ?? "", "export {}", { type: "text/javascript" });
  expect(await first).toMatch(/^blob:/);
  const missing = host.code("assets/none.js");
  missing.catch(() => undefined);
  await turn();
  model.answer(model.asked[1]?.id ?? "", "", { status: 404 });
  await expect(missing).rejects.toThrow("There is no code at assets/none.js.");
});

test("what is shared is told to whoever listens later, field by field", () => {
  model.emit("msg:custom", { events: [{ type: "state", sequence: 1, by: "python", state: { focus: 3 } }, { type: "state", sequence: 2, by: "python", state: { color_by: "ink" } }] }, []);
  const late: HostEvent[] = [];
  host.subscribe((event) => late.push(event));
  expect(late.at(-1)).toEqual({ type: "state", sequence: 2, by: "python", state: { focus: 3, color_by: "ink" } });
});
