/** The pages a recording opens on when nobody laid it out: what to look at first, then the data themselves. */
import { componentOf } from "../components/all";
import type { Recording } from "../hosts/recording";
import { stacked, tile, type Layout, type PageLayout } from "../state/layout";

const PAGES: readonly { id: string; title: string; components: readonly string[] }[] = [
  { id: "first", title: "First look", components: ["run-header", "curves", "confusion", "scatter", "classes", "slices", "overview", "table"] },
];

/** What only says why it cannot be shown is left out, except where a live run may fill it. */
function worthShowing(type: string, recording: Recording): boolean {
  const definition = componentOf(type);
  return definition !== null && (recording.writing || definition.applies(recording) === true);
}

export function firstLayout(recording: Recording): Layout {
  const pages = PAGES.map(({ id, title, components }): PageLayout => ({
    id,
    title,
    tiles: stacked(components.filter((type) => worthShowing(type, recording))),
    dock: tile("grid", { id: `samples-${id}` }),
  }));
  const shown = pages.filter(({ tiles }) => tiles.length > 0);
  return { version: 1, pages: shown.length > 0 ? shown : pages.slice(0, 1) };
}
