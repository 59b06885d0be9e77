import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { count, plural } from "../../draw/format";
import { Heading } from "../../draw/parts";
import { splitText } from "../../draw/where";
import { ScrollMap, Slots } from "../../draw/window";
import { valueAt, type Value } from "../../hosts/arrow";
import { isFetchedByRow } from "../../state/cells";
import { chosen } from "../../state/chosen";
import { fieldsOf, type Field } from "../../state/fields";
import { fromRows, has, none } from "../../state/masks";
import type { Context } from "../component";
import { copyRows, headActs, jump, keyed, openMenu, press, strings, type Standing } from "./acts";
import { arranged, columnWindow, keysOf, shownColumns, type Shown } from "./columns";
import { MOST_COPIED } from "./copy";
import { ROW, useCursor } from "./cursor";
import { Head } from "./head";
import { Line } from "./line";
import { Menu, type Opened } from "./menu";
import { useRows, useTexts, type Tab, type Tabbed } from "./rows";
import { ColumnList, Jump, Tabs } from "./tools";
import { Whole } from "./whole";
import css from "./table.css?inline";

export const styles = css;

/** Rows drawn above and below those in sight. */
const MARGIN = 3;
const FILTERED: Record<Tab, string> = { all: "", filtered: " · filtered", selected: " · selected" };

/** What the options say, worked out for this recording. */
function useChosen(ctx: Context) {
  const recording = ctx.store.recording.value;
  const options = ctx.options.value;
  const fields = useMemo(() => fieldsOf(recording), [recording]);
  const columns = useMemo(() => shownColumns(fields, options), [fields, options]);
  const sort = JSON.stringify(options["sort"]);
  const keys = useMemo(() => keysOf(options["sort"], fields), [sort, fields]);
  return { recording, options, fields, columns, keys, tab: options["rows"] as Tab };
}

/** The selection as a mask; a table asks it for every row that it draws. */
function useSelected(ctx: Context) {
  const picked = chosen(ctx.store);
  const n = ctx.store.recording.value.nSamples;
  const selected = useMemo(() => (picked.length > 0 ? fromRows(picked, n) : none(0)), [picked, n]);
  return { picked, selected };
}

/** What of the table is on screen, and what its cells say. */
function useWindow(ctx: Context, rows: Uint32Array, columns: readonly Shown[]) {
  const { data } = ctx;
  const [box, size] = useSize<HTMLDivElement>();
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  const map = useMemo(() => new ScrollMap(rows.length, ROW), [rows]);
  const height = Math.max(ROW, (size.height || 400) - ROW);
  const view = map.at(scroll.top, height, MARGIN);
  const visible = Array.from(rows.subarray(view.from, view.to));
  const onScreen = columnWindow(columns, scroll.left, size.width || 600);
  const texts = useTexts(ctx, [...onScreen.pinned, ...onScreen.shown].map(({ field }) => field), visible);
  const read = (field: Field, row: number): Value | undefined => {
    if (isFetchedByRow(field)) return texts(field.name, row);
    const column = data.filter.at(field.name);
    return column && valueAt(column, row);
  };
  return { box, scroll, setScroll, map, height, view, visible, onScreen, read };
}

/** The table as it stands, with its cursor at the top whenever it shows other rows. */
function useStanding(ctx: Context, { fields, columns, keys }: ReturnType<typeof useChosen>, rows: Uint32Array, seen: ReturnType<typeof useWindow>): Standing {
  const { picked, selected } = useSelected(ctx);
  const cursor = useCursor(seen.box, rows, columns, seen.map, seen.height, seen.scroll);
  const anchor = useRef(0);
  const menu = useSignal<Opened | null>(null);
  const whole = useSignal<{ name: string; value: Value } | null>(null);
  useEffect(() => {
    cursor.active.value = { ...cursor.active.peek(), row: 0 };
    anchor.current = 0;
    seen.box.current?.scrollTo({ top: 0 });
    seen.setScroll((old) => ({ ...old, top: 0 }));
  }, [rows]);
  return { ctx, fields, columns, keys, rows, picked, selected, cursor, anchor, menu, whole, read: seen.read };
}

function Body({ at, seen }: { at: Standing; seen: ReturnType<typeof useWindow> }) {
  const { ctx, columns, cursor, selected } = at;
  const { row: activeRow, column: activeColumn } = cursor.active.value;
  const many = Math.ceil(seen.height / ROW) + 2 * MARGIN + 1;
  const slots = useMemo(() => new Slots(many), [many]).at(seen.view.from);
  return (
    <div role="rowgroup" class="tall" style={{ height: `${seen.map.height}px`, width: `${seen.onScreen.total}px` }}>
      {seen.visible.map((row, i) => (
        <Line key={slots[i]} ctx={ctx} row={row} place={seen.view.from + i} top={seen.view.top + i * ROW} {...seen.onScreen} all={columns} selected={has(selected, row)} read={at.read}
          cursor={seen.view.from + i === activeRow ? activeColumn : null}
          press={(event, place, column) => press(at, event, place, column)}
          menu={(event, place, column) => {
            event.preventDefault();
            openMenu(at, { x: event.clientX, y: event.clientY }, place, column);
          }} />
      ))}
    </div>
  );
}

function Top({ at, tab, counts }: { at: Standing; tab: Tab; counts: Tabbed["counts"] }) {
  const { ctx, rows, columns, keys, fields } = at;
  const options = ctx.options.value;
  const by = keys.length > 0 ? ` · by ${keys.map(({ column }) => column).join(", then ")}` : "";
  const filtered = tab === "filtered" && !ctx.data.filter.mask() ? "" : FILTERED[tab];
  return (
    <Heading title={`${plural(rows.length, "sample")}, row by row`} small={`${splitText(ctx.store.split.value)}${filtered}${by}`}>
      <Tabs tab={tab} counts={counts} choose={(next) => ctx.set({ rows: next })} />
      <Jump go={(wish) => void jump(at, wish)} />
      <ColumnList fields={arranged(fields, strings(options["order"]))} hidden={strings(options["hidden"])} change={(next) => ctx.set({ hidden: next.length > 0 ? next : null })} />
      <button type="button" class="button" disabled={rows.length === 0} title={`The first ${count(MOST_COPIED)} rows, as tab-separated text`} onClick={() => void copyRows(ctx, columns.map(({ field }) => field), rows)}>Copy</button>
    </Heading>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const said = useChosen(ctx);
  const { rows, counts } = useRows(ctx, said.tab, said.keys);
  const seen = useWindow(ctx, rows, said.columns);
  const at = useStanding(ctx, said, rows, seen);
  const { menu, whole } = at;
  const keyDown = (event: KeyboardEvent) => {
    if ((event.target instanceof HTMLElement && event.target.closest("[role=columnheader]")) || !keyed(at, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="filling" aria-label="Every sample, row by row">
      <Top at={at} tab={said.tab} counts={counts} />
      {rows.length === 0 && <p class="none muted">{said.tab === "selected" ? "Nothing is selected. Click rows with Ctrl, or draw around points in a picture." : "No sample passes the filter."}</p>}
      <div ref={seen.box} class={`fills scroll ${seen.scroll.left > 0 ? "aside" : ""}`} role="grid" aria-label="Samples as a table" aria-multiselectable="true" aria-rowcount={rows.length + 1} aria-colcount={said.columns.length}
        onScroll={({ currentTarget }) => seen.setScroll({ top: currentTarget.scrollTop, left: currentTarget.scrollLeft })} onKeyDown={keyDown}>
        <Head {...seen.onScreen} all={said.columns} keys={said.keys} acts={headActs(at)} />
        <Body at={at} seen={seen} />
      </div>
      {menu.value && <Menu menu={menu.value} close={(back) => {
        menu.value = null;
        if (back) at.cursor.focus();
      }} />}
      {whole.value && <Whole {...whole.value} close={() => (whole.value = null)} />}
    </section>
  );
}
