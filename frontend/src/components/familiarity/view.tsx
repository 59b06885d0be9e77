import { useMemo, useState } from "preact/hooks";
import { count, measure, plural, probability } from "../../draw/format";
import { Door, Failure, Heading } from "../../draw/parts";
import { splitText } from "../../draw/where";
import type { Json } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import { bucketsOf, type Buckets } from "../../state/buckets";
import type { Clause } from "../../state/clauses";
import { parted, type Grouping } from "../../state/groups";
import { countBy, where, type Mask } from "../../state/masks";
import { Offer, useAnalysis, useColumn, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { layerParams } from "../duplicates/columns";
import { counted } from "../overview/counts";
import { Histogram } from "../overview/histogram";
import { showRows, Strip, useKnown, type Known } from "../samples-strip";
import { useGrouping } from "../use-grouping";
import { useCounted } from "../use-judged";
import { columnsOf } from "./columns";
import { given, leastFirst, overall, RARE, readTrust, spreadOf, within, type Scores, type Trust } from "./scores";
import css from "./familiarity.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

const PER_PAGE = 24;
const IN_BLOCK = 6;
const BLOCKS = 12;
/** What the analysis tells of anyway; others cost a run of their own. */
const USUAL = ["label", "split"] as const;
const COLUMN = "column:";

/** Columns whose values make groups. */
function attributes(recording: Recording): string[] {
  return recording.columns
    .filter(({ role, type }) => (role === "label" && recording.task === "multiclass") || (role === "split" && recording.splits.length > 1) || (role === "metadata" && (type === "category" || type === "bool" || type === "integer")))
    .map(({ name, role }) => (role === "label" ? "label" : role === "split" ? "split" : name));
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

interface Chosen {
  scores: Scores | null;
  trust: readonly Trust[];
  used: Used;
  asked: Asked;
  column: string | null;
  attribute: string | null;
  value: string | null;
  failed: string | null;
}

function useScores(ctx: Context): Chosen {
  const recording = ctx.store.recording.value;
  const options = ctx.options.value;
  const columns = columnsOf(recording);
  const source = text(options["source"]);
  const column = columns.find((name) => name === source) ?? (source === "analysis" ? null : (columns[0] ?? null));
  const attribute = column === null ? (attributes(recording).find((name) => name === options["within"]) ?? null) : null;
  const value = attribute === null ? null : text(options["value"]);
  const layer = layerParams(ctx);
  const whole: Asked = { analysis: "familiarity", params: layer, tables: { samples: ["familiarity", "log_density"], groups: ["attribute", "value", "members", "reason", "agreement", "shift"] }, title: "Measuring familiarity" };
  const usual = USUAL.some((name) => name === attribute);
  const inner: Asked = { analysis: "familiarity", params: usual || attribute === null ? layer : { ...layer, by: [attribute] }, tables: { by_group: ["sample_index", "attribute", "value", "familiarity", "log_density"], groups: whole.tables["groups"] ?? [] }, title: `Measuring familiarity within ${attribute ?? ""}` };
  const picked = Object.keys(layer).length > 0;
  const all = useAnalysis(ctx, column === null && attribute === null ? whole : null, picked);
  const parts = useAnalysis(ctx, attribute === null ? null : inner, picked || !usual);
  const { column: own, failed } = useColumn(ctx, column);
  const used = attribute === null ? all : parts;
  const { tables } = used;
  const n = recording.nSamples;
  const scores = useMemo(() => {
    if (column !== null) return own ? given(own) : null;
    const [samples, byGroup] = [tables?.get("samples"), tables?.get("by_group")];
    if (attribute !== null) return byGroup ? within(byGroup, attribute, value, n) : null;
    return samples ? overall(samples) : null;
  }, [own, tables, column, attribute, value, n]);
  const groups = tables?.get("groups");
  const trust = useMemo(() => (groups ? readTrust(groups) : []), [groups]);
  return { scores, trust, used, asked: attribute === null ? whole : inner, column, attribute, value, failed };
}

/** Everything measured in: recorded layers by their exact names, and columns of a plain table. */
function SourceChoice({ ctx, column }: { ctx: Context; column: string | null }) {
  const recording = ctx.store.recording.value;
  const columns = columnsOf(recording);
  const usual = recording.layers.find(({ role }) => role === "embedding")?.name ?? "";
  const layer = text(ctx.options.value["layer"]) ?? usual;
  if (recording.layers.length + columns.length < 2) return null;
  const choose = (chosen: string) => {
    const isColumn = chosen.startsWith(COLUMN);
    const name = isColumn ? chosen.slice(COLUMN.length) : chosen;
    ctx.data.filter.set(ctx.id, null);
    ctx.set(isColumn ? { source: name } : { source: columns.length > 0 ? "analysis" : null, layer: name === usual ? null : name });
  };
  return (
    <label>Measured in
      <select value={column === null ? layer : `${COLUMN}${column}`} onChange={(event) => choose(event.currentTarget.value)}>
        {recording.layers.map(({ name, role }) => <option key={name} value={name}>{role === "embedding" ? `${name} (embedding)` : name}</option>)}
        {columns.map((name) => <option key={name} value={`${COLUMN}${name}`}>{`column ${name}`}</option>)}
      </select>
    </label>
  );
}

function WithinChoice({ ctx, attribute, value, trust }: { ctx: Context; attribute: string | null; value: string | null; trust: readonly Trust[] }) {
  const values = trust.filter((one) => one.attribute === attribute && one.value !== "");
  const change = (changes: { readonly [name: string]: Json }) => {
    ctx.data.filter.set(ctx.id, null);
    ctx.set(changes);
  };
  return (
    <>
      <label>Compared with
        <select value={attribute ?? ""} onChange={(event) => change({ within: event.currentTarget.value || null, value: null })}>
          <option value="">all samples</option>
          {attributes(ctx.store.recording.value).map((name) => <option key={name} value={name}>{`those of the same ${name}`}</option>)}
        </select>
      </label>
      {attribute !== null && values.length > 0 && (
        <label>{attribute}
          <select value={value ?? ""} onChange={(event) => change({ value: event.currentTarget.value || null })}>
            <option value="">every value</option>
            {values.map((one) => <option key={one.value} value={one.value} disabled={one.reason !== null}>{one.reason === null ? `${one.value} (${count(one.members)})` : `${one.value}: too few`}</option>)}
          </select>
        </label>
      )}
    </>
  );
}

/** The buckets that the filter made here keeps whole. */
function pickedOf(own: Clause | undefined, buckets: Buckets, all: Uint32Array): readonly number[] {
  if (!own?.enabled) return [];
  if (own.expr.op !== "bits") return buckets.picked(own.expr) ?? [];
  const inside = countBy(buckets.codes, buckets.size + 2, own.expr.bits);
  return Array.from({ length: buckets.size }, (_, i) => i).filter((i) => (all[i] ?? 0) > 0 && inside[i] === all[i]);
}

function Distribution({ ctx, chosen, scores, mask }: { ctx: Context; chosen: Chosen; scores: Scores; mask: Mask | null }) {
  const { filter } = ctx.data;
  const buckets = useMemo(() => bucketsOf(scores.column), [scores]);
  const all = useMemo(() => (buckets ? countBy(buckets.codes, buckets.size + 2, filter.within.value) : null), [buckets, filter.within.value]);
  const counts = useMemo(() => (buckets ? counted(buckets, null, mask) : null), [buckets, mask]);
  const rows = useMemo(() => leastFirst(scores, mask, false), [scores, mask]);
  const spread = useMemo(() => spreadOf(scores.column, rows), [scores, rows]);
  if (!buckets || !counts || !all || buckets.size === 0) return null;
  const everywhere = countBy(buckets.codes, buckets.size + 2, null);
  const picked = pickedOf(filter.clause(ctx.id), buckets, everywhere);
  const pick = (bars: readonly number[]) => {
    if (bars.length === 0) return filter.set(ctx.id, null);
    if (chosen.column !== null) return filter.set(ctx.id, buckets.pick(chosen.column, bars));
    const [from, to] = [buckets.name(Math.min(...bars)).split(" to ")[0], buckets.name(Math.max(...bars)).split(" to ").at(-1)];
    const bits = where(scores.values.length, (row) => bars.includes(buckets.codes[row] ?? -1));
    filter.set(ctx.id, { op: "bits", bits }, `familiarity: ${scores.unit} from ${from} to ${to}`);
  };
  const unknown = all[buckets.size] ?? 0;
  return (
    <div class="spread">
      <div>
        <Histogram name={scores.unit} buckets={buckets} counts={{ all, ...counts }} picked={picked} behind={ctx.store.showUnfiltered.value} live={false} pick={pick} />
        <p class="ends num"><span>{`${buckets.name(0).split(" to ")[0]} least`}</span><span>{scores.unit}</span><span>{`most ${buckets.name(buckets.size - 1).split(" to ").at(-1)}`}</span></p>
      </div>
      <dl>
        <dt>Mean</dt><dd>{measure(spread?.mean ?? null)}</dd>
        <dt>Standard deviation</dt><dd>{measure(spread?.deviation ?? null)}</dd>
        {chosen.value === null && <><dt>Without a score</dt><dd>{unknown === 0 ? "0" : <Door leads="show the samples without a score" open={() => showRows(ctx, Array.from(scores.values.keys()).filter((row) => Number.isNaN(scores.values[row])), "without a familiarity")}>{count(unknown)}</Door>}</dd></>}
      </dl>
    </div>
  );
}

/** In plain words how steady the ranks are, with the figure they stand on. */
function TrustLine({ chosen }: { chosen: Chosen }) {
  const { attribute, value, trust } = chosen;
  const rows = trust.filter((one) => (attribute === null ? one.attribute === "" : one.attribute === attribute && (value === null || one.value === value)));
  const agreements = rows.flatMap(({ agreement }) => (agreement === null ? [] : [agreement]));
  const passed = rows.filter(({ reason }) => reason !== null);
  const least = agreements.length > 0 ? Math.min(...agreements) : null;
  const shift = attribute === null ? (rows[0]?.shift ?? null) : null;
  const [tone, words] = least === null ? ["warn", "how steady it is cannot be told"] : least >= 0.9 ? ["good", "steady"] : least >= 0.7 ? ["warn", "rough"] : ["bad", "not to be trusted: record more samples"];
  return (
    <p class="foot small">
      {rows.length > passed.length && <span class={`badge ${tone}`}>{words}</span>}
      {least !== null && <span class="muted">{` Ranks from two halves of the data agree by ${probability(least)}${agreements.length > 1 ? " or more" : ""}.`}</span>}
      {shift !== null && <span class="muted">{` Samples it was not trained on differ by ${probability(shift)} (0 alike, 1 apart); some of that is usual.`}</span>}
      {passed.map((one) => <span key={one.value} class="muted">{` ${one.value || attribute || "All samples"}: ${one.reason}.`}</span>)}
    </p>
  );
}

function caption(scores: Scores): (sample: number) => string {
  return (sample) => {
    const value = scores.values[sample] ?? null;
    // Below a hundredth two digits would make all ranks alike.
    return scores.ranks ? probability(value, value !== null && value < 0.0095 ? 3 : 2) : measure(value);
  };
}

function Paged({ ctx, scores, rows, known }: { ctx: Context; scores: Scores; rows: Uint32Array; known: Known | null }) {
  const [wanted, go] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / PER_PAGE));
  const page = Math.min(wanted, pages - 1);
  return (
    <>
      <div class="least"><Strip ctx={ctx} samples={Array.from(rows.subarray(page * PER_PAGE, (page + 1) * PER_PAGE))} known={known} label="Samples by familiarity" few={PER_PAGE} aside={caption(scores)} /></div>
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of samples">
          <button type="button" class="button" disabled={page === 0} onClick={() => go(page - 1)}>← Previous</button>
          <span class="num">{`${count(page * PER_PAGE + 1)}–${count(Math.min(rows.length, (page + 1) * PER_PAGE))} of ${count(rows.length)}`}</span>
          <button type="button" class="button" disabled={page >= pages - 1} onClick={() => go(page + 1)}>Next →</button>
        </nav>
      )}
    </>
  );
}

function Blocks({ ctx, scores, rows, known, grouping }: { ctx: Context; scores: Scores; rows: Uint32Array; known: Known | null; grouping: Grouping }) {
  const [most, setMost] = useState(BLOCKS);
  const names = grouping.divisions.map(({ column }) => column);
  const blocks = useMemo(() => parted(rows, grouping).parts
    .map((part) => ({ rows: part.rows, name: grouping.values(part.group).join(", "), spread: spreadOf(scores.column, part.rows) }))
    .sort((a, b) => (a.spread?.mean ?? Infinity) - (b.spread?.mean ?? Infinity)), [rows, scores, grouping]);
  return (
    <>
      {blocks.slice(0, most).map((block) => (
        <article key={block.name} class="block" aria-label={`${names.join(", ")}: ${block.name}`}>
          <header>
            <h3>{block.name}</h3>
            <Door leads="show these samples" open={() => showRows(ctx, block.rows, `where ${names.join(", ")} is ${block.name}`)}>{plural(block.rows.length, "sample")}</Door>
            {block.spread && <span class="muted small num">{`${scores.unit} ${measure(block.spread.mean)} ± ${measure(block.spread.deviation)}`}</span>}
          </header>
          <Strip ctx={ctx} samples={Array.from(block.rows)} known={known} label={`Samples of ${block.name} by familiarity`} few={IN_BLOCK} aside={caption(scores)} />
        </article>
      ))}
      {blocks.length > most && <p class="pager"><button type="button" class="button" onClick={() => setMost(most + BLOCKS)}>{`Show ${plural(Math.min(BLOCKS, blocks.length - most), "more group")}`}</button></p>}
    </>
  );
}

/** The finding: how many are rarer than 99 % of what the network learnt from. */
function Title({ ctx, chosen, rows }: { ctx: Context; chosen: Chosen; rows: Uint32Array }) {
  const { scores, attribute, value } = chosen;
  if (!scores?.ranks) return <>Which samples are unusual?</>;
  const rare = rows.filter((row) => (scores.values[row] ?? 1) < RARE);
  const fitted = ctx.store.recording.value.splits.some(({ name }) => name === "train") && attribute !== "split" ? "training samples" : "samples";
  const than = attribute === null ? `99\u202f% of the ${fitted}` : `99\u202f% of the ${fitted} of ${value === null ? `the same ${attribute}` : value}`;
  const words = `less familiar than ${than}`;
  return (
    <>
      <Door leads="show them among the samples" open={() => showRows(ctx, rare, words)}>{count(rare.length)}</Door>
      {` of ${plural(rows.length, "sample")} ${rare.length === 1 ? "is" : "are"} ${words}`}
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const known = useKnown(ctx);
  const chosen = useScores(ctx);
  const { scores, used, asked, column } = chosen;
  const { mask } = useCounted(ctx);
  const reversed = ctx.options.value["most_first"] === true;
  const counting = useMemo(() => (scores ? leastFirst(scores, mask, false) : new Uint32Array(0)), [scores, mask]);
  const { grouping, why } = useGrouping(ctx, store.groupBy.value);
  const own = data.filter.clause(ctx.id);
  const brushed = own?.enabled ? data.filter.of(own.expr) : null;
  const rows = useMemo(() => {
    const some = brushed ? counting.filter((row) => ((brushed[row >>> 5] ?? 0) >>> (row & 31)) & 1) : counting;
    return reversed ? some.slice().reverse() : some;
  }, [counting, brushed, reversed]);
  return (
    <section aria-label="How typical is each sample?">
      <Heading title={scores ? <Title ctx={ctx} chosen={chosen} rows={counting} /> : "How typical is each sample?"} small={scores ? `${splitText(store.split.value)}${column === null ? "" : ` · by column ${column}`}` : ""} />
      {chosen.failed !== null && <Failure what={`Column ${column} did not arrive.`} why={chosen.failed} />}
      {column !== null && chosen.failed === null && data.filter.at(column) && !scores && <p class="foot muted">{`Column ${column} holds no numbers, so it tells no familiarity.`}</p>}
      {column === null && <Offer ctx={ctx} used={used} asked={asked} what="How typical each sample is" verb="Measure familiarity" />}
      <div class="filters">
        <SourceChoice ctx={ctx} column={column} />
        {column === null && (scores !== null || chosen.attribute !== null) && <WithinChoice ctx={ctx} attribute={chosen.attribute} value={chosen.value} trust={chosen.trust} />}
        {scores && <button type="button" class="button" onClick={() => ctx.set({ most_first: reversed ? null : true })}>{reversed ? "Most familiar first ↑" : "Least familiar first ↓"}</button>}
      </div>
      {scores && scores.values.length === store.recording.value.nSamples && (
        <>
          <Distribution ctx={ctx} chosen={chosen} scores={scores} mask={mask} />
          {why !== null && <Failure what="These groups cannot be made." why={why} />}
          {rows.length === 0 && <p class="foot muted">No sample with a score passes the filter.</p>}
          {rows.length > 0 && (grouping ? <Blocks ctx={ctx} scores={scores} rows={rows} known={known} grouping={grouping} /> : <Paged ctx={ctx} scores={scores} rows={rows} known={known} />)}
          {column === null && <TrustLine chosen={chosen} />}
          <p class="foot muted small">{scores.ranks ? "The number is a rank: .02 means that 2 % lie in a thinner place. Unfamiliar is not wrong: rare kinds are what a network needs more of." : "Lower is less familiar."}</p>
        </>
      )}
    </section>
  );
}
