/** The basket of neurons, the ways to edit them, and what each would fix and break. */
import { useMemo, useRef } from "preact/hooks";
import { measure, plural } from "../../draw/format";
import { Heading } from "../../draw/parts";
import { Offer, useAnalysis } from "../analysis";
import type { Context } from "../component";
import { groupable } from "../use-grouping";
import type { Known } from "../samples-strip";
import { Deciding } from "./deciding";
import { editing, editOf, methodOf, METHODS, readEdited, type Edit, type Edited } from "./edits";
import { Effect, EffectTitle } from "./effect";
import { Rivals } from "./rivals";

function Basket({ ctx, edit, edited }: { ctx: Context; edit: Edit; edited: Edited | null }) {
  const kin = edited?.neurons.filter((neuron) => !edit.neurons.includes(neuron)) ?? [];
  return (
    <div class="basket" role="group" aria-label="Basket of neurons">
      <ul>
        {edit.neurons.map((neuron) => (
          <li key={neuron} class="chip">
            <button type="button" class="num" aria-label={`Open neuron ${neuron}`} onClick={() => ctx.set({ neuron })}>{neuron}</button>
            <button type="button" aria-label={`Take neuron ${neuron} out of the basket`} onClick={() => ctx.set({ basket: edit.neurons.filter((id) => id !== neuron) })}>×</button>
          </li>
        ))}
        {kin.map((neuron) => <li key={neuron} class="chip kin" title="It goes with a neuron of the basket, and is edited with it"><span class="num">{neuron}</span> family</li>)}
      </ul>
      {edit.neurons.length > 1 && <button type="button" class="button quiet" onClick={() => ctx.set({ basket: [] })}>Empty it</button>}
    </div>
  );
}

function StrengthChoice({ ctx, edit, edited }: { ctx: Context; edit: Edit; edited: Edited | null }) {
  const { strength } = edit.method;
  if (strength === null) return null;
  const taken = edited?.strength ?? null;
  return (
    <label class="choose" title={strength.says}><span>{strength.name}</span>
      <select aria-label={`${strength.name}: chosen how`} value={edit.strength === null ? "auto" : "own"} onChange={(event) => ctx.set({ strength: event.currentTarget.value === "auto" ? null : (taken ?? (strength.from + strength.to) / 2) })}>
        <option value="auto">{`best for the worst group${taken === null ? "" : `: ${measure(taken)}`}`}</option>
        <option value="own">mine</option>
      </select>
      {edit.strength !== null && <input type="range" aria-label={strength.name} min={strength.from} max={strength.to} step={strength.step} value={edit.strength} aria-valuetext={measure(edit.strength)} onChange={(event) => ctx.set({ strength: Number(event.currentTarget.value) })} />}
      {edit.strength !== null && <span class="num">{measure(edit.strength)}</span>}
    </label>
  );
}

/** Which classes' decision: all, or one after the other. */
function Classes({ ctx, edit }: { ctx: Context; edit: Edit }) {
  const { classes } = ctx.store.recording.value;
  const rest = classes.filter((name) => !edit.classes.includes(name));
  return (
    <span class="choose"><span>Classes</span>
      {edit.classes.map((name) => <span key={name} class="chip">{name}<button type="button" aria-label={`Without ${name}`} onClick={() => ctx.set({ classes: edit.classes.filter((one) => one !== name) })}>×</button></span>)}
      <select aria-label="Classes whose decision is edited" value="" onChange={(event) => event.currentTarget.value !== "" && ctx.set({ classes: [...edit.classes, event.currentTarget.value] })}>
        <option value="">{edit.classes.length === 0 ? "all" : "and…"}</option>
        {rest.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    </span>
  );
}

function Controls({ ctx, edit, edited }: { ctx: Context; edit: Edit; edited: Edited | null }) {
  const columns = groupable(ctx.store.recording.value).filter(({ role }) => role === "metadata");
  return (
    <div class="controls">
      <label class="choose"><span>How</span><select aria-label="How they are edited" value={edit.method.id} onChange={(event) => ctx.set({ method: methodOf(event.currentTarget.value).id, strength: null })}>
        <optgroup label="Without training">{METHODS.filter(({ instant }) => instant).map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>
        <optgroup label="Retrained head">{METHODS.filter(({ instant }) => !instant).map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>
      </select></label>
      <StrengthChoice ctx={ctx} edit={edit} edited={edited} />
      <Classes ctx={ctx} edit={edit} />
      <label class="choose"><span>Judged by</span><select aria-label="Groups that it is judged by" value={edit.groups ?? ""} onChange={(event) => ctx.set({ groups: event.currentTarget.value || null })}>
        <option value="">groups that the neurons make</option>
        {columns.map(({ name }) => <option key={name} value={name}>{`column ${name}`}</option>)}
      </select></label>
      <label class="check"><input type="checkbox" checked={edit.families} onChange={(event) => ctx.set({ families: event.currentTarget.checked })} /> with their families</label>
      <p class="muted small">{edit.method.says}</p>
    </div>
  );
}

/** The last effect stays, faded, while the next one is worked out: what is compared must not jump. */
function useEdited(ctx: Context, edit: Edit, possible: boolean) {
  const asked = useMemo(() => (possible ? editing(edit, ctx.store) : null), [JSON.stringify(edit), possible, ctx.store.chosen.value, ctx.store.recording.value]);
  const used = useAnalysis(ctx, asked, edit.method.instant);
  const edited = useMemo(() => (used.tables ? readEdited(used.tables) : null), [used.tables]);
  const last = useRef<Edited | null>(null);
  if (edited) last.current = edited;
  if (!possible) last.current = null;
  const pending = used.answer.state === "asking" || used.answer.state === "running";
  return { asked, used, edited, shown: edited ?? (pending ? last.current : null) };
}

export function EditPanel({ ctx, known, explained }: { ctx: Context; known: Known | null; explained: string | null }) {
  const edit = editOf(ctx.options.value);
  const { missing } = ctx.store.recording.value;
  const lacks = edit.method.groups === true && edit.groups === null;
  const { asked, used, edited, shown } = useEdited(ctx, edit, edit.neurons.length > 0 && !lacks);
  if (missing["mitigate"] === undefined) return null;
  const many = plural(edit.neurons.length, "neuron");
  return (
    <section class="edit" aria-label="Edit the decision layer">
      <Heading level={3} title={shown ? <EffectTitle ctx={ctx} edit={edit} edited={shown} known={known} /> : edit.neurons.length === 0 ? "Can the decision layer stop leaning on them?" : `What if it stopped leaning on ${many}?`}
        small={shown ? `${edit.method.name.toLowerCase()} · judged on ${shown.split}` : "only the last layer is edited; the rest of the model stays as it is"} />
      {edit.neurons.length === 0 ? <p class="line muted">Put neurons into the basket: with + in the lists, or on a neuron's card.</p> : (
        <div class="line">
          <Basket ctx={ctx} edit={edit} edited={edited} />
          <Controls ctx={ctx} edit={edit} edited={edited} />
          {lacks && <p class="warned">{`${edit.method.name} needs to know the groups: choose a column under “Judged by”.`}</p>}
        </div>
      )}
      {asked && !(shown && used.answer.state !== "failed") && <Offer ctx={ctx} used={used} asked={asked} what="What the edit would do" verb="Try this edit" />}
      {shown && (
        <div class={edited ? "effect" : "effect old"}>
          <Effect ctx={ctx} edit={edit} edited={shown} known={known} explained={explained} />
          {edited && asked && <Deciding ctx={ctx} edit={edit} edited={edited} asked={asked} tables={used.tables} />}
        </div>
      )}
      {edit.neurons.length > 0 && <Rivals ctx={ctx} edit={edit} known={known} />}
    </section>
  );
}
