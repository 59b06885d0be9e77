import { plural } from "../draw/format";
import { splitText } from "../draw/where";
import { ALL } from "../state/selection";
import type { Session } from "../state/session";
import { caps } from "../state/keys";
import { THEMES } from "../state/theme";
import { Choosers } from "./choosers";
import { Counted, Filters } from "./filters";
import { share } from "./share";
import type { Shell } from "./shell";
import { Pages } from "./tabs";

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 22 22" aria-hidden="true" fill="none" stroke="var(--accent)" stroke-width="2">
      <circle cx="11" cy="11" r="9.5" />
      <path d="M2 11c3-2.4 6-2.4 9 0s6 2.4 9 0" />
      <circle cx="11" cy="15.2" r="1.7" fill="var(--accent)" stroke="none" />
    </svg>
  );
}

const THEME_WORDS = { auto: "as the system", light: "light", dark: "dark" } as const;
const THEME_SIGNS = { auto: "◐", light: "○", dark: "●" } as const;

function UndoRedo({ session }: { session: Session }) {
  const { history } = session;
  const [undo, redo] = [history.undoable.value, history.redoable.value];
  return (
    <span class="undo" role="group" aria-label="History">
      <button type="button" class="button icon" aria-label={undo === null ? "Undo" : `Undo: ${undo}`} title={undo === null ? "Nothing to undo" : `Undo: ${undo} (Ctrl+Z)`} disabled={undo === null} onClick={() => history.undo()}>
        <span aria-hidden="true">↶</span>
      </button>
      <button type="button" class="button icon redo" aria-label={redo === null ? "Redo" : `Redo: ${redo}`} title={redo === null ? "Nothing to redo" : `Redo: ${redo} (Shift+Ctrl+Z)`} disabled={redo === null} onClick={() => history.redo()}>
        <span aria-hidden="true">↷</span>
      </button>
    </span>
  );
}

export function Header({ shell }: { shell: Shell }) {
  const { session, theme, arranging } = shell;
  const recording = session.store.recording.value;
  const now = theme.theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "auto";
  const { checkpoints, classes, nSamples } = recording;
  const facts = [plural(nSamples, "sample"), ...(checkpoints.length > 0 ? [plural(checkpoints.length, "checkpoint")] : []), ...(classes.length > 0 ? [plural(classes.length, "class", "classes")] : [])];
  const findKeys = shell.keys.of("palette").map((chord) => caps(chord).join("+"))[0] ?? "";
  return (
    <div class="top-bar">
      <Mark />
      <span class="run-name" title={recording.name}>{recording.name}</span>
      <span class="muted facts num" title={facts.join(" · ")}>{facts.join(" · ")}</span>
      <Pages shell={shell} />
      <span class="space" />
      {recording.writing && <span class="badge good">● Live</span>}
      <span class="page-actions" role="group" aria-label="Page">
        <button type="button" class="button" aria-label="Find anything" title={`Find any action, page, column or sample (${findKeys})`} onClick={() => (shell.finder.value = "everything")}>
          <span aria-hidden="true">⌕</span> <span class="wide">Find</span>
        </button>
        <UndoRedo session={session} />
        <button type="button" class="button arrange" aria-pressed={arranging.value} title={arranging.value ? "Stop arranging (E)" : "Move, add and remove tiles and pages (E)"} onClick={() => shell.arrange(!arranging.value)}>Arrange</button>
        <button type="button" class="button" aria-label="Share: copy the address of this view" title="Copy the address of this view" onClick={() => void share(shell)}>
          <span aria-hidden="true">↗</span> <span class="wide">Share</span>
        </button>
        <button type="button" class="button icon" aria-label={`Theme: ${THEME_WORDS[now]}. Change to ${THEME_WORDS[next]}`} title={`Theme: ${THEME_WORDS[now]}`} onClick={() => (theme.theme.value = next)}>
          <span aria-hidden="true">{THEME_SIGNS[now]}</span>
        </button>
        <button type="button" class="button icon help" aria-label="Shortcuts" title="Shortcuts (?)" onClick={() => (shell.help.value = true)}>?</button>
      </span>
    </div>
  );
}

export function ChoiceBar({ shell }: { shell: Shell }) {
  const { session } = shell;
  const { store } = session;
  const recording = store.recording.value;
  const { checkpoints } = recording;
  const place = store.place();
  const checkpoint = store.checkpoint.value;
  const splits = recording.splits.length > 1 ? [...recording.splits, { name: ALL, count: recording.nSamples }] : [];
  return (
    <div class="choices" role="toolbar" aria-label="What is shown">
      {splits.length > 0 &&
        (splits.length <= 5 ? (
          <span class="segments" role="group" aria-label="Split">
            {splits.map(({ name }) => (
              <button key={name} type="button" aria-pressed={store.split.value === name} onClick={() => (store.split.value = name)}>{splitText(name)}</button>
            ))}
          </span>
        ) : (
          <select aria-label="Split" value={store.split.value} onChange={(event) => (store.split.value = event.currentTarget.value)}>
            {splits.map(({ name }) => <option key={name} value={name}>{splitText(name)}</option>)}
          </select>
        ))}
      {checkpoints.length > 0 && (
        <span class="stepper">
          <button type="button" class="button icon" aria-label="Previous checkpoint" title="Previous checkpoint ([)" disabled={place <= 0} onClick={() => store.choose(place - 1)}>‹</button>
          <span class="num" title={checkpoint ? `recorded as ${checkpoint.name}, step ${checkpoint.step}` : ""}>
            <span class="word">checkpoint </span><b>{place + 1}</b> of {checkpoints.length}
          </span>
          <button type="button" class="button icon" aria-label="Next checkpoint" title="Next checkpoint (])" disabled={place >= checkpoints.length - 1} onClick={() => store.choose(place + 1)}>›</button>
        </span>
      )}
      {checkpoint && checkpoint.nonFinite > 0 && <span class="badge bad" title="Outputs that are NaN or infinite at this checkpoint">{plural(checkpoint.nonFinite, "output")} not finite</span>}
      <Filters shell={shell} />
      <Choosers shell={shell} />
      <Counted session={session} />
    </div>
  );
}
