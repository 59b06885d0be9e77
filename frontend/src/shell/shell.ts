/** What the chrome around the views is doing: which popup is open, which tile is being moved. None of it is kept or shared. */
import { signal } from "@preact/signals";
import { chosen } from "../state/chosen";
import { pageKeys } from "../state/keys";
import type { Layout } from "../state/layout";
import type { Place } from "../state/placing";
import type { Session } from "../state/session";
import type { ThemeState } from "../state/theme";
import { reason } from "../hosts/reason";

const TOLD_MS = 6000;

export interface Fault {
  text: string;
  /** Where in the code; null where nothing is known. */
  details: string | null;
}

export class Shell {
  readonly keys = pageKeys();
  readonly help = signal(false);
  /** The palette, for everything or for what can be put on the page. */
  readonly finder = signal<"everything" | "component" | null>(null);
  /** A popup of the filter row. */
  readonly popup = signal<{ of: "filter"; column: string | null } | { of: "group" } | null>(null);
  readonly arranging = signal(false);
  /** A tile over the whole page. */
  readonly maximised = signal<string | null>(null);
  /** The tile that the keyboard moves, and the layout that Escape goes back to. */
  readonly held = signal<{ id: string; before: Layout } | null>(null);
  /** Where a dragged tile would land. */
  readonly landing = signal<Place | null>(null);
  /** The tile or page that is being named. */
  readonly naming = signal<string | null>(null);
  /** The last thing that was done, for a moment. */
  readonly told = signal<string | null>(null);
  readonly faults = signal<readonly Fault[]>([]);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly session: Session,
    readonly theme: ThemeState,
  ) {}

  /** Say what was done: to be read for a moment, and heard. */
  tell(text: string): void {
    this.session.store.say(text);
    this.told.value = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.told.value = null), TOLD_MS);
  }

  /** Something went wrong that no view told of. */
  fault(error: unknown): void {
    const text = reason(error);
    const details = error instanceof Error && error.stack ? error.stack : null;
    if (!this.faults.value.some((one) => one.text === text)) this.faults.value = [...this.faults.value, { text, details }];
  }

  arrange(on: boolean): void {
    this.arranging.value = on;
    this.held.value = null;
    this.naming.value = null;
    if (on) this.maximised.value = null;
  }

  /** Another page; nothing of the old one stays open. */
  goTo(page: string): void {
    this.maximised.value = null;
    this.held.value = null;
    this.session.store.arrangement.page.value = page;
    window.scrollTo?.({ top: 0 });
  }

  /** A page by its place among the tabs, from 1. */
  goToNumber(number: number): boolean {
    const page = this.session.store.arrangement.layout.peek().pages.filter(({ under }) => under === undefined)[number - 1];
    if (page) this.goTo(page.id);
    return page !== undefined;
  }

  /** Close the outermost thing that is open; false when nothing is. */
  back(): boolean {
    const { session, finder, help, popup, maximised, arranging } = this;
    const { store } = session;
    if (finder.value) finder.value = null;
    else if (help.value) help.value = false;
    else if (popup.value) popup.value = null;
    else if (maximised.value) maximised.value = null;
    else if (arranging.value) this.arrange(false);
    else if (store.focus.value !== null) store.focus.value = null;
    else if (chosen(store).length > 0 || store.pickFailed.value) session.unpick();
    else return false;
    return true;
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
