/** What the view of duplicates says, in words. */
import { measure, plural, probability } from "../../draw/format";
import type { Recording } from "../../hosts/recording";
import type { Coverage, Group, Tier } from "./groups";

export const TIER_WORDS: Record<Tier, string> = { exact: "exact copy", perceptual: "nearly the same picture", embedding: "close in the embedding" };

export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function distanceWords(tier: Tier, distance: number): string {
  if (tier === "exact") return "";
  return tier === "perceptual" ? `${measure(distance)} grey levels` : `cosine distance ${distance < 0.01 ? measure(distance) : probability(distance)}`;
}

/** "nearly the same, 2.1 grey levels apart". */
export function tierWords({ tier, distance, members }: Group): string | null {
  if (tier === null) return null;
  if (tier === "exact" || distance === null) return members.length > 2 ? "exact copies" : TIER_WORDS[tier];
  return `${tier === "perceptual" ? "nearly the same" : TIER_WORDS[tier]}, ${members.length > 2 ? "up to " : ""}${distanceWords(tier, distance)} apart`;
}

export function acrossWords(splits: readonly string[]): string {
  return `across ${listed(splits)}`;
}

export function thing(recording: Recording, byColumn: boolean): string {
  if (byColumn) return "sample";
  return recording.kind === "image" ? "picture" : recording.kind === "text" ? "text" : "sample";
}

/** The finding: the number that matters most, and the rest of the sentence after it. */
export function finding(groups: readonly Group[], what: string): { count: number; before: readonly Group[]; words: string } {
  const across = groups.filter(({ splits }) => splits.length > 1);
  const differ = groups.filter(({ conflict }) => conflict);
  const of = (some: readonly Group[]) => `${some.length === 1 ? "group" : "groups"} of the same ${what}`;
  const verb = (some: readonly Group[], one: string, many: string) => (some.length === 1 ? one : many);
  if (across.length > 0) {
    const splits = [...new Set(across.map((group) => group.splits.join("\n")))];
    const where = splits.length === 1 ? listed(across[0]?.splits ?? []) : "the splits";
    return { count: across.length, before: across, words: `${of(across)} ${verb(across, "spans", "span")} ${where}` };
  }
  if (differ.length > 0) return { count: differ.length, before: differ, words: `${of(differ)} ${verb(differ, "carries", "carry")} different labels` };
  return { count: groups.length, before: groups, words: of(groups) };
}

/** What was compared, and what was not: "8,000 compared; 3 could not be read." */
export function coverageWords({ tier, reason, compared, skipped, pairs }: Coverage): string {
  const name = { exact: "Exact copies", perceptual: "Pictures", embedding: "Embedding" }[tier];
  if (reason !== null) return `${name}: not compared, ${reason}.`;
  return `${name}: ${plural(compared, "sample")} compared, ${plural(pairs, "pair")}${skipped > 0 ? `, ${plural(skipped, "sample")} could not be read` : ""}.`;
}
