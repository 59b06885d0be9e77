/** What a component can be told: each option with its kind, its default and a sentence, checked when it comes from outside. */
import type { Json } from "../hosts/host";
import type { Options } from "../state/layout";

interface Said {
  /** One sentence for the reference. */
  says: string;
  /** Kept in the layout only: neither written into an address nor taken from one, because it is more than words and numbers. */
  private?: true;
}

export type OptionSpec =
  | (Said & { type: "text"; default: string | null })
  | (Said & { type: "number"; default: number | null })
  | (Said & { type: "flag"; default: boolean })
  | (Said & { type: "choice"; default: string; choices: readonly string[] })
  | (Said & { type: "texts"; default: readonly string[] })
  | (Said & { type: "json"; default: Json });

/** "*" stands for options that the definition does not know, of a component that is loaded later: they pass as they are. */
export type OptionSpecs = { readonly [name: string]: OptionSpec };

function fits(spec: OptionSpec, value: Json): boolean {
  switch (spec.type) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && spec.choices.includes(value);
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "json":
      return true;
  }
}

function expected(spec: OptionSpec): string {
  switch (spec.type) {
    case "choice":
      return `one of ${spec.choices.join(", ")}`;
    case "texts":
      return "a list of texts";
    case "flag":
      return "true or false";
    case "number":
      return "a number";
    default:
      return "text";
  }
}

/** The options with defaults where none or an unsuitable one is given, and a sentence for each that does not suit. */
export function checked(specs: OptionSpecs, given: Options): { options: Options; wrong: readonly string[] } {
  const wrong: string[] = [];
  const options: Record<string, Json> = {};
  for (const [name, spec] of Object.entries(specs)) {
    if (name === "*") continue;
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) options[name] = spec.default;
    else if (fits(spec, value)) options[name] = value;
    else {
      options[name] = spec.default;
      wrong.push(`Option “${name}” should be ${expected(spec)}; it is ${JSON.stringify(value).slice(0, 60)}. Its default is used.`);
    }
  }
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(specs, "*")) options[name] ??= value;
    else if (!Object.hasOwn(specs, name)) wrong.push(`There is no option “${name}”. Options: ${Object.keys(specs).join(", ") || "none"}.`);
  }
  return { options, wrong };
}
