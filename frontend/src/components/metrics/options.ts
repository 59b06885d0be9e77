/** What the view of groups can be set to; the page knows it before the view's code comes. */

export const FORMS = ["table", "dots", "strips"] as const;
export const FIGURES = ["accuracy", "precision", "recall", "f1", "balanced", "confidence"] as const;
export type Figure = (typeof FIGURES)[number];
export const AVERAGES = ["macro", "micro", "weighted"] as const;
export type Average = (typeof AVERAGES)[number];
export const LEAST = 20;
