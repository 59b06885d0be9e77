/** What can be sought, and how samples are ranked, in the words of the page. */

export interface Target {
  id: string;
  name: string;
  /** What yes means. */
  question: string;
  /** The samples that were accepted, after a count: "12 wrong labels". */
  found: string;
}

export const TARGETS: readonly Target[] = [
  { id: "label_noise", name: "Wrong labels", question: "Is its label wrong?", found: "wrong labels" },
  { id: "mispredicted", name: "Mistakes of the network", question: "Is this a mistake worth keeping?", found: "mistakes" },
  { id: "hard", name: "Hard samples", question: "Is it hard?", found: "hard samples" },
  { id: "forgotten", name: "Forgotten samples", question: "Is this forgetting worth keeping?", found: "forgotten samples" },
  { id: "backdoor", name: "A planted mark", question: "Does it carry the mark?", found: "marked samples" },
  { id: "out_of_distribution", name: "Strangers", question: "Does it not belong here?", found: "strangers" },
  { id: "like_these", name: "Like the selected samples", question: "Is it like them?", found: "samples like them" },
];

export const STRATEGIES: readonly { id: string; name: string }[] = [
  { id: "bathyscope", name: "learning from answers" },
  { id: "movement", name: "by movement, without labels" },
  { id: "published", name: "as published" },
  { id: "random", name: "at random" },
  { id: "last_loss", name: "by the last loss" },
  { id: "uncertainty", name: "by uncertainty" },
  { id: "aum", name: "by margin over time" },
  { id: "label_probability", name: "by mean probability of the label" },
  { id: "forgetting", name: "by forgetting" },
  { id: "el2n", name: "by early error" },
  { id: "margin", name: "by the last margin" },
  { id: "variability", name: "by unsteady probability of the label" },
  { id: "flips", name: "by changes of the prediction" },
];

export function targetOf(id: unknown): Target {
  return TARGETS.find((one) => one.id === id) ?? (TARGETS[0] as Target);
}
