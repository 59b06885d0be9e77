import { columnsOf } from "./columns";
import { defineComponent, drawnLater } from "../component";

export const familiarity = defineComponent({
  type: "familiarity",
  title: "How typical is each sample?",
  needs: [],
  options: {
    source: { type: "text", default: null, says: "“analysis”, or the name of a column that gives each sample's familiarity; the first such column unless given." },
    layer: { type: "text", default: null, says: "The recorded layer it is measured in; the embedding unless given." },
    within: { type: "text", default: null, says: "“label”, “split” or a metadata column: every sample is compared with those of the same value." },
    value: { type: "text", default: null, says: "Only the samples with this value of the column." },
    most_first: { type: "flag", default: false, says: "Whether the most familiar samples come first." },
  },
  applies: (recording) => {
    if (recording.nSamples === 0) return "The recording holds no sample yet.";
    const missing = recording.missing["familiarity"] ?? [];
    return columnsOf(recording).length > 0 || missing.length === 0 || `How typical a sample is needs an embedding: the recording has ${missing.join("; it has ")}. In a plain table, a column can say it: roles={"its name": "familiarity"}.`;
  },
  mount: drawnLater(() => import("./view")),
});
