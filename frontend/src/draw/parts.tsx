/** Small pieces every view is made of: headings, doors, whiskers, plain words for what is missing. */
import { Component, type ComponentChildren } from "preact";
import type { Estimate } from "../state/performance";
import { classColour } from "./colour";
import { reason } from "../hosts/reason";

export function Heading(props: { title: ComponentChildren; small?: ComponentChildren; children?: ComponentChildren; level?: 1 | 2 | 3 }) {
  const Level = `h${props.level ?? 2}` as "h2";
  return (
    <header class="heading">
      <div class="titles">
        <Level>{props.title}</Level>
        {props.small !== undefined && <small>{props.small}</small>}
      </div>
      {props.children !== undefined && <div class="tools">{props.children}</div>}
    </header>
  );
}

/** A number that opens the samples behind it. */
export function Door(props: { open: (event: MouseEvent) => void; leads: string; children: ComponentChildren; class?: string; disabled?: boolean }) {
  return (
    <button type="button" class={`door ${props.class ?? ""}`} title={props.leads} onClick={props.open} disabled={props.disabled ?? false}>
      {props.children}
      <span class="unseen">: {props.leads}</span>
    </button>
  );
}

export function Swatch(props: { of: number | null }) {
  return <i class="swatch" aria-hidden="true" style={{ background: classColour(props.of) }} />;
}

const WHISKER = { width: 56, height: 12 };

/** A value as a dot with its 95 % interval as a line; a tick at zero where values fall on both sides. */
export function Whisker(props: { of: Estimate; from: number; to: number; colour?: string }) {
  const { value, low, high } = props.of;
  if (value === null) return <span class="whisker" />;
  const x = (at: number) => 3 + ((at - props.from) / (props.to - props.from || 1)) * (WHISKER.width - 6);
  const middle = WHISKER.height / 2;
  return (
    <svg class="whisker" width={WHISKER.width} height={WHISKER.height} aria-hidden="true">
      <line x1={3} x2={WHISKER.width - 3} y1={middle} y2={middle} stroke="var(--line)" />
      {props.from < 0 && props.to > 0 && <line x1={x(0)} x2={x(0)} y1={1} y2={WHISKER.height - 1} stroke="var(--line-2)" />}
      {low !== null && high !== null && (
        <line x1={x(low)} x2={x(high)} y1={middle} y2={middle} stroke="var(--ink-3)" stroke-width={2} stroke-linecap="round" />
      )}
      <circle cx={x(value)} cy={middle} r={3} fill={props.colour ?? "var(--ink)"} />
    </svg>
  );
}

/** Empty, missing, not applicable: why, and what fills it. */
export function Explanation(props: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="explanation">
      <Heading title={props.title} />
      <p>{props.text}</p>
      {props.children}
    </section>
  );
}

export function Failure(props: { what: string; why: string; retry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>
        <b>{props.what}</b> {props.why}
      </p>
      {props.retry && (
        <button type="button" class="button" onClick={props.retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Waiting(props: { what: string; height?: number }) {
  return (
    <div class="waiting" role="status" style={props.height ? { minHeight: `${props.height}px` } : {}}>
      <span>{props.what}…</span>
    </div>
  );
}

/** One broken view must not take the page with it. */
export class Guard extends Component<{ children?: ComponentChildren }, { error: string | null }> {
  override state = { error: null };

  static override getDerivedStateFromError(error: unknown): { error: string } {
    return { error: reason(error) };
  }

  override render({ children }: { children?: ComponentChildren }, { error }: { error: string | null }) {
    if (error === null) return children;
    return <Failure what="This view could not be drawn." why={error} retry={() => this.setState({ error: null })} />;
  }
}
