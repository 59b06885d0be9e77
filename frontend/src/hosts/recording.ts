/** What a host says about its recording, checked field by field on arrival. */
import { ArrivalError } from "./errors";
import type { Json, Logged } from "./host";

export interface Capabilities {
  run: boolean;
  decide: boolean;
  media: boolean;
  /** Whether somebody wants to hear what this page shows. */
  share: boolean;
}

export interface SplitInfo {
  name: string;
  count: number;
}

const COLUMN_TYPES = ["category", "text", "integer", "number", "bool", "datetime", "list", "other"] as const;
const ROLES = ["id", "label", "split", "metadata"] as const;
/** What a metadata column of a plain table stands for. */
const MEANINGS = ["prediction", "confidence", "x", "y", "group", "image", "duplicate_cluster", "familiarity", "weight", "timestamp"] as const;

export interface ColumnInfo {
  name: string;
  type: (typeof COLUMN_TYPES)[number];
  role: (typeof ROLES)[number];
  values?: readonly string[];
  means?: (typeof MEANINGS)[number];
}

export interface LayerInfo {
  name: string;
  shape: readonly number[];
  dtype: string;
  role: string;
}

export interface Checkpoint {
  name: string;
  step: number;
  epoch: number | null;
  wallTime: number | null;
  duration: number | null;
  metrics: Readonly<Record<string, number>>;
  nSamples: number;
  nonFinite: number;
}

/** Code of outsiders that the owner registered in Python; named by its content, so that an address always gives the same. */
export interface ModuleInfo {
  name: string;
  kind: "anywidget" | "component";
  /** SHA-256 of the code, and of its style sheet if it has one, in hex. */
  code: string;
  style: string | null;
  /** Values its traits start with. */
  traits: { readonly [name: string]: Json };
}

export interface Recording {
  name: string;
  task: "multiclass" | "multilabel";
  kind: "image" | "text" | "array" | null;
  nSamples: number;
  nMissingLabels: number;
  /** Hash of ids, splits, labels and contents. */
  hash: string;
  /** Changes whenever the samples are written anew; it begins with their hash, by which addresses know them. */
  fingerprint: string;
  /** Changes when the pictures do: part of their address, so that a browser may keep them. */
  mediaVersion: string | null;
  classes: readonly string[];
  splits: readonly SplitInfo[];
  columns: readonly ColumnInfo[];
  layers: readonly LayerInfo[];
  checkpoints: readonly Checkpoint[];
  writing: boolean;
  provenance: readonly (readonly [string, string])[];
  missing: Readonly<Record<string, readonly string[]>>;
  capabilities: Capabilities;
  /** Pages and tiles that its owner laid out; null lets the page choose. Checked where it is used. */
  layout: Json;
  modules: readonly ModuleInfo[];
  /** Where the page holds a part of a larger table: how many samples that has. */
  sampledFrom: number | null;
  /** Under whose name this page decides; null where it may not. */
  author: string | null;
  /** Folders of other recordings beside this one, for whoever may run analyses on them. */
  beside: readonly string[];
}

type Shape = { readonly [key: string]: Json };

class Reader {
  constructor(
    private readonly from: Shape,
    private readonly where: string,
  ) {}

  wrong(key: string, expected: string): never {
    const got = JSON.stringify(this.from[key]) ?? "nothing";
    throw new ArrivalError(`${this.where}.${key} should be ${expected}; it is ${got.slice(0, 60)}.`);
  }

  text(key: string): string {
    const value = this.from[key];
    return typeof value === "string" ? value : this.wrong(key, "text");
  }

  number(key: string): number {
    const value = this.from[key];
    return typeof value === "number" ? value : this.wrong(key, "a number");
  }

  maybeNumber(key: string): number | null {
    const value = this.from[key];
    return value === null || value === undefined ? null : this.number(key);
  }

  flag(key: string): boolean {
    const value = this.from[key];
    return typeof value === "boolean" ? value : this.wrong(key, "true or false");
  }

  oneOf<T extends string>(key: string, known: readonly T[]): T {
    const value = this.from[key];
    return known.find((word) => word === value) ?? this.wrong(key, `one of ${known.join(", ")}`);
  }

  list(key: string): readonly Json[] {
    const value = this.from[key];
    return Array.isArray(value) ? value : this.wrong(key, "a list");
  }

  each<T>(key: string, read: (reader: Reader) => T): T[] {
    return this.list(key).map((item, place) => read(new Reader(objectOf(item), `${this.where}.${key}[${place}]`)));
  }

  texts(key: string): string[] {
    return this.list(key).map((item) => (typeof item === "string" ? item : this.wrong(key, "a list of texts")));
  }

  object(key: string): Shape {
    return objectOf(this.from[key] ?? null);
  }

  has(key: string): boolean {
    return this.from[key] !== undefined && this.from[key] !== null;
  }
}

function objectOf(value: Json): Shape {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Shape;
  throw new ArrivalError(`Expected an object, got ${(JSON.stringify(value) ?? "nothing").slice(0, 60)}.`);
}

function readCheckpoint(from: Reader): Checkpoint {
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(from.object("metrics"))) if (typeof value === "number") metrics[name] = value;
  return {
    name: from.text("name"),
    step: from.number("step"),
    epoch: from.maybeNumber("epoch"),
    wallTime: from.maybeNumber("wall_time"),
    duration: from.maybeNumber("duration_s"),
    metrics,
    nSamples: from.maybeNumber("n_samples") ?? 0,
    nonFinite: from.maybeNumber("non_finite") ?? 0,
  };
}

function readColumn(from: Reader): ColumnInfo {
  const said = from.text("role");
  const means = MEANINGS.find((word) => word === said);
  // A role that this page does not know yet makes a column no less a column.
  const column: ColumnInfo = { name: from.text("name"), type: from.oneOf("type", COLUMN_TYPES), role: ROLES.find((word) => word === said) ?? "metadata" };
  if (means) column.means = means;
  if (from.has("values")) column.values = from.texts("values");
  return column;
}

const HASH = /^[0-9a-f]{64}$/;

function readModule(from: Reader): ModuleInfo {
  const hash = (key: string) => (HASH.test(from.text(key)) ? from.text(key) : from.wrong(key, "a SHA-256 in hex"));
  return { name: from.text("name"), kind: from.oneOf("kind", ["anywidget", "component"] as const), code: hash("code"), style: from.has("style") ? hash("style") : null, traits: from.has("traits") ? from.object("traits") : {} };
}

/** Provenance is free-form: nested values become `outer.inner` rows, in the given order. */
function flatten(value: Json, prefix = ""): [string, string][] {
  if (value === null) return [];
  if (typeof value !== "object") return [[prefix, String(value)]];
  if (Array.isArray(value)) return [[prefix, value.map((item) => (typeof item === "object" ? JSON.stringify(item) : String(item))).join(", ")]];
  return Object.entries(value as Shape).flatMap(([key, inner]) => flatten(inner, prefix ? `${prefix}.${key}` : key));
}

/** A log with what stands and what does not: a decision is in force unless one in force undoes it. */
export function inForce(log: readonly Logged[]): Logged[] {
  const gone = new Set<number>();
  // Going backwards, each verdict is final: only a later decision can take one back.
  return log.toReversed().map((one) => {
    const stands = !gone.has(one.sequence);
    if (stands && one.undoes !== null && one.undoes !== undefined) gone.add(one.undoes);
    return one.inForce === stands ? one : { ...one, inForce: stands };
  }).reverse();
}

/** The log of decisions, checked on arrival. */
export function readDecisions(json: Json): Logged[] {
  return inForce(new Reader(objectOf(json), "decisions").each("decisions", (one) => ({
    sequence: one.number("sequence"),
    time: one.text("time"),
    author: one.text("author"),
    kind: one.text("kind"),
    payload: one.object("payload"),
    undoes: one.maybeNumber("undoes"),
    inForce: true,
  })));
}

/** Whether the checkpoints say enough to measure how good they are. */
export function isMeasurable(recording: Recording): boolean {
  return recording.checkpoints.length > 0 && (recording.missing["performance"] ?? []).length === 0;
}

/** Whether something says what the model would call each sample: a checkpoint, or a column of a plain table. */
export function saysPredictions(recording: Recording): boolean {
  return isMeasurable(recording) || recording.columns.some(({ means }) => means === "prediction");
}

/** Check what arrived and give it the names the page uses. */
export function readRecording(json: Json): Recording {
  const from = new Reader(objectOf(json), "recording");
  const missing: Record<string, readonly string[]> = {};
  from.each("analyses", (analysis) => {
    missing[analysis.text("name")] = analysis.has("missing") ? analysis.texts("missing") : [];
  });
  const capabilities = new Reader(from.object("capabilities"), "recording.capabilities");
  const mediaVersion = from.has("media_version") ? from.text("media_version") : null;
  return {
    name: from.text("name"),
    task: from.oneOf("task", ["multiclass", "multilabel"] as const),
    kind: from.has("kind") ? from.oneOf("kind", ["image", "text", "array"] as const) : null,
    nSamples: from.number("n_samples"),
    nMissingLabels: from.maybeNumber("n_missing_labels") ?? 0,
    hash: from.text("fingerprint"),
    // The version tells of every other column.
    fingerprint: [from.text("fingerprint"), ...(mediaVersion === null ? [] : [mediaVersion])].join(" "),
    mediaVersion,
    classes: from.texts("classes"),
    splits: from.each("splits", (split) => ({ name: split.text("name"), count: split.number("count") })),
    columns: from.each("columns", readColumn),
    layers: from.each("layers", (layer) => ({
      name: layer.text("name"),
      shape: layer.list("shape").map(Number),
      dtype: layer.text("dtype"),
      role: layer.text("role"),
    })),
    checkpoints: from.each("checkpoints", readCheckpoint),
    writing: from.flag("writing"),
    provenance: from.has("provenance") ? flatten(from.object("provenance")) : [],
    missing,
    capabilities: { run: capabilities.flag("run"), decide: capabilities.flag("decide"), media: capabilities.flag("media"), share: capabilities.has("share") && capabilities.flag("share") },
    layout: from.has("layout") ? from.object("layout") : null,
    modules: from.has("modules") ? from.each("modules", readModule) : [],
    sampledFrom: from.maybeNumber("sampled_from"),
    author: from.has("author") ? from.text("author") : null,
    beside: from.has("beside") ? from.texts("beside") : [],
  };
}
