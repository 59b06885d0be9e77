/** Which labels are wrong? First the pairs of classes that were confused, then the samples, corrected by keys. */
import { useMemo, useRef } from "preact/hooks";
import { count } from "../../draw/format";
import { Heading } from "../../draw/parts";
import { Offer, useAnalysis } from "../analysis";
import type { Context } from "../component";
import { disagreements } from "./decided";
import { useDesk, type Desk } from "./desk";
import { Details } from "./details";
import { ASKED, readFound, type Pair } from "./found";
import { Overview } from "./overview";
import { Progress } from "./progress";
import { basesOf, DUPLICATES, FAMILIARITY, newSuspects, pairOf, useQueue, useSources } from "./queue";
import { RoundPart, roundWords } from "./round";
import { secondLook } from "./second-look";
import { BASES, TAB_WORDS, TABS, type Tab } from "./words";
import css from "./labels.css?inline";
import matrix from "../confusion/confusion.css?inline";

export const styles = `${matrix}\n${css}`;

/** What the judgement stands on; what is in doubt about it stays on the page. */
function Basis({ ctx, desk, basis }: { ctx: Context; desk: Desk; basis: string | null }) {
  const all = basesOf(desk);
  const words = basis === null ? undefined : BASES[basis];
  return (
    <div class={`basis ${words?.warn ? "warned" : ""}`} role="note">
      {all.length > 1 && (
        <span class="segments" role="group" aria-label="Which samples">
          {all.map((one) => <button key={one} type="button" aria-pressed={one === basis} onClick={() => ctx.set({ basis: one })}>{`${BASES[one]?.name ?? one} · ${count(desk.found.about.find((about) => about.basis === one)?.samples ?? 0)}`}</button>)}
        </span>
      )}
      <span class="small">{words?.warn && <b>In-sample: </b>}{basis === "out-of-fold" && desk.found.round && <b>{`${roundWords(desk.found.round)}. `}</b>}{words?.says ?? basis}</span>
    </div>
  );
}

function Tabs({ ctx, desk, tab }: { ctx: Context; desk: Desk; tab: Tab }) {
  const { missing, nMissingLabels } = ctx.store.recording.value;
  const differing = useMemo(() => disagreements(desk.decided, desk.givenOf).length, [desk.decided]);
  const log = ctx.store.log.value;
  const again = useMemo(() => secondLook(desk, log ?? []).length, [desk.decided, log]);
  const suspects = useMemo(() => newSuspects(desk).length, [desk.found, desk.decided]);
  const shown = TABS.filter((one) => (one === "duplicates" ? missing["duplicates"]?.length === 0 : one === "strange" ? missing["familiarity"]?.length === 0 : one === "unlabelled" ? nMissingLabels > 0 : one === "again" ? again > 0 || tab === "again" : one === "suspects" ? suspects > 0 || tab === "suspects" : one !== "disagreed" || differing > 0 || tab === "disagreed"));
  const keyed = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = shown[(shown.indexOf(tab) + by + shown.length) % shown.length];
    ctx.set({ tab: next ?? "pairs", pair: null });
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="tabs" role="tablist" aria-label="What to look for" onKeyDown={keyed}>
      {shown.map((one) => (
        <button key={one} type="button" role="tab" aria-selected={one === tab} tabIndex={one === tab ? 0 : -1} title={TAB_WORDS[one].how} onClick={() => ctx.set({ tab: one === "pairs" ? null : one, pair: null })}>
          {TAB_WORDS[one].name}{one === "disagreed" && <span class="badge warn">{count(differing)}</span>}{one === "again" && <span class="badge">{count(again)}</span>}
        </button>
      ))}
    </div>
  );
}

function Open({ ctx, desk }: { ctx: Context; desk: Desk }) {
  const options = ctx.options.value;
  const tab = options["tab"] as Tab;
  const pair = pairOf(ctx);
  const all = basesOf(desk);
  const asked = options["basis"];
  const basis = typeof asked === "string" && all.includes(asked) ? asked : (all[0] ?? null);
  const sources = useSources(ctx, tab);
  const queue = useQueue(ctx, desk, sources, basis);
  const overview = tab === "pairs" && pair === null;
  const open = ({ label, prediction }: Pair) => ctx.set({ pair: [desk.classes[label] ?? "", desk.classes[prediction] ?? ""] });
  return (
    <>
      <Tabs ctx={ctx} desk={desk} tab={tab} />
      {overview && <Basis ctx={ctx} desk={desk} basis={basis} />}
      {overview && desk.found.round && <RoundPart ctx={ctx} desk={desk} round={desk.found.round} />}
      {tab === "duplicates" && !queue && <Offer ctx={ctx} used={sources.duplicates} asked={DUPLICATES} what="Which samples are there twice" verb="Look for duplicates" />}
      {tab === "budget" && !queue && <Offer ctx={ctx} used={sources.duplicates} asked={DUPLICATES} what="Which samples are there twice" verb="Look for duplicates" />}
      {tab === "strange" && !queue && <Offer ctx={ctx} used={sources.familiarity} asked={FAMILIARITY} what="What lies apart" verb="Measure familiarity" />}
      {overview ? <Overview ctx={ctx} desk={desk} basis={basis} open={open} /> : queue && <Details key={queue.list} basis={tab === "duplicates" || tab === "again" || tab === "suspects" || tab === "disagreed" || tab === "unlabelled" ? null : basis} ctx={ctx} desk={desk} queue={queue} withoutCopies={sources.duplicates.tables === null} leave={tab === "pairs" ? () => ctx.set({ pair: null }) : null} />}
      {(overview || tab === "control") && <Progress ctx={ctx} desk={desk} />}
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const recording = ctx.store.recording.value;
  const used = useAnalysis(ctx, ASKED, true);
  const { tables } = used;
  const found = useMemo(() => (tables ? readFound(tables) : null), [tables]);
  const desk = useDesk(ctx, found);
  const decided = desk?.decided.standing.size ?? 0;
  const waits = useRef(<p class="line muted" role="status">Reading labels and decisions…</p>);
  const notes = found?.notes.filter((note) => !note.startsWith("The model learnt from the labels")) ?? [];
  return (
    <section class="labels" aria-label="Which labels are wrong?">
      <Heading title="Which labels are wrong?" small={found ? `${count(found.n)} samples · ${count(recording.classes.length)} classes${desk && decided > 0 ? ` · ${count(decided)} decided` : ""}` : ""} />
      <Offer ctx={ctx} used={used} asked={ASKED} what="Which labels are wrong" verb="Judge the labels" />
      {desk?.barred && <p class="line barred">{desk.barred}</p>}
      {found && (desk ? <Open ctx={ctx} desk={desk} /> : waits.current)}
      {notes.map((note) => <p key={note} class="line muted small">{note}</p>)}
    </section>
  );
}
