/**
 * From markdown to nodes, as a file of its own that is fetched when the first text is shown. This is the only place on the page where HTML is made from text, so it is short: what is not
 * listed here does not get through, whoever wrote the text.
 */
import createPurifier, { type DOMPurify } from "dompurify";
import { Marked } from "marked";
import { provide } from "../lazy";

const TAGS = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "del", "a", "img", "table", "thead", "tbody", "tr", "th", "td"];
const ATTRIBUTES = ["href", "src", "alt", "title", "start", "colspan", "rowspan"];
const LINK = /^(?:https?:\/\/|mailto:)/i;
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/i;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** HTML in a text is shown as it was typed: it never gets as far as the sanitiser, which stands behind for all the rest. */
const marked = new Marked({ gfm: true, async: false, renderer: { html: ({ text }) => escaped(text) } });

/** The picture of a sample, the one thing of ours that a text can show: every other address would be a request in its name. */
const SAMPLE = /^\/?api\/media\/\d{1,9}(?:\?size=\d{1,4})?$/;

function tidy(node: Element): void {
  if (node.tagName === "A") {
    const address = (node.getAttribute("href") ?? "").trim();
    if (!LINK.test(address)) return node.removeAttribute("href");
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  } else if (node.tagName === "IMG") {
    const address = (node.getAttribute("src") ?? "").trim();
    if (!PICTURE.test(address) && !SAMPLE.test(address)) node.removeAttribute("src");
    node.setAttribute("loading", "lazy");
  }
}

let purifier: DOMPurify | null = null;

function purify(): DOMPurify {
  if (!purifier) {
    purifier = createPurifier(window);
    purifier.addHook("afterSanitizeAttributes", tidy);
  }
  return purifier;
}

/** HTML as nodes without a script, style, form, frame, or address of elsewhere that loads by itself. */
export function clean(html: string): DocumentFragment {
  return purify().sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOW_UNKNOWN_PROTOCOLS: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** What a markdown text says. */
export function nodesOf(text: string): DocumentFragment {
  return clean(marked.parse(text, { async: false }));
}

provide("sanitised", { nodesOf });
