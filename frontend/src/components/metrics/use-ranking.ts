/** Looks through the columns one by one, so that the page stays quick while it does. */
import { useEffect, useState } from "preact/hooks";
import { fieldsOf } from "../../state/fields";
import type { Judged } from "../../state/counting";
import { divisionOf, type Division } from "../../state/groups";
import type { Mask } from "../../state/masks";
import { ALL } from "../../state/selection";
import type { Context } from "../component";
import { groupable } from "../use-grouping";
import { ranked, weaknessOf, type Ranked } from "./ranking";
import { reason } from "../../hosts/reason";

/** So many columns are looked through at once; the others wait for a button. */
export const AT_ONCE = 40;
/** A filter that is dragged changes every frame; only where it rests is everything looked through again. */
const REST_MS = 150;

export interface Ranking {
  columns: readonly Ranked[];
  divisions: ReadonlyMap<string, Division>;
  /** What it was found in. */
  judged: Judged;
  mask: Mask | null;
  /** Columns that did not arrive, each with the reason. */
  refused: readonly string[];
}

/** Columns that may explain mistakes: not the label itself, nor the split where one is chosen. */
export function candidates(ctx: Context): readonly string[] {
  const { split, recording } = ctx.store;
  const id = new Set(fieldsOf(recording.value).filter(({ role }) => role === "label" || role === "id").map(({ name }) => name));
  return groupable(recording.value)
    .filter(({ name, role }) => !id.has(name) && (role !== "split" || split.value === ALL))
    .filter(({ name }) => !recording.value.columns.some((column) => column.name === name && (column.means === "prediction" || column.means === "confidence")))
    .map(({ name }) => name);
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function look(ctx: Context, names: readonly string[], judged: Judged, mask: Mask | null, least: number, gone: () => boolean): Promise<Ranking | null> {
  const found: Ranked[] = [];
  const divisions = new Map<string, Division>();
  const refused: string[] = [];
  for (const name of names) {
    try {
      const column = await ctx.data.filter.column(name);
      if (gone()) return null;
      const division = column.length === judged.length ? divisionOf(name, column) : null;
      if (!division) continue;
      divisions.set(name, division);
      found.push(weaknessOf(judged, division, mask, { least, columns: names.length }));
    } catch (error) {
      refused.push(`${name}: ${reason(error)}`);
    }
    await turn();
    if (gone()) return null;
  }
  return { columns: ranked(found), divisions, judged, mask, refused };
}

export function useRanking(ctx: Context, judged: Judged | null, mask: Mask | null, least: number, most: number): { ranking: Ranking | null; busy: boolean } {
  const [ranking, setRanking] = useState<Ranking | null>(null);
  const names = candidates(ctx).slice(0, most);
  useEffect(() => {
    if (!judged) return;
    let stopped = false;
    const gone = () => stopped;
    const timer = setTimeout(() => void look(ctx, names, judged, mask, least, gone).then((found) => found && setRanking(found)), ranking ? REST_MS : 0);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [judged, mask, least, names.join("\n")]);
  return { ranking, busy: ranking !== null && (ranking.judged !== judged || ranking.mask !== mask) };
}
