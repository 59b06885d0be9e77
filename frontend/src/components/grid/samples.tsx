/** The cards on screen, in lines and sections; the cursor, the marks, and the box that is drawn around cards. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { count } from "../../draw/format";
import { Door } from "../../draw/parts";
import { ScrollMap } from "../../draw/window";
import { pickRows } from "../../state/chosen";
import { has, type Mask } from "../../state/masks";
import type { Context } from "../component";
import { useRubberBand } from "../rubber-band";
import { Card } from "./card";
import { useBorder, useCaptions, useFacts, useTexts } from "./facts";
import { howOf, marked, type How } from "./marks";
import { Geometry, type Section } from "./sections";
import { cellFor, type Look } from "./look";

const HEAD = 30;
const PAD = 24;

export interface SamplesProps {
  ctx: Context;
  sections: readonly Section[];
  /** Whether sections have heads. */
  grouped: boolean;
  checkpoint: string | null;
  look: Look;
  marks: { value: Mask };
  /** A position to go to; a new object each time. */
  goal: { position: number } | null;
}

/** All rows one after the other, as they are shown. */
function flattened(sections: readonly Section[]): Uint32Array {
  if (sections.length === 1 && sections[0]) return sections[0].rows;
  const out = new Uint32Array(sections.reduce((sum, { rows }) => sum + rows.length, 0));
  let at = 0;
  for (const { rows } of sections) {
    out.set(rows, at);
    at += rows.length;
  }
  return out;
}

function Head({ ctx, section, style }: { ctx: Context; section: Section; style: Record<string, string> }) {
  return (
    <h3 class="section" style={style}>
      <span class="name" title={section.name}>{section.name}</span>
      <Door leads={`select the samples of ${section.name}`} open={() => pickRows(ctx.data, section.rows, ctx.id, `where ${section.name}`)}>{count(section.rows.length)}</Door>
    </h3>
  );
}

const MOVES: Record<string, readonly [number, number]> = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Where everything lies, what of it is on screen, and how to bring something there. */
function useLines(sections: readonly Section[], head: number, look: Look) {
  const [box, size] = useSize<HTMLDivElement>();
  const [scrollTop, setScrollTop] = useState(0);
  const cell = cellFor(Math.max(60, size.width - PAD), look);
  const geometry = useMemo(() => new Geometry(sections.map((one) => one.rows.length), cell, head), [sections, head, cell.columns, cell.width, cell.height]);
  // Pixels are its rows: a list that is taller than browsers can make an element is scrolled all the same.
  const map = useMemo(() => new ScrollMap(geometry.height, 1), [geometry]);
  const viewport = size.height || 400;
  const view = map.at(scrollTop, viewport, 0);
  const positions = geometry.rangesIn(view.from - cell.height, view.to + cell.height).flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
  const reveal = (position: number) => {
    const el = box.current;
    if (!el || position < 0 || position >= geometry.total) return;
    const top = geometry.placeOf(position).y - head;
    for (const edge of [top + cell.height + head, top]) {
      const to = map.reveal(edge, el.scrollTop, viewport);
      if (to !== null) el.scrollTop = to;
    }
  };
  return { box, size, scrollTop, setScrollTop, cell, geometry, map, view, viewport, offset: view.from - view.top, positions, reveal };
}

type Lines = ReturnType<typeof useLines>;

/** The card that the keyboard is on; it stays in sight, and has the focus when a key brought it there. */
function useCursor(ctx: Context, rows: Uint32Array, lines: Lines, goal: SamplesProps["goal"]) {
  const active = useSignal(0);
  const anchor = useRef(0);
  const wantsFocus = useRef(false);
  const { box, scrollTop, setScrollTop, reveal } = lines;
  const go = (position: number) => {
    wantsFocus.current = true;
    active.value = Math.max(0, Math.min(rows.length - 1, position));
    reveal(active.value);
  };
  useEffect(() => {
    active.value = anchor.current = 0;
    box.current?.scrollTo({ top: 0 });
    setScrollTop(0);
  }, [rows]);
  // The inspector's previous and next move along the same list: keep what it shows in sight.
  const focused = ctx.store.focus.value;
  useEffect(() => {
    const at = focused === null ? -1 : rows.indexOf(focused);
    if (at >= 0) active.value = at;
    reveal(at);
  }, [focused]);
  useEffect(() => {
    if (goal) go(goal.position);
  }, [goal]);
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    box.current?.querySelector<HTMLElement>('[tabindex="0"][role="option"]')?.focus({ preventScroll: true });
  }, [active.value, scrollTop]);
  return { active, anchor, go };
}

type Cursor = ReturnType<typeof useCursor>;

/** Where a key leads; null when it leads nowhere. */
function targetOf(event: KeyboardEvent, { active }: Cursor, { geometry, viewport, cell }: Lines): number | null {
  const by = MOVES[event.key];
  if (by) return by[1] === 0 ? active.value + by[0] : geometry.step(active.value, by[1]);
  const page = Math.max(1, Math.floor(viewport / cell.height));
  if (event.key === "PageDown" || event.key === "PageUp") return geometry.step(active.value, event.key === "PageDown" ? page : -page);
  return event.key === "Home" ? 0 : event.key === "End" ? geometry.total - 1 : null;
}

/** What clicks and keys on the cards do. */
function actsOf({ ctx, look, grouped, marks }: SamplesProps, rows: Uint32Array, lines: Lines, cursor: Cursor) {
  const { active, anchor, go } = cursor;
  const mark = (ranges: readonly (readonly [number, number])[], how: How) => (marks.value = marked(marks.value, ranges.flatMap(([from, to]) => Array.from(rows.subarray(Math.max(0, from), to))), how));
  const range = (to: number) => mark([[Math.min(anchor.current, to), Math.max(anchor.current, to) + 1]], "add");
  const open = (position: number) => {
    const sample = rows[position];
    if (sample === undefined) return;
    if (look.of === "filtered" || grouped) ctx.store.shown.value = rows;
    ctx.store.focus.value = sample;
  };
  const press = (event: MouseEvent, position: number) => {
    active.value = position;
    if (event.shiftKey) return void range(position);
    anchor.current = position;
    if (event.altKey) mark([[position, position + 1]], "remove");
    else if (event.ctrlKey || event.metaKey) mark([[position, position + 1]], "toggle");
    else open(position);
  };
  const keyed = (event: KeyboardEvent) => {
    const own = event.target instanceof HTMLElement ? event.target.dataset["position"] : undefined;
    if (own !== undefined) active.value = Number(own);
    const to = targetOf(event, cursor, lines);
    if (to !== null) {
      if (event.shiftKey) range(Math.max(0, Math.min(rows.length - 1, to)));
      else anchor.current = to;
      go(to);
    } else if (event.key === "Enter") open(active.value);
    else if (event.key === " ") mark([[active.value, active.value + 1]], "toggle");
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) mark([[0, rows.length]], "only");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { mark, press, keyed };
}

/** The heads of the sections on screen, and the one that stays while its cards scroll by. */
function Heads({ ctx, sections, lines }: { ctx: Context; sections: readonly Section[]; lines: Lines }) {
  const { geometry, view, offset } = lines;
  const shown: { section: Section; i: number }[] = [];
  for (let i = geometry.sectionAt(view.from); i < sections.length && geometry.topOf(i) <= view.to; i++) {
    const section = sections[i];
    if (section) shown.push({ section, i });
  }
  return <>{shown.map(({ section, i }) => <Head key={i} ctx={ctx} section={section} style={{ position: "absolute", top: "0", left: "0", right: "0", transform: `translateY(${geometry.topOf(i) - offset}px)` }} />)}</>;
}

function Cards(props: SamplesProps & { rows: Uint32Array; lines: Lines; active: number; press: (event: MouseEvent, position: number) => void }) {
  const { ctx, look, rows, lines, marks } = props;
  const { geometry, cell, positions, offset } = lines;
  const visible = positions.map((position) => rows[position] ?? 0);
  const facts = useFacts(ctx, props.checkpoint);
  const texts = useTexts(ctx, visible);
  const captions = useCaptions(ctx, look.captions, visible);
  const border = useBorder(ctx, look.border === "colour" ? look.colour : null);
  const focused = ctx.store.focus.value;
  return (
    <>
      {positions.map((position, i) => {
        const sample = visible[i] ?? 0;
        const { x, y } = geometry.placeOf(position);
        return (
          <Card key={sample} ctx={ctx} sample={sample} facts={facts(sample)} text={texts.get(sample)} captions={look.size <= 1 ? [] : (captions?.(sample) ?? null)}
            border={look.border === "colour" ? { colour: border?.(sample) ?? "var(--line)" } : look.border} pixels={cell.pixels}
            position={position + 1} total={rows.length} active={position === props.active} focused={sample === focused} marked={has(marks.value, sample)}
            press={(event) => props.press(event, position)}
            style={{ width: `${cell.width}px`, height: `${cell.height - cell.gap}px`, transform: `translate(${x}px, ${y - offset}px)` }} />
        );
      })}
    </>
  );
}

export function Samples(props: SamplesProps) {
  const { ctx, sections, grouped, look } = props;
  const rows = useMemo(() => flattened(sections), [sections]);
  const lines = useLines(sections, grouped ? HEAD : 0, look);
  const cursor = useCursor(ctx, rows, lines, props.goal);
  const { mark, press, keyed } = actsOf(props, rows, lines, cursor);
  const { geometry, offset, view } = lines;
  const { box, begin, swallows } = useRubberBand(lines.box, () => offset, ({ x0, y0, x1, y1 }, event) => mark(geometry.rangesIn(y0, y1, x0, x1), howOf(event)));
  const stuck = grouped ? sections[geometry.sectionAt(view.from)] : undefined;
  return (
    <div class="scroll" ref={lines.box} onPointerDown={begin} onScroll={(event) => lines.setScrollTop(event.currentTarget.scrollTop)} onKeyDown={keyed}>
      {stuck && <div class="stuck"><Head ctx={ctx} section={stuck} style={{}} /></div>}
      <div class="tall" role="listbox" aria-multiselectable="true" aria-label="Samples" style={{ height: `${lines.map.height}px` }}>
        {grouped && <Heads ctx={ctx} sections={sections} lines={lines} />}
        {lines.size.width > 0 && <Cards {...props} rows={rows} lines={lines} active={cursor.active.value} press={(event, position) => {
          if (!swallows()) press(event, position);
        }} />}
        {box && <i class="band" style={{ transform: `translate(${box.x0}px, ${box.y0 - offset}px)`, width: `${box.x1 - box.x0}px`, height: `${box.y1 - box.y0}px` }} />}
      </div>
    </div>
  );
}
