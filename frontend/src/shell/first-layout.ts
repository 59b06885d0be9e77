/** The pages a recording opens on when nobody laid it out: what to look at first, then the data themselves. */
import { componentOf } from "../components/all";
import type { Recording } from "../hosts/recording";
import { COLUMNS, tile, type Layout, type PageLayout, type Tile } from "../state/layout";

/** From here on one column of tiles would be too wide to read. */
export const WIDE = "(min-width: 1920px)";

/** A component in a line. On a wide screen halves stand side by side, tall ones with tall ones and before the others. */
type Line = readonly [component: string, width?: "half" | "tall"];

/** What each page asks for, in order; what is not there or does not apply is left out. One line a component. */
const PAGES: readonly { id: string; title: string; lines: readonly Line[]; beside?: string; alone?: true }[] = [
  {
    id: "first",
    title: "First look",
    lines: [
      ["run-header"],
      ["curves", "half"],
      ["confusion", "tall"],
      ["scatter", "tall"],
      ["classes", "half"],
      ["metrics", "half"],
      ["issues", "half"],
    ],
  },
  {
    id: "time",
    title: "Time travel",
    // What to look at stands beside the picture; the samples behind what was clicked, below it.
    lines: [["timetravel"], ["grid"], ["trajectories", "half"], ["events", "half"]],
    beside: "recommend",
  },
  {
    id: "data",
    title: "Data",
    lines: [["duplicates", "half"], ["familiarity", "half"], ["overview"], ["table"]],
  },
  // Two steps of one tool: it has the page for itself, and the samples behind its numbers below it.
  { id: "labels", title: "Labels", lines: [["labels"], ["grid"]], alone: true },
  { id: "neurons", title: "Neurons", lines: [["neurons"]] },
  { id: "compare", title: "Compare", lines: [["compare"]] },
  { id: "notes", title: "Slices and tags", lines: [["saved", "half"], ["tags", "half"]] },
];

/** Pages that are about one view: without it they are not there. */
const ONLY_WITH = new Set(["timetravel", "labels", "neurons"]);

/** What only says why it cannot be shown is left out, except where a live run may fill it. */
function worthShowing(type: string, recording: Recording): boolean {
  const definition = componentOf(type);
  return definition !== null && (recording.writing || definition.applies(recording) === true);
}

/** Of halves that follow one another, the tall ones first: what stands side by side should be about as tall. */
function paired(lines: readonly Line[]): Line[] {
  const from = lines.findIndex(([, width]) => width !== undefined);
  if (from < 0) return [...lines];
  const rest = lines.slice(from);
  const length = rest.findIndex(([, width]) => width === undefined);
  const run = length < 0 ? rest : rest.slice(0, length);
  const sorted = [...run.filter(([, width]) => width === "tall"), ...run.filter(([, width]) => width !== "tall")];
  return [...lines.slice(0, from), ...sorted, ...paired(rest.slice(run.length))];
}

/** One below the other; on a wide screen halves stand in pairs, and one that is left over takes the whole width. */
function placed(given: readonly Line[], wide: boolean): Tile[] {
  const half = COLUMNS / 2;
  const lines = wide ? paired(given) : given;
  let y = 0;
  let x = 0;
  return lines.map(([component, width], i) => {
    const pairs = wide && width !== undefined && (x > 0 || lines[i + 1]?.[1] !== undefined);
    const at = tile(component, pairs ? { x, y, w: half } : { y });
    x = pairs && x === 0 ? half : 0;
    if (x === 0) y++;
    return at;
  });
}

export function firstLayout(recording: Recording, wide = false): Layout {
  const first = ({ lines }: (typeof PAGES)[number]) => lines[0]?.[0] ?? "";
  const pages = PAGES.filter((page) => !ONLY_WITH.has(first(page)) || worthShowing(first(page), recording)).map(({ id, title, lines, beside, alone }): PageLayout => {
    const other = beside !== undefined && worthShowing(beside, recording) ? beside : null;
    // The samples stand beside the views unless something else does.
    const shown = lines.filter(([type]) => worthShowing(type, recording) && (type !== "grid" || other !== null || alone === true));
    return { id, title, tiles: placed(shown, wide), dock: alone ? null : other === null ? tile("grid", { id: `samples-${id}` }) : tile(other) };
  });
  const shown = pages.filter(({ tiles }) => tiles.length > 0);
  return { version: 1, pages: shown.length > 0 ? shown : pages.slice(0, 1) };
}
