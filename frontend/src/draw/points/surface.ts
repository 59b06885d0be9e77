/** The canvas that points are drawn on: WebGL2 where there is one, its loss and return survived, Canvas2D otherwise. */
import { FlatRenderer } from "./flat";
import { GlRenderer } from "./gl";
import type { Renderer } from "./renderer";

export type Engine = "webgl2" | "canvas2d";

let imitated: boolean | null = null;

/** Asked once a page, of a context that is let go at once: the answer does not change. */
function isImitated(): boolean {
  if (imitated !== null) return imitated;
  const asked = GlRenderer.on(document.createElement("canvas"));
  imitated = asked?.imitated ?? false;
  asked?.dispose();
  return imitated;
}

/** Browsers drop the oldest context beyond about sixteen; canvases beyond these draw without. */
const MOST_CONTEXTS = 12;
/** A context that has not come back after this long is not waited for. */
const SOFTWARE = "Drawn without WebGL: this browser would only imitate a graphics processor.";
const RETURN_MS = 3000;
const live = new Set<Surface>();

export class Surface {
  renderer: Renderer | null = null;
  /** Why the picture is drawn without a GPU, in a sentence; null when it is not. */
  note: string | null = null;
  private control = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `fresh` is called whenever the renderer is another one and knows nothing yet. */
  constructor(
    private readonly el: HTMLElement,
    wanted: Engine | "auto",
    private readonly fresh: () => void,
  ) {
    if (wanted === "canvas2d") this.flat("Drawn without WebGL, as asked.");
    else if (live.size >= MOST_CONTEXTS) this.flat("Drawn without WebGL: other pictures on this page use all of it.");
    else if (wanted === "auto" && isImitated()) this.flat(SOFTWARE);
    else if (!this.gl(this.canvas())) this.flat("Drawn without WebGL: this browser has none to give. Large pictures move in samples.");
  }

  private canvas(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    Object.assign(canvas.style, { position: "absolute", inset: "0", width: "100%", height: "100%" });
    canvas.setAttribute("aria-hidden", "true");
    this.el.prepend(canvas);
    return canvas;
  }

  private gl(canvas: HTMLCanvasElement): boolean {
    const made = GlRenderer.on(canvas);
    if (!made) {
      canvas.remove();
      return false;
    }
    this.renderer = made;
    live.add(this);
    const { signal } = this.control;
    canvas.addEventListener("webglcontextlost", (event) => this.lost(event), { signal });
    canvas.addEventListener("webglcontextrestored", () => this.restored(canvas), { signal });
    return true;
  }

  private flat(why: string): void {
    const canvas = this.canvas();
    this.renderer = FlatRenderer.on(canvas);
    this.note = why;
    if (!this.renderer) canvas.remove();
  }

  private lost(event: Event): void {
    event.preventDefault(); // otherwise it never comes back
    const { canvas } = this.renderer ?? {};
    this.renderer = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      live.delete(this);
      this.control.abort();
      this.control = new AbortController();
      canvas?.remove();
      this.flat("Drawn without WebGL: the browser took it away. Reload the page to ask for it again.");
      this.fresh();
    }, RETURN_MS);
  }

  private restored(canvas: HTMLCanvasElement): void {
    clearTimeout(this.timer);
    this.renderer = GlRenderer.on(canvas);
    this.fresh();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.control.abort();
    live.delete(this);
    const { renderer } = this;
    this.renderer = null;
    renderer?.dispose();
    renderer?.canvas.remove();
  }
}
