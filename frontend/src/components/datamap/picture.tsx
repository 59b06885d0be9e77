/** The map itself: regions to look at, walk through and click. */
import { useId, useMemo, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { count, percent } from "../../draw/format";
import type { Area } from "./counts";
import type { Library } from "./library";
import type { Projection } from "./paths";
import type { Regions } from "./shapes";
import { howMany, rightWords } from "./words";

export interface Shown {
  areas: ReadonlyMap<number, Area>;
  right: boolean;
  least: number;
  name: (area: Area) => string;
  picked: (area: Area) => boolean;
  pick: (area: Area, add: boolean) => void;
}

/** A step of the ramp, 0 … 1. Its light end is what regions without samples look like, so nothing is drawn there. */
export function ramp(share: number): string {
  return `color-mix(in srgb, var(--heat-1) ${(22 + 78 * share).toFixed(1)}%, var(--heat-0))`;
}

export interface Shade {
  /** Of a region: its colour, or the mark for one that cannot be coloured. */
  of: (area: Area) => string | "few" | "none";
  /** What the light and the dark end say; null where nothing is coloured. */
  ends: readonly [string, string] | null;
}

/** The more samples the darker, by area of a square; or the weaker the darker. */
export function shadeOf({ areas, right, least }: Pick<Shown, "areas" | "right" | "least">): Shade {
  const known = [...areas.values()].filter(({ passing }) => passing > 0);
  if (!right) {
    const most = Math.max(0, ...known.map(({ passing }) => passing));
    const fewest = Math.min(most, ...known.map(({ passing }) => passing));
    const share = (n: number) => (most === fewest ? 1 : (Math.sqrt(n) - Math.sqrt(fewest)) / (Math.sqrt(most) - Math.sqrt(fewest)));
    return { of: ({ passing }) => (passing === 0 ? "none" : ramp(share(passing))), ends: known.length === 0 ? null : [count(fewest), count(most)] };
  }
  const values = known.filter(({ judged }) => judged >= least).map((area) => area.right.value ?? 0);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = (value: number) => (high === low ? 1 : (high - value) / (high - low));
  return {
    of: (area) => (area.passing === 0 ? "none" : area.judged < least || area.right.value === null ? "few" : ramp(share(area.right.value))),
    ends: values.length === 0 ? null : [percent(high), percent(low)],
  };
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The nearest region this way; what lies aside counts as farther. */
export function nextOf(from: number, key: string, places: readonly number[], centres: readonly (readonly [number, number])[]): number | null {
  const step = STEPS[key];
  const here = centres[from];
  if (!step || !here) return null;
  let [best, least]: [number | null, number] = [null, Infinity];
  for (const place of places) {
    const [x = NaN, y = NaN] = centres[place] ?? [];
    const [dx, dy] = [x - here[0], y - here[1]];
    const along = dx * step[0] + dy * step[1];
    const aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
    const cost = along + 2 * aside;
    if (place !== from && along > 0 && aside <= 2 * along && cost < least) [best, least] = [place, cost];
  }
  return best;
}

function Legend({ shade, right, some }: { shade: Shade; right: boolean; some: { few: boolean; gone: boolean } }) {
  return (
    <p class="legend small muted">
      {shade.ends && <span class="ends">{shade.ends[0]} <i class="ramp" aria-hidden="true" /> {shade.ends[1]} {right ? "right" : "samples"}</span>}
      {some.few && <span><i class="key few" aria-hidden="true" /> too few to tell</span>}
      {some.gone && <span><i class="key gone" aria-hidden="true" /> none passes the filter</span>}
      <span><i class="key bare" aria-hidden="true" /> no sample</span>
    </p>
  );
}

export function Picture({ library, regions, projection, shown }: { library: Library; regions: Regions; projection: Projection; shown: Shown }) {
  const [box, { width }] = useSize<HTMLDivElement>();
  const id = useId();
  const [at, setAt] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const { areas } = shown;
  const present = [...areas.keys()];
  // The ice at the foot of the world takes a quarter of the picture and has hardly ever a sample.
  const icy = regions.world && !present.some((place) => regions.regions[place]?.id === "010");
  const drawn = useMemo(
    () => (width > 0 ? library.drawnRegions(regions.regions, (place) => !icy || regions.regions[place]?.id !== "010", { kind: projection, world: regions.world, width }) : null),
    [library, regions, projection, width, icy],
  );
  const shade = shadeOf(shown);
  const marks = new Map([...areas].map(([place, area]) => [place, shade.of(area)] as const));
  const fill = (place: number) => {
    const mark = marks.get(place);
    return mark === "few" ? `url(#few-${id})` : mark === "none" ? "var(--line-2)" : (mark ?? "var(--sunken)");
  };
  const walked = present.filter((place) => drawn?.paths[place] != null).sort((a, b) => (areas.get(b)?.all ?? 0) - (areas.get(a)?.all ?? 0));
  const stop = at !== null && walked.includes(at) ? at : walked[0];
  const key = (event: KeyboardEvent, area: Area) => {
    const next = event.key === "Home" ? walked[0] : event.key === "End" ? walked.at(-1) : nextOf(area.region, event.key, walked, drawn?.centres ?? []);
    if (event.key === "Enter" || event.key === " ") shown.pick(area, event.shiftKey || event.ctrlKey || event.metaKey);
    else if (next != null) ((event.currentTarget as Element).parentNode as Element).querySelector<SVGElement>(`[data-place="${next}"]`)?.focus();
    else if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const words = (area: Area) => `${shown.name(area)}: ${howMany(area)}${shown.right ? `; ${rightWords(area, shown.least)}` : ""}`;
  const told = areas.get(over ?? at ?? -1);
  const outlined = walked.filter((place) => shown.picked(areas.get(place) as Area));
  return (
    <div class="map">
      <div ref={box} />
      {drawn && (
        <svg width={width} height={drawn.height} role="group" aria-label="Map; arrow keys go from region to region, Enter filters" onMouseLeave={() => setOver(null)}>
          <defs>
            <pattern id={`few-${id}`} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="6" height="6" fill="var(--surface)" /><rect width="2" height="6" fill="var(--ink-3)" />
            </pattern>
          </defs>
          {drawn.paths.map((path, place) => path !== null && !areas.has(place) && <path key={place} d={path} class="region" fill="var(--sunken)"><title>{`${regions.regions[place]?.name ?? ""}: no sample`}</title></path>)}
          {walked.map((place) => {
            const area = areas.get(place) as Area;
            return (
              <path key={place} data-place={place} d={drawn.paths[place] ?? ""} class="region own" fill={fill(place)} role="button" tabindex={place === stop ? 0 : -1}
                aria-pressed={shown.picked(area)} aria-label={words(area)} onKeyDown={(event) => key(event, area)}
                onClick={(event) => shown.pick(area, event.shiftKey || event.ctrlKey || event.metaKey)}
                onFocus={() => { setAt(place); setOver(null); }} onBlur={() => setAt(null)} onMouseEnter={() => setOver(place)} />
            );
          })}
          {outlined.map((place) => <path key={`p${place}`} d={drawn.paths[place] ?? ""} class="outline" />)}
          {(over ?? at) !== null && areas.has(over ?? at ?? -1) && <path d={drawn.paths[over ?? at ?? -1] ?? ""} class="outline looked" />}
        </svg>
      )}
      <p class="told">{told ? words(told) : <span class="muted">Point at a region for its figures; click it to see only its samples.</span>}</p>
      <Legend shade={shade} right={shown.right} some={{ few: [...marks.values()].includes("few"), gone: [...marks.values()].includes("none") }} />
    </div>
  );
}
