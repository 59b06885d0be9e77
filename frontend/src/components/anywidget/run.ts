/** A registered module at work in a tile. */
import { Model } from "../../afm/model";
import { hooksOf, importOnce } from "../../afm/module";
import { Widget, Widgets } from "../../afm/widget";
import type { ModuleInfo } from "../../hosts/recording";
import type { Session } from "../../state/session";
import type { Context } from "../component";
import { Mapping } from "./mapping";

/** Widgets of one page find each other; those of another page do not. */
const ofPage = new WeakMap<Session, Widgets>();

function widgetsOf(session: Session): Widgets {
  let widgets = ofPage.get(session);
  if (!widgets) ofPage.set(session, (widgets = new Widgets()));
  return widgets;
}

const sheets = new Map<string, Promise<CSSStyleSheet>>();

/**
 * A style sheet that was written for a whole document, made to work in a root of its own: there `:root` is the host, and
 * what it registers about its variables counts only when the document knows it.
 */
export function forRoot(sheet: CSSStyleSheet): CSSStyleSheet {
  const registered = [...sheet.cssRules].filter(({ cssText }) => cssText.startsWith("@property"));
  for (const rule of sheet.cssRules) {
    if ("selectorText" in rule) {
      const style = rule as CSSStyleRule;
      if (style.selectorText.includes(":root")) style.selectorText = style.selectorText.replaceAll(":root", ":host");
    }
  }
  if (registered.length > 0) {
    const properties = new CSSStyleSheet();
    properties.replaceSync(registered.map(({ cssText }) => cssText).join("\n"));
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, properties];
  }
  return sheet;
}

function sheetOf(hash: string, session: Session): Promise<CSSStyleSheet> {
  let asked = sheets.get(hash);
  if (!asked) {
    asked = session.code(`api/modules/${hash}.css`).then(async (address) => {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`Its style sheet was not sent (${answer.status}).`);
      return forRoot(await new CSSStyleSheet().replace(await answer.text()));
    });
    sheets.set(hash, asked);
    asked.catch(() => sheets.delete(hash));
  }
  return asked;
}

/** Draw a module's widget below `at`; `failed` hears what goes wrong, now or later. Returns how to end it. */
export function runWidget(ctx: Context, module: ModuleInfo, at: HTMLElement, failed: (error: unknown) => void): () => void {
  const mapping = new Mapping(ctx, module.traits);
  const model = new Model(mapping.own(), { save: (changes) => mapping.write(changes), failed });
  const unfollow = mapping.follow(model);
  const code = importOnce(module.code, () => ctx.data.code(`api/modules/${module.code}.js`));
  const hooks = Promise.all([code, mapping.ready()]).then(([imported]) => {
    for (const text of mapping.wrong) failed(text);
    return hooksOf(imported, module.name);
  });
  const widget = new Widget(ctx.id, model, hooks, widgetsOf(ctx.data), failed);
  const view = new AbortController();
  // A root of its own: our styles must not dress somebody else's buttons.
  const box = document.createElement("div");
  const el = document.createElement("div");
  box.attachShadow({ mode: "open" }).append(el);
  at.append(box);
  const dressed = module.style === null ? Promise.resolve() : sheetOf(module.style, ctx.data).then((sheet) => void (box.shadowRoot && (box.shadowRoot.adoptedStyleSheets = [sheet])));
  dressed
    .then(() => widget.render(el, view.signal))
    .catch((error: unknown) => !view.signal.aborted && failed(error));
  return () => {
    unfollow();
    view.abort();
    widget.destroy();
    box.remove();
  };
}
