/** A sample that is neither picture nor text: what was recorded of it is all there is to judge it by. */
import { useEffect, useState } from "preact/hooks";
import { count } from "../../draw/format";
import { valueAt, type Value } from "../../hosts/arrow";
import { reason } from "../../hosts/reason";
import type { Context } from "../component";
import { Metadata } from "../inspector/facts";

export function Recorded({ ctx, row }: { ctx: Context; row: number }) {
  const [told, set] = useState<{ row: number; values: ReadonlyMap<string, Value> } | { row: number; why: string } | null>(null);
  // Only what stands for nothing in particular: predictions and labels of others would end the blindness.
  const names = ctx.store.recording.value.columns.filter(({ role }) => role === "metadata").map(({ name }) => name);
  useEffect(() => {
    const control = new AbortController();
    if (names.length === 0) return;
    ctx.data.columns.rows(names, [row], control.signal).then(
      (table) => set({ row, values: new Map([...table].map(([name, column]) => [name, valueAt(column, 0)])) }),
      (error: unknown) => !control.signal.aborted && set({ row, why: reason(error) }),
    );
    return () => control.abort();
  }, [row, names.join("\u0000")]);
  if (names.length === 0) return <span class="muted">{`sample ${count(row)} has no picture, no text and no column that describes it`}</span>;
  if (!told || told.row !== row) return <span class="muted">…</span>;
  if ("why" in told) return <span class="muted">{`What is recorded of it did not arrive. ${told.why}`}</span>;
  return <div class="long recorded" tabIndex={0} role="group" aria-label="What is recorded of it"><Metadata row={told.values} without="" sample={row} /></div>;
}
