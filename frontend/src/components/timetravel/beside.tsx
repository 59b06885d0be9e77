/** Two pictures of time side by side: another training, another layer, or another way to place the samples. */
import { useState } from "preact/hooks";
import type { Recording } from "../../hosts/recording";
import { COLUMNS, freshTileId, mapPage, tile, withPage, type Options } from "../../state/layout";
import type { Context } from "../component";

/** How samples can be placed, in words. */
export const MODES = [["joint", "one picture for all checkpoints"], ["per_epoch", "one for every checkpoint"], ["live", "growing with the job"], ["pca", "PCA, to compare with"], ["umap", "UMAP, to compare with"], ["aligned_umap", "aligned UMAP, to compare with"]] as const;

export interface Other {
  name: string;
  /** The options in which the picture beside differs. */
  options: Options;
}

export interface Others {
  of: string;
  which: readonly Other[];
}

/** What a picture with these options can be compared with. */
export function othersOf(recording: Recording, options: Options): Others[] {
  const { layer, mode, beside } = options;
  const layers = recording.layers.flatMap(({ name, role }): Other[] => {
    const own = role === "embedding" ? (layer ?? null) === null || layer === name : layer === name;
    return own ? [] : [{ name: role === "embedding" ? "the embedding" : name, options: { layer: role === "embedding" ? null : name } }];
  });
  const trainings = [...(beside == null ? [] : [{ name: "this one", options: { beside: null } }]), ...recording.beside.filter((name) => name !== beside).map((name) => ({ name, options: { beside: name } }))];
  const ways = MODES.filter(([id]) => id !== (mode ?? "joint")).map(([id, name]) => ({ name, options: { mode: id } }));
  return [{ of: "Another training", which: trainings }, { of: "Another layer", which: layers }, { of: "Placed otherwise", which: ways }].filter(({ which }) => which.length > 0);
}

/** A page of its own for both, half of it each; what was there stays as it was. */
export function showBeside(ctx: Context, other: Other): void {
  const { arrangement } = ctx.store;
  const own = arrangement.tile(ctx.id);
  const component = own?.component ?? "timetravel";
  let page = "";
  arrangement.edit((layout) => {
    const made = withPage(layout, "Side by side");
    page = made.id;
    const place = (id: string, x: number, options: Options) => tile(component, { id, x, w: COLUMNS / 2, options });
    const left = place(freshTileId(made.layout, component), 0, own?.options ?? {});
    const first = mapPage(made.layout, page, (one) => ({ ...one, tiles: [left] }));
    const changed = Object.fromEntries(Object.entries({ ...own?.options, ...other.options }).filter(([, value]) => value !== null));
    return mapPage(first, page, (one) => ({ ...one, tiles: [left, place(freshTileId(first, component), COLUMNS / 2, changed)] }));
  });
  arrangement.page.value = page;
}

export function Compare({ ctx }: { ctx: Context }) {
  const others = othersOf(ctx.store.recording.value, ctx.options.value);
  const all = others.flatMap(({ which }) => which);
  const [at, choose] = useState(0);
  const chosen = all[Math.min(at, all.length - 1)];
  if (!chosen) return null;
  return (
    <details class="settings">
      <summary class="button">Compare</summary>
      <form class="panel" onSubmit={(event) => {
        event.preventDefault();
        showBeside(ctx, chosen);
      }}>
        <label class="choose"><span>With</span>
          <select aria-label="What to show beside it" value={String(all.indexOf(chosen))} onChange={(event) => choose(Number(event.currentTarget.value))}>
            {others.map(({ of, which }) => <optgroup key={of} label={of}>{which.map((other) => <option key={other.name} value={String(all.indexOf(other))}>{other.name}</option>)}</optgroup>)}
          </select>
        </label>
        <p class="small muted">Both stand on one clock; what you point at, select or filter in one is marked in the other.{others[0]?.of === "Another training" ? "" : " Another training of the same samples can be chosen once its recording lies in the folder of this one."}</p>
        <button type="submit" class="button primary">Show side by side</button>
      </form>
    </details>
  );
}
