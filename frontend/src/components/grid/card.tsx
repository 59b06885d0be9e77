import { useSignal } from "@preact/signals";
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
const PIXEL_ART = 80;

export function Picture(props: { ctx: Context; sample: number; size?: number; alt: string }) {
  const { ctx, sample, size } = props;
  const failed = useSignal<string | null>(null);
  const crisp = useSignal(false);
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
      src={ctx.data.media(sample, size)}
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

export function Card(props: {
  ctx: Context;
  sample: number;
  facts: CardFacts;
  text: string | undefined;
  position: number;
  total: number;
  active: boolean;
  focused: boolean;
  open: () => void;
  style: Record<string, string>;
}) {
  const { ctx, sample, facts } = props;
  const { kind, classes } = ctx.store.recording.value;
  const words = describe(facts, sample, classes);
  const state = facts.correct === null ? "" : facts.correct ? "right" : "wrong";
  const size = window.devicePixelRatio > 1 ? 192 : 96;
  return (
    <div
      role="option"
      aria-selected={props.focused}
      aria-label={words}
      aria-posinset={props.position}
      aria-setsize={props.total}
      tabIndex={props.active ? 0 : -1}
      class={`card ${state} ${props.focused ? "on" : ""}`}
      title={words}
      style={props.style}
      onClick={props.open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        props.open();
      }}
    >
      <span class="frame">
        {kind === "image" ? (
          <Picture ctx={ctx} sample={sample} size={size} alt="" />
        ) : kind === "text" ? (
          <span class="text">{props.text === undefined ? "…" : shorten(props.text, 240) || "(empty text)"}</span>
        ) : (
          <span class="text muted">sample {count(sample)}</span>
        )}
        {state !== "" && <span class="corner" aria-hidden="true">{state === "right" ? "✓" : "✕"}</span>}
      </span>
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
    </div>
  );
}
