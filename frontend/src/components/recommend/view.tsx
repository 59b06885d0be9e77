/** Which samples to look at: a short list with reasons, answered by keys, that learns from the answers. */
import { useEffect, useRef, useState } from "preact/hooks";
import { count, percent, plural, probability } from "../../draw/format";
import { Door, Failure, Heading } from "../../draw/parts";
import { fileName, saveAs } from "../../draw/save";
import { chosen } from "../../state/chosen";
import { takesText } from "../../state/keys";
import { idsOf } from "../../state/tags";
import { Offer } from "../analysis";
import type { Context } from "../component";
import { labelText } from "../grid/card";
import { Glimpse, showRows, Strip, useKnown, type Known } from "../samples-strip";
import { csv } from "../timetravel/keep";
import { cursorOf } from "../timetravel/marks";
import { useAnswering, type Answering } from "./answering";
import { idsWith, precisionOf, type Verdict } from "./answers";
import type { Batch, Item } from "./batch";
import { History, Learned } from "./more";
import { STRATEGIES, TARGETS, targetOf } from "./targets";
import { useBatch } from "./use-batch";
import { useMarks, usePlaces } from "./use-marks";
import { reason } from "../../hosts/reason";
import css from "./recommend.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

const SAID: Record<Verdict, string> = { yes: "✓ yes", no: "✗ no", skip: "skipped" };
const KEYS: Record<string, Verdict> = { "1": "yes", "2": "no", "3": "skip" };
/** So many examples say well enough what is meant. */
const MOST_EXAMPLES = 50;

interface RowProps {
  ctx: Context;
  item: Item;
  known: Known | null;
  said: { verdict: Verdict; saved: boolean } | null;
  current: boolean;
  choose: () => void;
  open: () => void;
}

/** Why a sample stands in the list that the ranking alone would not put there. */
const NOTED: Readonly<Record<string, readonly string[]>> = { explore: ["shown to learn more"], diverse: ["shown to learn more"], again: ["asked again"] };

function Row({ ctx, item, known, said, current, choose, open }: RowProps) {
  const { classes } = ctx.store.recording.value;
  const facts = known?.facts(item.row) ?? null;
  const label = facts && labelText(facts, classes);
  const words = `${item.id}, ${label ?? "no label"}${item.suggested ? `, perhaps ${item.suggested}` : ""}`;
  return (
    <li class={`row ${said ? "said" : ""}`}>
      <button type="button" class="item" aria-current={current} aria-label={`${words}${said ? `, answered ${said.verdict}` : ""}`} tabIndex={current ? 0 : -1} data-row={item.row} title="Enter opens it" onClick={choose} onFocus={choose} onDblClick={open}>
        <span class="pic"><Glimpse ctx={ctx} sample={item.row} /></span>
        <span class="text">
          <span class="who"><b>{item.id}</b> · {label ?? "no label"}{item.suggested !== null && item.suggested !== label && <> → <b>{item.suggested}?</b></>}</span>
          <span class="why muted small">{[...item.why, ...(NOTED[item.part] ?? [])].join(" · ")}</span>
        </span>
        <span class="side num">{said ? <span class={`verdict ${said.verdict}`}>{said.saved ? SAID[said.verdict] : "saving…"}</span> : probability(item.score)}</span>
      </button>
    </li>
  );
}

function Choices({ ctx, reviewers, reviewer }: { ctx: Context; reviewers: readonly string[]; reviewer: string | null }) {
  const options = ctx.options.value;
  const { splits, author } = ctx.store.recording.value;
  return (
    <div class="choices">
      <select aria-label="What is sought" value={String(options["target"])} onChange={(event) => ctx.set({ target: event.currentTarget.value })}>
        {TARGETS.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </select>
      <details class="settings">
        <summary class="button">How</summary>
        <div class="panel">
      <label class="choose"><span>Ranked</span><select aria-label="How samples are ranked" value={String(options["strategy"])} onChange={(event) => ctx.set({ strategy: event.currentTarget.value })}>
        {STRATEGIES.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </select></label>
      <label class="choose"><span>Batch</span><select aria-label="How many at a time" value={String(options["batch"])} onChange={(event) => ctx.set({ batch: Number(event.currentTarget.value) })}>
        {[...new Set([10, 20, 50, 100, Number(options["batch"])])].sort((a, b) => a - b).map((n) => <option key={n} value={String(n)}>{`${n} at a time`}</option>)}
      </select></label>
      {splits.length > 1 && (
        <label class="choose"><span>Looked for</span><select aria-label="Where to look" value={typeof options["split"] === "string" ? options["split"] : ""} onChange={(event) => ctx.set({ split: event.currentTarget.value || null })}>
          <option value="">{splits.some(({ name }) => name === "train") ? "in train" : "in all splits"}</option>
          {splits.filter(({ name }) => name !== "train").map(({ name }) => <option key={name} value={name}>{`in ${name}`}</option>)}
          {splits.some(({ name }) => name === "train") && <option value="all">in all splits</option>}
        </select></label>
      )}
      {reviewers.length > 1 && (
        <label class="choose"><span>Taught by</span><select aria-label="Whose answers" value={reviewer ?? ""} onChange={(event) => ctx.set({ reviewer: event.currentTarget.value === author ? null : event.currentTarget.value })}>
          {reviewers.map((name) => <option key={name} value={name}>{name === author ? `my own answers (${name})` : `answers of ${name}`}</option>)}
        </select></label>
      )}
        </div>
      </details>
      <span class="question">{targetOf(options["target"]).question}</span>
    </div>
  );
}

function Examples({ ctx }: { ctx: Context }) {
  const picked = chosen(ctx.store);
  const { like } = ctx.options.value;
  const n = Array.isArray(like) ? like.length : 0;
  const take = () => {
    idsOf(ctx.data.columns, ctx.store.recording.peek(), picked.subarray(0, MOST_EXAMPLES)).then((ids) => ctx.set({ like: ids }), (error: unknown) => ctx.store.notice(`The examples could not be read. ${reason(error)}`));
  };
  return (
    <p class="line">
      <span class="muted">{n === 0 ? "Select a few examples in any view, then:" : `Like ${plural(n, "example")}.`}</span>{" "}
      <button type="button" class="button" disabled={picked.length === 0} onClick={take}>{picked.length === 0 ? "Nothing is selected" : `Take the ${plural(Math.min(picked.length, MOST_EXAMPLES), "selected sample")}`}</button>
    </p>
  );
}

/** "86 % of 14 answers, 60–96 %". */
function Precision({ ctx, answering, open }: { ctx: Context; answering: Answering; open: (verdict: Verdict) => void }) {
  const { hits, judged, estimate } = precisionOf(answering.answers);
  const { found } = targetOf(ctx.options.value["target"]);
  if (judged === 0) return null;
  return (
    <p class="line precision">
      <span>precision so far <b class="num">{percent(estimate.value, 0)}</b></span>{" "}
      <span class="muted small num">{`95 % interval ${percent(estimate.low, 0)} to ${percent(estimate.high, 0)}`}</span>{" · "}
      <Door leads={`show the ${found} you accepted`} disabled={hits === 0} open={() => open("yes")}>{`${count(hits)} yes`}</Door>{" · "}
      <Door leads="show the samples you rejected" disabled={judged === hits} open={() => open("no")}>{`${count(judged - hits)} no`}</Door>
    </p>
  );
}

/** Walks along the batch: where the cursor is, and where it goes when something was answered. */
function useCursor(ctx: Context, items: readonly Item[], isOpen: (item: Item) => boolean, root: preact.RefObject<HTMLElement>) {
  const [at, set] = useState<number | null>(null);
  const here = useRef<number | null>(null);
  const cursor = cursorOf(ctx.data);
  useEffect(() => () => void (cursor.value = null), []);
  const first = items.find(isOpen) ?? items[0];
  const current = items.find(({ row }) => row === at) ?? first ?? null;
  const go = (item: Item | undefined, focus: boolean) => {
    if (!item) return;
    here.current = item.row;
    set(item.row);
    cursor.value = item.row;
    if (!focus) return;
    const button = root.current?.querySelector<HTMLElement>(`[data-row="${item.row}"]`);
    button?.focus({ preventScroll: true });
    button?.scrollIntoView?.({ block: "nearest" });
  };
  const after = (item: Item): Item | undefined => {
    const place = items.indexOf(item);
    return [...items.slice(place + 1), ...items.slice(0, place)].find((one) => one !== item && isOpen(one));
  };
  /** Where it stands now, drawn or not: keys may come faster than the page. */
  const now = () => items.find(({ row }) => row === here.current) ?? current;
  return { current, now, go, after, step: (by: number) => go(items[Math.max(0, Math.min(items.length - 1, items.indexOf(now() as Item) + by))], true) };
}

function List({ ctx, batch, answering, next, known }: { ctx: Context; batch: Batch; answering: Answering; next: () => void; known: Known | null }) {
  const root = useRef<HTMLElement>(null);
  const { answers, pending, barred } = answering;
  const { items } = batch;
  const isOpen = (item: Item) => !answers.has(item.id) && !answering.isGiven(item.id);
  const open = items.filter(isOpen);
  const cursor = useCursor(ctx, items, isOpen, root);
  const within = useRef(false);
  const say = (chosenItems: readonly Item[], verdict: Verdict) => {
    const [one] = chosenItems;
    const follow = chosenItems.length === 1 && one ? cursor.after(one) : undefined;
    void answering.answer(chosenItems, verdict);
    cursor.go(follow, true);
  };
  const keyed = (event: KeyboardEvent) => {
    const target = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || takesText(target instanceof EventTarget ? target : undefined)) return;
    const verdict = KEYS[event.key];
    const current = cursor.now();
    if (verdict && current && barred === null) {
      if (isOpen(current)) say([current], verdict);
    } else if (event.key === "Enter" && current && target instanceof HTMLElement && target.closest(".item")) ctx.store.focus.value = current.row;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") cursor.step(event.key === "ArrowDown" ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const done = items.length > 0 && open.length === 0 && pending.size === 0;
  // All of them are answered, and on disk: the next ones stand on that.
  useEffect(() => {
    if (done && items.every(({ id }) => answers.has(id))) next();
  }, [done, batch]);
  // Who was answering goes on answering, at the top of the next batch.
  useEffect(() => {
    const [first] = items;
    if (within.current && first) cursor.go(items.find(isOpen) ?? first, true);
  }, [batch]);
  const act = (verdict: Verdict) => {
    const current = cursor.now();
    if (current && isOpen(current)) say([current], verdict);
  };
  return (
    <section ref={root} class="list" aria-label="Recommended samples" onKeyDown={keyed} onFocusCapture={() => (within.current = true)}
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (to instanceof Node && !root.current?.contains(to)) within.current = false;
      }}>
      <ul class="rows">
        {items.map((item) => {
          const saved = answers.get(item.id);
          const waiting = pending.get(item.id);
          return <Row key={item.row} ctx={ctx} item={item} known={known} current={item === cursor.current} said={waiting ? { verdict: waiting, saved: false } : saved ? { verdict: saved.verdict, saved: true } : null} choose={() => cursor.go(item, false)} open={() => (ctx.store.focus.value = item.row)} />;
        })}
      </ul>
      {barred !== null ? <p class="line muted">{barred}</p> : items.length > 0 && (
        <div class="acts">
          <button type="button" class="button primary" onClick={() => act("yes")}>Yes <kbd>1</kbd></button>
          <button type="button" class="button" onClick={() => act("no")}>No <kbd>2</kbd></button>
          <button type="button" class="button" onClick={() => act("skip")}>Skip <kbd>3</kbd></button>
          <span class="gap" />
          {open.length > 1 && <button type="button" class="button quiet" onClick={() => say(open, "yes")}>{`Yes to ${open.length}`}</button>}
          {open.length > 1 && <button type="button" class="button quiet" onClick={() => say(open, "no")}>{`No to ${open.length}`}</button>}
          <button type="button" class="button" title="Other samples, with every answer so far" onClick={next}>More</button>
        </div>
      )}
      {items.length === 0 && <p class="line muted">Nothing is left to look at: every sample of the split was answered or skipped.</p>}
    </section>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const options = ctx.options.value;
  const target = targetOf(options["target"]);
  const answering = useAnswering(ctx, target.id, String(options["strategy"]));
  const { answers } = answering;
  const { asked, used, batch, failed, next } = useBatch(ctx, target.id, answers, store.log.value !== null);
  const known = useKnown(ctx);
  const places = usePlaces(ctx, answers);
  useMarks(ctx, batch, answers, places);
  const rowsWith = (verdict: Verdict) => idsWith(answers, verdict).flatMap((id) => places.get(id) ?? []);
  const answered = batch?.items.filter(({ id }) => answers.has(id)).length ?? 0;
  const save = () => {
    const { classes } = store.recording.peek();
    const rows = [...answers.values()].filter(({ verdict }) => verdict === "yes").map((answer) => {
      const row = places.get(answer.sampleId);
      const facts = row === undefined ? null : (known?.facts(row) ?? null);
      return [answer.sampleId, facts && labelText(facts, classes), answer.suggested, answer.author, answer.time];
    });
    saveAs(new Blob([csv([["sample_id", "label", "suggested", "author", "time"], ...rows])], { type: "text/csv" }), fileName([store.recording.peek().name, target.found], "csv"));
  };
  const lacks = target.id === "like_these" && (!Array.isArray(options["like"]) || options["like"].length === 0);
  return (
    <section aria-label="Which samples to look at">
      <Heading title="Look at these" small={`${target.name.toLowerCase()}${batch ? ` · ${answered} of ${plural(batch.items.length, "answer")}` : ""}`} />
      <Choices ctx={ctx} reviewers={answering.reviewers} reviewer={answering.reviewer} />
      {target.id === "like_these" && <Examples ctx={ctx} />}
      <Precision ctx={ctx} answering={answering} open={(verdict) => showRows(ctx, rowsWith(verdict), `answered ${verdict}`)} />
      {!lacks && used.answer.state !== "done" && !(batch && used.answer.state === "asking") && <Offer ctx={ctx} used={used} asked={asked} what="What to look at" verb="Recommend samples" />}
      {failed !== null && <Failure what="The recommended samples could not be read." why={failed} retry={used.run} />}
      {batch && <List ctx={ctx} batch={batch} answering={answering} next={next} known={known} />}
      {batch && batch.typical.length > 0 && (
        <details class="fold"><summary>To compare with: samples that are least what is sought</summary><Strip ctx={ctx} samples={batch.typical} known={known} label="To compare with" /></details>
      )}
      {batch && <Learned ctx={ctx} batch={batch} answering={answering} places={places} known={known} />}
      <History ctx={ctx} answering={answering} places={places} save={save} found={target.found} />
      {batch?.notes.map((note) => <p key={note} class="line muted small">{note}</p>)}
      {data.capabilities.decide && <p class="line muted small">The keys work while the list has the focus; Ctrl Z takes the last answer back.</p>}
    </section>
  );
}
