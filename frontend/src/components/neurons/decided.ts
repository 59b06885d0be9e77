/** What people decided about neurons: flags on them, and patches that were accepted. */
import type { Json, Logged } from "../../hosts/host";
import { number, text, texts, neuronsIn } from "./chosen";

export const FLAGS = [
  { id: "spurious", name: "Spurious", says: "It answers to something that is not the object." },
  { id: "core", name: "Part of the object", says: "It answers to the object itself." },
  { id: "unclear", name: "Unclear", says: "It answers to several things, or nobody can tell." },
] as const;

export interface Flag {
  sequence: number;
  neuron: number;
  flag: string;
  reason: string | null;
  author: string;
}

export interface Accepted {
  sequence: number;
  time: string;
  author: string;
  /** Key of the result that holds the patch. */
  key: string;
  fingerprint: string;
  method: string;
  neurons: readonly number[];
  classes: readonly string[];
  strength: number | null;
  split: string | null;
  fixed: number | null;
  broken: number | null;
  /** The parameters that make the same edit again. */
  params: { readonly [key: string]: Json };
}

type Payload = { readonly [key: string]: Json };

function payloadOf({ payload }: Logged): Payload | null {
  return payload !== null && typeof payload === "object" && !Array.isArray(payload) ? (payload as Payload) : null;
}

/** The last flag in force on each neuron of the layer. */
export function flagsIn(log: readonly Logged[], layer: string): Map<number, Flag> {
  const found = new Map<number, Flag>();
  for (const one of log) {
    const said = one.kind === "neuron" && one.inForce ? payloadOf(one) : null;
    const neuron = said && number(said["neuron"]);
    const flag = said && text(said["flag"]);
    if (!said || neuron === null || flag === null || said["layer"] !== layer) continue;
    found.set(neuron, { sequence: one.sequence, neuron, flag, reason: text(said["reason"]), author: one.author });
  }
  return found;
}

/** The patches in force, the newest first. */
export function patchesIn(log: readonly Logged[]): Accepted[] {
  const found = log.flatMap((one): Accepted[] => {
    const said = one.kind === "patch" && one.inForce ? payloadOf(one) : null;
    const key = said && text(said["key"]);
    if (!said || key === null || said["accepted"] !== true) return [];
    const params = said["params"];
    return [{
      sequence: one.sequence, time: one.time, author: one.author, key,
      fingerprint: text(said["fingerprint"]) ?? "",
      method: text(said["method"]) ?? "zero",
      neurons: neuronsIn(said["neurons"]),
      classes: texts(said["classes"]),
      strength: number(said["strength"]),
      split: text(said["split"]),
      fixed: number(said["fixed"]),
      broken: number(said["broken"]),
      params: params !== null && typeof params === "object" && !Array.isArray(params) ? (params as Payload) : {},
    }];
  });
  return found.reverse();
}
