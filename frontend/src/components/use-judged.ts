/** What is right and wrong, as views that count on the page need it: fetched when first needed, kept while the next one comes. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { judgedColumn, judgedOf, type Judged } from "../state/counting";
import { and, type Mask } from "../state/masks";
import { checkpointText, splitText } from "../draw/where";
import type { Recording } from "../hosts/recording";
import { fieldsOf } from "../state/fields";
import type { Context } from "./component";
import { reason } from "../hosts/reason";

/** A slider that is dragged passes many checkpoints; only where it rests are predictions fetched. */
const REST_MS = 220;
const COLUMN = "column:";

export interface UsedJudged {
  judged: Judged | null;
  /** Whose predictions these are: a checkpoint, "column:…", or null for what a plain table says. */
  of: string | null;
  failed: string | null;
  again: () => void;
}

/** A column of predictions, as an option names it. */
export function columnSource(name: string): string {
  return `${COLUMN}${name}`;
}

export function columnOf(source: string | null): string | null {
  return source?.startsWith(COLUMN) ? source.slice(COLUMN.length) : null;
}

async function judgedBy(ctx: Context, source: string | null): Promise<Judged | null> {
  const { columns } = ctx.data;
  const { classes } = ctx.store.recording.peek();
  const truth = await columns.truth();
  const column = columnOf(source);
  if (column !== null) return judgedColumn(truth, await columns.get(column), classes);
  const said = await ctx.data.predictions(source);
  return said && judgedOf(truth, said, classes.length);
}

/** `undefined` asks for nothing. */
export function useJudged(ctx: Context, source: string | null | undefined): UsedJudged {
  const [found, setFound] = useState<{ judged: Judged | null; of: string | null; failed: string | null }>({ judged: null, of: null, failed: null });
  const [turn, setTurn] = useState(0);
  const { fingerprint, nSamples } = ctx.store.recording.value;
  useEffect(() => {
    if (source === undefined) return;
    let gone = false;
    const ask = () =>
      judgedBy(ctx, source).then(
        (judged) => !gone && setFound({ judged, of: source, failed: null }),
        (error: unknown) => !gone && setFound((old) => ({ ...old, failed: reason(error) })),
      );
    const timer = setTimeout(() => void ask(), found.judged ? REST_MS : 0);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [source, fingerprint, nSamples, turn]);
  const fits = found.judged === null || found.judged.length === nSamples;
  return { judged: fits ? found.judged : null, of: found.of, failed: found.failed, again: () => setTurn((n) => n + 1) };
}

/** The samples a view counts: its split, and every filter but its own; null is all. `filtered` tells a filter from a split. */
export function useCounted(ctx: Context): { mask: Mask | null; filtered: boolean } {
  const { filter } = ctx.data;
  const passing = filter.mask(ctx.id);
  const within = filter.within.value;
  const mask = useMemo(() => (passing && within ? and(passing.slice(), within) : (passing ?? within)), [passing, within]);
  return { mask, filtered: passing !== null };
}

/** Pick exactly these samples, told in words: "wrong where batch is 3". */
export function pickRows(ctx: Context, rows: Uint32Array, words: string, checkpoint: string | null = null): void {
  void ctx.data.pick({ kind: "rows", rows: Array.from(rows), words }, ctx.id, checkpoint === null ? {} : { checkpoint });
}

/** Whose predictions they are, in words: "checkpoint 3", "column second reader". */
export function sourceText(recording: Recording, source: string | null): string {
  const column = columnOf(source);
  return column !== null ? `column ${column}` : source === null ? "the prediction column" : checkpointText(recording, source);
}

export function whereOf(recording: Recording, split: string, source: string | null): string {
  return `${splitText(split)} · ${sourceText(recording, source)}`;
}

/** Columns of predictions beside those of the checkpoints. */
export function predictionColumns(recording: Recording): readonly string[] {
  return recording.columns.filter(({ means }) => means === "prediction").map(({ name }) => name);
}

/** The names under which a filter finds label and prediction; null where no column says it by class name. */
export function namesOf(recording: Recording, source: string | null): { label: string | null; prediction: string | null } {
  const label = recording.columns.find(({ role }) => role === "label")?.name ?? null;
  const said = columnOf(source);
  const fields = fieldsOf(recording);
  const own = recording.columns.find((column) => (said === null ? column.means === "prediction" : column.name === said));
  const named = own && (own.type === "category" || own.type === "text") ? own.name : null;
  const model = fields.find(({ name, role }) => name === "prediction" && role === "model")?.name ?? null;
  return { label, prediction: said !== null ? named : (model ?? (recording.checkpoints.length === 0 ? named : null)) };
}
