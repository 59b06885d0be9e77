/** The one interface between the page and wherever its data live: a server, a notebook kernel, files beside a report. */
import type { Column } from "./arrow";
import type { Capabilities, Recording } from "./recording";

/** A JSON value, as parameters and decisions are sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface TableOptions {
  /** Only these samples, in this order. */
  rows?: readonly number[];
  /** The sample a table is about (`course`). */
  sample?: number;
  signal?: AbortSignal;
}

export interface Progress {
  /** Done so far, in [0, 1]. */
  done: number;
  message: string;
}

export interface RunOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** Where the tables of a finished analysis are found: `results/<analysis>/<key>/<table>`. */
export interface RunResult {
  analysis: string;
  key: string;
  tables: Readonly<Record<string, number>>;
}

export interface Decision {
  id: string;
  kind: string;
  payload: Json;
  /** Sequence of the decision that this one takes back or replaces. */
  undoes?: number;
}

/** A decision as it stands in the log. */
export interface Logged {
  sequence: number;
  /** UTC, ISO 8601. */
  time: string;
  author: string;
  kind: string;
  payload: Json;
  /** False once it was taken back. */
  inForce: boolean;
}

export type Connection =
  | { state: "connecting" }
  | { state: "connected" }
  | { state: "lost"; retryAt: number; reason: string };

/** What a host tells the page without being asked. */
export type HostEvent =
  | { type: "recording" }
  | { type: "decision"; sequence: number }
  | { type: "connection"; connection: Connection }
  | { type: "unknown"; name: string };

export type Table = ReadonlyMap<string, Column>;

export interface Host {
  /** One word for the status row: "server", "notebook", "report". */
  readonly name: string;
  readonly capabilities: Capabilities;
  recording(signal?: AbortSignal): Promise<Recording>;
  table(name: string, columns: readonly string[], options?: TableOptions): Promise<Table>;
  /** Address of a sample's picture: a thumbnail `size` pixels wide, or the original. */
  media(sampleIndex: number, size?: number): string;
  /** What a text sample says. */
  text(sampleIndex: number, signal?: AbortSignal): Promise<string>;
  /** Why a sample has no picture, in a sentence. */
  whyNoMedia(sampleIndex: number): Promise<string>;
  run(analysis: string, params: { readonly [key: string]: Json }, options?: RunOptions): Promise<RunResult>;
  /** Everything that was decided, oldest first. */
  decisions(signal?: AbortSignal): Promise<readonly Logged[]>;
  decide(decision: Decision): Promise<{ sequence: number; hash: string }>;
  /** Hear what happens from now on; the state of the connection is told at once. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** Try a lost connection again now. */
  reconnect(): void;
  close(): void;
}
