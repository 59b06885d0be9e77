import { defineComponent, drawnLater } from "../component";

export const table = defineComponent({
  type: "table",
  title: "Every sample, row by row",
  needs: [],
  options: {
    rows: { type: "choice", default: "filtered", choices: ["all", "filtered", "selected"], says: "Which samples are rows: all of the split, those that pass the filter, or the selection." },
    sort: { type: "json", default: [], says: "Columns to sort by, the first counts most: [[name, descending], …]." },
    order: { type: "texts", default: [], says: "Columns that come first, in this order; the others follow as recorded." },
    hidden: { type: "texts", default: [], says: "Columns that are not shown." },
    pinned: { type: "texts", default: [], says: "Columns that stay at the left while the others scroll." },
    widths: { type: "json", default: {}, says: "Widths of columns in pixels, by name." },
  },
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawnLater(() => import("./view")),
});
