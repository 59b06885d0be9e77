import { defineComponent, drawnLater } from "../component";

export const inspector = defineComponent({
  type: "inspector",
  title: "Inspector",
  needs: [],
  applies: () => true,
  mount: drawnLater(() => import("./view")),
});
