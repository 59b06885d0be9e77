/** From a mistake to a patch: which mistakes, which neurons, what they see, what an edit would do, what was decided. */
import { useMemo } from "preact/hooks";
import { count, percent, plural } from "../../draw/format";
import { Door, Heading } from "../../draw/parts";
import { whereText } from "../../draw/where";
import { Offer, useAnalysis, type Asked } from "../analysis";
import type { Context } from "../component";
import { showRows, Strip, useKnown, type Known } from "../samples-strip";
import { NeuronCard } from "./card";
import { classOf, explaining, neuronsIn, number, whichOf, wordsOf, type Which } from "./chosen";
import { flagsIn } from "./decided";
import { EditPanel } from "./edit-panel";
import { readFound, type Found } from "./found";
import { Lists, NAMES } from "./lists";
import { Patches } from "./patches";
import { frequentOf, Picker, useRecorded } from "./picker";
import { TryOut } from "./try-out";
import css from "./neurons.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

const TITLE = "Which neurons made these mistakes?";

function Title({ ctx, which, found }: { ctx: Context; which: Which; found: Found | null }) {
  if (!found || found.n === 0) return <>{TITLE}</>;
  const [first] = found.neurons;
  const rows = found.samples.map(({ row }) => row);
  const words = wordsOf(which);
  const door = which.samples.length === 1 ? <>{words}</> : <><Door leads="show these samples" open={() => showRows(ctx, rows, words)}>{count(found.n)}</Door> {words}</>;
  if (!first?.list || first.list === "dead" || found.used === 0) return door;
  return <>{door}: neuron {first.neuron} is {NAMES[first.list].one}{found.used > 1 && <> in {percent(first.share, 0)} of them</>}</>;
}

/** How far to trust it, and what the whole set has in common. */
function Trust({ found }: { found: Found }) {
  const said = [
    found.used < found.n ? `${count(found.used)} of ${count(found.n)} could be explained` : null,
    found.alreadyRight > 0 ? `${count(found.alreadyRight)} are right already` : null,
    found.unreachable > 0 ? `${count(found.unreachable)} cannot become right within what the neurons can do` : null,
    found.unargmaxable > 0 ? `${count(found.unargmaxable)} could not by any activation` : null,
    found.notConverged > 0 ? `for ${count(found.notConverged)} no change was found` : null,
    found.used > 1 && found.commonFlipped !== null && found.common.length > 0 ? `one shared change of ${plural(found.common.length, "neuron")} would put ${percent(found.commonFlipped, 0)} right` : null,
    found.used > 0 && found.used < 10 ? "too few to rank neurons reliably" : null,
    ...found.notes.map((note) => note.replace(/\.$/, "")),
  ].filter((words) => words !== null);
  return <p class="trust small muted">{`${said.join(" · ")}.`}</p>;
}

function Mistakes({ ctx, found, known, sample }: { ctx: Context; found: Found; known: Known | null; sample: number | null }) {
  const rows = found.samples.map(({ row }) => row);
  return (
    <Strip ctx={ctx} samples={rows} known={known} label="The mistakes" few={7} all={() => showRows(ctx, rows, "explained here")}
      under={(row) => <div><button type="button" class="why" aria-pressed={sample === row} onClick={() => ctx.set({ sample: sample === row ? null : row })}>Why?</button></div>} />
  );
}

function Explained({ ctx, which, found, known }: { ctx: Context; which: Which; found: Found; known: Known | null }) {
  const { store } = ctx;
  const options = ctx.options.value;
  const layer = store.recording.value.layers.find(({ role }) => role === "embedding")?.name ?? "embedding";
  const flags = useMemo(() => flagsIn(store.log.value ?? [], layer), [store.log.value, layer]);
  const basket = neuronsIn(options["basket"]);
  const listed = found.neurons.find(({ list }) => list !== null && list !== "dead");
  const wanted = number(options["neuron"]);
  const open = (wanted === null ? null : found.of.get(wanted)) ?? listed ?? null;
  const fill = (neurons: readonly number[]) => ctx.set({ basket: neurons });
  return (
    <div class="columns">
      <div class="left"><Lists ctx={ctx} found={found} open={open?.neuron ?? null} basket={basket} flags={flags} choose={(neuron) => ctx.set({ neuron, pictured: null })} fill={fill} /></div>
      <div class="right">{open && (
        <NeuronCard ctx={ctx} found={found} one={open} known={known} flag={flags.get(open.neuron) ?? null} layer={layer} about={classOf(which)} inside={basket.includes(open.neuron)}
          toggle={() => fill(basket.includes(open.neuron) ? basket.filter((id) => id !== open.neuron) : [...basket, open.neuron])} />
      )}</div>
    </div>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const options = ctx.options.value;
  const frequent = frequentOf(ctx);
  const recorded = useRecorded(ctx, frequent);
  const chosen = whichOf(options);
  const first = recorded === null ? frequent[0] : (frequent.find(({ which }) => recorded.has(wordsOf(which))) ?? frequent[0]);
  const which = chosen ?? first?.which ?? null;
  const asked: Asked | null = which && explaining(ctx, which);
  const used = useAnalysis(ctx, asked, true);
  const found = useMemo(() => (used.tables ? readFound(used.tables) : null), [used.tables]);
  const known = useKnown(ctx);
  const sample = number(options["sample"]);
  const where = whereText(store.recording.value, found?.split ?? store.split.value, store.checkpoint.value?.name ?? null);
  return (
    <section aria-label={TITLE}>
      <Heading title={which ? <Title ctx={ctx} which={which} found={found} /> : TITLE} small={where} />
      <Picker ctx={ctx} which={which} frequent={frequent} recorded={recorded} />
      {which === null && <p class="line muted">{store.measured.value.confusion === null && store.measured.value.failed === null ? "Counting the mistakes…" : "No mistake is left to explain here: choose a class, another split, or pick samples in any view."}</p>}
      {asked && !used.tables && <Offer ctx={ctx} used={used} asked={asked} what="Which neurons made them" verb="Explain these mistakes" />}
      {found && found.n === 0 && <p class="line">{found.notes.at(-1) ?? "Nothing to explain."}</p>}
      {found && found.n > 0 && <div class="line"><Trust found={found} />{found.n > 1 && <Mistakes ctx={ctx} found={found} known={known} sample={sample} />}</div>}
      {sample !== null && <TryOut ctx={ctx} found={found} sample={sample} known={known} close={() => ctx.set({ sample: null })} />}
      {found && which && found.n > 0 && <Explained ctx={ctx} which={which} found={found} known={known} />}
      <EditPanel ctx={ctx} known={known} explained={found?.split ?? null} />
      <Patches ctx={ctx} known={known} />
    </section>
  );
}
