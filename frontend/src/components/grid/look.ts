/** How large cards are, and what they show: options as plain words, sizes as pixels. */
import type { Json } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import type { Options } from "../../state/layout";
import type { Cell } from "./sections";

export const SIZES = ["smallest", "small", "medium", "large", "largest"] as const;

export interface Look {
  /** 0 … 4 of `SIZES`. */
  size: number;
  border: "correct" | "colour" | "none";
  /** The column of the border's colour. */
  colour: string | null;
  captions: readonly string[];
  /** The selection, or everything that passes the filter. */
  of: "selection" | "filtered";
  /** What samples are: texts need room to be read, and of what is neither picture nor text there is only a number. */
  kind: Recording["kind"];
}

const GAP = 8;
const LINE = 17;
/** Least width of a card, for pictures and for texts. */
const WIDTHS = [[44, 140], [64, 160], [92, 190], [150, 260], [240, 380]] as const;
const TALLEST = [64, 92, 140, 220, 360] as const;
const MOST_LINES = 4;

export function linesOf({ size, captions }: Pick<Look, "size" | "captions">): number {
  return size <= 1 ? 0 : captions.length === 0 ? 2 : Math.min(MOST_LINES, captions.length);
}

export function cellFor(width: number, look: Pick<Look, "size" | "captions" | "kind">): Cell & { pixels: number } {
  const least = WIDTHS[look.size]?.[look.kind === "text" ? 1 : 0] ?? 92;
  const gap = look.size === 0 ? GAP / 2 : GAP;
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const each = Math.floor((width - gap * (columns - 1)) / columns);
  const lines = linesOf(look);
  const square = Math.min(each, TALLEST[look.size] ?? 140);
  const picture = look.kind === "text" ? 96 : look.kind === "image" ? square : Math.min(square, 2 * LINE);
  const dense = typeof window !== "undefined" && window.devicePixelRatio > 1;
  return { columns, width: each, gap, height: picture + (lines > 0 ? lines * LINE + 8 : 0) + gap, pixels: look.size >= 4 ? 384 : look.size === 3 || dense ? 192 : 96 };
}

function words(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function lookOf(options: Options, pageColour: string | null, kind: Recording["kind"]): Look {
  const size = SIZES.findIndex((name) => name === options["size"]);
  return {
    size: size < 0 ? 2 : size,
    border: options["border"] as Look["border"],
    colour: typeof options["colour"] === "string" ? options["colour"] : pageColour,
    captions: words(options["captions"]).slice(0, MOST_LINES),
    of: options["of"] as Look["of"],
    kind,
  };
}
