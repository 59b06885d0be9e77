/** What happened on the way to a checkpoint: counts by kind, and the samples one by one. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { count, measure, plural, probability } from "../../draw/format";
import { Door, Failure, Heading, Swatch, Waiting } from "../../draw/parts";
import { checkpointText } from "../../draw/where";
import { has } from "../../state/masks";
import { Offer } from "../analysis";
import type { Context } from "../component";
import { Glimpse, showRows, useKnown, type Known } from "../samples-strip";
import { eventsIn, samplesOf, type Events } from "./courses";
import { KINDS, KIND_WORDS, type Kind } from "./kinds";
import { coursesOf, useCourses } from "./use-time";
import { reason } from "../../hosts/reason";
import css from "./events.css?inline";

export const styles = css;

/** So many are listed; all of them are behind the count. */
const FEW = 40;

function useEvents(courses: ReturnType<typeof useCourses>["courses"]): { events: Events | null; failed: string | null } {
  const [state, set] = useState<{ events: Events | null; failed: string | null }>({ events: null, failed: null });
  useEffect(() => {
    if (!courses) return;
    let gone = false;
    courses.events().then((events) => !gone && set({ events, failed: null }), (error: unknown) => !gone && set({ events: null, failed: reason(error) }));
    return () => {
      gone = true;
    };
  }, [courses]);
  return state;
}

/** The few events that matter most, the largest change first; equals in the order of their samples. */
export function largest(events: Events, rows: readonly number[], most: number): number[] {
  const found: { row: number; size: number }[] = [];
  for (const row of rows) {
    const size = Math.abs(events.amount(row) ?? 0);
    if (found.length === most && size <= (found.at(-1)?.size ?? 0)) continue;
    let place = found.length;
    while (place > 0 && (found[place - 1]?.size ?? 0) < size) place--;
    found.splice(place, 0, { row, size });
    if (found.length > most) found.pop();
  }
  return found.map(({ row }) => row);
}

function amountWords(kind: Kind, amount: number | null): string {
  if (amount === null) return "";
  if (kind === "movement") return `${measure(Math.abs(amount))} ${amount < 0 ? "further from" : "nearer to"} its end`;
  return `${amount < 0 ? "−" : "+"}${probability(Math.abs(amount))}`;
}

function Line({ ctx, events, row, kind, known }: { ctx: Context; events: Events; row: number; kind: Kind; known: Known | null }) {
  const { classes } = ctx.store.recording.value;
  const sample = events.sample[row] ?? 0;
  const [from, to] = [events.from(row), events.to(row)];
  const label = known?.facts(sample).label ?? null;
  const show = () => {
    ctx.store.focus.value = sample;
    showRows(ctx, [sample], KIND_WORDS[kind].past);
  };
  return (
    <li>
      <button type="button" class="event" aria-label={`Show sample ${count(sample)}: ${from ?? "unknown"} to ${to ?? "unknown"}`} aria-pressed={ctx.store.focus.value === sample} onClick={show}>
        <span class="pic"><Glimpse ctx={ctx} sample={sample} /></span>
        <span class="words">
          <b>{from !== null && to !== null && from !== to ? `${from} → ${to}` : (to ?? KIND_WORDS[kind].past)}</b>
          <span class="muted small">{label === null ? "no label" : <><Swatch of={label} /> {classes[label] ?? `class ${label}`}</>}</span>
        </span>
        <span class="num muted small">{amountWords(kind, events.amount(row))}</span>
      </button>
    </li>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const options = ctx.options.value;
  const asked = coursesOf(options);
  const { used, courses, failed } = useCourses(ctx, asked);
  const { events, failed: lost } = useEvents(courses);
  const checkpoint = store.checkpoint.value?.name ?? "";
  const frame = courses?.frame(checkpoint) ?? null;
  const kind = KINDS.find((one) => one === options["kind"]) ?? "flip";
  const known = useKnown(ctx);
  const mask = data.filter.mask(ctx.id);
  // A checkpoint of a large recording has tens of thousands of events: they are gone through once, not at every drawing.
  const byKind = useMemo(() => {
    const passing = (rows: readonly number[]) => (mask && events ? rows.filter((row) => has(mask, events.sample[row] ?? 0)) : rows);
    return new Map(KINDS.map((one) => [one, events && frame !== null ? passing(eventsIn(events, one, frame - 1, frame)) : []]));
  }, [events, frame, mask]);
  const of = (one: Kind) => byKind.get(one) ?? [];
  const rows = of(kind);
  const first = useMemo(() => (events ? largest(events, rows, FEW) : []), [events, rows]);
  const small = frame === 0 ? "nothing came before the first checkpoint" : `on the way to ${checkpointText(recording, checkpoint)}${mask ? " · of the samples that pass the filter" : ""}`;
  return (
    <section aria-label="What happened at this checkpoint">
      <Heading title={events && frame !== null && frame > 0 ? `${count(of("flip").length)} changed their prediction, ${count(of("forgotten").length)} were forgotten` : "What happened at this checkpoint"} small={small} />
      <Offer ctx={ctx} used={used} asked={asked} what="What happened to the samples" verb="Follow the samples" />
      {(failed ?? lost) !== null && <Failure what="What happened could not be read." why={failed ?? lost ?? ""} retry={used.run} />}
      {courses && !events && lost === null && <Waiting what="Reading what happened" />}
      {events && frame !== null && frame > 0 && (
        <>
          <div class="kinds segments" role="group" aria-label="What is listed">
            {KINDS.map((one) => <button key={one} type="button" aria-pressed={one === kind} onClick={() => ctx.set({ kind: one })}>{`${count(of(one).length)} ${KIND_WORDS[one].many}`}</button>)}
          </div>
          {rows.length === 0 ? <p class="none muted">{`No ${KIND_WORDS[kind].many} here.`}</p> : (
            <>
              <p class="all"><Door leads="show these samples, here and on the picture" open={() => void data.pick({ kind: "rows", rows: Array.from(samplesOf(events, rows)), words: `${KIND_WORDS[kind].past} on the way to ${checkpointText(recording, checkpoint)}` }, ctx.id, { split: "all" })}>{`All ${plural(rows.length, "sample")}`}</Door> <span class="muted small">{rows.length > FEW ? `the ${FEW} largest below` : ""}</span></p>
              <ul class="list" aria-label={KIND_WORDS[kind].many}>
                {first.map((row) => <Line key={row} ctx={ctx} events={events} row={row} kind={kind} known={known} />)}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  );
}
