/** The samples divided by columns of the recording, once those columns are there. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Column } from "../hosts/arrow";
import type { Recording } from "../hosts/recording";
import { fieldsOf, type Field } from "../state/fields";
import { divisionOf, groupingOf, type Division, type Grouping } from "../state/groups";
import type { Context } from "./component";
import { reason } from "../hosts/reason";

/** What has values, or ranges of values, that make groups. */
export const DIVIDE: readonly Field["type"][] = ["category", "bool", "integer", "number", "datetime"];

/** Recorded fields that make groups. */
export function groupable(recording: Recording): readonly Field[] {
  return fieldsOf(recording).filter(({ type, role }) => DIVIDE.includes(type) && (role === "metadata" || role === "split" || (role === "label" && recording.task === "multiclass")));
}

export interface UsedGrouping {
  /** null while a column is on its way, and where one divides nothing. */
  grouping: Grouping | null;
  /** Why there will be none. */
  why: string | null;
}

export function useGrouping(ctx: Context, names: readonly string[]): UsedGrouping {
  const { filter } = ctx.data;
  const failed = useSignal<string | null>(null);
  const columns: (Column | undefined)[] = names.map((name) => filter.at(name));
  useEffect(() => {
    let gone = false;
    failed.value = null;
    for (const name of names) filter.column(name).catch((error: unknown) => !gone && (failed.value = `${name}: ${reason(error)}`));
    return () => {
      gone = true;
    };
  }, [names.join("\n")]);
  return useMemo(() => {
    const divisions: Division[] = [];
    for (const [place, column] of columns.entries()) {
      if (!column) return { grouping: null, why: failed.value };
      const found = divisionOf(names[place] ?? "", column);
      if (!found) return { grouping: null, why: `${names[place] ?? ""} has no values to group by.` };
      divisions.push(found);
    }
    return { grouping: groupingOf(divisions), why: null };
  }, [names.join("\n"), failed.value, ...columns]);
}
