/** Which rows of a long list are on screen. Browsers cap the height of an element (17.9 million px in Firefox): beyond it scrolling is mapped. */

export const TALLEST_PX = 6_000_000;

export class ScrollMap {
  private offset = 0;
  private last = 0;

  constructor(
    readonly rows: number,
    readonly rowHeight: number,
  ) {}

  get virtualHeight(): number {
    return this.rows * this.rowHeight;
  }

  /** Height the scrolled element really gets. */
  get height(): number {
    return Math.min(this.virtualHeight, TALLEST_PX);
  }

  /** What to draw at a scroll position: rows [from, to), and where the first of them lies. */
  at(scrollTop: number, viewport: number, margin = 1): { from: number; to: number; top: number } {
    const real = this.height - viewport;
    const virtual = this.virtualHeight - viewport;
    if (this.virtualHeight > this.height && real > 0) {
      const ends = scrollTop <= 0 || scrollTop >= real - 1;
      // A short move scrolls by pixels; a long one (the bar was dragged) goes to that share of the list.
      if (ends || Math.abs(scrollTop - this.last) > viewport) this.offset = (Math.min(scrollTop, real) / real) * virtual - Math.min(scrollTop, real);
    }
    this.last = scrollTop;
    const position = Math.max(0, scrollTop + this.offset);
    const from = Math.max(0, Math.floor(position / this.rowHeight) - margin);
    const to = Math.min(this.rows, Math.ceil((position + viewport) / this.rowHeight) + margin);
    return { from: Math.min(from, this.rows), to, top: from * this.rowHeight - this.offset };
  }

  /** The scroll position that shows a row, or null when it is on screen already. */
  reveal(row: number, scrollTop: number, viewport: number): number | null {
    const top = row * this.rowHeight - this.offset;
    if (top >= scrollTop && top + this.rowHeight <= scrollTop + viewport) return null;
    const wish = top < scrollTop ? top : top + this.rowHeight - viewport;
    if (wish >= 0 && wish <= this.height - viewport) return wish;
    const real = Math.max(1, this.height - viewport);
    return Math.max(0, Math.min(real, (row * this.rowHeight * real) / Math.max(1, this.virtualHeight - viewport)));
  }
}

/**
 * Whose elements the rows of a window take over: a row that comes those of one that left, for to make them anew costs more
 * than all else of a frame. A row that stays keeps its own, and a jump that leaves none in sight moves no element.
 */
export class Slots {
  private from = 0;
  private origin = 0;

  /** For a window of `many` rows. */
  constructor(private readonly many: number) {}

  /** The slots of the rows from `from` on, one after the other. */
  at(from: number): number[] {
    if (Math.abs(from - this.from) >= this.many) this.origin += from - this.from;
    this.from = from;
    const first = (((from - this.origin) % this.many) + this.many) % this.many;
    return Array.from({ length: this.many }, (_, i) => (first + i) % this.many);
  }
}
