/** Choices side by side, and the one that every picture of samples has: what dragging in it does. */
import type { Tool } from "../../draw/points/gestures";

export function Segments<T extends string>({ label, value, options, choose }: { label: string; value: T; options: readonly (readonly [T, string, string])[]; choose: (value: T) => void }) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([id, name, title]) => <button key={id} type="button" title={title} aria-pressed={value === id} onClick={() => choose(id)}>{name}</button>)}
    </div>
  );
}

/** `does` is what happens to the samples inside: they are selected, or marked. */
export function Dragging({ tool, choose, does = "select" }: { tool: Tool; choose: (tool: Tool) => void; does?: "select" | "mark" }) {
  const tools = [
    ["pan", "Move", "Drag to move; Shift and drag to draw around samples"],
    ["lasso", "Lasso", `Draw around samples to ${does} them; with Ctrl to add, with Alt to take away`],
    ["rectangle", "Box", `Drag a box over samples to ${does} them; with Ctrl to add, with Alt to take away`],
  ] as const;
  return <Segments<Tool> label="Dragging" value={tool} options={tools} choose={choose} />;
}
