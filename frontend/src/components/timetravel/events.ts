import { defineComponent, drawnLater } from "../component";
import { applies } from "./has-time";
import { KINDS } from "./kinds";

export const events = defineComponent({
  type: "events",
  title: "What happened at this checkpoint",
  needs: ["checkpoints"],
  options: {
    kind: { type: "choice", default: "flip", choices: KINDS, says: "What is listed: predictions that changed, samples learned or forgotten, jumps in confidence, or long ways." },
    layer: { type: "text", default: null, says: "The recorded layer in which movements are measured; the embedding unless given." },
  },
  applies: (recording) => applies(recording, "trajectories", "What happened to the samples"),
  mount: drawnLater(() => import("./events-view")),
});
