/** What the views of time stand on: the projection and the courses, run or found, and kept once a result for all views of a page. */
import { useEffect, useState } from "preact/hooks";
import type { Json, RunResult, Table } from "../../hosts/host";
import type { Options } from "../../state/layout";
import type { Session } from "../../state/session";
import { useAnalysis, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { Courses, readCounts } from "./courses";
import { Frames, readFrames } from "./frames";
import { readQuality, type Quality } from "./trust";
import { reason } from "../../hosts/reason";

const PROJECTION_TABLES = { frames: [], quality: [], rating: [], notes: [] } as const;

export interface Projection {
  frames: Frames;
  quality: Quality;
}

/** Parameters that differ from those of the analysis: how samples are placed, of which layer, in which training. */
export function paramsOf(options: Options): { readonly [key: string]: Json } {
  const said: Record<string, Json> = {};
  for (const name of ["mode", "layer", "beside"] as const) {
    const value = options[name];
    if (value !== null && value !== undefined && !(name === "mode" && value === "joint")) said[name] = value;
  }
  return said;
}

export function projectionOf(options: Options): Asked {
  return { analysis: "timetravel", params: paramsOf(options), tables: PROJECTION_TABLES, title: "Placing the samples over time" };
}

export function coursesOf(options: Options): Asked {
  const { layer, beside } = options;
  const params = { ...(typeof layer === "string" ? { layer } : {}), ...(typeof beside === "string" ? { beside } : {}) };
  return { analysis: "trajectories", params, tables: { frames: [] }, title: "Following every sample through the training" };
}

const kept = new WeakMap<Session, Map<string, unknown>>();

/** One object per result and page, so that two views of one projection fetch and hold it once. */
function once<T>(session: Session, key: string, make: () => T): T {
  let all = kept.get(session);
  if (!all) kept.set(session, (all = new Map()));
  let found = all.get(key) as T | undefined;
  if (!found) all.set(key, (found = make()));
  return found;
}

/** Something made from a result, as soon as its tables are there; the last one stays while a newer one is made. */
function useMade<T>(ctx: Context, asked: Asked, used: Used, make: (result: RunResult, tables: ReadonlyMap<string, Table>) => T): { made: T | null; failed: string | null } {
  const [state, set] = useState<{ made: T | null; failed: string | null; of: string }>({ made: null, failed: null, of: "" });
  const { tables } = used;
  const of = JSON.stringify(asked.params);
  useEffect(() => {
    if (!tables || used.answer.state !== "done") return;
    let gone = false;
    ctx.data.located(asked.analysis, asked.params).then(
      (result) => {
        if (gone) return;
        if (!result) throw new Error("It was there a moment ago and cannot be found now. Run it again.");
        set({ made: make(result, tables), failed: null, of });
      },
    ).catch((error: unknown) => !gone && set({ made: null, failed: reason(error), of }));
    return () => {
      gone = true;
    };
  }, [tables, used.answer.state, of]);
  return state.of === of ? state : { made: null, failed: null };
}

export function useProjection(ctx: Context, asked: Asked): { used: Used; projection: Projection | null; failed: string | null } {
  const used = useAnalysis(ctx, asked);
  const { nSamples } = ctx.store.recording.value;
  const { made, failed } = useMade(ctx, asked, used, (result, tables): Projection =>
    once(ctx.data, `timetravel ${result.key} ${nSamples}`, () => {
      const of = (name: string): Table => tables.get(name) ?? new Map();
      return { frames: new Frames(ctx.data, result, readFrames(of("frames")), nSamples), quality: readQuality(of("quality"), of("rating"), of("notes")) };
    }));
  return { used, projection: made, failed };
}

export function useCourses(ctx: Context, asked: Asked): { used: Used; courses: Courses | null; failed: string | null } {
  const used = useAnalysis(ctx, asked, true);
  const { made, failed } = useMade(ctx, asked, used, (result, tables) =>
    once(ctx.data, `trajectories ${result.key}`, () => {
      const { names, counts } = readCounts(tables.get("frames") ?? new Map());
      return new Courses(ctx.data, result, names, counts);
    }));
  return { used, courses: made, failed };
}
