/** What can happen to a sample between two checkpoints, and how people say it. */
export const KINDS = ["flip", "learned", "forgotten", "confidence", "movement"] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_WORDS: Record<Kind, { one: string; many: string; past: string }> = {
  flip: { one: "flip", many: "flips", past: "flipped" },
  learned: { one: "learned", many: "learned", past: "learned" },
  forgotten: { one: "forgotten", many: "forgotten", past: "forgotten" },
  confidence: { one: "jump in confidence", many: "jumps in confidence", past: "jumped in confidence" },
  movement: { one: "long way", many: "long ways", past: "moved far" },
};
