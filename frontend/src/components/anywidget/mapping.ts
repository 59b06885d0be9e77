/** Traits of a widget tied to what the page shows, both ways, and without an echo. */
import { effect, untracked } from "@preact/signals";
import type { Model } from "../../afm/model";
import { valueAt, type Column, type Value } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { parse } from "../../state/clause-parser";
import { textOf } from "../../state/clause-text";
import type { Scalar } from "../../state/clauses";
import { and, every, rowsOf } from "../../state/masks";
import { ALL } from "../../state/selection";
import { START } from "../../state/store";
import type { Context } from "../component";
import { TARGETS } from "./targets";
import { ownValues } from "../facade";
import { reason } from "../../hosts/reason";

type Kind = "selection" | "focus" | "filter" | "filter:" | "passing" | "color_by" | "classes" | "values:" | "column:" | "theme";

interface Target {
  kind: Kind;
  column: string;
}

const PLAIN: readonly Kind[] = ["selection", "focus", "filter", "passing", "color_by", "classes", "theme"];
const OF_COLUMN: readonly Kind[] = ["filter:", "values:", "column:"];

export function targetOf(text: Json | undefined): Target | null {
  if (typeof text !== "string") return null;
  const plain = PLAIN.find((kind) => kind === text);
  if (plain) return { kind: plain, column: "" };
  const of = OF_COLUMN.find((kind) => text.startsWith(kind) && text.length > kind.length);
  return of ? { kind: of, column: text.slice(of.length) } : null;
}

function record(value: Json | undefined): { readonly [name: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as { readonly [name: string]: Json }) : {};
}

/** As a list in Python would arrive: numbers, texts, nulls; integers that a number cannot hold as text. */
function plain(value: Value): Json {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain);
  return value as Json;
}

/** Lists are made once for each column, however often it is read. */
const listed = new WeakMap<Column, readonly Json[]>();

function listOf(column: Column): readonly Json[] {
  let list = listed.get(column);
  if (!list) listed.set(column, (list = Array.from({ length: column.length }, (_, row) => plain(valueAt(column, row)))));
  return list;
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function textsOf(values: { readonly [name: string]: Json }): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}

/** More than this of a widget's own state is not kept in the layout. */
const MOST_KEPT = 64_000;

export class Mapping {
  readonly wrong: string[] = [];
  private readonly targets = new Map<string, Target>();
  /** What both sides know of each trait. */
  private readonly known = new Map<string, unknown>();
  /** What is kept of the traits that are tied to nothing, as JSON: only what an undo or another layout changes is told. */
  private kept: Map<string, string>;

  constructor(
    private readonly ctx: Context,
    private readonly defaults: { readonly [name: string]: Json },
  ) {
    this.kept = textsOf(this.own());
    for (const [trait, text] of Object.entries(record(ctx.options.peek()["map"]))) {
      const target = targetOf(text);
      if (target) this.targets.set(trait, target);
      else this.wrong.push(`“${trait}” is tied to ${JSON.stringify(text)}, which is nothing on this page. It can be tied to ${Object.keys(TARGETS).join(", ")}.`);
    }
  }

  /** The values that are not tied to anything: the module's, over them the layout's. */
  own(): { readonly [name: string]: Json } {
    return { ...this.defaults, ...record(this.ctx.options.value["traits"]) };
  }

  /** Resolves when every column that is asked for is there, or is known not to come. */
  async ready(): Promise<void> {
    const names = [...this.targets.values()].filter(({ column }) => column !== "").map(({ column }) => column);
    const asked = await Promise.allSettled(names.map((name) => this.ctx.data.filter.column(name)));
    for (const one of asked) if (one.status === "rejected") this.wrong.push(reason(one.reason));
  }

  /** Tell the widget from now on what changes on the page. Returns how to stop. */
  follow(model: Model): () => void {
    const stops = [...this.targets].map(([trait, target]) =>
      effect(() => {
        const value = this.read(target);
        if (value === undefined || (this.known.has(trait) && same(value, this.known.get(trait)))) return;
        this.known.set(trait, value);
        untracked(() => model.receive({ [trait]: value }));
      }),
    );
    stops.push(
      effect(() => {
        const own = this.own();
        const changed = [...new Set([...this.kept.keys(), ...Object.keys(own)])].filter((name) => !this.targets.has(name) && JSON.stringify(own[name]) !== this.kept.get(name));
        this.kept = textsOf(own);
        untracked(() => model.receive(Object.fromEntries(changed.map((name) => [name, own[name]]))));
      }),
    );
    return () => stops.forEach((stop) => stop());
  }

  private read({ kind, column }: Target): unknown {
    const { store, data, id } = this.ctx;
    switch (kind) {
      case "selection":
        return store.selection.value && store.selection.value.source !== START ? Array.from(store.selection.value.indices) : [];
      case "focus":
        return store.focus.value;
      case "color_by":
        return store.colorBy.value;
      case "theme":
        return store.theme.value;
      case "classes":
        return store.recording.value.classes;
      case "passing": {
        const [mask, within] = [data.filter.mask(id), data.filter.within.value];
        return Array.from(rowsOf(mask && within ? and(mask.slice(), within) : (mask ?? within ?? every(store.recording.value.nSamples))));
      }
      case "filter": {
        const own = data.filter.clause(id);
        return own?.enabled ? textOf(own.expr) : "";
      }
      case "filter:":
        return ownValues(this.ctx, column);
      case "values:":
      case "column:": {
        const found = data.filter.at(column);
        if (!found) return undefined;
        return kind === "column:" ? listOf(found) : found.kind === "category" ? found.values : [...new Set(listOf(found))].filter((value) => value !== null);
      }
    }
  }

  /** Take over what the widget saved. */
  write(changes: { readonly [name: string]: unknown }): void {
    const own: { [name: string]: unknown } = {};
    for (const [trait, value] of Object.entries(changes)) {
      const target = this.targets.get(trait);
      if (!target) own[trait] = value;
      else {
        // What comes back must not be told again, whether it was taken as it is or put in order.
        this.known.set(trait, target.kind === "selection" && Array.isArray(value) ? this.rows(value) : value);
        const refused = this.apply(target, value);
        if (refused !== null) this.ctx.store.notice(`The widget set “${trait}” to ${(JSON.stringify(value) ?? String(value)).slice(0, 60)}; ${refused}`);
      }
    }
    if (Object.keys(own).length > 0) this.keep(own);
  }

  private rows(values: readonly unknown[]): number[] {
    const n = this.ctx.store.recording.peek().nSamples;
    const rows = values.filter((row): row is number => typeof row === "number" && Number.isInteger(row) && row >= 0 && row < n);
    return [...new Set(rows)].sort((a, b) => a - b);
  }

  /** null, or what was expected instead. */
  private apply({ kind, column }: Target, value: unknown): string | null {
    const { store, data, id } = this.ctx;
    switch (kind) {
      case "selection":
        if (!Array.isArray(value) || this.rows(value).length !== new Set(value).size) return "a list of sample positions is expected.";
        // Of every split: a widget draws what it was given, which is all samples.
        void data.pick({ kind: "rows", rows: this.rows(value) }, id, { split: ALL });
        return null;
      case "focus":
        if (value !== null && this.rows([value]).length !== 1) return "a sample position or null is expected.";
        store.focus.value = value as number | null;
        return null;
      case "color_by":
        if (value !== null && !store.recording.peek().columns.some(({ name }) => name === value)) return "the name of a column or null is expected.";
        store.colorBy.value = value as string | null;
        return null;
      case "filter":
        return this.filterBy(value);
      case "filter:": {
        const scalar = (one: unknown): one is Scalar => ["string", "number", "boolean"].includes(typeof one);
        if (!Array.isArray(value) || !value.every(scalar)) return "a list of values is expected.";
        data.filter.set(id, value.length > 0 ? { op: "in", column, values: value } : null);
        return null;
      }
      default:
        return "this page does not take that from a widget.";
    }
  }

  private filterBy(value: unknown): string | null {
    const { filter } = this.ctx.data;
    if (typeof value !== "string") return "a filter as text is expected.";
    try {
      filter.set(this.ctx.id, value.trim() === "" ? null : parse(value));
      return null;
    } catch (error) {
      return reason(error);
    }
  }

  /** A widget's own state lasts like everything a person does, as far as it is plain data and not too much of it. */
  private keep(changes: { readonly [name: string]: unknown }): void {
    const plain = Object.entries(changes).filter(([, value]) => value !== undefined && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer));
    const traits = { ...record(this.ctx.options.peek()["traits"]), ...Object.fromEntries(plain) } as { readonly [name: string]: Json };
    const text = JSON.stringify(traits);
    if (text.length > MOST_KEPT) this.ctx.store.notice("What this widget holds is too large to be kept in the layout; it lasts until the page is closed.");
    else if (plain.length > 0) {
      const copy = JSON.parse(text) as { readonly [name: string]: Json };
      this.kept = textsOf({ ...this.defaults, ...copy });
      this.ctx.set({ traits: copy });
    }
  }
}
