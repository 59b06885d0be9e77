/** Behind the list: what was answered, what the ranking made of it, and which answers it doubts. */
import { count, percent, plural } from "../../draw/format";
import type { Context } from "../component";
import { Glimpse, type Known } from "../samples-strip";
import type { Answering } from "./answering";
import type { Answer } from "./answers";
import type { Batch } from "./batch";

const MOST = 60;
const SAID = { yes: "yes", no: "no", skip: "skipped" } as const;

function Sample({ ctx, row, words }: { ctx: Context; row: number | undefined; words: string }) {
  return (
    <button type="button" class="mini" disabled={row === undefined} aria-label={`Open ${words}`} onClick={() => row !== undefined && (ctx.store.focus.value = row)}>
      {row !== undefined && <Glimpse ctx={ctx} sample={row} />}
    </button>
  );
}

export function History({ ctx, answering, places, save, found }: { ctx: Context; answering: Answering; places: ReadonlyMap<string, number>; save: () => void; found: string }) {
  const answers = [...answering.answers.values()].reverse();
  const accepted = answers.filter(({ verdict }) => verdict === "yes").length;
  if (answers.length === 0) return null;
  const line = (answer: Answer) => (
    <li key={answer.sequence}>
      <Sample ctx={ctx} row={places.get(answer.sampleId)} words={answer.sampleId} />
      <span class="name">{answer.sampleId}</span>
      <span class={`verdict ${answer.verdict}`}>{SAID[answer.verdict]}</span>
      {answering.barred === null && <button type="button" class="button quiet" aria-label={`Take back the answer to ${answer.sampleId}`} onClick={() => void answering.back(answer)}>Take back</button>}
    </li>
  );
  return (
    <details class="fold">
      <summary>{`${plural(answers.length, "answer")} saved`}</summary>
      <p class="line"><button type="button" class="button" disabled={accepted === 0} onClick={save}>{`Save ${count(accepted)} ${found} (CSV)`}</button></p>
      <ul class="history" aria-label="Answers, the latest first">{answers.slice(0, MOST).map(line)}</ul>
      {answers.length > MOST && <p class="line muted small">{`and ${count(answers.length - MOST)} earlier`}</p>}
    </details>
  );
}

export function Learned({ ctx, batch, answering, places, known }: { ctx: Context; batch: Batch; answering: Answering; places: ReadonlyMap<string, number>; known: Known | null }) {
  const most = Math.max(...batch.weights.map(({ weight }) => Math.abs(weight)), 1e-9);
  const weights = [...batch.weights].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const answerOf = (row: number) => [...answering.answers.values()].find(({ sampleId }) => places.get(sampleId) === row);
  const { classes } = ctx.store.recording.value;
  return (
    <>
      {batch.doubts.length > 0 && (
        <details class="fold" open>
          <summary>{`${plural(batch.doubts.length, "answer")} ${batch.doubts.length === 1 ? "does" : "do"} not fit the others`}</summary>
          <ul class="history" aria-label="Answers to look at again">
            {batch.doubts.map(({ row, answered, expected, doubt }) => {
              const answer = answerOf(row);
              const label = known?.facts(row).label ?? null;
              return (
                <li key={row}>
                  <Sample ctx={ctx} row={row} words={`sample ${count(row)}`} />
                  <span class="name">{`${label === null ? `sample ${count(row)}` : (classes[label] ?? `class ${label}`)}: answered ${answered}, ${expected} expected`} <span class="muted small">{percent(doubt, 0)}</span></span>
                  {answer && answering.barred === null && <button type="button" class="button quiet" onClick={() => void answering.back(answer)}>Take back</button>}
                </li>
              );
            })}
          </ul>
        </details>
      )}
      {weights.length > 0 && (
        <details class="fold">
          <summary>What the ranking goes by</summary>
          <ul class="weights" aria-label="Weights">
            {weights.map(({ label, weight, prior }) => (
              <li key={label} title={prior === null ? "" : `before any answer ${prior.toFixed(2)}`}>
                <span class="name">{label}</span>
                <span class="bar" aria-hidden="true"><i class={weight < 0 ? "less" : ""} style={{ width: `${(50 * Math.abs(weight)) / most}%`, ...(weight < 0 ? { right: "50%" } : { left: "50%" }) }} />{prior !== null && <b style={{ left: `${50 + (50 * Math.max(-1, Math.min(1, prior / most)))}%` }} />}</span>
                <span class="num">{weight.toFixed(2)}</span>
              </li>
            ))}
          </ul>
          <p class="line muted small">Bar: what it goes by now; tick: before any answer.</p>
        </details>
      )}
    </>
  );
}

