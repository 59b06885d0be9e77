import { defineComponent, drawnLater } from "../component";
import { placeColumns } from "./columns";

export const datamap = defineComponent({
  type: "datamap",
  title: "Where do the samples come from?",
  needs: ["metadata"],
  options: {
    column: { type: "text", default: null, says: "The column that holds the regions; unless given, one that is called like a country, or most of whose values are regions of the map." },
    show: { type: "choice", default: "samples", choices: ["samples", "right"], says: "What colours a region: how many samples it has, or the share of them that the network gets right." },
    form: { type: "choice", default: "map", choices: ["map", "table"], says: "A map, or the same figures as a table." },
    least: { type: "number", default: 20, says: "Regions with fewer judged samples are hatched and not told as findings, where the share right is shown." },
    map: { type: "json", default: null, private: true, says: "Another map than the countries of the world: a TopoJSON or GeoJSON, as plain data." },
    object: { type: "text", default: null, private: true, says: "Which object of the TopoJSON holds the regions; the first unless given." },
    id: { type: "text", default: null, private: true, says: "The property of the map's shapes by which values name them; their id, or their name, unless given." },
    names: { type: "json", default: null, private: true, says: "Regions of values that the map calls otherwise: { \"value\": \"region\" }." },
    projection: { type: "choice", default: "auto", choices: ["auto", "equal-earth", "mercator", "albers-usa", "flat"], says: "How the globe is laid flat: “equal-earth” keeps areas comparable and is what the world is drawn with, “mercator” keeps shapes, “flat” takes coordinates that are projected already." },
  },
  applies: (recording) => {
    if (recording.nSamples === 0) return "The recording holds no sample yet.";
    return placeColumns(recording).length > 0 || "No column can hold the names or codes of regions. Record one with metadata={\"country\": …}: names, or codes of two or three letters; in a plain table any such column will do.";
  },
  mount: drawnLater(() => import("./view")),
});
