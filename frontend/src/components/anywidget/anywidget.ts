import { defineComponent, drawnLater } from "../component";
import { HOW, TARGETS, widgetsIn } from "./targets";

export const anywidget = defineComponent({
  type: "anywidget",
  title: "A widget of others",
  needs: [],
  options: {
    module: { type: "text", default: null, private: true, says: "Name under which the module was registered in Python." },
    title: { type: "text", default: null, private: true, says: "Words above the widget; the module's name unless given." },
    traits: { type: "json", default: {}, private: true, says: "Values that traits start with, over the module's own; what the widget saves is kept here." },
    map: {
      type: "json", default: {}, private: true,
      says: `What traits are tied to, as {trait: target}. Targets: ${Object.entries(TARGETS).map(([name, says]) => `${name} (${says})`).join("; ")}.`,
    },
  },
  applies: (recording) => widgetsIn(recording).length > 0 || `No module of the anywidget standard is registered. ${HOW}`,
  mount: drawnLater(() => import("./view")),
});
