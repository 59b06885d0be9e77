/** The picture in words, for those who do not see it and as the title of an exported file. */
import { count, measure, plural } from "../format";
import { timeWords } from "../times";
import type { Axes, Axis } from "./overlay";
import type { Extent } from "./quantise";
import type { Scene } from "./scene";

function span({ name, time }: Axis, low: number, high: number): string {
  const words = time ? timeWords([Math.round(low), Math.round(high)]) : measure;
  return `${name} from ${words(low)} to ${words(high)}`;
}

export function describeScene(label: string, scene: Scene, shown: Extent | null, axes: Axes | null): string {
  const parts = [`${label}: ${plural(scene.n - scene.nHidden, "point")}`];
  if (scene.nHidden > 0) parts.push(`${plural(scene.nHidden, "point")} without coordinates`);
  if (scene.nFiltered > 0) parts.push(`${count(scene.nFiltered)} filtered out and grey`);
  if (scene.nSelected > 0) parts.push(`${count(scene.nSelected)} selected`);
  const sentences = [`${parts.join(", ")}.`];
  if (shown && axes && scene.n > scene.nHidden) {
    sentences.push(`In sight: ${span(axes.x, shown.x0, shown.x1)}, ${span(axes.y, shown.y0, shown.y1)}.`);
  }
  sentences.push("Arrow keys go from point to point, Enter opens one, + and − zoom, 0 shows all.");
  return sentences.join(" ");
}
