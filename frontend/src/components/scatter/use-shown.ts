/** Everything the picture needs, fetched for the chosen axes, colour, split and checkpoint. */
import { useEffect, useState } from "preact/hooks";
import type { NumberColumn, SampleColumns } from "../../state/performance";
import { has, type Mask } from "../../state/masks";
import { ALL, type Truth } from "../../state/selection";
import type { Context } from "../component";
import { byCode, byColumn, byCorrect, type ColourChoice, type Coloured } from "./colouring";
import { valuesOf, type Measure } from "./measures";

/** Its name among the sources of filters and selections: a view never filters itself. */
export const SOURCE = "scatter";

export interface Shown {
  x: Measure;
  y: Measure;
  xValues: NumberColumn;
  yValues: NumberColumn;
  coloured: Coloured | null;
  /** 1 where a sample is not of the chosen split or does not pass the filter; null when all are shown. */
  filtered: Uint8Array | null;
  /** Samples that are not filtered, and those of them that have no place. */
  nKept: number;
  nNowhere: number;
  factsOf: (sample: number) => { label: number | null; prediction: number | null };
}

function read(column: { values: ArrayLike<number>; valid: ArrayLike<number> | null } | null | undefined, i: number): number | null {
  return !column || (column.valid && !column.valid[i]) ? null : (column.values[i] ?? null);
}

/** Samples outside the chosen split, or that do not pass the filter: grey, behind, and not picked. */
export function outside(truth: Truth, split: string, mask: Mask | null): Uint8Array | null {
  const all = split === ALL || !truth.split;
  if (all && !mask) return null;
  const code = truth.split?.values.indexOf(split);
  const out = new Uint8Array(truth.length);
  for (let i = 0; i < out.length; i++) if ((!all && truth.split?.codes[i] !== code) || (mask && !has(mask, i))) out[i] = 1;
  return out;
}

async function coloursFor(choice: ColourChoice | null, ctx: Context, truth: Truth, said: SampleColumns | null, keep: (i: number) => boolean): Promise<Coloured | null> {
  const { classes } = ctx.store.recording.peek();
  switch (choice?.kind) {
    case "label":
      return truth.label && byCode(truth.label.values, truth.label.valid, classes, keep);
    case "prediction":
      return said && byCode(said.prediction.values, said.prediction.valid, classes, keep);
    case "correct":
      return said && byCorrect(said.correct, keep);
    case "category":
    case "number":
      return byColumn(await ctx.data.columns.get(choice.column ?? ""), keep);
    default:
      return null;
  }
}

export function useShown(ctx: Context, x: Measure | null, y: Measure | null, colour: ColourChoice | null): { shown: Shown | null; failed: string | null; again: () => void } {
  const { store, data } = ctx;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const split = store.split.value;
  const mask = data.filter.mask(SOURCE);
  const [state, setState] = useState<{ shown: Shown | null; failed: string | null }>({ shown: null, failed: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!x || !y) return;
    let gone = false;
    const made = async (): Promise<Shown> => {
      const [xValues, yValues, truth, said] = await Promise.all([valuesOf(x, data, checkpoint), valuesOf(y, data, checkpoint), data.columns.truth(), data.predictions(checkpoint)]);
      const filtered = outside(truth, split, mask);
      const keep = (i: number) => !filtered?.[i];
      let [nKept, nNowhere] = [0, 0];
      for (let i = 0; i < truth.length; i++) {
        if (!keep(i)) continue;
        nKept++;
        if (!Number.isFinite(read(xValues, i) ?? NaN) || !Number.isFinite(read(yValues, i) ?? NaN)) nNowhere++;
      }
      const coloured = await coloursFor(colour, ctx, truth, said, keep);
      return { x, y, xValues, yValues, coloured, filtered, nKept, nNowhere, factsOf: (i) => ({ label: read(truth.label, i), prediction: read(said?.prediction, i) }) };
    };
    made().then(
      (shown) => !gone && setState({ shown, failed: null }),
      (error: unknown) => !gone && setState({ shown: null, failed: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      gone = true;
    };
  }, [x?.id, y?.id, colour?.id, split, mask, checkpoint, store.recording.value.fingerprint, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}
