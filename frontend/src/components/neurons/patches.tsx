/** The patches that were accepted: what each does, how it is applied, and the way back. */
import { useState } from "preact/hooks";
import { count, measure, plural } from "../../draw/format";
import { takeBack, whyNotDecide } from "../../state/deeds";
import { reason } from "../../hosts/reason";
import type { Context } from "../component";
import { number, text, texts } from "./chosen";
import { patchesIn, type Accepted } from "./decided";
import { savePatch } from "./deciding";
import { methodOf } from "./edits";

function When({ one }: { one: Accepted }) {
  return <span class="muted small">{[one.author, `${one.time.replace("T", " ").slice(0, 16)} UTC`].filter((words) => words !== "").join(" · ")}</span>;
}

function Patch({ ctx, one }: { ctx: Context; one: Accepted }) {
  const { data, store } = ctx;
  const barred = whyNotDecide(data);
  const [gone, setGone] = useState(false);
  const show = () => ctx.set({ basket: one.params["neurons"] ?? one.neurons, classes: texts(one.params["classes"]), method: one.method, strength: number(one.params["strength"]), families: one.params["families"] === false ? false : null, groups: text(one.params["groups"]) });
  const save = () => void data.located("mitigate", one.params).then(
    (result) => (result?.key === one.key ? savePatch(data, result, one.method) : setGone(true)),
    (error: unknown) => store.notice(`The patch could not be read. ${reason(error)}`),
  );
  const method = methodOf(one.method);
  return (
    <li>
      <span class="what"><b>{method.name}</b>{one.strength !== null && method.strength && <span class="num"> {measure(one.strength)}</span>} <span class="num">{one.neurons.slice(0, 8).join(", ")}{one.neurons.length > 8 ? ` and ${count(one.neurons.length - 8)} more` : ""}</span>{one.classes.length > 0 && ` for ${one.classes.join(", ")}`}</span>
      {one.fixed !== null && one.broken !== null && <span class="num">{`fixed ${count(one.fixed)}, broke ${count(one.broken)}${one.split === null ? "" : ` of ${one.split}`}`}</span>}
      <When one={one} />
      <span class="acts">
        <button type="button" class="button quiet" onClick={show}>Show</button>
        <button type="button" class="button quiet" onClick={save}>Download</button>
        {barred === null && <button type="button" class="button quiet" onClick={() => void takeBack(data, "Take back the patch", one.sequence)}>Take back</button>}
      </span>
      {gone && <p class="warned small">The recording changed since, so this patch is no longer among the results. Show it to make it again, and compare the figures.</p>}
    </li>
  );
}

export function Patches({ ctx }: { ctx: Context }) {
  const patches = patchesIn(ctx.store.log.value ?? []);
  if (patches.length === 0) return null;
  return (
    <section class="patches" aria-label="Accepted patches">
      <h3>{plural(patches.length, "accepted patch", "accepted patches")}</h3>
      <ul class="line">{patches.map((one) => <Patch key={one.sequence} ctx={ctx} one={one} />)}</ul>
      <p class="line small muted">Apply a downloaded patch with <code>bathyscope patch apply MODEL PATCH</code>, take it out again with <code>bathyscope patch revert MODEL PATCH</code>. A patch for another model changes nothing.</p>
    </section>
  );
}
