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
  /** What there is so far of the result's tables, where an analysis shows it; takes the place of what was told before. */
  onPartial?: (tables: ReadonlyMap<string, Table>) => void;
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

/** What is answered once a decision is on disk; with time and author it is all that the log will say of it. */
export interface Saved {
  sequence: number;
  hash: string;
  time?: string;
  author?: string;
}

/** A decision as it stands in the log. */
export interface Logged {
  sequence: number;
  /** UTC, ISO 8601. */
  time: string;
  author: string;
  kind: string;
  payload: Json;
  /** Sequence of the decision that this one takes out of force. */
  undoes?: number | null;
  /** False once it was taken back. */
  inForce: boolean;
}

export type Connection =
  | { state: "connecting" }
  | { state: "connected" }
  | { state: "lost"; retryAt: number; reason: string };

export interface SharedClause {
  text: string;
  label: string | null;
  source: string;
  enabled: boolean;
}

/** What is shown, as Python and other pages of the same hub know it. Many samples are sent as one bit each, in base64. */
export interface SharedState {
  filter: readonly SharedClause[];
  filter_error: string | null;
  selection: { sentence: string; indices: readonly number[] } | { sentence: string; bits: string } | null;
  focus: number | null;
  group_by: readonly string[];
  color_by: string | null;
  page: string | null;
}

/** What a host tells the page without being asked. */
export type HostEvent =
  | { type: "recording" }
  | { type: "decision"; sequence: number }
  /** Somebody else changed what is shown: `by` says who, `state` holds the fields that changed. */
  | { type: "state"; sequence: number; by: string; state: { readonly [key: string]: Json } }
  | { type: "connection"; connection: Connection }
  | { type: "unknown"; name: string };

export type Table = ReadonlyMap<string, Column>;

export interface Host {
  /** One word for the status row: "server", "notebook", "report". */
  readonly name: string;
  readonly capabilities: Capabilities;
  recording(signal?: AbortSignal): Promise<Recording>;
  table(name: string, columns: readonly string[], options?: TableOptions): Promise<Table>;
  /** Address of a sample's picture: a thumbnail `size` pixels wide, or the original. A promise where it must be fetched first. */
  media(sampleIndex: number, size?: number): string | Promise<string>;
  /** What a text sample says. */
  text(sampleIndex: number, signal?: AbortSignal): Promise<string>;
  /** Why a sample has no picture, in a sentence. */
  whyNoMedia(sampleIndex: number): Promise<string>;
  run(analysis: string, params: { readonly [key: string]: Json }, options?: RunOptions): Promise<RunResult>;
  /** The result of an analysis if it was run before; null where it would have to be run now. */
  stored(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult | null>;
  /** What was decided after the decision `after`, or everything; oldest first. */
  decisions(after?: number): Promise<readonly Logged[]>;
  decide(decision: Decision): Promise<Saved>;
  /** Tell Python and other pages what changed on this one, where `capabilities.share`; gives its place in the order of changes. */
  share?(changes: Partial<SharedState>, by: string): Promise<number>;
  /** Where code of this host can be imported from: `assets/…` of the page itself, `api/modules/…` that Python registered. Rejected with the reason where there is none; absent where a host serves no code. */
  code?(path: string): Promise<string>;
  /** Hear what happens from now on; the state of the connection is told at once. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** Try a lost connection again now. */
  reconnect(): void;
  close(): void;
}
