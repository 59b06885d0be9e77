import { useEffect, useRef } from "preact/hooks";
import { plural, valueText } from "../../draw/format";
import type { Value } from "../../hosts/arrow";
import { cellText } from "./copy";

/** A long value as it is, to read and to copy from. */
export function Whole({ name, value, close }: { name: string; value: Value; close: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => void ref.current?.showModal?.(), []);
  return (
    <dialog ref={ref} class="whole" aria-label={name} onClose={close}>
      <header><b>{name}</b> <span class="muted small">{plural(cellText(value).length, "character")}</span><button type="button" class="button" onClick={() => ref.current?.close ? ref.current.close() : close()}>Close</button></header>
      <pre tabIndex={0}>{typeof value === "string" ? value : valueText(value)}</pre>
    </dialog>
  );
}
