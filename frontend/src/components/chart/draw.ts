/** A chart drawn into an element: compiled, given its rows, coloured by the theme, and cut off from everything outside. */
import { bytesOf, css } from "../../draw/points/appearance";
import type { Column } from "../../hosts/arrow";
import { count } from "../../draw/format";
import { grouped, looks, weighed } from "./counting";
import type { Library, View } from "./library";
import { drawn, MOST_ROWS, rowsOf, type Row } from "./rows";
import { isVega, readsSamples, SAMPLES, sized, type Spec } from "./spec";
import type { Json } from "../../hosts/host";

export type Datum = { readonly [name: string]: Json };

export interface Picture {
  view: View;
  compiled: Spec;
  /** What had to give way, in sentences. */
  notes: readonly string[];
  stop: () => void;
}

export interface Asked {
  spec: Spec;
  samples: Uint32Array;
  columns: ReadonlyMap<string, Column>;
  width: number;
  /** Only where the chart takes the tile's. */
  height: number;
  tell: (value: unknown, event: MouseEvent) => void;
  click: (datum: Datum) => void;
}

const CLASSES = 10;
/** A value that is not there is called so everywhere; a class may still be called "null". */
const MISSING = "datum.value === null ? 'missing' : datum.label";
/** Data that no class colours are as grey as in the overview. */
const BARS = "color-mix(in srgb, var(--ink-2) 75%, var(--surface))";

/** The theme's colours as a chart needs them: resolved, because a canvas knows no variables. */
export function configOf(at: HTMLElement): object {
  const names = ["--ink", "--ink-2", "--line", "--line-2", "--surface", "--heat-0", "--heat-1", ...Array.from({ length: CLASSES }, (_, k) => `--c-${k}`)];
  const [bars, ink, ink2, line, line2, surface, low, high, ...classes] = coloursAt([BARS, ...names.map((name) => `var(${name})`)], at);
  const text = { labelColor: ink2, titleColor: ink2, labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal" };
  return {
    background: surface,
    font: getComputedStyle(at).fontFamily || "sans-serif",
    axis: { ...text, labelExpr: MISSING, gridColor: line, domainColor: line2, tickColor: line2 },
    legend: text,
    header: text,
    title: { color: ink, fontSize: 13, fontWeight: 600, anchor: "start" },
    view: { stroke: null },
    countTitle: "samples",
    mark: { color: bars, tooltip: true },
    range: { category: classes, ramp: [low, high], heatmap: [low, high] },
    rule: { color: ink2 },
    text: { color: ink },
  };
}

export function coloursAt(colours: readonly string[], at: HTMLElement): string[] {
  const bytes = bytesOf(colours, at);
  return colours.map((_, k) => css([bytes[4 * k] ?? 0, bytes[4 * k + 1] ?? 0, bytes[4 * k + 2] ?? 0, 255]));
}

/** Nothing is ever fetched: no data, no picture, no link. */
function closedLoader(notes: string[]) {
  const refuse = (address: string) => {
    const text = `The chart asks for ${address.slice(0, 80)}; nothing from elsewhere is loaded.`;
    if (!notes.includes(text)) notes.push(text);
    return Promise.reject(new Error(text));
  };
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse, options: {} };
}

/** Warnings of the library are told beside the chart instead of in the console. */
function listener(notes: string[]) {
  const hear = (...words: unknown[]) => {
    const text = words.map((word) => (word instanceof Error ? word.message : typeof word === "string" ? word : JSON.stringify(word))).join(" ");
    if (!notes.includes(text)) notes.push(text);
    return logger;
  };
  const quiet = () => logger;
  const logger = { level: () => logger, warn: hear, error: hear, info: quiet, debug: quiet };
  return logger;
}

function withRows(compiled: Spec, rows: readonly Row[]): Spec {
  const data = (compiled["data"] as readonly Spec[] | undefined)?.map((one) => (SAMPLES.some((name) => name === one["name"]) ? { ...one, values: rows as unknown as Json } : one));
  return data ? { ...compiled, data } : compiled;
}

/** As few rows as tell the same, or as many as can be drawn. */
function rowsFor(library: Library, compiled: Spec, { samples, columns }: Asked): { spec: Spec; note: string | null } {
  if (samples.length > MOST_ROWS / 10) {
    const close = looks(compiled);
    const rows = close && grouped(samples, columns, close, library.bin);
    if (close && rows) return { spec: withRows(weighed(compiled, close), rows), note: null };
  }
  const some = drawn(samples);
  const note = some.length < samples.length ? `Drawn from ${count(some.length)} of ${count(samples.length)} samples, evenly spread; counts and sums are of these.` : null;
  return { spec: withRows(compiled, rowsOf(some, columns)), note };
}

export async function draw(library: Library, asked: Asked, el: HTMLElement): Promise<Picture> {
  const notes: string[] = [];
  const logger = listener(notes);
  const config = configOf(el);
  const own = isVega(asked.spec);
  const spec = own ? asked.spec : sized(asked.spec, asked.width, asked.height);
  const compiled = own ? spec : library.compile(spec, { config, logger }).spec;
  const { spec: filled, note } = readsSamples(asked.spec) ? rowsFor(library, compiled, asked) : { spec: compiled, note: null };
  if (note !== null) notes.push(note);
  // `ast` and the interpreter go together: formulas are walked, never compiled, which the page's policy would refuse.
  const runtime = library.parse(filled, own ? config : {}, { ast: true });
  const view = new library.View(runtime, {
    expr: library.expressionInterpreter,
    loader: closedLoader(notes),
    logger: logger,
    renderer: "canvas",
    tooltip: (_handler: unknown, event: MouseEvent, _item: unknown, value: unknown) => asked.tell(value, event),
  });
  view.addEventListener("click", (_event, item) => item?.datum && asked.click(item.datum as Datum));
  try {
    await view.initialize(el).runAsync();
  } catch (error) {
    view.finalize();
    throw error;
  }
  return { view, compiled: filled, notes, stop: () => view.finalize() };
}
