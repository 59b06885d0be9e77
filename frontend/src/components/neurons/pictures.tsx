/** Pictures made to excite the neuron, with the controls that tell whether they show it at all. Evidence, not proof. */
import { useMemo, useState } from "preact/hooks";
import { measure, percent, probability } from "../../draw/format";
import type { Table } from "../../hosts/host";
import { Offer, useAnalysis, type Asked } from "../analysis";
import type { Context } from "../component";
import { crispness, useAddress } from "./address";
import { number } from "./chosen";
import { readEvidence, WhereItLooks, type Evidence } from "./evidence";
import { PRIORS } from "./priors";
import { linesOf } from "./rows";
import { SoFar } from "./so-far";

const TABLES = { pictures: [], agreement: [], triage: [], exemplars: ["neuron", "kind", "rank", "sample_index", "mask"], notes: [] } as const;
const KINDS = ["class", "class_only", "neuron_only"] as const;
type Kind = (typeof KINDS)[number];

interface Made {
  kind: Kind;
  seed: number;
  png: Uint8Array | null;
  mask: Uint8Array | null;
  activation: number | null;
  probability: number | null;
  percentile: number | null;
  specificity: number | null;
  badge: string | null;
  guidance: string | null;
}

interface Album {
  made: readonly Made[];
  agreement: string | null;
  evidence: Evidence;
  notes: readonly string[];
}

function readAlbum(tables: ReadonlyMap<string, Table>, neuron: number): Album {
  return {
    made: linesOf(tables, "pictures").flatMap((line) => {
      const kind = KINDS.find((one) => one === line.text("kind"));
      return kind === undefined ? [] : [{ kind, seed: line.number("seed") ?? 0, png: line.bytes("png"), mask: line.bytes("mask"), activation: line.number("activation"), probability: line.number("probability"), percentile: line.number("percentile"), specificity: line.number("specificity"), badge: line.text("badge"), guidance: line.text("guidance") }];
    }),
    agreement: linesOf(tables, "agreement")[0]?.text("words") ?? null,
    evidence: readEvidence(tables, neuron),
    notes: linesOf(tables, "notes").flatMap((line) => line.text("text") ?? []),
  };
}

function One({ made, masked, words }: { made: Made; masked: boolean; words: string }) {
  const address = useAddress(made.png);
  const mask = useAddress(masked ? made.mask : null);
  const lead = made.specificity === null ? null : `${made.specificity >= 0 ? "+" : ""}${measure(made.specificity)} σ over the class alone`;
  return (
    <figure class="made">
      <span class="well">
        {address !== null && <img class={crispness(made.png)} src={address} alt={words} />}
        {mask !== null && <img class="mask" src={mask} alt="" />}
      </span>
      <figcaption class="small">
        {made.badge !== null && <span class="badge warn">{made.badge}</span>}
        <span class="muted num">{made.percentile === null ? "" : `stronger than ${percent(made.percentile / 100, 0)} of real images`}</span>
        {lead !== null && <span class="muted num">{lead}</span>}
        <span class="muted num">{`probability of the class ${probability(made.probability)}`}</span>
      </figcaption>
    </figure>
  );
}

function Shown({ ctx, album, neuron, label }: { ctx: Context; album: Album; neuron: number; label: string }) {
  const [masked, setMasked] = useState(false);
  const titles: Record<Kind, string> = { class: `Neuron ${neuron} with ${label}`, class_only: `Control: ${label} alone`, neuron_only: "Control: the neuron alone" };
  const { score, candidate, looked, goesWith } = album.evidence;
  const guidance = album.made.find(({ guidance: words }) => words !== null)?.guidance ?? null;
  return (
    <>
      <WhereItLooks ctx={ctx} looked={looked} masked={masked} />
      <div class="album">
        {KINDS.map((kind) => (
          <section key={kind} aria-label={titles[kind]}>
            <h5>{titles[kind]}</h5>
            <div class="row">{album.made.filter((one) => one.kind === kind).map((one) => <One key={one.seed} made={one} masked={masked} words={`${titles[kind]}, seed ${one.seed}`} />)}</div>
          </section>
        ))}
      </div>
      <p class="small muted">
        <label class="check"><input type="checkbox" checked={masked} onChange={(event) => setMasked(event.currentTarget.checked)} /> Dim what the neuron does not look at</label>
        <br />
        {"Made by the machine: evidence, not proof. Believe the real samples first."}
        {guidance !== null && ` Guidance: ${guidance}.`}
        {score !== null && ` Core score ${measure(score)}: ${candidate ? "what excites it is less typical of the class than of others, so it may be spurious" : "what excites it is typical of the class"}.`}
        {goesWith.map((sentence) => ` ${sentence}`)}
        {album.agreement !== null && ` ${album.agreement}`}
      </p>
      {album.notes.length > 0 && (
        <details class="small muted">
          <summary>How they were made</summary>
          {album.notes.map((note) => <p key={note}>{note}</p>)}
        </details>
      )}
    </>
  );
}

export function Pictures({ ctx, neuron, label }: { ctx: Context; neuron: number; label: string | null }) {
  const { classes, missing } = ctx.store.recording.value;
  const options = ctx.options.value;
  const steps = number(options["steps"]);
  const drawn = PRIORS.find(({ id }) => id === options["prior"] && id !== "none");
  const prior = drawn?.id ?? "none";
  const asked = useMemo((): Asked | null => {
    const params = { neurons: [neuron], label, ...(prior === "none" ? {} : { prior }), ...(steps === null ? {} : { steps }), ...(ctx.store.chosen.value === null ? {} : { checkpoint: ctx.store.chosen.value }) };
    return label === null ? null : { analysis: "illusion", params, tables: TABLES, title: `Picturing neuron ${neuron} for ${label}${drawn ? `, drawn to ${drawn.name}` : ""}`, seconds: 40 * ((steps ?? 128) / 128) };
  }, [neuron, label, prior, steps, ctx.store.chosen.value]);
  const lacking = missing["illusion"];
  const used = useAnalysis(ctx, asked);
  const album = useMemo(() => used.tables && readAlbum(used.tables, neuron), [used.tables, neuron]);
  const job = asked && ctx.store.jobs.value.find(({ title }) => title === asked.title);
  return (
    <section class="pictures" aria-label="Pictures of it">
      <h4>Pictures of it
        {classes.length > 0 && <select aria-label="For which class" value={label ?? ""} onChange={(event) => ctx.set({ pictured: event.currentTarget.value })}>{classes.map((one) => <option key={one} value={one}>{`for ${one}`}</option>)}</select>}
        <select aria-label="What draws them to real images" value={prior} onChange={(event) => ctx.set({ prior: event.currentTarget.value })}>{PRIORS.map(({ id, name }) => <option key={id} value={id}>{id === "none" ? "drawn to nothing else" : `drawn to ${name}`}</option>)}</select>
      </h4>
      {lacking === undefined ? <p class="muted small">Pictures need the analysis “illusion”; another Bathyscope wrote this page.</p> : asked && <Offer ctx={ctx} used={used} asked={asked} what="What excites it" verb="Make pictures" />}
      {job && <button type="button" class="button" onClick={job.cancel}>Stop</button>}
      {job?.partial && label !== null && <SoFar tables={job.partial} neuron={neuron} label={label} />}
      {album && label !== null && <Shown ctx={ctx} album={album} neuron={neuron} label={label} />}
    </section>
  );
}
