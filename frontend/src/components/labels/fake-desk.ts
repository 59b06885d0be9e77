/** For tests: the labels page with its fake host, and the keys and words of somebody who works at it. */
import { afterEach, vi } from "vitest";
import type { FakeHost } from "../../hosts/fake";
import { mounted, settle, type Mounted } from "../mounted";
import { labelsHost } from "./fake-labels";
import { labels } from "./labels";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
  vi.restoreAllMocks();
});

export async function calm(): Promise<void> {
  for (let k = 0; k < 3; k++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await settle();
  }
}

/** The next page that is looked at; it goes when the test ends. */
export async function opened(options: Parameters<typeof mounted>[1]): Promise<Mounted> {
  page = await mounted(labels, options);
  await calm();
  return page;
}

export async function look(options: Parameters<typeof mounted>[1] = {}): Promise<Mounted> {
  return opened({ host: labelsHost(), ...options });
}

export const PAIR = { pair: ["T-shirt", "Shirt"] };
export const tiles = ({ root }: Mounted) => [...root.querySelectorAll(".tile")].map((one) => one.getAttribute("aria-label"));
export const current = ({ root }: Mounted) => root.querySelector('.tile[aria-current="true"]')?.getAttribute("aria-label")?.split(",")[0];
const focused = ({ root }: Mounted) => root.activeElement ?? root.querySelector("[data-tiles]");

export function press(shown: Mounted, ...keys: string[]): void {
  for (const key of keys) {
    const shiftKey = key.startsWith("⇧");
    focused(shown)?.dispatchEvent(new KeyboardEvent("keydown", { key: key.replace("⇧", ""), shiftKey, bubbles: true, composed: true, cancelable: true }));
  }
}

export async function type(shown: Mounted, text: string): Promise<void> {
  const input = shown.root.querySelector<HTMLInputElement>("[role=combobox], input[aria-label=Comment]");
  if (!input) throw new Error("nothing to type into");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}

type Said = { action: string; samples: string[]; label?: string; labels?: string[]; of?: string; reason?: string; blind?: boolean };
export const payloads = ({ host }: { host: FakeHost }) => host.decided.filter(({ kind }) => kind === "label").map(({ payload }) => payload as unknown as Said);
export const said = (shown: Mounted) => payloads(shown).map(({ samples, action, label }) => [samples.join(), action, ...(label === undefined ? [] : [label])]);
export const inForce = ({ host }: Mounted) => host.decided.filter(({ kind }) => kind === "label").map((one) => one.inForce);
