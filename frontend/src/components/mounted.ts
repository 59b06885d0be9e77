/** For tests: a component on a page of its own, and ways to see and do what a person would. */
import type { Json } from "../hosts/host";
import { FakeHost } from "../hosts/fake";
import { Session } from "../state/session";
import { tile, type Options } from "../state/layout";
import { loaded, mountComponent, type Definition } from "./component";

export async function settle(turns = 8): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

export interface Mounted {
  host: FakeHost;
  session: Session;
  root: ShadowRoot;
  text: () => string;
  /** The element with this role whose accessible name starts so. */
  named: (selector: string, start: string) => HTMLElement;
  close: () => void;
}

export async function mounted(definition: Definition, options: { checkpoints?: number; more?: { readonly [key: string]: Json }; fragment?: string; options?: Options; id?: string; host?: FakeHost } = {}): Promise<Mounted> {
  const host = options.host ?? new FakeHost(options.checkpoints ?? 3, options.more ?? {});
  const id = options.id ?? definition.type;
  const tiles = [tile(definition.type, { id, options: options.options ?? {} })];
  const session = new Session(host, await host.recording(), { version: 1, pages: [{ id: "page", title: "Page", tiles, dock: null }] });
  session.start(options.fragment ?? "", () => undefined);
  const el = document.createElement("div");
  // happy-dom does no layout; charts and lists draw only what has a size.
  for (const side of ["clientWidth", "clientHeight"] as const) Object.defineProperty(HTMLElement.prototype, side, { configurable: true, value: 600 });
  document.body.append(el);
  const unmount = mountComponent(definition, el, session, id);
  await loaded();
  await settle();
  const root = el.shadowRoot;
  if (!root) throw new Error("no shadow root");
  const nameOf = (found: Element) => (found.getAttribute("aria-label") ?? found.textContent ?? "").trim();
  return {
    host,
    session,
    root,
    text: () => root.textContent ?? "",
    named: (selector, start) => {
      const found = [...root.querySelectorAll<HTMLElement>(selector)].find((element) => nameOf(element).startsWith(start));
      if (!found) throw new Error(`No ${selector} called "${start}…" among: ${[...root.querySelectorAll(selector)].map(nameOf).join(" | ")}`);
      return found;
    },
    close: () => {
      unmount();
      session.stop();
      el.remove();
    },
  };
}
