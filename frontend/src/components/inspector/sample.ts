/** Everything that is known of one sample, fetched when it is looked at. */
import { useEffect, useState } from "preact/hooks";
import { valueAt, type Value } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import type { Context } from "../component";
import { readCourse, type CoursePoint } from "./course";
import { reason } from "../../hosts/reason";

export interface Fetched {
  sample: number;
  row: ReadonlyMap<string, Value>;
  text: string | null;
  label: number | null;
  course: CoursePoint[];
  courseFailed: string | null;
}

function rowOf(table: Table): Map<string, Value> {
  return new Map([...table].map(([name, column]) => [name, column.length > 0 ? valueAt(column, 0) : null]));
}

function words(error: unknown): string {
  return reason(error);
}

/** Labels come as an index, or as the name of the class. */
export function labelIndex(value: Value | undefined, classes: readonly string[]): number | null {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  const at = classes.indexOf(value);
  return at < 0 ? null : at;
}

function columnOf(recording: Recording, role: "label" | "id"): string {
  return recording.columns.find((column) => column.role === role)?.name ?? (role === "id" ? "sample_id" : "label");
}

export function idOf(recording: Recording, fetched: Fetched): string | null {
  const id = fetched.row.get(columnOf(recording, "id"));
  return id === null || id === undefined ? null : String(id);
}

export function labelColumn(recording: Recording): string {
  return columnOf(recording, "label");
}

/** The label in words; where a sample may carry several, all of them; null where there is none. */
export function labelWords(recording: Recording, { row, label }: Fetched): string | null {
  const { classes, task } = recording;
  if (task !== "multilabel") return label === null ? null : (classes[label] ?? `class ${label}`);
  const labels = row.get(labelColumn(recording));
  return Array.isArray(labels) && labels.length > 0 ? labels.map((index) => classes[Number(index)] ?? String(index)).join(", ") : null;
}

/** What a checkpoint says of it; of the last one that says anything where the chosen one does not. */
export function pointAt({ course }: Fetched, checkpoint: string | null): CoursePoint | undefined {
  return course.find((one) => one.checkpoint === checkpoint) ?? course.at(-1);
}

export interface UsedSample {
  fetched: Fetched | null;
  failed: string | null;
  again: () => void;
}

/** null asks for nothing. */
export function useSample(ctx: Context, sample: number | null): UsedSample {
  const { store, data } = ctx;
  const [state, setState] = useState<{ fetched: Fetched | null; failed: string | null }>({ fetched: null, failed: null });
  const [turn, setTurn] = useState(0);
  const recording = store.recording.value;
  useEffect(() => {
    if (sample === null) return setState({ fetched: null, failed: null });
    const control = new AbortController();
    const names = recording.columns.map(({ name }) => name);
    const course = recording.checkpoints.length === 0 ? Promise.resolve([]) : data.course(sample, control.signal).then(readCourse);
    const text = recording.kind === "text" ? data.text(sample, control.signal).catch((error: unknown) => `No text: ${words(error)}`) : Promise.resolve(null);
    Promise.all([data.columns.rows(names, [sample], control.signal), text, course.then((points) => ({ points, why: null }), (error: unknown) => ({ points: [], why: words(error) }))]).then(
      ([table, said, { points, why }]) => {
        if (control.signal.aborted) return;
        const row = rowOf(table);
        const label = recording.task === "multilabel" ? null : labelIndex(row.get(columnOf(recording, "label")), recording.classes);
        setState({ fetched: { sample, row, text: said, label, course: points, courseFailed: why }, failed: null });
      },
      (error: unknown) => !control.signal.aborted && setState({ fetched: null, failed: words(error) }),
    );
    return () => control.abort();
  }, [sample, recording.checkpoints.length, recording.fingerprint, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}
