import css from "./run-header.css?inline";
import { count, duration, percent, plural } from "../../draw/format";
import { Door, Heading } from "../../draw/parts";
import { checkpointText } from "../../draw/where";
import type { Checkpoint, Recording } from "../../hosts/recording";
import type { MetricRow } from "../../state/performance";
import { ALL } from "../../state/selection";
import { headlineSplit } from "../../state/store";
import { Alerts, useAlerts } from "../alerts";
import { defineComponent, drawn, type Context } from "../component";

/** Seconds from the first checkpoint to the last, as far as the clock was recorded. */
export function spanOf(checkpoints: readonly Checkpoint[]): number | null {
  const times = checkpoints.map((checkpoint) => checkpoint.wallTime).filter((time) => time !== null);
  if (times.length < 2) return null;
  return Math.max(...times) - Math.min(...times);
}

/** How far training is ahead of what it was not trained on, when that is more than both intervals explain. */
export function gapSentence(train: MetricRow | null, held: MetricRow | null, name: string): string | null {
  const a = train?.of("accuracy");
  const b = held?.of("accuracy");
  if (!a || !b || a.value === null || b.value === null || a.low === null || b.high === null || a.low <= b.high) return null;
  return `train is ${((a.value - b.value) * 100).toFixed(1)} points above ${name}`;
}

function Figure(props: { ctx: Context; split: string; big: boolean }) {
  const { ctx, split } = props;
  const { store, data } = ctx;
  const row = store.measured.value.metrics?.overall(store.checkpoint.value?.name ?? null, split) ?? null;
  const accuracy = row?.of("accuracy") ?? { value: null, low: null, high: null };
  const wrong = row && accuracy.value !== null ? Math.round((1 - accuracy.value) * row.support) : 0;
  return (
    <div class={props.big ? "figure big" : "figure"}>
      <dt>{split === ALL ? "all samples" : split}</dt>
      <dd>
        {accuracy.value === null ? (
          <span class="value muted" title={row ? "No labelled sample in this split" : "Being measured"}>{row ? "–" : "…"}</span>
        ) : (
          <Door class="value" leads={`show the ${count(wrong)} wrong of ${count(row?.support ?? 0)} in ${split === ALL ? "all" : split}`} open={() => void data.pick({ kind: "wrong" }, "run-header", { split })}>
            {percent(accuracy.value)}
          </Door>
        )}
        {accuracy.low !== null && accuracy.high !== null && (
          <span class="interval num" title="95 % interval">
            {`${(accuracy.low * 100).toFixed(1)} to ${percent(accuracy.high)}`}
          </span>
        )}
      </dd>
    </div>
  );
}

function Facts({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const span = spanOf(recording.checkpoints);
  const splits = recording.splits.length > 1 ? recording.splits : [];
  return (
    <ul class="facts">
      <li>
        <Door leads="show all samples" open={() => void data.pick({ kind: "all" }, "run-header", { split: ALL })}>{plural(recording.nSamples, "sample")}</Door>
        {splits.length > 0 && (
          <span class="muted">
            {splits.map(({ name, count: n }, place) => (
              <span key={name}>
                {place === 0 ? ": " : ", "}
                <Door leads={`show the samples of ${name}`} open={() => void data.pick({ kind: "all" }, "run-header", { split: name })}>{`${count(n)} ${name}`}</Door>
              </span>
            ))}
          </span>
        )}
      </li>
      {recording.nMissingLabels > 0 && (
        <li>
          <Door leads="show the samples without a label" open={() => void data.pick({ kind: "unlabelled" }, "run-header", { split: ALL })}>
            {count(recording.nMissingLabels)} without a label
          </Door>
        </li>
      )}
      <li class="num">{plural(recording.classes.length, "class", "classes")}</li>
      {(recording.checkpoints.length > 0 || recording.writing) && (
        <li class="num">
          {plural(recording.checkpoints.length, "checkpoint")}
          {span !== null && span > 0 && <span class="muted"> in {duration(span)}</span>}
        </li>
      )}
      {recording.writing && <li><span class="badge good">● Live: still recording</span></li>}
    </ul>
  );
}

function Details({ recording }: { recording: Recording }) {
  const rows: (readonly [string, string])[] = [
    ["task", recording.task === "multilabel" ? "several labels per sample" : "one label per sample"],
    ["samples are", recording.kind ?? "not recorded"],
    ...recording.layers.map((layer) => [`layer ${layer.name}`, `${layer.role}, ${layer.shape.join(" × ")}, ${layer.dtype}`] as const),
    ["fingerprint", recording.hash],
    ...recording.provenance,
  ];
  return (
    <details class="details">
      <summary>How it was made</summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function RunHeader({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const head = headlineSplit(recording);
  const others = recording.splits.map((split) => split.name).filter((name) => name !== head && recording.splits.length > 1);
  const name = store.checkpoint.value?.name ?? null;
  const { metrics } = store.measured.value;
  const gap = others.includes("train") ? gapSentence(metrics?.overall(name, "train") ?? null, metrics?.overall(name, head) ?? null, head) : null;
  const measurable = recording.checkpoints.length > 0 && recording.nMissingLabels < recording.nSamples;
  return (
    <section class="run" aria-label="What is this run?">
      <div class="what">
        <Heading level={1} title={recording.name} small={recording.checkpoints.length > 0 ? checkpointText(recording, name) : recording.writing ? "no checkpoint yet" : null} />
        <Facts ctx={ctx} />
        <Alerts ctx={ctx} alerts={useAlerts(ctx)} />
        <Details recording={recording} />
      </div>
      {measurable && (
        <div class="headline">
          <p class="muted small">
            {recording.task === "multilabel" ? "Exactly right" : "Right"} at {checkpointText(recording, name)}
            {gap && <span class="badge warn" title="More than both 95 % intervals explain: it remembers what it trained on">{gap}</span>}
          </p>
          <dl>
            <Figure ctx={ctx} split={head} big />
            {others.map((split) => <Figure key={split} ctx={ctx} split={split} big={false} />)}
          </dl>
        </div>
      )}
    </section>
  );
}

export const runHeader = defineComponent({
  type: "run-header",
  title: "What is this run?",
  needs: [],
  styles: css,
  applies: () => true,
  mount: drawn(RunHeader),
});
