/** What speaks for or against a neuron in real samples: where it looks in them, and what it goes with. */
import { measure } from "../../draw/format";
import type { Table } from "../../hosts/host";
import type { Context } from "../component";
import { Glimpse } from "../samples-strip";
import { useAddress } from "./address";
import { linesOf } from "./rows";

/** Weaker correlations say nothing that a person should act on. */
const LEAST_CORRELATION = 0.2;

const PROPERTIES: { readonly [name: string]: string } = {
  brightness: "how bright the image is",
  contrast: "its contrast",
  sharpness: "how sharp it is",
  border: "how bright its border is",
  corner: "how bright its brightest corner is",
};

export interface Looked {
  row: number;
  mask: Uint8Array | null;
}

export interface Evidence {
  score: number | null;
  candidate: boolean;
  /** Real samples that excite the neuron most, the strongest first. */
  looked: readonly Looked[];
  /** Whole sentences. */
  goesWith: readonly string[];
}

export function readEvidence(tables: ReadonlyMap<string, Table>, neuron: number): Evidence {
  const own = (name: string) => linesOf(tables, name).filter((line) => line.number("neuron") === neuron);
  const [triage] = own("triage");
  const looked = own("exemplars").filter((line) => line.text("kind") === "overall").sort((a, b) => (a.number("rank") ?? 0) - (b.number("rank") ?? 0));
  const said: string[] = [];
  const wrong = triage?.number("median_mistakes") ?? null;
  const right = triage?.number("median_correct") ?? null;
  if (wrong !== null && right !== null) said.push(`In mistakes of the class its median is ${measure(wrong)}, in correct samples ${measure(right)}.`);
  const property = triage?.text("image_property") ?? null;
  const withImage = triage?.number("image_correlation") ?? null;
  if (property !== null && withImage !== null && Math.abs(withImage) >= LEAST_CORRELATION) said.push(`Of the image's properties it goes most with ${PROPERTIES[property] ?? property} (correlation ${measure(withImage)}).`);
  const column = triage?.text("metadata") ?? null;
  const withColumn = triage?.number("metadata_correlation") ?? null;
  if (column !== null && withColumn !== null && Math.abs(withColumn) >= LEAST_CORRELATION) said.push(`Of the columns it goes most with ${column} (correlation ${measure(withColumn)}).`);
  return {
    score: triage?.number("core_score") ?? null,
    candidate: triage?.flag("candidate") ?? false,
    looked: looked.map((line) => ({ row: line.number("sample_index") ?? 0, mask: line.bytes("mask") })),
    goesWith: said,
  };
}

function One({ ctx, looked: { row, mask }, masked }: { ctx: Context; looked: Looked; masked: boolean }) {
  const address = useAddress(masked ? mask : null);
  return (
    <li>
      <button type="button" class="mini" aria-label={`Open sample ${row}`} onClick={() => (ctx.store.focus.value = row)}>
        <Glimpse ctx={ctx} sample={row} />
        {address !== null && <img class="mask" src={address} alt="" />}
      </button>
    </li>
  );
}

/** Real samples under the same shade as the pictures: what is dim does not excite the neuron. */
export function WhereItLooks({ ctx, looked, masked }: { ctx: Context; looked: readonly Looked[]; masked: boolean }) {
  if (looked.every(({ mask }) => mask === null)) return null;
  return (
    <section class="exemplars" aria-label="Where it looks in real samples">
      <h5>{masked ? "Real samples, dim where it does not look" : "Real samples that excite it most"}</h5>
      <ul>{looked.map((one) => <One key={one.row} ctx={ctx} looked={one} masked={masked} />)}</ul>
    </section>
  );
}
