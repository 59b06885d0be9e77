/** What the dots tell at a checkpoint: colours, rings around what the network gets wrong, and who stays grey. */
import { MISSING, rampCodes } from "../../draw/points/appearance";
import type { Places } from "../../draw/points/quantise";
import type { Label } from "../../draw/points/scene";
import type { Column } from "../../hosts/arrow";
import type { Recording } from "../../hosts/recording";
import { fieldsOf, type Field } from "../../state/fields";
import type { NumberColumn } from "../../state/performance";
import type { Truth } from "../../state/selection";
import { byCode, byField, byNumber, colourings, middles, type Coloured } from "../scatter/colouring";

/** Colours that this view brings itself; other names are columns. */
export const OWN = ["label", "prediction", "label probability", "its place"] as const;
export type Own = (typeof OWN)[number];

export const OWN_WORDS: Record<Own, string> = { label: "label", prediction: "prediction at the checkpoint", "label probability": "probability of the label", "its place": "whether its place lies" };

export interface Said {
  predictions: NumberColumn | null;
  labelProbability: NumberColumn | null;
  lies: NumberColumn | null;
}

export function isOwn(name: string): name is Own {
  return (OWN as readonly string[]).includes(name);
}

/** Columns that can colour beside our own. */
export function otherColours(recording: Recording): Field[] {
  return colourings(recording).filter(({ name, role }) => role !== "label" && !(role === "model" && name === "prediction"));
}

/** What colours unless somebody chooses: labels where there are some. */
export function colourChosen(recording: Recording, option: unknown, page: string | null): string {
  const labelled = recording.nMissingLabels < recording.nSamples && recording.task === "multiclass";
  const known = (name: unknown): name is string => typeof name === "string" && (isOwn(name) || fieldsOf(recording).some((field) => field.name === name));
  const asked = [option, page].find(known);
  if (asked === undefined) return labelled ? "label" : "prediction";
  const field = fieldsOf(recording).find(({ name }) => name === asked);
  return field?.role === "label" ? "label" : asked;
}

const LIES = ["var(--ink-3)", "var(--bad)"] as const;

function byLies(lies: NumberColumn, keep: (i: number) => boolean): Coloured {
  const coloured = byCode(lies.values, lies.valid, ["its place is right", "its place lies"], keep);
  return { ...coloured, colours: { ...coloured.colours, palette: LIES, raised: 1 }, legend: coloured.legend.map((entry, k) => ({ ...entry, colour: LIES[k] ?? entry.colour })) };
}

export function coloured(by: string, said: Said, truth: Truth, classes: readonly string[], field: { field: Field; column: Column } | null, keep: (i: number) => boolean): Coloured | null {
  if (by === "label") return truth.label ? byCode(truth.label.values, truth.label.valid, classes, keep) : null;
  if (by === "prediction") return said.predictions && byCode(said.predictions.values, said.predictions.valid, classes, keep);
  if (by === "its place") return said.lies && byLies(said.lies, keep);
  if (by === "label probability") {
    if (!said.labelProbability) return null;
    const { values, valid } = said.labelProbability;
    // The ramp spans 0 … 1 at every checkpoint, so that a shade always means the same.
    return { ...byNumber({ values: Float32Array.of(0, 255), valid: null }), colours: { ...byNumber({ values: Float32Array.of(0, 255), valid: null }).colours, codes: rampCodes(values, valid, 0, 255) }, ends: ["0", "1"] };
  }
  return field ? byField(field.field, field.column, keep) : null;
}

/** Around each sample the network gets wrong, the other one of label and prediction; null where nothing is known. */
export function rims(by: string, predictions: NumberColumn | null, truth: Truth): Uint16Array | null {
  const { label } = truth;
  if ((by !== "label" && by !== "prediction") || !predictions || !label) return null;
  const out = new Uint16Array(truth.length).fill(MISSING);
  for (let i = 0; i < out.length; i++) {
    if ((label.valid && !label.valid[i]) || (predictions.valid && !predictions.valid[i])) continue;
    const [given, called] = [label.values[i] ?? 0, predictions.values[i] ?? 0];
    if (given !== called) out[i] = by === "label" ? called : given;
  }
  return out;
}

const MOST_LABELS = 40;
const MOST_SEEN = 20_000;

/** Names on the data, where most of each colour lies. */
export function names(of: Coloured, places: Places, keep: (i: number) => boolean): Label[] {
  const x = new Float64Array(places.n);
  const y = new Float64Array(places.n);
  // A median stands on some of many as well as on all.
  const every = Math.max(1, Math.floor(places.n / MOST_SEEN));
  for (let i = 0; i < places.n; i += every) {
    x[i] = places.x(i);
    y[i] = places.y(i);
  }
  const { a } = places.moving;
  return middles(of, x, y, (i) => i % every === 0 && keep(i) && !a.hidden[i]).slice(0, MOST_LABELS).map((label) => ({ x: label.x, y: label.y, text: label.text }));
}

/** The samples drawn nearest to one, nearest first. */
export function nearest(places: Places, of: number, most: number): number[] {
  const [x, y] = [places.x(of), places.y(of)];
  const found: { sample: number; away: number }[] = [];
  for (let i = 0; i < places.n; i++) {
    if (i === of || places.moving.a.hidden[i]) continue;
    const away = (places.x(i) - x) ** 2 + (places.y(i) - y) ** 2;
    if (found.length === most && away >= (found.at(-1)?.away ?? Infinity)) continue;
    let k = found.length;
    while (k > 0 && (found[k - 1]?.away ?? 0) > away) k--;
    found.splice(k, 0, { sample: i, away });
    if (found.length > most) found.pop();
  }
  return found.map(({ sample }) => sample);
}
