/** The state of one widget as the anywidget standard has it: named values, and who wants to hear of them. */

export type Listener = (...what: unknown[]) => void;

/** What lies behind a model; on a page without a kernel that is the page itself. */
export interface Backend {
  /** The values a widget changed since it last saved. */
  save: (changes: { readonly [name: string]: unknown }) => void;
  /** A listener threw; the others were called all the same. */
  failed: (error: unknown) => void;
}

/** What a module gets for a model. */
export interface AnyModel {
  get: (name: string) => unknown;
  set: (name: string, value: unknown) => void;
  save_changes: () => void;
  on: (event: string, listener: Listener) => void;
  off: (event?: string | null, listener?: Listener | null) => void;
  send: (content: unknown, callbacks?: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]) => void;
  /** How modules found each other before there was `host`. */
  widget_manager: { get_model: (id: string) => Promise<AnyModel> };
}

export class Model {
  private readonly values: Map<string, unknown>;
  private readonly dirty = new Set<string>();
  private readonly listeners = new Map<string, Listener[]>();

  constructor(
    values: { readonly [name: string]: unknown },
    private readonly backend: Backend,
  ) {
    this.values = new Map(Object.entries(values));
  }

  get(name: string): unknown {
    return this.values.get(name);
  }

  /** A change by the widget: heard at once, kept back from the page until it is saved. */
  set(name: string, value: unknown): void {
    if (Object.is(this.values.get(name), value)) return;
    this.values.set(name, value);
    this.dirty.add(name);
    this.emit(`change:${name}`);
    this.emit("change");
  }

  save(): void {
    if (this.dirty.size === 0) return;
    const changes = Object.fromEntries([...this.dirty].map((name) => [name, this.values.get(name)]));
    this.dirty.clear();
    try {
      this.backend.save(changes);
    } catch (error) {
      this.backend.failed(error);
    }
  }

  /** A change by the page: it is nothing to save, and wins over what the widget set and did not save. */
  receive(changes: { readonly [name: string]: unknown }): void {
    const changed = Object.entries(changes).filter(([name, value]) => {
      this.dirty.delete(name);
      return !Object.is(this.values.get(name), value);
    });
    // All values stand before anybody hears of one, so that no listener sees half an update.
    for (const [name, value] of changed) this.values.set(name, value);
    for (const [name] of changed) this.emit(`change:${name}`);
    if (changed.length > 0) this.emit("change");
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event: string, listener: Listener): void {
    const left = [...(this.listeners.get(event) ?? [])];
    const at = left.indexOf(listener);
    if (at >= 0) left.splice(at, 1);
    this.listeners.set(event, left);
  }

  /** Lists are replaced and never changed, so that a listener may come or go while they are walked. */
  private emit(event: string): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        listener();
      } catch (error) {
        this.backend.failed(error);
      }
    }
  }
}

/** The model as one hook sees it: what the hook listens to ends with its signal, and it can take off only what it put on. */
export function forHook(model: Model, signal: AbortSignal, find: (id: string) => Promise<AnyModel>): AnyModel {
  let own: { event: string; listener: Listener }[] = [];
  const drop = (gone: (one: { event: string; listener: Listener }) => boolean) => {
    for (const one of own.filter(gone)) model.off(one.event, one.listener);
    own = own.filter((one) => !gone(one));
  };
  signal.addEventListener("abort", () => drop(() => true), { once: true });
  return {
    get: (name) => model.get(name),
    set: (name, value) => model.set(name, value),
    save_changes: () => model.save(),
    on: (event, listener) => {
      if (signal.aborted) return;
      own.push({ event, listener });
      model.on(event, listener);
    },
    off: (event, listener) => drop((one) => (!event || one.event === event) && (!listener || one.listener === listener)),
    // There is no kernel behind this page that could answer.
    send: () => undefined,
    widget_manager: { get_model: find },
  };
}
