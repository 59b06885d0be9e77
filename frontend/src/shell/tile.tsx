import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { mountComponent, type Definition } from "../components/component";
import type { Session } from "../state/session";

/** Far below the window a view costs nothing: it is mounted when it comes near. */
export function LazyTile(props: { definition: Definition; session: Session; height: number }) {
  const ref = useRef<HTMLDivElement>(null);
  const near = useSignal(typeof IntersectionObserver === "undefined");
  useEffect(() => {
    if (near.value || !ref.current) return;
    const observer = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && (near.value = true), { rootMargin: "400px" });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  if (near.value) return <Tile definition={props.definition} session={props.session} />;
  return <div ref={ref} class={`tile of-${props.definition.type}`} style={{ minHeight: `${props.height}px` }} />;
}

/** A frame on the page with one component in it. */
export function Tile({ definition, session, frame = true }: { definition: Definition; session: Session; frame?: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => (ref.current ? mountComponent(definition, ref.current, session) : undefined), [definition, session]);
  return <div ref={ref} class={`${frame ? "tile" : ""} of-${definition.type}`} data-component={definition.type} />;
}
