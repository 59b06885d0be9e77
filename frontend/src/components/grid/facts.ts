/** What is known of the samples on screen: labels and predictions, texts, captions, the colour of the border. */
import { useEffect, useRef, useState } from "preact/hooks";
import { shorten, valueText } from "../../draw/format";
import { valueAt } from "../../hosts/arrow";
import { isFetchedByRow } from "../../state/cells";
import { fieldsOf, type Field } from "../../state/fields";
import type { SampleColumns } from "../../state/performance";
import type { Truth } from "../../state/selection";
import type { Context } from "../component";
import { cssOf } from "../scatter/colouring";
import { useTexts as useCells } from "../table/rows";
import type { CardFacts } from "./card";
import { reason } from "../../hosts/reason";

/** What is known of labels and predictions, at the checkpoint the samples were picked at. */
export function useFacts(ctx: Context, checkpoint: string | null): (sample: number) => CardFacts {
  const { store, data } = ctx;
  const [known, setKnown] = useState<{ truth: Truth | null; said: SampleColumns | null }>({ truth: null, said: null });
  const { fingerprint, nSamples } = store.recording.value;
  useEffect(() => {
    let gone = false;
    Promise.all([data.columns.truth(), data.predictions(checkpoint)]).then(
      ([truth, said]) => !gone && setKnown({ truth, said }),
      () => undefined, // the captions stay empty; the failure itself is shown where the selection is made
    );
    return () => {
      gone = true;
    };
  }, [checkpoint, fingerprint, nSamples]);
  return (sample) => {
    const read = (column: { values: ArrayLike<number>; valid: Uint8Array | null } | null | undefined) =>
      !column || (column.valid && !column.valid[sample]) ? null : (column.values[sample] ?? null);
    const correct = read(known.said?.correct);
    return { label: read(known.truth?.label), labels: known.truth?.lists?.(sample) ?? null, prediction: read(known.said?.prediction), confidence: read(known.said?.confidence), correct: correct === null ? null : correct === 1 };
  };
}

const REST_MS = 80;

/** What text samples say, fetched where scrolling rests. */
export function useTexts(ctx: Context, samples: readonly number[]): ReadonlyMap<number, string> {
  const { fingerprint, kind } = ctx.store.recording.value;
  const kept = useRef(new Map<number, string>());
  const [, redraw] = useState(0);
  const wanted = kind === "text" ? samples.filter((sample) => !kept.current.has(sample)) : [];
  useEffect(() => kept.current.clear(), [fingerprint]);
  useEffect(() => {
    if (wanted.length === 0) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      for (const sample of wanted) {
        const keep = (text: string) => {
          kept.current.set(sample, text);
          redraw((n) => n + 1);
        };
        ctx.data.text(sample, control.signal).then(keep, (error: unknown) => !control.signal.aborted && keep(`No text: ${reason(error)}`));
      }
    }, kept.current.size > 0 ? REST_MS : 0);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [wanted.join()]);
  return kept.current;
}

const LONGEST = 60;

/** Lines under a card, from chosen columns; null where label and prediction are told. */
export function useCaptions(ctx: Context, names: readonly string[], samples: readonly number[]): ((sample: number) => readonly string[]) | null {
  const fields = names.flatMap((name) => fieldsOf(ctx.store.recording.value).find((field) => field.name === name) ?? []);
  const texts = useCells(ctx, fields, samples);
  if (fields.length === 0) return null;
  const read = (field: Field, sample: number) => {
    if (isFetchedByRow(field)) return texts(field.name, sample);
    const column = ctx.data.filter.at(field.name);
    return column && valueAt(column, sample);
  };
  return (sample) => fields.map((field) => {
    const value = read(field, sample);
    return value === undefined ? "…" : shorten(valueText(value), LONGEST);
  });
}

/** The colour of a sample's border by a column; null while it is not known. */
export function useBorder(ctx: Context, column: string | null): ((sample: number) => string) | null {
  const field = column === null ? undefined : fieldsOf(ctx.store.recording.value).find(({ name }) => name === column);
  const found = field && ctx.data.filter.at(field.name);
  return field && found ? cssOf(field, found) : null;
}
