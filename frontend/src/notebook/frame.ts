/** The frame of a view in a notebook: its own style, its height, and its peace from the keys and wheels of the notebook. */
import { effect, type ReadonlySignal } from "@preact/signals";
import base from "../draw/base.css?inline";
import type { Model } from "../hosts/notebook";
import tokens from "../tokens.css?inline";
import style from "./frame.css?inline";
import type { Shown } from "./theme";

const REST_MS = 200;

export interface Frame {
  /** Where the view is drawn. */
  inside: HTMLElement;
  box: HTMLElement;
}

let sheets: CSSStyleSheet[] | null = null;

/** Made once: every frame shares them. */
function styles(): CSSStyleSheet[] {
  sheets ??= [tokens.replaceAll(":root", ":host"), base, style].map((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return sheet;
  });
  return sheets;
}

/** Keys that run cells or belong to the browser go on; every other one is ours while we have the focus. */
function passes(event: KeyboardEvent): boolean {
  if (/^(Control|Meta|Shift|Alt)$/.test(event.key)) return false;
  if (event.key === "Enter") return event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
  return (event.ctrlKey || event.metaKey) && !/^[zya]$/i.test(event.key);
}

/** The height is the model's, so that every display of the view and Python agree on it; a person drags it at the lower edge. */
function keepHeight(box: HTMLElement, model: Model, signal: AbortSignal): void {
  const height = () => Number(model.get("height")) || 480;
  const take = () => (box.style.height = `${height()}px`);
  take();
  model.on("change:height", take);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = box.offsetHeight;
      if (now < 120 || now === height() || signal.aborted) return; // hidden, or nothing new
      model.set("height", now);
      model.save_changes();
    }, REST_MS);
  });
  observer.observe(box);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    observer.disconnect();
    model.off("change:height", take);
  });
}

export function frame(el: HTMLElement, model: Model, theme: ReadonlySignal<Shown>, signal: AbortSignal): Frame {
  const outer = document.createElement("div");
  // JupyterLab looks for this before it takes a key for one of its commands.
  outer.dataset["lmSuppressShortcuts"] = "true";
  const root = outer.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = styles();
  const box = document.createElement("div");
  box.className = "frame";
  root.append(box);
  el.append(outer);
  const stop = effect(() => void (box.dataset["theme"] = theme.value));
  keepHeight(box, model, signal);
  outer.addEventListener("keydown", (event) => passes(event) || event.stopPropagation());
  // Without the focus the wheel scrolls the notebook, as over any other output.
  outer.addEventListener("wheel", (event) => outer.matches(":focus-within") && event.stopPropagation(), { passive: true });
  signal.addEventListener("abort", () => {
    stop();
    outer.remove();
  });
  return { inside: box, box };
}
