/** What the network said of every sample at every checkpoint, fetched by checkpoint for the picture and by sample for one's story. */
import { numbersOf, stringsOf, valueAt, type Column } from "../../hosts/arrow";
import type { RunResult, Table } from "../../hosts/host";
import type { NumberColumn } from "../../state/performance";
import type { Session } from "../../state/session";
import { KINDS, type Kind } from "./kinds";
import { Ring } from "./ring";

/** One sample through the checkpoints; null where nothing is known. */
export interface Course {
  prediction: readonly (number | null)[];
  /** Probability of the given label, and of the predicted class. */
  label: readonly (number | null)[];
  confidence: readonly (number | null)[];
}

/** Everything that happened, a row per event. */
export interface Events {
  length: number;
  sample: ArrayLike<number>;
  /** Place of the checkpoint among those of the analysis; −1 where it is none of them. */
  frame: Int32Array;
  /** Place of the kind among `KINDS`; 255 for kinds that this page does not know. */
  kind: Uint8Array;
  /** Rows by frame, so that a checkpoint costs what happened there and not everything that ever did. */
  byFrame: ReadonlyMap<number, readonly number[]>;
  from: (row: number) => string | null;
  to: (row: number) => string | null;
  amount: (row: number) => number | null;
}

/** How many of each kind happened on the way to each checkpoint. */
export type Counts = Record<Kind, readonly (number | null)[]>;

const COUNTED: Record<Kind, string> = { flip: "flips", learned: "learned", forgotten: "forgotten", confidence: "confidence_jumps", movement: "movements" };
const MOST_COURSES = 400;
const MOST_COLUMNS = 64;

function maybe(column: Column | undefined, row: number): number | null {
  const value = column ? valueAt(column, row) : null;
  return value === null || Number.isNaN(Number(value)) ? null : Number(value);
}

function words(column: Column | undefined): (row: number) => string | null {
  return (row) => {
    const value = column ? valueAt(column, row) : null;
    return value === null ? null : String(value);
  };
}

export function readCounts(frames: Table): { names: string[]; counts: Counts } {
  const name = stringsOf(frames, "checkpoint");
  const n = frames.get("checkpoint")?.length ?? 0;
  const column = (of: string) => Array.from({ length: n }, (_, row) => maybe(frames.get(of), row));
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, column(COUNTED[kind])])) as unknown as Counts;
  return { names: Array.from({ length: n }, (_, row) => name(row)), counts };
}

export function readEvents(table: Table, frameOf: (checkpoint: string) => number | null): Events {
  const sample = numbersOf(table, "sample_index").values;
  const [checkpoint, kind] = [stringsOf(table, "checkpoint"), stringsOf(table, "kind")];
  const amount = table.get("amount");
  const places = new Map<string, number>(KINDS.map((one, place) => [one, place]));
  const frame = Int32Array.from({ length: sample.length }, (_, row) => frameOf(checkpoint(row)) ?? -1);
  const byFrame = new Map<number, number[]>();
  frame.forEach((at, row) => {
    const rows = byFrame.get(at);
    if (rows) rows.push(row);
    else byFrame.set(at, [row]);
  });
  return {
    length: sample.length,
    sample,
    frame,
    kind: Uint8Array.from({ length: sample.length }, (_, row) => places.get(kind(row)) ?? 255),
    byFrame,
    from: words(table.get("from")),
    to: words(table.get("to")),
    amount: (row) => maybe(amount, row),
  };
}

/** Rows of events of one kind (null: any) on the way from one frame to another: after the first, up to the second. */
export function eventsIn(events: Events, kind: Kind | null, after: number, upTo: number): number[] {
  const wanted = kind === null ? null : KINDS.indexOf(kind);
  const rows: number[] = [];
  for (let frame = after + 1; frame <= upTo; frame++) {
    for (const row of events.byFrame.get(frame) ?? []) if (wanted === null || events.kind[row] === wanted) rows.push(row);
  }
  return rows;
}

/** The samples of some events, ascending, each once. */
export function samplesOf(events: Events, rows: readonly number[]): Uint32Array {
  return Uint32Array.from(new Set(rows.map((row) => events.sample[row] ?? 0))).sort();
}

export class Courses {
  readonly predictions: Ring<NumberColumn>;
  readonly labelProbability: Ring<NumberColumn>;
  private readonly courses = new Map<number, Course>();
  private happened: Promise<Events> | null = null;
  private readonly frameOf: ReadonlyMap<string, number>;

  constructor(
    private readonly session: Session,
    readonly result: RunResult,
    readonly names: readonly string[],
    readonly counts: Counts,
  ) {
    this.frameOf = new Map(names.map((name, frame) => [name, frame]));
    const most = Math.max(5, Math.min(names.length, MOST_COLUMNS));
    const ring = (table: string) => new Ring(async (frame: number) => numbersOf(await session.part(result, table, [names[frame] ?? ""]), names[frame] ?? ""), most);
    this.predictions = ring("predictions");
    this.labelProbability = ring("label_probability");
  }

  frame(checkpoint: string): number | null {
    return this.frameOf.get(checkpoint) ?? null;
  }

  /** The story of some samples; those that were asked for lately are not fetched again. */
  async of(rows: readonly number[]): Promise<ReadonlyMap<number, Course>> {
    const missing = rows.filter((row) => !this.courses.has(row));
    if (missing.length > 0) {
      const [prediction, label, confidence] = await Promise.all(
        ["predictions", "label_probability", "confidence"].map((table) => this.session.part(this.result, table, [...this.names], { rows: missing })),
      );
      const line = (table: Table | undefined, k: number, scale: number) => this.names.map((name) => {
        const value = maybe(table?.get(name), k);
        return value === null ? null : value / scale;
      });
      missing.forEach((row, k) => this.courses.set(row, { prediction: line(prediction, k, 1), label: line(label, k, 255), confidence: line(confidence, k, 255) }));
      for (const old of this.courses.keys()) {
        if (this.courses.size <= Math.max(MOST_COURSES, rows.length)) break;
        if (!rows.includes(old)) this.courses.delete(old);
      }
    }
    return new Map(rows.flatMap((row) => {
      const course = this.courses.get(row);
      return course ? [[row, course] as const] : [];
    }));
  }

  known(row: number): Course | undefined {
    return this.courses.get(row);
  }

  events(): Promise<Events> {
    this.happened ??= this.session.part(this.result, "events", ["sample_index", "checkpoint", "kind", "from", "to", "amount"]).then((table) => readEvents(table, (name) => this.frame(name)));
    this.happened.catch(() => (this.happened = null));
    return this.happened;
  }
}
