/** Which mistakes: a class, a confusion, or the samples that were picked on the page. */
import { useEffect, useState } from "preact/hooks";
import { count, plural } from "../../draw/format";
import { chosen } from "../../state/chosen";
import { START } from "../../state/store";
import { idsOf } from "../../state/tags";
import { reason } from "../../hosts/reason";
import type { Context } from "../component";
import { MODES, paramsOf, text, wordsOf, type Which } from "./chosen";

/** A solver takes as many in a few seconds; more say nothing new. */
const MOST_SAMPLES = 500;
const PAIRS = 5;
const ALARMS = 2;

export interface Frequent {
  which: Which;
  count: number;
}

/** The classes most often called wrongly, and the most frequent confusions, of what the page shows. */
export function frequentOf(ctx: Context): Frequent[] {
  const { store } = ctx;
  const { classes } = store.recording.value;
  const cells = store.measured.value.confusion?.worst(store.checkpoint.value?.name ?? null, text(ctx.options.value["split"]) ?? store.split.value) ?? [];
  const alarms = new Map<number, number>();
  for (const { prediction, count: n } of cells) alarms.set(prediction, (alarms.get(prediction) ?? 0) + n);
  const most = [...alarms].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, ALARMS);
  return [
    ...most.map(([prediction, n]) => ({ which: { label: null, predicted: classes[prediction] ?? null, samples: [] }, count: n })),
    ...cells.slice(0, PAIRS).map((cell) => ({ which: { label: classes[cell.label] ?? null, predicted: classes[cell.prediction] ?? null, samples: [] }, count: cell.count })),
  ];
}

/** Of frequent mistakes, those that were explained before, in words; null while that is looked up. A page that can run anything needs not to know. */
export function useRecorded(ctx: Context, frequent: readonly Frequent[]): ReadonlySet<string> | null {
  const [found, set] = useState<{ of: string; there: ReadonlySet<string> } | null>(null);
  const asked = ctx.data.capabilities.run ? "" : JSON.stringify(frequent.map(({ which }) => paramsOf(which, ctx.options.value, ctx.store)));
  useEffect(() => {
    if (asked === "") return;
    let gone = false;
    const look = async () => {
      const there = new Set<string>();
      for (const { which } of frequent) if (await ctx.data.stored("counterfactual", paramsOf(which, ctx.options.peek(), ctx.store))) there.add(wordsOf(which));
      if (!gone) set({ of: asked, there });
    };
    look().catch((error: unknown) => !gone && ctx.store.notice(`What was recorded of neurons could not be read. ${reason(error)}`));
    return () => {
      gone = true;
    };
  }, [asked]);
  return asked === "" || found?.of !== asked ? null : found.there;
}

const CLEARED = { neuron: null, sample: null, target: null };

export function choose(ctx: Context, which: Which): void {
  ctx.set({ ...CLEARED, label: which.label, predicted: which.predicted, samples: which.samples.length > 0 ? which.samples : null });
}

function Class({ ctx, name, value, any, set }: { ctx: Context; name: string; value: string | null; any: string; set: (value: string | null) => void }) {
  const { classes } = ctx.store.recording.value;
  return (
    <select aria-label={name} value={value ?? ""} onChange={(event) => set(event.currentTarget.value || null)}>
      <option value="">{any}</option>
      {classes.map((one) => <option key={one} value={one}>{one}</option>)}
    </select>
  );
}

function Picked({ ctx }: { ctx: Context }) {
  const picked = chosen(ctx.store);
  const own = ctx.store.selection.value?.source ?? START;
  if (picked.length === 0 || own === ctx.id) return null;
  const n = Math.min(picked.length, MOST_SAMPLES);
  const take = () => {
    idsOf(ctx.data.columns, ctx.store.recording.peek(), picked.subarray(0, MOST_SAMPLES)).then(
      (samples) => choose(ctx, { label: null, predicted: null, samples }),
      (error: unknown) => ctx.store.notice(`The samples picked could not be read. ${reason(error)}`),
    );
  };
  return <button type="button" class="button" onClick={take}>{`Explain the ${picked.length > n ? `first ${count(n)} of ${count(picked.length)} samples` : plural(n, "sample")} picked`}</button>;
}

function How({ ctx }: { ctx: Context }) {
  const options = ctx.options.value;
  const { splits } = ctx.store.recording.value;
  return (
    <details class="settings">
      <summary class="button">How</summary>
      <div class="panel">
        <label class="choose"><span>Change sought</span><select value={String(options["mode"])} onChange={(event) => ctx.set({ mode: event.currentTarget.value })}>
          {MODES.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select></label>
        <label class="choose"><span>Should become</span><Class ctx={ctx} name="Should become" value={options["target"] === "label" ? null : text(options["target"])} any="what it is labelled" set={(target) => ctx.set({ target })} /></label>
        {splits.length > 1 && <label class="choose"><span>Mistakes of</span><select value={text(options["split"]) ?? ""} onChange={(event) => ctx.set({ split: event.currentTarget.value || null })}>
          <option value="">the split on the page</option>
          {splits.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select></label>}
        {options["mode"] === "paper" && <p class="muted small">The published rule ranks decision weights: it may ask for activations that cannot occur, name dead neurons, and change with a mere rescaling.</p>}
      </div>
    </details>
  );
}

export function Picker({ ctx, which, frequent, recorded }: { ctx: Context; which: Which | null; frequent: readonly Frequent[]; recorded: ReadonlySet<string> | null }) {
  const own = which?.samples.length ? null : which;
  const same = (other: Which) => own !== null && own.label === other.label && own.predicted === other.predicted;
  return (
    <div class="picker">
      <Class ctx={ctx} name="Label" value={own?.label ?? null} any="any label" set={(label) => choose(ctx, { label, predicted: own?.predicted ?? null, samples: [] })} />
      <span class="muted">called</span>
      <Class ctx={ctx} name="Called" value={own?.predicted ?? null} any="anything else" set={(predicted) => choose(ctx, { label: own?.label ?? null, predicted, samples: [] })} />
      <How ctx={ctx} />
      <Picked ctx={ctx} />
      {frequent.length > 0 && (
        <div class="frequent" role="group" aria-label="Most frequent mistakes">
          {frequent.map((one) => {
            const there = recorded === null || recorded.has(wordsOf(one.which));
            return <button key={wordsOf(one.which)} type="button" class="chip" aria-pressed={same(one.which)} disabled={!there} title={there ? `Explain ${count(one.count)} ${wordsOf(one.which)}` : "Not recorded; needs a live session"} onClick={() => choose(ctx, one.which)}><b class="num">{count(one.count)}</b> {wordsOf(one.which)}</button>;
          })}
        </div>
      )}
    </div>
  );
}
