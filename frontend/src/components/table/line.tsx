/** One sample as a row of cells. */
import type { Value } from "../../hosts/arrow";
import { shorten, valueText } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import type { Field } from "../../state/fields";
import type { Context } from "../component";
import { Picture } from "../grid/card";
import type { Shown } from "./columns";

/** Longer texts are shown in part; the menu and Enter show all of them. */
export const LONGEST = 120;

/** A cell has its hint only while the mouse is over it: for every title that is set a browser works out a style. */
const LONGEST_HINT = 300;

export function isLong(value: Value | undefined): boolean {
  return value !== undefined && (typeof value === "string" || Array.isArray(value)) && valueText(value).length > LONGEST;
}

/** What a cell says: classes with their colour, right and wrong as marks, everything else in words. */
function Words({ ctx, field, value }: { ctx: Context; field: Field; value: Value | undefined }) {
  if (value === undefined) return <span class="muted">…</span>;
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return <span class="muted">missing</span>;
  if (field.name === "correct" && field.role === "model") return <span class={value === true ? "good" : "bad"}>{value === true ? "✓ right" : "✕ wrong"}</span>;
  const text = shorten(valueText(value), LONGEST);
  const classes = field.type === "category" && (field.role === "label" || field.role === "model") ? ctx.store.recording.value.classes : null;
  return <>{classes && <Swatch of={classes.indexOf(String(value))} />}<span>{text}</span></>;
}

export interface LineProps {
  ctx: Context;
  row: number;
  place: number;
  top: number;
  pinned: readonly Shown[];
  shown: readonly Shown[];
  before: number;
  all: readonly Shown[];
  cursor: number | null;
  selected: boolean;
  read: (field: Field, row: number) => Value | undefined;
  press: (event: MouseEvent, place: number, column: number) => void;
  menu: (event: MouseEvent, place: number, column: number) => void;
}

export function Line(props: LineProps) {
  const { ctx, row, place, all, read } = props;
  const { kind } = ctx.store.recording.value;
  const cell = (column: Shown) => {
    const { field } = column;
    const index = all.indexOf(column);
    const value = read(field, row);
    const numeric = field.type === "number" || field.type === "integer";
    return (
      <div key={field.name} role="gridcell" aria-colindex={index + 1} tabIndex={props.cursor === index ? 0 : -1} class={`cell ${numeric ? "numeric" : ""} ${column.pinned ? "pinned" : ""}`}
        style={{ width: `${column.width}px`, ...(column.pinned ? { left: `${column.left}px` } : {}) }}
        onMouseMove={({ currentTarget }) => (currentTarget.title = value === undefined ? "" : shorten(valueText(value), LONGEST_HINT))}
        onMouseLeave={({ currentTarget }) => currentTarget.removeAttribute("title")}
        onMouseDown={(event) => event.shiftKey && event.preventDefault() /* a range of rows, not of text */}
        onClick={(event) => props.press(event, place, index)}
        onContextMenu={(event) => props.menu(event, place, index)}>
        {index === 0 && kind === "image" && <span class="thumb"><Picture key={row} ctx={ctx} sample={row} size={96} alt="" /></span>}
        <Words ctx={ctx} field={field} value={value} />
      </div>
    );
  };
  return (
    <div role="row" aria-rowindex={place + 2} aria-selected={props.selected} class={`line ${row === ctx.store.focus.value ? "on" : ""} ${props.selected ? "selected" : ""}`} style={{ transform: `translateY(${props.top}px)` }}>
      {props.pinned.map(cell)}
      <span class="gap" role="presentation" style={{ width: `${props.before}px` }} />
      {props.shown.map(cell)}
    </div>
  );
}
