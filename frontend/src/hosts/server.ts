/** The host of the dashboard: HTTP for data, one WebSocket for events and progress. */
import { tableFromArrow } from "./arrow";
import { ArrivalError, GoneError, HostError } from "./errors";
import type { Connection, Decision, Host, HostEvent, Json, Progress, RunOptions, RunResult, Table, TableOptions } from "./host";
import { readRecording, type Capabilities, type Recording } from "./recording";

type JobEnd = { state: "done"; key: string; tables: Record<string, number> } | { state: "failed"; error: HostError } | { state: "cancelled" };

interface Waiting {
  progress: (progress: Progress) => void;
  end: (end: JobEnd) => void;
  /** The socket was away: an end may have been missed. */
  missed: () => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;
const REMEMBERED_ENDS = 64;

function record(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
}

function counts(value: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, rows]) => [name, Number(rows)]));
}

function errorOf(value: unknown, fallback: string): HostError {
  const error = record(record(value)["error"]);
  return new HostError(String(error["type"] ?? "Error"), typeof error["message"] === "string" ? error["message"] : fallback);
}

export class ServerHost implements Host {
  readonly name = "server";
  capabilities: Capabilities = { run: false, decide: false, media: false };
  private readonly listeners = new Set<(event: HostEvent) => void>();
  private readonly waiting = new Map<string, Waiting>();
  /** A job may end before the answer that names it arrives. */
  private readonly ended = new Map<string, JobEnd>();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private delay = FIRST_RETRY_MS;
  private closed = false;
  private greeted = false;
  private mediaVersion: string | null = null;
  private state: Connection = { state: "connecting" };

  constructor(private readonly base: string) {
    this.connect();
  }

  private address(path: string): string {
    return new URL(`api/${path}`, this.base).href;
  }

  private async ask(path: string, init?: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(this.address(path), { credentials: "same-origin", ...init });
    } catch (cause) {
      if (init?.signal?.aborted) throw cause;
      throw new GoneError("The server does not answer. What is on the page stays; it is asked again shortly.");
    }
    if (answer.ok) return answer;
    const words = await answer.json().catch(() => null);
    throw errorOf(words, `The server answered ${answer.status} to ${path.split("?")[0]}.`);
  }

  private post(path: string, body: Json, signal?: AbortSignal): Promise<Response> {
    return this.ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  }

  async recording(signal?: AbortSignal): Promise<Recording> {
    const answer = await this.ask("recording", signal ? { signal } : {});
    const recording = readRecording((await answer.json()) as Json);
    this.capabilities = recording.capabilities;
    this.mediaVersion = recording.mediaVersion;
    return recording;
  }

  async table(name: string, columns: readonly string[], options: TableOptions = {}): Promise<Table> {
    const query: string[] = [];
    // Each name is escaped by itself: a comma between names and one inside a name must stay apart.
    if (columns.length > 0) query.push(`columns=${columns.map(encodeURIComponent).join(",")}`);
    if (options.rows) query.push(`rows=${options.rows.join(",")}`);
    if (options.sample !== undefined) query.push(`sample=${options.sample}`);
    const path = `tables/${name.split("/").map(encodeURIComponent).join("/")}`;
    const answer = await this.ask(`${path}?${query.join("&")}`, options.signal ? { signal: options.signal } : {});
    return tableFromArrow(await answer.arrayBuffer(), columns);
  }

  media(sampleIndex: number, size?: number): string {
    const query = [
      ...(size === undefined ? [] : [`size=${size}`]),
      ...(this.mediaVersion === null ? [] : [`v=${encodeURIComponent(this.mediaVersion)}`]),
    ];
    return this.address(`media/${sampleIndex}${query.length > 0 ? `?${query.join("&")}` : ""}`);
  }

  async text(sampleIndex: number, signal?: AbortSignal): Promise<string> {
    return (await this.ask(`media/${sampleIndex}`, signal ? { signal } : {})).text();
  }

  async whyNoMedia(sampleIndex: number): Promise<string> {
    try {
      await this.ask(`media/${sampleIndex}?size=96`);
      return "The image could not be shown by this browser.";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async run(analysis: string, params: { readonly [key: string]: Json }, options: RunOptions = {}): Promise<RunResult> {
    const { signal, onProgress } = options;
    for (;;) {
      const answer = record(await (await this.post(`run/${encodeURIComponent(analysis)}`, params, signal)).json());
      const end: JobEnd | "missed" =
        answer["state"] === "done" && typeof answer["key"] === "string"
          ? { state: "done", key: answer["key"], tables: counts(answer["tables"]) }
          : await this.endOf(String(answer["job"]), onProgress, signal);
      // After a lost connection the same question is asked again: the answer is cached by its key, so nothing is done twice.
      if (end === "missed") continue;
      if (end.state === "failed") throw end.error;
      if (end.state === "cancelled") throw new DOMException(`${analysis} was cancelled.`, "AbortError");
      return { analysis, key: end.key, tables: end.tables };
    }
  }

  private endOf(job: string, onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<JobEnd | "missed"> {
    const early = this.ended.get(job);
    if (early) return Promise.resolve(early);
    return new Promise((resolve) => {
      const cancel = () => void this.post(`jobs/${encodeURIComponent(job)}/cancel`, {}).catch(() => finish({ state: "cancelled" }));
      const finish = (end: JobEnd | "missed") => {
        this.waiting.delete(job);
        signal?.removeEventListener("abort", cancel);
        resolve(end);
      };
      this.waiting.set(job, { progress: (progress) => onProgress?.(progress), end: finish, missed: () => finish("missed") });
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted) cancel();
    });
  }

  async decide(decision: Decision): Promise<{ sequence: number; hash: string }> {
    const answer = record(await (await this.post("decide", { ...decision })).json());
    return { sequence: Number(answer["sequence"]), hash: String(answer["hash"]) };
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.listeners.add(listener);
    listener({ type: "connection", connection: this.state });
    return () => this.listeners.delete(listener);
  }

  reconnect(): void {
    if (this.timer) clearTimeout(this.timer);
    this.delay = FIRST_RETRY_MS;
    this.connect();
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.socket?.close();
    this.listeners.clear();
  }

  private tell(event: HostEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private connection(connection: Connection): void {
    this.state = connection;
    this.tell({ type: "connection", connection });
  }

  private connect(): void {
    if (this.closed) return;
    this.socket?.close();
    const url = new URL(this.address("events"));
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_RETRY_MS;
      this.connection({ state: "connected" });
      // Anything may have happened while the socket was away.
      if (this.greeted) {
        for (const waiting of [...this.waiting.values()]) waiting.missed();
        this.tell({ type: "recording" });
      }
      this.greeted = true;
    };
    socket.onmessage = (message) => this.receive(message.data);
    socket.onclose = () => {
      if (this.closed || this.socket !== socket) return;
      const wait = this.delay * (0.75 + Math.random() / 2);
      this.delay = Math.min(this.delay * 2, LONGEST_RETRY_MS);
      this.connection({ state: "lost", retryAt: Date.now() + wait, reason: "The server does not answer." });
      this.timer = setTimeout(() => this.connect(), wait);
    };
  }

  private receive(data: unknown): void {
    let message: Record<string, unknown>;
    try {
      message = record(JSON.parse(String(data)));
    } catch {
      throw new ArrivalError("An event arrived that is not JSON.");
    }
    const job = String(message["job"] ?? "");
    switch (message["type"]) {
      case "hello":
        return;
      case "recording":
        return this.tell({ type: "recording" });
      case "decision":
        return this.tell({ type: "decision", sequence: Number(message["sequence"]) });
      case "progress":
        return this.waiting.get(job)?.progress({ done: Number(message["done"]), message: String(message["message"] ?? "") });
      case "done":
        return this.end(job, { state: "done", key: String(message["key"]), tables: counts(message["tables"]) });
      case "failed":
        return this.end(job, { state: "failed", error: errorOf(message, "The analysis failed.") });
      case "cancelled":
        return this.end(job, { state: "cancelled" });
      default:
        return this.tell({ type: "unknown", name: String(message["type"]) });
    }
  }

  private end(job: string, end: JobEnd): void {
    this.ended.set(job, end);
    if (this.ended.size > REMEMBERED_ENDS) this.ended.delete(this.ended.keys().next().value ?? "");
    this.waiting.get(job)?.end(end);
  }
}
