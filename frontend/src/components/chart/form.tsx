/** A chart made by choosing, and the same chart as text for whoever wants more of it. */
import { useState } from "preact/hooks";
import type { Field } from "../../state/fields";
import { AGGREGATES, chartable, MARKS, specOf, type Aggregate, type Mark, type Simple } from "./simple";
import { complaint, readText, type Spec } from "./spec";

function Choose({ label, value, of, choose }: { label: string; value: string; of: readonly (readonly [string, string])[]; choose: (value: string) => void }) {
  return (
    <label class="choose">
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {of.map(([id, name]) => <option key={id} value={id}>{name}</option>)}
      </select>
    </label>
  );
}

export function Form({ simple, fields, set }: { simple: Simple; fields: readonly Field[]; set: (spec: Spec) => void }) {
  const usable = chartable(fields);
  const numbers = usable.filter(({ type }) => type === "number" || type === "integer");
  const named = (some: readonly Field[]) => some.map(({ name }) => [name, name] as const);
  const change = (part: Partial<Simple>) => {
    const next = { ...simple, ...part };
    // Everything but a count is told of a column of numbers.
    const y = next.aggregate === "count" ? null : (next.y ?? numbers[0]?.name ?? null);
    set(specOf({ ...next, y, aggregate: y === null ? "count" : next.aggregate }, fields));
  };
  const each = simple.mark === "point" || simple.mark === "boxplot";
  const aggregates = Object.entries(AGGREGATES).filter(([id]) => !each || id === "count" || id === "none");
  return (
    <div class="controls">
      <Choose label="Drawn as" value={simple.mark} of={Object.entries(MARKS)} choose={(mark) => change({ mark: mark as Mark, ...(mark === "point" || mark === "boxplot" ? { aggregate: "none" as const } : {}) })} />
      <Choose label="Across" value={simple.x} of={named(usable)} choose={(x) => change({ x })} />
      <Choose label="Upwards" value={simple.aggregate} of={aggregates} choose={(aggregate) => change({ aggregate: aggregate as Aggregate })} />
      {simple.aggregate !== "count" && <Choose label="Of" value={simple.y ?? ""} of={named(numbers)} choose={(y) => change({ y })} />}
      <Choose label="Colour" value={simple.colour ?? ""} of={[["", "one colour"], ...named(usable)]} choose={(colour) => change({ colour: colour === "" ? null : colour })} />
    </div>
  );
}

export function AsText({ spec, fields, set }: { spec: Spec; fields: readonly Field[]; set: (spec: Spec) => void }) {
  const shown = JSON.stringify(spec, null, 2);
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const apply = () => {
    const read = readText(text ?? shown);
    const why = "wrong" in read ? read.wrong : complaint(read.spec, fields);
    setWrong(why);
    if ("wrong" in read || why !== null) return;
    setText(null);
    set(read.spec);
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    apply();
  };
  return (
    <details class="as-text">
      <summary class="button quiet">Edit as text</summary>
      <textarea aria-label="The chart as text (Vega-Lite)" rows={12} spellcheck={false} value={text ?? shown} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keyed} />
      {wrong !== null && <p class="wrong" role="alert">{wrong}</p>}
      <div class="row">
        <button type="button" class="button primary" title="Ctrl+Enter" disabled={text === null} onClick={apply}>Draw</button>
        <button type="button" class="button" disabled={text === null} onClick={() => { setText(null); setWrong(null); }}>Discard</button>
        <span class="muted small">Vega-Lite or Vega. The data are {"{ \"name\": \"samples\" }"}: the samples that pass the filter.</span>
      </div>
    </details>
  );
}
