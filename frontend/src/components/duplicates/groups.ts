/** Which samples are there twice: groups from the pairs that the analysis found, or from a column that names them. */
import { numbersOf, stringsOf, valueAt, type Column } from "../../hosts/arrow";
import type { Table } from "../../hosts/host";
import type { Truth } from "../../state/selection";

/** From the surest to the vaguest. */
export const TIERS = ["exact", "perceptual", "embedding"] as const;
export type Tier = (typeof TIERS)[number];

const UNTIED = 255;

export interface Pairs {
  a: ArrayLike<number>;
  b: ArrayLike<number>;
  /** Place in `TIERS`. */
  tier: Uint8Array;
  distance: ArrayLike<number>;
  /** As a multiple of the distance up to which the analysis itself makes groups. */
  inCuts: ArrayLike<number>;
}

export interface Coverage {
  tier: Tier;
  /** Why it did not run; null if it did. */
  reason: string | null;
  compared: number;
  skipped: number;
  cut: number | null;
  pairs: number;
  /** Whether its pairs make groups unless a person says otherwise. */
  joins: boolean;
}

export interface Found {
  pairs: Pairs;
  coverage: readonly Coverage[];
  /** The analysis' own groups: of every sample the number, −1 in none. */
  own: Int32Array;
}

export interface Group {
  /** 1, 2, 3 … from the worst on; the same whatever is filtered, sorted or paged. */
  number: number;
  /** Sample indices, ascending. */
  members: Uint32Array;
  /** The vaguest kind of likeness that ties it; null where a column says so. */
  tier: Tier | null;
  /** Largest distance of a pair of that kind. */
  distance: number | null;
  /** Distance of the nearest pair, in cuts. */
  nearest: number;
  /** Splits its members are in. */
  splits: readonly string[];
  /** Whether two members have different labels. */
  conflict: boolean;
}

function flat(table: Table, name: string, missing: number): Float64Array {
  const { values, valid } = numbersOf(table, name);
  return Float64Array.from(values, (value, i) => (valid && !valid[i] ? missing : value));
}

function tierAt(name: string): number {
  return TIERS.findIndex((tier) => tier === name);
}

export function readFound(tables: ReadonlyMap<string, Table>): Found {
  const [pairs, samples, coverage] = ["pairs", "samples", "coverage"].map((name) => tables.get(name) ?? new Map<string, Column>());
  if (!pairs || !samples || !coverage) throw new Error("The result of “duplicates” arrived without its tables.");
  const tier = stringsOf(pairs, "tier");
  const rows = pairs.get("a")?.length ?? 0;
  const told = stringsOf(coverage, "tier");
  const reason = coverage.get("reason");
  const [compared, skipped, cut, count, grouped] = ["compared", "skipped", "cut", "pairs", "grouped"].map((name) => flat(coverage, name, NaN));
  return {
    pairs: { a: numbersOf(pairs, "a").values, b: numbersOf(pairs, "b").values, tier: Uint8Array.from({ length: rows }, (_, i) => tierAt(tier(i))), distance: numbersOf(pairs, "distance").values, inCuts: numbersOf(pairs, "in_cuts").values },
    own: Int32Array.from(flat(samples, "cluster", -1)),
    coverage: Array.from({ length: coverage.get("tier")?.length ?? 0 }, (_, i) => {
      const name = TIERS[tierAt(told(i))] ?? "exact";
      const why = reason ? valueAt(reason, i) : null;
      const at = (of: Float64Array | undefined) => of?.[i] ?? NaN;
      return { tier: name, reason: typeof why === "string" ? why : null, compared: at(compared), skipped: at(skipped), cut: Number.isNaN(at(cut)) ? null : at(cut), pairs: at(count), joins: name !== "embedding" || at(grouped) > 0 };
    }),
  };
}

/** The samples for which the result says that they could not be read. */
export function unreadableIn(samples: Table): number[] {
  const ready = samples.get("readable");
  if (ready?.kind !== "bool") return [];
  return Array.from(ready.values.keys()).filter((i) => ready.values[i] === 0 && (!ready.valid || ready.valid[i] === 1));
}

/** The tiers whose pairs make groups unless a person chooses others. */
export function usualTiers(found: Found): Tier[] {
  return found.coverage.filter(({ reason, joins }) => reason === null && joins).map(({ tier }) => tier);
}

class Sets {
  private readonly parent: Int32Array;

  constructor(n: number) {
    this.parent = new Int32Array(n);
    for (let i = 0; i < n; i++) this.parent[i] = i;
  }

  of(sample: number): number {
    const { parent } = this;
    let root = sample;
    while (parent[root] !== root) root = parent[root] ?? root;
    for (let at = sample; at !== root; ) {
      const next = parent[at] ?? root;
      parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.of(a), this.of(b)];
    if (x !== y) this.parent[Math.max(x, y)] = Math.min(x, y);
  }
}

/**
 * Groups by the tiers and up to the distance that a person chose: of every sample a number, −1 in none.
 *
 * The analysis divides groups in which two members are far apart. Up to its own cut (1) that division is kept: a lower
 * distance only ever splits its groups. Beyond it, groups are whatever pairs chain together.
 */
export function clustersAt(found: Found, tiers: readonly Tier[], upTo: number): Int32Array {
  const usual = usualTiers(found);
  const asUsual = tiers.length === usual.length && usual.every((tier) => tiers.includes(tier));
  if (asUsual && upTo === 1) return found.own;
  const { pairs, own } = found;
  const sets = new Sets(own.length);
  const wanted = TIERS.map((tier) => tiers.includes(tier));
  const divided = TIERS.map((tier) => usual.includes(tier) && upTo <= 1);
  if (upTo > 1 && usual.every((tier) => tiers.includes(tier))) {
    const first = new Map<number, number>();
    own.forEach((cluster, sample) => {
      if (cluster < 0) return;
      const before = first.get(cluster);
      if (before === undefined) first.set(cluster, sample);
      else sets.join(before, sample);
    });
  }
  for (let p = 0; p < pairs.tier.length; p++) {
    const tier = pairs.tier[p] ?? 0;
    const [a, b] = [Number(pairs.a[p]), Number(pairs.b[p])];
    if (!wanted[tier] || (pairs.inCuts[p] ?? Infinity) > upTo) continue;
    if (divided[tier] && own[a] !== own[b]) continue;
    sets.join(a, b);
  }
  const size = new Uint32Array(own.length);
  const roots = new Int32Array(own.length);
  for (let sample = 0; sample < roots.length; sample++) {
    const root = sets.of(sample);
    roots[sample] = root;
    size[root] = (size[root] ?? 0) + 1;
  }
  for (let sample = 0; sample < roots.length; sample++) if (size[roots[sample] ?? 0] === 1) roots[sample] = -1;
  return roots;
}

/** Groups as a column names them: every value but null, NaN and −1 is one. */
export function clustersIn(column: Column): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from({ length: column.length }, (_, sample) => {
    const value = valueAt(column, sample);
    if (value === null || Number.isNaN(value) || String(value) === "-1") return -1;
    const text = String(value);
    const code = known.get(text) ?? known.size;
    known.set(text, code);
    return code;
  });
}

/** The samples of every cluster of two or more, ascending, by its number. */
function membersOf(clusters: Int32Array, most: number): Map<number, Uint32Array> {
  const sizes = new Uint32Array(most + 1);
  for (const cluster of clusters) if (cluster >= 0) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const ends = new Uint32Array(most + 1);
  for (let cluster = 0, total = 0; cluster <= most; cluster++) {
    ends[cluster] = total; // filled from its start on
    total += sizes[cluster] ?? 0;
  }
  const sorted = new Uint32Array(sizes.reduce((sum, size) => sum + size, 0));
  clusters.forEach((cluster, sample) => {
    if (cluster < 0) return;
    const place = ends[cluster] ?? 0;
    sorted[place] = sample;
    ends[cluster] = place + 1;
  });
  const members = new Map<number, Uint32Array>();
  sizes.forEach((size, cluster) => size > 1 && members.set(cluster, sorted.slice((ends[cluster] ?? 0) - size, ends[cluster])));
  return members;
}

interface Ties {
  /** By cluster: the vaguest tier of its pairs, or 255 without any. */
  tier: Uint8Array;
  distance: Float32Array;
  nearest: Float32Array;
}

/** How each group hangs together, from the pairs inside it that count. */
function tiesOf(clusters: Int32Array, most: number, from: { pairs: Pairs; tiers: readonly Tier[]; upTo: number }): Ties {
  const { pairs, upTo } = from;
  const ties = { tier: new Uint8Array(most + 1).fill(UNTIED), distance: new Float32Array(most + 1), nearest: new Float32Array(most + 1).fill(Infinity) };
  const wanted = TIERS.map((tier) => from.tiers.includes(tier));
  for (let p = 0; p < pairs.tier.length; p++) {
    const cluster = clusters[Number(pairs.a[p])] ?? -1;
    const tier = pairs.tier[p] ?? 0;
    const inCuts = pairs.inCuts[p] ?? Infinity;
    if (cluster < 0 || cluster !== clusters[Number(pairs.b[p])] || !wanted[tier] || inCuts > upTo) continue;
    const distance = pairs.distance[p] ?? NaN;
    const before = ties.tier[cluster] ?? UNTIED;
    ties.nearest[cluster] = Math.min(ties.nearest[cluster] ?? Infinity, inCuts);
    if (before !== UNTIED && tier < before) continue;
    ties.distance[cluster] = before === tier ? Math.max(ties.distance[cluster] ?? 0, distance) : distance;
    ties.tier[cluster] = tier;
  }
  return ties;
}

function splitsOf(members: Uint32Array, truth: Truth): string[] {
  const { split } = truth;
  if (!split) return [];
  const codes = [...new Set(members.length === 2 ? [split.codes[members[0] ?? 0] ?? -1, split.codes[members[1] ?? 0] ?? -1] : Array.from(members, (sample) => split.codes[sample] ?? -1))];
  return codes.sort((a, b) => a - b).map((code) => split.values[code]).filter((name) => name !== undefined);
}

/** Whether two of them that have labels have different ones; the order in which several are listed says nothing. */
function conflicts(members: Uint32Array, truth: Truth): boolean {
  const { label, lists } = truth;
  const said = (sample: number): string | number | null => {
    if (lists) return lists(sample)?.slice().sort((a, b) => a - b).join() ?? null;
    return !label || (label.valid && !label.valid[sample]) ? null : (label.values[sample] ?? null);
  };
  let first: string | number | null = null;
  for (const sample of members) {
    const own = said(sample);
    if (own === null) continue;
    if (first !== null && own !== first) return true;
    first = own;
  }
  return false;
}

/** Worst first: different labels, then across splits, then larger, then nearer. */
export function worstFirst(a: Group, b: Group): number {
  return Number(b.conflict) - Number(a.conflict) || Number(b.splits.length > 1) - Number(a.splits.length > 1) || b.members.length - a.members.length || a.nearest - b.nearest || (a.members[0] ?? 0) - (b.members[0] ?? 0);
}

const ORDERS = {
  worst: worstFirst,
  largest: (a: Group, b: Group) => b.members.length - a.members.length || a.number - b.number,
  nearest: (a: Group, b: Group) => a.nearest - b.nearest || a.number - b.number,
} as const;
export type Order = keyof typeof ORDERS;

export function sorted(groups: readonly Group[], order: Order): Group[] {
  return [...groups].sort(ORDERS[order]);
}

/** All groups, numbered from the worst on. */
export function groupsOf(clusters: Int32Array, truth: Truth, from: { pairs: Pairs; tiers: readonly Tier[]; upTo: number } | null): Group[] {
  let most = -1;
  for (const cluster of clusters) if (cluster > most) most = cluster;
  const ties = from ? tiesOf(clusters, most, from) : null;
  const groups = [...membersOf(clusters, most)].map(([cluster, members]): Group => {
    const tier = TIERS[ties?.tier[cluster] ?? UNTIED] ?? null;
    return {
      number: 0,
      members,
      tier,
      distance: tier === null ? null : (ties?.distance[cluster] ?? null),
      nearest: tier === null ? 0 : (ties?.nearest[cluster] ?? 0),
      splits: splitsOf(members, truth),
      conflict: conflicts(members, truth),
    };
  });
  groups.sort(worstFirst).forEach((group, place) => (group.number = place + 1));
  return groups;
}
