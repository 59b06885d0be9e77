import { columnsOf } from "./columns";
import { defineComponent, drawnLater } from "../component";

export const duplicates = defineComponent({
  type: "duplicates",
  title: "Which samples are there twice?",
  needs: [],
  options: {
    source: { type: "text", default: null, says: "“analysis”, or the name of a column that gives each sample's group; the first such column unless given." },
    layer: { type: "text", default: null, says: "The recorded layer whose vectors are compared; the embedding unless given." },
    tiers: { type: "texts", default: [], says: "What counts as the same: exact, perceptual, embedding; empty takes what the analysis takes." },
    up_to: { type: "number", default: 1, says: "The largest distance of a pair, as a multiple of the usual one, from 0 to 2." },
    only: { type: "choice", default: "all", choices: ["all", "across", "differ"], says: "All groups, those across splits, or those whose labels differ." },
    order: { type: "choice", default: "worst", choices: ["worst", "largest", "nearest"], says: "Which groups come first." },
    list: { type: "choice", default: "auto", choices: ["auto", "together", "split"], says: "Members by the columns the page is grouped by, else by split (auto), always by split, or together." },
  },
  applies: (recording) => {
    if (recording.nSamples === 0) return "The recording holds no sample yet.";
    const missing = recording.missing["duplicates"] ?? [];
    return columnsOf(recording).length > 0 || missing.length === 0 || `What is there twice cannot be told: the recording has ${missing.join("; it has ")}. In a plain table, a column can say it: roles={"its name": "duplicate_cluster"}.`;
  },
  mount: drawnLater(() => import("./view")),
});
