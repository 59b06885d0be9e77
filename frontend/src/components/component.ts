/** The contract of a component: one folder, plain data in, its own shadow root, and a clean-up back. */
import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { h, render } from "preact";
import type { Recording } from "../hosts/recording";
import type { Options } from "../state/layout";
import type { Session } from "../state/session";
import { declarePrivate } from "../state/shareable";
import type { Store } from "../state/store";
import base from "../draw/base.css?inline";
import { Explanation, Failure, Guard, Waiting } from "../draw/parts";
import { checked, type OptionSpecs } from "./options";
import { reason } from "../hosts/reason";

export interface Context {
  /** Where the component draws; nothing outside is its own. */
  root: ShadowRoot;
  /** Aborted when the component goes. */
  signal: AbortSignal;
  /** Its tile's id: the source of its filters and picks. */
  id: string;
  /** What is shown, as plain data: every option of the definition, defaults filled in. */
  options: ReadonlySignal<Options>;
  /** Change options; kept in the layout, undone and shared like everything a person does. */
  set: (changes: Options) => void;
  store: Store;
  data: Session;
}

export interface Definition {
  type: string;
  /** The question this view answers; its name wherever views are listed. */
  title: string;
  needs: readonly ("labels" | "predictions" | "checkpoints" | "images" | "metadata")[];
  options: OptionSpecs;
  /** Fills the height of its tile and scrolls inside, instead of growing with what it shows. */
  fill?: true;
  /** Of what is drawn at once; a view that comes later brings its own. */
  styles?: string;
  /** true, or the reason in a sentence why this recording cannot be shown so. */
  applies: (recording: Recording) => true | string;
  mount: (context: Context) => () => void;
}

export function defineComponent(definition: Omit<Definition, "options"> & { options?: OptionSpecs }): Definition {
  const options = Object.entries(definition.options ?? {});
  declarePrivate(definition.type, options.filter(([, spec]) => spec.private).map(([name]) => name));
  return Object.freeze({ options: {}, ...definition });
}

/** The usual `mount`: draw a Preact view, and a plain sentence should it ever throw. */
export function drawn(view: (props: { ctx: Context }) => preact.JSX.Element | null): Definition["mount"] {
  return (ctx) => {
    render(h(Guard, null, h(view, { ctx })), ctx.root);
    return () => render(null, ctx.root);
  };
}

const begun = new Set<Promise<unknown>>();

/** Resolves when the code of every view that was asked for so far is there. */
export function loaded(): Promise<unknown> {
  return Promise.all(begun);
}

/** `mount` of a view that the first page can do without: its code comes when it is first on a page. */
export function drawnLater(load: () => Promise<{ View: Parameters<typeof drawn>[0]; styles?: string }>): Definition["mount"] {
  return (ctx) => {
    const failed = (why: string) => render(h(Failure, { what: "This view could not be loaded.", why, retry: attempt }), ctx.root);
    const attempt = () => {
      render(h(Waiting, { what: "Loading this view", height: 160 }), ctx.root);
      const asked = load().then(
        ({ View, styles }) => {
          if (gone) return;
          if (styles !== undefined) ctx.root.adoptedStyleSheets = [sheet(base), sheet(styles)];
          render(h(Guard, null, h(View, { ctx })), ctx.root);
        },
        (error: unknown) => {
          if (!gone) failed(reason(error));
        },
      );
      begun.add(asked);
      void asked.finally(() => begun.delete(asked));
    };
    let gone = false;
    attempt();
    return () => {
      gone = true;
      render(null, ctx.root);
    };
  };
}

const sheets = new Map<string, CSSStyleSheet>();

function sheet(css: string): CSSStyleSheet {
  let made = sheets.get(css);
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(css);
    sheets.set(css, made);
  }
  return made;
}

/** Put the component of a tile on the page: in a shadow root, or an explanation where it does not apply. */
export function mountComponent(definition: Definition, el: HTMLElement, data: Session, id: string = definition.type): () => void {
  const root = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet(base), ...(definition.styles === undefined ? [] : [sheet(definition.styles)])];
  const control = new AbortController();
  const { arrangement } = data.store;
  const found = computed(() => checked(definition.options, arrangement.tile(id)?.options ?? {}));
  const options = computed(() => found.value.options);
  const set = (changes: Options) => arrangement.set(id, changes);
  for (const text of found.peek().wrong) data.store.notice(`${definition.title}: ${text}`);
  let unmount: (() => void) | null = null;
  let shown: true | string | null = null;
  const stop = effect(() => {
    const applies = definition.applies(data.store.recording.value);
    if (applies === shown) return;
    shown = applies;
    unmount?.();
    if (applies === true) {
      unmount = definition.mount({ root, signal: control.signal, id, options, set, store: data.store, data });
    } else {
      render(h(Explanation, { title: definition.title, text: applies }), root);
      unmount = () => render(null, root);
    }
  });
  return () => {
    stop();
    control.abort();
    unmount?.();
  };
}
