/** The host of a notebook's views: the same requests and events as the server's, carried by a widget's comm. */
import { GoneError, HostError } from "./errors";
import { RemoteHost, type Hears, type Line } from "./remote";

/** What an anywidget module is given of its model. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: readonly ArrayBuffer[]): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void;
}

interface Asked {
  resolve: (answer: Response) => void;
  reject: (error: unknown) => void;
  pieces: Uint8Array<ArrayBuffer>[];
}

interface Told {
  id: string;
  status: number;
  headers: Record<string, string>;
  part: number;
  parts: number;
}

/** A kernel that says nothing for so long while it is asked something is busy, or is not there any more. */
const SILENT_MS = 4000;
/** Pictures kept, as addresses of blobs: more than a screen of the largest grid. */
const PICTURES = 1500;
const PICTURE_BYTES = 64e6;
/** Statuses whose answers may have no body. */
const BODILESS = new Set([204, 205, 304]);

export const BUSY = "The kernel does not answer: it is running another cell, or it was restarted. What is shown stays. If it was restarted, run the cell that makes the hub and then this one.";
export const CLOSED = "The kernel behind this view is gone, or its hub was closed. What is shown stays. To go on, run the cell that makes the hub and then this one.";

export class NotebookHost extends RemoteHost {
  private readonly comm: CommLine;
  /** Addresses of code that was brought here, to be imported any number of times. */
  private readonly codes = new Map<string, Promise<string>>();

  constructor(model: Model, gone: AbortSignal) {
    const comm = new CommLine(model, gone);
    super("notebook", comm);
    this.comm = comm;
  }

  code(path: string): Promise<string> {
    const known = this.codes.get(path);
    if (known) return known;
    const asked = this.comm.code(path);
    this.codes.set(path, asked);
    asked.catch(() => this.codes.delete(path));
    return asked;
  }
}

function told(value: unknown): Told | null {
  const { id, status, headers, part, parts } = (value ?? {}) as Partial<Record<keyof Told, unknown>>;
  if (typeof id !== "string" || typeof status !== "number") return null;
  return { id, status, headers: (headers ?? {}) as Record<string, string>, part: Number(part ?? 0), parts: Number(parts ?? 1) };
}

/** The bytes of a buffer as hosts hand it over: a view of some kind, or the buffer itself; a copy, for hosts reuse theirs. */
function bytesOf(buffer: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice();
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer.slice(0)) : new Uint8Array(0);
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [one] = pieces;
  if (one && pieces.length === 1) return one;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

class CommLine implements Line {
  /** Every page that shows the notebook hears every answer; by this it knows its own. */
  private readonly page = Math.random().toString(36).slice(2, 10);
  private readonly asked = new Map<string, Asked>();
  private readonly pictures = new Pictures((path) => this.ask(path));
  private readonly received = (content: unknown, buffers?: readonly unknown[]) => this.receive(content, buffers ?? []);
  private readonly woken = () => this.greet();
  private outgoing: { requests: unknown[]; cancel: string[] } = { requests: [], cancel: [] };
  private hears: Hears | null = null;
  private count = 0;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private state: "connecting" | "connected" | "lost" | "closed" = "connecting";

  constructor(
    private readonly model: Model,
    gone: AbortSignal,
  ) {
    model.on("msg:custom", this.received);
    // Jupyter says so when a comm dies or comes to life; elsewhere nobody ever sends this.
    model.on("comm_live_update", this.woken);
    if (gone.aborted) this.end();
    gone.addEventListener("abort", () => this.end());
  }

  open(hears: Hears): void {
    this.hears = hears;
    this.greet();
  }

  ask(path: string, init?: RequestInit): Promise<Response> {
    return this.request(`/api/${path}`, init);
  }

  /** A module at an address of the page, as one that can be imported here. */
  async code(path: string): Promise<string> {
    const answer = await this.request(`/${path}`);
    if (!answer.ok) throw new HostError("UnknownAddressError", `There is no code at ${path}. Restart the kernel if Bathyscope was updated.`);
    return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: "text/javascript" }));
  }

  private request(path: string, init: RequestInit = {}): Promise<Response> {
    const { signal } = init;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.state === "closed") return Promise.reject(new GoneError(CLOSED));
    const id = `${this.page}:${this.count++}`;
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.asked.delete(id);
        this.send(() => this.outgoing.cancel.push(id));
        reject(signal?.reason);
      };
      const over = <T>(then: (value: T) => void) => (value: T) => {
        signal?.removeEventListener("abort", stop);
        then(value);
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.asked.set(id, { resolve: over(resolve), reject: over(reject), pieces: [] });
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
      this.send(() => this.outgoing.requests.push({ id, method: init.method ?? "GET", path, body }));
      this.listen();
    });
  }

  picture(path: string): string | Promise<string> {
    return this.pictures.get(path);
  }

  again(): void {
    this.greet();
  }

  close(): void {
    this.end();
    this.pictures.clear();
    this.model.off("msg:custom", this.received);
    this.model.off("comm_live_update", this.woken);
  }

  /** Ask for events, and see whether anybody is there. */
  private greet(): void {
    if (this.state === "closed" || !this.hears) return;
    this.transmit({ hello: this.page });
    this.listen();
  }

  /** What is asked in one go leaves as one message. */
  private send(add: () => void): void {
    const first = this.outgoing.requests.length + this.outgoing.cancel.length === 0;
    add();
    if (!first) return;
    queueMicrotask(() => {
      const { requests, cancel } = this.outgoing;
      this.outgoing = { requests: [], cancel: [] };
      this.transmit({ ...(requests.length > 0 ? { requests } : {}), ...(cancel.length > 0 ? { cancel } : {}) });
    });
  }

  private transmit(content: unknown): void {
    if (this.state === "closed") return;
    try {
      this.model.send(content);
    } catch {
      this.end(); // Jupyter disposes of a comm whose kernel is gone, and says so by throwing
    }
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (this.state === "closed") return;
      this.state = "lost";
      this.hears?.connection({ state: "lost", retryAt: Date.now(), reason: BUSY });
    }, SILENT_MS);
  }

  private receive(content: unknown, buffers: readonly unknown[]): void {
    const { answers, events } = (content ?? {}) as { answers?: unknown; events?: unknown };
    if (!Array.isArray(answers) && !Array.isArray(events)) return;
    clearTimeout(this.silence);
    if (Array.isArray(answers)) answers.forEach((answer: unknown, place) => this.answer(told(answer), buffers[place]));
    if (this.asked.size > 0) this.listen();
    if (this.state !== "connected" && this.state !== "closed") {
      this.state = "connected";
      this.hears?.connection({ state: "connected" });
    }
    if (Array.isArray(events)) for (const event of events as unknown[]) this.hears?.event(event);
  }

  private answer(answer: Told | null, buffer: unknown): void {
    const asked = answer && this.asked.get(answer.id);
    if (!answer || !asked) return;
    asked.pieces.push(bytesOf(buffer));
    if (asked.pieces.length < answer.parts) return;
    this.asked.delete(answer.id);
    const body = BODILESS.has(answer.status) ? null : joined(asked.pieces);
    asked.resolve(new Response(body, { status: answer.status, headers: answer.headers }));
  }

  /** Nobody will answer any more. */
  private end(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    clearTimeout(this.silence);
    for (const { reject } of this.asked.values()) reject(new GoneError(CLOSED));
    this.asked.clear();
    this.hears?.connection({ state: "lost", retryAt: Number.POSITIVE_INFINITY, reason: CLOSED });
  }
}

/** Pictures as addresses of blobs; the ones that were not looked at for longest are let go. */
class Pictures {
  private readonly kept = new Map<string, { address: string; bytes: number }>();
  private readonly coming = new Map<string, Promise<string>>();
  private bytes = 0;

  constructor(private readonly fetch: (path: string) => Promise<Response>) {}

  get(path: string): string | Promise<string> {
    const known = this.kept.get(path);
    if (!known) return this.coming.get(path) ?? this.bring(path);
    this.kept.delete(path);
    this.kept.set(path, known);
    return known.address;
  }

  clear(): void {
    for (const path of [...this.kept.keys()]) this.drop(path);
  }

  private bring(path: string): Promise<string> {
    const coming = this.fetch(path)
      .then(async (answer) => {
        if (!answer.ok) throw new Error(`There is no picture at ${path}.`);
        return this.keep(path, await answer.blob());
      })
      .finally(() => this.coming.delete(path));
    this.coming.set(path, coming);
    return coming;
  }

  private keep(path: string, picture: Blob): string {
    const address = URL.createObjectURL(picture);
    this.kept.set(path, { address, bytes: picture.size });
    this.bytes += picture.size;
    for (const oldest of this.kept.keys()) {
      if ((this.kept.size <= PICTURES && this.bytes <= PICTURE_BYTES) || oldest === path) break;
      this.drop(oldest);
    }
    return address;
  }

  private drop(path: string): void {
    const { address, bytes } = this.kept.get(path) ?? { address: "", bytes: 0 };
    URL.revokeObjectURL(address);
    this.bytes -= bytes;
    this.kept.delete(path);
  }
}
