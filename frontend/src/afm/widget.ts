/** One widget: its model, its one initialisation, and any number of views. */
import { forHook, type AnyModel, type Model } from "./model";
import { type Child, type Experimental, type Hooks, type WidgetHost } from "./module";

const WAIT_MS = 10_000;
const REF = /^anywidget:(.+)$/s;

type Cleanup = () => unknown;

const experimental: Experimental = {
  invoke: (name) => Promise.reject(new Error(`No kernel stands behind this page, so “${name}” cannot be called.`)),
};

function isCleanup(value: unknown): value is Cleanup {
  return typeof value === "function";
}

/** An `AbortController` that its parent's signal aborts too. */
function below(parent: AbortSignal, also?: AbortSignal): AbortController {
  const control = new AbortController();
  for (const signal of also ? [parent, also] : [parent]) {
    if (signal.aborted) control.abort();
    else signal.addEventListener("abort", () => control.abort(), { once: true, signal: control.signal });
  }
  return control;
}

export class Widget {
  private readonly control = new AbortController();
  /** What `initialize` gave other widgets to use; resolves once it is through. */
  readonly ready: Promise<unknown>;
  private hooks: Hooks | null = null;
  private cleanup: Cleanup | null = null;

  constructor(
    readonly id: string,
    readonly model: Model,
    hooks: Promise<Hooks>,
    private readonly widgets: Widgets,
    private readonly failed: (error: unknown) => void,
  ) {
    this.ready = this.initialise(hooks);
    this.ready.catch(() => undefined); // whoever renders or asks for it hears of it
    widgets.add(this);
  }

  private async initialise(hooks: Promise<Hooks>): Promise<unknown> {
    const { signal } = this.control;
    this.hooks = await hooks;
    signal.throwIfAborted();
    const given: unknown = await this.hooks.initialize?.({ model: this.modelFor(signal), signal, experimental });
    if (isCleanup(given)) {
      if (signal.aborted) this.tidy(given);
      else this.cleanup = given;
    }
    return given !== null && typeof given === "object" ? given : undefined;
  }

  /** A view in an element of its own, until its signal is aborted; resolves when it stands. */
  async render(el: HTMLElement, signal?: AbortSignal): Promise<void> {
    const view = below(this.control.signal, signal).signal;
    await this.ready;
    if (view.aborted) return;
    const given: unknown = await this.hooks?.render?.({ model: this.modelFor(view), el, signal: view, host: this.hostFor(view), experimental });
    if (!isCleanup(given)) return;
    if (view.aborted) this.tidy(given);
    else view.addEventListener("abort", () => this.tidy(given), { once: true });
  }

  /** Every signal first, then the views' clean-ups, then the widget's; one that is given later is called when it comes. */
  destroy(): void {
    this.widgets.remove(this);
    this.control.abort();
    if (this.cleanup) this.tidy(this.cleanup);
    this.cleanup = null;
  }

  modelFor(signal: AbortSignal): AnyModel {
    return forHook(this.model, signal, (id) => this.widgets.model(`anywidget:${id}`, signal));
  }

  private hostFor(view: AbortSignal): WidgetHost {
    return {
      getModel: (ref) => this.widgets.model(ref, view),
      getWidget: async (ref): Promise<Child> => {
        const child = await this.widgets.find(ref);
        return { exports: await child.ready, render: ({ el, signal }) => child.render(el, signal ?? view) };
      },
    };
  }

  /** After everything that hears the signal: an abort is told in one go, and this waits for its end. */
  private tidy(cleanup: Cleanup): void {
    Promise.resolve()
      .then(cleanup)
      .catch((error: unknown) => this.failed(error));
  }
}

/** The widgets of a page, which find each other by the ids of their tiles. */
export class Widgets {
  private readonly known = new Map<string, Widget>();
  private readonly waiting = new Map<string, Set<(widget: Widget) => void>>();

  constructor(private readonly waitMs = WAIT_MS) {}

  add(widget: Widget): void {
    this.known.set(widget.id, widget);
    for (const tell of this.waiting.get(widget.id) ?? []) tell(widget);
    this.waiting.delete(widget.id);
  }

  remove(widget: Widget): void {
    if (this.known.get(widget.id) === widget) this.known.delete(widget.id);
  }

  async find(ref: unknown): Promise<Widget> {
    const id = typeof ref === "string" ? REF.exec(ref)?.[1] : undefined;
    if (id === undefined) throw new TypeError(`${JSON.stringify(ref) ?? String(ref)} refers to no widget; a text like "anywidget:ID" is expected.`);
    const known = this.known.get(id);
    if (known) return known;
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(id) ?? new Set();
      this.waiting.set(id, waiting.add(found));
      const timer = setTimeout(() => {
        waiting.delete(found);
        reject(new Error(`There is no widget “${id}” on this page; it was waited for for ${this.waitMs / 1000} s.`));
      }, this.waitMs);
      function found(widget: Widget): void {
        clearTimeout(timer);
        resolve(widget);
      }
    });
  }

  async model(ref: unknown, signal: AbortSignal): Promise<AnyModel> {
    return (await this.find(ref)).modelFor(signal);
  }
}

