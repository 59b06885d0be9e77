/** Countries by what data call them: two or three letters, a number of three digits, or an English name (ISO 3166-1). */
import codes from "i18n-iso-countries/codes.json";
import english from "i18n-iso-countries/langs/en.json";

/** A country by its numeric code, as the world map names its shapes, and its names, the fullest first. */
export interface Country {
  id: string;
  name: string;
  names: readonly string[];
}

/** Names that people write and the standard does not list, by the country's two letters. */
const ALSO: { readonly [letters: string]: readonly string[] } = {
  BA: ["Bosnia"],
  BO: ["Bolivia, Plurinational State of", "Plurinational State of Bolivia"],
  BN: ["Brunei"],
  CD: ["DR Congo", "DRC", "Congo, Democratic Republic of the", "Congo, Dem. Rep.", "Congo-Kinshasa", "Zaire"],
  CG: ["Congo, Rep.", "Congo, Republic of the", "Congo Republic", "Congo-Brazzaville"],
  CV: ["Cape Verde", "Cabo Verde"],
  CZ: ["Czech Rep."],
  EG: ["Egypt, Arab Rep."],
  FK: ["Falkland Islands"],
  FM: ["Micronesia"],
  IR: ["Iran, Islamic Republic of", "Iran, Islamic Rep."],
  KP: ["Korea, North", "Korea, Democratic People's Republic of", "Democratic People's Republic of Korea", "Korea, Dem. People's Rep.", "DPRK"],
  KR: ["Korea, South", "Korea, Rep."],
  LA: ["Laos", "Lao PDR"],
  MD: ["Moldova", "Republic of Moldova"],
  MK: ["Macedonia", "FYROM"],
  MM: ["Burma", "Myanmar"],
  SY: ["Syria"],
  SZ: ["Swaziland", "Eswatini"],
  TL: ["East Timor", "Timor-Leste"],
  TZ: ["Tanzania", "Tanzania, United Republic of"],
  VA: ["Vatican", "Vatican City", "Holy See"],
  VE: ["Venezuela", "Venezuela, RB", "Venezuela, Bolivarian Republic of", "Bolivarian Republic of Venezuela"],
  VN: ["Vietnam", "Viet Nam"],
  XK: ["XKX"],
};

/** As names are compared: no accents, case, full stops or article, and "and" for "&". */
export function plainName(text: string): string {
  const letters = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/&/g, " and ");
  return letters.replace(/[.'’`]/g, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim().replace(/^the /, "").replace(/\bst\b/g, "saint");
}

/** Finds the countries that a text may mean: none, one, or several of the same name. */
export function countryFinder(): (text: string) => readonly Country[] {
  const known = new Map<string, Country[]>();
  const add = (key: string, country: Country) => {
    const found = known.get(key);
    if (!found) known.set(key, [country]);
    else if (!found.includes(country)) found.push(country);
  };
  const named: { readonly [letters: string]: string | readonly string[] } = english.countries;
  for (const [two = "", three = "", id = ""] of codes) {
    const names = [named[two] ?? two].flat();
    const country = { id, name: names[0] ?? two, names };
    for (const key of [two, three, ...names, ...(ALSO[two] ?? [])]) add(plainName(key), country);
    add(id, country);
  }
  return (text) => known.get(/^\d{1,3}$/.test(text.trim()) ? text.trim().padStart(3, "0") : plainName(text)) ?? [];
}
