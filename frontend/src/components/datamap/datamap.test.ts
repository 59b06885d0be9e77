import { geoArea } from "d3-geo";
import { afterEach, expect, test } from "vitest";
import { DEVICES, FakeHost, categories, numbers } from "../../hosts/fake";
import type { Column } from "../../hosts/arrow";
import type { Json, Table } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { countryFinder } from "./countries";
import { counted, sumsOf, valuesOf } from "./counts";
import { datamap } from "./datamap";
import "./geo";
import { drawnRegions } from "./paths";
import { nextOf, shadeOf } from "./picture";
import { regionsOf } from "./shapes";

/** Of twelve samples the last seven are of the split on show; the third checkpoint is wrong about 5 and 8. */
const COUNTRIES = ["France", "France", "US", "US", "US", "FRA", "France", "US", "Atlantis", "Malta", "", "usa"];
const CODES = [250, 250, 840, 840, 840, 250, 250, 840, 4, 470, 4, 840];

function columnOf(values: readonly string[], missing: readonly number[] = []): Column {
  const column = categories(values);
  return column.kind === "category" ? { ...column, valid: Uint8Array.from(values, (_, i) => Number(!missing.includes(i))) } : column;
}

class PlacesHost extends FakeHost {
  constructor(private readonly places: ReadonlyMap<string, Column>, columns: readonly Json[]) {
    super(3, { columns: [{ name: "sample_id", type: "text", role: "id" }, { name: "label", type: "integer", role: "label" }, { name: "split", type: "category", role: "split", values: ["train", "test"] }, ...columns] });
  }

  override async table(...asked: Parameters<FakeHost["table"]>): Promise<Table> {
    const [name, columns] = asked;
    const own = columns.filter((column) => this.places.has(column));
    if (name !== "samples" || own.length === 0) return super.table(...asked);
    return new Map(own.map((column) => [column, this.places.get(column) as Column]));
  }
}

function places(): PlacesHost {
  const country = columnOf(COUNTRIES, [10]);
  return new PlacesHost(new Map([["device", categories(DEVICES)], ["where", country], ["iso", numbers(CODES)]]), [
    { name: "device", type: "category", role: "metadata", values: ["a", "b"] },
    { name: "where", type: "category", role: "metadata", values: [...new Set(COUNTRIES)] },
    { name: "iso", type: "integer", role: "metadata" },
  ]);
}

let open: Mounted | null = null;
afterEach(() => {
  open?.close();
  open = null;
});

async function shown(options: { readonly [name: string]: Json } = {}, host: FakeHost = places()): Promise<Mounted> {
  open = await mounted(datamap, { host, options, id: "m" });
  await settle(12);
  return open;
}

const regionsShown = (page: Mounted) => [...page.root.querySelectorAll("path[role=button]")].map((path) => path.getAttribute("aria-label"));
const strays = (page: Mounted) => [...page.root.querySelectorAll(".strays li")].map((line) => [...line.children].map((part) => part.firstChild?.textContent).join(" | "));

test("the samples of the split are counted by country, however the country is written", async () => {
  const page = await shown({ column: "where" });
  // Of samples 5 … 11: FRA, France · US, usa · Atlantis, Malta and one that says nothing.
  expect(regionsShown(page)).toEqual(["France: 2 samples", "United States of America: 2 samples"]);
  expect(page.text()).toContain("Most samples are from France: 28.6");
  expect(page.text()).toContain("7 samples · test");
});

test("what the map cannot show is listed with its samples and the reason", async () => {
  const page = await shown({ column: "where" });
  expect(strays(page)).toEqual(["missing | 1 sample | says no where", "Atlantis | 1 sample | not a country that this map knows", "Malta | 1 sample | Malta is too small to be drawn on this map"]);
  page.named(".strays li button", "1 sample: show only samples where where = Atlantis").click();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "m", expr: { op: "in", column: "where", values: ["Atlantis"] } }]);
  page.named("h3 button", "3 samples").click();
  await settle();
  expect(page.session.filter.counts.value).toEqual({ passing: 3, total: 7 });
});

test("a click filters every other view and not the map; again takes it away; with Shift a second region comes to it", async () => {
  const page = await shown({ column: "where" });
  const click = (name: string, more: MouseEventInit = {}) => page.named("path[role=button]", name).dispatchEvent(new MouseEvent("click", { bubbles: true, ...more }));
  click("France");
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "m", expr: { op: "in", column: "where", values: ["France", "FRA"] } }]);
  expect(page.session.filter.counts.value).toEqual({ passing: 2, total: 7 });
  expect(regionsShown(page)).toEqual(["France: 2 samples", "United States of America: 2 samples"]);
  expect(page.named("path[role=button]", "France").getAttribute("aria-pressed")).toBe("true");
  click("United", { shiftKey: true });
  await settle();
  expect(page.session.filter.counts.value).toEqual({ passing: 4, total: 7 });
  click("France", { ctrlKey: true });
  await settle();
  expect(page.session.store.clauses.value).toMatchObject([{ expr: { values: ["US", "usa"] } }]);
  click("United");
  expect(page.session.store.clauses.value).toEqual([]);
});

test("totals are of all samples and not of those that pass the filter", async () => {
  const page = await shown({ column: "where" });
  page.session.filter.add({ op: "in", column: "where", values: ["US", "usa", "Atlantis"] });
  await settle();
  expect(page.text()).toContain("3 of 7 samples pass the filter");
  expect(regionsShown(page)).toEqual(["France: 0 of 2 samples", "United States of America: 2 samples"]);
  expect(strays(page)[0]).toBe("missing | 0 of 1 sample | says no where");
  expect(page.text()).toContain("none passes the filter");
});

test("arrow keys walk from region to region, Enter filters", async () => {
  const page = await shown({ column: "where" });
  const first = page.named("path[role=button]", "France");
  expect([...page.root.querySelectorAll("path[role=button]")].map((path) => path.getAttribute("tabindex"))).toEqual(["0", "-1"]);
  first.focus();
  const key = (at: Element | null, name: string) => at?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  key(first, "ArrowLeft"); // America lies to the left of Europe
  await settle();
  expect(page.root.activeElement?.getAttribute("aria-label")).toBe("United States of America: 2 samples");
  key(page.root.activeElement, "Enter");
  expect(page.session.store.clauses.value).toMatchObject([{ source: "m", expr: { values: ["US", "usa"] } }]);
  expect(page.root.querySelector(".told")?.textContent).toBe("United States of America: 2 samples");
});

test("the same figures stand in a table, whose numbers filter as well", async () => {
  const page = await shown({ column: "where", form: "table", show: "right", least: 1 });
  const cells = () => [...page.root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.firstChild?.firstChild?.textContent ?? cell.textContent).join(" | "));
  // Sample 5 (FRA) is wrong, 6 (France) right; 7 (US) is right and 11 (usa) has no label.
  expect(cells()).toEqual(["France | 2 | 28.6\u202f% | 50.0\u202f%", "United States of America | 2 | 28.6\u202f% | 100\u202f%"]);
  page.named("td button", "2: show only samples from France").click();
  expect(page.session.store.clauses.value).toMatchObject([{ source: "m", expr: { values: ["France", "FRA"] } }]);
});

test("a region with few judged samples tells no share", async () => {
  const page = await shown({ column: "where", show: "right", least: 2 });
  expect(regionsShown(page)).toEqual(["France: 2 samples; 50.0\u202f% right, 95 % interval 9.5\u202f% to 90.5\u202f%, of 2 judged", "United States of America: 2 samples; too few to tell a share: 1 judged"]);
  expect(page.named("path[role=button]", "United").getAttribute("fill")).toMatch(/^url\(#few-/);
});

test("numbers are read as ISO's numeric codes; without a column that is named, the one with countries is taken", async () => {
  const page = await shown({ column: "iso" });
  expect(regionsShown(page)).toEqual(["France: 2 samples", "United States of America: 2 samples", "Afghanistan: 2 samples"]);
  page.named("path[role=button]", "Afghanistan").dispatchEvent(new MouseEvent("click", { bubbles: true }));
  await settle();
  expect(page.session.filter.counts.value).toEqual({ passing: 2, total: 7 });
  page.close();
  const second = await shown();
  expect((second.named("select", "Column of regions") as HTMLSelectElement).value).toBe("iso");
});

test("where no column holds countries the view says so, and what would do", async () => {
  const devices: Json = { name: "device", type: "category", role: "metadata", values: ["a", "b"] };
  const page = await shown({}, new PlacesHost(new Map([["device", categories(DEVICES)]]), [devices]));
  expect(page.text()).toContain("No column holds countries: names in English, or ISO codes of two letters, three letters or three digits. Choose one above");
  page.close();
  const none = await shown({}, new FakeHost(3, { columns: [{ name: "sample_id", type: "text", role: "id" }], splits: [] }));
  expect(none.text()).toContain("No column can hold the names or codes of regions. Record one with metadata={\"country\": …}");
});

/** Two fields side by side, and one above the first; wound the way that GeoJSON asks for and d3 does not. */
const FIELDS: Json = {
  type: "FeatureCollection",
  features: ([["a", 0, 0], ["b", 10, 0], ["c", 0, 10]] as const).map(([id, x, y]) => ({
    type: "Feature", properties: { code: `${id}1`, name: `Field ${id}` }, geometry: { type: "Polygon", coordinates: [[[x, y], [x + 9, y], [x + 9, y + 9], [x, y + 9], [x, y]]] },
  })),
};

test("another map is given as data; its property names the regions, and a list translates what the data say", async () => {
  const page = await shown({ column: "device", map: FIELDS, id: "code", names: { a: "a1" } });
  expect(regionsShown(page)).toEqual(["Field a: 3 samples"]);
  expect(strays(page)).toEqual(["b | 4 samples | not a region of this map"]);
});

test.each<[Json, { readonly [name: string]: Json }, string]>([
  [{ type: "Table" }, {}, 'The map\'s type is "Table"; a TopoJSON ({ "type": "Topology", … }) or a GeoJSON ({ "type": "FeatureCollection", … }) is expected.'],
  ["https://elsewhere.example/map.json", {}, "as plain data and not as an address."],
  [{ type: "Topology", arcs: [], objects: { land: { type: "GeometryCollection", geometries: [] } } }, { object: "states" }, "The map has no object “states”. It has: land."],
  [FIELDS, { id: "nuts" }, "No shape of the map has the property “nuts”. Its properties: code, name."],
  [{ type: "Topology", arcs: [], objects: { land: { type: "Polygon", arcs: [[7]] } } }, {}, "The map cannot be read: "],
])("a map that is none is refused in a sentence: %j", async (map, options, why) => {
  const page = await shown({ column: "device", map, ...options });
  expect(page.root.querySelector("[role=alert]")?.textContent).toContain(why);
});

test("nothing of the map is written into an address or taken from one", async () => {
  const fragment = new URLSearchParams({ tile: `m:${JSON.stringify({ map: { type: "no" }, column: "where" })}` }).toString();
  open = await mounted(datamap, { host: places(), id: "m", fragment });
  expect(open.session.store.arrangement.tile("m")?.options).toEqual({ column: "where" });
});

test.each(["DE", "deu", "276", "Germany", " germany "])("%j is Germany", (text) => {
  expect(countryFinder()(text).map(({ id }) => id)).toEqual(["276"]);
});

test.each([
  ["4", "004"], ["Côte d’Ivoire", "384"], ["Ivory Coast", "384"], ["The Netherlands", "528"], ["Viet Nam", "704"], ["Korea, Rep.", "410"],
  ["Bosnia & Herzegovina", "070"], ["Türkiye", "792"], ["St. Lucia", "662"], ["DRC", "180"], ["U.S.A.", "840"], ["XKX", "983"],
])("%s is country %s", (text, id) => {
  expect(countryFinder()(text).map((found) => found.id)).toEqual([id]);
});

test("a name of two countries is not guessed at, and what is none is none", () => {
  const { place } = regionsOf(null, null, null, false);
  expect(place("Congo")).toEqual({ why: "may be Republic of the Congo or Democratic Republic of the Congo" });
  expect(place("Georgiana")).toEqual({ why: "not a country that this map knows" });
  expect(place("constructor")).toEqual({ why: "not a country that this map knows" });
});

test("every shape of the world is found by its own name and code, and is called in full", () => {
  const { regions, place } = regionsOf(null, null, null, false);
  expect(regions.length).toBe(177);
  regions.forEach(({ id, name }, at) => {
    expect(place(name), name).toBe(at);
    if (id !== "") expect(place(id), name).toBe(at);
  });
  expect(regions.filter(({ name }) => name.includes(".")).map(({ name }) => name)).toEqual(["N. Cyprus"]);
  expect(["180", "156", "840", "807"].map((id) => regions.find((region) => region.id === id)?.name)).toEqual(["Democratic Republic of the Congo", "China", "United States of America", "The Republic of North Macedonia"]);
});

test("outlines of any winding are the region and not all the Earth but it", () => {
  const { regions } = regionsOf(FIELDS, null, "code", false);
  for (const { shape } of regions) expect(geoArea(shape as Parameters<typeof geoArea>[0])).toBeLessThan(0.1);
  const drawn = drawnRegions(regions, () => true, { kind: "flat", world: false, width: 190 });
  // Nineteen degrees on 190 pixels, upwards as on paper.
  expect(drawn.height).toBe(190);
  expect(drawn.paths[2]).toBe("M0,90L0,0L90,0L90,90Z");
  expect(drawn.centres[1]?.map(Math.round)).toEqual([145, 145]);
});

test("the next region is the nearest one that way", () => {
  const centres = [[0, 0], [10, 0], [4, 9], [-3, 0]] as const;
  expect(["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"].map((key) => nextOf(0, key, [0, 1, 2, 3], centres))).toEqual([1, 2, 3, null]);
});

test("values of texts and numbers are counted as those of categories are", () => {
  const text: Column = { kind: "text", length: 4, at: (index) => ["x", "y", null, "x"][index] ?? null };
  expect(valuesOf(text)).toEqual({ scalars: ["x", "y"], codes: Int32Array.of(0, 1, 2, 0) });
  expect(valuesOf(numbers([7, null, 7.5]))).toEqual({ scalars: [7, 7.5], codes: Int32Array.of(0, 2, 1) });
  const { areas, strays: lost, missing, total } = counted({ scalars: ["x", "y"], codes: Int32Array.of(0, 1, 2, 0) }, [5, { why: "no" }], sumsOf({ scalars: ["x", "y"], codes: Int32Array.of(0, 1, 2, 0) }, Uint8Array.of(2, 1, 0, 1), null, Uint32Array.of(0b0111)));
  expect([areas.get(5)?.all, areas.get(5)?.passing, areas.get(5)?.hits, areas.get(5)?.judged]).toEqual([2, 1, 1, 1]);
  expect([lost[0]?.value, missing.all, total.all, total.passing]).toEqual(["y", 1, 4, 3]);
});

test("the region with most samples is darkest; of shares the weakest is", () => {
  const area = (region: number, passing: number, right: number | null) => [region, { region, values: [], all: 50, passing, hits: 0, judged: passing, right: { value: right, low: null, high: null } }] as const;
  const areas = new Map([area(0, 1, null), area(1, 25, 0.5), area(2, 9, 1), area(3, 0, null)]);
  const many = shadeOf({ areas, right: false, least: 5 });
  expect([0, 1, 2, 3].map((k) => many.of(areas.get(k) as NonNullable<ReturnType<typeof areas.get>>).replace(/.*heat-1\) ([\d.]+)%.*/, "$1"))).toEqual(["22.0", "100.0", "61.0", "none"]);
  const weak = shadeOf({ areas, right: true, least: 5 });
  expect([0, 1, 2, 3].map((k) => weak.of(areas.get(k) as NonNullable<ReturnType<typeof areas.get>>).replace(/.*heat-1\) ([\d.]+)%.*/, "$1"))).toEqual(["few", "100.0", "22.0", "none"]);
  expect(weak.ends).toEqual(["100\u202f%", "50.0\u202f%"]);
});
