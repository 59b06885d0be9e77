/** A field above the picture that finds a sample by its name, or all of which something holds. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { NumberColumn } from "../../state/performance";
import type { Context } from "../component";
import { reason } from "../../hosts/reason";
import { showRows } from "../samples-strip";
import { finds, sourcesOf, type Find, type Sources } from "./find";

/** Who types on is not waited for. */
const REST_MS = 120;

interface Props {
  ctx: Context;
  predictions: NumberColumn | null;
  /** A single sample was found: show where it is. */
  show: (row: number) => void;
}

/** What fits what is typed; null while the columns are not here or nothing is typed. */
function useFinds({ ctx, predictions }: Props, typed: string): { found: readonly Find[] | null; failed: string | null } {
  const [state, set] = useState<{ of: string; found: readonly Find[] | null; failed: string | null }>({ of: "", found: null, failed: null });
  const sources = useRef<{ of: string; asked: Promise<Sources> } | null>(null);
  const { fingerprint, nSamples } = ctx.store.recording.value;
  const of = typed.trim();
  useEffect(() => {
    if (of === "") return set({ of, found: null, failed: null });
    let gone = false;
    const timer = setTimeout(() => {
      const key = `${fingerprint} ${nSamples}`;
      if (sources.current?.of !== key) sources.current = { of: key, asked: sourcesOf(ctx, null) };
      sources.current.asked.then(
        (given) => !gone && set({ of, found: finds({ ...given, predictions }, of), failed: null }),
        (error: unknown) => {
          sources.current = null;
          if (!gone) set({ of, found: null, failed: reason(error) });
        },
      );
    }, REST_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [of, predictions, fingerprint, nSamples]);
  return state.of === of ? state : { found: null, failed: null };
}

export function Finder(props: Props) {
  const { ctx } = props;
  const [typed, type] = useState("");
  const [at, go] = useState(0);
  const [open, setOpen] = useState(false);
  const { found, failed } = useFinds(props, typed);
  const list = found ?? [];
  const shown = open && typed.trim() !== "" && (found !== null || failed !== null);
  const active = Math.min(at, list.length - 1);
  const choose = (find: Find | undefined) => {
    if (!find) return;
    setOpen(false);
    if (find.kind === "group") return showRows(ctx, find.rows, find.words);
    ctx.store.focus.value = find.row;
    props.show(find.row);
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      setOpen(true);
      go((active + (event.key === "ArrowDown" ? 1 : -1) + list.length) % Math.max(1, list.length));
    } else if (event.key === "Enter") choose(list[active]);
    else if (event.key === "Escape" && (open || typed !== "")) {
      if (!open) type("");
      setOpen(false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="find" onFocusOut={(event) => !(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)) && setOpen(false)}>
      <input type="search" role="combobox" aria-label="Find samples" placeholder="Find by id, label, word" aria-expanded={shown} aria-controls="found" aria-autocomplete="list" spellcheck={false} autocomplete="off" value={typed}
        aria-activedescendant={shown && list.length > 0 ? `found-${active}` : undefined} onKeyDown={keyed} onFocus={() => setOpen(true)}
        onInput={(event) => {
          type(event.currentTarget.value);
          go(0);
          setOpen(true);
        }} />
      {shown && (
        <div class="panel found">
          <ul id="found" role="listbox" aria-label="Found">
            {list.map((find, place) => (
              <li key={`${find.kind} ${find.title}`} id={`found-${place}`} role="option" aria-selected={place === active} class={place === active ? "on" : ""} onMouseDown={(event) => event.preventDefault()} onClick={() => choose(find)}>
                <span class="name" title={find.title}>{find.title}</span> <span class="muted small">{find.aside}</span>
              </li>
            ))}
          </ul>
          <p class="small muted" role="status">{failed !== null ? `Nothing could be searched. ${failed}` : list.length === 0 ? `No id, label or text has “${typed.trim()}”.` : "Enter shows it"}</p>
        </div>
      )}
    </div>
  );
}
