/** What a component of an outsider gets: the page in plain words and plain arrays, and nothing that may change next year. */
import { effect, untracked } from "@preact/signals";
import { classColour } from "../draw/colour";
import { numbersOf, valueAt, type Column, type Value } from "../hosts/arrow";
import type { Json } from "../hosts/host";
import { parse } from "../state/clause-parser";
import { textOf } from "../state/clause-text";
import type { Scalar } from "../state/clauses";
import { has } from "../state/masks";
import { ALL } from "../state/selection";
import { START } from "../state/store";
import type { Context } from "./component";
import { checked, type OptionSpecs } from "./options";

export type PlainColumn =
  /** NaN where there is no number; true is 1, a moment is milliseconds since 1970. */
  | { kind: "number"; values: Float64Array; at: (index: number) => Value }
  /** −1 where there is none. */
  | { kind: "category"; codes: Int32Array; values: readonly string[]; at: (index: number) => Value }
  | { kind: "other"; at: (index: number) => Value };

export interface Facade {
  root: ShadowRoot;
  signal: AbortSignal;
  /** How many samples there are. */
  length: number;
  classes: readonly string[];
  options: {
    get: (name: string) => Json;
    set: (changes: { readonly [name: string]: Json }) => void;
  };
  columns: (name: string) => Promise<PlainColumn>;
  /** 1 for each sample of the chosen split that passes the filters of everybody else. */
  mask: () => Uint8Array;
  selection: { get: () => Uint32Array; set: (samples: Iterable<number>) => void };
  focus: { get: () => number | null; set: (sample: number | null) => void };
  /** This component's own filter, which filters every other view: as text ("" for none), or as the values of a column. */
  filter: {
    get: () => string;
    set: (text: string) => void;
    values: (column: string) => readonly Scalar[];
    only: (column: string, values: readonly Scalar[]) => void;
  };
  /** Colour of the class or category with this code, and of a token such as "accent". */
  colours: { of: (code: number | null) => string; token: (name: string) => string };
  /** Called after anything of the above has changed. */
  on: (changed: () => unknown) => void;
}

export function plainColumn(column: Column): PlainColumn {
  const at = (index: number) => valueAt(column, index);
  switch (column.kind) {
    case "category": {
      const { codes, values, valid } = column;
      return { kind: "category", codes: valid ? codes.map((code, i) => (valid[i] ? code : -1)) : codes.slice(), values: [...values], at };
    }
    case "number":
    case "bigint":
    case "bool":
    case "time": {
      const { values, valid } = column.kind === "time" ? column : numbersOf(new Map([["column", column]]), "column");
      return { kind: "number", values: Float64Array.from(values, (value, i) => (valid && !valid[i] ? NaN : value)), at };
    }
    default:
      return { kind: "other", at };
  }
}

/** The values of a column that a tile's own filter keeps; none where it filters by something else. */
export function ownValues({ data, id }: Context, column: string): readonly Scalar[] {
  const own = data.filter.clause(id);
  if (!own?.enabled) return [];
  const { expr } = own;
  if (expr.op === "in" && expr.column === column) return expr.values;
  return expr.op === "eq" && expr.column === column ? [expr.value] : [];
}

function maskOf(ctx: Context): Uint8Array {
  const { filter } = ctx.data;
  const [mask, within] = [filter.mask(ctx.id), filter.within.value];
  return Uint8Array.from({ length: ctx.store.recording.value.nSamples }, (_, i) => Number((!mask || has(mask, i)) && (!within || has(within, i))));
}

/** Everything a drawing may depend on: reading it hears of the next change. */
function touch(ctx: Context): void {
  const { store, data, options, id } = ctx;
  void [store.recording.value, store.selection.value, store.focus.value, store.theme.value, store.checkpoint.value, options.value];
  void [data.filter.mask(id), data.filter.within.value, data.filter.clause(id)];
}

/** Run code of an outsider; what it throws, at once or as a promise, goes to `failed` and stops nobody else. */
export function attempted(code: () => unknown, failed: (error: unknown) => void): unknown {
  try {
    const made = code();
    return made instanceof Promise ? made.catch(failed) : made;
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** `failed` hears what a listener throws: it must not stop what called it. */
export function facadeOf(ctx: Context, specs: OptionSpecs, failed: (error: unknown) => void): Facade {
  const { store, data, id } = ctx;
  const n = () => store.recording.peek().nSamples;
  const inside = (sample: number) => Number.isInteger(sample) && sample >= 0 && sample < n();
  return {
    root: ctx.root,
    signal: ctx.signal,
    get length() {
      return n();
    },
    get classes() {
      return store.recording.peek().classes;
    },
    options: { get: (name) => checked(specs, ctx.options.peek()).options[name] ?? null, set: ctx.set },
    columns: async (name) => plainColumn(await data.filter.column(name)),
    mask: () => untracked(() => maskOf(ctx)),
    selection: {
      get: () => {
        const selection = store.selection.peek();
        return selection && selection.source !== START ? selection.indices.slice() : new Uint32Array(0);
      },
      set: (samples) => void data.pick({ kind: "rows", rows: [...new Set(samples)].filter(inside).sort((a, b) => a - b) }, id, { split: ALL }),
    },
    focus: { get: () => store.focus.peek(), set: (sample) => void (store.focus.value = sample !== null && inside(sample) ? sample : null) },
    filter: {
      get: () => {
        const own = store.clauses.peek().find(({ source }) => source === id);
        return own?.enabled ? textOf(own.expr) : "";
      },
      set: (text) => data.filter.set(id, text.trim() === "" ? null : parse(text)),
      values: (column) => untracked(() => ownValues(ctx, column)),
      only: (column, values) => data.filter.set(id, values.length > 0 ? { op: "in", column, values: [...values] } : null),
    },
    colours: { of: classColour, token: (name) => `var(--${name})` },
    on: (changed) => {
      let first = true;
      const stop = effect(() => {
        touch(ctx);
        if (!first) {
          attempted(() => untracked(changed), failed);
        }
        first = false;
      });
      ctx.signal.addEventListener("abort", stop, { once: true });
    },
  };
}
