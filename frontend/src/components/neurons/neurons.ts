import type { Recording } from "../../hosts/recording";
import { firstReason, needsLabels } from "../applies";
import { defineComponent, drawnLater } from "../component";
import { MODES } from "./chosen";
import { METHODS } from "./edits";
import { PRIORS } from "./priors";
import { TYPE } from "./why";

function needsAnalysis(recording: Recording): true | string {
  const missing = recording.missing["counterfactual"];
  if (missing === undefined) return "Mistakes cannot be explained by neurons: there is no analysis “counterfactual” here; another Bathyscope wrote this page.";
  return missing.length === 0 || `Mistakes cannot be explained by neurons: the recording has ${missing.join("; it has ")}`;
}

function applies(recording: Recording): true | string {
  if (recording.task === "multilabel") return "Mistakes are explained where a sample has one label; here it has several. Record each class against the rest as a recording of two classes.";
  return firstReason(recording, needsLabels, needsAnalysis);
}

export const neurons = defineComponent({
  type: TYPE,
  title: "Which neurons made these mistakes?",
  needs: ["labels", "checkpoints"],
  options: {
    label: { type: "text", default: null, says: "Only mistakes of this label, as a class name." },
    predicted: { type: "text", default: null, says: "Only mistakes that were called this class; the class with most false alarms when nothing is chosen." },
    samples: { type: "texts", default: [], says: "Ids of the samples to explain, in place of label and prediction." },
    split: { type: "text", default: null, says: "The split whose mistakes are explained; the one that the page shows unless given." },
    mode: { type: "choice", default: "feasible", choices: MODES.map(({ id }) => id), says: "What counts as the smallest change: one that the neurons can make, the shortest, or as published." },
    target: { type: "text", default: "label", says: "The class that should win; “label” takes each sample's own." },
    neuron: { type: "number", default: null, says: "The neuron whose card is open; the first of the lists unless given." },
    sample: { type: "number", default: null, says: "Place of the sample whose neurons can be tried out." },
    pictured: { type: "text", default: null, says: "The class that pictures of a neuron are made for." },
    prior: { type: "choice", default: "none", choices: PRIORS.map(({ id }) => id), says: "What draws the pictures to real images, where no image–text model does." },
    steps: { type: "number", default: null, says: "Steps per picture; chosen by the machine unless given." },
    basket: { type: "json", default: [], says: "Neurons to edit, a list of numbers." },
    method: { type: "choice", default: "zero", choices: METHODS.map(({ id }) => id), says: "How the decision layer is edited." },
    strength: { type: "number", default: null, says: "How strongly; what is best for the worst group unless given." },
    families: { type: "flag", default: true, says: "Edit the neurons that go with those named too." },
    classes: { type: "texts", default: [], says: "Classes whose decision is edited; empty takes all." },
    compared: { type: "json", default: [], says: "Accepted patches to compare: one or two places in the log of decisions." },
    groups: { type: "text", default: null, says: "Column whose values, within each class, are the groups that an edit is judged by." },
  },
  applies,
  mount: drawnLater(() => import("./view")),
});
