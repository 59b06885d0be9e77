/** A chart as text: read, checked, and asked which columns it reads, without drawing anything. */
import type { Json } from "../../hosts/host";
import type { Field } from "../../state/fields";
import { shorten } from "../../draw/format";
import { reason } from "../../hosts/reason";

export type Spec = { readonly [name: string]: Json };

/** Names under which a chart finds the samples that pass the filter; the second is Symphony's. */
export const SAMPLES = ["samples", "arrow_table"] as const;
/** Every row says which sample it is. */
export const INDEX = "sample_index";

export function isObject(value: Json | undefined): value is Spec {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Every object in a value, from the outside in, with the name it stands under. */
export function* objectsIn(value: Json, under = ""): Generator<{ of: Spec; under: string }> {
  if (Array.isArray(value)) for (const item of value as readonly Json[]) yield* objectsIn(item, under);
  else if (isObject(value)) {
    yield { of: value, under };
    for (const [name, inner] of Object.entries(value)) yield* objectsIn(inner, name);
  }
}

function* textsIn(value: Json): Generator<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) yield* textsIn(item);
  else if (isObject(value)) for (const inner of Object.values(value)) yield* textsIn(inner);
}

export function isSamples(name: Json | undefined): boolean {
  return SAMPLES.some((known) => known === name);
}

/** A chart of Vega itself, not of Vega-Lite. */
export function isVega(spec: Spec): boolean {
  const schema = spec["$schema"];
  return typeof schema === "string" ? /\/vega\/v\d/.test(schema) : Array.isArray(spec["marks"]);
}

/** The chart in a text, or where the text goes wrong. */
export function readText(text: string): { spec: Spec } | { wrong: string } {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? { spec: value } : { wrong: "A chart is an object: { \"mark\": …, \"encoding\": … }." };
  } catch (error) {
    return { wrong: `This is no JSON: ${reason(error)}.` };
  }
}

/** Names of fields come escaped: `a\.b` and `['a.b']` are the column `a.b`. */
function plainName(field: string): string {
  return field.replace(/^\[(['"])(.*)\1\]$/s, "$2").replace(/\\(.)/gs, "$1");
}

/** The columns a chart may read: whatever in it is called like one. Rather one too many than one too few. */
export function columnsRead(spec: Spec, fields: readonly Field[]): string[] {
  const texts = [...textsIn(spec)];
  const names = new Set(texts.map(plainName));
  const formulas = texts.filter((text) => text.includes("datum"));
  return fields.map(({ name }) => name).filter((name) => names.has(name) || formulas.some((text) => text.includes(name)));
}

/** Why a chart cannot be drawn on this page, in a sentence; null when nothing speaks against it. */
export function complaint(spec: Spec, fields: readonly Field[]): string | null {
  for (const { of, under } of objectsIn(spec)) {
    const { url } = of;
    const isData = under === "data" || under === "from" || "format" in of;
    if (url !== undefined && isData) return `The chart asks for data at ${shorten(JSON.stringify(url), 60)}. Charts on this page read the samples only, { "name": "samples" }, or values that stand in the chart itself.`;
  }
  if (isVega(spec)) return null;
  const made = [...objectsIn(spec)].some(({ under }) => under === "transform");
  const known = new Set([...fields.map(({ name }) => name), INDEX]);
  for (const { of, under } of objectsIn(spec["encoding"] ?? null)) {
    const { field } = of;
    if (typeof field !== "string" || made || ownData(spec) || under === "sort") continue;
    if (!known.has(plainName(field)) && !known.has(plainName(field).split(/[.[]/)[0] ?? "")) {
      return `There is no column “${shorten(field, 40)}”. Columns: ${shorten(fields.map(({ name }) => name).join(", "), 300)}.`;
    }
  }
  return null;
}

/** The chart brings its values with it. */
function ownData(spec: Spec): boolean {
  const { data } = spec;
  return isObject(data) && !isSamples(data["name"]);
}

/** Whether a chart reads the samples at all: it names them, or names no data. */
export function readsSamples(spec: Spec): boolean {
  const named = [...objectsIn(spec)].filter(({ under }) => under === "data").some(({ of }) => isSamples(of["name"]));
  return named || (!isVega(spec) && spec["data"] === undefined);
}

const TYPES: Partial<Record<Field["type"], string>> = { number: "quantitative", integer: "quantitative", datetime: "temporal" };

/** Colours by value of the columns that have colours of their own on this page. */
export type Palettes = ReadonlyMap<string, { domain: readonly Json[]; range: readonly string[] }>;

const COLOURED = new Set(["color", "fill", "stroke"]);

/** What the page knows better than the chart's text: the kinds of columns, and which colour a class has everywhere. */
export function completed(spec: Spec, fields: readonly Field[], palettes: Palettes): Spec {
  const typed = (channel: Json, under: string): Json => {
    if (Array.isArray(channel)) return (channel as readonly Json[]).map((one) => typed(one, under));
    if (!isObject(channel)) return channel;
    const { field } = channel;
    const own = typeof field === "string" ? fields.find(({ name }) => name === plainName(field)) : undefined;
    const out: { [name: string]: Json } = { ...channel };
    const derived = ["aggregate", "bin", "timeUnit"].some((name) => name in channel);
    if (own && !("type" in channel) && !derived) out["type"] = TYPES[own.type] ?? "nominal";
    const palette = own && palettes.get(own.name);
    if (palette && COLOURED.has(under) && !("scale" in channel) && !derived) out["scale"] = { domain: palette.domain, range: palette.range };
    // Classes stand in their own order everywhere, not in the alphabet's.
    if (palette && (under === "x" || under === "y") && !("sort" in channel)) out["sort"] = palette.domain.filter((value) => value !== null);
    return out;
  };
  const walk = (value: Json, under: string): Json => {
    if (Array.isArray(value)) return (value as readonly Json[]).map((one) => walk(one, under));
    if (!isObject(value)) return value;
    if (under === "encoding") return Object.fromEntries(Object.entries(value).map(([channel, def]) => [channel, typed(def, channel)]));
    if (under === "data" && isSamples(value["name"])) return { ...value, name: SAMPLES[0] };
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]));
  };
  if (isVega(spec)) return spec;
  return walk(spec["data"] === undefined ? { data: { name: SAMPLES[0] }, ...spec } : spec, "") as Spec;
}

/** One plot, which can be made to fit; several side by side are as large as they are. */
function isSingle(spec: Spec): boolean {
  const { encoding } = spec;
  const facets = isObject(encoding) && ["row", "column", "facet"].some((name) => name in encoding);
  return !facets && ["hconcat", "vconcat", "concat", "facet", "repeat", "spec"].every((name) => !(name in spec));
}

/** Is its height that of the tile? Not where it says its own. */
export function takesHeight(spec: Spec): boolean {
  return !isVega(spec) && isSingle(spec) && !("height" in spec);
}

/** A chart without facets or neighbours is as wide as its tile, unless it says how wide it is. */
export function sized(spec: Spec, width: number, height: number): Spec {
  if (!isSingle(spec)) return spec;
  return { width, height, autosize: { type: "fit", contains: "padding" }, ...spec };
}

const WORDS: Record<string, string> = { bar: "Bars", line: "A line", area: "An area", point: "Points", circle: "Points", tick: "Ticks", boxplot: "Boxes", rect: "Cells" };

/** A chart in words, for whoever does not see it. */
export function described(spec: Spec): string {
  const { mark, encoding, description } = spec;
  if (typeof description === "string") return description;
  const kind = typeof mark === "string" ? mark : isObject(mark) ? String(mark["type"]) : "";
  const channels = isObject(encoding) ? Object.entries(encoding) : [];
  const rank = (channel: string) => (["x", "y"].indexOf(channel) + 3) % 3;
  const told = channels.sort(([a], [b]) => rank(a) - rank(b)).flatMap(([channel, def]) => {
    if (!isObject(def)) return [];
    const what = [def["aggregate"], def["field"]].filter((word) => typeof word === "string").join(" of ");
    return what === "" ? [] : [`${channel === "x" ? "across" : channel === "y" ? "upwards" : channel === "color" ? "colour" : channel} ${what}`];
  });
  return `${WORDS[kind] ?? "A chart"}${told.length > 0 ? `: ${told.join(", ")}` : ""}`;
}
