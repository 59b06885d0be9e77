/** Pictures while they are made: what each seed looks like so far, and how far it is. Nothing of it is kept. */
import { useMemo } from "preact/hooks";
import type { Table } from "../../hosts/host";
import { crispness, useAddress } from "./address";
import { linesOf } from "./rows";

interface Frame {
  seed: number;
  step: number;
  steps: number;
  attempt: number;
  png: Uint8Array | null;
}

function readFrames(tables: ReadonlyMap<string, Table>, neuron: number): Frame[] {
  return linesOf(tables, "frames").flatMap((line) =>
    line.number("neuron") === neuron ? [{ seed: line.number("seed") ?? 0, step: line.number("step") ?? 0, steps: line.number("steps") ?? 0, attempt: line.number("attempt") ?? 1, png: line.bytes("png") }] : [],
  );
}

function One({ frame, title }: { frame: Frame; title: string }) {
  const address = useAddress(frame.png);
  return (
    <figure class="made">
      <span class="well">{address !== null && <img class={crispness(frame.png)} src={address} alt={`${title}, seed ${frame.seed}, so far`} />}</span>
      <figcaption class="small muted">
        <span class="num">{`step ${frame.step} of ${frame.steps}`}</span>
        {frame.attempt > 1 && <span>{`try ${frame.attempt}, with less of the class`}</span>}
      </figcaption>
    </figure>
  );
}

export function SoFar({ tables, neuron, label }: { tables: ReadonlyMap<string, Table>; neuron: number; label: string }) {
  const frames = useMemo(() => readFrames(tables, neuron), [tables, neuron]);
  if (frames.length === 0) return null;
  const title = `Neuron ${neuron} with ${label}`;
  return (
    <section class="so-far" aria-label="So far">
      <h5>{`${title}, so far`}</h5>
      <div class="row">{frames.map((frame) => <One key={frame.seed} frame={frame} title={title} />)}</div>
    </section>
  );
}
