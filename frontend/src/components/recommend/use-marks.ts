/** Tells the picture what is recommended and what was answered; and finds the samples behind the answers of earlier batches. */
import { useEffect, useState } from "preact/hooks";
import { valueAt } from "../../hosts/arrow";
import type { Context } from "../component";
import { marksOf, type Mark } from "../timetravel/marks";
import type { Answer } from "./answers";
import type { Batch } from "./batch";
import { reason } from "../../hosts/reason";

/** The picture marks so many answers at most, the latest. */
const MOST = 300;

/** Positions of the samples that were answered, by id. */
export function usePlaces(ctx: Context, answers: ReadonlyMap<string, Answer>): ReadonlyMap<string, number> {
  const [places, set] = useState<ReadonlyMap<string, number>>(new Map());
  const { fingerprint, nSamples } = ctx.store.recording.value;
  const missing = [...answers.keys()].some((id) => !places.has(id));
  useEffect(() => {
    const name = ctx.store.recording.peek().columns.find(({ role }) => role === "id")?.name;
    if (!missing || name === undefined) return;
    let gone = false;
    ctx.data.columns.get(name).then((column) => {
      if (gone) return;
      const wanted = new Set(answers.keys());
      const found = new Map<string, number>();
      for (let row = 0; row < column.length && found.size < wanted.size; row++) {
        const id = String(valueAt(column, row));
        if (wanted.has(id)) found.set(id, row);
      }
      set(found);
    }, (error: unknown) => !gone && ctx.store.notice(`The answered samples could not be found. ${reason(error)}`));
    return () => {
      gone = true;
    };
  }, [missing, answers, fingerprint, nSamples]);
  return places;
}

export function useMarks(ctx: Context, batch: Batch | null, answers: ReadonlyMap<string, Answer>, places: ReadonlyMap<string, number>): void {
  const marks = marksOf(ctx.data);
  useEffect(() => {
    const found = new Map<number, Mark>();
    for (const row of batch?.typical.slice(0, 1) ?? []) found.set(row, "typical");
    for (const item of batch?.items ?? []) if (!answers.has(item.id)) found.set(item.row, "recommended");
    for (const answer of [...answers.values()].slice(-MOST)) {
      const row = places.get(answer.sampleId) ?? batch?.items.find(({ id }) => id === answer.sampleId)?.row;
      if (row !== undefined && answer.verdict !== "skip") found.set(row, answer.verdict);
    }
    marks.value = found;
  }, [batch, answers, places]);
  useEffect(() => () => void (marks.value = new Map()), []);
}
