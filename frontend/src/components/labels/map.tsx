/** The queue where the embedding puts it: what is open, decided and skipped in colour, the rest of the classes grey. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { count, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import { MISSING } from "../../draw/points/appearance";
import type { Tool } from "../../draw/points/gestures";
import type { Hit } from "../../draw/points/options";
import type { PointCanvas } from "../../draw/points/point-canvas";
import type { Coordinates, Quantised } from "../../draw/points/quantise";
import { reason } from "../../hosts/reason";
import { Offer } from "../analysis";
import type { Context } from "../component";
import { showRows, Glimpse } from "../samples-strip";
import { Dragging } from "../scatter/dragging";
import { firstPair, measuresOf, valuesOf } from "../scatter/measures";
import { combined, useCanvas } from "../scatter/plane";
import { projectionOf, useProjection } from "../timetravel/use-time";
import { touchedIn, type Desk } from "./desk";
import { pairOf, type Queue } from "./queue";
import type { Review } from "./use-review";

type Placed = Quantised | Coordinates;

const STATES = [
  { id: "open", name: "open", colour: "var(--heat-1)", size: 7 },
  { id: "kept", name: "kept", colour: "var(--good)", size: 4 },
  { id: "changed", name: "changed", colour: "var(--bad)", size: 4 },
  { id: "skipped", name: "skipped", colour: "var(--warn)", size: 4 },
] as const;
const PALETTE = STATES.map(({ colour }) => colour);

/** Where each row of the queue stands in it; copies stand where their group does. */
export function placesIn({ items }: Queue): Map<number, number> {
  return new Map(items.flatMap(({ rows }, place) => rows.map((row) => [row, place] as const)));
}

export interface Dots {
  codes: Uint16Array;
  sizes: Uint8Array;
  counts: readonly number[];
  rows: readonly (readonly number[])[];
}

/** The state of every sample of the queue as a code, and how many have each. */
export function dotsOf(desk: Desk, within: ReadonlySet<number>): Dots {
  const codes = new Uint16Array(desk.found.n).fill(MISSING);
  const sizes = new Uint8Array(desk.found.n).fill(2);
  const rows: number[][] = STATES.map(() => []);
  const touched = new Set(touchedIn(desk, within));
  for (const row of within) {
    const said = touched.has(row) ? desk.standing(row) : null;
    const code = said ? (said.action === "keep" ? 1 : 2) : touched.has(row) && desk.isSkipped(row) ? 3 : 0;
    codes[row] = code;
    sizes[row] = STATES[code]?.size ?? 2;
    rows[code]?.push(row);
  }
  return { codes, sizes, counts: rows.map(({ length }) => length), rows };
}

/** The same places, with those left out that this view is not about. */
export function among(placed: Placed, n: number, keep: (row: number) => boolean): Placed {
  if ("pairs" in placed) {
    const hidden = placed.hidden.slice();
    for (let row = 0; row < n; row++) if (!keep(row)) hidden[row] = 1;
    return { ...placed, hidden, nHidden: hidden.reduce((sum, one) => sum + one, 0) };
  }
  const valid = Uint8Array.from({ length: n }, (_, row) => Number(keep(row) && (!placed.validX || placed.validX[row] === 1)));
  return { ...placed, validX: valid };
}

/** Places that were recorded with the samples, where nothing else places them. */
function useRecorded(ctx: Context, wanted: boolean): { placed: Placed | null; failed: string | null } {
  const [state, set] = useState<{ placed: Placed | null; failed: string | null }>({ placed: null, failed: null });
  const recording = ctx.store.recording.value;
  const measures = measuresOf(recording);
  const pair = firstPair(measures, recording);
  const [x, y] = [pair?.x, pair?.y].map((name) => measures.find((one) => one.name === name));
  useEffect(() => {
    if (!wanted || !pair?.projection || !x || !y) return;
    let gone = false;
    Promise.all([valuesOf(x, ctx.data, null), valuesOf(y, ctx.data, null)]).then(
      ([xs, ys]) => !gone && set({ placed: { x: xs.values, y: ys.values, validX: xs.valid, validY: ys.valid }, failed: null }),
      (error: unknown) => !gone && set({ placed: null, failed: reason(error) }),
    );
    return () => {
      gone = true;
    };
  }, [wanted, x?.name, y?.name, recording.fingerprint]);
  return state;
}

/** Of the projection over time the frame of the checkpoint that is looked at; else what was recorded. */
function usePlaces(ctx: Context) {
  const asked = useMemo(() => projectionOf({}), []);
  const { used, projection, failed } = useProjection(ctx, asked);
  const [placed, set] = useState<{ placed: Placed | null; failed: string | null }>({ placed: null, failed: null });
  const frames = projection?.frames ?? null;
  const last = frames ? frames.infos.length - 1 : -1;
  const frame = frames ? (frames.frame(ctx.store.checkpoint.value?.name ?? "") ?? last) : null;
  useEffect(() => {
    if (!frames || frame === null) return;
    let gone = false;
    frames.places.want(frame).then((places) => !gone && set({ placed: places, failed: null }), (error: unknown) => !gone && set({ placed: null, failed: reason(error) }));
    return () => {
      gone = true;
    };
  }, [frames, frame]);
  const recorded = useRecorded(ctx, !projection && used.answer.state !== "asking");
  return { used, asked, placed: placed.placed ?? recorded.placed, failed: failed ?? placed.failed ?? recorded.failed };
}

function Tip({ ctx, desk, hit, width }: { ctx: Context; desk: Desk; hit: Hit; width: number }) {
  const left = hit.x + 130 > width ? Math.max(4, hit.x - 126) : hit.x + 12;
  return (
    <div class="tip" role="status" style={{ left: `${left}px`, top: `${Math.max(4, hit.y - 50)}px` }}>
      <span class="thumb"><Glimpse key={hit.index} ctx={ctx} sample={hit.index} /></span>
      <span class="small">{desk.idOf(hit.index)}</span><span class="small muted">{desk.nameOf(hit.index) ?? "no label"}</span>
    </div>
  );
}

/** What the canvas draws: the queue in colour, the rest grey, and of a pair its two classes only. */
function useContent(ctx: Context, desk: Desk, queue: Queue, placed: Placed) {
  const places = useMemo(() => placesIn(queue), [queue.items]);
  const within = useMemo(() => new Set(places.keys()), [places]);
  const pair = ctx.options.value["tab"] === "pairs" ? pairOf(ctx) : null;
  const kept = (row: number) => within.has(row) || pair === null || desk.labelOf(row) === pair.label || desk.labelOf(row) === pair.prediction;
  const shown = useMemo(() => (pair ? among(placed, desk.found.n, kept) : placed), [placed, within]);
  const filtered = useMemo(() => Uint8Array.from({ length: desk.found.n }, (_, row) => Number(!within.has(row))), [within]);
  const dots = useMemo(() => dotsOf(desk, within), [desk, within]);
  const rest = pair ? `the rest of ${desk.classes[pair.label] ?? ""} and ${desk.classes[pair.prediction] ?? ""}` : "all other samples";
  const rows = () => (pair ? Uint32Array.from({ length: desk.found.n }, (_, row) => row).filter(kept) : undefined);
  return { places, within, shown, filtered, dots, rest, rows };
}

type Shown = ReturnType<typeof useContent>;

/** Keep the canvas as the queue is; a new queue is brought into sight. */
function useFed(ctx: Context, canvas: PointCanvas | null, content: Shown, is: { marked: readonly number[]; focus: number | null; tool: Tool }): void {
  const { shown, filtered, dots, rows } = content;
  useEffect(() => {
    canvas?.update({ positions: shown, filtered, aspect: "equal" });
    canvas?.fit(rows());
  }, [canvas, shown, filtered]);
  useEffect(() => canvas?.update({ colours: { codes: dots.codes, palette: PALETTE, raised: 0 }, sizes: dots.sizes }), [canvas, dots]);
  useEffect(() => canvas?.update({ selected: is.marked.length > 0 ? is.marked : null }), [canvas, is.marked]);
  useEffect(() => canvas?.update({ focus: is.focus }), [canvas, is.focus]);
  useEffect(() => canvas?.update({ tool: is.tool }), [canvas, is.tool]);
  const theme = ctx.store.theme.value;
  useEffect(() => canvas?.update({}), [canvas, theme]);
}

function Legend({ ctx, dots, rest }: { ctx: Context; dots: Dots; rest: string }) {
  return (
    <ul class="legend small" aria-label="What the colours say">
      {STATES.map(({ id, name, colour }, code) => <li key={id}><i style={{ background: colour }} aria-hidden="true" /> <Door leads={`show those that are ${name}`} disabled={dots.counts[code] === 0} open={() => showRows(ctx, dots.rows[code] ?? [], `${name} in this list`)}>{`${count(dots.counts[code] ?? 0)} ${name}`}</Door></li>)}
      <li class="muted"><i class="rest" aria-hidden="true" /> {rest}</li>
    </ul>
  );
}

function Drawn({ ctx, desk, queue, review, placed }: { ctx: Context; desk: Desk; queue: Queue; review: Review; placed: Placed }) {
  const [box, size] = useSize<HTMLDivElement>();
  const [hit, setHit] = useState<Hit | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [tool, setTool] = useState<Tool>("pan");
  const content = useContent(ctx, desk, queue, placed);
  const { places, within } = content;
  const marked = useMemo(() => [...review.marked].flatMap((place) => queue.items[place]?.rows ?? []), [review.marked, queue.items]);
  const { el, canvas } = useCanvas("Samples to judge, where the embedding puts them", {
    hover: setHit, note: setNote, view: () => setHit(null),
    open: (row) => {
      const place = row === null ? undefined : places.get(row);
      if (place !== undefined) review.go(place);
    },
    select: (rows, how) => {
      // Who draws a line means what is still open; decided ones only where there is nothing else.
      const open = rows.filter((row) => desk.standing(row) === null);
      if (rows.length === 0) ctx.store.say("No sample to judge lies inside.");
      review.markAll(new Set(combined(marked, open.length > 0 ? open : rows, how).flatMap((row) => places.get(row) ?? [])));
    },
  });
  useFed(ctx, canvas, content, { marked, focus: review.item?.rows[0] ?? null, tool });
  return (
    <>
      <div class="ground" ref={box}>
        <div class="points" ref={el} data-tiles />
        {hit && <Tip ctx={ctx} desk={desk} hit={hit} width={size.width} />}
        <p class="unseen" aria-live="polite">{hit ? "" : (note ?? "")}</p>
      </div>
      <div class="map-tools">
        <Dragging tool={tool} choose={setTool} does="mark" />
        <button type="button" class="button" title="The samples to judge (0 shows all)" onClick={() => canvas?.fit([...within])}>To judge</button>
      </div>
      <Legend ctx={ctx} dots={content.dots} rest={content.rest} />
    </>
  );
}

export function MapView({ ctx, desk, queue, review }: { ctx: Context; desk: Desk; queue: Queue; review: Review }) {
  const { used, asked, placed, failed } = usePlaces(ctx);
  return (
    <section class="map" aria-label={`Map of ${plural(queue.items.length, "sample")} to judge`}>
      {failed !== null && <p class="line" role="alert">{failed}</p>}
      {placed ? <Drawn ctx={ctx} desk={desk} queue={queue} review={review} placed={placed} /> : <Offer ctx={ctx} used={used} asked={asked} what="Where the samples lie" verb="Place the samples" />}
    </section>
  );
}
