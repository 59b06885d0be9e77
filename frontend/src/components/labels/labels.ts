import type { Recording } from "../../hosts/recording";
import { firstReason, needsLabels } from "../applies";
import { defineComponent, drawnLater } from "../component";
import { MEASURES, SORTS, TABS } from "./words";

function needsAnalysis(recording: Recording): true | string {
  const missing = recording.missing["labels"];
  if (missing === undefined) return "Labels cannot be judged: there is no analysis “labels” here; another Bathyscope wrote this page.";
  return missing.length === 0 || `Labels cannot be judged: the recording has ${missing.join("; it has ")}`;
}

function applies(recording: Recording): true | string {
  if (recording.task === "multilabel") return "Labels are judged one by one, but here a sample has several. That is not there yet.";
  return firstReason(recording, needsLabels, needsAnalysis);
}

export const labels = defineComponent({
  type: "labels",
  title: "Which labels are wrong?",
  needs: ["labels", "checkpoints"],
  options: {
    tab: { type: "choice", default: "pairs", choices: TABS, says: "What is looked for: pairs of classes, single samples, duplicates, samples between two classes, samples unlike all others, samples without a label, a plan for limited time, a control sample, what people disagree about, what is suspect since the last round, or decisions that are worth a second look." },
    pair: { type: "texts", default: [], says: "The pair that is open, as two class names: the label, and what the model suggests." },
    basis: { type: "text", default: null, says: "Which judgements count: out-of-fold, training dynamics, or held out; the first there is unless given." },
    layout: { type: "choice", default: "list", choices: ["list", "matrix"], says: "Class pairs as a list with a row for each label, or as a matrix." },
    by: { type: "choice", default: "errors", choices: MEASURES.map(({ id }) => id), says: "What the pairs are ordered and shaded by." },
    order: { type: "choice", default: "suspicion", choices: SORTS.map(({ id }) => id), says: "What single samples are ordered by, most suspicious first." },
    from: { type: "number", default: 0, says: "Only samples of at least this suspicion, from 0 to 1." },
    to: { type: "number", default: 1, says: "Only samples of at most this suspicion, from 0 to 1." },
    view: { type: "choice", default: "grid", choices: ["grid", "map"], says: "The samples as pictures, or where the embedding puts them." },
    blind: { type: "flag", default: false, says: "Hide label and suggestion until a decision is made." },
    budget: { type: "number", default: 200, says: "How many samples there is time for." },
    since: { type: "number", default: 0, says: "The last decision before the plan for limited time was made; what was decided until then is not in it." },
    control: { type: "number", default: 100, says: "How many samples are drawn at random to tell how many errors are left." },
  },
  applies,
  mount: drawnLater(() => import("./view")),
});
