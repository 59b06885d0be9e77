import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import css from "./table.css?inline";
import { useSize } from "../../draw/axes";
import { count, plural, shorten, valueText } from "../../draw/format";
import { Heading } from "../../draw/parts";
import { splitText } from "../../draw/where";
import { ScrollMap } from "../../draw/window";
import { valueAt, type Value } from "../../hosts/arrow";
import type { Expr, Scalar } from "../../state/clauses";
import { fieldsOf, type Field } from "../../state/fields";
import type { SortKey } from "../../state/sorting";
import { defineComponent, drawn, type Context } from "../component";
import { Picture } from "../grid/card";
import { MOST_COPIED, copy, tsv } from "./copy";
import { isFetchedByRow, useRows, useTexts } from "./rows";

const ROW = 34;
const FIRST_COLUMNS = 8;

/** "Only this value": a missing one is asked for as missing; a list has no one value. */
export function exprOf(field: string, value: Value | undefined): Expr | null {
  if (value === undefined || Array.isArray(value)) return null;
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return { op: "null", column: field };
  if (value instanceof Date) return { op: "eq", column: field, value: value.toISOString() };
  return typeof value === "object" ? null : { op: "eq", column: field, value: value as Scalar };
}

/** The next order after a click on a head: ascending, descending, none; with Shift the others stay. */
export function nextKeys(keys: readonly SortKey[], column: string, more: boolean): SortKey[] {
  const own = keys.find((key) => key.column === column);
  const others = more ? keys.filter((key) => key.column !== column) : [];
  if (own?.descending) return [...others];
  const next = { column, descending: own !== undefined };
  return own && more ? keys.map((key) => (key === own ? next : key)) : [...others, next];
}

function Head({ fields, keys, sort }: { fields: readonly Field[]; keys: readonly SortKey[]; sort: (column: string, more: boolean) => void }) {
  return (
    <div role="row" aria-rowindex={1} class="line head">
      {fields.map(({ name, type }) => {
        const at = keys.findIndex((key) => key.column === name);
        const key = keys[at];
        return (
          <div key={name} role="columnheader" aria-sort={key ? (key.descending ? "descending" : "ascending") : "none"} class={type === "number" || type === "integer" ? "cell numeric" : "cell"}>
            <button type="button" class="sort" title={`Sort by ${name}; with Shift, also by ${name}`} onClick={(event) => sort(name, event.shiftKey)}>
              {name || "(no name)"}<span aria-hidden="true">{key ? ` ${key.descending ? "↓" : "↑"}${keys.length > 1 ? at + 1 : ""}` : ""}</span>
            </button>
          </div>
        );
      })}
    </div>
  );
}

function Chosen({ ctx, field, value }: { ctx: Context; field: Field; value: Value | undefined }) {
  const expr = exprOf(field.name, value);
  if (!expr) return <span class="muted small">{value === undefined ? "" : `${field.name} holds several values`}</span>;
  const { filter } = ctx.data;
  const words = `${field.name} ${expr.op === "null" ? "is missing" : `= ${shorten(valueText(value ?? null), 28)}`}`;
  return (
    <span class="chosen">
      <span class="muted small">{words}</span>
      <button type="button" class="button" title={`Show only samples where ${words}`} onClick={() => filter.add(expr)}>Filter by this</button>
      <button type="button" class="button" title={`Leave out samples where ${words}`} onClick={() => filter.add({ op: "not", of: expr })}>Exclude</button>
    </span>
  );
}

function Columns({ fields, shown, change }: { fields: readonly Field[]; shown: readonly string[]; change: (names: string[]) => void }) {
  return (
    <details class="choose">
      <summary class="button">Columns</summary>
      <ul aria-label="Columns shown">
        {fields.map(({ name }) => (
          <li key={name}><label><input type="checkbox" checked={shown.includes(name)} onChange={() => change(shown.includes(name) ? shown.filter((other) => other !== name) : [...shown, name])} /> {name || "(no name)"}</label></li>
        ))}
      </ul>
    </details>
  );
}

function Table({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const all = useMemo(() => {
    const fields = fieldsOf(store.recording.value);
    return [...fields.filter(({ role }) => role === "id"), ...fields.filter(({ role }) => role !== "id")];
  }, [store.recording.value]);
  const [names, setNames] = useState<readonly string[]>(() => all.slice(0, FIRST_COLUMNS).map(({ name }) => name));
  const [keys, setKeys] = useState<readonly SortKey[]>([]);
  const fields = all.filter(({ name }) => names.includes(name));
  const rows = useRows(ctx, keys);
  const [box, size] = useSize<HTMLDivElement>();
  const [scrollTop, setScrollTop] = useState(0);
  const active = useSignal({ row: 0, column: 0 });
  const wantsFocus = useRef(false);
  const map = useMemo(() => new ScrollMap(rows.length, ROW), [rows]);
  const bodyHeight = Math.max(ROW, (size.height || 400) - ROW);
  const view = map.at(scrollTop, bodyHeight, 3);
  const visible = Array.from(rows.subarray(view.from, view.to));
  const texts = useTexts(ctx, fields, visible);
  const read = (field: Field, row: number): Value | undefined => {
    if (isFetchedByRow(field)) return texts(field.name, row);
    const column = data.filter.at(field.name);
    return column && valueAt(column, row);
  };
  useEffect(() => {
    active.value = { ...active.peek(), row: 0 };
    box.current?.scrollTo({ top: 0 });
    setScrollTop(0);
  }, [rows]);
  useEffect(() => {
    if (!wantsFocus.current) return;
    const cell = box.current?.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]');
    if (!cell) return;
    wantsFocus.current = false;
    cell.focus({ preventScroll: true });
  }, [active.value, scrollTop]);
  const open = (row: number) => {
    store.shown.value = rows;
    store.focus.value = row;
  };
  const keyed = (event: KeyboardEvent) => {
    const { row, column } = active.value;
    const page = Math.max(1, Math.floor(bodyHeight / ROW) - 1);
    const far = event.ctrlKey || event.metaKey;
    const moves: Record<string, [number, number]> = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0], Home: far ? [-Infinity, -Infinity] : [0, -Infinity], End: far ? [Infinity, Infinity] : [0, Infinity] };
    const by = moves[event.key];
    const sample = rows[row];
    if (event.key === "Enter" && sample !== undefined) open(sample);
    else if (by) {
      wantsFocus.current = true;
      const next = { row: Math.max(0, Math.min(rows.length - 1, row + by[0])), column: Math.max(0, Math.min(fields.length - 1, column + by[1])) };
      const to = map.reveal(next.row, box.current?.scrollTop ?? 0, bodyHeight);
      active.value = next;
      if (to !== null && box.current) box.current.scrollTop = to;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const copyAll = async () => {
    const some = Array.from(rows.subarray(0, MOST_COPIED));
    try {
      const byRow = fields.filter(isFetchedByRow).map(({ name }) => name);
      const fetched = byRow.length > 0 && some.length > 0 ? await data.columns.rows(byRow, some) : new Map();
      await Promise.all(fields.filter((field) => !isFetchedByRow(field)).map(({ name }) => data.filter.column(name)));
      const lines = some.map((row, i) => fields.map((field) => (isFetchedByRow(field) ? valueAt(fetched.get(field.name), i) : read(field, row))));
      await copy(tsv(fields.map(({ name }) => name), lines));
      store.say(`${plural(some.length, "row")} copied${rows.length > some.length ? `, the first of ${count(rows.length)}` : ""}.`);
    } catch (error) {
      store.notice(`Nothing was copied: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const activeField = fields[active.value.column];
  const activeSample = rows[active.value.row];
  const { kind } = store.recording.value;
  return (
    <section aria-label="Every sample, row by row">
      <Heading title={`${plural(rows.length, "sample")}, row by row`} small={`${splitText(store.split.value)}${data.filter.mask() ? " · filtered" : ""}`}>
        {activeField && activeSample !== undefined && <Chosen ctx={ctx} field={activeField} value={read(activeField, activeSample)} />}
        <Columns fields={all} shown={names} change={setNames} />
        <button type="button" class="button" title={`The first ${count(MOST_COPIED)} rows, as tab-separated text`} onClick={() => void copyAll()}>Copy</button>
      </Heading>
      {rows.length === 0 && <p class="none muted">No sample passes the filter.</p>}
      <div ref={box} class="scroll" role="grid" aria-label="Samples as a table" aria-rowcount={rows.length + 1} aria-colcount={fields.length} onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)} onKeyDown={keyed}>
        <Head fields={fields} keys={keys} sort={(column, more) => setKeys(nextKeys(keys, column, more))} />
        <div role="rowgroup" class="tall" style={{ height: `${map.height}px` }}>
          {visible.map((row, i) => {
            const place = view.from + i;
            return (
              <div key={row} role="row" aria-rowindex={place + 2} class={`line ${row === store.focus.value ? "on" : ""}`} style={{ transform: `translateY(${view.top + i * ROW}px)` }}>
                {fields.map((field, column) => {
                  const value = read(field, row);
                  const here = place === active.value.row && column === active.value.column;
                  return (
                    <div key={field.name} role="gridcell" aria-colindex={column + 1} tabIndex={here ? 0 : -1} class={field.type === "number" || field.type === "integer" ? "cell numeric" : "cell"} title={value === undefined ? "" : shorten(valueText(value), 300)}
                      onClick={() => {
                        active.value = { row: place, column };
                        open(row);
                      }}
                      onContextMenu={() => (active.value = { row: place, column })}>
                      {column === 0 && kind === "image" && <span class="thumb"><Picture ctx={ctx} sample={row} size={96} alt="" /></span>}
                      <span class={value === null ? "muted" : ""}>{value === undefined ? "…" : shorten(valueText(value), 120)}</span>
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

export const table = defineComponent({
  type: "table",
  title: "Every sample, row by row",
  needs: [],
  styles: css,
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawn(Table),
});
