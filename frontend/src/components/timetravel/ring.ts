/** Parts of a result, one per frame, fetched when wanted; of many only those around the last wanted are kept. */
import { signal } from "@preact/signals";
import { reason } from "../../hosts/reason";

export class Ring<T> {
  /** Counts up whenever a part arrives; reading it hears of it. */
  readonly arrivals = signal(0);
  /** Why the last fetch failed; null when it did not. */
  readonly failed = signal<string | null>(null);
  private readonly kept = new Map<number, T>();
  private readonly asked = new Map<number, Promise<T>>();
  private centre = 0;

  constructor(
    private readonly fetch: (frame: number) => Promise<T>,
    private readonly most: number,
  ) {}

  get(frame: number): T | undefined {
    return this.kept.get(frame);
  }

  want(frame: number): Promise<T> {
    this.centre = frame;
    return this.bring(frame);
  }

  /** Fetch what is nearest to a frame, one after the other, so that stepping and playing find it there. */
  async around(frame: number, frames: number): Promise<void> {
    this.centre = frame;
    const reach = Math.floor((this.most - 1) / 2);
    for (let away = 0; away <= reach; away++) {
      for (const next of away === 0 ? [frame] : [frame + away, frame - away]) {
        if (this.centre !== frame) return;
        if (next >= 0 && next < frames && !this.kept.has(next)) await this.bring(next).catch(() => undefined);
      }
    }
  }

  private bring(frame: number): Promise<T> {
    const here = this.kept.get(frame);
    if (here !== undefined) return Promise.resolve(here);
    const known = this.asked.get(frame);
    if (known) return known;
    const asked = this.fetch(frame).then((part) => {
      this.kept.set(frame, part);
      this.asked.delete(frame);
      this.failed.value = null;
      this.drop();
      this.arrivals.value++;
      return part;
    });
    this.asked.set(frame, asked);
    asked.catch((error: unknown) => {
      this.asked.delete(frame);
      this.failed.value = reason(error);
    });
    return asked;
  }

  private drop(): void {
    while (this.kept.size > this.most) {
      const furthest = [...this.kept.keys()].reduce((far, frame) => (Math.abs(frame - this.centre) > Math.abs(far - this.centre) ? frame : far));
      this.kept.delete(furthest);
    }
  }
}
