/**
 * Libraries that few pages need, each a file of its own with everything inside, brought in when it is first used.
 *
 * Such a file says that it is there through a symbol and not through exports: in a report of one file it stands inside
 * the document, and what stands there cannot be imported.
 */
import type { Session } from "../state/session";

function symbolOf(name: string): symbol {
  return Symbol.for(`bathyscope.${name}`);
}

function eventOf(name: string): string {
  return `bathyscope-provided-${name}`;
}

/** In a lazy file: hand over what it holds. */
export function provide(name: string, library: object): void {
  Object.defineProperty(globalThis, symbolOf(name), { value: library, configurable: true });
  // Nothing else tells that a script without an address has run.
  document.dispatchEvent(new Event(eventOf(name)));
}

/** What a lazy file handed over; null while it has not run. The caller knows its type, for it wrote the file. */
export function provided<T extends object>(name: string): T | null {
  return ((globalThis as { [key: symbol]: unknown })[symbolOf(name)] as T | undefined) ?? null;
}

async function inflated(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** The document's policy names this text by its hash, so that it may run and nothing else. */
async function runInside(name: string, block: Element): Promise<void> {
  const script = document.createElement("script");
  script.type = "module"; // two files may use the same names
  script.textContent = await inflated(block.textContent ?? "");
  await new Promise<void>((resolve, reject) => {
    document.addEventListener(eventOf(name), () => resolve(), { once: true });
    document.addEventListener("securitypolicyviolation", () => reject(new Error("This report was changed after it was written, so a part of it may not run.")), { once: true });
    document.head.append(script);
  });
  script.remove();
}

async function bring<T extends object>(name: string, address: string, session: Session): Promise<T> {
  const file = address.split("/").at(-1) ?? "";
  const inside = document.querySelector(`script[data-code="${name}"]`);
  if (inside) await runInside(name, inside);
  else {
    // A report knows the file by its place in the folder, the page by its whole address.
    const at = session.hostName === "notebook" ? await session.code(`assets/${file}`) : new URL(address, document.baseURI).href;
    await import(/* @vite-ignore */ at);
  }
  const library = provided<T>(name);
  if (!library) throw new Error(`A part of this page (${name}) was loaded and did not start. Reload the page.`);
  return library;
}

const asked = new Map<string, Promise<object>>();

/** The library of this name: from the page if it is there already, from `address` or the document otherwise; asked for once. */
export function lazy<T extends object>(name: string, address: string, session: Session): Promise<T> {
  const here = provided<T>(name);
  if (here) return Promise.resolve(here);
  const known = asked.get(name) as Promise<T> | undefined;
  const now = known ?? bring<T>(name, address, session);
  asked.set(name, now);
  now.catch(() => asked.delete(name));
  return now;
}
