/** What a person chose in this view, read from its options, and the questions that it makes. */
import type { Json } from "../../hosts/host";
import type { Options } from "../../state/layout";
import { ALL } from "../../state/selection";
import type { Store } from "../../state/store";
import type { Asked } from "../analysis";
import type { Context } from "../component";
import { TABLES } from "./found";

export const MODES = [
  { id: "feasible", name: "smallest change that the neurons can make" },
  { id: "l2", name: "shortest change, possible or not" },
  { id: "paper", name: "as published (NeuroInspect)" },
] as const;

export interface Which {
  label: string | null;
  predicted: string | null;
  /** Sample ids; they take the place of label and prediction. */
  samples: readonly string[];
}

export function text(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function number(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Whole numbers from 0, each once. */
export function neuronsIn(value: Json | undefined): readonly number[] {
  return Array.isArray(value) ? [...new Set((value as readonly Json[]).filter((one): one is number => typeof one === "number" && Number.isInteger(one) && one >= 0))] : [];
}

export function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((one): one is string => typeof one === "string") : [];
}

export function whichOf(options: Options): Which | null {
  const which = { label: text(options["label"]), predicted: text(options["predicted"]), samples: texts(options["samples"]) };
  return which.label === null && which.predicted === null && which.samples.length === 0 ? null : which;
}

/** The class under debugging, where one was chosen: what the mistakes were wrongly called, else their label. */
export function classOf(which: Which | null): string | null {
  return which?.predicted ?? which?.label ?? null;
}

/** A few seconds for the solver, more for wide layers and many mistakes; measured on two cores. */
function explainSeconds(ctx: Context): number {
  const width = ctx.store.recording.value.layers.find(({ role }) => role === "embedding")?.shape[0] ?? 512;
  return 3 + width / 60;
}

/** Parameters without those that are as the analysis has them, so that a report finds what was recorded. */
export function paramsOf(which: Which, options: Options, store: Store): { readonly [key: string]: Json } {
  const { label, predicted, samples } = which;
  const split = text(options["split"]) ?? (store.split.value === ALL ? null : store.split.value);
  const mode = text(options["mode"]) ?? "feasible";
  const target = text(options["target"]) ?? "label";
  return {
    ...(samples.length > 0 ? { samples } : { ...(label === null ? {} : { label }), ...(predicted === null ? {} : { predicted }), ...(split === null ? {} : { split }) }),
    ...(mode === "feasible" ? {} : { mode }),
    ...(target === "label" ? {} : { target }),
    ...(store.chosen.value === null ? {} : { checkpoint: store.chosen.value }),
  };
}

export function explaining(ctx: Context, which: Which): Asked {
  return { analysis: "counterfactual", params: paramsOf(which, ctx.options.value, ctx.store), tables: TABLES, title: "Explaining the mistakes", seconds: explainSeconds(ctx) };
}

/** "wrongly called Pullover", "Coat called Pullover", "that you picked". */
export function wordsOf({ label, predicted, samples }: Which): string {
  if (samples.length > 0) return samples.length === 1 ? (samples[0] ?? "") : "that you picked";
  if (label !== null && predicted !== null) return `${label} called ${predicted}`;
  return predicted !== null ? `wrongly called ${predicted}` : `${label} called otherwise`;
}
