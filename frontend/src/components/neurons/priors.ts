/** What a feature picture is held to when no image–text model is there. */
export const PRIORS = [
  { id: "none", name: "nothing" },
  { id: "prototype", name: "the class's mean sample" },
  { id: "bn", name: "the statistics of its normalisations" },
] as const;
