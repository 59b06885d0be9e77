import { saysPredictions } from "../../hosts/recording";
import { firstReason, needsLabels, needsPredictions } from "../applies";
import { sources } from "./sources";
import { defineComponent, drawnLater } from "../component";

export const compare = defineComponent({
  type: "compare",
  title: "What got better, what got worse?",
  needs: ["labels", "predictions"],
  options: {
    before: { type: "text", default: null, says: "The checkpoint to compare from, by its name, or a column of predictions as “column:name”; the best earlier one unless given." },
    after: { type: "text", default: null, says: "The checkpoint to compare to, or a column of predictions as “column:name”; the one the page shows unless given." },
  },
  applies: (recording) =>
    firstReason(recording, needsPredictions, needsLabels, () =>
      recording.writing || (saysPredictions(recording) && sources(recording).length > 1) || "One set of predictions alone has nothing to compare with. Record a second checkpoint, or add a column of predictions."),
  mount: drawnLater(() => import("./view")),
});
