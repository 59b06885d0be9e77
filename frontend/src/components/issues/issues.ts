import { defineComponent, drawnLater } from "../component";

export const issues = defineComponent({
  type: "issues",
  title: "What should be looked at?",
  needs: [],
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawnLater(() => import("./view")),
});
