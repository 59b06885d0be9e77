/** Pictures that are needed next are fetched before, and what is only laid beside waits: a key finds the line free. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Context } from "../component";
import { PIXEL_ART } from "../grid/card";
import { glimpsePixels } from "../samples-strip";
import type { Desk } from "./desk";
import type { Queue } from "./queue";

/** Large pictures from the one at hand on; a step asks for one of them, for the others are there. */
const AHEAD = 30;
/** Those behind are let go. */
const MOST_KEPT = 3 * AHEAD;
/** Samples from the one at hand on whose neighbours are fetched, too. */
const NEIGHBOURS_AHEAD = 3;
const MOST_NEIGHBOURS = 400;
/** Who goes on faster than this wants to decide, not to compare. */
const REST_MS = 120;

/** A picture that was fetched before. */
export interface Here {
  address: string;
  crisp: boolean;
}

export interface Ahead {
  large: (row: number) => Here | null;
  small: (row: number) => Here | null;
  /** Whether what is laid beside a sample may be drawn: its pictures are here, or one rests at it. */
  beside: (row: number) => boolean;
}

/** Pictures by sample, the oldest let go. */
class Fetched {
  private readonly images = new Map<number, HTMLImageElement | null>();

  constructor(
    private readonly most: number,
    private readonly addressOf: (row: number) => string | Promise<string>,
  ) {}

  fetch(row: number): void {
    if (this.images.has(row)) return;
    const address = this.addressOf(row);
    // A host that has to fetch its pictures itself has begun to, and keeps them itself.
    const image = typeof address === "string" ? new Image() : null;
    if (image && typeof address === "string") image.src = address;
    this.images.set(row, image);
    for (const old of this.images.keys()) {
      if (this.images.size <= this.most) break;
      this.images.delete(old);
    }
  }

  /** Where the picture is, once it is here and whole. */
  at(row: number): Here | null {
    const image = this.images.get(row);
    if (!image?.complete || image.naturalWidth === 0) return null;
    return { address: image.src, crisp: Math.max(image.naturalWidth, image.naturalHeight) <= PIXEL_ART };
  }
}

function neighboursOf(desk: Desk, row: number): readonly number[] {
  const near = desk.found.compare(row);
  return near ? [...near.label, ...near.suggestion] : [];
}

export function useAhead(ctx: Context, desk: Desk, queue: Queue, at: number): Ahead {
  const pictures = ctx.store.recording.value.kind === "image";
  const large = useRef(new Fetched(MOST_KEPT, (row) => ctx.data.media(row)));
  const small = useRef(new Fetched(MOST_NEIGHBOURS, (row) => ctx.data.media(row, glimpsePixels())));
  const [rested, rest] = useState<number | null>(null);
  const latest = useRef(desk);
  latest.current = desk;
  useEffect(() => {
    if (pictures) for (const { rows: [row = 0] } of queue.items.slice(at, at + 1 + AHEAD)) large.current.fetch(row);
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      // What is on its way to the disk goes first.
      if (![...latest.current.underWay()].length) return here();
      timer = setTimeout(look, REST_MS);
    };
    const here = () => {
      rest(queue.items[at]?.rows[0] ?? null);
      if (pictures) for (const { rows: [row = 0] } of queue.items.slice(at, at + 1 + NEIGHBOURS_AHEAD)) for (const near of neighboursOf(latest.current, row)) small.current.fetch(near);
    };
    timer = setTimeout(look, REST_MS);
    return () => clearTimeout(timer);
  }, [at, queue.items]);
  return {
    large: (row) => large.current.at(row),
    small: (row) => small.current.at(row),
    beside: (row) => rested === row || (pictures && neighboursOf(desk, row).every((near) => small.current.at(near) !== null)),
  };
}
