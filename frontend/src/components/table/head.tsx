/** The heads of a table: a click sorts, the edge resizes, a drag or the menu moves. */
import { useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { SortKey } from "../../state/sorting";
import { NARROWEST, WIDEST, type Shown } from "./columns";
import type { Action } from "./menu";

export interface HeadActs {
  sort: (column: string, more: boolean) => void;
  resize: (column: string, width: number) => void;
  /** Put a column where another stands. */
  drop: (column: string, onto: string) => void;
  menu: (column: string, at: { x: number; y: number }) => void;
}

/** What the menu of a head offers. */
export function headActions(columns: readonly Shown[], name: string, keys: readonly SortKey[], to: { sort: (keys: SortKey[]) => void; place: (to: number) => void; pin: (pinned: boolean) => void; hide: () => void; width: (width: number) => void }): Action[] {
  const own = columns.find(({ field }) => field.name === name);
  const peers = columns.filter(({ pinned }) => pinned === own?.pinned);
  const at = peers.findIndex(({ field }) => field.name === name);
  const others = keys.filter(({ column }) => column !== name);
  const offset = columns.findIndex(({ pinned }) => pinned === own?.pinned);
  const actions: (Action | false)[] = [
    { name: "Sort ascending", act: () => to.sort([{ column: name, descending: false }]) },
    { name: "Sort descending", act: () => to.sort([{ column: name, descending: true }]) },
    others.length > 0 && { name: "Then by this, ascending", act: () => to.sort([...others, { column: name, descending: false }]) },
    keys.length > others.length && { name: "Do not sort by this", act: () => to.sort(others) },
    { name: own?.pinned ? "Let it scroll" : "Pin to the left", act: () => to.pin(!own?.pinned) },
    at > 0 && { name: "Move left", act: () => to.place(offset + at - 1) },
    at < peers.length - 1 && { name: "Move right", act: () => to.place(offset + at + 1) },
    { name: "Wider", act: () => to.width((own?.width ?? 100) * 1.5) },
    { name: "Narrower", act: () => to.width((own?.width ?? 100) / 1.5) },
    { name: "Hide", act: to.hide },
  ];
  return actions.filter((action) => action !== false);
}

/** The edge of a head, dragged or moved by arrows. */
function Edge({ column, acts }: { column: Shown; acts: HeadActs }) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const width = (x: number) => Math.max(NARROWEST, Math.min(WIDEST, (from.current?.width ?? 0) + x - (from.current?.x ?? 0)));
  return (
    <span class="edge" role="separator" aria-orientation="vertical" aria-label={`Width of ${column.field.name}`} aria-valuenow={Math.round(column.width)} aria-valuemin={NARROWEST} aria-valuemax={WIDEST} tabIndex={-1}
      onPointerDown={(event) => {
        event.preventDefault();
        event.stopPropagation();
        from.current = { x: event.clientX, width: column.width };
        event.currentTarget.setPointerCapture?.(event.pointerId);
      }}
      onPointerMove={(event) => from.current && acts.resize(column.field.name, width(event.clientX))}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)} />
  );
}

const STILL = 6;

function HeadCell({ column, index, keys, acts }: { column: Shown; index: number; keys: readonly SortKey[]; acts: HeadActs }) {
  const { name, type } = column.field;
  const at = keys.findIndex((key) => key.column === name);
  const key = keys[at];
  const press = useRef<{ x: number; moved: boolean } | null>(null);
  const dragging = useSignal(false);
  const numeric = type === "number" || type === "integer";
  return (
    <div role="columnheader" aria-colindex={index + 1} data-column={name} aria-sort={key ? (key.descending ? "descending" : "ascending") : "none"}
      class={`cell ${numeric ? "numeric" : ""} ${column.pinned ? "pinned" : ""} ${dragging.value ? "dragged" : ""}`} style={{ width: `${column.width}px`, ...(column.pinned ? { left: `${column.left}px` } : {}) }}
      onContextMenu={(event) => {
        event.preventDefault();
        acts.menu(name, { x: event.clientX, y: event.clientY });
      }}>
      <button type="button" class="sort" title={`Sort by ${name}; with Shift, also by ${name}. Drag to move the column.`}
        onPointerDown={(event) => event.button === 0 && (press.current = { x: event.clientX, moved: false })}
        onPointerMove={(event) => {
          if (!press.current || Math.abs(event.clientX - press.current.x) < STILL) return;
          if (!press.current.moved) event.currentTarget.setPointerCapture?.(event.pointerId);
          press.current.moved = dragging.value = true;
        }}
        onPointerUp={(event) => {
          const dragged = press.current?.moved ?? false;
          dragging.value = false;
          if (!dragged) return;
          const root = event.currentTarget.getRootNode() as ShadowRoot;
          const onto = root.elementsFromPoint(event.clientX, event.clientY).map((el) => el.closest<HTMLElement>("[role=columnheader]")?.dataset["column"]).find((other) => other !== undefined);
          if (onto !== undefined && onto !== name) acts.drop(name, onto);
        }}
        onPointerCancel={() => {
          press.current = null;
          dragging.value = false;
        }}
        onClick={(event) => {
          const dragged = press.current?.moved ?? false;
          press.current = null;
          if (!dragged) acts.sort(name, event.shiftKey);
        }}>
        {name || "(no name)"}<span aria-hidden="true">{key ? ` ${key.descending ? "↓" : "↑"}${keys.length > 1 ? at + 1 : ""}` : ""}</span>
      </button>
      <button type="button" class="more" aria-label={`Column ${name}`} aria-haspopup="menu" onClick={(event) => {
        const { left, bottom } = event.currentTarget.getBoundingClientRect();
        acts.menu(name, { x: left, y: bottom });
      }}>▾</button>
      <Edge column={column} acts={acts} />
    </div>
  );
}

export function Head({ pinned, shown, before, all, keys, acts }: { pinned: readonly Shown[]; shown: readonly Shown[]; before: number; all: readonly Shown[]; keys: readonly SortKey[]; acts: HeadActs }) {
  const cell = (column: Shown) => <HeadCell key={column.field.name} column={column} index={all.indexOf(column)} keys={keys} acts={acts} />;
  return (
    <div role="row" aria-rowindex={1} class="line head">
      {pinned.map(cell)}
      <span class="gap" role="presentation" style={{ width: `${before}px` }} />
      {shown.map(cell)}
    </div>
  );
}
