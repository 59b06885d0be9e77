import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { count, probability, shorten } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import type { Context } from "../component";

export interface CardFacts {
  label: number | null;
  /** Where a sample may carry several labels: all of them. */
  labels: readonly number[] | null;
  prediction: number | null;
  confidence: number | null;
  correct: boolean | null;
}

/** Pictures this small are drawn with their pixels visible; smoothing would invent what is not there. */
export const PIXEL_ART = 80;

/** Where the picture is; null while a host that has to fetch it does. */
function useAddress(ctx: Context, sample: number, size: number | undefined, failed: Signal<string | null>): string | null {
  const asked = useMemo(() => ctx.data.media(sample, size), [ctx, sample, size]);
  const fetched = useSignal<{ of: typeof asked; address: string } | null>(null);
  useEffect(() => {
    if (typeof asked === "string") return;
    let here = true;
    const arrived = (address: string) => here && (fetched.value = { of: asked, address });
    const missing = () => ctx.data.whyNoMedia(sample).then((why) => here && (failed.value = why), () => undefined);
    asked.then(arrived, missing);
    return () => (here = false);
  }, [asked]);
  if (typeof asked === "string") return asked;
  return fetched.value?.of === asked ? fetched.value.address : null;
}

export function Picture(props: { ctx: Context; sample: number; size?: number; alt: string }) {
  const { ctx, sample, size } = props;
  const failed = useSignal<string | null>(null);
  const crisp = useSignal(false);
  const address = useAddress(ctx, sample, size, failed);
  if (failed.value !== null) {
    return (
      <span class="no-picture" title={failed.value}>
        <b>No picture</b> {failed.value}
      </span>
    );
  }
  return (
    <img
      class={crisp.value ? "crisp" : ""}
      {...(address === null ? {} : { src: address })}
      alt={props.alt}
      decoding="async"
      draggable={false}
      onLoad={(event) => (crisp.value = Math.max(event.currentTarget.naturalWidth, event.currentTarget.naturalHeight) <= PIXEL_ART)}
      onError={() => void ctx.data.whyNoMedia(sample).then((why) => (failed.value = why))}
    />
  );
}

/** The label in words; with several, all of them. */
export function labelText(facts: CardFacts, classes: readonly string[]): string | null {
  const name = (index: number) => classes[index] ?? `class ${index}`;
  if (facts.labels !== null) return facts.labels.length > 0 ? facts.labels.map(name).join(", ") : "none";
  return facts.label === null ? null : name(facts.label);
}

export function describe(facts: CardFacts, sample: number, classes: readonly string[]): string {
  const label = labelText(facts, classes);
  const called = facts.prediction === null ? null : (classes[facts.prediction] ?? `class ${facts.prediction}`);
  const what = label && called ? `${label} called ${called}${facts.correct ? ", rightly" : ""}` : called ? `called ${called}` : (label ?? "no label");
  return `${what}, sample ${count(sample)}`;
}

export interface CardProps {
  ctx: Context;
  sample: number;
  facts: CardFacts;
  text: string | undefined;
  /** Lines from chosen columns in place of label and prediction; none at all for an empty list. */
  captions: readonly string[] | null;
  /** "correct" by a mark and a colour, any other colour as given. */
  border: "correct" | "none" | { colour: string };
  /** Pixels of the picture that is asked for. */
  pixels: number;
  position: number;
  total: number;
  active: boolean;
  focused: boolean;
  marked: boolean;
  press: (event: MouseEvent) => void;
  style: Record<string, string>;
}

function Caption({ facts, captions, classes }: { facts: CardFacts; captions: readonly string[] | null; classes: readonly string[] }) {
  if (captions) return captions.length === 0 ? null : <span class="caption">{captions.map((line, i) => <span key={i} class="line"><span class="name">{line}</span></span>)}</span>;
  return (
    <span class="caption">
      <span class="line"><Swatch of={facts.label ?? facts.labels?.[0] ?? null} /> <span class="name">{labelText(facts, classes) ?? "no label"}</span></span>
      <span class="line">
        {facts.prediction !== null && (
          <>
            <span class="name">{facts.correct ? "right" : `→ ${classes[facts.prediction] ?? ""}`}</span> <span class="num muted">{probability(facts.confidence)}</span>
          </>
        )}
      </span>
    </span>
  );
}

export function Card(props: CardProps) {
  const { ctx, sample, facts, border, marked } = props;
  const { kind, classes } = ctx.store.recording.value;
  const words = describe(facts, sample, classes);
  const state = border !== "correct" || facts.correct === null ? "" : facts.correct ? "right" : "wrong";
  return (
    <div role="option" aria-selected={marked} aria-current={props.focused} aria-label={words} aria-posinset={props.position} aria-setsize={props.total} tabIndex={props.active ? 0 : -1}
      class={`card ${state} ${props.focused ? "on" : ""} ${marked ? "marked" : ""}`} title={words} style={props.style} data-position={props.position - 1}
      onClick={props.press}>
      <span class="frame" style={typeof border === "object" ? { borderColor: border.colour } : {}}>
        {kind === "image" ? (
          <Picture ctx={ctx} sample={sample} size={props.pixels} alt="" />
        ) : kind === "text" ? (
          <span class="text">{props.text === undefined ? "…" : shorten(props.text, 240) || "(empty text)"}</span>
        ) : (
          <span class="text muted num">{count(sample)}</span>
        )}
        {state !== "" && <span class="corner" aria-hidden="true">{state === "right" ? "✓" : "✕"}</span>}
        {marked && <span class="tick" aria-hidden="true">✓</span>}
      </span>
      <Caption facts={facts} captions={props.captions} classes={classes} />
    </div>
  );
}
