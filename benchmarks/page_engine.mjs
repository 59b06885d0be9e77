/**
 * How fast the page's engine is at a million samples and twenty columns, without a browser around it: what a click on
 * a bar costs until twelve charts have their counts, what a frame of a dragged range costs, and what sorting costs.
 *
 *     node benchmarks/page_engine.mjs [--samples 1000000] [--json]
 *
 * The modules are built as they are for the page. Figures are medians of 20, of first sorts and outlines of 5; beside them the least, which a busy machine disturbs least.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const FRONTEND = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "frontend");
const MODULES = ["engine", "buckets", "masks", "sorting", "overview-counts"];
const REPEATS = 20;
const FIRSTS = 5;
const TARGETS = { click: 150, brush: 16, sort: 1000 };

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const N = Number(argument("--samples", "1000000"));

async function built() {
  const { build } = await import(pathToFileURL(path.join(FRONTEND, "node_modules", "vite", "dist", "node", "index.js")).href);
  const out = mkdtempSync(path.join(os.tmpdir(), "page-engine-"));
  const source = (name) => path.join(FRONTEND, "src", name === "overview-counts" ? "components/overview/counts.ts" : `state/${name}.ts`);
  await build({
    root: FRONTEND, configFile: false, logLevel: "silent", ssr: { noExternal: true },
    build: { ssr: true, outDir: out, emptyOutDir: false, minify: true, target: "es2022", rollupOptions: { input: Object.fromEntries(MODULES.map((name) => [name, source(name)])), output: { entryFileNames: "[name].mjs" } } },
  });
  const modules = Object.fromEntries(await Promise.all(MODULES.map(async (name) => [name, await import(pathToFileURL(path.join(out, `${name}.mjs`)).href)])));
  rmSync(out, { recursive: true });
  return modules;
}

/** Numbers without a pattern, the same at every run. */
function noise(seed) {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

/** Twenty columns of the kinds that people have. */
function columns() {
  const next = noise(1);
  const normal = () => next() + next() + next() - 1.5;
  const category = (size) => ({ kind: "category", length: N, codes: Int32Array.from({ length: N }, () => Math.floor(next() * size)), values: Array.from({ length: size }, (_, i) => `value ${i}`), valid: null });
  const number = (Kind) => ({ kind: "number", length: N, values: Kind.from({ length: N }, normal), integer: false, valid: null });
  const whole = (span) => ({ kind: "bigint", length: N, values: BigInt64Array.from({ length: N }, () => BigInt(Math.floor(next() * span))), valid: null });
  const text = (word) => {
    const texts = Array.from({ length: N }, (_, i) => `${word} ${(i * 7919) % N}`);
    return { kind: "text", length: N, at: (row) => texts[row] ?? null };
  };
  const correct = { kind: "bool", length: N, values: Uint8Array.from({ length: N }, () => Number(next() < 0.9)), valid: Uint8Array.from({ length: N }, () => Number(next() < 0.99)) };
  const made = {};
  for (const size of [2, 5, 20, 50, 500, 50_000]) made[`category of ${size}`] = category(size);
  for (let i = 0; i < 5; i++) made[`float64 ${i}`] = number(Float64Array);
  made["float32"] = number(Float32Array);
  for (const span of [100, 2 ** 30, 2 ** 52]) made[`int64 below ${span}`] = whole(span);
  made["bool"] = { kind: "bool", length: N, values: Uint8Array.from({ length: N }, () => Number(next() < 0.5)), valid: null };
  made["time"] = { kind: "time", length: N, values: Float64Array.from({ length: N }, () => 1.6e12 + Math.floor(next() * 1e11)), valid: null };
  made["int32"] = { kind: "number", length: N, values: Int32Array.from({ length: N }, () => Math.floor(next() * 2 ** 30)), integer: true, valid: null };
  made["text, short"] = text("sample");
  made["text, long"] = text("a caption of which every one begins alike, of number");
  return { made, correct };
}

const rows = [];
const say = (what, times, target = null) => rows.push({ what, median: median(times), least: Math.min(...times), target });

function timed(work) {
  const from = performance.now();
  work();
  return performance.now() - from;
}

function repeated(work) {
  work(); // the ranks of a column are worked out once
  return Array.from({ length: FIRSTS }, () => timed(work));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const m = await built();
const { made, correct } = columns();
const names = Object.keys(made);
const engine = new m.engine.Engine(N);
for (const name of names) engine.set(name, made[name]);
engine.set("correct", correct);
const charts = ["category of 2", "category of 5", "category of 20", "category of 50", "category of 500", "float64 0", "float64 1", "float32", "int64 below 100", "int64 below 1073741824", "bool", "time"];
for (const name of ["category of 500", "float64 0", "float32", "int64 below 1073741824", "time"]) {
  say(`cut into buckets, once: ${name}`, Array.from({ length: FIRSTS }, () => ({ ...made[name] })).map((column) => timed(() => m.buckets.bucketsOf(column))));
}

const states = m["overview-counts"].statesOf(correct);
const buckets = charts.map((name) => m.buckets.bucketsOf(made[name]));

/** What the page does after a click: every chart is counted under the clauses of all others. */
function counted(clauses) {
  charts.forEach((name, k) => m["overview-counts"].counted(buckets[k], states, engine.effective(clauses, name)));
}

const clause = (source, expr, id = source) => ({ id, source, label: null, expr, enabled: true });
const held = clause("float64 1", { op: "range", column: "float64 1", low: -0.8, high: 0.9, ends: "[)" });
const click = (i) => [held, clause("category of 20", { op: "in", column: "category of 20", values: [`value ${i % 20}`, `value ${(i + 3) % 20}`] })];
counted([]);
const clicks = Array.from({ length: REPEATS }, (_, i) => timed(() => counted(click(i))));
say("click on a bar → 12 charts counted, with the share right", clicks, TARGETS.click);
for (const name of ["float64 0", "float32", "int64 below 100", "int64 below 1073741824", "int64 below 4503599627370496", "int32", "time"]) {
  const [low, high] = name === "time" ? [1.6e12, 1.7e12] : name.includes("float") ? [-1, 1] : [0, name.includes("100") ? 100 : name.includes("4503") ? 2 ** 52 : 2 ** 30];
  engine.mask({ op: "ge", column: name, value: low });
  const frames = Array.from({ length: REPEATS }, (_, i) => timed(() => m.masks.popcount(engine.mask({ op: "range", column: name, low: low + ((high - low) * i) / 40, high, ends: "[)" }))));
  say(`frame of a dragged range over ${name}: mask and count`, frames, TARGETS.brush);
}
const all = Uint32Array.from({ length: N }, (_, i) => i);
for (const name of names) {
  // A column that was sorted keeps its ranks: every turn gets a column of its own.
  const firsts = Array.from({ length: FIRSTS }, () => ({ ...made[name] })).map((column) => timed(() => m.sorting.sortedRows(all, [{ column, descending: false }])));
  say(`first sort by ${name}`, firsts, TARGETS.sort);
}
say("next sort by float64 0, other way round", repeated(() => m.sorting.sortedRows(all, [{ column: made["float64 0"], descending: true }])), TARGETS.sort);
say("sort by three columns that were sorted before", repeated(() => m.sorting.sortedRows(all, ["category of 5", "int64 below 100", "float64 0"].map((name) => ({ column: made[name], descending: false })))), TARGETS.sort);
const outline = Array.from({ length: 200 }, (_, i) => [0.6 * Math.cos((i / 100) * Math.PI) * (1 + 0.2 * Math.sin(i)), 0.6 * Math.sin((i / 100) * Math.PI)]);
say("filter by an outline of 200 corners", Array.from({ length: FIRSTS }, (_, i) => timed(() => engine.mask({ op: "polygon", x: "float64 0", y: "float64 2", points: outline.map(([x, y]) => [x + i / 100, y]) }))), 150);

const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? "?"}, Node ${process.version}, ${N.toLocaleString("en-GB")} samples`;
const write = (text) => process.stdout.write(`${text}\n`);
if (process.argv.includes("--json")) write(JSON.stringify({ machine, rows }));
else {
  write(`${machine}\n${"ms".padStart(78)}${"least".padStart(9)}${"at most".padStart(9)}`);
  for (const { what, median: middle, least, target } of rows) write(`${what.padEnd(68)} ${middle.toFixed(1).padStart(9)}${least.toFixed(1).padStart(9)}${String(target ?? "").padStart(9)}`);
}
