/** The page in the address bar: a new entry for another page, the same entry for anything else; and the window's title. */
import { effect } from "@preact/signals";
import type { Session } from "../state/session";

const REST_MS = 250;

interface Entry {
  page: string;
}

function entryOf(state: unknown): Entry | null {
  const page = state !== null && typeof state === "object" ? (state as { page?: unknown }).page : null;
  return typeof page === "string" ? { page } : null;
}

/** Follows a session until it is stopped; `keep` is what the session tells its fragment. */
export class Address {
  private page: string | null = null;
  private fragment: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting: (() => void) | null = null;
  private readonly control = new AbortController();
  private stopTitle: () => void = () => undefined;

  constructor(private readonly reload: () => void = () => location.reload()) {}

  readonly keep = (fragment: string): void => {
    const now = this.session?.store.arrangement.page.peek() ?? "";
    if (fragment === this.fragment && now === this.page) return;
    this.fragment = fragment;
    this.waiting = () => {
      this.waiting = null;
      const page = this.session?.store.arrangement.page.peek() ?? "";
      const address = fragment ? `#${fragment}` : location.pathname + location.search;
      try {
        if (this.page !== null && page !== this.page) history.pushState({ page }, "", address);
        else history.replaceState({ page }, "", address);
      } catch {
        // A report inside another document, such as a notebook, has no address of its own.
      }
      this.page = page;
    };
    clearTimeout(this.timer);
    // Another page is another entry at once; what is dragged or typed may come to rest first.
    if (now !== this.page) this.waiting();
    else this.timer = setTimeout(() => this.waiting?.(), REST_MS);
  };

  private session: Session | null = null;

  follow(session: Session): void {
    this.session = session;
    const { store } = session;
    const { signal } = this.control;
    window.addEventListener("popstate", (event) => {
      const entry = entryOf(event.state);
      // An address that was typed or pasted is another view altogether.
      if (!entry) return this.reload();
      this.page = entry.page;
      store.arrangement.page.value = entry.page;
    }, { signal });
    window.addEventListener("pagehide", () => this.waiting?.(), { signal });
    this.stopTitle = effect(() => {
      const { arrangement, recording } = store;
      const several = arrangement.layout.value.pages.length > 1;
      document.title = [several ? arrangement.current()?.title : null, arrangement.layout.value.title, recording.value.name, "Bathyscope"].filter(Boolean).join(" · ");
    });
  }

  stop(): void {
    clearTimeout(this.timer);
    this.control.abort();
    this.stopTitle();
  }
}
