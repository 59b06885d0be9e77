/** What the dashboard and a notebook share: the program's requests and events, over whichever line reaches it. */
import { tableFromArrow } from "./arrow";
import { HostError } from "./errors";
import type { Connection, Decision, Host, HostEvent, Json, Logged, Progress, RunOptions, RunResult, Saved, SharedState, Table, TableOptions } from "./host";
import { readDecisions, readRecording, type Capabilities, type Recording } from "./recording";
import { reason } from "./reason";

type JobEnd = { state: "done"; key: string; tables: Record<string, number> } | { state: "failed"; error: HostError } | { state: "cancelled" };

interface Waiting {
  progress: (progress: Progress) => void;
  partial: (tables: ReadonlyMap<string, Table>) => void;
  end: (end: JobEnd) => void;
  /** The socket was away: an end may have been missed. */
  missed: () => void;
}

type StateEvent = Extract<HostEvent, { type: "state" }>;

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

/** Tables as they come inside an event: Arrow streams in base64. */
function tablesIn(value: unknown): ReadonlyMap<string, Table> {
  return new Map(Object.entries(record(value)).map(([name, stream]) => [name, tableFromArrow(Uint8Array.from(atob(String(stream)), (character) => character.charCodeAt(0)).buffer)]));
}

/** What a line tells its host. */
export interface Hears {
  connection(connection: Connection): void;
  /** An event of the program, as it came. */
  event(message: unknown): void;
}

/** The way to the program: it carries requests as `fetch` does, and brings events. */
export interface Line {
  /** An address below `api/`; answers of any status resolve, only an unreachable program throws `GoneError`. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Where the browser finds the picture at an address below `api/`. */
  picture(path: string): string | Promise<string>;
  open(hears: Hears): void;
  /** Try a lost connection again now. */
  again(): void;
  close(): void;
}

export class RemoteHost implements Host {
  capabilities: Capabilities = { run: false, decide: false, media: false, share: false };
  private readonly listeners = new Set<(event: HostEvent) => void>();
  private readonly waiting = new Map<string, Waiting>();
  /** A job may end before the answer that names it arrives. */
  private readonly ended = new Map<string, JobEnd>();
  private greeted = false;
  private mediaVersion: string | null = null;
  private state: Connection = { state: "connecting" };
  /** What was last heard of every shared field: it may come before anybody listens. */
  private shared: StateEvent | null = null;

  constructor(
    readonly name: "server" | "notebook",
    private readonly line: Line,
  ) {
    line.open({ connection: (connection) => this.connection(connection), event: (message) => this.receive(record(message)) });
  }

  private async ask(path: string, init?: RequestInit): Promise<Response> {
    const answer = await this.line.ask(path, init);
    if (answer.ok) return answer;
    const words = await answer.json().catch(() => null);
    throw errorOf(words, `The ${this.name} answered ${answer.status} to ${path.split("?")[0]}.`);
  }

  private post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
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

  media(sampleIndex: number, size?: number): string | Promise<string> {
    const query = [
      ...(size === undefined ? [] : [`size=${size}`]),
      ...(this.mediaVersion === null ? [] : [`v=${encodeURIComponent(this.mediaVersion)}`]),
    ];
    return this.line.picture(`media/${sampleIndex}${query.length > 0 ? `?${query.join("&")}` : ""}`);
  }

  async text(sampleIndex: number, signal?: AbortSignal): Promise<string> {
    return (await this.ask(`media/${sampleIndex}`, signal ? { signal } : {})).text();
  }

  async whyNoMedia(sampleIndex: number): Promise<string> {
    try {
      await this.ask(`media/${sampleIndex}?size=96`);
      return "The image could not be shown by this browser.";
    } catch (error) {
      return reason(error);
    }
  }

  async run(analysis: string, params: { readonly [key: string]: Json }, options: RunOptions = {}): Promise<RunResult> {
    const { signal } = options;
    for (;;) {
      const answer = record(await (await this.post(`run/${encodeURIComponent(analysis)}`, params, signal)).json());
      const end: JobEnd | "missed" =
        answer["state"] === "done" && typeof answer["key"] === "string"
          ? { state: "done", key: answer["key"], tables: counts(answer["tables"]) }
          : await this.endOf(String(answer["job"]), options);
      // After a lost connection the same question is asked again: the answer is cached by its key, so nothing is done twice.
      if (end === "missed") continue;
      if (end.state === "failed") throw end.error;
      if (end.state === "cancelled") throw new DOMException(`${analysis} was cancelled.`, "AbortError");
      return { analysis, key: end.key, tables: end.tables };
    }
  }

  async stored(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult | null> {
    const answer = record(await (await this.post(`run/${encodeURIComponent(analysis)}?stored=true`, params)).json());
    return answer["state"] === "done" ? { analysis, key: String(answer["key"]), tables: counts(answer["tables"]) } : null;
  }

  private endOf(job: string, { signal, onProgress, onPartial }: RunOptions): Promise<JobEnd | "missed"> {
    const early = this.ended.get(job);
    if (early) return Promise.resolve(early);
    return new Promise((resolve) => {
      const cancel = () => void this.post(`jobs/${encodeURIComponent(job)}/cancel`, {}).catch(() => finish({ state: "cancelled" }));
      const finish = (end: JobEnd | "missed") => {
        this.waiting.delete(job);
        signal?.removeEventListener("abort", cancel);
        resolve(end);
      };
      this.waiting.set(job, { progress: (progress) => onProgress?.(progress), partial: (tables) => onPartial?.(tables), end: finish, missed: () => finish("missed") });
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted) cancel();
    });
  }

  async decisions(after = 0): Promise<readonly Logged[]> {
    return readDecisions((await (await this.ask(`decisions?after=${after}`)).json()) as Json);
  }

  async decide(decision: Decision): Promise<Saved> {
    const answer = record(await (await this.post("decide", { ...decision })).json());
    const { sequence, hash, time, author } = answer;
    return { sequence: Number(sequence), hash: String(hash), ...(typeof time === "string" && typeof author === "string" ? { time, author } : {}) };
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.listeners.add(listener);
    listener({ type: "connection", connection: this.state });
    if (this.shared) listener(this.shared);
    return () => this.listeners.delete(listener);
  }

  async share(changes: Partial<SharedState>, by: string): Promise<number> {
    return Number(record(await (await this.post("state", { ...changes, by })).json())["sequence"]);
  }

  reconnect(): void {
    this.line.again();
  }

  close(): void {
    this.line.close();
    this.listeners.clear();
  }

  private tell(event: HostEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private connection(connection: Connection): void {
    this.state = connection;
    this.tell({ type: "connection", connection });
    if (connection.state !== "connected") return;
    // Anything may have happened while the line was away.
    if (this.greeted) {
      for (const waiting of [...this.waiting.values()]) waiting.missed();
      this.tell({ type: "recording" });
    }
    this.greeted = true;
  }

  private receive(message: Record<string, unknown>): void {
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
      case "partial":
        return this.waiting.get(job)?.partial(tablesIn(message["tables"]));
      case "done":
        return this.end(job, { state: "done", key: String(message["key"]), tables: counts(message["tables"]) });
      case "failed":
        return this.end(job, { state: "failed", error: errorOf(message, "The analysis failed.") });
      case "cancelled":
        return this.end(job, { state: "cancelled" });
      case "state":
        return this.tellState({ type: "state", sequence: Number(message["sequence"]), by: String(message["by"]), state: record(message["state"]) as StateEvent["state"] });
      default:
        return this.tell({ type: "unknown", name: String(message["type"]) });
    }
  }

  private tellState(event: StateEvent): void {
    this.shared = { ...event, state: { ...this.shared?.state, ...event.state } };
    this.tell(event);
  }

  private end(job: string, end: JobEnd): void {
    this.ended.set(job, end);
    if (this.ended.size > REMEMBERED_ENDS) this.ended.delete(this.ended.keys().next().value ?? "");
    this.waiting.get(job)?.end(end);
  }
}
