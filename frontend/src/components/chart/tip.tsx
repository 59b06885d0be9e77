/** What a chart says of the mark under the pointer, as text: a name in the data must not become markup. */
import { shorten } from "../../draw/format";

export interface Tipped {
  lines: readonly (readonly [string, string])[];
  x: number;
  y: number;
}

const MOST_LINES = 12;

function words(value: unknown): string {
  return shorten(typeof value === "object" && value !== null ? JSON.stringify(value) : String(value), 120);
}

export function linesOf(value: unknown): (readonly [string, string])[] {
  if (value === null || value === undefined || value === "") return [];
  if (typeof value !== "object") return [["", words(value)]];
  return Object.entries(value).filter(([name]) => !name.startsWith("__")).slice(0, MOST_LINES).map(([name, one]) => [shorten(name, 60), words(one)] as const);
}

export function Tip({ tip, within }: { tip: Tipped; within: HTMLElement | null }) {
  const box = within?.getBoundingClientRect();
  if (!box) return null;
  const left = Math.min(tip.x - box.left + 12, Math.max(0, box.width - 200));
  return (
    <div class="tip" style={{ left: `${left}px`, top: `${tip.y - box.top + 14}px` }}>
      <dl>{tip.lines.map(([name, text]) => <><dt>{name}</dt><dd>{text}</dd></>)}</dl>
    </div>
  );
}
