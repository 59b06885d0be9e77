/** A few samples in a row: pictures where there are pictures, else the beginning of the text; a click opens one. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { count, plural, shorten } from "../draw/format";
import { Swatch } from "../draw/parts";
import type { SampleColumns } from "../state/performance";
import { ALL, type Truth } from "../state/selection";
import type { Context } from "./component";
import { describe, labelText, Picture, type CardFacts } from "./grid/card";
import { reason } from "../hosts/reason";

export interface Known {
  truth: Truth;
  facts: (sample: number) => CardFacts;
  /** The split of a sample; null where it is in none. */
  split: (sample: number) => string | null;
}

type Column = { values: ArrayLike<number>; valid: Uint8Array | null } | null | undefined;

function read(column: Column, sample: number): number | null {
  return !column || (column.valid && !column.valid[sample]) ? null : (column.values[sample] ?? null);
}

function knownOf(truth: Truth, said: SampleColumns | null): Known {
  return {
    truth,
    facts: (sample) => {
      const correct = read(said?.correct, sample);
      return { label: read(truth.label, sample), labels: truth.lists?.(sample) ?? null, prediction: read(said?.prediction, sample), confidence: read(said?.confidence, sample), correct: correct === null ? null : correct === 1 };
    },
    split: (sample) => truth.split?.values[truth.split.codes[sample] ?? -1] ?? null,
  };
}

/** Labels, splits and predictions of all samples; null until they are there. */
export function useKnown(ctx: Context): Known | null {
  const { store, data } = ctx;
  const [known, set] = useState<Known | null>(null);
  const checkpoint = store.checkpoint.value?.name ?? null;
  const { fingerprint, nSamples } = store.recording.value;
  useEffect(() => {
    let gone = false;
    // Captions without a prediction are better than none.
    Promise.all([data.columns.truth(), data.predictions(checkpoint).catch(() => null)]).then(
      ([truth, said]) => !gone && set(knownOf(truth, said)),
      (error: unknown) => !gone && store.notice(`Labels and splits could not be read. ${reason(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [checkpoint, fingerprint, nSamples]);
  return known;
}

/** Show exactly these samples, of whatever split, told in words: "in groups across train and test". */
export function showRows(ctx: Context, rows: Iterable<number>, words: string): void {
  void ctx.data.pick({ kind: "rows", rows: [...rows].sort((a, b) => a - b), words }, ctx.id, { split: ALL });
}

/** What a sample says, shortened; fetched when it is on the page. */
export function Words({ ctx, sample, most = 200 }: { ctx: Context; sample: number; most?: number }) {
  const [text, set] = useState<string | null>(null);
  useEffect(() => {
    const control = new AbortController();
    ctx.data.text(sample, control.signal).then(set, (error: unknown) => !control.signal.aborted && set(`No text: ${reason(error)}`));
    return () => control.abort();
  }, [sample]);
  return <span class="words">{text === null ? "…" : shorten(text, most) || "(empty text)"}</span>;
}

/** Pixels of the picture that a glimpse asks for. */
export function glimpsePixels(): number {
  return window.devicePixelRatio > 1 ? 192 : 96;
}

/** The picture of a sample as large as its frame, its text, or its place. */
export function Glimpse({ ctx, sample }: { ctx: Context; sample: number }) {
  const { kind } = ctx.store.recording.value;
  if (kind === "image") return <Picture ctx={ctx} sample={sample} size={glimpsePixels()} alt="" />;
  return kind === "text" ? <Words ctx={ctx} sample={sample} /> : <span class="words muted num">{count(sample)}</span>;
}

export function Thumb(props: { ctx: Context; sample: number; known: Known | null; aside?: ComponentChildren; faded?: boolean; children?: ComponentChildren }) {
  const { ctx, sample, known } = props;
  const { kind, classes } = ctx.store.recording.value;
  const facts = known?.facts(sample) ?? null;
  const words = facts ? describe(facts, sample, classes) : `sample ${count(sample)}`;
  const label = facts && labelText(facts, classes);
  return (
    <li class={`thumb ${kind === "text" ? "wide" : ""} ${props.faded ? "faded" : ""}`}>
      <button type="button" class="pic" aria-label={`Open ${words}`} title={words} aria-pressed={ctx.store.focus.value === sample} onClick={() => (ctx.store.focus.value = sample)}>
        <Glimpse ctx={ctx} sample={sample} />
      </button>
      <div class="under">
        <div><Swatch of={facts?.label ?? facts?.labels?.[0] ?? null} /> <span class="name" title={label ?? "no label"}>{label ?? "no label"}</span>{props.aside !== undefined && <span class="right num muted">{props.aside}</span>}</div>
        {props.children}
      </div>
    </li>
  );
}

/** So many samples are drawn at once; the rest opens beside. */
const MOST = 240;

/** The first few, and the rest when asked for. */
export function Strip(props: { ctx: Context; samples: readonly number[]; known: Known | null; label: string; few?: number; aside?: (sample: number) => ComponentChildren; faded?: (sample: number) => boolean; under?: (sample: number) => ComponentChildren; all?: () => void }) {
  const { ctx, samples, few = 17 } = props;
  const [more, setMore] = useState(false);
  const shown = samples.slice(0, more ? MOST : few);
  return (
    <>
      <ul class="strip" aria-label={props.label}>
        {shown.map((sample) => (
          <Thumb key={sample} ctx={ctx} sample={sample} known={props.known} aside={props.aside?.(sample)} faded={props.faded?.(sample) ?? false}>
            {props.under?.(sample)}
          </Thumb>
        ))}
      </ul>
      {samples.length > few && (
        <p class="more">
          <button type="button" class="button quiet" aria-expanded={more} onClick={() => setMore(!more)}>
            {more ? `Show the first ${few} only` : samples.length > MOST ? `Show ${count(MOST)} of ${count(samples.length)}` : `Show ${count(samples.length - few)} more`}
          </button>
          {props.all && samples.length > (more ? MOST : few) && <button type="button" class="button quiet" onClick={props.all}>{`Open all ${plural(samples.length, "sample")}`}</button>}
        </p>
      )}
    </>
  );
}
