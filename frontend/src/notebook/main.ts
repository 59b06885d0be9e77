/** The code of all views of a notebook, carried once by a widget without a view; the views find it through its exports. */
import type { Model } from "../hosts/notebook";
import { NotebookHub, type Mounting } from "./hub";

/** Where views look in a host that cannot name other widgets; the same symbol stands in stub.ts. */
const REGISTRY = Symbol.for("bathyscope.hubs");

function registry(): Map<unknown, unknown> {
  const world = globalThis as { [key: symbol]: unknown };
  const known = world[REGISTRY];
  if (known instanceof Map) return known;
  const made = new Map<unknown, unknown>();
  world[REGISTRY] = made;
  return made;
}

/** Hosts older than the signal tell the end of a model as an event. */
function endOf(model: Model): AbortSignal {
  const control = new AbortController();
  model.on("destroy", () => control.abort());
  return control.signal;
}

function initialize({ model, signal }: { model: Model; signal?: AbortSignal }): { mount: (view: Mounting) => void } {
  const gone = signal ?? endOf(model);
  const hub = new NotebookHub(model, gone);
  const exports = { mount: (view: Mounting) => hub.mount(view) };
  const key = model.get("key");
  registry().set(key, exports);
  gone.addEventListener("abort", () => registry().delete(key));
  // Not awaited: a host gives a model two seconds to start.
  void hub.open();
  return exports;
}

export default { initialize };
