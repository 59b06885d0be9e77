import { defineComponent, drawnLater } from "../component";
import { applies } from "./has-time";

export const timetravel = defineComponent({
  type: "timetravel",
  title: "How samples moved while the network trained",
  needs: ["checkpoints"],
  options: {
    mode: { type: "choice", default: "joint", choices: ["joint", "per_epoch", "live", "pca", "umap", "aligned_umap"], says: "How the samples are placed: one picture for the whole training, one for every checkpoint, one that grows with a running job, or a baseline to compare with." },
    layer: { type: "text", default: null, says: "The recorded layer whose activations are placed; the embedding unless given." },
    beside: { type: "text", default: null, says: "Another training of the same samples, by the folder of its recording beside this one; this one unless given." },
    colour: { type: "text", default: null, says: "“label”, “prediction”, “label probability”, “its place”, or a column; the page's colour, else the label, unless given." },
    split: { type: "text", default: null, says: "Only the samples of this split stand out; all unless given." },
    wrong: { type: "flag", default: true, says: "A ring around every sample that the network gets wrong." },
    territories: { type: "flag", default: true, says: "What the network would call each place of the picture." },
    strength: { type: "number", default: 1, says: "How strongly the territories are drawn, from 0 to 1." },
    boundaries: { type: "flag", default: true, says: "Lines between territories." },
    mask: { type: "flag", default: true, says: "Whether territories fade where no data are." },
    names: { type: "flag", default: true, says: "Names of classes on the data." },
    trails: { type: "flag", default: true, says: "The ways of the samples that are selected or in focus." },
    near: { type: "flag", default: false, says: "Lines from the sample in focus to those alike in the embedding and to those near on the picture." },
    smooth: { type: "flag", default: true, says: "Whether samples move between checkpoints instead of jumping." },
    density: { type: "flag", default: false, says: "A cloud in place of dots." },
    size: { type: "number", default: null, says: "Diameter of a dot in pixels; chosen by how crowded the picture is, unless given." },
    follow: { type: "flag", default: true, says: "Whether a new checkpoint of a running job is placed and shown as it comes, with mode “live”." },
  },
  applies: (recording) => applies(recording, "timetravel", "How the samples moved"),
  mount: drawnLater(() => import("./view")),
});
