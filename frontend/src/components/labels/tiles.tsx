/** The queue as pictures: only those on screen are drawn, and none moves when something is decided. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { count, probability } from "../../draw/format";
import { ScrollMap } from "../../draw/window";
import type { Context } from "../component";
import { Geometry } from "../grid/sections";
import { useRubberBand } from "../rubber-band";
import { Glimpse } from "../samples-strip";
import { wordsOf } from "./decided";
import type { Desk } from "./desk";
import type { Item, Queue } from "./queue";
import type { Review } from "./use-review";

/** About so wide; the tiles of a line share its width. */
const WIDTHS = { small: 58, medium: 82, large: 132 } as const;
const PAD = 20;
export type TileSize = keyof typeof WIDTHS;
const CAPTION = 17;
const GAP = 6;
/** Lines above and below the window that are drawn, too: a wheel moves about three at once. */
const AHEAD = 6;
/** Who scrolls on sees the pictures in about this time; they are asked for by then, and what lies behind is let go. */
const SOON_MS = 300;
const MOST_AHEAD = 26;
const BEHIND = 2;
const STILL_MS = 150;
const MOST_KEPT = 2000;

/** What a tile says below its picture, and how it looks. */
function said(desk: Desk, queue: Queue, { rows }: Item): { state: string; words: string } {
  const row = rows[0] ?? 0;
  const standing = desk.standing(row);
  if (standing) return { state: standing.saved ? (standing.action === "keep" ? "kept" : "changed") : "saving", words: `${standing.action === "keep" ? "✓ " : "→ "}${wordsOf(standing)}` };
  if (desk.isSkipped(row)) return { state: "skipped", words: "skipped" };
  if (queue.blind) return { state: "", words: "" };
  if (rows.length > 1) return { state: "", words: `${rows.length} alike` };
  const [first] = desk.suggestions(row);
  if (!first) return { state: "", words: "" };
  return { state: "", words: queue.target === null ? `${desk.classes[first.index] ?? ""}?` : probability(first.probability) };
}

function Tile({ ctx, desk, queue, item, place, look, current, marked, press }: { ctx: Context; desk: Desk; queue: Queue; item: Item; place: number; look: { state: string; words: string }; current: boolean; marked: boolean; press: (event: MouseEvent, place: number) => void }) {
  const row = item.rows[0] ?? 0;
  const { state, words } = look;
  const label = queue.blind ? "" : `, labelled ${desk.nameOf(row) ?? "nothing"}`;
  return (
    <div id={`tile-${place}`} role="option" aria-selected={marked} aria-current={current} aria-label={`${desk.idOf(row)}${label}${words ? `, ${words}` : ""}`} aria-setsize={queue.items.length} aria-posinset={place + 1}
      class={`tile ${state} ${current ? "on" : ""} ${marked ? "marked" : ""}`} onClick={(event) => press(event, place)}>
      <span class="frame"><Glimpse ctx={ctx} sample={row} />{marked && <b class="tick" aria-hidden="true">✓</b>}</span>
      <span class="cap" title={words}>{words || "\u00a0"}</span>
    </div>
  );
}

export function Tiles({ ctx, desk, queue, review, size, onColumns }: { ctx: Context; desk: Desk; queue: Queue; review: Review; size: TileSize; onColumns: (columns: number) => void }) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const room = Math.max(width, WIDTHS[size] + PAD) - PAD + GAP;
  const columns = Math.max(1, Math.round(room / (WIDTHS[size] + GAP)));
  const side = Math.floor(room / columns - GAP);
  const line = side + CAPTION + GAP;
  const { items } = queue;
  const map = useMemo(() => new ScrollMap(Math.ceil(items.length / columns), line), [items.length, columns, line]);
  const going = useRef({ top: 0, at: 0, speed: 0 });
  const further = Math.min(MOST_AHEAD, Math.ceil((Math.abs(going.current.speed) * SOON_MS) / line));
  const quick = further > AHEAD;
  const margin = quick ? { above: going.current.speed < 0 ? further : BEHIND, below: going.current.speed > 0 ? further : BEHIND } : { above: AHEAD, below: AHEAD };
  const around = map.at(top, height || 400, 0);
  const lines = Math.ceil(items.length / columns);
  const view = { from: Math.max(0, around.from - margin.above), to: Math.min(lines, around.to + margin.below), top: around.top - (around.from - Math.max(0, around.from - margin.above)) * line };
  const scrolled = (to: number) => {
    const now = performance.now();
    const { top: before, at } = going.current;
    // Rest and jumps are no speed.
    const speed = now - at > STILL_MS || Math.abs(to - before) > 20 * line ? 0 : (to - before) / Math.max(8, now - at);
    going.current = { top: to, at: now, speed };
    setTop(to);
  };
  useEffect(() => onColumns(columns), [columns]);
  useEffect(() => {
    const to = box.current && map.reveal(Math.floor(review.at / columns), box.current.scrollTop, height || 400);
    if (to !== null && to !== undefined && box.current) box.current.scrollTop = to;
  }, [review.at, columns, items, height]);
  const offset = view.from * line - view.top;
  const rubber = useRubberBand(box, () => offset, ({ x0, y0, x1, y1 }, event) => {
    const tiles = new Geometry([items.length], { columns, width: side, height: line, gap: GAP }, 0);
    const places = tiles.rangesIn(y0, y1, x0, x1).flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
    review.markAll(new Set(event.shiftKey ? [...review.marked, ...places] : places));
    box.current?.focus({ preventScroll: true });
  });
  const press = (event: MouseEvent, place: number) => {
    if (rubber.swallows()) return;
    if (event.shiftKey) review.go(place, true);
    else {
      if (event.ctrlKey || event.metaKey) review.toggle(place);
      review.go(place);
    }
    box.current?.focus({ preventScroll: true });
  };
  const latest = useRef(press);
  latest.current = press;
  const drawn = useRef(new Map<number, { looks: string; tile: preact.JSX.Element }>());
  // A tile that looks as before is the same element, which costs nothing to draw again: a key changes two of a hundred.
  const tileAt = (item: Item, place: number) => {
    const row = item.rows[0] ?? 0;
    const { state, words } = said(desk, queue, item);
    const [current, marked] = [place === review.at, review.marked.has(place)];
    const looks = [place, state, words, current, marked, queue.key, queue.blind].join("\n");
    const before = drawn.current.get(row);
    if (before?.looks === looks) return before.tile;
    const tile = <Tile key={row} ctx={ctx} desk={desk} queue={queue} item={item} place={place} look={{ state, words }} current={current} marked={marked} press={(event, at) => latest.current(event, at)} />;
    if (drawn.current.size > MOST_KEPT) drawn.current.clear();
    drawn.current.set(row, { looks, tile });
    return tile;
  };
  const from = view.from * columns;
  const shown = items.slice(from, view.to * columns);
  return (
    <div ref={box} class="scroller" role="listbox" tabIndex={0} aria-multiselectable="true" aria-label={`Samples to look at, ${count(items.length)}`} aria-activedescendant={`tile-${review.at}`} onScroll={(event) => scrolled(event.currentTarget.scrollTop)} onPointerDown={rubber.begin} data-tiles>
      <div class="tall" style={{ height: `${map.height}px` }}>
        {rubber.box && <i class="rubber" aria-hidden="true" style={{ left: `${rubber.box.x0}px`, top: `${rubber.box.y0 - offset}px`, width: `${rubber.box.x1 - rubber.box.x0}px`, height: `${rubber.box.y1 - rubber.box.y0}px` }} />}
        <div class="tiles" style={{ transform: `translateY(${view.top}px)`, gridTemplateColumns: `repeat(${columns}, ${side}px)`, "--side": `${side}px` }}>
          {width > 0 && shown.map((item, i) => tileAt(item, from + i))}
        </div>
      </div>
    </div>
  );
}
