/** What all views of a hub share in a page: one line to the kernel, one session, and the theme of the notebook around. */
import { effect, signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals";
import { h, render } from "preact";
import type { Connection, Json } from "../hosts/host";
import { NotebookHost, type Model } from "../hosts/notebook";
import { canonical } from "../hosts/report";
import { tile, type Layout, type Options, type Tile } from "../state/layout";
import { Session } from "../state/session";
import { frame } from "./frame";
import { Places } from "./places";
import { followNotebook, type Shown } from "./theme";
import { View } from "./view";
import { reason } from "../hosts/reason";

/** The one page of the layout that holds the tiles of all views. */
const PAGE = "notebook";

export interface Mounting {
  model: Model;
  el: HTMLElement;
  signal: AbortSignal;
}

function optionsOf(value: unknown): Options {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Options) : {};
}

/** The tiles a view shows: its own, or those of a page. */
export function tilesOf(model: Model): Tile[] {
  const [id, type, options] = [String(model.get("id")), String(model.get("type")), optionsOf(model.get("options"))];
  if (type !== "page") return [tile(type, { id, options })];
  const listed = Array.isArray(options["tiles"]) ? options["tiles"] : [];
  return listed.map((one: Json, place) => {
    const { type: component, options: own } = optionsOf(one);
    return tile(String(component), { id: `${id}-${place + 1}`, y: place, options: optionsOf(own) });
  });
}

export class NotebookHub {
  readonly host: NotebookHost;
  readonly session = signal<Session | null>(null);
  readonly failed = signal<string | null>(null);
  readonly connection = signal<Connection>({ state: "connecting" });
  readonly places = new Places();
  /** The view that was used last: it tells what concerns all of them. */
  private readonly leader = signal<symbol | null>(null);
  private readonly theme: ReadonlySignal<Shown>;
  private mounted = 0;

  constructor(
    model: Model,
    private readonly gone: AbortSignal,
  ) {
    this.host = new NotebookHost(model, gone);
    this.theme = followNotebook(document, gone);
    this.host.subscribe((event) => {
      if (event.type === "connection") this.connection.value = event.connection;
    });
  }

  async open(): Promise<void> {
    this.failed.value = null;
    try {
      const recording = await this.host.recording();
      const layout: Layout = { version: 1, pages: [{ id: PAGE, title: "Notebook", tiles: [], dock: null }] };
      const session = new Session(this.host, recording, layout);
      effect(() => void (session.store.theme.value = this.theme.value));
      session.start("", () => undefined);
      this.session.value = session;
    } catch (error) {
      this.failed.value = reason(error);
    }
  }

  mount({ model, el, signal: over }: Mounting): void {
    const me = Symbol("view");
    const { box, inside } = frame(el, model, this.theme, over);
    const tiles = signal<readonly Tile[]>(tilesOf(model));
    const leading = signal(true);
    const stops = [
      effect(() => this.adopt(tiles.value)),
      effect(() => void (leading.value = this.leader.value === me)),
      effect(() => this.keep(model, tiles)),
      effect(() => {
        const view = h(View, { hub: this, tiles: tiles.value, leading });
        untracked(() => render(view, inside));
      }),
    ];
    const changed = () => this.changed(model, tiles);
    const lead = () => (this.leader.value = me);
    lead();
    this.mounted++;
    model.on("change:options", changed);
    for (const event of ["pointerdown", "focusin"] as const) box.addEventListener(event, lead);
    box.addEventListener("keydown", (event) => this.key(event));
    const unmount = () => {
      stops.forEach((stop) => stop());
      model.off("change:options", changed);
      render(null, inside);
      // The last picture stays as long as anybody shows it.
      if (--this.mounted === 0 && this.gone.aborted) this.close();
    };
    over.addEventListener("abort", unmount, { once: true });
  }

  /** The tiles stand in the layout, where their options are kept, undone and shared. */
  private adopt(tiles: readonly Tile[]): void {
    const session = this.session.value;
    if (!session) return;
    const { arrangement } = session.store;
    const fresh = tiles.filter(({ id }) => untracked(() => arrangement.tile(id)) === null);
    if (fresh.length === 0) return;
    session.history.amend((layout) => ({ ...layout, pages: layout.pages.map((page) => ({ ...page, tiles: [...page.tiles, ...fresh] })) }));
  }

  /** Options that a person changed go back to the model, and so to Python and to other displays of the view. */
  private keep(model: Model, tiles: Signal<readonly Tile[]>): void {
    const session = this.session.value;
    if (!session) return;
    const now = tiles.peek().map((one) => session.store.arrangement.tile(one.id) ?? one);
    const type = String(model.get("type"));
    const options: Options = type === "page" ? { ...optionsOf(model.get("options")), tiles: now.map(({ component, options: own }) => ({ type: component, options: own })) } : (now[0]?.options ?? {});
    if (canonical(options) === canonical(optionsOf(model.get("options")))) return;
    model.set("options", options);
    model.save_changes();
  }

  /** Options that were set in Python. */
  private changed(model: Model, tiles: Signal<readonly Tile[]>): void {
    const session = this.session.peek();
    const said = tilesOf(model);
    if (said.map(({ id }) => id).join() !== tiles.peek().map(({ id }) => id).join()) tiles.value = said;
    if (!session) return;
    for (const { id, options } of said) {
      const before = session.store.arrangement.tile(id)?.options ?? {};
      if (canonical(before) === canonical(options)) continue;
      const cleared = Object.fromEntries(Object.keys(before).map((name) => [name, null]));
      session.store.arrangement.set(id, { ...cleared, ...options });
    }
  }

  private key(event: KeyboardEvent): void {
    const session = this.session.peek();
    const target = event.composedPath()[0];
    const typing = target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
    if (!session || typing || event.isComposing || event.defaultPrevented) return;
    const key = event.key.toLowerCase();
    const command = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (command && key === "z" && !event.shiftKey) session.history.undo();
    else if (command && (key === "y" || key === "z")) session.history.redo();
    else if (key === "escape" && session.store.focus.peek() !== null) session.store.focus.value = null;
    else return;
    event.preventDefault();
  }

  close(): void {
    this.session.peek()?.stop();
    this.host.close();
  }
}
