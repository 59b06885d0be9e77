/** The sample in focus, what can be done with it on the picture, and it beside another one through the training. */
import { useEffect, useState } from "preact/hooks";
import { linePath, useSize } from "../../draw/axes";
import { count, percent } from "../../draw/format";
import { Failure, Swatch } from "../../draw/parts";
import { chosen } from "../../state/chosen";
import { idsOf } from "../../state/tags";
import type { Context } from "../component";
import { Glimpse, useKnown, type Known } from "../samples-strip";
import type { Course, Courses } from "./courses";
import type { Frames } from "./frames";
import { pairOf, pairWords, type Pair } from "./pair";
import { Story } from "./story";
import { reason } from "../../hosts/reason";

const HEIGHT = 62;

/** Names of a few samples; their places until the names are here. */
function useNames(ctx: Context, rows: readonly number[]): (row: number) => string {
  const [names, set] = useState<ReadonlyMap<number, string>>(new Map());
  const key = rows.join(",");
  useEffect(() => {
    if (rows.every((row) => names.has(row))) return;
    let gone = false;
    idsOf(ctx.data.columns, ctx.store.recording.peek(), rows).then((ids) => !gone && set(new Map(rows.map((row, k) => [row, ids[k] ?? ""]))), () => undefined);
    return () => {
      gone = true;
    };
  }, [key]);
  return (row) => names.get(row) ?? `sample ${count(row)}`;
}

interface Drawn {
  of: string;
  courses: readonly [Course, Course];
  pair: Pair;
}

/** Both stories and how far apart they are, once they are fetched. */
function usePair(rows: readonly [number, number] | null, courses: Courses | null, frames: Frames): { drawn: Drawn | null; failed: string | null } {
  const [state, set] = useState<{ drawn: Drawn | null; failed: string | null }>({ drawn: null, failed: null });
  const of = rows ? `${rows[0]},${rows[1]} ${frames.result.key}` : "";
  useEffect(() => {
    if (!rows || !courses) return;
    let gone = false;
    const [a, b] = rows;
    Promise.all([courses.of([a, b]), frames.paths([a, b])]).then(
      ([stories, paths]) => {
        const both = [stories.get(a), stories.get(b)] as const;
        const ways = [paths.get(a), paths.get(b)] as const;
        if (gone || !both[0] || !both[1]) return;
        const extent = frames.infos[0]?.extent;
        const pair = pairOf(ways[0] && ways[1] ? [ways[0], ways[1]] : null, extent ? extent.x1 - extent.x0 : 0, [both[0], both[1]], (place) => frames.frame(courses.names[place] ?? ""));
        set({ drawn: { of, courses: [both[0], both[1]], pair }, failed: null });
      },
      (error: unknown) => !gone && set({ drawn: null, failed: reason(error) }),
    );
    return () => {
      gone = true;
    };
  }, [of, courses]);
  return state.drawn && state.drawn.of !== of ? { drawn: null, failed: null } : state;
}

function Distance({ pair, width, at }: { pair: Pair; width: number; at: number | null }) {
  const cell = width / Math.max(1, pair.apart.length);
  const most = Math.max(0.01, ...pair.apart.map((value) => value ?? 0));
  const x = (place: number) => (place + 0.5) * cell;
  const y = (value: number) => HEIGHT - 4 - (value / most) * (HEIGHT - 18);
  const known = pair.apart.flatMap((value, place) => (value === null ? [] : [`${percent(value, 0)} at checkpoint ${place + 1}`]));
  return (
    <svg class="story" width={width} height={HEIGHT} role="img" aria-label={known.length === 0 ? "How far apart they are is not known." : `Distance on the picture: ${known.join(", ")}.`}>
      {at !== null && <rect x={x(at) - cell / 2} y={0} width={cell} height={HEIGHT} fill="var(--accent-soft)" />}
      <line x1={0} x2={width} y1={y(0)} y2={y(0)} stroke="var(--line)" />
      <text class="curve" x={2} y={10}>{`${percent(most, 0)} of the picture’s width`}</text>
      <path d={linePath(pair.apart.map((value, place) => (value === null ? null : [x(place), y(value)])))} fill="none" stroke="var(--ink)" stroke-width={2} stroke-linejoin="round" />
      {pair.apart.map((value, place) => value !== null && <circle key={place} cx={x(place)} cy={y(value)} r={place === at ? 4 : 2.25} fill="var(--ink)" />)}
    </svg>
  );
}

function Side({ ctx, row, name, course, known, width, at }: { ctx: Context; row: number; name: string; course: Course; known: Known | null; width: number; at: number | null }) {
  const { classes } = ctx.store.recording.value;
  const label = known?.facts(row).label ?? null;
  return (
    <li class="side">
      <button type="button" class="pic" aria-label={`Open ${name}`} onClick={() => (ctx.store.focus.value = row)}><Glimpse ctx={ctx} sample={row} /></button>
      <div>
        <p class="small"><b>{name}</b> <Swatch of={label} /> {label === null ? "no label" : (classes[label] ?? `class ${label}`)}</p>
        {width > 0 && <Story course={course} classes={classes} label={label} width={width} height={40} at={at} />}
      </div>
    </li>
  );
}

/** Room beside a course for the picture of its sample. */
const ASIDE = 60;

function Two({ ctx, rows, drawn, courses, known, nameOf, close }: { ctx: Context; rows: readonly [number, number]; drawn: Drawn; courses: Courses; known: Known | null; nameOf: (row: number) => string; close: () => void }) {
  const [ref, { width }] = useSize<HTMLDivElement>();
  const { pair } = drawn;
  const at = courses.frame(ctx.store.checkpoint.value?.name ?? "");
  const now = at === null ? null : (pair.apart[at] ?? null);
  const inner = Math.max(0, width - ASIDE);
  return (
    <section class="pair" aria-label="Two samples compared">
      <header><h3>{pairWords(pair)}</h3> <button type="button" class="button quiet" onClick={close}>Close</button></header>
      <p class="small muted">{`${now === null ? "" : `${percent(now, 0)} of the picture’s width apart here. `}Called the same at ${pair.same} of ${pair.called} checkpoints.`}</p>
      <div ref={ref}>
        <ul class="sides">
          <Side ctx={ctx} row={rows[0]} name={nameOf(rows[0])} course={drawn.courses[0]} known={known} width={inner} at={at} />
          <Side ctx={ctx} row={rows[1]} name={nameOf(rows[1])} course={drawn.courses[1]} known={known} width={inner} at={at} />
          <li class="side"><span /><div>{inner > 0 && <Distance pair={pair} width={inner} at={at} />}</div></li>
        </ul>
      </div>
      <p class="small muted">Lines of colour: probability of each one’s label; strips: what it was called. Below: how far apart both are drawn, which is as true as the picture is.</p>
    </section>
  );
}

/** A person compares the sample in focus with another, or the two that are selected. */
export function Pairing({ ctx, courses, frames, show }: { ctx: Context; courses: Courses | null; frames: Frames; show: (rows: readonly number[]) => void }) {
  const { store } = ctx;
  const [first, hold] = useState<number | null>(null);
  const [two, setTwo] = useState<readonly [number, number] | null>(null);
  const focus = store.focus.value;
  const picked = chosen(store);
  const [a, b] = picked.length === 2 ? picked : [];
  useEffect(() => {
    // The second one was pointed at, whichever view it was in.
    if (first !== null && focus !== null && focus !== first) {
      setTwo([first, focus]);
      hold(null);
    }
  }, [first, focus]);
  const rows = [...new Set([...(focus === null ? [] : [focus]), ...(first === null ? [] : [first]), ...(two ?? [])])];
  const nameOf = useNames(ctx, rows);
  const known = useKnown(ctx);
  const { drawn, failed } = usePair(two, courses, frames);
  const selected = a !== undefined && b !== undefined && !(two?.includes(a) && two.includes(b));
  if (focus === null && first === null && two === null && !selected) return null;
  return (
    <>
      <p class="at-hand small">
        {focus !== null && <><b>{nameOf(focus)}</b><button type="button" class="button" title="Show all places where it is on its way" onClick={() => show([focus])}>Show its way</button></>}
        {first !== null ? (
          <span role="status">{`Open the sample to compare ${nameOf(first)} with: click it on the picture, or find it. `}<button type="button" class="button quiet" onClick={() => hold(null)}>Stop</button></span>
        ) : focus !== null && courses && <button type="button" class="button" onClick={() => hold(focus)}>Compare with another</button>}
        {selected && courses && <button type="button" class="button" onClick={() => { setTwo([a, b]); show([a, b]); }}>Compare the two selected</button>}
      </p>
      {failed !== null && <Failure what="The two samples could not be compared." why={failed} />}
      {two && drawn && courses && <Two ctx={ctx} rows={two} drawn={drawn} courses={courses} known={known} nameOf={nameOf} close={() => setTwo(null)} />}
    </>
  );
}
