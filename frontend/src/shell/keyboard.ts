/** Keys pressed anywhere on the page: one listener, one table, nothing while somebody types. */
import { useEffect } from "preact/hooks";
import { chordOf, takesText } from "../state/keys";
import { obey } from "./commands";
import type { Shell } from "./shell";

/** Keys that a dialog leaves to the page. */
const IN_DIALOGS = new Set(["help", "palette", "back"]);

function pressed(event: KeyboardEvent, shell: Shell): boolean {
  const chord = chordOf(event);
  if (chord === null || event.isComposing || event.keyCode === 229) return false;
  const id = shell.keys.find(chord);
  const open = shell.finder.value !== null || shell.help.value;
  if (takesText(event.composedPath()[0])) return id === "palette" && chord.startsWith("Mod+") && obey(id, shell);
  if (open) return id !== null && IN_DIALOGS.has(id) && obey(id, shell);
  if (/^[1-9]$/.test(chord)) return shell.goToNumber(Number(chord));
  return id !== null && obey(id, shell);
}

export function useKeyboard(shell: Shell): void {
  useEffect(() => {
    const control = new AbortController();
    const keyed = (event: KeyboardEvent) => {
      if (!event.defaultPrevented && pressed(event, shell)) event.preventDefault();
    };
    document.addEventListener("keydown", keyed, { signal: control.signal });
    window.addEventListener("error", ({ error, message }) => shell.fault(error ?? message), { signal: control.signal });
    window.addEventListener("unhandledrejection", ({ reason }) => shell.fault(reason), { signal: control.signal });
    return () => control.abort();
  }, [shell]);
}
