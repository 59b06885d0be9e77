/** The desk a person works at: what is known of every sample, what was decided, and the one way to decide. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { valueAt, type Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { reason } from "../../hosts/reason";
import { count } from "../../draw/format";
import { enact, takeBack, whyNotDecide } from "../../state/deeds";
import type { Truth } from "../../state/selection";
import type { Context } from "../component";
import { replay, wasWrong, wordsOf, type Action, type Decided, type Vote } from "./decided";
import { besideLabel, type Found, type Suggestion } from "./found";

/** Ids in one event: a server takes a megabyte at once. */
const MOST_IDS = 4000;

export type Given = Pick<Vote, "action" | "label" | "labels" | "of">;

export interface Standing extends Given {
  /** False until it is on disk. */
  saved: boolean;
}

/** What is kept with a decision, beside what it says. */
export type Circumstances = { readonly [name: string]: Json };

export interface Desk {
  found: Found;
  truth: Truth;
  classes: readonly string[];
  decided: Decided;
  /** True once the log was read. */
  ready: boolean;
  /** Why nothing can be decided here; null when it can. */
  barred: string | null;
  idOf: (row: number) => string;
  labelOf: (row: number) => number | null;
  nameOf: (row: number) => string | null;
  splitOf: (row: number) => string | null;
  givenOf: (id: string) => string | null;
  /** What it may be instead of its recorded label, best first. */
  suggestions: (row: number) => readonly Suggestion[];
  /** Probability of its recorded label. */
  likely: (row: number) => number | null;
  /** The row of a sample; undefined where there is no such sample. */
  placeOf: (id: string) => number | undefined;
  /** Ids whose decision is on its way to the disk. */
  underWay: () => Iterable<string>;
  /** What stands about a sample, or is on its way to the disk. */
  standing: (row: number) => Standing | null;
  isSkipped: (row: number) => boolean;
  /** True once it is on disk. */
  decide: (rows: readonly number[], given: Given, circumstances: Circumstances, also?: { rows: readonly number[]; given: Given }) => Promise<boolean>;
  /** The latest decision about labels, where the page itself has nothing left to undo. */
  back: () => void;
}

const NOTHING = { label: null, labels: [], of: null } as const;

export function given(action: Action, more: Partial<Given> = {}): Given {
  return { ...NOTHING, action, ...more };
}

function payloadOf({ action, label, labels, of }: Given, samples: readonly string[], circumstances: Circumstances): Json {
  return { samples, action, ...(label === null ? {} : { label }), ...(labels.length > 0 ? { labels } : {}), ...(of === null ? {} : { of }), ...circumstances };
}

/** Labels, splits and ids of all samples; null until they are there. */
function useSamples(ctx: Context): { truth: Truth; ids: Column } | null {
  const { store, data } = ctx;
  const [samples, set] = useState<{ truth: Truth; ids: Column } | null>(null);
  const recording = store.recording.value;
  useEffect(() => {
    let gone = false;
    const name = recording.columns.find(({ role }) => role === "id")?.name ?? "sample_id";
    Promise.all([data.columns.truth(), data.columns.get(name)]).then(
      ([truth, ids]) => !gone && set({ truth, ids }),
      (error: unknown) => !gone && store.notice(`Labels and ids could not be read. ${reason(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [recording.fingerprint, recording.nSamples]);
  return samples;
}

interface Waiting {
  given: Given;
  turn: number;
  /** The last decision of the log when it was given. */
  after: number;
}

/** Whether what waited is the decision that the log tells of by now. */
function arrived(waiting: Waiting, vote: Vote | undefined): boolean {
  return vote !== undefined && vote.sequence > waiting.after && vote.action === waiting.given.action && vote.label === waiting.given.label;
}

/** Decisions on their way to the disk; known at once, for keys may come faster than the page is drawn. */
function usePending(last: () => number) {
  const pending = useRef(new Map<string, Waiting>());
  const turn = useRef(0);
  const [, draw] = useState(0);
  return {
    pending: pending.current,
    mark: (ids: readonly string[], one: Given): ((saved: boolean) => void) => {
      const own = ++turn.current;
      const after = last();
      for (const id of ids) pending.current.set(id, { given: one, turn: own, after });
      draw(own);
      return (saved) => {
        for (const id of ids) if (pending.current.get(id)?.turn === own) pending.current.delete(id);
        // What is saved was drawn so when the log told of it.
        if (!saved) draw(-own);
      };
    },
  };
}

function titleOf(one: Given, ids: readonly string[]): string {
  const what = one.action === "set" || one.action === "split" || one.action === "merge" ? `Set to ${wordsOf(one)}` : one.action === "keep" ? "Keep the label" : `${wordsOf(one).slice(0, 1).toUpperCase()}${wordsOf(one).slice(1)}`;
  return `${what}: ${ids.length === 1 ? (ids[0] ?? "") : `${count(ids.length)} samples`}`;
}

function chunks(ids: readonly string[]): (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, k) => ids.slice(k * MOST_IDS, (k + 1) * MOST_IDS));
}

export function useDesk(ctx: Context, found: Found | null): Desk | null {
  const { store, data } = ctx;
  const samples = useSamples(ctx);
  const log = store.log.value;
  const read = useMemo(replay, []);
  const decided = useMemo(() => read(log ?? []), [log]);
  const { pending, mark } = usePending(() => store.log.peek()?.at(-1)?.sequence ?? 0);
  const rowOf = useRef<Map<string, number> | null>(null);
  // Text is decoded once: every count asks for the ids of all samples in a list.
  const names = useRef<string[]>([]);
  const { classes } = store.recording.value;
  if (!found || !samples || samples.truth.length !== found.n) return null;
  const { truth, ids } = samples;
  const idOf = (row: number) => (names.current[row] ??= String(valueAt(ids, row) ?? ""));
  const labelOf = (row: number) => (!truth.label || (truth.label.valid && !truth.label.valid[row]) ? null : (truth.label.values[row] ?? null));
  const nameOf = (row: number) => {
    const label = labelOf(row);
    return label === null ? null : (classes[label] ?? null);
  };
  const placeOf = (id: string): number | undefined => {
    rowOf.current ??= new Map(Array.from({ length: found.n }, (_, row) => [idOf(row), row]));
    return rowOf.current.get(id);
  };
  return {
    found, truth, classes, decided, idOf, labelOf, nameOf, placeOf,
    suggestions: (row) => besideLabel(found, row, labelOf(row)).suggestions,
    likely: (row) => besideLabel(found, row, labelOf(row)).likely,
    underWay: () => pending.keys(),
    ready: log !== null,
    barred: whyNotDecide(data),
    splitOf: (row) => truth.split?.values[truth.split.codes[row] ?? -1] ?? null,
    givenOf: (id) => {
      const row = placeOf(id);
      return row === undefined ? null : nameOf(row);
    },
    standing: (row) => {
      const id = idOf(row);
      const waiting = pending.get(id);
      const vote = decided.standing.get(id);
      if (waiting && !arrived(waiting, vote)) return waiting.given.action === "skip" ? null : { ...waiting.given, saved: false };
      return vote ? { ...vote, saved: true } : null;
    },
    isSkipped: (row) => decided.skipped.has(idOf(row)) || pending.get(idOf(row))?.given.action === "skip",
    decide: async (rows, one, circumstances, also) => {
      if (rows.length === 0) return true;
      const [own, others] = [rows.map(idOf), also?.rows.map(idOf) ?? []];
      const done = [mark(own, one), ...(also ? [mark(others, also.given)] : [])];
      const payloads = (ids: readonly string[], what: Given) => chunks(ids).map((part) => payloadOf(what, part, circumstances));
      let saved = false;
      try {
        saved = await enact(data, titleOf(one, own), "label", [...payloads(own, one), ...(also ? payloads(others, also.given) : [])]);
        return saved;
      } finally {
        for (const end of done) end(saved);
      }
    },
    back: () => {
      const said = (store.log.peek() ?? []).filter(({ kind, inForce }) => kind === "label" && inForce);
      const last = said.at(-1);
      if (!last) return store.say("There is nothing to undo.");
      if (new Set(said.map(({ author }) => author)).size > 1) return store.notice("Several people decided here, so it is not clear whose decision to take back. Take it back under “Decisions”.");
      void takeBack(data, "Take back the last decision", last.sequence);
    },
  };
}

export interface Progressed {
  /** On disk; a decision on its way there is `saving`. */
  decided: number;
  saving: number;
  changed: number;
  kept: number;
  skipped: number;
}

/** Rows of a set about which anything was said: as many as there are decisions, however many samples there are. */
export function touchedIn(desk: Desk, rows: ReadonlySet<number>): number[] {
  const { standing, skipped } = desk.decided;
  const found = new Set<number>();
  for (const ids of [standing.keys(), skipped, desk.underWay()]) {
    for (const id of ids) {
      const row = desk.placeOf(id);
      if (row !== undefined && rows.has(row)) found.add(row);
    }
  }
  return [...found];
}

/** What became of some samples. */
export function progressOf(desk: Desk, rows: Iterable<number>): Progressed {
  const out = { decided: 0, saving: 0, changed: 0, kept: 0, skipped: 0 };
  for (const row of rows) {
    const vote = desk.standing(row);
    if (!vote) {
      if (desk.isSkipped(row)) out.skipped++;
      continue;
    }
    if (!vote.saved) {
      out.saving++;
      continue;
    }
    out.decided++;
    if (wasWrong(vote, desk.nameOf(row))) out.changed++;
    else if (vote.action === "keep") out.kept++;
  }
  return out;
}
