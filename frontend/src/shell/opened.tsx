/** For tests: the whole page over a small recording, and ways to see and do what a person would. */
import { render } from "preact";
import { settle } from "../components/mounted";
import { FakeHost } from "../hosts/fake";
import type { Layout } from "../state/layout";
import { Session } from "../state/session";
import { followTheme } from "../state/theme";
import { Page } from "./page";

export interface Opened {
  host: FakeHost;
  session: Session;
  root: HTMLElement;
  /** Everything that can be pressed and whose name starts so. */
  named: (start: string, selector?: string) => HTMLElement;
  click: (start: string, selector?: string) => Promise<void>;
  press: (key: string, more?: KeyboardEventInit, at?: EventTarget) => Promise<KeyboardEvent>;
  type: (text: string, selector: string) => Promise<void>;
  close: () => void;
}

export async function opened(options: { host?: FakeHost; layout?: Layout; fragment?: string; keep?: (fragment: string) => void } = {}): Promise<Opened> {
  const host = options.host ?? new FakeHost();
  const session = new Session(host, await host.recording(), options.layout);
  const theme = followTheme(document.documentElement);
  const root = document.createElement("div");
  document.body.append(root);
  render(<Page session={session} theme={theme} />, root);
  session.start(options.fragment ?? "", options.keep ?? (() => undefined));
  await settle();
  const nameOf = (el: Element) => (el.getAttribute("aria-label") ?? el.textContent ?? "").trim();
  const named = (start: string, selector = "button, a, [role=tab], [role=menuitem], input, select") => {
    const found = [...root.querySelectorAll<HTMLElement>(selector)].find((el) => nameOf(el).startsWith(start));
    if (!found) throw new Error(`Nothing is called "${start}…" among: ${[...root.querySelectorAll(selector)].map(nameOf).join(" | ")}`);
    return found;
  };
  return {
    host,
    session,
    root,
    named,
    click: async (start, selector) => {
      named(start, selector).click();
      await settle();
    },
    press: async (key, more = {}, at = document) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more });
      at.dispatchEvent(event);
      await settle();
      return event;
    },
    type: async (text, selector) => {
      const field = root.querySelector<HTMLInputElement>(selector);
      if (!field) throw new Error(`no field ${selector}`);
      field.focus();
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await settle();
    },
    close: () => {
      render(null, root);
      session.stop();
      theme.stop();
      root.remove();
      localStorage.clear();
    },
  };
}
