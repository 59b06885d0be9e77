/** Regions as paths of a picture. */
import { geoAlbersUsa, geoEqualEarth, geoIdentity, geoMercator, geoPath, type GeoPath, type GeoProjection } from "d3-geo";
import type { FeatureCollection, Geometry } from "geojson";
import type { Region } from "./shapes";

export const PROJECTIONS = ["auto", "equal-earth", "mercator", "albers-usa", "flat"] as const;
export type Projection = (typeof PROJECTIONS)[number];

export interface Drawn {
  /** The outline of every region; null where the projection shows nothing of it. */
  paths: readonly (string | null)[];
  /** A point in the middle of each. */
  centres: readonly (readonly [number, number])[];
  height: number;
}

const MOST_HEIGHT = 560;

function projectionOf(kind: Projection, world: boolean): { fitSize: GeoProjection["fitSize"]; path: () => GeoPath } {
  const made = kind === "flat" ? geoIdentity().reflectY(true) : kind === "albers-usa" ? geoAlbersUsa() : kind === "mercator" || (kind === "auto" && !world) ? geoMercator() : geoEqualEarth();
  return { fitSize: made.fitSize.bind(made) as GeoProjection["fitSize"], path: () => geoPath(made).digits(1) };
}

/** Fill this width, with the regions of `fit` in sight; as high as that needs. */
export function drawnRegions(regions: readonly Region[], fit: (place: number) => boolean, { kind, world, width }: { kind: Projection; world: boolean; width: number }): Drawn {
  const shapes = regions.map(({ shape }) => shape);
  const seen = shapes.filter((shape, place) => shape.geometry !== null && fit(place));
  const all = { type: "FeatureCollection", features: seen } as FeatureCollection<Geometry>;
  const projection = projectionOf(kind, world);
  // Once as wide as there is room, to learn how high that is; then within what is not too high.
  projection.fitSize([width, width], all);
  const [[left, top], [right, bottom]] = projection.path().bounds(all);
  const ratio = right > left && bottom > top ? (bottom - top) / (right - left) : 0.5;
  const height = Math.min(MOST_HEIGHT, Math.max(60, Math.round(width * ratio)));
  projection.fitSize([width, height], all);
  const path = projection.path();
  return {
    paths: shapes.map((shape) => (shape.geometry === null ? null : path(shape) || null)),
    centres: shapes.map((shape) => (shape.geometry === null ? [NaN, NaN] as const : path.centroid(shape))),
    height,
  };
}
