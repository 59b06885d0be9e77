/** Numbers and names as look.md wants them: thousands separated, probabilities ".97", percent "97 %". */
import type { Value } from "../hosts/arrow";

/** A space that neither breaks a line nor grows: it belongs between a number and its unit. */
const THIN = "\u202f";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

export function count(value: number | bigint): string {
  return whole.format(value).replace(/^-/, "−");
}

/** A count where there is room for four characters: 1523 → "1.5k". The whole number must be told elsewhere. */
export function compact(value: number): string {
  if (value < 1000) return String(value);
  const [size, unit] = value < 999_500 ? [value / 1e3, "k"] : [value / 1e6, "M"];
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)}${unit}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A share in [0, 1] as percent; 99.96 % is not rounded up to a perfect 100 %. */
export function percent(share: number | null, digits = 1): string {
  if (share === null || Number.isNaN(share)) return "–";
  const most = 100 - 10 ** -digits;
  const value = share < 1 && share * 100 > most ? most : share > 0 && share * 100 < 10 ** -digits ? 10 ** -digits : share * 100;
  return `${value.toFixed(share === 1 || share === 0 ? 0 : digits)}${THIN}%`;
}

/** A probability: ".97"; 1 only when it is 1. */
export function probability(value: number | null, digits = 2): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (value >= 1) return "1";
  if (value <= 0) return "0";
  const text = value.toFixed(digits);
  if (Number(text) >= 1) return `>.${"9".repeat(digits)}`;
  if (Number(text) <= 0) return `<.${"0".repeat(digits - 1)}1`;
  return text.replace(/^0/, "");
}

/** Any measured number with three significant digits. */
export function measure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(1) : size >= 1000 ? count(value) : Number(value.toPrecision(3)).toString();
  return text.replace(/^-/, "−");
}

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A value of any column in words; 64-bit integers keep every digit. */
export function valueText(value: Value): string {
  if (value === null) return "missing";
  if (typeof value === "bigint") return count(value);
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 1e15 ? count(value) : measure(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "missing" : value.toISOString().replace("T", " ").slice(0, 19);
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
