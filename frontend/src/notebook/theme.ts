/** Light or dark as the notebook around a view is, in whichever program shows it; followed when it changes. */
import { signal, type ReadonlySignal } from "@preact/signals";

export type Shown = "light" | "dark";

/** How bright a colour is to the eye, from 0 to 1; null where it is none. */
export function luminance(colour: string): number | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(colour);
  const rgb = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(colour);
  const parts = short ? short.slice(1).map((digit) => Number.parseInt(digit + digit, 16)) : long ? long.slice(1).map((digits) => Number.parseInt(digits, 16)) : rgb ? rgb.slice(1).map(Number) : null;
  if (!parts) return /^white$/i.test(colour) ? 1 : /^black$/i.test(colour) ? 0 : null;
  const [r = 0, g = 0, b = 0] = parts;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

function fromClasses(element: Element): Shown | null {
  const { classList } = element;
  // VS Code; marimo and many others.
  if (classList.contains("vscode-light") || classList.contains("vscode-high-contrast-light")) return "light";
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return "dark";
  return classList.contains("dark") || element.getAttribute("theme") === "dark" || element.getAttribute("data-theme") === "dark" ? "dark" : null;
}

/** What the page around says; null where it says nothing. */
export function themeOf(page: Document): Shown | null {
  const { body, documentElement } = page;
  const jupyter = body.dataset["jpThemeLight"];
  if (jupyter === "true" || jupyter === "false") return jupyter === "true" ? "light" : "dark";
  const paper = luminance(getComputedStyle(body).getPropertyValue("--jp-layout-color0").trim());
  if (paper !== null) return paper < 0.5 ? "dark" : "light";
  return fromClasses(body) ?? fromClasses(documentElement);
}

/** The theme of the page around, or else of the system, until `gone`. */
export function followNotebook(page: Document, gone: AbortSignal): ReadonlySignal<Shown> {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const read = (): Shown => themeOf(page) ?? (system.matches ? "dark" : "light");
  const shown = signal(read());
  const look = () => (shown.value = read());
  const observer = new MutationObserver(look);
  for (const element of [page.documentElement, page.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"] });
  }
  system.addEventListener("change", look);
  gone.addEventListener("abort", () => {
    observer.disconnect();
    system.removeEventListener("change", look);
  });
  return shown;
}
