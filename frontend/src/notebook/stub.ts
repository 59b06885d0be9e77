/**
 * The code of every single view, which is why it is small: it finds the hub, which carries the rest, and hands over.
 * Nothing may be imported here but types.
 */
import type { Model } from "../hosts/notebook";
import { reason } from "../hosts/reason";

interface View {
  model: Model & { widget_manager?: { get_model(id: string): Promise<unknown> } };
  el: HTMLElement;
  signal?: AbortSignal;
  host?: { getWidget(ref: unknown): Promise<{ exports?: unknown }> };
}

interface Hub {
  mount(view: { model: Model; el: HTMLElement; signal: AbortSignal }): void;
}

const WAIT_MS = 10_000;
const LOOK_MS = 100;
const TITLE = "This view needs its kernel.";
const WORDS =
  "It shows data that the notebook's kernel holds, and no running hub was found. Run the cell that makes the hub (hub = bs.Hub(…), kept in a variable), then run this cell again.";

function hubOf(exports: unknown): Hub | null {
  return exports && typeof (exports as Hub).mount === "function" ? (exports as Hub) : null;
}

function registered(model: Model): Hub | null {
  const hubs = (globalThis as { [key: symbol]: unknown })[Symbol.for("bathyscope.hubs")];
  return hubs instanceof Map ? hubOf(hubs.get(model.get("hub_key"))) : null;
}

async function waited(model: Model, signal: AbortSignal): Promise<Hub | null> {
  const until = Date.now() + WAIT_MS;
  let hub = registered(model);
  while (!hub && !signal.aborted && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    hub = registered(model);
  }
  return hub;
}

async function find({ model, host }: View, signal: AbortSignal): Promise<Hub | null> {
  const ref = model.get("hub");
  if (!ref) return null; // Python closed it
  if (host) return hubOf((await host.getWidget(ref)).exports) ?? registered(model);
  // A host older than this interface: the hub stands in a list of the page, at the latest once its model is made.
  const hub = await waited(model, signal);
  if (hub || signal.aborted) return hub;
  await model.widget_manager?.get_model(String(ref).replace("anywidget:", ""));
  return waited(model, signal);
}

function explain(el: HTMLElement, why: string, again: () => void): void {
  const box = document.createElement("div");
  box.setAttribute("role", "alert");
  box.style.cssText = "font:13px/1.45 system-ui,sans-serif;padding:12px;border:1px solid #8794a1;border-radius:8px;color:inherit;max-width:72ch";
  const title = document.createElement("b");
  title.textContent = TITLE;
  const button = document.createElement("button");
  button.textContent = "Look again";
  button.onclick = again;
  button.style.cssText = "font:inherit;display:block;margin-top:8px";
  box.append(title, ` ${WORDS}${why ? ` (${why})` : ""}`, button);
  el.replaceChildren(box);
}

function render(view: View): () => void {
  const own = new AbortController();
  // Hosts older than the signal call what is returned here instead.
  view.signal?.addEventListener("abort", () => own.abort());
  if (view.signal?.aborted) own.abort();
  const { el, model } = view;
  const { signal } = own;
  const look = () => {
    el.textContent = "Looking for the hub…";
    find(view, signal).then(
      (hub) => {
        if (signal.aborted) return;
        if (!hub) return explain(el, "", look);
        el.replaceChildren();
        hub.mount({ model, el, signal });
      },
      (error: unknown) => signal.aborted || explain(el, reason(error), look),
    );
  };
  look();
  return () => own.abort();
}

export default { render };
