/** The picture in words, for those who do not see it and as the title of an exported file. */
import { count, measure, plural } from "../format";
import type { Axes } from "./overlay";
import type { Extent } from "./quantise";
import type { Scene } from "./scene";

export function describeScene(label: string, scene: Scene, shown: Extent | null, axes: Axes | null): string {
  const parts = [`${label}: ${plural(scene.n - scene.nHidden, "point")}`];
  if (scene.nHidden > 0) parts.push(`${plural(scene.nHidden, "point")} without coordinates`);
  if (scene.nFiltered > 0) parts.push(`${count(scene.nFiltered)} filtered out and grey`);
  if (scene.nSelected > 0) parts.push(`${count(scene.nSelected)} selected`);
  const sentences = [`${parts.join(", ")}.`];
  if (shown && axes && scene.n > scene.nHidden) {
    sentences.push(`In sight: ${axes.x} from ${measure(shown.x0)} to ${measure(shown.x1)}, ${axes.y} from ${measure(shown.y0)} to ${measure(shown.y1)}.`);
  }
  sentences.push("Arrow keys go from point to point, Enter opens one, + and − zoom, 0 shows all.");
  return sentences.join(" ");
}
