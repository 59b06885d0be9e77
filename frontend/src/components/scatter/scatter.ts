import type { Recording } from "../../hosts/recording";
import { defineComponent, drawnLater } from "../component";
import { measuresOf } from "./measures";

function applies(recording: Recording): true | string {
  if (recording.nSamples === 0) return "The recording holds no sample yet.";
  if (measuresOf(recording).length >= 2) return true;
  return "Two columns of numbers are needed to place the samples, and the recording has fewer. Record with metadata={…}. Where the embedding puts the samples is shown by the view “timetravel”.";
}

export const scatter = defineComponent({
  type: "scatter",
  title: "Which samples are alike",
  needs: [],
  options: {
    x: { type: "text", default: null, says: "The column across; a projection where there is one, unless given." },
    y: { type: "text", default: null, says: "The column upwards." },
    colour: { type: "text", default: null, says: "The column that colours the points; what the page colours by, unless given." },
    size: { type: "text", default: null, says: "A column of numbers that makes points larger; all are alike unless given." },
    mode: { type: "choice", default: "points", choices: ["points", "density"], says: "One dot a sample, or a cloud that is stronger where there are more." },
    axes: { type: "choice", default: "auto", choices: ["auto", "on", "off"], says: "Ticks along the edges; \"auto\" leaves them out of projections, whose units mean nothing." },
    labels: { type: "flag", default: true, says: "Names of classes on the data." },
    pictures: { type: "flag", default: true, says: "Thumbnails in place of points where fewer than 400 are in sight." },
    neighbours: { type: "flag", default: false, says: "Lines from the sample in focus to those nearest to it in the embedding, as the analysis familiarity found them." },
    twin: { type: "flag", default: false, says: "The samples in sight as a table below the picture." },
  },
  applies,
  mount: drawnLater(() => import("./view")),
});
