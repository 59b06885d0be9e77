/** Names of what can be chosen, and what they mean. */

export const TABS = ["pairs", "items", "duplicates", "ambiguous", "strange", "unlabelled", "budget", "control", "disagreed", "suspects", "again"] as const;
export type Tab = (typeof TABS)[number];

export const TAB_WORDS: Record<Tab, { name: string; question: string; how: string }> = {
  pairs: { name: "Class pairs", question: "Which classes go by another's name?", how: "A pair of classes that was confused when labelling is one mistake, not a hundred." },
  items: { name: "Single labels", question: "Which single labels are wrong?", how: "Every label, most suspicious first." },
  duplicates: { name: "Duplicates", question: "Which pictures are there twice, and do their labels agree?", how: "Different labels first, then copies across splits, then plain copies. A decision holds for the whole group." },
  ambiguous: { name: "Ambiguous", question: "Which samples fit two classes?", how: "Those for which the second class is nearly as likely as the first." },
  strange: { name: "Out of scope", question: "Which samples fit no class at all?", how: "Those that lie furthest from all others in the embedding." },
  unlabelled: { name: "Without label", question: "What are the samples without a label?", how: "Not an error: the model suggests, the surest first." },
  budget: { name: "Limited time", question: "What is limited time best spent on?", how: "Copies whose labels differ first, then the most doubtful labels, pair by pair; of copies only one." },
  control: { name: "How many are left?", question: "How many wrong labels are left?", how: "Labels drawn at random and judged blind: only they can tell." },
  disagreed: { name: "Disagreements", question: "Where do people disagree?", how: "Samples whose votes differ, those with most votes first; the latest one stands." },
  suspects: { name: "New suspects", question: "Which labels are suspect since the last round?", how: "Taken for right before the labels were judged again, and for wrong now; the most suspicious first." },
  again: { name: "Second look", question: "Which decisions are worth a second look?", how: "What was decided against a model that is sure, then what was skipped, left open between classes, or commented on." },
};

export const MEASURES = [
  { id: "errors", name: "estimated errors", says: "wrong labels that should be the other class, by how labels go wrong in these data" },
  { id: "mass", name: "disagreement mass", says: "summed confidence of the predictions that differ" },
  { id: "margin", name: "margin mass", says: "summed lead of the prediction over the label" },
  { id: "share", name: "mass per sample", says: "disagreement mass divided by the samples of the label, so that rare classes are seen" },
  { id: "count", name: "samples", says: "samples of the label that the model calls the other class" },
  { id: "confidence", name: "mean confidence", says: "how sure the model is there" },
  { id: "open", name: "not reviewed", says: "samples of the pair that nobody has decided about" },
  { id: "name", name: "class name", says: "by name of the label" },
] as const;
export type Measure = (typeof MEASURES)[number]["id"];

export const SORTS = [
  { id: "suspicion", name: "suspicion" },
  { id: "self_confidence", name: "probability of the label" },
  { id: "pair_posterior", name: "pair-aware posterior" },
] as const;
export type Sort = (typeof SORTS)[number]["id"];

export const BASES: { readonly [basis: string]: { name: string; says: string; warn: boolean } } = {
  "out-of-fold": { name: "out of fold", says: "Judged by models that never learnt from the sample.", warn: false },
  "training dynamics": { name: "trained on", says: "Judged by the model that learnt these labels: wrong ones that it memorised stay hidden. The course of the training and the neighbours are used to see through that; out-of-fold probabilities tell more.", warn: true },
  "held out": { name: "held out", says: "Judged by a model that did not learn from these samples; what it calls wrong may be its own mistake.", warn: false },
};
