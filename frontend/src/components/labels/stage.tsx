/** The sample at hand: its picture, its label, what it might be instead, and others to compare it with. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count, percent, probability } from "../../draw/format";
import { Swatch } from "../../draw/parts";
import type { Context } from "../component";
import { Picture } from "../grid/card";
import { Glimpse, Words } from "../samples-strip";
import { deskKeys } from "./bindings";
import type { Ahead, Here } from "./ahead";
import { Copies, LaidBar, Stack, type Laid } from "./copies";
import { wordsOf } from "./decided";
import type { Desk } from "./desk";
import type { Queue } from "./queue";
import { Recorded } from "./recorded";
import type { Review } from "./use-review";

/** Blind, this many classes have a digit. */
const DIGITS = 10;

/** A picture that was fetched before stands there in the frame that asks for it; any other comes when it comes. */
function Shot({ here, alt, children }: { here: Here | null; alt: string; children: ComponentChildren }) {
  const [known] = useState(here);
  return known ? <img class={known.crisp ? "crisp" : ""} src={known.address} alt={alt} decoding="sync" draggable={false} /> : <>{children}</>;
}

function Large({ ctx, row, alt, ahead }: { ctx: Context; row: number; alt: string; ahead: Ahead }) {
  const { kind } = ctx.store.recording.value;
  if (kind === "image") return <Shot key={row} here={ahead.large(row)} alt={alt}><Picture ctx={ctx} sample={row} alt={alt} /></Shot>;
  return kind === "text" ? <div class="long" tabIndex={0} role="group" aria-label={alt}><Words ctx={ctx} sample={row} most={4000} /></div> : <Recorded ctx={ctx} row={row} />;
}

function Choice({ place, name, index, value, on, press, disabled }: { place: string; name: string; index: number; value: number | null; on: boolean; press: () => void; disabled: boolean }) {
  return (
    <li>
      <button type="button" class={`choice ${on ? "on" : ""}`} disabled={disabled} onClick={press}>
        <kbd>{place}</kbd> <Swatch of={index} /> <span class="name">{name}</span>
        {value !== null && <><i class="meter" aria-hidden="true"><b style={{ width: `${Math.round(100 * value)}%` }} /></i><span class="num">{probability(value)}</span></>}
      </button>
    </li>
  );
}

/** Label and suggestions, each with its key and its probability. */
function Choices({ desk, review, row }: { desk: Desk; review: Review; row: number }) {
  const label = desk.labelOf(row);
  const standing = desk.standing(row);
  const stands = standing?.action === "keep" ? label : standing && standing.label !== null ? desk.classes.indexOf(standing.label) : -1;
  const off = desk.barred !== null;
  return (
    <ol class="choices" aria-label="What it may be">
      {label !== null && <Choice place={deskKeys.caption("keep")} name={desk.classes[label] ?? ""} index={label} value={desk.likely(row)} on={stands === label} press={review.keep} disabled={off} />}
      {desk.suggestions(row).map(({ index, probability: value }, k) => (
        <Choice key={k} place={String(k + 1)} name={desk.classes[index] ?? ""} index={index} value={value} on={stands === index} press={() => review.suggest(k)} disabled={off} />
      ))}
    </ol>
  );
}

/** Blind: the classes in their own order, which says nothing of this sample. */
function BlindChoices({ desk, review }: { desk: Desk; review: Review }) {
  return (
    <>
      <ol class="choices neutral" aria-label="Classes">
        {desk.classes.slice(0, DIGITS).map((name, index) => (
          <Choice key={name} place={String((index + 1) % 10)} name={name} index={index} value={null} on={false} press={() => review.choose(name)} disabled={desk.barred !== null} />
        ))}
      </ol>
      {desk.classes.length > DIGITS && <p class="muted small">{`and ${count(desk.classes.length - DIGITS)} more: press ${deskKeys.caption("other")} and type`}</p>}
    </>
  );
}

function Likes({ ctx, desk, rows, title, ahead }: { ctx: Context; desk: Desk; rows: readonly number[]; title: ComponentChildren; ahead: Ahead | null }) {
  return (
    <div class="likes">
      <h4>{title}</h4>
      <ul>
        {rows.map((row) => {
          const confirmed = desk.standing(row)?.saved === true;
          const words = `${desk.idOf(row)}, ${desk.nameOf(row) ?? "no label"}, ${confirmed ? "decided" : "not reviewed"}`;
          return (
            <li key={row} class={confirmed ? "sure" : "unsure"}>
              <button type="button" class="like" aria-label={`Open ${words}`} title={words} onClick={() => (ctx.store.focus.value = row)}>{ahead && <Shot here={ahead.small(row)} alt=""><Glimpse ctx={ctx} sample={row} /></Shot>}{confirmed && <b class="tick" aria-hidden="true">✓</b>}</button>
            </li>
          );
        })}
        {rows.length === 0 && <li class="muted small">none that are sure</li>}
      </ul>
    </div>
  );
}

/** Others of its label, and of the class that is suggested: what does this label mean here? */
function Comparison({ ctx, desk, row, ahead }: { ctx: Context; desk: Desk; row: number; ahead: Ahead | null }) {
  const near = desk.found.compare(row);
  const [first] = desk.found.suggestions(row);
  const judged = desk.found.judged(row);
  if (!near) return <p class="compare muted small">{ctx.store.recording.value.layers.length === 0 ? "No embedding is recorded, so there is nothing to compare it with." : "The model agrees with this label, so nothing was laid beside it."}</p>;
  return (
    <div class="compare" role="group" aria-label="To compare with">
      <Likes ctx={ctx} desk={desk} rows={near.label} ahead={ahead} title={<><Swatch of={judged} /> {`labelled ${desk.classes[judged ?? -1] ?? ""}, nearest`}</>} />
      {first && <Likes ctx={ctx} desk={desk} rows={near.suggestion} ahead={ahead} title={<><Swatch of={first.index} /> {`labelled ${desk.classes[first.index] ?? ""}, nearest`}</>} />}
    </div>
  );
}

function Said({ desk, row }: { desk: Desk; row: number }) {
  const standing = desk.standing(row);
  if (!standing) return <p class="stands muted small">{desk.isSkipped(row) ? "Skipped: it comes again at the end." : "Not decided yet."}</p>;
  const votes = [...(desk.decided.votes.get(desk.idOf(row)) ?? [])];
  return (
    <>
      <p class="stands small" role="status"><b>{standing.saved ? "✓ saved:" : "saving:"}</b> {wordsOf(standing)}</p>
      {votes.length > 1 && <p class="small muted">{votes.map(([author, vote]) => `${author}: ${wordsOf(vote)}`).join(" · ")}</p>}
    </>
  );
}

export function Stage({ ctx, desk, queue, review, ahead, laid, lay, why }: { ctx: Context; desk: Desk; queue: Queue; review: Review; ahead: Ahead; laid: Laid; lay: (change: (laid: Laid, copies: number) => Laid) => void; why: (() => void) | null }) {
  const { item } = review;
  if (!item) return null;
  const row = item.rows[0] ?? 0;
  const alike = item.rows.length > 1 && ctx.store.recording.value.kind === "image";
  // Blind until decided: neither label nor suggestion is anywhere on the page.
  const hidden = queue.blind && desk.standing(row) === null;
  // As the counts have it, for suspicion orders well and counts poorly; nothing is so sure that it is said to be certain.
  const wrong = desk.found.score(row, "suspicion") === null ? null : Math.min(desk.found.expected(row), 0.999);
  const judged = desk.found.judged(row);
  return (
    <section class="stage" aria-label="The sample at hand">
      <div class="figure">{alike ? <Stack ctx={ctx} desk={desk} item={item} laid={laid} /> : <Large ctx={ctx} row={row} alt={desk.idOf(row)} ahead={ahead} />}</div>
      <div class="facts">
        <h3 class="id">{desk.idOf(row)} <small class="muted">{desk.splitOf(row)}</small></h3>
        {why && !hidden && !queue.blind && <button type="button" class="button quiet whys" title="Which neurons decided so, and what would have to change" onClick={why}>Why? <kbd>{deskKeys.caption("why")}</kbd></button>}
        {!hidden && <p class="muted small"><span>{desk.labelOf(row) === null ? "no label" : <>labelled <b>{desk.nameOf(row)}</b></>}</span>{wrong !== null && <span class="num">{` · ${judged !== null && judged !== desk.labelOf(row) ? `as ${desk.classes[judged] ?? ""} ` : ""}${percent(wrong, 0)} likely wrong`}</span>}</p>}
        {hidden ? <BlindChoices desk={desk} review={review} /> : <Choices desk={desk} review={review} row={row} />}
        <Said desk={desk} row={row} />
        {item.why !== undefined && <p class="small">{item.why}</p>}
        {alike && <LaidBar ctx={ctx} desk={desk} item={item} laid={laid} lay={lay} />}
      </div>
      {item.rows.length > 1 ? <Copies ctx={ctx} desk={desk} item={item} blind={hidden} /> : !hidden ? <Comparison ctx={ctx} desk={desk} row={row} ahead={ahead.beside(row) ? ahead : null} /> : <p class="compare muted small">Blind: label, suggestions and comparison come after your decision.</p>}
    </section>
  );
}
