/** All keys of the desk, each of which a person can change. */
import { useEffect, useRef, useState } from "preact/hooks";
import { chordOf } from "../../state/keys";
import { deskKeys, saidBy, saysOf, type DeskKey } from "./bindings";
import { keyLines } from "./keys";

export function Help({ close }: { close: () => void }) {
  const [waiting, wait] = useState<DeskKey | null>(null);
  const [refused, refuse] = useState("");
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const pressed = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (waiting === null) {
      if (event.key === "Escape" || saidBy(deskKeys, chordOf(event)) === "help") close();
      return;
    }
    const chord = chordOf(event);
    if (chord === null) return;
    event.preventDefault();
    if (event.key === "Escape") return done("");
    done(deskKeys.bind(waiting, chord) ?? "");
  };
  const done = (why: string) => {
    refuse(why);
    // What was refused waits for another key.
    if (why === "") wait(null);
    panel.current?.focus();
  };
  const lines = keyLines();
  return (
    <div class="panel-over" role="dialog" aria-label="Keys of the desk" tabIndex={-1} ref={panel} onKeyDown={pressed}>
      <p class="asks top"><span><b>Keys</b> <span class="muted small">of the desk; press one to change it</span></span><button type="button" class="button quiet" onClick={close}>Close</button></p>
      <p class="small" role="status">{waiting === null ? "" : refused || `Press the new key for “${saysOf(waiting)}”, or Esc to leave it.`}</p>
      {(["Decide", "Move", "Other"] as const).map((group) => (
        <dl key={group} aria-label={group}>
          {lines.filter((line) => line.group === group).map(({ id, keys, says }) => (
            <div key={says}>
              <dt>{id === undefined ? keys.map((key) => <kbd key={key}>{key}</kbd>) : <button type="button" class="rekey" aria-pressed={waiting === id} aria-label={`Change the key ${keys[0] ?? ""}: ${says}`} onClick={() => {
                refuse("");
                wait(waiting === id ? null : id);
                panel.current?.focus();
              }}>{waiting === id ? <i>press</i> : <kbd>{keys[0]}</kbd>}</button>}</dt>
              <dd>{says}</dd>
            </div>
          ))}
        </dl>
      ))}
      {deskKeys.changed && <p class="does"><button type="button" class="button" onClick={() => {
        deskKeys.resetAll();
        wait(null);
        refuse("");
      }}>All keys as they came</button></p>}
    </div>
  );
}
