import type { Hit } from "../../draw/points/options";
import { Swatch } from "../../draw/parts";
import type { Context } from "../component";
import { Picture } from "../grid/card";
import { wordsOf } from "./measures";
import type { Shown } from "./use-shown";

const WIDTH = 190;
const HEIGHT = 150;

/** The sample under the pointer: its picture, what it is and what it is called, and where it lies. */
export function Tooltip({ ctx, hit, shown, box }: { ctx: Context; hit: Hit; shown: Shown; box: { width: number; height: number } }) {
  const { classes, kind } = ctx.store.recording.value;
  const { label, prediction } = shown.factsOf(hit.index);
  const name = (index: number) => classes[index] ?? `class ${index}`;
  const left = hit.x + 14 + WIDTH > box.width ? Math.max(4, hit.x - 14 - WIDTH) : hit.x + 14;
  const top = Math.max(4, Math.min(box.height - HEIGHT, hit.y - HEIGHT / 3));
  return (
    <div class="tip" role="status" style={{ left: `${left}px`, top: `${top}px`, width: `${WIDTH}px` }}>
      {kind === "image" && <span class="thumb"><Picture key={hit.index} ctx={ctx} sample={hit.index} size={96} alt="" /></span>}
      <p class="names">
        {label !== null && <span class="name"><Swatch of={label} /> {name(label)}</span>}
        {label === null && <span class="name muted">no label</span>}
        {prediction !== null && <span class={label === null || label === prediction ? "name muted" : "name wrong"}>{prediction === label ? "rightly so called" : `→ ${name(prediction)}`}</span>}
      </p>
      <p class="muted small">{`${shown.x.name} ${wordsOf(shown.x, shown.xValues.values[hit.index] ?? null)} · ${shown.y.name} ${wordsOf(shown.y, shown.yValues.values[hit.index] ?? null)}`}</p>
    </div>
  );
}
