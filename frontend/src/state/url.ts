/** The view in the address: readable parameters in the fragment, checked one by one when they come back. */
import { plural } from "../draw/format";
import type { Json } from "../hosts/host";
import type { Clause } from "./clauses";
import { parse } from "./clause-parser";
import { textOf } from "./clause-text";
import type { Options } from "./layout";
import type { Rule } from "./selection";

export interface View {
  fingerprint: string | null;
  /** null follows the last checkpoint. */
  checkpoint: string | null;
  split: string | null;
  pick: { rule: Rule; split: string; checkpoint: string | null } | null;
  focus: number | null;
  pinned: number | null;
  groupBy: readonly string[];
  colorBy: string | null;
  showUnfiltered: boolean;
  /** null is the first page. */
  page: string | null;
  /** By tile: options that differ from those of the layout. */
  options: { readonly [tile: string]: Options };
  clauses: readonly Clause[];
}

export const NO_VIEW: View = { fingerprint: null, checkpoint: null, split: null, pick: null, focus: null, pinned: null, groupBy: [], colorBy: null, showUnfiltered: true, page: null, options: {}, clauses: [] };

const LONGEST = 8192;
const MOST_GROUPS = 3;
/** Samples picked by hand are named one by one; more than these do not fit an address, and are left out of it. */
const MOST_ROWS = 1000;

function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case "all":
    case "unlabelled":
      return rule.kind;
    case "right":
    case "wrong":
      return rule.label === undefined ? rule.kind : `${rule.kind}:${rule.label}`;
    case "label":
    case "either":
      return `${rule.kind}:${rule.label}`;
    case "called":
    case "alarm":
      return `${rule.kind}:${rule.prediction}`;
    case "cell":
      return `cell:${rule.label}:${rule.prediction}`;
    case "rows":
      // Each as the distance to the one before, in base 36: half the length.
      return `rows:${rule.rows.map((row, i) => (row - (rule.rows[i - 1] ?? 0)).toString(36)).join("-")}`;
    case "slice":
      return `slice:${JSON.stringify([rule.column, rule.value, rule.wrong ?? false])}`;
  }
}

function place(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function sliceOf(text: string): Rule | null {
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts)) return null;
    const [column, value, wrong] = parts as unknown[];
    if (typeof column !== "string" || (typeof value !== "string" && value !== null)) return null;
    return wrong === true ? { kind: "slice", column, value, wrong } : { kind: "slice", column, value };
  } catch {
    return null;
  }
}

function rowsOf(text: string): Rule | null {
  if (!/^[0-9a-z]{1,6}(-[0-9a-z]{1,6})*$/.test(text)) return null;
  let row = 0;
  const rows = text.split("-").map((step) => (row += Number.parseInt(step, 36)));
  return rows.length <= MOST_ROWS ? { kind: "rows", rows } : null;
}

function ruleOf(text: string): Rule | null {
  if (text.startsWith("slice:")) return sliceOf(text.slice(6));
  if (text.startsWith("rows:")) return rowsOf(text.slice(5));
  const [kind, first, second, more] = text.split(":");
  if (more !== undefined) return null;
  const a = place(first);
  const b = place(second);
  switch (kind) {
    case "all":
    case "unlabelled":
      return first === undefined ? { kind } : null;
    case "right":
    case "wrong":
      return first === undefined ? { kind } : a === null ? null : { kind, label: a };
    case "label":
    case "either":
      return a === null ? null : { kind, label: a };
    case "called":
    case "alarm":
      return a === null ? null : { kind, prediction: a };
    case "cell":
      return a === null || b === null ? null : { kind, label: a, prediction: b };
    default:
      return null;
  }
}

/** `source:text`, with ! before it when switched off. */
function clauseText({ source, expr, enabled }: Clause): string {
  return `${enabled ? "" : "!"}${encodeURIComponent(source)}:${textOf(expr)}`;
}

function clauseOf(text: string, place: number): Clause | null {
  const parts = /^(!?)([^:]*):(.*)$/s.exec(text);
  try {
    if (!parts) return null;
    return { id: `c${place + 1}`, source: decodeURIComponent(parts[2] ?? ""), label: null, expr: parse(parts[3] ?? ""), enabled: parts[1] === "" };
  } catch {
    return null;
  }
}

/** Options of a tile are checked against its component where they are used; here only that they are an object. */
function optionsOf(text: string): [string, Options] | null {
  const parts = /^([^:]*):(\{.*\})$/s.exec(text);
  if (!parts) return null;
  try {
    return [decodeURIComponent(parts[1] ?? ""), JSON.parse(parts[2] ?? "") as { readonly [name: string]: Json }];
  } catch {
    return null;
  }
}

function textOfView(view: View): string {
  const out = new URLSearchParams();
  if (view.checkpoint !== null) out.set("checkpoint", view.checkpoint);
  if (view.split !== null) out.set("split", view.split);
  if (view.pick && !(view.pick.rule.kind === "rows" && view.pick.rule.rows.length > MOST_ROWS)) {
    out.set("pick", ruleText(view.pick.rule));
    out.set("in", view.pick.split);
    if (view.pick.checkpoint !== null) out.set("at", view.pick.checkpoint);
  }
  if (view.focus !== null) out.set("focus", String(view.focus));
  if (view.pinned !== null) out.set("pinned", String(view.pinned));
  for (const column of view.groupBy) out.append("by", column);
  if (view.colorBy !== null) out.set("colour", view.colorBy);
  if (!view.showUnfiltered) out.set("only", "filtered");
  if (view.page !== null) out.set("page", view.page);
  for (const [tile, options] of Object.entries(view.options)) out.append("tile", `${encodeURIComponent(tile)}:${JSON.stringify(options)}`);
  for (const clause of view.clauses) out.append("filter", clauseText(clause));
  if (view.fingerprint !== null && out.size > 0) out.set("of", view.fingerprint.slice(0, 12));
  return out.toString();
}

/** What gives way, in this order, when a view is too long for an address. */
const GIVES_WAY: readonly { words: string; without: (view: View) => View }[] = [
  { words: "the samples picked by hand", without: (view) => (view.pick?.rule.kind === "rows" ? { ...view, pick: null } : view) },
  { words: "the settings of tiles", without: (view) => ({ ...view, options: {} }) },
  { words: "the filters", without: (view) => ({ ...view, clauses: [] }) },
  { words: "the selection", without: (view) => ({ ...view, pick: null }) },
  { words: "the groups", without: (view) => ({ ...view, groupBy: [], colorBy: null }) },
];

/** The view as a fragment, and what of it had to be left out. */
export function fitted(view: View): { text: string; left: readonly string[] } {
  const left: string[] = [];
  let [now, text] = [view, textOfView(view)];
  const { pick } = view;
  if (pick?.rule.kind === "rows" && pick.rule.rows.length > MOST_ROWS) left.push("the samples picked by hand");
  for (const { words, without } of GIVES_WAY) {
    if (text.length <= LONGEST) break;
    const shorter = textOfView((now = without(now)));
    if (shorter.length < text.length && !left.includes(words)) left.push(words);
    text = shorter;
  }
  return text.length > LONGEST ? { text: "", left: ["anything"] } : { text, left };
}

export function toFragment(view: View): string {
  return fitted(view).text;
}


/** What of a fragment `fromFragment` could not read, in words. */
export function unreadIn(fragment: string, view: View): string[] {
  const text = fragment.replace(/^#/, "");
  if (text.length > LONGEST) return ["it is longer than an address can be"];
  const from = new URLSearchParams(text);
  const filters = from.getAll("filter").length - view.clauses.length;
  const said: [boolean, string][] = [
    [filters > 0, `${plural(filters, "filter")} cannot be read`],
    [from.has("pick") && view.pick === null, "the selection cannot be read"],
    [(from.has("focus") && view.focus === null) || (from.has("pinned") && view.pinned === null), "the sample cannot be read"],
    [from.getAll("tile").some((one) => optionsOf(one) === null), "the settings of a tile cannot be read"],
  ];
  return said.filter(([lost]) => lost).map(([, words]) => words);
}

/** What of a fragment can be understood; the rest is dropped. */
export function fromFragment(fragment: string): View {
  const text = fragment.replace(/^#/, "");
  if (text.length > LONGEST) return NO_VIEW;
  const from = new URLSearchParams(text);
  const rule = ruleOf(from.get("pick") ?? "");
  return {
    fingerprint: from.get("of"),
    checkpoint: from.get("checkpoint"),
    split: from.get("split"),
    pick: rule ? { rule, split: from.get("in") ?? "all", checkpoint: from.get("at") } : null,
    focus: place(from.get("focus") ?? undefined),
    pinned: place(from.get("pinned") ?? undefined),
    groupBy: from.getAll("by").slice(0, MOST_GROUPS),
    colorBy: from.get("colour"),
    showUnfiltered: from.get("only") !== "filtered",
    page: from.get("page"),
    options: Object.fromEntries(from.getAll("tile").map(optionsOf).filter((found) => found !== null)),
    clauses: from.getAll("filter").map(clauseOf).filter((clause) => clause !== null),
  };
}
