/** What a widget of others needs to be told, known before any of its code is here. */
import type { ModuleInfo, Recording } from "../../hosts/recording";

/** What a trait can be tied to, each with a sentence for the reference. */
export const TARGETS = {
  selection: "positions of the picked samples, both ways",
  focus: "position of the sample in focus or null, both ways",
  filter: "this tile's own filter as text, both ways",
  "filter:COLUMN": "this tile's own filter as a list of values of a column, both ways",
  passing: "positions of the samples that pass the other filters",
  color_by: "the column that colours samples or null, both ways",
  classes: "the names of the classes",
  "values:COLUMN": "the distinct values of a column of categories",
  "column:COLUMN": "every value of a column, in sample order",
  theme: "“light” or “dark”",
} as const;

export const HOW = "Register it in Python: hub.register_module(\"name\", \"widget.js\"). Code is never taken from a layout, an address or an upload.";

export function widgetsIn(recording: Recording): readonly ModuleInfo[] {
  return recording.modules.filter(({ kind }) => kind === "anywidget");
}
