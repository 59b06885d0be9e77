/** Finding samples on the picture by what they are called: id, number, label, prediction, or a word of a text column. */
import { count, plural } from "../../draw/format";
import { valueAt, type Column } from "../../hosts/arrow";
import type { Recording } from "../../hosts/recording";
import type { NumberColumn } from "../../state/performance";
import type { Truth } from "../../state/selection";
import type { Context } from "../component";

/** One sample, or all of which something holds. */
export type Find = { kind: "sample"; row: number; title: string; aside: string } | { kind: "group"; rows: Uint32Array; title: string; aside: string; words: string };

/** What is searched. Columns that are not here are passed over. */
export interface Sources {
  n: number;
  classes: readonly string[];
  ids: Column | null;
  truth: Truth | null;
  /** At the checkpoint where time stands. */
  predictions: NumberColumn | null;
  /** Columns of words, by name. */
  texts: ReadonlyMap<string, Column>;
}

const MOST_SAMPLES = 8;
const MOST_CLASSES = 6;
/** One letter is in nearly every text. */
const LEAST_LETTERS = 2;

type Codes = { readonly values: ArrayLike<number>; readonly valid: ArrayLike<number> | null } | null | undefined;

function at(column: Codes, row: number): number | null {
  return !column || (column.valid && !column.valid[row]) ? null : (column.values[row] ?? null);
}

function rowsWith(n: number, holds: (row: number) => boolean): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < n; row++) if (holds(row)) rows.push(row);
  return Uint32Array.from(rows);
}

/** Whether a column says a word, row by row; a category is asked once a value. */
function saying(column: Column, wish: string): (row: number) => boolean {
  const fits = (text: string) => text.toLowerCase().includes(wish);
  if (column.kind === "category") {
    const fitting = Uint8Array.from(column.values, (value) => Number(fits(value)));
    return (row) => (!column.valid || column.valid[row] === 1) && fitting[column.codes[row] ?? -1] === 1;
  }
  return (row) => fits(String(valueAt(column, row) ?? ""));
}

/** Without the zeros that pad numbers: "train/12" is "train/00012", too. */
function unpadded(id: string): string {
  return id.replace(/(^|\D)0+(?=\d)/g, "$1");
}

/** Samples whose id, said so, has a wish: the whole id first, then its beginning, then anything in it. */
function ranked({ n, ids }: Sources, wish: string, said: (id: string) => string): number[] {
  const ranks: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; ids && row < n; row++) {
    const id = said(String(valueAt(ids, row) ?? "").toLowerCase());
    const place = id.indexOf(wish);
    if (place < 0) continue;
    const list = ranks[place > 0 ? 2 : id.length === wish.length ? 0 : 1];
    if (list.length < MOST_SAMPLES) list.push(row);
  }
  return ranks.flat();
}

/** Samples by id; a bare number is a place in the recording, too. */
function byId(sources: Sources, wish: string): number[] {
  const number = /^#?\d{1,12}$/.test(wish) ? Number(wish.replace("#", "")) : NaN;
  const plain = ranked(sources, wish, (id) => id);
  const found = plain.length > 0 ? plain : ranked(sources, unpadded(wish), unpadded);
  const whole = found.filter((row) => sources.ids && String(valueAt(sources.ids, row)).length === wish.length);
  return [...new Set([...whole, ...(number < sources.n ? [number] : []), ...found])].slice(0, MOST_SAMPLES);
}

function groups(sources: Sources, wish: string): Find[] {
  const { n, classes, truth, predictions, texts } = sources;
  const found: Find[] = [];
  const add = (title: string, words: string, rows: Uint32Array) => {
    if (rows.length > 0) found.push({ kind: "group", rows, title, words, aside: plural(rows.length, "sample") });
  };
  const fitting = classes.flatMap((name, index) => (name.toLowerCase().includes(wish) ? [index] : [])).slice(0, MOST_CLASSES);
  for (const index of fitting) {
    const name = classes[index] ?? "";
    add(`labelled ${name}`, `labelled ${name}`, rowsWith(n, (row) => (truth?.lists?.(row)?.includes(index) ?? false) || at(truth?.label, row) === index));
    add(`called ${name} here`, `called ${name} at the checkpoint`, rowsWith(n, (row) => at(predictions, row) === index));
  }
  if (wish.length < LEAST_LETTERS) return found;
  for (const [name, column] of texts) add(`“${wish}” in ${name}`, `with “${wish}” in ${name}`, rowsWith(n, saying(column, wish)));
  return found;
}

/** Everything that fits what is typed: single samples first, then what holds of many. */
export function finds(sources: Sources, typed: string): Find[] {
  const wish = typed.trim().toLowerCase();
  if (wish === "") return [];
  const { ids, classes, truth } = sources;
  const samples = byId(sources, wish).map((row): Find => {
    const label = at(truth?.label, row);
    const name = ids ? String(valueAt(ids, row) ?? "") : "";
    return { kind: "sample", row, title: name === "" ? `sample ${count(row)}` : name, aside: label === null ? "no label" : (classes[label] ?? `class ${label}`) };
  });
  return [...samples, ...groups(sources, wish)];
}

/** Columns of words that a person may search; the id and what the network says are searched by themselves. */
export function textColumns(recording: Recording): string[] {
  return recording.columns.filter(({ type, role }) => role === "metadata" && (type === "text" || type === "category")).map(({ name }) => name);
}

/** The columns to search, fetched when somebody begins to type. */
export async function sourcesOf(ctx: Context, predictions: NumberColumn | null): Promise<Sources> {
  const recording = ctx.store.recording.peek();
  const { columns } = ctx.data;
  const id = recording.columns.find(({ role }) => role === "id")?.name;
  const names = textColumns(recording);
  const [ids, truth, ...texts] = await Promise.all([id === undefined ? null : columns.get(id), columns.truth(), ...names.map((name) => columns.get(name))]);
  return { n: recording.nSamples, classes: recording.classes, ids, truth, predictions, texts: new Map(names.flatMap((name, k) => (texts[k] ? [[name, texts[k]] as const] : []))) };
}
