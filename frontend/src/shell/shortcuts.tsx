/** The keys there are, and a way to change them. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { IN_VIEWS, KEYS, caps, chordOf, type Key, type KeyId } from "../state/keys";
import type { Shell } from "./shell";

const GROUPS = ["Page", "What is shown", "Samples"] as const;

function Caps({ chord }: { chord: string }) {
  return <span class="chord">{caps(chord).map((key) => <kbd key={key}>{key}</kbd>)}</span>;
}

interface LineProps {
  shell: Shell;
  of: Key;
  /** The action that waits for its new key. */
  changing: { value: KeyId | null };
  problem: { value: { id: KeyId; why: string } | null };
}

function Line({ shell, of: { id, says }, changing, problem }: LineProps) {
  const waits = changing.value === id;
  const button = useRef<HTMLButtonElement>(null);
  const pressed = (event: KeyboardEvent) => {
    if (!waits || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    const chord = chordOf(event);
    if (chord === null) return;
    const why = chord === "Escape" ? null : shell.keys.bind(id, chord);
    problem.value = why === null ? null : { id, why };
    if (why === null) changing.value = null;
  };
  const change = () => {
    problem.value = null;
    changing.value = waits ? null : id;
  };
  const reset = () => {
    const why = shell.keys.reset(id);
    problem.value = why === null ? null : { id, why };
    button.current?.focus();
  };
  return (
    <div>
      <dt>{waits ? <em class="waits">press a key</em> : shell.keys.of(id).map((chord) => <Caps key={chord} chord={chord} />)}</dt>
      <dd>
        {says}
        {problem.value?.id === id && <small class="warning" role="alert">{problem.value.why}</small>}
      </dd>
      <dd class="change">
        {id !== "back" && (
          <button ref={button} type="button" class="link" aria-label={waits ? `Press the new key for: ${says}` : `Change the key for: ${says}`} onClick={change} onKeyDown={pressed} onBlur={() => waits && (changing.value = null)}>{waits ? "Esc: leave it" : "Change"}</button>
        )}
        {shell.keys.isOwn(id) && !waits && <button type="button" class="link" aria-label={`Back to the first key for: ${says}`} onClick={reset}>Reset</button>}
      </dd>
    </div>
  );
}

export function Shortcuts({ shell, close }: { shell: Shell; close: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const changing = useSignal<KeyId | null>(null);
  const problem = useSignal<{ id: KeyId; why: string } | null>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal?.();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={ref} class="sheet" aria-label="Shortcuts" onClose={close} onClick={(event) => event.target === ref.current && close()}>
      <header class="heading">
        <div class="titles"><h2>Shortcuts</h2> <small>None of them works while you type; Ctrl is Cmd on a Mac.</small></div>
        <div class="tools"><button type="button" class="button icon quiet" aria-label="Close shortcuts" onClick={close}>✕</button></div>
      </header>
      <div class="groups">
        {GROUPS.map((group) => (
          <section key={group} aria-label={group}>
            <h3>{group}</h3>
            <dl>{KEYS.filter((key) => key.group === group).map((key) => <Line key={key.id} shell={shell} of={key} changing={changing} problem={problem} />)}</dl>
          </section>
        ))}
        <section aria-label="In views">
          <h3>In views</h3>
          <dl>
            {IN_VIEWS.map(({ keys, says }) => (
              <div key={says}>
                <dt>{keys.map((key) => <Caps key={key} chord={key} />)}</dt>
                <dd>{says}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  );
}
