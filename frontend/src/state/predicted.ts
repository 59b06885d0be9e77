/** What a plain table says of each sample: its prediction column read as class indices, as if a checkpoint had said it. */
import { numbersOf, type Column } from "../hosts/arrow";
import type { Recording } from "../hosts/recording";
import type { Columns } from "./columns";
import type { NumberColumn, SampleColumns } from "./performance";

/** Class indices of a column that holds class names, or class indices already. */
function classIndices(column: Column, classes: readonly string[]): NumberColumn {
  if (column.kind === "category") {
    const place = Int32Array.from(column.values, (name) => classes.indexOf(name));
    const values = Int32Array.from(column.codes, (code) => place[code] ?? -1);
    const known = Uint8Array.from(values, (value, i) => Number(value >= 0 && (!column.valid || column.valid[i] === 1)));
    return { values: values.map((value) => Math.max(value, 0)), valid: known.includes(0) ? known : null };
  }
  if (column.kind === "text") {
    const places = new Map(classes.map((name, i) => [name, i]));
    const values = Int32Array.from({ length: column.length }, (_, i) => places.get(column.at(i) ?? "") ?? -1);
    const known = Uint8Array.from(values, (value) => Number(value >= 0));
    return { values: values.map((value) => Math.max(value, 0)), valid: known.includes(0) ? known : null };
  }
  return numbersOf(new Map([["prediction", column]]), "prediction");
}

function unknown(length: number): NumberColumn {
  return { values: new Float64Array(length), valid: new Uint8Array(length) };
}

export async function predictionsOf(recording: Recording, columns: Columns): Promise<SampleColumns> {
  const named = (means: string) => recording.columns.find((column) => column.means === means)?.name;
  const [name, sure] = [named("prediction"), named("confidence")];
  if (name === undefined) throw new Error("No column says what is predicted. Open the table with prediction=….");
  const [truth, said, confidence] = await Promise.all([columns.truth(), columns.get(name), sure === undefined ? null : columns.get(sure)]);
  const prediction = classIndices(said, recording.classes);
  const n = recording.nSamples;
  const { label } = truth;
  const right = Uint8Array.from({ length: n }, (_, i) => Number(label !== null && label.values[i] === prediction.values[i]));
  const judged = Uint8Array.from({ length: n }, (_, i) => Number(label !== null && (!label.valid || label.valid[i] === 1) && (!prediction.valid || prediction.valid[i] === 1)));
  return {
    prediction,
    confidence: confidence ? numbersOf(new Map([["confidence", confidence]]), "confidence") : unknown(n),
    loss: unknown(n),
    margin: unknown(n),
    correct: { values: right, valid: judged.includes(0) ? judged : null },
  };
}
