/** The batch at hand: asked for with the answers so far, and kept while it is being answered. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Json } from "../../hosts/host";
import { idsOf } from "../../state/tags";
import { useAnalysis, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { idsWith, type Answer } from "./answers";
import { readBatch, rowsRecommended, type Batch, type Item } from "./batch";
import { reason } from "../../hosts/reason";

const TABLES = { batch: [], weights: [], typical: [], review: [], notes: [] } as const;

interface Round {
  accepted: readonly string[];
  rejected: readonly string[];
  skipped: readonly string[];
}

function roundOf(answers: ReadonlyMap<string, Answer>): Round {
  return { accepted: idsWith(answers, "yes"), rejected: idsWith(answers, "no"), skipped: idsWith(answers, "skip") };
}

/** Parameters, without those that are as the analysis has them. */
export function paramsFor(options: { readonly [name: string]: Json }, target: string, round: Round): { readonly [key: string]: Json } {
  const { strategy = "bathyscope", batch = 20, split = null, like = [] } = options;
  const said: Record<string, Json> = {};
  if (target !== "label_noise") said["target"] = target;
  if (strategy !== "bathyscope") said["strategy"] = strategy;
  if (batch !== 20) said["batch"] = typeof batch === "number" ? Math.max(1, Math.min(500, Math.round(batch))) : 20;
  if (typeof split === "string") said["split"] = split;
  if (target === "like_these" && Array.isArray(like)) said["like"] = like as readonly string[];
  for (const [name, ids] of Object.entries(round)) if ((ids as readonly string[]).length > 0) said[name] = ids as readonly string[];
  return said;
}

export interface UsedBatch {
  asked: Asked;
  used: Used;
  batch: Batch | null;
  failed: string | null;
  /** Ask for the next batch, with every answer so far. */
  next: () => void;
}

export function useBatch(ctx: Context, target: string, answers: ReadonlyMap<string, Answer>, ready: boolean): UsedBatch {
  const options = ctx.options.value;
  const [round, setRound] = useState<{ of: string; round: Round } | null>(null);
  const [state, set] = useState<{ batch: Batch | null; of: string; failed: string | null }>({ batch: null, of: "", failed: null });
  const [started, start] = useState(false);
  const setting = JSON.stringify([target, options["strategy"], options["batch"], options["split"], options["like"], options["reviewer"]]);
  const now = round?.of === setting ? round.round : null;
  /** Everything that was recommended on this page, so that an answer taken back has its sample back in the list. */
  const seen = useRef(new Map<string, Item>());
  const open = now ? [...now.accepted, ...now.rejected, ...now.skipped].filter((id) => !answers.has(id)) : [];
  useEffect(() => {
    if (!ready) return;
    if (now === null) return setRound({ of: setting, round: roundOf(answers) });
    // Of an answer that was given before this page opened, and is taken back, nothing else is known: ask anew.
    if (open.some((id) => !seen.current.has(id))) setRound({ of: setting, round: roundOf(answers) });
  }, [ready, setting, answers, now]);
  const lacksExamples = target === "like_these" && (!Array.isArray(options["like"]) || options["like"].length === 0);
  const asked: Asked = { analysis: "recommend", params: paramsFor(options, target, now ?? { accepted: [], rejected: [], skipped: [] }), tables: TABLES, title: "Choosing samples to look at" };
  const used = useAnalysis(ctx, now === null || lacksExamples ? null : asked, true);
  const { tables } = used;
  useEffect(() => {
    // Who began wants the next batch without another click.
    if (started && used.answer.state === "absent" && ctx.data.capabilities.run) used.run();
  }, [started, used.answer.state]);
  useEffect(() => {
    if (!tables || used.answer.state !== "done") return;
    start(true);
    let gone = false;
    const rows = rowsRecommended(tables.get("batch") ?? new Map());
    (rows.length === 0 ? Promise.resolve([]) : idsOf(ctx.data.columns, ctx.store.recording.peek(), rows)).then(
      (ids) => {
        if (gone) return;
        const batch = readBatch(tables, ids);
        for (const item of batch.items) seen.current.set(item.id, item);
        set({ batch, of: setting, failed: null });
      },
      (error: unknown) => !gone && set((old) => ({ ...old, failed: reason(error) })),
    );
    return () => {
      gone = true;
    };
  }, [tables, used.answer.state]);
  const told = state.of === setting && !lacksExamples ? state.batch : null;
  const again = open.flatMap((id) => seen.current.get(id) ?? []);
  const key = again.map(({ id }) => id).join("\n");
  const batch = useMemo(() => told && { ...told, items: [...again, ...told.items.filter((item) => !again.some(({ id }) => id === item.id))] }, [told, key]);
  return { asked, used, batch, failed: state.failed, next: () => setRound({ of: setting, round: roundOf(answers) }) };
}
