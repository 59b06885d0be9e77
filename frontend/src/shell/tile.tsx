import { useEffect, useRef } from "preact/hooks";
import { mountComponent, type Definition } from "../components/component";
import type { Session } from "../state/session";

/** A frame on the page with one component in it. */
export function Tile({ definition, session, frame = true }: { definition: Definition; session: Session; frame?: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => (ref.current ? mountComponent(definition, ref.current, session) : undefined), [definition, session]);
  return <div ref={ref} class={`${frame ? "tile" : ""} of-${definition.type}`} data-component={definition.type} />;
}
