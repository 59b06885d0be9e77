/**
 * Which options of a tile an address may carry. Anyone can write an address and get somebody to open it, so markup, chart
 * descriptions and what goes to code of outsiders stay in the layout, which only its owner writes.
 */
import type { Options } from "./layout";

/** Private options by component; filled once by each definition, and never changed after. */
const privateOf = new Map<string, ReadonlySet<string>>();

export function declarePrivate(component: string, options: Iterable<string>): void {
  privateOf.set(component, new Set(options));
}

/** The options that may stand in an address; none where the component is not known, or takes options that nobody declared. */
export function shareable(component: string, options: Options): Options {
  const kept = privateOf.get(component);
  if (!kept || kept.has("*")) return {};
  return Object.fromEntries(Object.entries(options).filter(([name]) => !kept.has(name)));
}
