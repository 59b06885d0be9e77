/** A selection is a rule over samples plus the samples it gave: the rule is small enough for a URL, the samples are positions. */
import { valueAt, type Column, type Numbers, type Valid } from "../hosts/arrow";
import { count } from "../draw/format";

export type Rule =
  | { kind: "all" }
  | { kind: "right"; label?: number }
  | { kind: "wrong"; label?: number }
  | { kind: "label"; label: number }
  | { kind: "called"; prediction: number }
  | { kind: "alarm"; prediction: number }
  | { kind: "cell"; label: number; prediction: number }
  | { kind: "either"; label: number }
  | { kind: "unlabelled" }
  /** Samples a person drew around, picked one by one or counted in a view, ascending; with words, what they are instead of "samples picked by hand". */
  | { kind: "rows"; rows: readonly number[]; words?: string }
  /** A null value: the samples for which the column says nothing. */
  | { kind: "slice"; column: string; value: string | null; wrong?: boolean };

/** What a rule is asked of: a split ("all" for every one) and a checkpoint (null when the rule needs no prediction). */
export interface Question {
  rule: Rule;
  split: string;
  checkpoint: string | null;
}

export interface Selection extends Question {
  source: string;
  sentence: string;
  indices: Uint32Array;
}

/** The columns a rule reads, as typed arrays; position i is sample_index i. */
export interface Truth {
  length: number;
  label: { values: Numbers; valid: Valid } | null;
  split: { codes: Int32Array; values: readonly string[] } | null;
  /** Where a sample may carry several labels: the labels of one, null where they are not known. */
  lists?: (index: number) => readonly number[] | null;
}

export interface Predicted {
  prediction: { values: Numbers; valid: Valid };
  correct: { values: Numbers; valid: Valid };
}

export const ALL = "all";

export function needsPrediction(rule: Rule): boolean {
  return !(rule.kind === "all" || rule.kind === "label" || rule.kind === "unlabelled" || rule.kind === "rows" || (rule.kind === "slice" && !rule.wrong));
}

type Test = (label: number | null, prediction: number | null, index: number) => boolean;

function both(test: (label: number, prediction: number) => boolean): Test {
  return (label, prediction) => label !== null && prediction !== null && test(label, prediction);
}

function testOf(rule: Rule, column: Column | null): Test {
  switch (rule.kind) {
    case "all":
      return () => true;
    case "right":
      return both((label, prediction) => label === prediction && (rule.label === undefined || label === rule.label));
    case "wrong":
      return both((label, prediction) => label !== prediction && (rule.label === undefined || label === rule.label));
    case "label":
      return (label) => label === rule.label;
    case "called":
      return both((_, prediction) => prediction === rule.prediction);
    case "alarm":
      return both((label, prediction) => prediction === rule.prediction && label !== prediction);
    case "cell":
      return both((label, prediction) => label === rule.label && prediction === rule.prediction);
    case "either":
      return both((label, prediction) => label !== prediction && (label === rule.label || prediction === rule.label));
    case "unlabelled":
      return (label) => label === null;
    case "rows":
      return rowsTest(rule.rows);
    case "slice": {
      const inside = sliceTest(column, rule.value);
      return (label, prediction, index) =>
        inside(index) && label !== null && (!rule.wrong || (prediction !== null && label !== prediction));
    }
  }
}

/** Rules where samples carry several labels; those about one label against one prediction have no meaning and pick nothing. */
function severalTest(rule: Rule, lists: NonNullable<Truth["lists"]>, predicted: Predicted | null, column: Column | null): Test {
  switch (rule.kind) {
    case "all":
      return () => true;
    case "rows":
      return rowsTest(rule.rows);
    case "unlabelled":
      return (_label, _prediction, index) => lists(index) === null;
    case "label":
      return (_label, _prediction, index) => lists(index)?.includes(rule.label) ?? false;
    case "right":
    case "wrong":
      return rule.label === undefined ? correctTest(rule.kind === "right", predicted) : () => false;
    case "slice": {
      const inside = sliceTest(column, rule.value);
      const wrong = correctTest(false, predicted);
      return (label, prediction, index) => inside(index) && lists(index) !== null && (!rule.wrong || wrong(label, prediction, index));
    }
    default:
      return () => false;
  }
}

/** The samples are asked about in ascending order, so one walk along the rows answers for all of them. */
function rowsTest(rows: readonly number[]): Test {
  let at = 0;
  return (_label, _prediction, index) => {
    while ((rows[at] ?? Infinity) < index) at++;
    return rows[at] === index;
  };
}

function correctTest(right: boolean, predicted: Predicted | null): Test {
  const correct = predicted?.correct;
  return (_label, _prediction, index) =>
    correct !== undefined && (!correct.valid || correct.valid[index] === 1) && correct.values[index] === Number(right);
}

/** Slices are named by the text of their value; upper and lower case of true and false differ between languages. */
function sliceTest(column: Column | null, value: string | null): (index: number) => boolean {
  if (!column) return () => false;
  if (value === null) {
    return (index) => {
      const found = valueAt(column, index);
      return found === null || Number.isNaN(found);
    };
  }
  if (column.kind === "category") {
    const code = column.values.indexOf(value);
    return (index) => (!column.valid || column.valid[index] === 1) && column.codes[index] === code;
  }
  const wanted = value.toLowerCase();
  return (index) => {
    const found = valueAt(column, index);
    return found !== null && String(found).toLowerCase() === wanted;
  };
}

/** The samples a rule picks, ascending. Counts over the same rule agree with these by construction of the test. */
export function indicesOf(question: Question, truth: Truth, predicted: Predicted | null, column: Column | null = null): Uint32Array {
  const { rule } = question;
  // With several labels per sample there is no one label to compare with; the analysis says itself what is right.
  const test = truth.lists ? severalTest(rule, truth.lists, predicted, column) : testOf(rule, column);
  const split = truth.split && question.split !== ALL ? truth.split.values.indexOf(question.split) : null;
  const found = new Uint32Array(truth.length);
  let n = 0;
  for (let i = 0; i < truth.length; i++) {
    if (split !== null && truth.split?.codes[i] !== split) continue;
    const label = !truth.label || (truth.label.valid && !truth.label.valid[i]) ? null : (truth.label.values[i] ?? null);
    const guess = predicted?.prediction;
    const prediction = !guess || (guess.valid && !guess.valid[i]) ? null : (guess.values[i] ?? null);
    if (test(label, prediction, i)) found[n++] = i;
  }
  return found.slice(0, n);
}

/** The finding in words: "174 T-shirt called Shirt". */
export function sentenceOf(rule: Rule, n: number, classes: readonly string[]): string {
  const many = count(n);
  const name = (index: number) => classes[index] ?? `class ${index}`;
  const samples = n === 1 ? "sample" : "samples";
  switch (rule.kind) {
    case "all":
      return `All ${many} ${samples}`;
    case "right":
      return rule.label === undefined ? `${many} ${samples} it gets right` : `${many} ${name(rule.label)} it gets right`;
    case "wrong":
      return rule.label === undefined ? `${many} ${samples} it gets wrong` : `${many} ${name(rule.label)} it misses`;
    case "label":
      return `${many} labelled ${name(rule.label)}`;
    case "called":
      return `${many} called ${name(rule.prediction)}`;
    case "alarm":
      return `${many} wrongly called ${name(rule.prediction)}`;
    case "cell":
      return rule.label === rule.prediction
        ? `${many} ${name(rule.label)} called ${name(rule.prediction)}, rightly`
        : `${many} ${name(rule.label)} called ${name(rule.prediction)}`;
    case "either":
      return `${many} mistakes with ${name(rule.label)}`;
    case "unlabelled":
      return `${many} ${samples} without a label`;
    case "rows":
      return `${many} ${rule.words ?? `${samples} picked by hand`}`;
    case "slice":
      return `${many} ${rule.wrong ? "wrong where" : "where"} ${rule.column} is ${rule.value ?? "missing"}`;
  }
}
