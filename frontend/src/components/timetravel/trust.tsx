/** How far the picture can be trusted: said in plain words on the picture, with every measure behind a door. */
import { count, measure, percent } from "../../draw/format";
import { SortedTable, type TableColumn } from "../../draw/table";
import { stringsOf, valueAt } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import { checkpointText } from "../../draw/where";
import type { Recording } from "../../hosts/recording";

export interface Measured {
  checkpoint: string | null;
  split: string | null;
  measure: string;
  neighbours: number | null;
  value: number | null;
  count: number | null;
  /** What chance gives; null where that is not known. */
  random: number | null;
}

export interface Rating {
  checkpoint: string | null;
  rating: "good" | "fair" | "poor";
  reason: string;
}

export interface Quality {
  measures: readonly Measured[];
  ratings: readonly Rating[];
  notes: readonly string[];
}

export const RATING_WORDS = { good: "trustworthy", fair: "fair, read it with care", poor: "not to be trusted" } as const;
export const RATING_TONE = { good: "good", fair: "warn", poor: "bad" } as const;

/** What each measure asks, in words, and whether it is a share. */
const MEASURES: Record<string, readonly [string, boolean]> = {
  neighbours_kept: ["neighbours kept", true],
  trustworthiness: ["no false neighbours", true],
  continuity: ["no torn neighbours", true],
  boundary_kept: ["neighbours at boundaries kept", true],
  prediction_kept: ["predictions kept", true],
  confidence_kept: ["confidence kept", true],
  inverse_distance: ["distance after there and back", false],
  landscape_agreement: ["territories agree with the network", true],
  landscape_agreement_boundary: ["the same at boundaries", true],
  temporal_ranking: ["what moved much moves far", false],
  moving_invariant: ["what changed moved", true],
  fixing_invariant: ["what stayed stays", true],
};

export function measureWords(name: string): string {
  return MEASURES[name]?.[0] ?? name.replaceAll("_", " ");
}

function maybe(table: Table, name: string, row: number): number | null {
  const column = table.get(name);
  const value = column ? valueAt(column, row) : null;
  return value === null || Number.isNaN(Number(value)) ? null : Number(value);
}

function maybeText(table: Table, name: string, row: number): string | null {
  const column = table.get(name);
  const value = column ? valueAt(column, row) : null;
  return typeof value === "string" && value !== "" ? value : null;
}

function rowsOf(table: Table): number[] {
  const [column] = table.values();
  return Array.from({ length: column?.length ?? 0 }, (_, row) => row);
}

export function readQuality(quality: Table, rating: Table, notes: Table): Quality {
  return {
    measures: rowsOf(quality).map((row) => ({
      checkpoint: maybeText(quality, "checkpoint", row), split: maybeText(quality, "split", row), measure: stringsOf(quality, "measure")(row),
      neighbours: maybe(quality, "neighbours", row), value: maybe(quality, "value", row), count: maybe(quality, "count", row), random: maybe(quality, "random", row),
    })),
    ratings: rowsOf(rating).flatMap((row) => {
      const said = maybeText(rating, "rating", row);
      return said === "good" || said === "fair" || said === "poor" ? [{ checkpoint: maybeText(rating, "checkpoint", row), rating: said, reason: maybeText(rating, "reason", row) ?? "" }] : [];
    }),
    notes: rowsOf(notes).flatMap((row) => maybeText(notes, "text", row) ?? maybeText(notes, "note", row) ?? []),
  };
}

/** A figure in its unit. */
export function figure({ measure: name, value }: Pick<Measured, "measure" | "value">): string {
  return MEASURES[name]?.[1] === false ? measure(value) : percent(value, 0);
}

/** The rating of a checkpoint, of the whole run where it has none. */
export function ratingAt(quality: Quality, checkpoint: string): Rating | null {
  return quality.ratings.find((one) => one.checkpoint === checkpoint) ?? quality.ratings.find((one) => one.checkpoint === null) ?? null;
}

/** A measure at a checkpoint: of the test samples where there are any, else of those there are. */
export function at(quality: Quality, checkpoint: string, name: string): Measured | null {
  const found = quality.measures.filter((one) => one.checkpoint === checkpoint && one.measure === name && one.value !== null);
  return found.find(({ split }) => split === "test") ?? found[0] ?? null;
}

/** "predictions kept 97 %, neighbours kept 23 % (by chance 1 %)". */
export function trustWords(quality: Quality, checkpoint: string): string {
  const parts = ["prediction_kept", "neighbours_kept"].flatMap((name) => {
    const found = at(quality, checkpoint, name);
    if (!found) return [];
    const chance = found.random === null ? "" : ` (by chance ${percent(found.random, 0)})`;
    return [`${measureWords(name)} ${figure(found)}${chance}`];
  });
  return parts.join(", ");
}

export function Trust(props: { quality: Quality; checkpoint: string; open: boolean; toggle: () => void }) {
  const { quality, checkpoint } = props;
  const rating = ratingAt(quality, checkpoint);
  const words = trustWords(quality, checkpoint);
  if (!rating && words === "") return null;
  return (
    <button type="button" class="trust" aria-expanded={props.open} title={rating ? `${rating.reason} Open every measure.` : "Open every measure"} onClick={props.toggle}>
      <span>Picture: {rating && <b class={RATING_TONE[rating.rating]}>{RATING_WORDS[rating.rating]}</b>}</span> <span class="muted">{words}</span>
      <span class="unseen">: every measure, by checkpoint</span>
    </button>
  );
}

interface Line {
  name: string;
  split: string;
  neighbours: number | null;
  now: Measured | null;
  worst: Measured | null;
}

function linesOf(quality: Quality, checkpoint: string): Line[] {
  const lines = new Map<string, Line>();
  for (const one of quality.measures) {
    const key = JSON.stringify([one.measure, one.split, one.neighbours]);
    const line = lines.get(key) ?? { name: one.measure, split: one.split ?? "all", neighbours: one.neighbours, now: null, worst: null };
    if (one.checkpoint === checkpoint || one.checkpoint === null) line.now = one;
    const larger = one.measure === "inverse_distance";
    if (one.value !== null && (line.worst?.value == null || (larger ? one.value > line.worst.value : one.value < line.worst.value))) line.worst = one;
    lines.set(key, line);
  }
  return [...lines.values()];
}

/** Every measure at the chosen checkpoint, beside the worst over all of them. */
export function QualityTable(props: { quality: Quality; checkpoint: string; recording: Recording; go: (checkpoint: string) => void }) {
  const { quality, checkpoint, recording } = props;
  const rating = ratingAt(quality, checkpoint);
  const whole = quality.ratings.find((one) => one.checkpoint === null);
  const name = (line: Line) => `${measureWords(line.name)}${line.neighbours === null ? "" : `, ${count(line.neighbours)} nearest`}`;
  const columns: TableColumn<Line>[] = [
    { id: "measure", name: "Measure", key: name, cell: name },
    { id: "split", name: "Samples", key: (line) => line.split, cell: (line) => line.split },
    { id: "now", name: checkpointText(recording, checkpoint), numeric: true, key: (line) => line.now?.value ?? null, cell: (line) => (line.now ? figure(line.now) : "–") },
    { id: "chance", name: "By chance", numeric: true, key: (line) => line.now?.random ?? null, cell: (line) => (line.now?.random == null ? "–" : figure({ measure: line.name, value: line.now.random })) },
    { id: "worst", name: "Worst", numeric: true, key: (line) => line.worst?.value ?? null, cell: (line) => {
      const { worst } = line;
      const at = worst?.checkpoint;
      return !worst ? "–" : typeof at === "string" ? <button type="button" class="door" title={`Go to ${checkpointText(recording, at)}`} onClick={() => props.go(at)}>{figure(worst)}</button> : figure(worst);
    } },
  ];
  return (
    <div class="quality">
      {rating && <p><b class={RATING_TONE[rating.rating]}>{`This frame is ${RATING_WORDS[rating.rating]}.`}</b> {rating.reason}</p>}
      {whole && <p class="muted">{`The whole run is ${RATING_WORDS[whole.rating]}. ${whole.reason}`}</p>}
      {quality.notes.map((note) => <p key={note} class="muted small">{note}</p>)}
      <SortedTable name="How far the picture can be trusted" rows={linesOf(quality, checkpoint)} columns={columns} initial={{ id: "measure", direction: "ascending" }} keyOf={(line) => JSON.stringify([line.name, line.split, line.neighbours])} />
    </div>
  );
}
