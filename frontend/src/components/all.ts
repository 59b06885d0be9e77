/** Every component there is; menus, layouts, hosts and the reference derive from this list. */
import { anywidget } from "./anywidget/anywidget";
import { chart } from "./chart/chart";
import { classes } from "./classes/classes";
import type { Recording } from "../hosts/recording";
import { compare } from "./compare/compare";
import type { Definition } from "./component";
import { confusion } from "./confusion/confusion";
import { curves } from "./curves/curves";
import { datamap } from "./datamap/datamap";
import { duplicates } from "./duplicates/duplicates";
import { familiarity } from "./familiarity/familiarity";
import { grid } from "./grid/grid";
import { issues } from "./issues/issues";
import { inspector } from "./inspector/inspector";
import { labels } from "./labels/labels";
import { markdown } from "./markdown/markdown";
import { outsideComponent, outsideComponents } from "./outside";
import { metrics } from "./metrics/metrics";
import { neurons } from "./neurons/neurons";
import { overview } from "./overview/overview";
import { runHeader } from "./run-header/run-header";
import { saved } from "./saved/saved";
import { scatter } from "./scatter/scatter";
import { table } from "./table/table";
import { tags } from "./tags/tags";
import { events } from "./timetravel/events";
import { timetravel } from "./timetravel/timetravel";
import { trajectories } from "./timetravel/trajectories";
import { recommend } from "./recommend/recommend";

export const COMPONENTS: readonly Definition[] = [
  runHeader,
  curves,
  confusion,
  scatter,
  classes,
  metrics,
  compare,
  overview,
  table,
  duplicates,
  familiarity,
  timetravel,
  recommend,
  labels,
  neurons,
  events,
  trajectories,
  issues,
  saved,
  tags,
  grid,
  inspector,
  chart,
  datamap,
  markdown,
  anywidget,
];

export function componentOf(type: string): Definition | null {
  return COMPONENTS.find((one) => one.type === type) ?? outsideComponent(type);
}

/** Everything that can be placed on a page of this recording: ours, and what its owner registered. */
export function componentsFor(recording: Recording): readonly Definition[] {
  return [...COMPONENTS, ...outsideComponents(recording)];
}
