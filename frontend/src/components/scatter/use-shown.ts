/** Everything the picture needs, fetched for the chosen axes, colour, size, split and checkpoint. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Field } from "../../state/fields";
import { has, type Mask } from "../../state/masks";
import type { NumberColumn, SampleColumns } from "../../state/performance";
import { ALL, type Truth } from "../../state/selection";
import type { Context } from "../component";
import { byField, sizesOf, type Coloured } from "./colouring";
import { valuesOf, type Measure } from "./measures";
import { reason } from "../../hosts/reason";

export interface Shown {
  x: Measure;
  y: Measure;
  xValues: NumberColumn;
  yValues: NumberColumn;
  coloured: Coloured | null;
  sizes: Uint8Array | null;
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

interface Fetched {
  x: Measure;
  y: Measure;
  xValues: NumberColumn;
  yValues: NumberColumn;
  truth: Truth;
  said: SampleColumns | null;
}

function useFetched(ctx: Context, x: Measure | null, y: Measure | null): { fetched: Fetched | null; failed: string | null; again: () => void } {
  const { store, data } = ctx;
  const checkpoint = store.checkpoint.value?.name ?? null;
  const [state, setState] = useState<{ fetched: Fetched | null; failed: string | null }>({ fetched: null, failed: null });
  const [turn, setTurn] = useState(0);
  const { fingerprint, nSamples } = store.recording.value;
  useEffect(() => {
    if (!x || !y) return;
    let gone = false;
    Promise.all([valuesOf(x, data, checkpoint), valuesOf(y, data, checkpoint), data.columns.truth(), data.predictions(checkpoint)]).then(
      ([xValues, yValues, truth, said]) => !gone && setState({ fetched: { x, y, xValues, yValues, truth, said }, failed: null }),
      (error: unknown) => !gone && setState({ fetched: null, failed: reason(error) }),
    );
    return () => {
      gone = true;
    };
  }, [x?.name, y?.name, checkpoint, fingerprint, nSamples, turn]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}

function countedIn({ xValues, yValues, truth }: Fetched, filtered: Uint8Array | null): { nKept: number; nNowhere: number } {
  let [nKept, nNowhere] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (filtered?.[i]) continue;
    nKept++;
    if (!Number.isFinite(read(xValues, i) ?? NaN) || !Number.isFinite(read(yValues, i) ?? NaN)) nNowhere++;
  }
  return { nKept, nNowhere };
}

export function useShown(ctx: Context, x: Measure | null, y: Measure | null, colour: Field | null, size: Field | null): { shown: Shown | null; failed: string | null; again: () => void } {
  const { store, data } = ctx;
  const { fetched, failed, again } = useFetched(ctx, x, y);
  const split = store.split.value;
  const mask = data.filter.mask(ctx.id);
  const colours = colour ? data.filter.at(colour.name) : undefined;
  const sizing = size ? data.filter.at(size.name) : undefined;
  const filtered = useMemo(() => fetched && outside(fetched.truth, split, mask), [fetched?.truth, split, mask]);
  const counted = useMemo(() => fetched && countedIn(fetched, filtered), [fetched, filtered]);
  const fits = fetched !== null && colours?.length === fetched.truth.length;
  const coloured = useMemo(() => (colour && colours && fits ? byField(colour, colours, (i) => !filtered?.[i]) : null), [colours, colour?.name, filtered, fits]);
  const sizes = useMemo(() => (sizing && sizing.length === fetched?.truth.length ? sizesOf(sizing) : null), [sizing, fetched?.truth.length]);
  const shown = useMemo((): Shown | null => {
    if (!fetched || !counted) return null;
    const { truth, said, ...places } = fetched;
    return { ...places, coloured, sizes, filtered, ...counted, factsOf: (i) => ({ label: read(truth.label, i), prediction: read(said?.prediction, i) }) };
  }, [fetched, counted, coloured, sizes, filtered]);
  return { shown, failed, again };
}
