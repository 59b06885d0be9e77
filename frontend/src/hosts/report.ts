/** The host of a report: everything was recorded beforehand, and stands in the document or in files beside it. */
import { numbersOf, tableFromArrow, taken, type Column } from "./arrow";
import { ArrivalError, HostError } from "./errors";
import type { Decision, Host, HostEvent, Json, Logged, RunOptions, RunResult, Table, TableOptions } from "./host";
import { readDecisions, readRecording, type Capabilities, type Recording } from "./recording";

/** Where the bytes of a report are. */
export interface ReportSource {
  /** A table as an Arrow stream. */
  block: (number: number, signal?: AbortSignal) => Promise<ArrayBuffer>;
  /** Address of a picture; `start` and `length` say where it stands in the text of all of them. */
  picture: (sampleIndex: number, start: number, length: number) => string;
}

interface Run {
  analysis: string;
  parameters: { readonly [key: string]: Json };
  key: string;
  tables: Readonly<Record<string, number>>;
}

interface Manifest {
  recording: Json;
  tables: Readonly<Record<string, number>>;
  runs: readonly Run[];
  course: { samples: number; per_shard: number } | null;
  media: "thumbs" | "none";
  notes: readonly string[];
  decisions: readonly Json[];
}

const VERSION = 1;
/** An address that is no picture, so that the page asks why there is none. Nothing is requested for it. */
const NO_PICTURE = "data:,";

/** The report in this document, if it is one. */
export function reportIn(page: Document): ReportHost | null {
  const found = page.getElementById("bathyscope-report");
  if (!found) return null;
  const manifest = JSON.parse(found.textContent ?? "") as { form?: string };
  return new ReportHost(manifest, manifest.form === "single" ? insideOf(page) : besideOf(page.baseURI));
}

/** Data inside the document, as base64 of deflated Arrow; nothing is decoded before it is asked for. */
export function insideOf(page: Document): ReportSource {
  const textOf = (block: string) => page.querySelector(`script[data-block="${block}"]`)?.textContent ?? "";
  let pictures: string | null = null;
  return {
    block: (number) => inflated(bytesOf(textOf(String(number)))),
    picture: (_sample, start, length) => {
      pictures ??= textOf("pictures");
      return `data:image/webp;base64,${pictures.slice(start, start + length)}`;
    },
  };
}

/** Data in files beside the document, wherever that stands. */
export function besideOf(base: string): ReportSource {
  return {
    block: async (number, signal) => {
      const address = new URL(`data/${number}.arrow`, base).href;
      const answer = await fetch(address, signal ? { signal } : {}).catch((cause: unknown) => {
        if (signal?.aborted) throw cause;
        return null;
      });
      if (answer?.ok) return answer.arrayBuffer();
      throw new HostError(
        "MissingFileError",
        `A file of this report cannot be read (data/${number}.arrow). Keep the whole folder together on a web server; to open a report from disk, export it as one .html file.`,
      );
    },
    picture: (sample) => new URL(`media/${Math.floor(sample / 1000)}/${sample}.webp`, base).href,
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  } catch {
    throw new ArrivalError("A table of this report is damaged and cannot be read. Get the file again; it may have been cut off on its way.");
  }
}

/** The same text for the same values, in whatever order their names were written. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return `{${entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}

function inWords(value: Json): string {
  return typeof value === "string" ? value : Array.isArray(value) ? value.map(inWords).join(", ") : JSON.stringify(value);
}

function manifestOf(value: unknown): Manifest {
  const manifest = (value ?? {}) as Partial<Manifest> & { report?: unknown };
  if (manifest.report !== VERSION || !manifest.recording || !manifest.tables || !Array.isArray(manifest.runs)) {
    throw new ArrivalError("The data of this report do not fit its page. Export it again with one version of Bathyscope.");
  }
  return { course: null, media: "none", notes: [], decisions: [], ...manifest } as Manifest;
}

/** Defaults of every analysis' parameters, which a question need not repeat. */
function defaultsOf(recording: Json): ReadonlyMap<string, { readonly [key: string]: Json }> {
  const { analyses = [] } = recording as { analyses?: readonly { name: string; parameters?: Record<string, { default?: Json }> }[] };
  return new Map(
    analyses.map(({ name, parameters = {} }) => [
      name,
      Object.fromEntries(Object.entries(parameters).flatMap(([key, told]) => (told.default === undefined ? [] : [[key, told.default]]))),
    ]),
  );
}

export class ReportHost implements Host {
  readonly name = "report";
  capabilities: Capabilities = { run: false, decide: false, media: false, share: false };
  private readonly manifest: Manifest;
  private readonly described: Recording;
  private readonly runs: ReadonlyMap<string, Run>;
  private readonly defaults: ReadonlyMap<string, { readonly [key: string]: Json }>;
  private readonly kept = new Map<string, Promise<Table>>();
  /** Sample → where its picture stands. */
  private readonly places = new Map<number, readonly [start: number, length: number]>();

  constructor(
    manifest: unknown,
    private readonly source: ReportSource,
  ) {
    this.manifest = manifestOf(manifest);
    this.described = readRecording(this.manifest.recording);
    this.capabilities = this.described.capabilities;
    this.defaults = defaultsOf(this.manifest.recording);
    this.runs = new Map(this.manifest.runs.map((run) => [this.question(run.analysis, run.parameters), run]));
  }

  /** What the report had to leave out, in sentences. */
  get notes(): readonly string[] {
    return this.manifest.notes;
  }

  async recording(): Promise<Recording> {
    // Addresses of pictures are asked for without waiting, so what there is must be known before the first.
    if (this.places.size === 0 && this.holds("pictures/index")) {
      const index = await this.whole("pictures/index");
      const samples = numbersOf(index, "sample").values;
      const lengths = numbersOf(index, "length").values;
      let start = 0;
      for (let i = 0; i < samples.length; i++) {
        const length = lengths[i] ?? 0;
        this.places.set(samples[i] ?? 0, [start, length]);
        start += length;
      }
    }
    return this.described;
  }

  async table(name: string, columns: readonly string[], options: TableOptions = {}): Promise<Table> {
    options.signal?.throwIfAborted();
    if (name === "samples") return this.samples(columns, options);
    const table = name === "course" ? await this.course(options.sample ?? 0) : await this.whole(name, options.signal);
    const missing = columns.filter((column) => !table.has(column));
    if (missing.length > 0) throw new ArrivalError(`Asked for ${columns.join(", ")}; ${missing.join(", ")} is not in the report.`);
    const chosen = columns.length === 0 ? [...table] : columns.map((column) => [column, table.get(column)] as [string, Column]);
    return new Map(options.rows ? chosen.map(([key, column]) => [key, taken(column, options.rows ?? [])]) : chosen);
  }

  media(sampleIndex: number): string {
    const place = this.places.get(sampleIndex);
    return place ? this.source.picture(sampleIndex, ...place) : NO_PICTURE;
  }

  async text(sampleIndex: number): Promise<string> {
    const found = await this.find("texts", sampleIndex);
    if (found === null) throw this.leftOut("text");
    const column = found.table.get("text");
    return column?.kind === "text" ? (column.at(found.row) ?? "") : column?.kind === "category" ? (column.values[column.codes[found.row] ?? 0] ?? "") : "";
  }

  async whyNoMedia(sampleIndex: number): Promise<string> {
    const found = await this.find("pictures/reasons", sampleIndex).catch(() => null);
    const reason = found?.table.get("reason");
    if (found && reason?.kind === "text") return reason.at(found.row) ?? "";
    if (found && reason?.kind === "category") return reason.values[reason.codes[found.row] ?? 0] ?? "";
    return this.places.has(sampleIndex) ? "The picture could not be shown by this browser." : this.leftOut("picture").message;
  }

  async stored(analysis: string, params: { readonly [key: string]: Json }): Promise<RunResult | null> {
    const found = this.runs.get(this.question(analysis, params));
    return found ? { analysis, key: found.key, tables: found.tables } : null;
  }

  async run(analysis: string, params: { readonly [key: string]: Json }, options: RunOptions = {}): Promise<RunResult> {
    options.signal?.throwIfAborted();
    const found = await this.stored(analysis, params);
    if (found) return found;
    const settings = Object.entries(params).map(([key, value]) => `${key} ${inWords(value)}`);
    throw new HostError(
      "NeedsSessionError",
      `This report does not hold “${analysis}”${settings.length > 0 ? ` for ${settings.join(", ")}` : ""}. ${this.session("to compute it")}`,
    );
  }

  decisions(): Promise<readonly Logged[]> {
    return Promise.resolve(readDecisions({ decisions: this.manifest.decisions }));
  }

  decide(_decision: Decision): Promise<{ sequence: number; hash: string }> {
    return Promise.reject(new HostError("AccessError", `A report can only be read; nothing was saved. ${this.session("to decide something")}`));
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    listener({ type: "connection", connection: { state: "connected" } });
    return () => undefined;
  }

  reconnect(): void {}

  close(): void {}

  private session(what: string): string {
    return `Open the recording itself ${what}: bathyscope open ${this.described.name}`;
  }

  private leftOut(what: "picture" | "text"): HostError {
    const why = this.manifest.media === "none" ? `This report was made without ${what}s.` : `The ${what} of this sample is not in the report, to keep it small.`;
    return new HostError("NotInReportError", `${why} ${this.session("to see it")}`);
  }

  private question(analysis: string, params: { readonly [key: string]: Json }): string {
    return canonical([analysis, { ...this.defaults.get(analysis), ...params }]);
  }

  private holds(name: string): boolean {
    return Object.hasOwn(this.manifest.tables, name);
  }

  /** A table as it was written; read once, when it is first asked for. */
  private whole(name: string, signal?: AbortSignal): Promise<Table> {
    const known = this.kept.get(name);
    if (known) return known;
    const number = this.manifest.tables[name];
    if (!this.holds(name) || number === undefined) {
      return Promise.reject(new HostError("UnknownTableError", `This report does not hold the table “${name}”. ${this.session("to see it")}`));
    }
    const asked = this.source.block(number, signal).then((bytes) => tableFromArrow(bytes));
    this.kept.set(name, asked);
    asked.catch(() => this.kept.delete(name));
    return asked;
  }

  private async samples(columns: readonly string[], { rows, signal }: TableOptions): Promise<Table> {
    const found = await Promise.all(
      columns.map(async (name): Promise<[string, Column]> => {
        const column = (await this.whole(`samples/${name}`, signal)).get(name);
        if (!column) throw new ArrivalError(`Column "${name}" is not in the report.`);
        return [name, rows ? taken(column, rows) : column];
      }),
    );
    return new Map(found);
  }

  /** The row of a sample in a table whose column `sample` ascends. */
  private async find(name: string, sampleIndex: number): Promise<{ table: Table; row: number } | null> {
    if (!this.holds(name)) return null;
    const table = await this.whole(name);
    const { values } = numbersOf(table, "sample");
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? 0) < sampleIndex) low = middle + 1;
      else high = middle;
    }
    return values[low] === sampleIndex ? { table, row: low } : null;
  }

  private async course(sampleIndex: number): Promise<Table> {
    const { course } = this.manifest;
    const found = await this.find("course/samples", sampleIndex);
    if (!course || !found) return this.outline(sampleIndex);
    const [steps, shard] = await Promise.all([
      this.whole("course/checkpoints"),
      this.whole(`course/${Math.floor(found.row / course.per_shard)}`),
    ]);
    const count = this.described.checkpoints.length;
    const start = (found.row % course.per_shard) * count;
    const rows = Array.from({ length: count }, (_, step) => start + step);
    return new Map([...steps, ...[...shard].map(([name, column]): [string, Column] => [name, taken(column, rows)])]);
  }

  /** A course that is not kept, as far as the predictions of the checkpoints tell it: of each, the likeliest class. */
  private async outline(sampleIndex: number): Promise<Table> {
    const { checkpoints } = this.described;
    const said = await Promise.all(
      checkpoints.map(async ({ name }) => {
        const run = this.runs.get(this.question("performance", { checkpoint: name }));
        return run ? this.whole(`results/performance/${run.key}/samples`) : null;
      }),
    );
    if (said.every((table) => table === null)) {
      throw new HostError("NotInReportError", `What was predicted for this sample is not in the report. ${this.session("to see it")}`);
    }
    const values = (name: string) =>
      said.map((table) => {
        if (!table) return null;
        const { values: all, valid } = numbersOf(table, name);
        return valid && !valid[sampleIndex] ? null : (all[sampleIndex] ?? null);
      });
    const [predictions, confidences] = [values("prediction"), values("confidence")];
    const lists = (from: readonly (number | null)[]): Column => ({ kind: "list", length: from.length, at: (row) => (predictions[row] === null ? [] : [from[row] ?? null]) });
    return new Map<string, Column>([
      ["checkpoint", { kind: "text", length: checkpoints.length, at: (row) => checkpoints[row]?.name ?? null }],
      ["step", numbers(checkpoints.map(({ step }) => step))],
      ["epoch", numbers(checkpoints.map(({ epoch }) => epoch))],
      ["prediction", numbers(predictions)],
      ["confidence", numbers(confidences)],
      ["loss", numbers(values("loss"))],
      ["class_indices", lists(predictions)],
      ["probabilities", lists(confidences)],
    ]);
  }
}

function numbers(values: readonly (number | null)[]): Column {
  const valid = Uint8Array.from(values, (value) => Number(value !== null));
  return { kind: "number", length: values.length, values: Float64Array.from(values, (value) => value ?? NaN), integer: false, valid };
}
