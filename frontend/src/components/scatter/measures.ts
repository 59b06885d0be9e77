/** Which columns can place points, which come first, and where their numbers come from. */
import { measure, valueText } from "../../draw/format";
import type { Recording } from "../../hosts/recording";
import type { NumberColumn, SampleColumns } from "../../state/performance";
import type { Session } from "../../state/session";
import { numbersIn } from "./colouring";

/** A column of the samples, or what the checkpoint says of each sample. */
export interface Measure {
  name: string;
  said: keyof SampleColumns | null;
  /** Its values are points in time. */
  time: boolean;
}

const SAID = ["confidence", "margin", "loss"] as const;

export function measuresOf(recording: Recording): Measure[] {
  const recorded = recording.columns
    .filter(({ type, role }) => role === "metadata" && (type === "number" || type === "integer" || type === "datetime"))
    .map(({ name, type }): Measure => ({ name, said: null, time: type === "datetime" }));
  const missing = recording.missing["performance"] ?? [];
  const said = recording.checkpoints.length > 0 && missing.length === 0 ? SAID.map((name): Measure => ({ name, said: name, time: false })) : [];
  // A recorded column of the same name is what the name means.
  return [...recorded, ...said.filter(({ name }) => !recording.columns.some((column) => column.name === name))];
}

/** A value of it in words. */
export function wordsOf({ time }: Measure, value: number | null): string {
  return time && value !== null && Number.isFinite(value) ? valueText(new Date(value)) : measure(value);
}

export interface Pair {
  x: string;
  y: string;
  /** Both axes measure the same thing, so that distances mean something and ticks do not. */
  projection: boolean;
}

const AXIS = /^(.*?)[_ .-]?(x|y|1|2)$/i;

/** Is it a pair of coordinates: the same name, ending in x and y or in 1 and 2? */
export function isProjection(x: string, y: string): boolean {
  const [a, b] = [AXIS.exec(x), AXIS.exec(y)];
  if (!a || !b || a[1] !== b[1]) return false;
  return /^(xy|12)$/i.test(`${a[2]}${b[2]}`);
}

/** The pair shown first: what the table calls x and y, a projection where there is one, the first two recorded numbers, what the checkpoint says. */
export function firstPair(measures: readonly Measure[], recording?: Recording): Pair | null {
  const meant = (word: "x" | "y") => recording?.columns.find(({ means }) => means === word)?.name;
  const [left, up] = [meant("x"), meant("y")];
  if (left !== undefined && up !== undefined && [left, up].every((name) => measures.some((one) => one.name === name))) return { x: left, y: up, projection: true };
  const recorded = measures.filter(({ said }) => said === null);
  const named = [...recorded.filter(({ name }) => name.startsWith("projection_")), ...recorded];
  for (const x of named) {
    const y = recorded.find((other) => other !== x && isProjection(x.name, other.name));
    if (y) return { x: x.name, y: y.name, projection: true };
  }
  const [x, y] = measures;
  return x && y ? { x: x.name, y: y.name, projection: false } : null;
}

export async function valuesOf(measure: Measure, data: Session, checkpoint: string | null): Promise<NumberColumn> {
  if (measure.said === null) {
    const column = await data.columns.get(measure.name);
    return numbersIn(column) ?? { values: new Float32Array(column.length), valid: new Uint8Array(column.length) };
  }
  const said = await data.predictions(checkpoint);
  if (!said) throw new Error(`No checkpoint says anything of the samples, so there is no ${measure.name}.`);
  return said[measure.said];
}
