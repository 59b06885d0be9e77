/** Which column matters most: for every column, the group where it is wrong most beyond what its labels explain. */
import { RIGHT, UNJUDGED, rowsIn, type Judged } from "../../state/counting";
import type { Division } from "../../state/groups";
import { differenceOf, quantileOf, stratifiedDifference, type Stratum } from "../../state/intervals";
import type { Mask } from "../../state/masks";
import type { Estimate } from "../../state/performance";

export interface Weakness {
  column: string;
  /** The value, or range of values, where it is weak. */
  code: number;
  /** The label it is weak for; null when it is weak for all of them together. */
  label: number | null;
  here: { wrong: number; total: number };
  elsewhere: { wrong: number; total: number };
  /** How much larger the share of wrong ones is here than elsewhere among the same labels, with an interval that bears the search. */
  excess: Estimate;
  /** Labels for which it is clearly the other way round: they would hide what happens to all the rest. */
  opposite: readonly number[];
  /** All labels but those, here and elsewhere; null where the weakness is of one label and there is no other. */
  rest: { here: { wrong: number; total: number }; elsewhere: { wrong: number; total: number } } | null;
  /** Those labels alone. */
  turned: { here: { wrong: number; total: number }; elsewhere: { wrong: number; total: number } } | null;
}

export interface Ranked {
  column: string;
  /** null where no group stands out. */
  weakness: Weakness | null;
  /** Groups large enough to be looked at. */
  looked: number;
}

/** Columns with more values are names of things, not properties. */
export const MOST_VALUES = 200;

interface Table {
  total: Uint32Array;
  wrong: Uint32Array;
}

/** Judged and wrong samples by code and label; the last label is "none" (several labels, or an index beyond the classes). */
function tableOf(judged: Judged, { codes, size }: Division, mask: Mask | null): Table {
  const width = judged.classes + 1;
  const [total, wrong] = [new Uint32Array(size * width), new Uint32Array(size * width)];
  const { state, label } = judged;
  const rows = rowsIn(mask);
  const n = rows ? rows.length : judged.length;
  for (let k = 0; k < n; k++) {
    const row = rows ? (rows[k] as number) : k;
    const judgement = state[row] as number;
    if (judgement === UNJUDGED) continue;
    const own = label[row] as number;
    const at = (codes[row] as number) * width + (own === -1 ? judged.classes : own);
    total[at] = (total[at] as number) + 1;
    wrong[at] = (wrong[at] as number) + (RIGHT - judgement);
  }
  return { total, wrong };
}

interface Compared {
  code: number;
  label: number | null;
  strata: Stratum[];
}

function summed(strata: readonly Stratum[]): { here: { wrong: number; total: number }; elsewhere: { wrong: number; total: number } } {
  const sum = (k: 0 | 1 | 2 | 3) => strata.reduce((all, stratum) => all + stratum[k], 0);
  return { here: { wrong: sum(0), total: sum(1) }, elsewhere: { wrong: sum(2), total: sum(3) } };
}

/** Every group, and every group of one label, with enough samples on both sides to be compared. */
function comparisons(table: Table, size: number, classes: number, least: number): Compared[] {
  const width = classes + 1;
  const totals = new Float64Array(width);
  const wrongs = new Float64Array(width);
  for (let at = 0; at < size * width; at++) {
    totals[at % width] = (totals[at % width] as number) + (table.total[at] as number);
    wrongs[at % width] = (wrongs[at % width] as number) + (table.wrong[at] as number);
  }
  const out: Compared[] = [];
  for (let code = 0; code < size; code++) {
    const strata: Stratum[] = [];
    for (let label = 0; label < width; label++) {
      const at = code * width + label;
      const [n, k] = [table.total[at] as number, table.wrong[at] as number];
      if (n === 0) continue;
      const stratum: Stratum = [k, n, (wrongs[label] as number) - k, (totals[label] as number) - n];
      strata.push(stratum);
      if (n >= least && stratum[3] >= least && label < classes) out.push({ code, label, strata: [stratum] });
    }
    const { here, elsewhere } = summed(strata.filter(([, , , n2]) => n2 > 0));
    if (here.total >= least && elsewhere.total >= least) out.push({ code, label: null, strata });
  }
  return out;
}

function excessOf({ label, strata }: Compared, z: number): Estimate {
  const [only] = strata;
  // With one label the interval from two Wilson intervals stays right where all or none are wrong.
  return label !== null && only ? differenceOf(...only, z) : stratifiedDifference(strata, z);
}

/** The samples of some labels, here and elsewhere; null where one side has none. */
function among(table: Table, code: number, classes: number, keep: (label: number) => boolean): Weakness["rest"] {
  const width = classes + 1;
  const strata: Stratum[] = [];
  for (let at = 0; at < table.total.length; at++) {
    if (!keep(at % width)) continue;
    const [n, k] = [table.total[at] as number, table.wrong[at] as number];
    strata.push(Math.floor(at / width) === code ? [k, n, 0, 0] : [0, 0, k, n]);
  }
  const found = summed(strata);
  return found.here.total > 0 && found.elsewhere.total > 0 ? found : null;
}

/** The weakest group of one column: the one whose excess is largest at the lower end of its interval. */
export function weaknessOf(judged: Judged, division: Division, mask: Mask | null, { least, columns }: { least: number; columns: number }): Ranked {
  const { column, size } = division;
  if (size > MOST_VALUES + 1) return { column, weakness: null, looked: 0 };
  const table = tableOf(judged, division, mask);
  const compared = comparisons(table, size, judged.classes, least);
  // Of a hundred groups five lie outside their interval by chance: the interval widens with the search.
  const z = quantileOf(0.05 / Math.max(1, compared.length * columns));
  let best: { one: Compared; excess: Estimate } | null = null;
  for (const one of compared) {
    const excess = excessOf(one, z);
    if (excess.low !== null && excess.low > 0 && excess.low > (best?.excess.low ?? 0)) best = { one, excess };
  }
  if (!best) return { column, weakness: null, looked: compared.length };
  const { one, excess } = best;
  const opposite = compared.filter((other) => other.code === one.code && other.label !== null && (excessOf(other, z).high ?? 0) < 0).map(({ label }) => label ?? -1);
  const about = (keep: (label: number) => boolean) => among(table, one.code, judged.classes, keep);
  return {
    column,
    looked: compared.length,
    weakness: {
      column, code: one.code, label: one.label, excess, ...summed(one.strata), opposite,
      rest: about((label) => !opposite.includes(label)),
      turned: opposite.length === 0 ? null : about((label) => opposite.includes(label)),
    },
  };
}

/** Columns in order: the clearest weakness first, those without one last. */
export function ranked(columns: readonly Ranked[]): Ranked[] {
  return columns.toSorted((a, b) => (b.weakness?.excess.low ?? -1) - (a.weakness?.excess.low ?? -1) || a.column.localeCompare(b.column));
}
