import { defineComponent, drawnLater } from "../component";

export const overview = defineComponent({
  type: "overview",
  title: "What is in the data, and where is it weak?",
  needs: [],
  options: {
    columns: { type: "texts", default: [], says: "The columns that get a card; all unless given." },
    order: { type: "choice", default: "recorded", choices: ["recorded", "name", "relevance"], says: "Order of the cards: as recorded, by name, or what sets the selection apart first." },
    share: { type: "flag", default: true, says: "Whether the share told right is drawn over every bar." },
  },
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawnLater(() => import("./view")),
});
