import type { Recording } from "../../hosts/recording";
import { defineComponent, drawnLater } from "../component";
import { STRATEGIES, TARGETS } from "./targets";

function applies(recording: Recording): true | string {
  if (recording.nSamples === 0) return "The recording holds no sample yet.";
  const missing = recording.missing["recommend"];
  if (missing === undefined) return "Nothing can be recommended: there is no analysis “recommend” here; another Bathyscope wrote this page.";
  return missing.length === 0 || `Nothing can be recommended: the recording has ${missing.join("; it has ")}`;
}

export const recommend = defineComponent({
  type: "recommend",
  title: "Which samples to look at",
  needs: ["checkpoints"],
  options: {
    target: { type: "choice", default: "label_noise", choices: TARGETS.map(({ id }) => id), says: "What is sought: wrong labels, mistakes, hard or forgotten samples, a planted mark, strangers, or samples like those given." },
    strategy: { type: "choice", default: "bathyscope", choices: STRATEGIES.map(({ id }) => id), says: "How the samples are ranked; the first learns from the answers, the others are there to compare with." },
    batch: { type: "number", default: 20, says: "How many samples are recommended at a time." },
    split: { type: "text", default: null, says: "The split that is searched, or “all”; the training samples unless given." },
    like: { type: "texts", default: [], says: "Ids of the samples that others should be like." },
    reviewer: { type: "text", default: null, says: "Whose answers teach the list; the person's own unless given." },
  },
  applies,
  mount: drawnLater(() => import("./view")),
});
