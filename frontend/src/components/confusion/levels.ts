/** What stands along both sides of the matrix: classes, or groups of classes that a person closed, in a chosen order. */
import type { Json } from "../../hosts/host";
import type { Cells } from "../../state/counting";
import { MOST_SERIATED, seriated } from "./seriation";

export const ORDERS = ["given", "name", "size", "similar"] as const;
export type Order = (typeof ORDERS)[number];

export interface Item {
  /** Where it stands in the tree, unique: names joined by "/". */
  key: string;
  name: string;
  /** The name without the groups around it, where no other class is called so. */
  short: string;
  members: readonly number[];
  /** The class of an item that is one class; its colour. */
  of: number | null;
  /** Closed: more than one class behind one row. */
  closed: boolean;
}

export interface Axis {
  items: readonly Item[];
  /** Where each class stands. */
  position: Int32Array;
}

interface Branch {
  key: string;
  name: string;
  members: number[];
  children: Map<string, Branch>;
  of: number | null;
}

/** A group of classes that can be opened and closed. */
export interface Level {
  key: string;
  name: string;
  depth: number;
  size: number;
  open: boolean;
}

/** The names above each class, outermost first, then its own. */
function pathsOf(classes: readonly string[], hierarchy: Json): string[][] {
  const parents = hierarchy !== null && typeof hierarchy === "object" && !Array.isArray(hierarchy) ? new Map(Object.entries(hierarchy)) : null;
  if (!parents) return classes.map((name) => name.split("/").filter((part) => part !== ""));
  return classes.map((name) => {
    const path = [name];
    for (let parent = parents.get(name); typeof parent === "string" && !path.includes(parent); parent = parents.get(parent)) path.unshift(parent);
    return path;
  });
}

export function treeOf(classes: readonly string[], hierarchy: Json): Branch {
  const root: Branch = { key: "", name: "", members: [], children: new Map(), of: null };
  pathsOf(classes, hierarchy).forEach((path, index) => {
    let at = root;
    at.members.push(index);
    path.forEach((name, depth) => {
      const last = depth === path.length - 1;
      // A class may be called as its own group ("dog" beside "dog/beagle"): the class then stands inside it.
      const key = `${at.key}${at.key && "/"}${name}${last ? "/" : ""}`;
      let next = at.children.get(key);
      if (!next) at.children.set(key, (next = { key, name, members: [], children: new Map(), of: last ? index : null }));
      next.members.push(index);
      at = next;
    });
    if (path.length === 0) at.children.set(`/${index}`, { key: `/${index}`, name: classes[index] ?? "", members: [index], children: new Map(), of: index });
  });
  return root;
}

/** Every group of at least two classes whose own groups are open, as a person reads the tree. */
export function levelsOf(root: Branch, closed: ReadonlySet<string>): Level[] {
  const out: Level[] = [];
  const walk = (branch: Branch, depth: number) => {
    for (const child of branch.children.values()) {
      if (child.of !== null || child.members.length < 2) continue;
      const open = !closed.has(child.key);
      out.push({ key: child.key, name: child.name, depth, size: child.members.length, open });
      if (open) walk(child, depth + 1);
    }
  };
  walk(root, 0);
  return out;
}

/** The innermost open group that holds a class; null where there is none. */
export function groupOf(root: Branch, member: number, closed: ReadonlySet<string>): string | null {
  let found: string | null = null;
  let at: Branch | undefined = root;
  while (at) {
    const inside: Branch | undefined = [...at.children.values()].find((child) => child.of === null && child.members.length > 1 && child.members.includes(member) && !closed.has(child.key));
    if (inside) found = inside.key;
    at = inside;
  }
  return found;
}

/** The innermost name of every class. */
function lastNames(branch: Branch): string[] {
  return [...branch.children.values()].flatMap((child) => (child.of !== null ? [child.name] : lastNames(child)));
}

/** A number for every class; smaller comes first. */
function ranks(order: Order, cells: Cells, n: number): Float64Array {
  const out = Float64Array.from({ length: n }, (_, i) => i);
  if (order === "size") {
    out.fill(0);
    cells.label.forEach((label, k) => (out[label] = (out[label] ?? 0) - (cells.count[k] ?? 0)));
  }
  if (order === "similar" && n <= MOST_SERIATED) seriated(cells, n).forEach((index, place) => (out[index] = place));
  return out;
}

export function axisOf(root: Branch, options: { closed: ReadonlySet<string>; order: Order; cells: Cells; classes: readonly string[] }): Axis {
  const { closed, order, cells, classes } = options;
  const rank = ranks(order, cells, classes.length);
  const items: Item[] = [];
  const taken = new Map<string, number>();
  for (const name of lastNames(root)) taken.set(name, (taken.get(name) ?? 0) + 1);
  const key = ({ members }: Branch) => {
    const sum = members.reduce((total, member) => total + (rank[member] ?? 0), 0);
    return order === "size" ? sum : order === "given" ? Math.min(...members.map((member) => rank[member] ?? 0)) : sum / members.length;
  };
  const walk = (branch: Branch) => {
    const children = [...branch.children.values()].map((child) => ({ child, key: key(child) }));
    children.sort((a, b) => (order === "name" ? a.child.name.localeCompare(b.child.name, undefined, { numeric: true }) : a.key - b.key) || (a.child.members[0] ?? 0) - (b.child.members[0] ?? 0));
    for (const { child } of children) {
      if (child.of !== null) items.push({ key: child.key, name: classes[child.of] ?? "", short: taken.get(child.name) === 1 ? child.name : (classes[child.of] ?? ""), members: child.members, of: child.of, closed: false });
      else if (child.members.length > 1 && closed.has(child.key)) items.push({ key: child.key, name: child.name, short: child.name, members: child.members, of: null, closed: true });
      else walk(child);
    }
  };
  walk(root);
  const position = new Int32Array(classes.length);
  items.forEach(({ members }, place) => members.forEach((member) => (position[member] = place)));
  return { items, position };
}

/** Every class for itself, as given. */
export function plainAxis(classes: readonly string[]): Axis {
  const items = classes.map((name, of): Item => ({ key: name, name, short: name, members: [of], of, closed: false }));
  return { items, position: Int32Array.from(classes, (_, i) => i) };
}
