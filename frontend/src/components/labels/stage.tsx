/** The sample at hand: its picture, its label, what it might be instead, and others to compare it with. */
import type { ComponentChildren } from "preact";
import { count, percent, plural, probability } from "../../draw/format";
import { Door, Swatch } from "../../draw/parts";
import type { Context } from "../component";
import { acrossWords, tierWords } from "../duplicates/words";
import { Picture } from "../grid/card";
import { Glimpse, showRows, Words } from "../samples-strip";
import { wordsOf } from "./decided";
import type { Desk } from "./desk";
import { survivorOf, type Item, type Queue } from "./queue";
import type { Review } from "./use-review";

/** Blind, this many classes have a digit. */
const DIGITS = 10;

function Large({ ctx, row, alt }: { ctx: Context; row: number; alt: string }) {
  const { kind } = ctx.store.recording.value;
  if (kind === "image") return <Picture key={row} ctx={ctx} sample={row} alt={alt} />;
  return kind === "text" ? <div class="long"><Words ctx={ctx} sample={row} most={4000} /></div> : <span class="muted">{`sample ${count(row)} has no picture`}</span>;
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
      {label !== null && <Choice place="K" name={desk.classes[label] ?? ""} index={label} value={desk.found.given(row)} on={stands === label} press={review.keep} disabled={off} />}
      {desk.found.suggestions(row).map(({ index, probability: value }, k) => (
        <Choice key={index} place={String(k + 1)} name={desk.classes[index] ?? ""} index={index} value={value} on={stands === index} press={() => review.suggest(k)} disabled={off} />
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
      {desk.classes.length > DIGITS && <p class="muted small">{`and ${count(desk.classes.length - DIGITS)} more: press / and type`}</p>}
    </>
  );
}

function Likes({ ctx, desk, rows, title }: { ctx: Context; desk: Desk; rows: readonly number[]; title: ComponentChildren }) {
  return (
    <div class="likes">
      <h4>{title}</h4>
      <ul>
        {rows.map((row) => {
          const confirmed = desk.standing(row)?.saved === true;
          const words = `${desk.idOf(row)}, ${desk.nameOf(row) ?? "no label"}, ${confirmed ? "decided" : "not reviewed"}`;
          return (
            <li key={row} class={confirmed ? "sure" : "unsure"}>
              <button type="button" class="like" aria-label={`Open ${words}`} title={words} onClick={() => (ctx.store.focus.value = row)}><Glimpse ctx={ctx} sample={row} />{confirmed && <b class="tick" aria-hidden="true">✓</b>}</button>
            </li>
          );
        })}
        {rows.length === 0 && <li class="muted small">none that are sure</li>}
      </ul>
    </div>
  );
}

/** Others of its label, and of the class that is suggested: what does this label mean here? */
function Comparison({ ctx, desk, row }: { ctx: Context; desk: Desk; row: number }) {
  const near = desk.found.compare(row);
  const [first] = desk.found.suggestions(row);
  if (!near) return <p class="compare muted small">{ctx.store.recording.value.layers.length === 0 ? "No embedding is recorded, so there is nothing to compare it with." : "The model agrees with this label, so nothing was laid beside it."}</p>;
  return (
    <div class="compare" role="group" aria-label="To compare with">
      <Likes ctx={ctx} desk={desk} rows={near.label} title={<><Swatch of={desk.labelOf(row)} /> {`labelled ${desk.nameOf(row) ?? ""}, nearest`}</>} />
      {first && <Likes ctx={ctx} desk={desk} rows={near.suggestion} title={<><Swatch of={first.index} /> {`labelled ${desk.classes[first.index] ?? ""}, nearest`}</>} />}
    </div>
  );
}

/** Copies side by side: label, split, and which is best kept. */
function Copies({ ctx, desk, item, blind }: { ctx: Context; desk: Desk; item: Item; blind: boolean }) {
  const { group, rows } = item;
  const stays = survivorOf(desk, rows);
  const open = () => showRows(ctx, rows, "that are copies of each other");
  return (
    <div class="copies" role="group" aria-label="Copies side by side">
      <p class="small">
        <Door leads="show them among the samples" open={open}>{plural(rows.length, "sample")}</Door>{" "}
        {group?.conflict && !blind && <span class="badge bad">labels differ</span>}{" "}
        {group && group.splits.length > 1 && <span class="badge warn">{acrossWords(group.splits)}</span>}{" "}
        {group && tierWords(group) !== null && <span class="muted">{tierWords(group)}</span>}
      </p>
      <ul>
        {rows.slice(0, 12).map((row) => {
          const standing = desk.standing(row);
          return (
            <li key={row}>
              <button type="button" class="like big" aria-label={`Open ${desk.idOf(row)}`} onClick={() => (ctx.store.focus.value = row)}><Glimpse ctx={ctx} sample={row} /></button>
              {!blind && <span class="small"><Swatch of={desk.labelOf(row)} /> {desk.nameOf(row) ?? "no label"}</span>}
              <span class="muted small">{desk.splitOf(row) ?? "no split"}{row === stays && <b title="decided ones first, then those nobody trains on"> · stays</b>}</span>
              {standing && <span class="small">{wordsOf(standing)}</span>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Said({ desk, row }: { desk: Desk; row: number }) {
  const standing = desk.standing(row);
  if (!standing) return <p class="stands muted small">{desk.isSkipped(row) ? "Skipped: it comes again at the end." : "Not decided yet."}</p>;
  return <p class="stands small" role="status"><b>{standing.saved ? "✓ saved:" : "saving:"}</b> {wordsOf(standing)}</p>;
}

export function Stage({ ctx, desk, queue, review }: { ctx: Context; desk: Desk; queue: Queue; review: Review }) {
  const { item } = review;
  if (!item) return null;
  const row = item.rows[0] ?? 0;
  // Blind until decided: neither label nor suggestion is anywhere on the page.
  const hidden = queue.blind && desk.standing(row) === null;
  const score = desk.found.score(row, "suspicion");
  return (
    <section class="stage" aria-label="The sample at hand">
      <div class="figure"><Large ctx={ctx} row={row} alt={desk.idOf(row)} /></div>
      <div class="facts">
        <h3 class="id">{desk.idOf(row)} <small class="muted">{desk.splitOf(row)}</small></h3>
        {!hidden && <p class="muted small"><span>{desk.labelOf(row) === null ? "no label" : <>labelled <b>{desk.nameOf(row)}</b></>}</span>{score !== null && <span class="num">{` · ${percent(score, 0)} likely wrong`}</span>}</p>}
        {hidden ? <BlindChoices desk={desk} review={review} /> : <Choices desk={desk} review={review} row={row} />}
        <Said desk={desk} row={row} />
      </div>
      {item.rows.length > 1 ? <Copies ctx={ctx} desk={desk} item={item} blind={hidden} /> : !hidden ? <Comparison ctx={ctx} desk={desk} row={row} /> : <p class="compare muted small">Blind: label, suggestions and comparison come after your decision.</p>}
    </section>
  );
}
