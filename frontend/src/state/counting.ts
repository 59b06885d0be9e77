/** Right and wrong counted on the page: typed arrays and a mask in, counts out. Every view that counts mistakes counts here. */
import { numbersOf, type Column } from "../hosts/arrow";
import { rowsOf, type Mask } from "./masks";
import type { Cell, NumberColumn, SampleColumns } from "./performance";
import type { Truth } from "./selection";

/** The judgement of a sample, as a byte. */
export const WRONG = 0;
export const RIGHT = 1;
export const UNJUDGED = 2;

/** Labels and predictions as class indices, −1 where there is none, and whether each sample counts. */
export interface Judged {
  length: number;
  /** How many classes there are. */
  classes: number;
  label: Int32Array;
  prediction: Int32Array;
  /** WRONG, RIGHT or UNJUDGED (no label, or not in the checkpoint). A sample the model gave no usable output for is wrong. */
  state: Uint8Array;
  confidence: NumberColumn | null;
  /** Every sample that counts has one label; else classes cannot be counted. */
  single: boolean;
  /** Every labelled sample has a prediction: what is labelled so is what is counted so. */
  complete: boolean;
}

const kept = new WeakMap<SampleColumns, { truth: Truth; judged: Judged }>();

/** Class indices with −1 for what is missing or no class. */
function indices(column: NumberColumn | null, n: number, classes: number): Int32Array {
  const out = new Int32Array(n).fill(-1);
  if (!column) return out;
  const { values, valid } = column;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if ((!valid || valid[i] === 1) && value >= 0 && value < classes) out[i] = value;
  }
  return out;
}

export function judgedOf(truth: Truth, said: SampleColumns, classes: number): Judged {
  const known = kept.get(said);
  if (known?.truth === truth) return known.judged;
  const n = truth.length;
  const label = indices(truth.label, n, classes);
  const prediction = indices(said.prediction, n, classes);
  const state = new Uint8Array(n).fill(UNJUDGED);
  const { values, valid } = said.correct;
  let [complete, single] = [true, truth.label !== null];
  for (let i = 0; i < n; i++) {
    if (!valid || valid[i] === 1) state[i] = values[i] === 1 ? RIGHT : WRONG;
    if (label[i] !== -1 && (prediction[i] === -1 || state[i] === UNJUDGED)) complete = false;
    if (label[i] === -1 && state[i] !== UNJUDGED) single = false;
  }
  const judged = { length: n, classes, label, prediction, state, confidence: said.confidence, single, complete };
  kept.set(said, { truth, judged });
  return judged;
}

/** A column that says what somebody else would call each sample, judged against the labels. */
export function judgedColumn(truth: Truth, column: Column, classes: readonly string[]): Judged {
  const n = truth.length;
  const label = indices(truth.label, n, classes.length);
  const prediction = column.kind === "category" ? namedIndices(column, classes) : indices(numbersOf(new Map([["column", column]]), "column"), n, classes.length);
  const state = Uint8Array.from(label, (own, i) => (own === -1 || prediction[i] === -1 ? UNJUDGED : Number(own === prediction[i])));
  const complete = !label.some((own, i) => own !== -1 && prediction[i] === -1);
  return { length: n, classes: classes.length, label, prediction, state, confidence: null, single: true, complete };
}

function namedIndices(column: Extract<Column, { kind: "category" }>, classes: readonly string[]): Int32Array {
  const place = Int32Array.from(column.values, (name) => classes.indexOf(name));
  return Int32Array.from(column.codes, (code, i) => (!column.valid || column.valid[i] === 1 ? (place[code] ?? -1) : -1));
}

const rowsKept = new WeakMap<Mask, Uint32Array>();

/**
 * The samples of a mask, ascending; null for all. Loops run over this list rather than call a function for every sample:
 * a call that several views share is never inlined, and costs more than the counting.
 */
export function rowsIn(mask: Mask | null): Uint32Array | null {
  if (!mask) return null;
  let rows = rowsKept.get(mask);
  if (!rows) rowsKept.set(mask, (rows = rowsOf(mask)));
  return rows;
}

/** The samples of a mask that pass a test, ascending. */
export function rowsWhere(mask: Mask | null, n: number, test: (row: number) => boolean): Uint32Array {
  const rows = rowsIn(mask);
  if (rows) return rows.filter(test);
  const out = new Uint32Array(n);
  let found = 0;
  for (let row = 0; row < n; row++) if (test(row)) out[found++] = row;
  return out.slice(0, found);
}

/** Cells of a confusion matrix that are not empty, as columns. */
export interface Cells {
  label: Int32Array;
  prediction: Int32Array;
  count: Int32Array;
}

export function cellsFrom(cells: readonly Cell[]): Cells {
  return { label: Int32Array.from(cells, ({ label }) => label), prediction: Int32Array.from(cells, ({ prediction }) => prediction), count: Int32Array.from(cells, ({ count }) => count) };
}

/** Up to this many counts the cells are counted in a table of all of them. */
const DENSE = 1 << 24;

/** The cells of the confusion matrix, by label, then prediction. */
export function confusionCells(judged: Judged, mask: Mask | null): Cells {
  return cellsByGroup(judged, mask, null, 1)[0] ?? cellsFrom([]);
}

/** The same for each of so many groups; a sample whose code is no group is in none. Without codes there is one group. */
export function cellsByGroup(judged: Judged, mask: Mask | null, codes: Int32Array | null, groups: number): Cells[] {
  const { label, prediction, state, classes } = judged;
  const each = classes * classes;
  const dense = groups * each <= DENSE ? new Int32Array(groups * each) : null;
  const sparse = new Map<number, number>();
  const rows = rowsIn(mask);
  const n = rows ? rows.length : judged.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const own = label[row] as number;
    const said = prediction[row] as number;
    const group = codes ? (codes[row] as number) : 0;
    if (own === -1 || said === -1 || state[row] === UNJUDGED || group < 0 || group >= groups) continue;
    const at = group * each + own * classes + said;
    if (dense) dense[at] = (dense[at] as number) + 1;
    else sparse.set(at, (sparse.get(at) ?? 0) + 1);
  }
  return Array.from({ length: groups }, (_, group) => (dense ? fromTable(dense.subarray(group * each, (group + 1) * each), classes) : fromMap(sparse, group * each, each, classes)));
}

function fromTable(table: Int32Array, classes: number): Cells {
  let n = 0;
  for (let at = 0; at < table.length; at++) if (table[at] !== 0) n++;
  const cells = { label: new Int32Array(n), prediction: new Int32Array(n), count: new Int32Array(n) };
  let k = 0;
  for (let at = 0; at < table.length; at++) {
    if (table[at] === 0) continue;
    cells.label[k] = at / classes;
    cells.prediction[k] = at % classes;
    cells.count[k++] = table[at] as number;
  }
  return cells;
}

function fromMap(sparse: ReadonlyMap<number, number>, start: number, each: number, classes: number): Cells {
  const own = [...sparse].filter(([at]) => at >= start && at < start + each).sort(([a], [b]) => a - b);
  return cellsFrom(own.map(([at, count]) => ({ label: Math.floor((at - start) / classes), prediction: (at - start) % classes, count })));
}

/** How many samples of each group have a label and a prediction. */
export function totalsByGroup(judged: Judged, codes: Int32Array, groups: number, mask: Mask | null): Uint32Array {
  const { label, prediction, state } = judged;
  const total = new Uint32Array(groups);
  const rows = rowsIn(mask);
  const n = rows ? rows.length : judged.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    if (label[row] === -1 || prediction[row] === -1 || state[row] === UNJUDGED) continue;
    const group = codes[row] as number;
    total[group] = (total[group] as number) + 1;
  }
  return total;
}

/** Counts of every group, as columns: group g, or group g and class c at g · classes + c. */
export interface GroupCounts {
  groups: number;
  classes: number;
  /** Judged samples, and those of them that are right. */
  support: Uint32Array;
  right: Uint32Array;
  /** How often, the sum and the sum of squares of the confidence. */
  sure: Uint32Array;
  sum: Float64Array;
  squares: Float64Array;
  /** By class: labelled so, called so, both. null where that would be too many counts, or samples carry several labels. */
  byClass: { labelled: Uint32Array; called: Uint32Array; hits: Uint32Array } | null;
}

/** More counts than these by group and class are not held. */
const MOST_COUNTS = 4_000_000;

export function countGroups(judged: Judged, codes: Int32Array, groups: number, mask: Mask | null): GroupCounts {
  const { classes, confidence, single } = judged;
  const made: GroupCounts = {
    groups, classes,
    support: new Uint32Array(groups), right: new Uint32Array(groups), sure: new Uint32Array(groups), sum: new Float64Array(groups), squares: new Float64Array(groups),
    byClass: single && groups * classes <= MOST_COUNTS ? { labelled: new Uint32Array(groups * classes), called: new Uint32Array(groups * classes), hits: new Uint32Array(groups * classes) } : null,
  };
  const rows = rowsIn(mask);
  if (made.byClass && groups * classes * (classes + 1) <= FEW_PAIRS) countPairs(made, made.byClass, judged, codes, rows);
  else countJudged(made, judged, codes, rows);
  if (confidence) countSure(made, judged.state, confidence, codes, rows);
  return made;
}

/** Up to this many pairs of label and prediction, over all groups, one count a sample tells everything else. */
const FEW_PAIRS = 1 << 18;

const pairsKept = new WeakMap<Judged, Int32Array>();

/** Label and prediction of every sample as one number; −1 where it does not count. The last prediction is "none". */
function pairsOf(judged: Judged): Int32Array {
  let pairs = pairsKept.get(judged);
  if (pairs) return pairs;
  const { label, prediction, state, classes } = judged;
  pairs = new Int32Array(judged.length);
  for (let i = 0; i < pairs.length; i++) {
    const said = prediction[i] as number;
    pairs[i] = state[i] === UNJUDGED ? -1 : (label[i] as number) * (classes + 1) + (said === -1 ? classes : said);
  }
  pairsKept.set(judged, pairs);
  return pairs;
}

function countPairs(made: GroupCounts, byClass: NonNullable<GroupCounts["byClass"]>, judged: Judged, codes: Int32Array, rows: Uint32Array | null): void {
  const { groups, classes, support, right } = made;
  const pairs = pairsOf(judged);
  const each = classes * (classes + 1);
  const table = new Uint32Array(groups * each);
  const n = rows ? rows.length : judged.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const pair = pairs[row] as number;
    if (pair === -1) continue;
    const at = (codes[row] as number) * each + pair;
    table[at] = (table[at] as number) + 1;
  }
  for (let at = 0; at < table.length; at++) {
    const count = table[at] as number;
    if (count === 0) continue;
    const group = Math.floor(at / each);
    const own = Math.floor((at % each) / (classes + 1));
    const said = at % (classes + 1);
    const add = (to: Uint32Array, place: number) => (to[place] = (to[place] as number) + count);
    add(support, group);
    add(byClass.labelled, group * classes + own);
    if (said < classes) add(byClass.called, group * classes + said);
    if (said !== own) continue;
    add(right, group);
    add(byClass.hits, group * classes + own);
  }
}

function countJudged({ support, right, byClass, classes }: GroupCounts, { state, label, prediction, length }: Judged, codes: Int32Array, rows: Uint32Array | null): void {
  const none = new Uint32Array(0);
  const { labelled, called, hits } = byClass ?? { labelled: none, called: none, hits: none };
  const n = rows ? rows.length : length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const judgement = state[row] as number;
    if (judgement === UNJUDGED) continue;
    const group = codes[row] as number;
    support[group] = (support[group] as number) + 1;
    // WRONG is 0 and RIGHT is 1: a branch here would be guessed wrong as often as the network is.
    right[group] = (right[group] as number) + judgement;
    if (!byClass) continue;
    const own = group * classes + (label[row] as number);
    labelled[own] = (labelled[own] as number) + 1;
    hits[own] = (hits[own] as number) + judgement;
    const said = prediction[row] as number;
    if (said === -1) continue;
    const guess = group * classes + said;
    called[guess] = (called[guess] as number) + 1;
  }
}

function countSure({ sure, sum, squares }: GroupCounts, state: Uint8Array, { values, valid }: NumberColumn, codes: Int32Array, rows: Uint32Array | null): void {
  const n = rows ? rows.length : state.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const value = values[row] as number;
    if (state[row] === UNJUDGED || (valid && valid[row] !== 1) || Number.isNaN(value)) continue;
    const group = codes[row] as number;
    sure[group] = (sure[group] as number) + 1;
    sum[group] = (sum[group] as number) + value;
    squares[group] = (squares[group] as number) + value * value;
  }
}

/** What became of a sample between two predictions of it. */
export const OUTCOMES = ["both right", "fixed", "broken", "wrong alike", "wrong differently"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The outcome of every sample as its place in OUTCOMES; OUTCOMES.length where one of the two does not count. */
export function outcomesOf(before: Judged, after: Judged): Uint8Array {
  const out = new Uint8Array(before.length);
  // By judgement before · 3 + judgement after; two wrong ones are alike or not.
  const table = Uint8Array.of(4, 1, 5, 2, 0, 5, 5, 5, 5);
  for (let i = 0; i < out.length; i++) {
    const outcome = table[(before.state[i] as number) * 3 + (after.state[i] as number)] as number;
    out[i] = outcome === 4 && before.prediction[i] === after.prediction[i] ? 3 : outcome;
  }
  return out;
}
