import { defineComponent, drawnLater } from "../component";
import { applies } from "./has-time";

export const trajectories = defineComponent({
  type: "trajectories",
  title: "How the selected samples got there",
  needs: ["checkpoints"],
  options: {
    layer: { type: "text", default: null, says: "The recorded layer in which movements are measured; the embedding unless given." },
    most: { type: "number", default: 12, says: "How many samples are drawn at most." },
  },
  applies: (recording) => applies(recording, "trajectories", "The course of a sample"),
  mount: drawnLater(() => import("./trajectories-view")),
});
