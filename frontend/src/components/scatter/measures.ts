/** Which columns can place points, which come first, and where their numbers come from. */
import type { Column } from "../../hosts/arrow";
import type { Recording } from "../../hosts/recording";
import type { NumberColumn, SampleColumns } from "../../state/performance";
import type { Session } from "../../state/session";

/** A column of the samples, or what the checkpoint says of each sample. */
export interface Measure {
  id: string;
  name: string;
  said: keyof SampleColumns | null;
}

const SAID = ["confidence", "margin", "loss"] as const;

export function measuresOf(recording: Recording): Measure[] {
  const recorded = recording.columns
    .filter(({ type, role }) => role === "metadata" && (type === "number" || type === "integer"))
    .map(({ name }) => ({ id: `column:${name}`, name, said: null }));
  const missing = recording.missing["performance"] ?? [];
  const said = recording.checkpoints.length > 0 && missing.length === 0 ? SAID.map((name) => ({ id: `said:${name}`, name, said: name })) : [];
  return [...recorded, ...said];
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

/** The pair shown first: a projection where there is one, then the first two recorded numbers, then what the checkpoint says. */
export function firstPair(measures: readonly Measure[]): Pair | null {
  const recorded = measures.filter(({ said }) => said === null);
  const named = [...recorded.filter(({ name }) => name.startsWith("projection_")), ...recorded];
  for (const x of named) {
    const y = recorded.find((other) => other !== x && isProjection(x.name, other.name));
    if (y) return { x: x.id, y: y.id, projection: true };
  }
  const [x, y] = measures;
  return x && y ? { x: x.id, y: y.id, projection: false } : null;
}

function numbers(column: Column): NumberColumn {
  if (column.kind === "number") return { values: column.values, valid: column.valid };
  if (column.kind === "bigint") return { values: Float64Array.from(column.values as BigInt64Array, Number), valid: column.valid };
  return { values: new Float32Array(column.length), valid: new Uint8Array(column.length) };
}

export async function valuesOf(measure: Measure, data: Session, checkpoint: string | null): Promise<NumberColumn> {
  if (measure.said === null) return numbers(await data.columns.get(measure.name));
  const said = await data.predictions(checkpoint);
  if (!said) throw new Error(`No checkpoint says anything of the samples, so there is no ${measure.name}.`);
  return said[measure.said];
}
