import { columnFromArray, columnFromValues, dictionary, fixedSizeList, float16, float32, int32, int64, tableFromColumns, tableToIPC, utf8 } from "@uwdata/flechette";
import { deflateSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { numbersOf, stringsOf, taken, valueAt, type Column } from "./arrow";
import { ArrivalError } from "./errors";
import type { HostEvent, Json } from "./host";
import { besideOf, insideOf, reportIn, ReportHost, type ReportSource } from "./report";

type Columns = Parameters<typeof tableFromColumns>[0];

function arrow(columns: Columns): Uint8Array {
  const bytes = tableToIPC(tableFromColumns(columns), { format: "stream" });
  if (!bytes) throw new Error("nothing encoded");
  return bytes;
}

const SAMPLES = { prediction: columnFromArray([0, 1, null], int32()), confidence: columnFromArray([0.5, 0.75, null], float32()), loss: columnFromArray([0.1, null, null], float32()) };

/** Two checkpoints, three samples; the course of the first and the last sample is kept, a shard each. */
const TABLES: Record<string, Columns> = {
  "samples/label": { label: columnFromArray([0, 1, null], int32()) },
  "samples/device": { device: columnFromValues(["a", "b", "a"], dictionary(utf8())) },
  "course/checkpoints": { checkpoint: columnFromArray(["1", "2"], utf8()), step: columnFromArray([1n, 2n], int64()) },
  "course/samples": { sample: columnFromArray([0, 2], int32()) },
  "course/0": { prediction: columnFromArray([1, 0], int32()), probabilities: columnFromArray([[0.25, 0.75], [0.5, 0.5]], fixedSizeList(float16(), 2)) },
  "course/1": { prediction: columnFromArray([null, 1], int32()), probabilities: columnFromArray([null, [0, 1]], fixedSizeList(float16(), 2)) },
  "results/performance/k0/metrics": { step: columnFromArray([1, 2], int32()) },
  "results/performance/k2/samples": SAMPLES,
  "pictures/index": { sample: columnFromArray([0, 2], int32()), length: columnFromArray([8, 4], int32()) },
  "pictures/reasons": { sample: columnFromArray([1], int32()), reason: columnFromArray(["It is damaged."], utf8()) },
  texts: { sample: columnFromArray([1], int32()), text: columnFromArray(["said"], utf8()) },
};

const NAMES = Object.keys(TABLES);

function manifest(more: { readonly [key: string]: Json } = {}): { readonly [key: string]: Json } {
  return {
    report: 1, form: "single", media: "thumbs", notes: ["Something is left out."],
    recording: {
      name: "tiny", task: "multiclass", kind: "image", n_samples: 3, n_missing_labels: 1, fingerprint: "abc", classes: ["x", "y"], splits: [], layers: [],
      columns: [{ name: "label", type: "integer", role: "label" }], checkpoints: [{ name: "1", step: 1, metrics: {} }, { name: "2", step: 2, metrics: {} }],
      writing: false, provenance: { created_at: "2026-01-02T03:04:05+00:00" }, capabilities: { run: false, decide: false, media: true },
      analyses: [{ name: "performance", missing: [], parameters: { bins: { type: "integer", default: 15 }, checkpoint: { default: null }, slices: { default: [] } } }],
    },
    tables: Object.fromEntries(NAMES.map((name, number) => [name, number])),
    runs: [
      { analysis: "performance", key: "k0", parameters: { checkpoint: null, slices: [], bins: 15 }, tables: { metrics: 2 } },
      { analysis: "performance", key: "k2", parameters: { checkpoint: "2", slices: [], bins: 15 }, tables: { samples: 3 } },
    ],
    course: { samples: 2, per_shard: 1 },
    ...more,
  };
}

function memory(): ReportSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    block: (number) => {
      asked.push(NAMES[number] ?? "");
      return Promise.resolve(arrow(TABLES[NAMES[number] ?? ""] ?? {}).slice().buffer as ArrayBuffer);
    },
    picture: (sample, start, length) => `picture ${sample} at ${start}, ${length}`,
  };
}

function all(column: Column | undefined): unknown[] {
  return column ? Array.from({ length: column.length }, (_, row) => valueAt(column, row)) : [];
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

test("columns are read when they are first asked for, once, and rows come in the order asked", async () => {
  const source = memory();
  const host = new ReportHost(manifest(), source);
  expect(source.asked).toEqual([]);
  const table = await host.table("samples", ["label", "device"], { rows: [2, 0] });
  expect([all(table.get("label")), all(table.get("device"))]).toEqual([[null, 0], ["a", "a"]]);
  await host.table("samples", ["label"]);
  expect(source.asked).toEqual(["samples/label", "samples/device"]);
  await expect(host.table("samples", ["secret"])).rejects.toThrow("This report does not hold the table “samples/secret”. Open the recording itself to see it: bathyscope open tiny");
});

test("a question is known by its parameters, whatever their order, and with defaults left out", async () => {
  const host = new ReportHost(manifest(), memory());
  expect(await host.run("performance", {})).toEqual({ analysis: "performance", key: "k0", tables: { metrics: 2 } });
  expect((await host.run("performance", { slices: [], checkpoint: "2" })).key).toBe("k2");
  expect([...numbersOf(await host.table("results/performance/k0/metrics", ["step"]), "step").values]).toEqual([1, 2]);
  await expect(host.table("results/performance/k0/metrics", ["nothing"])).rejects.toThrow("Asked for nothing; nothing is not in the report.");
});

test("what was not computed says what it needs and how to get it", async () => {
  const host = new ReportHost(manifest(), memory());
  await expect(host.run("performance", { checkpoint: "2", slices: ["device"] })).rejects.toThrow(
    "This report does not hold “performance” for checkpoint 2, slices device. Open the recording itself to compute it: bathyscope open tiny",
  );
  await expect(host.decide({ id: "1", kind: "label", payload: null })).rejects.toThrow("A report can only be read; nothing was saved.");
});

test("a course is cut out of its shard", async () => {
  const host = new ReportHost(manifest(), memory());
  const first = await host.table("course", [], { sample: 0 });
  expect(all(first.get("probabilities"))).toEqual([[0.25, 0.75], [0.5, 0.5]]);
  const last = await host.table("course", [], { sample: 2 });
  expect([0, 1].map(stringsOf(last, "checkpoint"))).toEqual(["1", "2"]);
  expect([all(last.get("prediction")), all(last.get("probabilities"))]).toEqual([[null, 1], [null, [0, 1]]]);
});

test("of a course that is not kept, the predictions that are there are told", async () => {
  const host = new ReportHost(manifest(), memory());
  const course = await host.table("course", [], { sample: 1 });
  expect(all(course.get("prediction"))).toEqual([null, 1]);
  expect(all(course.get("class_indices"))).toEqual([[], [1]]);
  expect(all(course.get("probabilities"))).toEqual([[], [0.75]]);
  const without = new ReportHost(manifest({ runs: [], course: null }), memory());
  await expect(without.table("course", [], { sample: 1 })).rejects.toThrow("What was predicted for this sample is not in the report.");
});

test("pictures have an address, or a reason why not", async () => {
  const host = new ReportHost(manifest(), memory());
  await host.recording();
  expect([0, 1, 2].map((sample) => host.media(sample))).toEqual(["picture 0 at 0, 8", "data:,", "picture 2 at 8, 4"]);
  expect(await host.whyNoMedia(1)).toBe("It is damaged.");
  expect(await host.whyNoMedia(5)).toBe("The picture of this sample is not in the report, to keep it small. Open the recording itself to see it: bathyscope open tiny");
  const none = new ReportHost(manifest({ media: "none" }), memory());
  expect(await none.whyNoMedia(5)).toContain("This report was made without pictures.");
  expect(await host.text(1)).toBe("said");
  await expect(host.text(0)).rejects.toThrow("The text of this sample is not in the report, to keep it small.");
});

test("it is connected for good and tells what was left out", async () => {
  const host = new ReportHost(manifest(), memory());
  const heard: HostEvent[] = [];
  host.subscribe((event) => heard.push(event))();
  expect(heard).toEqual([{ type: "connection", connection: { state: "connected" } }]);
  expect([host.name, host.capabilities.run, host.notes]).toEqual(["report", false, ["Something is left out."]]);
  expect((await host.recording()).nSamples).toBe(3);
});

test("data of another version are refused in words", () => {
  for (const wrong of [null, {}, { ...manifest(), report: 2 }]) {
    expect(() => new ReportHost(wrong, memory())).toThrow("The data of this report do not fit its page. Export it again with one version of Bathyscope.");
  }
});

function block(name: string, text: string): void {
  const script = document.createElement("script");
  script.type = "text/x-base64";
  script.dataset["block"] = name;
  script.textContent = text;
  document.body.append(script);
}

test("a document with data in it is a report, any other is not", async () => {
  expect(reportIn(document)).toBeNull();
  const script = document.createElement("script");
  script.type = "application/json";
  script.id = "bathyscope-report";
  script.textContent = JSON.stringify(manifest());
  document.body.append(script);
  block("0", deflateSync(arrow(TABLES["samples/label"] ?? {})).toString("base64"));
  const host = reportIn(document);
  expect(all((await host?.table("samples", ["label"]))?.get("label"))).toEqual([0, 1, null]);
});

test("inside one document pictures are cut out of one text, and damage is told", async () => {
  block("pictures", "AAAABBBBCCCC");
  block("7", deflateSync(arrow(TABLES["samples/label"] ?? {})).subarray(0, 40).toString("base64"));
  const source = insideOf(document);
  expect(source.picture(3, 4, 4)).toBe("data:image/webp;base64,BBBB");
  await expect(source.block(7)).rejects.toThrow(ArrivalError);
});

test("beside a document files are found wherever it stands, and a missing one is told", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve(new Response("x", { status: asked.length > 1 ? 404 : 200 }));
  });
  const source = besideOf("https://a.org/deep/report/index.html#in=test");
  await source.block(3);
  expect(asked).toEqual(["https://a.org/deep/report/data/3.arrow"]);
  expect(source.picture(1234, 0, 0)).toBe("https://a.org/deep/report/media/1/1234.webp");
  await expect(source.block(4)).rejects.toThrow("A file of this report cannot be read (data/4.arrow).");
});

test("rows can be taken out of every kind of column", () => {
  const valid = Uint8Array.of(1, 0, 1);
  const columns: [Column, unknown[]][] = [
    [{ kind: "number", length: 3, values: Float32Array.of(1, 2, 3), integer: false, valid }, [3, null, 3]],
    [{ kind: "bigint", length: 3, values: BigInt64Array.of(1n, 2n, 2n ** 60n), valid: null }, [2n ** 60n, 2n, 2n ** 60n]],
    [{ kind: "bool", length: 3, values: Uint8Array.of(1, 1, 0), valid }, [false, null, false]],
    [{ kind: "category", length: 3, codes: Int32Array.of(0, 1, 0), values: ["a", "b"], valid }, ["a", null, "a"]],
    [{ kind: "time", length: 3, values: Float64Array.of(0, 1, 2), valid: null }, [new Date(2), new Date(1), new Date(2)]],
    [{ kind: "text", length: 3, at: (index) => ["a", null, "c"][index] ?? null }, ["c", null, "c"]],
    [{ kind: "list", length: 3, at: (index) => [index] }, [[2], [1], [2]]],
    [{ kind: "none", length: 3 }, [null, null, null]],
  ];
  for (const [column, expected] of columns) expect(all(taken(column, [2, 1, 2]))).toEqual(expected);
});
