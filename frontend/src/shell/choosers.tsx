/** In the filter row: by which columns samples are grouped and coloured, and whether what the filter leaves out is shown. */
import { useRef } from "preact/hooks";
import type { Recording } from "../hosts/recording";
import { fieldsOf, type Field } from "../state/fields";
import { obey } from "./commands";
import { DIVIDE } from "../components/use-grouping";
import { usePlace } from "./popover";
import type { Shell } from "./shell";

export const MOST_GROUPS = 3;

export function groupable(recording: Recording): Field[] {
  return fieldsOf(recording).filter(({ type, role }) => role !== "id" && role !== "tags" && DIVIDE.includes(type));
}

export function colourable(recording: Recording): Field[] {
  return fieldsOf(recording).filter(({ type, role }) => role !== "id" && role !== "tags" && type !== "text" && type !== "list" && type !== "other");
}

/** The groups with a column more or less; a fourth column takes the place of the third. */
export function toggled(groupBy: readonly string[], name: string): string[] {
  return groupBy.includes(name) ? groupBy.filter((one) => one !== name) : [...groupBy.slice(0, MOST_GROUPS - 1), name];
}

function GroupPopup({ shell, anchor, close }: { shell: Shell; anchor: () => HTMLElement | null; close: () => void }) {
  const { store } = shell.session;
  const ref = usePlace(anchor, close);
  const groups = store.groupBy.value;
  const fields = groupable(store.recording.value);
  return (
    <div ref={ref} class="popover" role="dialog" aria-label="Group by" onKeyDown={(event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    }}>
      <p class="muted small">Up to {MOST_GROUPS} columns, in the order you tick them. Measures are told for each combination that occurs.</p>
      <ul class="values" aria-label="Columns to group by">
        {fields.map(({ name, type }) => {
          const place = groups.indexOf(name);
          return (
            <li key={name}>
              <label>
                <input type="checkbox" checked={place >= 0} onChange={() => (store.groupBy.value = toggled(groups, name))} />
                <span class="value-name">{name || "(no name)"}</span>
                <span class="muted small num">{place >= 0 && groups.length > 1 ? `${place + 1}.` : type}</span>
              </label>
            </li>
          );
        })}
      </ul>
      {fields.length === 0 && <p class="muted">No column divides the samples into groups.</p>}
      <div class="actions">
        <button type="button" class="button" disabled={groups.length === 0} onClick={() => (store.groupBy.value = [])}>No groups</button>
        <button type="button" class="button primary" onClick={close}>Done</button>
      </div>
    </div>
  );
}

export function Choosers({ shell }: { shell: Shell }) {
  const { session, popup } = shell;
  const { store } = session;
  const button = useRef<HTMLButtonElement>(null);
  const recording = store.recording.value;
  const groups = store.groupBy.value;
  const colour = store.colorBy.value;
  const fields = colourable(recording);
  const close = () => {
    popup.value = null;
    button.current?.focus();
  };
  const open = popup.value?.of === "group";
  const filtered = session.filter.mask() !== null;
  return (
    <span class="choosers" role="group" aria-label="Groups and colours">
      {filtered && (
        <label class="behind" title="Samples that the filter leaves out, in grey behind the others (U)">
          <input type="checkbox" checked={store.showUnfiltered.value} onChange={() => obey("behind", shell)} />
          <span>rest in grey</span>
        </label>
      )}
      <button ref={button} type="button" class="button quiet group-by" aria-haspopup="dialog" aria-expanded={open} title="Group by columns (G)" aria-label={groups.length === 0 ? "Group by" : `Grouped by ${groups.join(", ")}`}
        onClick={() => (popup.value = open ? null : { of: "group" })}>
        <span class="muted" aria-hidden="true">Group</span> <b>{groups.length === 0 ? "–" : groups.join(", ")}</b>
      </button>
      <label class="colour" title="Colour by a column (C)">
        <span class="muted" aria-hidden="true">Colour</span>
        <select class="colour-by" aria-label="Colour by" value={colour ?? ""} onChange={(event) => (store.colorBy.value = event.currentTarget.value === "" ? null : event.currentTarget.value)}>
          <option value="" aria-label="as each view chooses">–</option>
          {fields.map(({ name }) => <option key={name} value={name}>{name || "(no name)"}</option>)}
        </select>
      </label>
      {open && <GroupPopup shell={shell} anchor={() => button.current} close={close} />}
    </span>
  );
}
