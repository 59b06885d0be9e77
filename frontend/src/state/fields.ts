/** What can be filtered and charted: the recorded columns, labels by their names, and what the chosen checkpoint says. */
import { numbersOf, type Column, type Value } from "../hosts/arrow";
import { isMeasurable, saysPredictions, type ColumnInfo, type Recording } from "../hosts/recording";
import type { Columns } from "./columns";
import type { SampleColumns } from "./performance";
import { tagsField } from "./tags";

export interface Field {
  name: string;
  type: ColumnInfo["type"];
  /** "model": says something else at every checkpoint; "course": tells of all of them; "tags": what people put on the samples. */
  role: ColumnInfo["role"] | "model" | "course" | "tags";
}

const MODEL = { prediction: "category", correct: "bool", confidence: "number", loss: "number" } as const;
type ModelField = keyof typeof MODEL;

/** What the analysis of trajectories tells of each sample over the whole training; it is run when one of these is first asked for. */
const COURSE = {
  flips: "integer", last_flip: "number", first_learned: "number", forgotten: "integer", correct_share: "number", mean_label_probability: "number", aum: "number",
  path_length: "number", straightness: "number", max_speed: "number", max_speed_at: "number", distance_to_centroid: "number",
} as const;

/** Which of these a recording can tell: with one checkpoint nothing changes. */
function courseOf(recording: Recording): Field[] {
  if (recording.checkpoints.length < 2 || recording.missing["trajectories"]?.length !== 0) return [];
  return Object.entries(COURSE).map(([name, type]) => ({ name, type, role: "course" }));
}

/** Every field, labels and splits first; a recorded column of the same name hides what the checkpoint says. */
export function fieldsOf(recording: Recording): Field[] {
  const { columns, task, splits } = recording;
  // A table without splits has no column worth showing of them.
  const recorded = columns.filter(({ role }) => role !== "split" || splits.length > 0).map(({ name, type, role }): Field => ({ name, type: role === "label" && task === "multiclass" ? "category" : type, role }));
  // A plain table says what is predicted, and so what is right, but nothing of losses.
  const plain: readonly ModelField[] = ["prediction", "correct"];
  const said = !saysPredictions(recording) ? [] : isMeasurable(recording) ? (Object.keys(MODEL) as ModelField[]) : plain;
  const model = said
    .filter((name) => !columns.some((column) => column.name === name) && !(task === "multilabel" && name === "prediction"))
    .map((name): Field => ({ name, type: MODEL[name], role: "model" }));
  const tags: Field = { name: tagsField(recording), type: "list", role: "tags" };
  const course = courseOf(recording).filter(({ name }) => !columns.some((column) => column.name === name));
  const rank = { label: 0, model: 1, split: 2, metadata: 3, tags: 4, course: 5, id: 6 };
  return [...recorded, ...model, tags, ...course].sort((a, b) => rank[a.role] - rank[b.role]);
}

function isModel(name: string): name is ModelField {
  return Object.hasOwn(MODEL, name);
}

/** A column as people speak of it: class names instead of class indices. */
export async function fieldColumn(name: string, recording: Recording, columns: Columns, said: () => Promise<SampleColumns | null>, course: (name: string) => Promise<Column>): Promise<Column> {
  const field = fieldsOf(recording).find((one) => one.name === name);
  if (!field) throw new Error(`There is no column “${name}”.`);
  if (field.role === "model" && isModel(name)) {
    const predictions = await said();
    if (!predictions) throw new Error(`No checkpoint says anything about “${name}”.`);
    const { values, valid } = predictions[name];
    if (name === "prediction") return named({ kind: "number", length: values.length, values, integer: true, valid }, recording.classes);
    if (name === "correct") return { kind: "bool", length: values.length, values: Uint8Array.from(values), valid };
    return { kind: "number", length: values.length, values, integer: false, valid };
  }
  if (field.role === "course") return course(name);
  const column = await columns.get(name);
  if (field.role !== "label") return column;
  if (column.kind === "list") {
    const { classes } = recording;
    // Whole numbers inside lists come as they are stored, in 64 bits.
    const nameOf = (item: Value) => (typeof item === "number" || typeof item === "bigint" ? (classes[Number(item)] ?? item) : item);
    return { ...column, at: (index) => {
      const value = column.at(index);
      return Array.isArray(value) ? (value as readonly Value[]).map(nameOf) : value;
    } };
  }
  return named(column, recording.classes);
}

function named(column: Column, classes: readonly string[]): Column {
  if (column.kind !== "number" && column.kind !== "bigint") return column;
  const { values, valid } = numbersOf(new Map([["label", column]]), "label");
  const known = Uint8Array.from(values, (value, i) => Number((!valid || valid[i] === 1) && value >= 0 && value < classes.length));
  const codes = Int32Array.from(values, (value, i) => (known[i] ? value : 0));
  return { kind: "category", length: column.length, codes, values: classes, valid: known.includes(0) ? known : null };
}
