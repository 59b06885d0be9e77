/** The result of an analysis in a view: there at once if it was run before, else offered with what it takes. */
import { useEffect, useRef, useState } from "preact/hooks";
import { duration } from "../draw/format";
import { Failure } from "../draw/parts";
import type { Column } from "../hosts/arrow";
import type { Json, Progress, Table } from "../hosts/host";
import type { Recording } from "../hosts/recording";
import type { Context } from "./component";
import { reason } from "../hosts/reason";

export interface Asked {
  analysis: string;
  params: { readonly [key: string]: Json };
  /** Tables to fetch, each with its columns. */
  tables: { readonly [table: string]: readonly string[] };
  /** What the status row says while it runs: "Looking for duplicates". */
  title: string;
  /** About how long it takes, where that hangs on more than the number of samples. */
  seconds?: number;
}

export type Answer =
  | { state: "asking" }
  | { state: "absent" }
  /** The recording lacks something; the reasons are ends of sentences: "no labels. Record them with labels=[…]". */
  | { state: "lacking"; why: readonly string[] }
  | { state: "running"; progress: Progress | null }
  | { state: "failed"; why: string; stopped: boolean }
  | { state: "done" };

export interface Used {
  answer: Answer;
  /** The tables of the last answer; while another one is being made they stay, and `stale` says so. */
  tables: ReadonlyMap<string, Table> | null;
  stale: boolean;
  run: () => void;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The same for a shell: a name that reads like a number is written as a text of JSON, as the command expects it. */
export function commandFor({ analysis, params }: Pick<Asked, "analysis" | "params">, recording: string): string {
  const given = Object.entries(params).map(([name, value]) => `${name}=${typeof value === "string" && !isJson(value) ? value : JSON.stringify(value)}`);
  const quoted = (text: string) => (/^[\w=.,:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return ["bathyscope run", analysis, quoted(recording), ...given.map((text) => `-p ${quoted(text)}`)].join(" ");
}

interface State {
  key: string;
  answer: Answer;
  tables: ReadonlyMap<string, Table> | null;
  of: string;
}

/** Seconds by number of samples: measured on two cores with 8,000 and with 70,000 pictures of 28 px, and half as much again; a guess elsewhere. */
const COSTS: { readonly [analysis: string]: (n: number, recording: Recording) => number } = {
  duplicates: (n, { kind, layers }) => {
    const pictures = kind === "image";
    const compared = Number(pictures) + Number(layers.some(({ role }) => role === "embedding"));
    return (pictures ? 3.5e-4 : 5e-6) * n + 5e-9 * compared * n * n;
  },
  trajectories: (n) => 3e-5 * n,
  health: (n) => 2e-5 * n,
  labels: (n) => 2e-4 * n,
  recommend: (n) => 3e-4 * n,
  // The map is fitted to a draw of the samples; all of them are then placed at every checkpoint.
  timetravel: (n, { checkpoints }) => 35 + 6e-5 * n * checkpoints.length,
  // Every sample is compared with the fitted ones, of which 50,000 are drawn at most.
  familiarity: (n) => 1.2e-8 * n * Math.min(n, 50_000),
};

/** What takes longer is never begun without a click of its own. */
const SOON_S = 30;

export function secondsFor({ analysis, seconds }: Asked, recording: Recording): number | undefined {
  return seconds ?? COSTS[analysis]?.(recording.nSamples, recording);
}

function soon(asked: Asked, recording: Recording): boolean {
  return (secondsFor(asked, recording) ?? Infinity) <= SOON_S;
}

function needWords(asked: Asked, recording: Recording): string {
  const seconds = secondsFor(asked, recording);
  return seconds === undefined ? "how long it takes is not known" : seconds < 2 ? "a moment" : `about ${duration(seconds)}`;
}

async function fetched(ctx: Context, { analysis, params, tables, title }: Asked): Promise<ReadonlyMap<string, Table>> {
  const found = new Map<string, Table>();
  // One after the other: the first one runs the analysis, the others then only fetch.
  for (const [name, columns] of Object.entries(tables)) found.set(name, await ctx.data.result(analysis, params, name, columns, title));
  return found;
}

/** `null` asks for nothing. With `now`, because a person just chose it, what was not run before is run if that is quick. */
export function useAnalysis(ctx: Context, asked: Asked | null, now = false): Used {
  const recording = ctx.store.recording.value;
  const key = asked === null ? "" : JSON.stringify([asked.analysis, asked.params]);
  const state = `${key} ${recording.fingerprint} ${recording.checkpoints.length}`;
  const [{ answer, tables, of, key: answered }, set] = useState<State>({ key: "", answer: { state: "asking" }, tables: null, of: "" });
  const current = useRef("");
  current.current = state;
  const tell = (turn: string, next: Answer, found: ReadonlyMap<string, Table> | null = null) => {
    if (current.current !== turn || ctx.signal.aborted) return;
    set((old) => ({ key: turn, answer: next, tables: found ?? old.tables, of: found ? turn : old.of }));
  };
  const fetch = async (turn: string) => {
    if (asked === null) return;
    tell(turn, { state: "running", progress: null });
    try {
      tell(turn, { state: "done" }, await fetched(ctx, asked));
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === "AbortError";
      tell(turn, { state: "failed", why: stopped ? "It was stopped; nothing of it was kept." : reason(error), stopped });
    }
  };
  useEffect(() => {
    if (asked === null) return;
    const missing = recording.missing[asked.analysis];
    if (missing === undefined) return tell(state, { state: "lacking", why: [`no analysis “${asked.analysis}”: another Bathyscope wrote this page`] });
    if (missing.length > 0) return tell(state, { state: "lacking", why: missing });
    tell(state, { state: "asking" });
    ctx.data.stored(asked.analysis, asked.params).then(
      (there) => (there || (now && ctx.data.capabilities.run && soon(asked, recording)) ? fetch(state) : tell(state, { state: "absent" })),
      (error: unknown) => tell(state, { state: "failed", why: reason(error), stopped: false }),
    );
  }, [state]);
  const job = answer.state === "running" ? ctx.store.jobs.value.find(({ title }) => title === asked?.title) : undefined;
  return {
    answer: answered !== state ? { state: "asking" } : answer.state === "running" ? { state: "running", progress: job?.progress ?? null } : answer,
    // Tables of other parameters are another answer; those of fewer checkpoints are an older one to the same question.
    tables: of.startsWith(`${key} `) && key !== "" ? tables : null,
    stale: of !== state,
    run: () => void fetch(state),
  };
}

/** A column of the samples, for views that may read one in place of an analysis; null asks for none. */
export function useColumn(ctx: Context, name: string | null): { column: Column | undefined; failed: string | null } {
  const { filter } = ctx.data;
  const [failed, set] = useState<string | null>(null);
  useEffect(() => {
    set(null);
    if (name !== null) filter.column(name).catch((error: unknown) => set(reason(error)));
  }, [name]);
  const column = name === null ? undefined : filter.at(name);
  return { column, failed: column ? null : failed };
}

/** What stands in place of an answer, or above an older one: how to get it, how far it is, or why it failed. */
export function Offer({ ctx, used, asked, what, verb }: { ctx: Context; used: Used; asked: Asked; what: string; verb: string }) {
  const { answer } = used;
  const recording = ctx.store.recording.value;
  if (answer.state === "done") return null;
  if (answer.state === "lacking") return <p class="offer muted">{`${what} cannot be told: the recording has ${answer.why.join("; it has ")}.`}</p>;
  if (answer.state === "failed") return <Failure what={answer.stopped ? "" : `${what} could not be told.`} why={answer.why} retry={used.run} />;
  if (answer.state === "asking") return used.tables ? null : <p class="offer muted" role="status">Looking whether this was worked out before…</p>;
  if (answer.state === "running") {
    const { progress } = answer;
    return (
      <p class="offer" role="status">
        <progress max={1} {...(progress ? { value: progress.done } : {})} aria-label={asked.title} />
        <span>{`${asked.title}${progress?.message ? `: ${progress.message}` : "…"}`}</span>
      </p>
    );
  }
  const late = used.tables ? "A checkpoint was recorded since this was worked out. " : "";
  if (!ctx.data.capabilities.run) {
    const how = commandFor(asked, recording.name);
    return <p class="offer muted">{`${late}${what} was not worked out, and this page cannot do it. Run “${how}” where the recording is.`}</p>;
  }
  return (
    <p class="offer">
      <button type="button" class="button primary" onClick={used.run}>{verb}</button>
      <span class="muted">{`${late}Not worked out yet. It takes ${needWords(asked, recording)} and goes on while you look elsewhere.`}</span>
    </p>
  );
}
