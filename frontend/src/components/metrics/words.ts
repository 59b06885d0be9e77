/** The figures of this view in words. */
import { percent, probability } from "../../draw/format";
import { chanceText } from "../../state/intervals";
import type { GroupFigures, Told } from "./figures";
import type { Figure } from "./options";
import type { Weakness } from "./ranking";

export function figureText(figure: Figure, { value }: Told): string {
  if (value === null) return "—";
  return figure === "accuracy" || figure === "balanced" ? percent(value) : probability(value);
}

export function figureTitle(figure: Figure, told: Told): string {
  if (told.value === null) return told.why ?? "";
  const one = (at: number | null) => figureText(figure, { value: at, low: null, high: null, why: null });
  return told.low === null ? one(told.value) : `${one(told.value)}, 95 % interval ${one(told.low)} to ${one(told.high)}`;
}

/** "4.3 points less often right than the rest (p = .03)". */
export function differenceWords({ difference, chance }: GroupFigures, isClear: boolean): string {
  if (difference === null || chance === null) return "There is no rest to compare with";
  const points = Math.abs(100 * difference).toFixed(1);
  if (points === "0.0") return "Right as often as the rest";
  const words = `${points} points ${difference < 0 ? "less" : "more"} often right than the rest (${chanceText(chance)})`;
  return isClear ? words : `${words}; among so many groups that can be chance`;
}

export function pointsText(difference: number | null): string {
  if (difference === null) return "—";
  const points = (100 * difference).toFixed(1);
  return points === "0.0" || points === "-0.0" ? "0" : points.startsWith("-") ? `−${points.slice(1)}` : `+${points}`;
}

function right({ wrong, total }: { wrong: number; total: number }): string {
  return percent(total === 0 ? null : (total - wrong) / total);
}

/** "Pullover where corner is below 1: 22 % right, 100 % elsewhere". */
export function weaknessWords({ column, here, elsewhere, label }: Weakness, value: string, classes: readonly string[]): string {
  const whose = label === null ? "" : `${classes[label] ?? ""} `;
  const text = `${whose}where ${column} is ${value}: ${right(here)} right, ${right(elsewhere)} elsewhere`;
  return label === null ? `W${text.slice(1)}` : text;
}

/** What becomes of all labels there, without those for which it goes the other way; null where that says nothing new. */
export function restWords({ label, rest, turned, opposite }: Weakness, value: string, classes: readonly string[]): string | null {
  if (!rest || (label === null && !turned)) return null;
  const names = opposite.slice(0, 3).map((one) => classes[one] ?? "");
  const named = opposite.length > 3 ? `${names.join(", ")} and ${opposite.length - 3} more` : names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}` : (names[0] ?? "");
  const whole = `All labels${turned ? ` but ${named}` : ""}: ${right(rest.here)} right where it is ${value}, ${right(rest.elsewhere)} elsewhere.`;
  return turned ? `${whole} ${named}, the other way: ${right(turned.here)} and ${right(turned.elsewhere)}.` : whole;
}
