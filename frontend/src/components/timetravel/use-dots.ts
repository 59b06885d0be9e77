/** Colours, rings, names and greys of the dots at the checkpoint where time stands, fetched as they are needed. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { NumberColumn } from "../../state/performance";
import { ALL, type Truth } from "../../state/selection";
import { fieldsOf } from "../../state/fields";
import type { Context } from "../component";
import { outside } from "../scatter/use-shown";
import type { Coloured } from "../scatter/colouring";
import { coloured as colouredBy, colourChosen, isOwn, rims as rimsOf, type Said } from "./dots";
import type { Courses } from "./courses";
import type { Frames } from "./frames";
import type { Ring } from "./ring";
import { reason } from "../../hosts/reason";

export interface Dots {
  by: string;
  coloured: Coloured | null;
  rims: Uint16Array | null;
  filtered: Uint8Array | null;
  said: Said;
  truth: Truth | null;
  /** Samples that stand out. */
  nKept: number;
}

/** What a ring of parts holds at a frame; the frame's neighbours follow. While it is not here, what was here before stays. */
function usePart<T>(ring: Ring<T> | null, frame: number | null, frames: number): T | null {
  const [last, keep] = useState<T | null>(null);
  const here = ring && frame !== null ? (void ring.arrivals.value, ring.get(frame)) : undefined;
  useEffect(() => {
    if (!ring || frame === null) return;
    ring.want(frame).catch(() => undefined);
    const timer = setTimeout(() => void ring.around(frame, frames), 300);
    return () => clearTimeout(timer);
  }, [ring, frame, frames]);
  useEffect(() => {
    if (here !== undefined) keep(here);
  }, [here]);
  return here ?? (ring && frame !== null ? last : null);
}

function useTruth(ctx: Context): Truth | null {
  const [truth, set] = useState<Truth | null>(null);
  const { fingerprint, nSamples } = ctx.store.recording.value;
  useEffect(() => {
    let gone = false;
    ctx.data.columns.truth().then((found) => !gone && set(found), (error: unknown) => !gone && ctx.store.notice(`Labels could not be read. ${reason(error)}`));
    return () => {
      gone = true;
    };
  }, [fingerprint, nSamples]);
  return truth?.length === nSamples ? truth : null;
}

export function useDots(ctx: Context, frames: Frames | null, courses: Courses | null, checkpoint: string | null): Dots {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const options = ctx.options.value;
  const by = colourChosen(recording, options["colour"], store.colorBy.value);
  const field = isOwn(by) ? null : (fieldsOf(recording).find(({ name }) => name === by) ?? null);
  const column = field ? data.filter.at(field.name) : undefined;
  const truth = useTruth(ctx);
  const inCourse = courses && checkpoint !== null ? courses.frame(checkpoint) : null;
  const inFrames = frames && checkpoint !== null ? frames.frame(checkpoint) : null;
  const predictions = usePart<NumberColumn>(courses?.predictions ?? null, inCourse, courses?.names.length ?? 0);
  const labelProbability = usePart<NumberColumn>(by === "label probability" && courses ? courses.labelProbability : null, inCourse, courses?.names.length ?? 0);
  const lies = usePart<NumberColumn>(frames?.lies ?? null, inFrames, frames?.infos.length ?? 0);
  const said = useMemo((): Said => ({ predictions, labelProbability, lies }), [predictions, labelProbability, lies]);
  const mask = data.filter.mask(ctx.id);
  const split = typeof options["split"] === "string" ? options["split"] : ALL;
  const filtered = useMemo(() => truth && outside(truth, split, mask), [truth, split, mask]);
  // Only what a colour reads makes it anew: a column does not change as time passes.
  const read = by === "prediction" ? predictions : by === "label probability" ? labelProbability : by === "its place" ? lies : null;
  const coloured = useMemo(
    () => (truth ? colouredBy(by, said, truth, recording.classes, field && column?.length === truth.length ? { field, column } : null, (i) => !filtered?.[i]) : null),
    [by, truth, read, column, filtered, recording.classes],
  );
  const rims = useMemo(() => (truth && options["wrong"] === true ? rimsOf(by, predictions, truth) : null), [by, truth, predictions, options["wrong"]]);
  const nKept = useMemo(() => recording.nSamples - (filtered?.reduce((sum, one) => sum + one, 0) ?? 0), [filtered, recording.nSamples]);
  return { by, coloured, rims, filtered, said, truth, nKept };
}
