import { firstReason, needsLabels, needsPredictions } from "../applies";
import { defineComponent, drawnLater } from "../component";
import { AVERAGES, FIGURES, FORMS, LEAST } from "./options";

export const metrics = defineComponent({
  type: "metrics",
  title: "Does it depend on anything you know?",
  needs: ["labels", "predictions"],
  options: {
    form: { type: "choice", default: "table", choices: FORMS, says: "A table, dots along one figure, or a strip for every figure." },
    figure: { type: "choice", default: "accuracy", choices: FIGURES, says: "The figure that dots are drawn for." },
    average: { type: "choice", default: "macro", choices: AVERAGES, says: "How precision, recall and F1 are taken over the classes." },
    least: { type: "number", default: LEAST, says: "Groups with fewer samples are marked and not told as findings." },
  },
  applies: (recording) => firstReason(recording, needsPredictions, needsLabels),
  mount: drawnLater(() => import("./view")),
});
