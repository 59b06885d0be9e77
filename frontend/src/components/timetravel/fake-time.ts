/** For tests: twelve samples on their way through three checkpoints, thought up so that every case of the views occurs. */
import type { Column } from "../../hosts/arrow";
import { CLASSES, FakeHost, LABELS, PREDICTIONS, categories, numbers } from "../../hosts/fake";
import type { Json } from "../../hosts/host";

export const NAMES = ["000001", "000002", "000003"];
const N = LABELS.length;
const CELLS = 2;

export function texts(values: readonly (string | null)[]): Column {
  return { kind: "text", length: values.length, at: (index) => values[index] ?? null };
}

export function lists(values: readonly (readonly (string | number)[] | null)[]): Column {
  return { kind: "list", length: values.length, at: (index) => values[index] ?? null };
}

function planes(values: readonly Uint8Array[]): Column {
  return { kind: "list", length: values.length, at: (index) => Array.from(values[index] ?? []), bytes: (index) => values[index] ?? null };
}

/** Sample i stands at (4096 i, 0) first, and a thousand codes higher at every checkpoint; sample 11 has no place in the first. */
export function places(frame: number): Column {
  const values = Uint16Array.from({ length: 2 * N }, (_, k) => (k % 2 === 0 ? 4096 * (k / 2) : 1000 * frame));
  const valid = frame === 0 ? Uint8Array.from({ length: N }, (_, i) => Number(i !== 11)) : null;
  return { kind: "list", length: N, at: (i) => (valid && !valid[i] ? null : [values[2 * i] ?? 0, values[2 * i + 1] ?? 0]), ...(valid ? {} : { flat: { values, width: 2, valid } }) };
}

/** sample, checkpoint, kind, from, to, amount */
const EVENTS: readonly (readonly [number, number, string, string, string, number])[] = [
  [1, 1, "flip", "T-shirt", "Shirt", -0.4], [2, 1, "flip", "Bag", "Shirt", 0.1], [4, 1, "learned", "T-shirt", "Shirt", 0.7],
  [4, 1, "flip", "T-shirt", "Shirt", 0.7], [2, 2, "flip", "Shirt", "T-shirt", 0.6], [6, 2, "forgotten", "Bag", "Shirt", -0.9],
];

function byCheckpoint(column: (frame: number) => Column): Map<string, Column> {
  return new Map(NAMES.map((name, frame) => [name, column(frame)]));
}

/** More than the host knows itself: both analyses, recommend beside them, and a test set that is smaller than all. */
export const MORE: { readonly [key: string]: Json } = {
  analyses: ["performance", "familiarity", "duplicates", "timetravel", "trajectories", "recommend"].map((name) => ({ name, missing: [] })),
};

export function timeHost(checkpoints = 3, more: { readonly [key: string]: Json } = {}): FakeHost {
  const host = new FakeHost(checkpoints, { ...MORE, ...more });
  const give = (name: string, table: Map<string, Column>) => host.given.set(name, table);
  give("timetravel/frames", new Map<string, Column>([
    ["checkpoint", texts(NAMES)], ["x", numbers([-1, -1, -1])], ["y", numbers([-1, -1, -1])], ["size", numbers([2, 2, 2])], ["motion", numbers([null, 0.1, 0.2], false)],
  ]));
  give("timetravel/positions", byCheckpoint(places));
  give("timetravel/misplaced", byCheckpoint((frame) => ({ kind: "bool", length: N, values: Uint8Array.from({ length: N }, (_, i) => Number(frame === 2 && (i === 3 || i === 7))), valid: null })));
  const full = new Uint8Array(CELLS * CELLS).fill(255);
  const classes = new Uint8Array(Uint16Array.of(0, 1, 0, 2).buffer);
  give("timetravel/landscapes", new Map<string, Column>([
    ["checkpoint", texts(NAMES)], ["cells", numbers([CELLS, CELLS, CELLS])], ["classes", planes([classes, classes, classes])],
    ...["confidence", "gap", "support"].map((name) => [name, planes([full, full, full])] as const),
  ]));
  give("timetravel/quality", new Map<string, Column>([
    ["checkpoint", texts([...NAMES, "000003"])], ["split", texts(["test", "test", "test", "test"])], ["measure", texts(["prediction_kept", "prediction_kept", "prediction_kept", "neighbours_kept"])],
    ["neighbours", numbers([null, null, null, 15])], ["value", numbers([0.62, 0.9, 0.97, 0.23], false)], ["count", numbers([7, 7, 7, 7])], ["random", numbers([null, null, null, 0.01], false)],
  ]));
  give("timetravel/rating", new Map<string, Column>([
    ["checkpoint", texts([null, ...NAMES])], ["rating", texts(["fair", "poor", "fair", "good"])], ["reason", texts(["The first checkpoint is drawn badly.", "Predictions are kept for 62 % only.", "Most are kept.", "Nearly all are kept."])],
  ]));
  give("timetravel/notes", new Map([["text", texts(["Neighbours were lowered to 11."])]]));
  give("trajectories/frames", new Map<string, Column>([
    ["checkpoint", texts(NAMES)], ["flips", numbers([null, 3, 1])], ["learned", numbers([null, 1, 0])], ["forgotten", numbers([null, 0, 1])],
    ["confidence_jumps", numbers([null, 0, 0])], ["movements", numbers([null, 0, 0])],
  ]));
  give("trajectories/predictions", byCheckpoint((frame) => numbers([...(PREDICTIONS[frame] ?? [])])));
  const probability = byCheckpoint((frame) => numbers(LABELS.map((label) => (label === null ? null : 85 * frame))));
  give("trajectories/label_probability", probability);
  give("trajectories/confidence", probability);
  give("trajectories/samples", new Map<string, Column>([["flips", numbers(LABELS.map((_, i) => i % 4))], ["aum", numbers(LABELS.map((_, i) => i / 2), false)]]));
  give("trajectories/events", new Map<string, Column>([
    ["sample_index", numbers(EVENTS.map(([sample]) => sample))], ["checkpoint", categories(EVENTS.map(([, frame]) => NAMES[frame] ?? ""))], ["kind", categories(EVENTS.map(([, , kind]) => kind))],
    ["from", texts(EVENTS.map(([, , , from]) => from))], ["to", texts(EVENTS.map(([, , , , to]) => to))], ["amount", numbers(EVENTS.map(([, , , , , amount]) => amount), false)],
  ]));
  return host;
}

/** A batch of recommendations, three at a time: those that are not answered, by sample. */
export function recommendHost(pool: readonly number[] = [1, 2, 4, 6, 8, 9]): FakeHost {
  const host = timeHost();
  const table = host.table.bind(host);
  host.table = async (name, columns, options) => {
    const found = /^results\/recommend\/(.*)\/(\w+)$/.exec(name);
    if (!found) return table(name, columns, options);
    const params = JSON.parse(decodeURIComponent(found[1] ?? "")) as { accepted?: string[]; rejected?: string[]; skipped?: string[] };
    const gone = new Set([params.accepted, params.rejected, params.skipped].flatMap((ids) => ids ?? []).map((id) => Number(id.split("/")[1])));
    const rows = pool.filter((row) => !gone.has(row)).slice(0, 3);
    const tables: Record<string, Map<string, Column>> = {
      batch: new Map<string, Column>([
        ["rank", numbers(rows.map((_, k) => k + 1))], ["sample_index", numbers(rows)], ["score", numbers(rows.map((_, k) => 0.9 - k / 10), false)],
        ["suggested", texts(rows.map((row) => CLASSES[(row + 1) % 3] ?? null))], ["why", lists(rows.map((row) => [`reason ${row}`, "its neighbours differ"]))], ["part", texts(rows.map(() => "top"))],
      ]),
      weights: new Map<string, Column>([["feature", texts(["a", "b"])], ["label", texts(["low margin", "moved late"])], ["weight", numbers([0.5, -1], false)], ["prior", numbers([1, 0.2], false)]]),
      typical: new Map<string, Column>([["sample_index", numbers([10])]]),
      review: new Map<string, Column>([["sample_index", numbers(gone.has(2) ? [2] : [])], ["answered", texts(gone.has(2) ? ["no"] : [])], ["expected", texts(gone.has(2) ? ["yes"] : [])], ["doubt", numbers(gone.has(2) ? [0.97] : [], false)]]),
      notes: new Map<string, Column>([["text", texts([])]]),
    };
    return tables[found[2] ?? ""] ?? new Map();
  };
  return host;
}
