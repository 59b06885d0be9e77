/** The one clock of a page: where in the recording time stands, and how it runs. Every view of time shares it. */
import { batch, effect, signal } from "@preact/signals";
import type { Session } from "../../state/session";

/** At 1× a checkpoint lasts so long. */
const CHECKPOINT_MS = 1000;
/** While time runs, other views hear of it at most so often. */
const TELL_MS = 450;
const GLIDE_MS = 240;
/** A glide has begun when its first frame is drawn. */
const FRAME_MS = 16;
/** Who drags time shows the page what is under the hand once it rests so long. */
const REST_MS = 120;
/** A page that was hidden does not make up for the time. */
const LONGEST_MS = 250;

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;

export function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

export class Clock {
  /** Place among the recording's checkpoints, from 0; between two of them while time runs. */
  readonly at = signal(0);
  readonly playing = signal(false);
  readonly speed = signal<number>(1);
  readonly loop = signal(false);
  /** What is played, as places; null is the beginning and the end. */
  readonly from = signal<number | null>(null);
  readonly to = signal<number | null>(null);
  /** The place whose data are waited for; null when nothing is. */
  readonly waiting = signal<number | null>(null);
  private readonly gates = new Set<(place: number) => boolean>();
  private frame = 0;
  private last = 0;
  private toldAt = 0;
  /** The place the page was told last, or told us. */
  private told: number;
  private glide: { from: number; to: number; since: number } | null = null;
  /** When the page hears of a step: once the picture shows it, as the page takes far longer than a frame to follow. */
  private due: number | null = null;

  constructor(private readonly session: Session) {
    this.told = Math.max(0, session.store.place());
    this.at.value = this.told;
    effect(() => {
      void session.store.checkpoint.value;
      const place = session.store.place();
      if (place < 0 || place === this.told) return;
      this.told = place;
      this.due = null;
      this.toward(place);
    });
  }

  /** The last place there is. */
  get end(): number {
    return Math.max(0, this.session.store.recording.peek().checkpoints.length - 1);
  }

  private get range(): [number, number] {
    const from = Math.min(this.from.peek() ?? 0, this.end);
    const to = Math.min(this.to.peek() ?? this.end, this.end);
    return from < to ? [from, to] : [0, this.end];
  }

  /** While time runs it waits before a place that some view cannot show yet. Gives back how to stop asking. */
  gate(ready: (place: number) => boolean): () => void {
    this.gates.add(ready);
    return () => void this.gates.delete(ready);
  }

  /** Stand at a place, whole or between two; the page follows to the nearest checkpoint. */
  set(at: number): void {
    this.glide = null;
    this.at.value = Math.max(0, Math.min(this.end, at));
    this.owe(REST_MS);
  }

  /** A checkpoint on or back; who presses again on the way goes on from where it leads. */
  step(by: number): void {
    const now = this.glide?.to ?? this.at.peek();
    this.go(by > 0 ? Math.floor(now + 1e-6) + by : Math.ceil(now - 1e-6) + by);
  }

  /** To a checkpoint, by its place. */
  go(place: number): void {
    this.pause();
    this.toward(Math.max(0, Math.min(this.end, place)));
    this.owe();
  }

  /** Settle on the nearest checkpoint. */
  settle(): void {
    this.go(this.glide?.to ?? Math.round(this.at.peek()));
  }

  toggle(): void {
    if (this.playing.peek()) this.pause();
    else this.play();
  }

  play(): void {
    if (this.end === 0) return;
    const [from, to] = this.range;
    const now = this.at.peek();
    batch(() => {
      if (now >= to - 1e-6 || now < from) this.at.value = from;
      this.playing.value = true;
    });
    this.session.store.travelling.value = true;
    this.glide = null;
    this.run();
  }

  pause(): void {
    if (!this.playing.peek()) return;
    this.playing.value = false;
    this.waiting.value = null;
    this.toward(Math.round(this.at.peek()));
    this.tell();
    this.session.store.travelling.value = false;
  }

  private toward(place: number): void {
    const now = this.at.peek();
    if (now === place) this.glide = null;
    else if (calm() || Math.abs(place - now) > 1.5 || this.playing.peek()) {
      this.glide = null;
      this.at.value = place;
    } else {
      this.glide = { from: now, to: place, since: performance.now() - FRAME_MS };
      // The first piece at once, so that the very next frame shows it.
      this.slide(this.glide, performance.now());
      this.run();
    }
  }

  private slide({ from, to, since }: { from: number; to: number; since: number }, now: number): void {
    const u = Math.max(0, Math.min(1, (now - since) / GLIDE_MS));
    this.at.value = u >= 1 ? to : from + (to - from) * (1 - (1 - u) ** 3);
    if (u >= 1) this.glide = null;
  }

  /** The page follows, but not before the picture stands. */
  private owe(after = 0): void {
    this.due = performance.now() + after;
    this.run();
  }

  private run(): void {
    if (this.frame !== 0) return;
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = 0;
    const passed = Math.max(0, Math.min(LONGEST_MS, now - this.last));
    this.last = now;
    const standing = !this.glide && !this.playing.peek();
    if (this.glide) this.slide(this.glide, now);
    else if (!standing) this.advance((passed / CHECKPOINT_MS) * this.speed.peek(), now);
    else if (this.due !== null && now >= this.due) {
      this.due = null;
      // What is drawn in this frame is seen first.
      setTimeout(() => this.tell(), 0);
    }
    if (!standing || this.due !== null) this.frame = requestAnimationFrame((next) => this.tick(next));
  }

  private advance(by: number, now: number): void {
    if (by <= 0) return;
    const [from, to] = this.range;
    let next = this.at.peek() + by;
    // The way to a checkpoint begins once its data are there; fast play may pass several in one step.
    for (let place = Math.floor(this.at.peek()) + 1; place <= Math.min(to, Math.ceil(next)); place++) {
      if (this.ready(place)) continue;
      next = Math.min(next, place - 1);
      this.waiting.value = place;
      this.at.value = Math.max(this.at.peek(), next);
      return;
    }
    this.waiting.value = null;
    if (next >= to) {
      if (this.loop.peek()) next = from + ((next - to) % Math.max(1e-6, to - from));
      else {
        this.at.value = to;
        this.pause();
        return;
      }
    }
    this.at.value = next;
    if (now - this.toldAt >= TELL_MS) this.tell(now);
  }

  private ready(place: number): boolean {
    let all = true;
    for (const gate of this.gates) all = gate(place) && all;
    return all;
  }

  private tell(now = performance.now()): void {
    const place = Math.round(this.at.peek());
    if (place === this.told) return;
    this.told = place;
    this.toldAt = now;
    this.session.store.choose(place);
  }
}

const clocks = new WeakMap<Session, Clock>();

export function clockOf(session: Session): Clock {
  let clock = clocks.get(session);
  if (!clock) clocks.set(session, (clock = new Clock(session)));
  return clock;
}
