/** Step 1: the pairs of classes that were confused, as a list with a row for each label or as a matrix. */
import { useMemo, useState } from "preact/hooks";
import { count, measure, percent, plural } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import { cellsFrom } from "../../state/counting";
import type { Context } from "../component";
import { CellGrid } from "../confusion/cell-grid";
import { CellMap } from "../confusion/cell-map";
import { plainAxis } from "../confusion/levels";
import { Matrix } from "../confusion/matrix";
import { Glimpse } from "../samples-strip";
import { progressOf, type Desk } from "./desk";
import { measureOf, rowsOf, rowsOfPair, type Pair } from "./found";
import { MEASURES, type Measure } from "./words";

/** So many pairs are listed at first; a thousand classes have thousands. */
const FEW = 100;
/** Up to so many classes every cell of the matrix shows its number. */
const MOST_IN_GRID = 20;
/** A class with fewer samples is told as rare. */
const RARE = 5;

interface Listed {
  pair: Pair;
  /** Those of the pair by suspicion, and how many of them are decided; only of pairs that are on the page. */
  rows: readonly number[];
  decided: number;
  /** Samples of the label. */
  members: number;
}

function Histogram({ bins, most, classes }: { bins: readonly number[]; most: number; classes: number }) {
  const height = 26;
  const width = 6;
  const chance = 1 / Math.max(1, classes);
  const words = `How sure the model is, from chance (${percent(chance, 0)}) to 1: ${bins.join(", ")}`;
  return (
    <svg class="bins" width={bins.length * width} height={height} role="img" aria-label={words}>
      <title>{words}</title>
      {bins.map((n, k) => {
        const h = n === 0 ? 0 : Math.max(2, (Math.log1p(n) / Math.log1p(most)) * (height - 2));
        return <rect key={k} x={k * width} y={height - h} width={width - 1} height={h} fill="var(--heat-1)" />;
      })}
      <line x1={0} x2={bins.length * width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line-2)" />
    </svg>
  );
}

/** How much of a pair was decided about: a ring, and its share in words. */
function Ring({ done, of }: { done: number; of: number }) {
  const share = of === 0 ? 1 : done / of;
  const around = 2 * Math.PI * 7;
  return (
    <svg class="share" width={18} height={18} role="img" aria-label={`${count(done)} of ${count(of)} decided`}>
      <title>{`${count(done)} of ${count(of)} decided`}</title>
      <circle cx={9} cy={9} r={7} fill="none" stroke="var(--line-2)" stroke-width={3} />
      {share > 0 && <circle cx={9} cy={9} r={7} fill="none" stroke="var(--good)" stroke-width={3} stroke-dasharray={`${around * share} ${around}`} transform="rotate(-90 9 9)" />}
    </svg>
  );
}

function valueWords(by: Measure, value: number): string {
  if (by === "confidence") return percent(value, 0);
  return by === "mass" || by === "margin" || by === "share" ? measure(value) : count(Math.round(value));
}

/** "most of the pair is right" has another reading: the model may have learnt the wrong name. */
function sideHint(pair: Pair, all: readonly Pair[]): boolean {
  const mirror = all.find((one) => one.label === pair.prediction && one.prediction === pair.label);
  return pair.count >= 20 && mirror !== undefined && mirror.errors >= 1.5 * pair.errors;
}

function PairRow({ ctx, desk, listed, by, most, strongest, all, open }: { ctx: Context; desk: Desk; listed: Listed; by: Measure; most: number; strongest: number; all: readonly Pair[]; open: (pair: Pair) => void }) {
  const { pair, rows, decided } = listed;
  const [label, prediction] = [desk.classes[pair.label] ?? "", desk.classes[pair.prediction] ?? ""];
  const of = by === "name" ? "errors" : by;
  const value = measureOf(pair, of, rows.length - decided);
  const done = rows.length > 0 && decided === rows.length;
  const { members } = listed;
  return (
    <li class={`couple ${done ? "done" : ""}`}>
      <button type="button" class="open" aria-label={`${label} that may be ${prediction}: ${count(Math.round(pair.errors))} estimated errors, ${plural(pair.count, "sample")}${pair.systematic ? ", systematic" : ""}`} onClick={() => open(pair)}>
        <span class="peek" aria-hidden="true">{rows.slice(0, 5).map((row) => <span key={row} class="pic"><Glimpse ctx={ctx} sample={row} /></span>)}</span>
        <span class="who"><span><Swatch of={pair.label} /> <b>{label}</b></span><span class="muted">that may be</span><span><Swatch of={pair.prediction} /> <b>{prediction}</b></span></span>
        <span class="badges">
          {pair.systematic && <span class="badge bad" title="Many labels of one class go by the other's name, and few the other way round">systematic</span>}
          {sideHint(pair, all) && <span class="badge warn" title="More labels go wrong the other way round: the model may have learnt the wrong name, and the labels here may be right">which side is right?</span>}
          {members < RARE && <span class="badge" title={`only ${plural(members, "sample")} of this label`}>rare class</span>}
        </span>
        <span class="strength" aria-hidden="true"><i style={{ width: `${strongest > 0 ? (100 * value) / strongest : 0}%` }} /></span>
        <span class="value num"><b>{valueWords(of, value)}</b> <small class="muted">{MEASURES.find(({ id }) => id === of)?.name}</small></span>
        <span class="called num muted small">{`${count(pair.count)} called so`}</span>
        <Histogram bins={pair.bins} most={most} classes={desk.classes.length} />
        <Ring done={decided} of={rows.length} />
      </button>
    </li>
  );
}

function useListed(desk: Desk, pairs: readonly Pair[], basis: string | null, by: Measure, most: number): Listed[] {
  const rows = useMemo(() => rowsOf(desk.found, basis), [desk.found, basis]);
  const byLabel = useMemo(() => {
    const found: number[][] = desk.classes.map(() => []);
    for (const row of rows) found[desk.found.judged(row) ?? -1]?.push(row);
    return found;
  }, [rows, desk.found]);
  const kept = useMemo(() => new Map<Pair, number[]>(), [byLabel]);
  const rowsFor = (pair: Pair) => {
    let found = kept.get(pair);
    if (!found) kept.set(pair, (found = rowsOfPair(desk.found, byLabel[pair.label] ?? [], pair)));
    return found;
  };
  const open = (pair: Pair) => (by === "open" ? rowsFor(pair).filter((row) => desk.standing(row) === null).length : 0);
  const names = desk.classes;
  const ordered = [...pairs].sort((a, b) => (by === "name" ? (names[a.label] ?? "").localeCompare(names[b.label] ?? "") || b.errors - a.errors : measureOf(b, by, open(b)) - measureOf(a, by, open(a)) || b.mass - a.mass));
  return ordered.slice(0, most).map((pair) => {
    const own = rowsFor(pair);
    return { pair, rows: own, decided: progressOf(desk, own).decided, members: byLabel[pair.label]?.length ?? 0 };
  });
}

function List({ ctx, desk, pairs, basis, by, open }: { ctx: Context; desk: Desk; pairs: readonly Pair[]; basis: string | null; by: Measure; open: (pair: Pair) => void }) {
  const [more, setMore] = useState(false);
  const listed = useListed(desk, pairs, basis, by, more ? pairs.length : Math.min(FEW, pairs.length > 30 ? 12 : pairs.length));
  const most = Math.max(1, ...pairs.slice(0, 200).flatMap(({ bins }) => bins));
  const strongest = Math.max(...listed.map(({ pair, rows, decided }) => measureOf(pair, by === "name" ? "errors" : by, rows.length - decided)), 0);
  const keyed = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(".open")];
    const at = buttons.findIndex((button) => button === event.composedPath()[0]);
    const to = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : -1;
    if (at < 0 || to < 0 || !buttons[to]) return;
    buttons[to].focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <ul class="pairs" aria-label="Pairs of classes" onKeyDown={keyed}>
        {listed.map((one) => <PairRow key={`${one.pair.basis} ${one.pair.label} ${one.pair.prediction}`} ctx={ctx} desk={desk} listed={one} by={by} most={most} strongest={strongest} all={pairs} open={open} />)}
      </ul>
      {pairs.length > listed.length || more ? <p class="line"><button type="button" class="button quiet" aria-expanded={more} onClick={() => setMore(!more)}>{more ? "Show fewer pairs" : `Show all ${plural(pairs.length, "pair")}`}</button></p> : null}
    </>
  );
}

/** The whole numbers of a cell: shares and confidences in percent. */
function inCell(pair: Pair, by: Measure): number {
  const value = measureOf(pair, by, pair.count);
  return Math.round(by === "share" || by === "confidence" ? 100 * value : value);
}

function AsMatrix({ ctx, desk, pairs, by, open }: { ctx: Context; desk: Desk; pairs: readonly Pair[]; by: Measure; open: (pair: Pair) => void }) {
  const shown = by === "name" || by === "open" ? "count" : by;
  const matrix = useMemo(() => new Matrix(cellsFrom(pairs.map((pair) => ({ label: pair.label, prediction: pair.prediction, count: inCell(pair, shown) })).filter(({ count }) => count > 0)), plainAxis(desk.classes)), [pairs, shown, desk.classes]);
  const at = (row: number, column: number) => pairs.find(({ label, prediction }) => label === row && prediction === column);
  const measured = MEASURES.find(({ id }) => id === shown)?.name ?? "";
  const props = {
    matrix,
    selected: null,
    clear: () => undefined,
    turn: () => undefined,
    hint: `Rows are labels, columns what they may be. Numbers: ${measured}${shown === "share" || shown === "confidence" ? ", in percent" : ""}. A click opens the pair.`,
    sentence: ({ row, column }: { row: number; column: number }) => {
      if (row < 0) return `may be ${desk.classes[column] ?? ""}`;
      if (column < 0) return `labelled ${desk.classes[row] ?? ""}`;
      const pair = at(row, column);
      return `${desk.classes[row] ?? ""} that may be ${desk.classes[column] ?? ""}: ${pair ? `${valueWords(shown, measureOf(pair, shown, pair.count))} ${measured}, ${plural(pair.count, "sample")} called so` : "none"}`;
    },
    open: ({ row, column }: { row: number; column: number }) => {
      const pair = at(row, column);
      if (pair) open(pair);
      else ctx.store.say("No sample is in this pair.");
    },
  };
  return <div class="as-matrix">{desk.classes.length <= MOST_IN_GRID ? <CellGrid {...props} /> : <CellMap {...props} ctx={ctx} name="Pairs of classes" />}</div>;
}

export function Overview({ ctx, desk, basis, open }: { ctx: Context; desk: Desk; basis: string | null; open: (pair: Pair) => void }) {
  const options = ctx.options.value;
  const by = (MEASURES.find(({ id }) => id === options["by"])?.id ?? "errors") as Measure;
  const layout = options["layout"] === "matrix" ? "matrix" : "list";
  const pairs = useMemo(() => desk.found.pairs.filter((pair) => pair.label !== pair.prediction && (basis === null || pair.basis === basis)), [desk.found, basis]);
  const estimated = desk.found.about.filter((one) => basis === null || one.basis === basis).reduce((sum, { errors }) => sum + errors, 0);
  const judged = desk.found.about.filter((one) => basis === null || one.basis === basis).reduce((sum, { samples }) => sum + samples, 0);
  return (
    <>
      <div class="controls">
        <p class="estimated"><Door leads="look at single labels, most suspicious first" open={() => ctx.set({ tab: "items" })}><b class="num">{`about ${count(Math.round(estimated))}`}</b></Door> <span class="muted">{`of ${count(judged)} labels are wrong, by how labels go wrong in these data; an estimate, not a count`}</span></p>
        <label class="choose"><span class="muted small">{layout === "matrix" ? "Show" : "Order by"}</span> <select aria-label="Order of the pairs" value={by} onChange={(event) => ctx.set({ by: event.currentTarget.value })}>{MEASURES.map(({ id, name, says }) => <option key={id} value={id} title={says}>{name}</option>)}</select></label>
        <span class="segments" role="group" aria-label="Layout">{(["list", "matrix"] as const).map((one) => <button key={one} type="button" aria-pressed={layout === one} onClick={() => ctx.set({ layout: one === "list" ? null : one })}>{one === "list" ? "List" : "Matrix"}</button>)}</span>
      </div>
      {pairs.length === 0 ? <p class="line muted">No label differs from what the model would call it.</p> : layout === "matrix" ? <AsMatrix ctx={ctx} desk={desk} pairs={pairs} by={by} open={open} /> : <List ctx={ctx} desk={desk} pairs={pairs} basis={basis} by={by} open={open} />}
    </>
  );
}
