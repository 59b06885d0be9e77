/** Answering: one after the other to the log, each shown as saved only once it is on disk. */
import { useMemo, useRef, useState } from "preact/hooks";
import type { Json } from "../../hosts/host";
import { enact, takeBack, whyNotDecide } from "../../state/deeds";
import type { Context } from "../component";
import { answersOf, reviewersIn, type Answer, type Verdict } from "./answers";
import type { Item } from "./batch";

export interface Answering {
  answers: ReadonlyMap<string, Answer>;
  reviewers: readonly string[];
  reviewer: string | null;
  /** Given and not on disk yet. */
  pending: ReadonlyMap<string, Verdict>;
  /** The same, right after the key. */
  isGiven: (id: string) => boolean;
  /** Why nothing can be answered here; null when it can. */
  barred: string | null;
  /** True once all of them are on disk. */
  answer: (items: readonly Item[], verdict: Verdict) => Promise<boolean>;
  back: (answer: Answer) => Promise<boolean>;
}

const WORDS: Record<Verdict, string> = { yes: "Yes", no: "No", skip: "Skip" };

/** Nobody answers in the list of another: it would be neither theirs nor the other's. */
function whyNotAnswer(ctx: Context, reviewer: string | null): string | null {
  const { author } = ctx.store.recording.value;
  const why = whyNotDecide(ctx.data);
  return why ?? (author === null || reviewer === null || reviewer === author ? null : `These are the answers of ${reviewer}, and the list that they teach. To answer, choose your own under How.`);
}

export function useAnswering(ctx: Context, target: string, strategy: string): Answering {
  const { store, data } = ctx;
  const log = store.log.value;
  const asked = ctx.options.value["reviewer"];
  const [pending, setPending] = useState<ReadonlyMap<string, Verdict>>(new Map());
  // Keys may come faster than the page is drawn: what was given is known at once.
  const given = useRef(new Map<string, Verdict>());
  // Who speaks on this page is one of them from the first moment, also before the first answer.
  const { author } = store.recording.value;
  const reviewers = useMemo(() => {
    const found = reviewersIn(log ?? [], target);
    return author === null || found.includes(author) ? found : [...found, author];
  }, [log, target, author]);
  // With one reviewer there is nothing to choose; with several the page's own, else, where it only reads, the one who answered last.
  const last = useMemo(() => [...answersOf(log ?? [], target, null).values()].at(-1)?.author ?? null, [log, target]);
  const reviewer = typeof asked === "string" ? asked : reviewers.length < 2 ? null : (author ?? last);
  const answers = useMemo(() => answersOf(log ?? [], target, reviewer), [log, target, reviewer]);
  const mark = (items: readonly Item[], verdict: Verdict | null) => {
    for (const { id } of items) if (verdict === null) given.current.delete(id);
    else given.current.set(id, verdict);
    setPending(new Map(given.current));
  };
  const answer = (items: readonly Item[], verdict: Verdict) => {
    if (items.length === 0) return Promise.resolve(true);
    mark(items, verdict);
    const label = items.length === 1 ? `${WORDS[verdict]} to ${items[0]?.id ?? ""}` : `${WORDS[verdict]} to ${items.length} samples`;
    const payloads = items.map(({ id, rank, suggested }): Json => ({ sample_id: id, verdict, target, strategy, rank, ...(suggested === null ? {} : { suggested }) }));
    return enact(data, label, "answer", payloads).finally(() => mark(items, null));
  };
  return { answers, reviewers, reviewer, pending, isGiven: (id) => given.current.has(id), barred: whyNotAnswer(ctx, reviewer), answer, back: ({ sequence, sampleId }) => takeBack(data, `Take back the answer to ${sampleId}`, sequence) };
}
