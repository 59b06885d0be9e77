/** Every component there is; menus, layouts, hosts and the reference derive from this list. */
import { classes } from "./classes/classes";
import type { Definition } from "./component";
import { confusion } from "./confusion/confusion";
import { curves } from "./curves/curves";
import { grid } from "./grid/grid";
import { inspector } from "./inspector/inspector";
import { overview } from "./overview/overview";
import { runHeader } from "./run-header/run-header";
import { scatter } from "./scatter/scatter";
import { slices } from "./slices/slices";
import { table } from "./table/table";

export const COMPONENTS: readonly Definition[] = [
  runHeader,
  curves,
  confusion,
  scatter,
  classes,
  slices,
  overview,
  table,
  grid,
  inspector,
];

export function componentOf(type: string): Definition | null {
  return COMPONENTS.find((one) => one.type === type) ?? null;
}
