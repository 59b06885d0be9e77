/** Any class by typing the beginning of its name; for ambiguous samples several of them. */
import { useMemo, useState } from "preact/hooks";
import { Swatch } from "../../draw/parts";

const MOST = 60;

/** Classes that fit what was typed: those that begin so, then those with a word that does, then those that hold it. */
export function matching(classes: readonly string[], typed: string, recent: readonly string[]): string[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return [...recent, ...classes.filter((name) => !recent.includes(name))].slice(0, MOST);
  const rank = (name: string) => {
    const low = name.toLowerCase();
    return low.startsWith(wanted) ? 0 : low.split(/[\s_-]+/).some((word) => word.startsWith(wanted)) ? 1 : low.includes(wanted) ? 2 : 3;
  };
  return classes.map((name) => ({ name, rank: rank(name) })).filter(({ rank }) => rank < 3).sort((a, b) => a.rank - b.rank).slice(0, MOST).map(({ name }) => name);
}

export interface FinderProps {
  classes: readonly string[];
  recent: readonly string[];
  /** Several are chosen. */
  several: boolean;
  done: (names: readonly string[]) => void;
  cancel: () => void;
}

export function Finder({ classes, recent, several, done, cancel }: FinderProps) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const found = useMemo(() => matching(classes, typed, recent), [classes, typed, recent]);
  const fresh = typed.trim() !== "" && !several && !classes.some((name) => name.toLowerCase() === typed.trim().toLowerCase());
  const choices = fresh ? [...found, typed.trim()] : found;
  const isNew = (name: string) => fresh && name === typed.trim();
  const take = (name: string | undefined) => {
    if (name === undefined) return;
    if (!several) return done([name]);
    setPicked(picked.includes(name) ? picked.filter((one) => one !== name) : [...picked, name]);
    setTyped("");
    setAt(0);
  };
  const keyed = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") cancel();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt(Math.max(0, Math.min(choices.length - 1, at + (event.key === "ArrowDown" ? 1 : -1))));
    else if (event.key === "Enter") {
      if (several && typed.trim() === "" && picked.length > 1) done(picked);
      else take(choices[at]);
    } else return;
    event.preventDefault();
  };
  return (
    <div class="finder" role="dialog" aria-label={several ? "Which classes fit?" : "Which class is it?"} onKeyDown={keyed}>
      <p class="asks"><b>{several ? "Which classes fit?" : "Which class is it?"}</b> <span class="muted small">{several ? "Enter adds one; Enter on an empty line saves two or more" : "Enter sets it, Esc leaves it"}</span></p>
      {picked.length > 0 && <p class="picked">{picked.map((name) => <button key={name} type="button" class="button" aria-label={`Take ${name} out`} onClick={() => take(name)}>{name} ×</button>)}</p>}
      <input class="field" ref={(el) => el?.focus()} type="text" autocomplete="off" role="combobox" aria-expanded="true" aria-controls="finder-classes" aria-activedescendant={`finder-${at}`} aria-label="Class" placeholder="Begin to type a class" value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }} />
      <ul id="finder-classes" role="listbox" aria-label="Classes">
        {choices.map((name, i) => (
          <li key={name} id={`finder-${i}`} role="option" aria-selected={i === at} class={i === at ? "on" : ""} onClick={() => take(name)}>
            {isNew(name) ? <span>New class “<b>{name}</b>”</span> : <><Swatch of={classes.indexOf(name)} /> {name}{picked.includes(name) && " ✓"}</>}
          </li>
        ))}
      </ul>
      <p class="does">
        {several && <button type="button" class="button primary" disabled={picked.length < 2} onClick={() => done(picked)}>{picked.length < 2 ? "Choose two or more" : `Save ${picked.join(" or ")}`}</button>}
        <button type="button" class="button" onClick={cancel}>Cancel</button>
      </p>
    </div>
  );
}
