/** The bar of a tile while the page is arranged: its handle, its name, its menu. */
import { useRef } from "preact/hooks";
import { componentOf } from "../components/all";
import type { Layout, Tile } from "../state/layout";
import { withCopy, withTileDocked, withTileFitted, withTileFolded, withTileMoved, withTileNamed, withTileResized, withoutTile, type Direction } from "../state/placing";
import { measured, startDrag } from "./drag";
import { Menu, type Item } from "./menu";
import type { Shell } from "./shell";

/** What a tile is called: by a person, or after the question it answers. */
export function nameOf(tile: Tile): string {
  return tile.title ?? componentOf(tile.component)?.title ?? tile.component;
}

const TOWARDS: { readonly [key: string]: Direction } = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const SIZES: Record<Direction, { w?: number; h?: number }> = { left: { w: -1 }, right: { w: 1 }, up: { h: -1 }, down: { h: 1 } };

function itemsOf(tile: Tile, page: string, shell: Shell, docked: boolean): Item[] {
  const { arrangement } = shell.session.store;
  const edit = (title: string, change: (layout: Layout) => Layout): Item => ({ title, run: () => arrangement.edit(change, tile.id) });
  const rename: Item = { title: "Rename", run: () => (shell.naming.value = tile.id) };
  const remove: Item = { title: "Remove", run: () => removeTile(tile, shell) };
  if (docked) return [rename, remove];
  return [
    rename,
    edit("Duplicate", (layout) => withCopy(layout, page, tile.id).layout),
    edit(tile.collapsed === undefined ? "Fold to its title" : "Unfold", (layout) => withTileFolded(layout, tile.id)),
    { title: "Over the whole page", run: () => {
      shell.arrange(false);
      shell.maximised.value = tile.id;
    } },
    { ...edit("As tall as what it shows", (layout) => withTileFitted(layout, page, tile.id, measured)), ...(tile.h === 1 ? { why: "It is so already." } : {}) },
    edit("Move up", (layout) => withTileMoved(layout, page, tile.id, "up", measured)),
    edit("Move down", (layout) => withTileMoved(layout, page, tile.id, "down", measured)),
    edit("Beside the page", (layout) => withTileDocked(layout, page, tile.id)),
    remove,
  ];
}

function removeTile(tile: Tile, shell: Shell): void {
  shell.session.store.arrangement.edit((layout) => withoutTile(layout, tile.id));
  shell.tell(`${nameOf(tile)} is removed. Undo brings it back.`);
}

/** Arrows move, with Shift they resize; Enter lays it down, Escape puts it back. */
function useHandleKeys(tile: Tile, page: string, shell: Shell): (event: KeyboardEvent) => void {
  const { arrangement } = shell.session.store;
  return (event) => {
    const handle = event.currentTarget;
    const towards = TOWARDS[event.key];
    const held = shell.held.peek();
    if (towards && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (held?.id !== tile.id) shell.held.value = { id: tile.id, before: arrangement.layout.peek() };
      arrangement.edit((layout) => (event.shiftKey ? withTileResized(layout, page, tile.id, SIZES[towards], measured) : withTileMoved(layout, page, tile.id, towards, measured)), tile.id);
      const now = arrangement.tile(tile.id);
      if (now) shell.session.store.say(`Column ${now.x + 1}, row ${now.y + 1}, ${now.w} wide${now.h > 1 ? `, ${now.h} high` : ""}`);
    } else if (event.key === "Enter" && held?.id === tile.id) {
      shell.held.value = null;
      shell.tell("Laid down.");
    } else if (event.key === "Escape" && held?.id === tile.id) {
      shell.held.value = null;
      arrangement.edit(() => held.before);
      shell.tell("Put back.");
    } else if (event.key === "Delete" || event.key === "Backspace") removeTile(tile, shell);
    else return;
    event.preventDefault();
    event.stopPropagation();
    // The tiles may have changed places in the document, which takes the focus away; it is back before the next key.
    queueMicrotask(() => handle instanceof HTMLElement && handle.isConnected && document.activeElement === document.body && handle.focus());
  };
}

function Naming({ tile, shell }: { tile: Tile; shell: Shell }) {
  const { arrangement } = shell.session.store;
  const keep = (title: string) => {
    if (shell.naming.peek() !== tile.id) return;
    shell.naming.value = null;
    if (title.trim() !== (tile.title ?? "")) arrangement.edit((layout) => withTileNamed(layout, tile.id, title === componentOf(tile.component)?.title ? "" : title));
  };
  return (
    <input class="field name" type="text" maxLength={120} aria-label={`Name of the tile ${nameOf(tile)}`} defaultValue={nameOf(tile)} ref={(el) => el?.focus()}
      onBlur={(event) => keep(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") keep(event.currentTarget.value);
        else if (event.key === "Escape") shell.naming.value = null;
      }} />
  );
}

export function TileBar({ tile, page, shell, docked }: { tile: Tile; page: string; shell: Shell; docked: boolean }) {
  const keyed = useHandleKeys(tile, page, shell);
  const name = nameOf(tile);
  return (
    <div class="tile-bar">
      {shell.naming.value === tile.id ? <Naming tile={tile} shell={shell} /> : docked ? <b class="name">{name}</b> : (
        <button type="button" class="handle" aria-label={`Move ${name}`} aria-description="Arrows move it, with Shift they resize it, Enter lays it down, Escape puts it back" title="Drag, or move with the arrows; with Shift they resize"
          onPointerDown={(event) => startDrag("move", event, tile, page, shell)} onKeyDown={keyed}>
          <span aria-hidden="true">⠿</span> <span class="name">{name}</span>
        </button>
      )}
      <span class="muted small num">{docked ? "beside the page" : `${tile.w} of 12`}</span>
      <Menu label={`What to do with ${name}`} sign="⋯" items={itemsOf(tile, page, shell, docked)} />
      <button type="button" class="button icon quiet" aria-label={`Remove ${name}`} title="Remove" onClick={() => removeTile(tile, shell)}>✕</button>
    </div>
  );
}

/** The corner that resizes; the same by keyboard is Shift with the arrows on the handle. */
export function Corner({ tile, page, shell }: { tile: Tile; page: string; shell: Shell }) {
  const ref = useRef<HTMLSpanElement>(null);
  return <span ref={ref} class="corner" aria-hidden="true" title="Drag to resize" onPointerDown={(event) => startDrag("resize", event, tile, page, shell)} />;
}
