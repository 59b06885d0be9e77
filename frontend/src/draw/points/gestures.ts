/** Pointer, wheel and keys, told as what a person wants: move, zoom, draw around, point at, open. */
import type { Direction } from "./pick";

export type Tool = "pan" | "lasso" | "rectangle";

/** What a drawn line does to the selection that is there. */
export type Combine = "replace" | "add" | "remove";

export interface Wishes {
  tool: () => Tool;
  /** Does the wheel zoom now? Otherwise the page scrolls. */
  wheels: () => boolean;
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, x?: number, y?: number) => void;
  fit: () => void;
  hover: (at: { x: number; y: number; touch: boolean } | null) => void;
  open: (at: { x: number; y: number; touch: boolean }) => void;
  /** The line so far; null when it is given up. */
  line: (points: readonly number[] | null, shape: "lasso" | "rectangle") => void;
  drawn: (points: readonly number[], shape: "lasso" | "rectangle", combine: Combine) => void;
  step: (towards: Direction) => void;
  enter: () => void;
  escape: () => boolean;
}

/** A press that moves less than this is a click. */
const STILL = 4;
const DIRECTIONS: Readonly<Record<string, Direction>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const KEY_ZOOM = 1.5;
/** Lines and pages of wheels that do not count in pixels. */
const WHEEL_UNITS = [1, 16, 400];

interface Pressed {
  id: number;
  x: number;
  y: number;
  moved: boolean;
  shape: "lasso" | "rectangle" | null;
  combine: Combine;
}

function combineOf(event: PointerEvent): Combine {
  return event.altKey ? "remove" : event.ctrlKey || event.metaKey ? "add" : "replace";
}

export class Gestures {
  private readonly control = new AbortController();
  private readonly down = new Map<number, { x: number; y: number }>();
  private pressed: Pressed | null = null;
  private line: number[] = [];

  constructor(
    private readonly el: HTMLElement,
    private readonly wishes: Wishes,
  ) {
    const { signal } = this.control;
    el.addEventListener("pointerdown", (event) => this.press(event), { signal });
    el.addEventListener("pointermove", (event) => this.move(event), { signal });
    el.addEventListener("pointerup", (event) => this.release(event), { signal });
    el.addEventListener("pointercancel", (event) => this.cancel(event.pointerId), { signal });
    el.addEventListener("pointerleave", () => this.down.size === 0 && wishes.hover(null), { signal });
    el.addEventListener("dblclick", () => wishes.tool() === "pan" && wishes.fit(), { signal });
    el.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    el.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  dispose(): void {
    this.control.abort();
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.el.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    const at = this.at(event);
    this.down.set(event.pointerId, at);
    try {
      this.el.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is already gone; its release will not come either.
    }
    if (this.down.size > 1) {
      // A second finger: what the first one began was the start of a pinch.
      this.giveUp();
      this.pressed = null;
      return;
    }
    const tool = this.wishes.tool();
    const shape = event.shiftKey && tool === "pan" ? "lasso" : tool === "pan" ? null : tool;
    this.pressed = { id: event.pointerId, ...at, moved: false, shape, combine: combineOf(event) };
    this.line = [at.x, at.y];
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.wishes.hover({ ...at, touch: event.pointerType === "touch" });
      return;
    }
    if (this.down.size === 2) this.pinch(event.pointerId, before, at);
    this.down.set(event.pointerId, at);
    const { pressed } = this;
    if (!pressed || this.down.size > 1) return;
    if (!pressed.moved && Math.hypot(at.x - pressed.x, at.y - pressed.y) < STILL) return;
    if (!pressed.moved) this.wishes.hover(null);
    const first = !pressed.moved;
    pressed.moved = true;
    if (pressed.shape === null) {
      const from = first ? pressed : before;
      this.wishes.pan(at.x - from.x, at.y - from.y);
    } else if (pressed.shape === "rectangle") {
      this.line = [pressed.x, pressed.y, at.x, pressed.y, at.x, at.y, pressed.x, at.y];
      this.wishes.line(this.line, "rectangle");
    } else {
      this.line.push(at.x, at.y);
      this.wishes.line(this.line, "lasso");
    }
  }

  private pinch(id: number, before: { x: number; y: number }, at: { x: number; y: number }): void {
    const other = [...this.down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const [was, is] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(at.x - other.x, at.y - other.y)];
    this.wishes.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 8 && is > 8) this.wishes.zoom(is / was, (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  private release(event: PointerEvent): void {
    const { pressed } = this;
    this.down.delete(event.pointerId);
    if (!pressed || pressed.id !== event.pointerId) return;
    this.pressed = null;
    const at = this.at(event);
    if (!pressed.moved) this.wishes.open({ ...at, touch: event.pointerType === "touch" });
    else if (pressed.shape !== null) {
      this.wishes.line(null, pressed.shape);
      this.wishes.drawn(this.line, pressed.shape, pressed.combine);
    }
  }

  private cancel(id: number): void {
    this.down.delete(id);
    if (this.pressed?.id !== id) return;
    this.giveUp();
    this.pressed = null;
  }

  private giveUp(): boolean {
    if (!this.pressed?.moved || this.pressed.shape === null) return false;
    this.wishes.line(null, this.pressed.shape);
    return true;
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !this.wishes.wheels()) return;
    event.preventDefault();
    const { x, y } = this.at(event);
    const by = event.deltaY * (WHEEL_UNITS[event.deltaMode] ?? 1);
    // Touchpads pinch in small steps with ctrlKey set; they are as quick as a wheel's large ones this way.
    this.wishes.zoom(Math.exp(-Math.max(-240, Math.min(240, by)) * (event.ctrlKey ? 0.01 : 0.0025)), x, y);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const towards = DIRECTIONS[event.key];
    if (towards) this.wishes.step(towards);
    else if (event.key === "Enter") this.wishes.enter();
    else if (event.key === "+" || event.key === "=") this.wishes.zoom(KEY_ZOOM);
    else if (event.key === "-" || event.key === "_") this.wishes.zoom(1 / KEY_ZOOM);
    else if (event.key === "0") this.wishes.fit();
    else if (event.key === "Escape" && this.giveUp()) this.pressed = null;
    else if (event.key !== "Escape" || !this.wishes.escape()) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
