import css from "./inspector.css?inline";
import strip from "../samples-strip.css?inline";
import { defineComponent, drawnLater } from "../component";

export const inspector = defineComponent({
  type: "inspector",
  title: "Inspector",
  needs: [],
  styles: `${strip}\n${css}`,
  applies: () => true,
  mount: drawnLater(() => import("./view")),
});
