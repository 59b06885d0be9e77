/** Step 2: the samples of a pair or of a kind, one after the other, by keys. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, percent, plural } from "../../draw/format";
import { Door, Heading } from "../../draw/parts";
import type { Context } from "../component";
import { askWhy, canTellWhy } from "../neurons/why";
import { showRows } from "../samples-strip";
import { given, progressOf, touchedIn, type Desk } from "./desk";
import { Band } from "./band";
import { differing, FIRST, flipped, type Laid } from "./copies";
import { Finder } from "./finder";
import { useAhead } from "./ahead";
import { drawn } from "./found";
import { Help } from "./help";
import { keyed, keyLines } from "./keys";
import { MapView } from "./map";
import { Plan } from "./planning";
import { pairOf, type Queue } from "./queue";
import { Stage } from "./stage";
import { GUARD, mayDecideAll } from "./stopping";
import { Tiles, type TileSize } from "./tiles";
import { BASES } from "./words";
import { sureWords, useReview, type Review } from "./use-review";

const SIZES: readonly TileSize[] = ["small", "medium", "large"];

function Comment({ review }: { review: Review }) {
  const [text, set] = useState("");
  const close = () => review.ask(null);
  const save = () => {
    review.comment(text);
    close();
  };
  return (
    <form class="panel-over" role="dialog" aria-label="Comment on the sample" onSubmit={(event) => {
      event.preventDefault();
      save();
    }} onKeyDown={(event) => {
      event.stopPropagation();
      if (event.key === "Escape") close();
    }}>
      <p class="asks"><b>Comment</b> <span class="muted small">kept as a note on the sample</span></p>
      <input class="field" type="text" aria-label="Comment" ref={(el) => el?.focus()} value={text} onInput={(event) => set(event.currentTarget.value)} />
      <p class="does"><button type="submit" class="button primary" disabled={text.trim() === ""}>Save comment</button><button type="button" class="button" onClick={close}>Cancel</button></p>
    </form>
  );
}

function Sure({ review, desk }: { review: Review; desk: Desk }) {
  const { asking } = review;
  if (asking?.kind !== "sure") return null;
  const differing = new Set(asking.rows.map((row) => desk.nameOf(row))).size;
  return (
    <div class="panel-over" role="alertdialog" aria-label="Many at once" onKeyDown={(event) => {
      event.stopPropagation();
      if (event.key === "Escape") review.ask(null);
    }}>
      <p class="asks"><b>{sureWords(asking.rows, asking.given)}</b></p>
      <p class="muted small">{`${asking.words}${differing > 1 ? `, with ${count(differing)} different labels now` : ""}`}</p>
      <p class="does"><button type="button" class="button primary" ref={(el) => el?.focus()} onClick={review.sure}>{`Decide ${count(asking.rows.length)}`}</button><button type="button" class="button" onClick={() => review.ask(null)}>Cancel</button></p>
    </div>
  );
}

/** The classes that were chosen last, the latest first. */
function recentOf(desk: Desk): string[] {
  return [...new Set([...desk.decided.standing.values()].reverse().flatMap(({ label }) => label ?? []))].slice(0, 5);
}

function Panels({ desk, review }: { desk: Desk; review: Review }) {
  const { asking } = review;
  const cancel = () => review.ask(null);
  if (asking?.kind === "class" || asking?.kind === "ambiguous") {
    const several = asking.kind === "ambiguous";
    return <div class="panel-over"><Finder classes={desk.classes} recent={recentOf(desk)} several={several} cancel={cancel} done={(names) => {
      cancel();
      if (several) review.act(given("ambiguous", { labels: names }));
      else if (names[0] !== undefined) review.choose(names[0]);
    }} /></div>;
  }
  if (asking?.kind === "comment") return <Comment review={review} />;
  if (asking?.kind === "help") return <Help close={cancel} />;
  return <Sure review={review} desk={desk} />;
}

function Bar({ desk, queue, review }: { desk: Desk; queue: Queue; review: Review }) {
  if (desk.barred !== null) return <p class="acts muted">{desk.barred}</p>;
  const acts: Record<string, () => void> = {
    Keep: review.keep, "Other class": () => review.ask({ kind: "class" }), Ambiguous: () => review.ask({ kind: "ambiguous" }), None: () => review.act(given("none")), Exclude: () => review.act(given("exclude")),
    Copies: review.copy, Skip: () => review.act(given("skip")), Comment: () => review.ask({ kind: "comment" }), Undo: review.undo, Redo: review.redo, Keys: () => review.ask({ kind: "help" }),
  };
  const shown = keyLines().filter(({ verb }) => verb !== undefined && (verb !== "Copies" || (review.item?.rows.length ?? 0) > 1) && (verb !== "Keep" || !queue.blind));
  return (
    <div class="acts" role="toolbar" aria-label="What to do">
      {shown.map(({ verb = "", keys, says }) => <button key={verb} type="button" class="button" title={says} onClick={acts[verb]}>{verb} <kbd>{keys[0]}</kbd></button>)}
    </div>
  );
}

/** A whole pair at once: only after a random part of it was reviewed, and agrees. */
function Whole({ desk, queue, review }: { desk: Desk; queue: Queue; review: Review }) {
  const { target, items } = queue;
  const rows = useMemo(() => items.map(({ rows }) => rows[0] ?? 0), [items]);
  const sample = useMemo(() => new Set([...rows].sort((a, b) => drawn(desk.idOf(a)) - drawn(desk.idOf(b))).slice(0, GUARD)), [rows]);
  if (target === null || queue.blind || desk.barred !== null || rows.length < 2) return null;
  const name = desk.classes[target] ?? "";
  const said = [...sample].map((row) => desk.standing(row)).filter((one) => one !== null);
  const set = said.filter((one) => one.label === name && one.action === "set").length;
  const kept = said.filter(({ action }) => action === "keep").length;
  const rest = rows.filter((row) => desk.standing(row) === null);
  const size = Math.min(GUARD, rows.length);
  const extra = { guard: { sampled: said.length, set, kept } };
  if (rest.length === 0) return null;
  if (mayDecideAll(said.length, set, rows.length)) return <button type="button" class="button" onClick={() => review.actOn(rest, given("set", { label: name }), `the rest of this pair, after ${set} of ${said.length} drawn at random`, extra)}>{`Set the other ${count(rest.length)} to ${name}`}</button>;
  if (mayDecideAll(said.length, kept, rows.length)) return <button type="button" class="button" onClick={() => review.actOn(rest, given("keep"), `the rest of this pair, after ${kept} of ${said.length} drawn at random`, extra)}>{`Keep the other ${count(rest.length)}`}</button>;
  const next = items.findIndex(({ rows: [row = 0] }) => sample.has(row) && desk.standing(row) === null);
  const why = said.length >= size ? `${set} of ${said.length} are ${name}: too few to decide about all at once` : `A pair can be decided at once when 95 % of ${size} drawn at random agree`;
  return <button type="button" class="button quiet" title={why} disabled={next < 0} onClick={() => review.go(next)}>{`All at once: ${said.length} of ${size}`}</button>;
}

/** Two classes that are one: every sample of the label, reviewed or not. It always asks, with the number. */
function Merge({ desk, queue, review, label }: { desk: Desk; queue: Queue; review: Review; label: number | null }) {
  const { target } = queue;
  if (target === null || label === null || queue.blind || desk.barred !== null) return null;
  const [from, into] = [desk.classes[label] ?? "", desk.classes[target] ?? ""];
  const ask = () => {
    const rows = Array.from({ length: desk.found.n }, (_, row) => row).filter((row) => desk.labelOf(row) === label);
    review.ask({ kind: "sure", rows, given: given("merge", { label: into }), extra: { reason: queue.reason, from }, words: `every sample labelled ${from}, reviewed or not` });
  };
  return <button type="button" class="button quiet" title={`Every ${from} becomes ${into}; it asks first`} onClick={ask}>Merge classes…</button>;
}

function Progress({ ctx, desk, queue }: { ctx: Context; desk: Desk; queue: Queue }) {
  const rows = useMemo(() => queue.items.map(({ rows: [row = 0] }) => row), [queue.items]);
  const among = useMemo(() => new Set(rows), [rows]);
  const { decided, saving, changed, skipped } = progressOf(desk, touchedIn(desk, among));
  const show = (test: (row: number) => boolean, words: string) => showRows(ctx, rows.filter(test), words);
  return (
    <span class="progressed num">
      <progress max={Math.max(1, rows.length)} value={decided} aria-label={`${decided} of ${rows.length} decided`} />
      <Door leads="show what you decided" disabled={decided === 0} open={() => show((row) => desk.standing(row)?.saved === true, "decided in this list")}>{`${count(decided)} of ${count(rows.length)}`}</Door>
      {saving > 0 && <span class="muted">{`${count(saving)} being saved`}</span>}
      {decided > 0 && queue.items[0]?.plan === undefined && <span class="muted">{`${percent(changed / decided, 0)} were wrong`}</span>}
      {skipped > 0 && <Door leads="show what was put off" open={() => show(desk.isSkipped, "skipped in this list")}>{`${count(skipped)} skipped`}</Door>}
    </span>
  );
}

/** How the copies at hand are laid; another group begins with its first. */
function useLaid({ item }: Review): { laid: Laid; lay: (change: (laid: Laid, copies: number) => Laid) => void } {
  const state = useRef<{ of: Review["item"]; laid: Laid }>({ of: null, laid: FIRST });
  const [, draw] = useState<Laid>(FIRST);
  if (state.current.of !== item) state.current = { of: item, laid: FIRST };
  const copies = item?.rows.length ?? 0;
  return {
    laid: state.current.laid,
    lay: (change) => {
      if (copies < 2) return;
      state.current = { of: item, laid: change(state.current.laid, copies) };
      draw(state.current.laid);
    },
  };
}

export function Details({ ctx, desk, queue, basis, withoutCopies, leave }: { ctx: Context; desk: Desk; queue: Queue; basis: string | null; withoutCopies: boolean; leave: (() => void) | null }) {
  const review = useReview(ctx, desk, queue);
  const [columns, setColumns] = useState(4);
  const [size, setSize] = useState<TileSize>("medium");
  // Where a sample lies is what the model thinks of it: blind, there is no map.
  const mapped = ctx.options.value["view"] === "map" && !queue.blind;
  const map = () => {
    const now = ctx.options.peek();
    if (now["blind"] === true || now["tab"] === "control") ctx.store.say("Blind: the map would tell what the model thinks.");
    else ctx.set({ view: now["view"] === "map" ? null : "map" });
  };
  const root = useRef<HTMLDivElement>(null);
  const focus = () => (root.current?.querySelector<HTMLElement>("[data-tiles]") ?? root.current)?.focus({ preventScroll: true });
  // The keys work at once, and go on working after a panel closes: before the next key, hence not in an effect that waits.
  useLayoutEffect(() => {
    if (review.asking === null) focus();
  }, [queue.list, review.asking === null, mapped]);
  const { laid, lay } = useLaid(review);
  const ahead = useAhead(ctx, desk, queue, review.at);
  const blind = () => ctx.set({ blind: ctx.options.peek()["blind"] === true ? null : true });
  const why = () => {
    const row = review.item?.rows[0];
    if (row === undefined || queue.blind) return queue.blind ? ctx.store.say("Blind: the neurons would tell what the model thinks.") : undefined;
    if (canTellWhy(ctx.data)) void askWhy(ctx.data, row);
    else ctx.store.say("This recording cannot tell which neurons decided.");
  };
  const keys = keyed({ review, desk, queue, columns, blind, map, flip: () => lay(flipped), differ: () => lay(differing), leave: () => leave?.(), why, open: () => review.item && (ctx.store.focus.value = review.item.rows[0] ?? null) });
  const words = basis === null ? undefined : BASES[basis];
  const always = ctx.options.value["tab"] === "control";
  return (
    <div class="work" ref={root} tabIndex={-1} onKeyDown={keys}>
      <Heading level={3} title={<span title={queue.how}>{queue.title}</span>} small={words && <span class={`badge ${words.warn ? "warn" : ""}`} title={words.says}>{words.warn ? "in-sample judgement" : words.name}</span>}>
        <Progress ctx={ctx} desk={desk} queue={queue} />
        <Whole desk={desk} queue={queue} review={review} />
        <Merge desk={desk} queue={queue} review={review} label={pairOf(ctx)?.label ?? null} />
        <span class="segments" role="group" aria-label="Grid or map">{(["grid", "map"] as const).map((one) => <button key={one} type="button" aria-pressed={mapped === (one === "map")} disabled={one === "map" && queue.blind} title={one === "map" ? "Where the embedding puts the samples (G)" : "Pictures, most suspicious first (G)"} onClick={() => ctx.set({ view: one === "map" ? "map" : null })}>{one === "map" ? "Map" : "Grid"}</button>)}</span>
        {!mapped && <span class="segments" role="group" aria-label="Size of the pictures">{SIZES.map((one) => <button key={one} type="button" aria-pressed={one === size} aria-label={`${one} pictures`} onClick={() => setSize(one)}>{one[0]?.toUpperCase()}</button>)}</span>}
        <button type="button" class="button" aria-pressed={queue.blind} disabled={always} title="Label and suggestions are hidden until you have decided" onClick={blind}>{queue.blind ? "Blind: on" : "Blind: off"}</button>
        {leave && <button type="button" class="button" onClick={leave}>All pairs</button>}
      </Heading>
      {ctx.options.value["tab"] === "budget" && <Plan ctx={ctx} desk={desk} queue={queue} review={review} withoutCopies={withoutCopies} />}
      {queue.banded && !queue.blind && <Band ctx={ctx} shown={queue.items.length} markAll={desk.barred === null ? () => review.markAll(new Set(queue.items.keys())) : null} />}
      {queue.items.length === 0 ? <p class="line muted">Nothing to look at here.</p> : (
        <div class="bench">
          {mapped ? <MapView ctx={ctx} desk={desk} queue={queue} review={review} /> : <Tiles ctx={ctx} desk={desk} queue={queue} review={review} size={size} onColumns={setColumns} />}
          <Stage ctx={ctx} desk={desk} queue={queue} review={review} ahead={ahead} laid={laid} lay={lay} why={canTellWhy(ctx.data) ? why : null} />
          <p class="marks small" role="status">{review.marked.size > 0 ? `${plural(review.marked.size, "sample")} marked: every key decides about all of them` : ""}</p>
          <Bar desk={desk} queue={queue} review={review} />
          <Panels desk={desk} review={review} />
        </div>
      )}
    </div>
  );
}
