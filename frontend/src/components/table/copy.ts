/** Rows as tab-separated text, and onto the clipboard also where the browser withholds its interface for it. */
import type { Value } from "../../hosts/arrow";
import { ArrivalError } from "../../hosts/errors";
import { plainText } from "../../state/cells";

export const MOST_COPIED = 10_000;

/** Tabs and line ends inside a value become spaces. */
export function cellText(value: Value | undefined): string {
  return plainText(value).replace(/[\t\r\n]+/g, " ");
}

export function tsv(head: readonly string[], rows: readonly (readonly (Value | undefined)[])[]): string {
  return [head.map(cellText), ...rows.map((row) => row.map(cellText))].map((line) => line.join("\t")).join("\n");
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new ArrivalError("The browser does not let this page copy. Open it over https or on this machine.");
  }
}
