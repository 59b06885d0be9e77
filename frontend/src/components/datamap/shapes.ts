/** A map as regions to colour: the countries of the world, or what a TopoJSON or GeoJSON holds. */
import { geoArea } from "d3-geo";
import type { Feature, FeatureCollection, Geometry, Position } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import world from "world-atlas/countries-110m.json";
import type { Json } from "../../hosts/host";
import { countryFinder, plainName, type Country } from "./countries";
import { reason } from "../../hosts/reason";

export interface Region {
  id: string;
  name: string;
  shape: Feature<Geometry | null>;
}

/** Where a value belongs: a region's place in the list, or why it has none. */
export type Placed = number | { why: string };

export interface Regions {
  regions: readonly Region[];
  place: (text: string) => Placed;
  /** Whether these are the countries of the world. */
  world: boolean;
}

/** A map that is none, in a sentence. */
export class MapError extends Error {}

const WORLD = world as object as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const UNKNOWN = { why: "not a region of this map" };

function countries(): Regions {
  const regions = feature(WORLD, WORLD.objects.countries).features.map((shape): Region => ({ id: String(shape.id ?? ""), name: shape.properties.name, shape }));
  const find = countryFinder();
  const byId = new Map(regions.flatMap(({ id }, place) => (id === "" ? [] : [[id, place] as const])));
  const byName = new Map(regions.map(({ name }, place) => [plainName(name), place] as const));
  const shapeOf = ({ id, name }: Country) => byId.get(id) ?? byName.get(plainName(name));
  // The map shortens some names ("Dem. Rep. Congo"); what it calls by a name of the country's own stays.
  const named = ({ id, name }: Region) => {
    const [country] = id === "" ? [] : find(id);
    return !country || (country.names.includes(name) && find(name).length === 1) ? name : country.name;
  };
  const full = regions.map((region) => ({ ...region, name: named(region) }));
  const place = (text: string): Placed => {
    const found = find(text);
    const [only] = found;
    if (found.length > 1) return { why: `may be ${found.map(({ name }) => name).join(" or ")}` };
    if (only) return shapeOf(only) ?? { why: `${only.name} is too small to be drawn on this map` };
    return byName.get(plainName(text)) ?? { why: "not a country that this map knows" };
  };
  return { regions: full, place, world: true };
}

/** Outlines run clockwise and holes the other way, or a shape would be all of the Earth but itself. */
function wound(rings: readonly Position[][]): Position[][] {
  return rings.map((ring, k) => {
    const large = geoArea({ type: "Polygon", coordinates: [ring] }) > 2 * Math.PI;
    return large === (k === 0) ? ring.toReversed() : ring;
  });
}

function rewound(geometry: Geometry | null): Geometry | null {
  if (geometry?.type === "Polygon") return { ...geometry, coordinates: wound(geometry.coordinates) };
  if (geometry?.type === "MultiPolygon") return { ...geometry, coordinates: geometry.coordinates.map(wound) };
  if (geometry?.type === "GeometryCollection") return { ...geometry, geometries: geometry.geometries.map((one) => rewound(one) ?? one) };
  return geometry;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function featuresIn(map: Json, object: string | null): readonly Feature<Geometry | null>[] {
  const wanted = "a TopoJSON ({ \"type\": \"Topology\", … }) or a GeoJSON ({ \"type\": \"FeatureCollection\", … }) is expected";
  if (!isObject(map)) throw new MapError(`The map is ${JSON.stringify(map).slice(0, 40)}; ${wanted}, as plain data and not as an address.`);
  if (map["type"] === "FeatureCollection" && Array.isArray(map["features"])) return (map as object as FeatureCollection).features;
  if (map["type"] === "Feature") return [map as object as Feature];
  if (map["type"] !== "Topology" || !isObject(map["objects"])) throw new MapError(`The map's type is ${JSON.stringify(map["type"] ?? null)}; ${wanted}.`);
  const topology = map as object as Topology;
  const names = Object.keys(topology.objects);
  const name = object ?? names[0] ?? "";
  const chosen = Object.hasOwn(topology.objects, name) ? topology.objects[name] : undefined;
  if (!chosen) throw new MapError(`The map has no object “${name}”. It has: ${names.join(", ") || "none"}.`);
  const found = feature(topology, chosen);
  return found.type === "FeatureCollection" ? found.features : [found];
}

function own(shape: Feature<Geometry | null>, property: string): string | null {
  const found: unknown = isObject(shape.properties) && Object.hasOwn(shape.properties, property) ? shape.properties[property] : null;
  return typeof found === "string" || typeof found === "number" ? String(found) : null;
}

function given(map: Json, object: string | null, id: string | null, flat: boolean): Regions {
  const shapes = featuresIn(map, object);
  const regions = shapes.map((shape, place): Region => {
    const name = own(shape, "name") ?? own(shape, "NAME");
    const called = id === null ? (shape.id === undefined ? name : String(shape.id)) : own(shape, id);
    const drawn = flat ? shape : { ...shape, geometry: rewound(shape.geometry) };
    return { id: called ?? "", name: name ?? called ?? `region ${place + 1}`, shape: drawn };
  });
  if (!regions.some((region) => region.id !== "")) {
    const [first] = shapes;
    throw new MapError(`No shape of the map has ${id === null ? "an id or a name" : `the property “${id}”`}. Its properties: ${Object.keys(first?.properties ?? {}).join(", ") || "none"}.`);
  }
  const known = new Map<string, number>();
  // What the id says goes before what the name says, and the exact words before alike ones.
  const keys = [(r: Region) => r.id, (r: Region) => plainName(r.id), (r: Region) => plainName(r.name)];
  for (const key of keys) regions.forEach((region, place) => region.id !== "" && !known.has(key(region)) && known.set(key(region), place));
  return { regions, place: (text) => known.get(text) ?? known.get(plainName(text)) ?? UNKNOWN, world: false };
}

/** The regions of a map; null is the countries of the world. */
export function regionsOf(map: Json, object: string | null, id: string | null, flat: boolean): Regions {
  try {
    return map === null ? countries() : given(map, object, id, flat);
  } catch (cause) {
    if (cause instanceof MapError) throw cause;
    throw new MapError(`The map cannot be read: ${reason(cause)}.`);
  }
}

