/** What stands above a table: its tabs, the way to a row, its columns, and copying. */
import { useSignal } from "@preact/signals";
import { count, plural } from "../../draw/format";
import type { Field } from "../../state/fields";
import type { Tab, Tabbed } from "./rows";

const TABS: readonly (readonly [Tab, string])[] = [["all", "All"], ["filtered", "Filtered"], ["selected", "Selected"]];

export function Tabs({ tab, counts, choose }: { tab: Tab; counts: Tabbed["counts"]; choose: (tab: Tab) => void }) {
  return (
    <div class="segments" role="radiogroup" aria-label="Rows shown">
      {TABS.map(([id, name]) => <button key={id} type="button" role="radio" aria-checked={tab === id} onClick={() => choose(id)}>{`${name} ${count(counts[id])}`}</button>)}
    </div>
  );
}

export function Jump({ go }: { go: (wish: string) => void }) {
  const text = useSignal("");
  return (
    <form class="jump" onSubmit={(event) => {
      event.preventDefault();
      if (text.peek().trim() !== "") go(text.peek().trim());
    }}>
      <input type="text" aria-label="Go to a row or an id" title="Go to a row by its number, or to a sample by its id" placeholder="Row or id" autocomplete="off" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
    </form>
  );
}

/** So many columns are listed at once; the others are found by their names. */
const LISTED = 100;

export function ColumnList({ fields, hidden, change }: { fields: readonly Field[]; hidden: readonly string[]; change: (hidden: string[]) => void }) {
  const search = useSignal("");
  const wanted = search.value.trim().toLowerCase();
  const found = fields.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <details class="choose">
      <summary class="button">Columns</summary>
      <div class="panel">
        {fields.length > 12 && <input type="search" aria-label="Search the columns" placeholder={`Search ${plural(fields.length, "column")}`} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />}
        <ul aria-label="Columns shown">
          {found.slice(0, LISTED).map(({ name }) => (
            <li key={name}><label><input type="checkbox" checked={!hidden.includes(name)} onChange={() => change(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name])} /> {name || "(no name)"}</label></li>
          ))}
        </ul>
        {found.length > LISTED && <p class="muted small">{`${plural(found.length - LISTED, "more column")}: search for them.`}</p>}
        <p class="panel-acts">
          <button type="button" class="button" disabled={hidden.length === 0} onClick={() => change([])}>Show all</button>
          <button type="button" class="button" onClick={() => change([...new Set([...hidden, ...found.map(({ name }) => name)])])}>{wanted ? `Hide ${count(found.length)} found` : "Hide all"}</button>
        </p>
      </div>
    </details>
  );
}
