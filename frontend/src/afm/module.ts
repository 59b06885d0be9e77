/** From code that was imported to the hooks of a widget, or a sentence why that is none. */
import type { AnyModel } from "./model";

/** Another widget, as a module may show it inside its own. */
export interface Child {
  exports: unknown;
  render: (options: { el: HTMLElement; signal?: AbortSignal }) => Promise<void>;
}

export interface WidgetHost {
  getWidget: (ref: unknown) => Promise<Child>;
  getModel: (ref: unknown) => Promise<AnyModel>;
}

export interface Experimental {
  invoke: (name: string, message?: unknown, options?: unknown) => Promise<never>;
}

export interface Hooks {
  initialize?: (given: { model: AnyModel; signal: AbortSignal; experimental: Experimental }) => unknown;
  render?: (given: { model: AnyModel; el: HTMLElement; signal: AbortSignal; host: WidgetHost; experimental: Experimental }) => unknown;
}

/** What is wrong with a module, in words for whoever wrote it. */
export class ModuleError extends Error {
  override name = "ModuleError";
}

export function why(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function record(value: unknown): { readonly [name: string]: unknown } | null {
  return value !== null && (typeof value === "object" || typeof value === "function") ? (value as { readonly [name: string]: unknown }) : null;
}

/** Imported code by its hash: two widgets of one module share it. */
const imported = new Map<string, Promise<unknown>>();

export function importOnce(hash: string, address: () => Promise<string>): Promise<unknown> {
  const known = imported.get(hash);
  if (known) return known;
  const asked = address().then((at) => import(/* @vite-ignore */ at));
  imported.set(hash, asked);
  asked.catch(() => imported.delete(hash));
  return asked;
}

/** The hooks a module exports: an object, or what a function without arguments returns, now or later. */
export async function hooksOf(module: unknown, name: string): Promise<Hooks> {
  const exported = record(module)?.["default"];
  if (exported === undefined) {
    const old = typeof record(module)?.["render"] === "function";
    throw new ModuleError(
      old
        ? `The module “${name}” exports “render” by name, a form that the anywidget standard has given up. End it with: export default { render };`
        : `The module “${name}” has no default export. End it with: export default { render };`,
    );
  }
  const given: unknown = typeof exported === "function" ? await (exported as () => unknown)() : exported;
  const hooks = record(given);
  const wrong = (hook: string) => hooks?.[hook] !== undefined && typeof hooks[hook] !== "function";
  if (!hooks || typeof given === "function" || wrong("initialize") || wrong("render")) {
    throw new ModuleError(`The default export of the module “${name}” is no widget. It should be an object with a function “render”, or a function that returns one.`);
  }
  return hooks as Hooks;
}
