/** The patches that were accepted: what each does, how it is applied, and the way back. */
import { useState } from "preact/hooks";
import { count, plural } from "../../draw/format";
import { takeBack, whyNotDecide } from "../../state/deeds";
import { reason } from "../../hosts/reason";
import type { Context } from "../component";
import type { Known } from "../samples-strip";
import { neuronsIn, number, text, texts } from "./chosen";
import { Compare, wordsOf } from "./compare";
import { patchesIn, type Accepted } from "./decided";
import { savePatch } from "./deciding";

function When({ one }: { one: Accepted }) {
  return <span class="muted small">{[one.author, `${one.time.replace("T", " ").slice(0, 16)} UTC`].filter((words) => words !== "").join(" · ")}</span>;
}

function Patch({ ctx, one, compared }: { ctx: Context; one: Accepted; compared: readonly number[] }) {
  const { data, store } = ctx;
  const barred = whyNotDecide(data);
  const [gone, setGone] = useState(false);
  const show = () => ctx.set({ basket: one.params["neurons"] ?? one.neurons, classes: texts(one.params["classes"]), method: one.method, strength: number(one.params["strength"]), families: one.params["families"] === false ? false : null, groups: text(one.params["groups"]) });
  const save = () => void data.located("mitigate", one.params).then(
    (result) => (result?.key === one.key ? savePatch(data, result, one.method) : setGone(true)),
    (error: unknown) => store.notice(`The patch could not be read. ${reason(error)}`),
  );
  const place = compared.indexOf(one.sequence);
  // A third one takes the place of the second.
  const compare = () => ctx.set({ compared: place >= 0 ? compared.filter((id) => id !== one.sequence) : [...compared.slice(0, 1), one.sequence] });
  return (
    <li>
      <span class="what">{place >= 0 && <b>{place === 0 ? "A " : "B "}</b>}{wordsOf(one)}</span>
      {one.fixed !== null && one.broken !== null && <span class="num">{`fixed ${count(one.fixed)}, broke ${count(one.broken)}${one.split === null ? "" : ` of ${one.split}`}`}</span>}
      <When one={one} />
      <span class="acts">
        <button type="button" class="button quiet" aria-pressed={place >= 0} onClick={compare}>Compare</button>
        <button type="button" class="button quiet" onClick={show}>Show</button>
        <button type="button" class="button quiet" onClick={save}>Download</button>
        {barred === null && <button type="button" class="button quiet" onClick={() => void takeBack(data, "Take back the patch", one.sequence)}>Take back</button>}
      </span>
      {gone && <p class="warned small">The recording changed since, so this patch is no longer among the results. Show it to make it again, and compare the figures.</p>}
    </li>
  );
}

export function Patches({ ctx, known }: { ctx: Context; known: Known | null }) {
  const patches = patchesIn(ctx.store.log.value ?? []);
  if (patches.length === 0) return null;
  const chosen = neuronsIn(ctx.options.value["compared"]).flatMap((id) => patches.find(({ sequence }) => sequence === id) ?? []).slice(0, 2);
  const compared = chosen.map(({ sequence }) => sequence);
  return (
    <section class="patches" aria-label="Accepted patches">
      <h3>{plural(patches.length, "accepted patch", "accepted patches")}</h3>
      <ul class="line">{patches.map((one) => <Patch key={one.sequence} ctx={ctx} one={one} compared={compared} />)}</ul>
      <Compare ctx={ctx} known={known} chosen={chosen} />
      <p class="line small muted">Apply a downloaded patch with <code>bathyscope patch apply MODEL PATCH</code>, take it out again with <code>bathyscope patch revert MODEL PATCH</code>. A patch for another model changes nothing.</p>
    </section>
  );
}
