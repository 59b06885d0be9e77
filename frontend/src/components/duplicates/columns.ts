/** Where groups come from: a column of a plain table, or a recorded layer. */
import type { Json } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import type { Context } from "../component";

export function columnsOf(recording: Recording): string[] {
  return recording.columns.filter(({ means }) => means === "duplicate_cluster").map(({ name }) => name);
}

export function layerParams(ctx: Context): { readonly [key: string]: Json } {
  const layer = ctx.options.value["layer"];
  return typeof layer === "string" && layer !== "" ? { layer } : {};
}
