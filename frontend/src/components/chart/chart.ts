import { defineComponent, drawnLater } from "../component";

export const chart = defineComponent({
  type: "chart",
  title: "A chart of your own",
  needs: [],
  options: {
    spec: { type: "json", default: null, private: true, says: "The chart as a Vega-Lite or Vega specification; its data { \"name\": \"samples\" } are the samples that pass the filter. Unless given, bars of how many samples each label has." },
    title: { type: "text", default: null, private: true, says: "Words above the chart; unless given the chart's own title, or what it shows." },
  },
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",
  mount: drawnLater(() => import("./view")),
});
