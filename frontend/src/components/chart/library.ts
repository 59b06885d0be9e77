/** The chart library, brought in when the first chart is drawn, from wherever this page keeps it. */
import type { Json } from "../../hosts/host";
import type { Session } from "../../state/session";
import type { Spec } from "./spec";
import { lazy } from "../lazy";
import address from "./charts?worker&url";

/** A drawn chart, as far as it is used. */
export interface View {
  addEventListener: (type: string, listener: (event: unknown, item?: { datum?: unknown } | null) => void) => View;
  initialize: (el: HTMLElement) => View;
  runAsync: () => Promise<unknown>;
  finalize: () => unknown;
  data: (name: string) => readonly { readonly [name: string]: Json }[];
  toSVG: () => Promise<string>;
  toCanvas: (scale?: number) => Promise<HTMLCanvasElement>;
}

/** What of the library is used. */
export interface Library {
  bin: (options: { readonly [name: string]: unknown }) => { start: number; stop: number; step: number };
  compile: (spec: object, options: object) => { spec: Spec };
  expressionInterpreter: unknown;
  parse: (spec: object, config: object, options: object) => object;
  View: new (runtime: object, options: object) => View;
}

export function library(session: Session): Promise<Library> {
  return lazy("charts", address, session);
}
