/** What stands above the samples: their order, how they look, the way to one of them, and what is marked. */
import { useSignal } from "@preact/signals";
import { count } from "../../draw/format";
import type { Recording } from "../../hosts/recording";
import { pickRows } from "../../state/chosen";
import { fieldsOf } from "../../state/fields";
import { none, popcount, rowsOf, type Mask } from "../../state/masks";
import type { SortBy } from "../../state/store";
import type { Context } from "../component";
import { colourings } from "../scatter/colouring";
import { SIZES, type Look } from "./look";

const SORTS: readonly { by: SortBy; descending: boolean; name: string }[] = [
  { by: "loss", descending: true, name: "Most wrong first" },
  { by: "loss", descending: false, name: "Least wrong first" },
  { by: "confidence", descending: true, name: "Most confident first" },
  { by: "confidence", descending: false, name: "Least confident first" },
  { by: "order", descending: false, name: "In recorded order" },
];

export function sortsFor(recording: Recording): typeof SORTS {
  const said = recording.checkpoints.length > 0;
  const scored = said && recording.nMissingLabels < recording.nSamples;
  return SORTS.filter(({ by: key }) => key === "order" || (said && (key === "confidence" || scored)));
}

export function Order({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const { by, descending } = store.sort.value;
  const sorts = sortsFor(store.recording.value);
  // A recording without labels has no loss to sort by: the recorded order, last in the list, is what is shown then.
  const found = sorts.findIndex((one) => one.by === by && one.descending === descending);
  return (
    <select aria-label="Order" value={String(found < 0 ? sorts.length - 1 : found)} onChange={(event) => {
      const next = sorts[Number(event.currentTarget.value)];
      if (next) store.sort.value = { by: next.by, descending: next.descending };
    }}>
      {sorts.map((one, i) => <option key={one.name} value={String(i)}>{one.name}</option>)}
    </select>
  );
}

function Picked({ label, value, of, choose }: { label: string; value: string; of: readonly (readonly [string, string])[]; choose: (value: string) => void }) {
  return (
    <label class="pick"><span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>{of.map(([id, name]) => <option key={id} value={id}>{name}</option>)}</select>
    </label>
  );
}

function Captions({ ctx, look }: { ctx: Context; look: Look }) {
  const names = fieldsOf(ctx.store.recording.value).map(({ name }) => name).filter((name) => !look.captions.includes(name));
  return (
    <div class="captions">
      <label class="pick"><span>Caption</span>
        <select aria-label="Add a caption" value="" onChange={(event) => event.currentTarget.value && ctx.set({ captions: [...look.captions, event.currentTarget.value] })}>
          <option value="">{look.captions.length === 0 ? "label and prediction" : "add a column…"}</option>
          {names.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      {look.captions.map((name) => (
        <button key={name} type="button" class="button" aria-label={`Remove caption ${name}`} onClick={() => ctx.set({ captions: look.captions.length > 1 ? look.captions.filter((other) => other !== name) : null })}>{name} ×</button>
      ))}
    </div>
  );
}

export function Settings({ ctx, look, jump, total }: { ctx: Context; look: Look; jump: (position: number) => void; total: number }) {
  const wish = useSignal("");
  const recording = ctx.store.recording.value;
  const colours = colourings(recording);
  return (
    <details class="settings">
      <summary class="button">Display</summary>
      <div class="panel">
        <Picked label="Size" value={SIZES[look.size] ?? "medium"} of={SIZES.map((name) => [name, name])} choose={(size) => ctx.set({ size })} />
        <Picked label="Border" value={look.border} of={[["correct", "right or wrong"], ["colour", "a column"], ["none", "none"]]} choose={(border) => ctx.set({ border })} />
        {look.border === "colour" && <Picked label="Border column" value={look.colour ?? ""} of={[["", "choose…"], ...colours.map(({ name }) => [name, name] as const)]} choose={(colour) => ctx.set({ colour: colour || null })} />}
        <Captions ctx={ctx} look={look} />
        <Picked label="Shows" value={look.of} of={[["selection", "what is selected"], ["filtered", "all that pass the filter"]]} choose={(of) => ctx.set({ of })} />
        <form class="pick" onSubmit={(event) => {
          event.preventDefault();
          const position = Number(wish.peek());
          if (Number.isInteger(position) && position >= 1 && position <= total) jump(position - 1);
          else ctx.store.say(`There are positions 1 to ${count(total)}.`);
        }}>
          <span>Go to</span>
          <input type="number" min={1} max={total} aria-label="Go to a position" placeholder={`1 to ${count(total)}`} value={wish.value} onInput={(event) => (wish.value = event.currentTarget.value)} />
        </form>
      </div>
    </details>
  );
}

/** "12 marked", and what becomes of them. */
export function Marked({ ctx, marks }: { ctx: Context; marks: { value: Mask } }) {
  const n = popcount(marks.value);
  if (n === 0) return null;
  const clear = () => (marks.value = none(ctx.store.recording.peek().nSamples));
  return (
    <div class="marks" role="status">
      <b>{`${count(n)} marked`}</b>
      <button type="button" class="button primary" onClick={() => {
        const rows = rowsOf(marks.value);
        clear();
        pickRows(ctx.data, rows, ctx.id);
      }}>{`Select ${count(n)}`}</button>
      <button type="button" class="button quiet" onClick={clear}>Clear marks</button>
    </div>
  );
}
