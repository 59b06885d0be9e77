/** The list of views as a page of the documentation, made from their definitions. */
import type { Json } from "../hosts/host";
import type { Definition } from "./component";
import type { OptionSpec } from "./options";

const KINDS: Record<OptionSpec["type"], string> = { text: "text", number: "number", flag: "true or false", choice: "one of", texts: "list of texts", json: "JSON" };

const HEAD = `# Views

Every view that can stand on a page: in a layout file, in \`hub.view(type, …)\` and in the page's own list of views.
This page is made from their definitions: \`python tools/component_reference.py\` writes it anew.

Options are given as in \`hub.view("grid", …)\`, or in a layout as \`{"component": "grid", "options": {…}}\`. Python refuses
a view or an option that is not known. In a layout that is told on the tile, as is a value of the wrong kind anywhere, and
the default is used. What is marked "layout only" is neither written into a shared address nor taken from one, because
anyone can write an address.

What a view needs and a recording lacks is said on its tile. "Predictions" are those of a checkpoint, or a column with that
role, so a plain table will do; "checkpoints" are recorded from a model, and a table's probabilities make one.

Views of others: a module of the anywidget standard goes into the view \`anywidget\`, a component of your own is called
\`outside:name\`; see [Write a component](../how-to/write-a-component.md).
`;

/** Text within a table: a line break or a bar would end the cell. */
function cell(text: string): string {
  return text.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ");
}

function kind(spec: OptionSpec): string {
  return spec.type === "choice" ? `one of ${spec.choices.map((choice) => `\`${choice}\``).join(", ")}` : KINDS[spec.type];
}

function value(json: Json): string {
  return json === null ? "chosen by the view" : `\`${JSON.stringify(json)}\``;
}

function section({ type, title, needs, options }: Definition): string {
  const entries = Object.entries(options);
  const rows = entries.map(([name, spec]) => `| \`${name}\` | ${cell(kind(spec))} | ${cell(value(spec.default))} | ${cell(spec.says)}${spec.private ? " Layout only." : ""} |`);
  const table = ["| option | kind | default | what it says |", "|---|---|---|---|", ...rows].join("\n");
  return [`## ${type}`, `${title.replace(/[.?]$/, "")}${title.endsWith("?") ? "?" : "."}`, ...(needs.length > 0 ? [`Needs ${needs.join(", ")}.`] : []), entries.length > 0 ? table : "No options."].join("\n\n");
}

export function referenceOf(definitions: readonly Definition[]): string {
  const sorted = [...definitions].sort((a, b) => (a.type < b.type ? -1 : 1));
  return `${[HEAD, ...sorted.map(section)].join("\n")}\n`.replace(/\n## /g, "\n\n## ").replace(/\n{3,}/g, "\n\n");
}

/** Every view with the names of its options, for Python, which refuses what no page knows. */
export function namesOf(definitions: readonly Definition[]): string {
  const sorted = [...definitions].sort((a, b) => (a.type < b.type ? -1 : 1));
  return `{\n${sorted.map(({ type, options }) => `  ${JSON.stringify(type)}: ${JSON.stringify(Object.keys(options))}`).join(",\n")}\n}\n`;
}
