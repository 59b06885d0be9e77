import { defineComponent, drawnLater } from "../component";
import { NAME } from "./name";

export const markdown = defineComponent({
  type: "markdown",
  title: NAME,
  needs: [],
  options: {
    title: { type: "text", default: "", private: true, says: "Words above the text." },
    text: { type: "text", default: "", private: true, says: "The text, in markdown; what is edited on the page is kept here. HTML in it is shown as it was typed." },
  },
  applies: () => true,
  mount: drawnLater(() => import("./view")),
});
