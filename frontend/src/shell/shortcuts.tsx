import { useEffect, useRef } from "preact/hooks";

const KEYS: readonly (readonly [string[], string])[] = [
  [["["], "Previous checkpoint"],
  [["]"], "Next checkpoint"],
  [["←", "→"], "On the curve: move the checkpoint. In the inspector: previous and next sample"],
  [["↑", "↓", "←", "→"], "In the matrix and among the samples: move"],
  [["Enter"], "Open what is under the cursor"],
  [["Ctrl", "Z"], "Undo (Cmd on a Mac); with Shift: redo"],
  [["Esc"], "Close the inspector"],
  [["?"], "This sheet"],
];

export function Shortcuts({ close }: { close: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal?.();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={ref} class="sheet" aria-label="Shortcuts" onClose={close} onClick={(event) => event.target === ref.current && close()}>
      <header class="heading">
        <div class="titles"><h2>Shortcuts</h2></div>
        <div class="tools"><button type="button" class="button icon quiet" aria-label="Close shortcuts" onClick={close}>✕</button></div>
      </header>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
