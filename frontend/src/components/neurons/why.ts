/** The way from any sample to the neurons behind it. */
import type { Session } from "../../state/session";
import { freshTileId, mapPage, tile, tilesOf, withPage } from "../../state/layout";
import { idsOf } from "../../state/tags";
import { reason } from "../../hosts/reason";

export const TYPE = "neurons";

/** Whether this recording can tell why. */
export function canTellWhy(session: Session): boolean {
  const { missing, task } = session.store.recording.value;
  return task === "multiclass" && missing["counterfactual"]?.length === 0;
}

/** Open the view of neurons at one sample; on a page of its own where no page has it. */
export async function askWhy(session: Session, sample: number): Promise<void> {
  const { store } = session;
  const { arrangement } = store;
  try {
    const samples = await idsOf(session.columns, store.recording.peek(), [sample]);
    let place = arrangement.layout.peek().pages.find(({ tiles, dock }) => [...tiles, ...(dock ? [dock] : [])].some(({ component }) => component === TYPE))?.id;
    if (place === undefined) {
      arrangement.edit((layout) => {
        const made = withPage(layout, "Neurons");
        place = made.id;
        return mapPage(made.layout, made.id, (page) => ({ ...page, tiles: [tile(TYPE, { id: freshTileId(layout, TYPE) })] }));
      });
    }
    const layout = arrangement.layout.peek();
    const page = layout.pages.find(({ id }) => id === place);
    const own = page && tilesOf({ ...layout, pages: [page] }).find(({ component }) => component === TYPE);
    if (!own || place === undefined) return;
    arrangement.set(own.id, { samples, label: null, predicted: null, sample, neuron: null });
    arrangement.page.value = place;
    store.focus.value = null;
  } catch (error) {
    store.notice(`The view of neurons could not be opened. ${reason(error)}`);
  }
}
