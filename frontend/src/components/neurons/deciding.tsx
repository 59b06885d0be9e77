/** Accept an edit as a patch, or take it away as a file. */
import { useState } from "preact/hooks";
import { fileName, saveAs } from "../../draw/save";
import { valueAt, type Value } from "../../hosts/arrow";
import type { Json, RunResult, Table } from "../../hosts/host";
import { reason } from "../../hosts/reason";
import { enact, whyNotDecide } from "../../state/deeds";
import type { Session } from "../../state/session";
import type { Asked } from "../analysis";
import type { Context } from "../component";
import { patchesIn } from "./decided";
import { measured, type Edit, type Edited } from "./edits";

/** The patch of a result: its bytes and what it belongs to; null where there is none. */
async function patchOf(session: Session, result: RunResult): Promise<{ bytes: Uint8Array; fingerprint: string } | null> {
  const table = await session.part(result, "patch", ["file", "fingerprint"]);
  const file = table.get("file");
  const mark = table.get("fingerprint");
  const bytes = file?.kind === "list" && file.length > 0 ? (file.bytes?.(0) ?? null) : null;
  return bytes && mark ? { bytes, fingerprint: String(valueAt(mark, 0)) } : null;
}

/** Save the patch that a result holds; a sentence when there is none. */
export async function savePatch(session: Session, result: RunResult, method: string): Promise<void> {
  try {
    const patch = await patchOf(session, result);
    if (!patch) return session.store.notice("There is no patch to save: this edit changes what comes into the layer, or nothing at all.");
    saveAs(new Blob([patch.bytes.slice()], { type: "application/octet-stream" }), fileName([session.store.recording.peek().name, method, patch.fingerprint.slice(0, 8)], "patch.safetensors"));
  } catch (error) {
    session.store.notice(`The patch could not be saved. ${reason(error)}`);
  }
}

function plainRows(table: Table): Record<string, Value>[] {
  const [first] = table.values();
  return Array.from({ length: first?.length ?? 0 }, (_, row) => Object.fromEntries([...table].map(([name, column]) => [name, valueAt(column, row)])));
}

/** Everything that was told of an edit, as JSON. */
export function reportOf(recording: string, params: { readonly [key: string]: Json }, tables: ReadonlyMap<string, Table>): string {
  const plain = Object.fromEntries([...tables].map(([name, table]) => [name, plainRows(table)]));
  return JSON.stringify({ recording, parameters: params, ...plain }, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value), 1);
}

async function accept(ctx: Context, edit: Edit, edited: Edited, asked: Asked): Promise<void> {
  const { data, store } = ctx;
  try {
    const result = await data.located("mitigate", asked.params);
    const patch = result && (await patchOf(data, result));
    if (!result || !patch) return store.notice("There is no patch to accept: this edit changes what comes into the layer, or nothing at all.");
    const counted = (name: string) => measured(edited, name)?.after ?? null;
    await enact(data, `Accept the patch of ${edited.neurons.length} neurons`, "patch", [{
      accepted: true, key: result.key, fingerprint: patch.fingerprint, method: edit.method.id, strength: edited.strength, neurons: edited.neurons, classes: edit.classes,
      split: edited.split, fixed: counted("fixed"), broken: counted("broken"), params: asked.params,
    }]);
  } catch (error) {
    store.notice(`The patch could not be accepted. ${reason(error)}`);
  }
}

export function Deciding({ ctx, edit, edited, asked, tables }: { ctx: Context; edit: Edit; edited: Edited; asked: Asked; tables: ReadonlyMap<string, Table> | null }) {
  const { data, store } = ctx;
  const [busy, setBusy] = useState(false);
  const barred = whyNotDecide(data);
  const ofInput = edit.method.id === "clamp" || edit.method.id === "reactive";
  const standing = patchesIn(store.log.value ?? []).some(({ params }) => JSON.stringify(params) === JSON.stringify(asked.params));
  const go = () => {
    setBusy(true);
    void accept(ctx, edit, edited, asked).finally(() => setBusy(false));
  };
  const download = () => void data.located("mitigate", asked.params).then((result) => result && savePatch(data, result, edit.method.id), (error: unknown) => store.notice(`The patch could not be saved. ${reason(error)}`));
  const report = () => tables && saveAs(new Blob([reportOf(store.recording.peek().name, asked.params, tables)], { type: "application/json" }), fileName([store.recording.peek().name, edit.method.id, "edit"], "json"));
  const none = edited.status !== "ok" || ofInput;
  return (
    <div class="acts line">
      {barred === null && !none && <button type="button" class="button primary" disabled={busy || standing} onClick={go}>{standing ? "✓ Accepted" : busy ? "Saving…" : "Accept this patch"}</button>}
      {!none && <button type="button" class="button" onClick={download}>Download the patch</button>}
      <button type="button" class="button" onClick={report}>Download the figures</button>
      <span class="muted small">{none ? (ofInput ? "It changes the input of the layer, so there is no patch of the layer." : "The head stays as it is, so there is no patch.") : (barred ?? "Nothing is changed until somebody applies the patch; it can be taken back bit for bit.")}</span>
    </div>
  );
}
