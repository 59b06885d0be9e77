/** The figures a chart draws, as a table: for the keyboard, and for whoever does not see the picture. */
import { useState } from "preact/hooks";
import { valueText } from "../../draw/format";
import { Door } from "../../draw/parts";
import type { Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { exprOf } from "./door";
import type { Datum, Picture } from "./draw";
import { INDEX, isObject, isSamples, objectsIn } from "./spec";
import { sentenceOf } from "../../state/clauses";

const MOST_LINES = 200;

/** The rows behind the first marks that show groups of samples. */
function rowsOf({ view, compiled }: Picture): readonly Datum[] {
  const names = [...objectsIn(compiled["marks"] ?? null)].filter(({ under }) => under === "from").map(({ of }) => of["data"]);
  for (const name of names) {
    if (typeof name !== "string" || isSamples(name)) continue;
    const known = (compiled["data"] as readonly Json[] | undefined)?.some((data) => isObject(data) && data["name"] === name);
    const rows = known ? view.data(name) : [];
    if (rows.length > 0 && !(INDEX in (rows[0] ?? {}))) return rows;
  }
  return [];
}

function headOf(key: string): string {
  if (key === "__count") return "samples";
  const bin = /^bin_maxbins_\d+_(.*?)(_end)?$/s.exec(key);
  return bin ? `${bin[1] ?? ""} ${bin[2] ? "to" : "from"}` : key;
}

export function Figures({ picture, columns, open }: { picture: Picture; columns: ReadonlyMap<string, Column>; open: (datum: Datum) => void }) {
  const [shown, setShown] = useState(false);
  const rows = shown ? rowsOf(picture) : [];
  const keys = Object.keys(rows[0] ?? {}).filter((key) => key === "__count" || !key.startsWith("__"));
  return (
    <details class="figures" onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary class="button quiet">Figures</summary>
      {shown && rows.length === 0 && <p class="muted small">Each mark of this chart is a sample: the table of samples holds its figures.</p>}
      {rows.length > 0 && (
        <div class="table-scroll">
          <table>
            <thead><tr>{keys.map((key) => <th key={key} scope="col">{headOf(key)}</th>)}</tr></thead>
            <tbody>
              {rows.slice(0, MOST_LINES).map((row, i) => {
                const expr = exprOf(row, columns);
                return (
                  <tr key={i}>
                    {keys.map((key, k) => {
                      const text = valueText(row[key] ?? null);
                      return <td key={key}>{k === keys.length - 1 && expr ? <Door open={() => open(row)} leads={`show only samples where ${sentenceOf(expr)}`}>{text}</Door> : text}</td>;
                    })}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > MOST_LINES && <p class="muted small">{`The first ${MOST_LINES} of ${rows.length}.`}</p>}
    </details>
  );
}
