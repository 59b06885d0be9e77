/** The contract of a component: one folder, plain data in, its own shadow root, and a clean-up back. */
import { effect } from "@preact/signals";
import { h, render } from "preact";
import type { Recording } from "../hosts/recording";
import type { Session } from "../state/session";
import type { Store } from "../state/store";
import base from "../draw/base.css?inline";
import { Explanation, Guard } from "../draw/parts";

export interface Context {
  /** Where the component draws; nothing outside is its own. */
  root: ShadowRoot;
  /** Aborted when the component goes. */
  signal: AbortSignal;
  store: Store;
  data: Session;
}

export interface Definition {
  type: string;
  /** The question this view answers; its name wherever views are listed. */
  title: string;
  needs: readonly ("labels" | "checkpoints" | "images" | "metadata")[];
  styles: string;
  /** true, or the reason in a sentence why this recording cannot be shown so. */
  applies: (recording: Recording) => true | string;
  mount: (context: Context) => () => void;
}

export function defineComponent(definition: Definition): Definition {
  return Object.freeze(definition);
}

/** The usual `mount`: draw a Preact view, and a plain sentence should it ever throw. */
export function drawn(view: (props: { ctx: Context }) => preact.JSX.Element | null): Definition["mount"] {
  return (ctx) => {
    render(h(Guard, null, h(view, { ctx })), ctx.root);
    return () => render(null, ctx.root);
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

/** Put a component on the page: in a shadow root, or an explanation where it does not apply. */
export function mountComponent(definition: Definition, el: HTMLElement, data: Session): () => void {
  const root = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet(base), sheet(definition.styles)];
  const control = new AbortController();
  let unmount: (() => void) | null = null;
  let shown: true | string | null = null;
  const stop = effect(() => {
    const applies = definition.applies(data.store.recording.value);
    if (applies === shown) return;
    shown = applies;
    unmount?.();
    if (applies === true) {
      unmount = definition.mount({ root, signal: control.signal, store: data.store, data });
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
