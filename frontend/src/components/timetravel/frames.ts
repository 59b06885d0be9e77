/** A projection over time as it is stored: what its frames are, and each frame's places, landscape and liars when they are needed. */
import { numbersOf, stringsOf, valueAt, type Column } from "../../hosts/arrow";
import { ArrivalError } from "../../hosts/errors";
import type { RunResult, Table } from "../../hosts/host";
import { STEPS, type Extent, type Quantised } from "../../draw/points/quantise";
import type { NumberColumn } from "../../state/performance";
import type { Session } from "../../state/session";
import { Ring } from "./ring";

export interface FrameInfo {
  checkpoint: string;
  extent: Extent;
  /** Median way from the frame before, as a share of the canvas; null in the first. */
  motion: number | null;
}

/** What the decoder and the head say of every cell of the canvas; the first row is the lowest. */
export interface Landscape {
  cells: number;
  classes: Uint16Array;
  confidence: Uint8Array;
  gap: Uint8Array;
  support: Uint8Array;
}

/** So many bytes of places are kept in the page. */
const MOST_BYTES = 160e6;
/** Landscapes are drawn into pictures; of those few are kept. */
const MOST_LANDSCAPES = 24;
const LEAST = 5;

function known(table: Table, name: string, row: number): number | null {
  const column = table.get(name);
  const value = column ? valueAt(column, row) : null;
  return value === null || Number.isNaN(Number(value)) ? null : Number(value);
}

export function readFrames(table: Table): FrameInfo[] {
  const checkpoint = stringsOf(table, "checkpoint");
  return Array.from({ length: table.get("checkpoint")?.length ?? 0 }, (_, row) => {
    const [x, y, size] = ["x", "y", "size"].map((name) => known(table, name, row));
    if (x === null || y === null || size === null || x === undefined || y === undefined || size === undefined) throw new ArrivalError(`Frame ${row + 1} of the projection does not say where its canvas lies. Run it again.`);
    return { checkpoint: checkpoint(row), extent: { x0: x, y0: y, x1: x + size, y1: y + size }, motion: known(table, "motion", row) };
  });
}

/** Codes of places as they arrive; a sample without a place is hidden. */
export function readPlaces(column: Column | undefined, extent: Extent): Quantised {
  if (column?.kind !== "list") throw new ArrivalError("The places of a frame should arrive as pairs of codes.");
  const n = column.length;
  const hidden = new Uint8Array(n);
  let nHidden = 0;
  const hide = (i: number) => {
    hidden[i] = 1;
    nHidden++;
  };
  const { flat } = column;
  if (flat && flat.width === 2 && flat.values instanceof Uint16Array) {
    if (flat.valid) for (let i = 0; i < n; i++) if (!flat.valid[i]) hide(i);
    return { n, pairs: flat.values, hidden, nHidden, extent };
  }
  const pairs = new Uint16Array(2 * n);
  for (let i = 0; i < n; i++) {
    const pair = column.at(i);
    if (!Array.isArray(pair) || typeof pair[0] !== "number" || typeof pair[1] !== "number") hide(i);
    else pairs.set([pair[0], pair[1]], 2 * i);
  }
  return { n, pairs, hidden, nHidden, extent };
}

function bytesIn(table: Table, name: string): Uint8Array {
  const column = table.get(name);
  const bytes = column?.kind === "list" ? (column.bytes?.(0) ?? null) : null;
  if (!bytes) throw new ArrivalError(`The plane "${name}" of a landscape did not arrive.`);
  return bytes;
}

export function readLandscape(table: Table): Landscape {
  const cells = known(table, "cells", 0) ?? 0;
  const classes = bytesIn(table, "classes");
  const planes = { confidence: bytesIn(table, "confidence"), gap: bytesIn(table, "gap"), support: bytesIn(table, "support") };
  const expected = cells * cells;
  if (cells < 1 || classes.length !== 2 * expected || Object.values(planes).some((plane) => plane.length !== expected)) throw new ArrivalError(`A landscape of ${cells} × ${cells} cells arrived with planes of another size.`);
  const codes = new Uint16Array(expected);
  const view = new DataView(classes.buffer, classes.byteOffset, classes.byteLength);
  for (let i = 0; i < expected; i++) codes[i] = view.getUint16(2 * i, true);
  return { cells, classes: codes, ...planes };
}

export class Frames {
  readonly places: Ring<Quantised>;
  readonly landscapes: Ring<Landscape>;
  readonly lies: Ring<NumberColumn>;
  private readonly frameOf: ReadonlyMap<string, number>;

  constructor(
    private readonly session: Session,
    readonly result: RunResult,
    readonly infos: readonly FrameInfo[],
    readonly n: number,
  ) {
    const most = Math.max(LEAST, Math.min(infos.length, Math.floor(MOST_BYTES / Math.max(1, 5 * n))));
    this.frameOf = new Map(infos.map(({ checkpoint }, frame) => [checkpoint, frame]));
    this.places = new Ring(async (frame) => this.fetchPlaces(frame), most);
    this.lies = new Ring(async (frame) => numbersOf(await this.column("misplaced", frame), this.name(frame)), most);
    this.landscapes = new Ring(async (frame) => readLandscape(await session.part(result, "landscapes", [], { rows: [frame] })), MOST_LANDSCAPES);
  }

  /** Landscapes need the recorded head. */
  get hasLandscapes(): boolean {
    return (this.result.tables["landscapes"] ?? 1) > 0;
  }

  name(frame: number): string {
    return this.infos[frame]?.checkpoint ?? "";
  }

  frame(checkpoint: string): number | null {
    return this.frameOf.get(checkpoint) ?? null;
  }

  private column(table: string, frame: number): Promise<Table> {
    return this.session.part(this.result, table, [this.name(frame)]);
  }

  private async fetchPlaces(frame: number): Promise<Quantised> {
    const info = this.infos[frame];
    if (!info) throw new ArrivalError(`There is no frame ${frame + 1}; the projection has ${this.infos.length}.`);
    const places = readPlaces((await this.column("positions", frame)).get(info.checkpoint), info.extent);
    if (places.n !== this.n) throw new ArrivalError(`Frame ${frame + 1} places ${places.n} samples; the recording has ${this.n}. Run the projection again.`);
    return places;
  }

  /** Where some samples are in every frame: x0 y0 x1 y1 …, NaN where a sample has no place. */
  async paths(rows: readonly number[]): Promise<Map<number, Float64Array>> {
    const table = await this.session.part(this.result, "positions", this.infos.map(({ checkpoint }) => checkpoint), { rows });
    const paths = new Map(rows.map((row) => [row, new Float64Array(2 * this.infos.length).fill(NaN)]));
    this.infos.forEach(({ checkpoint, extent }, frame) => {
      const { pairs, hidden } = readPlaces(table.get(checkpoint), extent);
      rows.forEach((row, k) => {
        if (hidden[k]) return;
        const at = [extent.x0 + ((extent.x1 - extent.x0) * (pairs[2 * k] ?? 0)) / STEPS, extent.y0 + ((extent.y1 - extent.y0) * (pairs[2 * k + 1] ?? 0)) / STEPS];
        paths.get(row)?.set(at, 2 * frame);
      });
    });
    return paths;
  }
}

/** A part of the picture no smaller than this share of its width shows a way, so that there is something around it. */
const LEAST_REACH = 0.2;

/** What holds some ways, as a part of the picture to look at; null where none of them is on it. */
export function reach(paths: readonly Float64Array[], whole: Extent | null): Extent | null {
  const [x0, y0, x1, y1] = paths.reduce(
    ([left, low, right, high], path) => {
      const along = (axis: number) => path.filter((value, k) => k % 2 === axis && !Number.isNaN(value));
      const [xs, ys] = [along(0), along(1)];
      return [Math.min(left, ...xs), Math.min(low, ...ys), Math.max(right, ...xs), Math.max(high, ...ys)] as const;
    },
    [Infinity, Infinity, -Infinity, -Infinity] as readonly [number, number, number, number],
  );
  if (!whole || !(x0 <= x1) || !(y0 <= y1)) return null;
  const least = LEAST_REACH * (whole.x1 - whole.x0);
  const widen = (low: number, high: number): [number, number] => {
    const more = Math.max(0, least - (high - low)) / 2;
    return [low - more, high + more];
  };
  const [[left, right], [bottom, top]] = [widen(x0, x1), widen(y0, y1)];
  return { x0: left, y0: bottom, x1: right, y1: top };
}

/** The frames around a moment, and how far it is from the first to the second; checkpoints without a frame keep the one before. */
export function between(frameAt: (place: number) => number | null, at: number, end: number): { a: number; b: number | null; t: number } | null {
  let first = Math.floor(at);
  while (first >= 0 && frameAt(first) === null) first--;
  let second = Math.floor(at) + 1;
  while (second <= end && frameAt(second) === null) second++;
  const [a, b] = [first < 0 ? null : frameAt(first), second > end ? null : frameAt(second)];
  if (a === null) return b === null ? null : { a: b, b: null, t: 0 };
  if (b === null || at === first) return { a, b: null, t: 0 };
  return { a, b, t: (at - first) / (second - first) };
}
