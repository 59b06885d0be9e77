import { afterEach, expect, test, vi } from "vitest";
import { FakeHost, description } from "../hosts/fake";
import { settle } from "../components/mounted";
import { fieldsOf } from "../state/fields";
import { tile, type Layout } from "../state/layout";
import { Session } from "../state/session";
import { NO_VIEW, fitted, fromFragment, toFragment, type View } from "../state/url";
import { Address } from "./address";
import { opened, type Opened } from "./opened";
import { addressOf } from "./share";
import { Shell } from "./shell";
import { followTheme } from "../state/theme";

const LAYOUT: Layout = { version: 1, pages: [{ id: "a", title: "First", tiles: [tile("confusion")], dock: null }, { id: "b", title: "Second", tiles: [tile("classes")], dock: null }] };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  history.replaceState(null, "", location.pathname);
});

test("another page is a step back in the browser, anything else is not; a pasted address is another view", async () => {
  let reloaded = 0;
  const host = new FakeHost();
  const session = new Session(host, await host.recording(), LAYOUT);
  const address = new Address(() => reloaded++);
  stops.push(() => address.stop(), () => session.stop());
  address.follow(session);
  session.start("", address.keep);
  await settle();
  const length = history.length;
  session.store.arrangement.page.value = "b";
  expect([location.hash.includes("page=b"), history.length - length, document.title]).toEqual([true, 1, "Second · tiny · Bathyscope"]);
  session.store.split.value = "train";
  await vi.waitFor(() => expect(location.hash).toContain("split=train"), 2000);
  expect(history.length - length).toBe(1);
  window.dispatchEvent(new PopStateEvent("popstate", { state: { page: "a" } }));
  expect([session.store.arrangement.page.value, document.title, reloaded]).toEqual(["a", "First · tiny · Bathyscope", 0]);
  window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
  expect(reloaded).toBe(1);
});

const FULL: View = {
  fingerprint: "abcdef012345", checkpoint: "000002", split: "train", pick: { rule: { kind: "cell", label: 0, prediction: 1 }, split: "all", checkpoint: "000001" }, focus: 7, pinned: 4,
  groupBy: ["device", "split"], colorBy: "label", showUnfiltered: false, page: "b", options: { confusion: { normalise: "rows" } },
  clauses: [{ id: "c1", source: "bar", label: null, expr: { op: "eq", column: "device", value: "b" }, enabled: true }],
};

test("an address never grows beyond its cap, and says what gave way", () => {
  const long = (n: number) => "x".repeat(n);
  expect(fitted(FULL)).toEqual({ text: toFragment(FULL), left: [] });
  const options = fitted({ ...FULL, options: { confusion: { text: long(9000) } } });
  expect([options.left, options.text.length <= 8192, fromFragment(options.text).clauses.length]).toEqual([["the settings of tiles"], true, 1]);
  const filters = fitted({ ...FULL, clauses: Array.from({ length: 200 }, (_, i) => ({ id: `c${i}`, source: "bar", label: null, expr: { op: "contains", column: "device", text: long(60) }, enabled: true })) });
  expect([filters.left, filters.text.length <= 8192, fromFragment(filters.text).focus]).toEqual([["the settings of tiles", "the filters"], true, 7]);
  const rows = { ...FULL, pick: { rule: { kind: "rows" as const, rows: Array.from({ length: 5000 }, (_, i) => i * 40) }, split: "all", checkpoint: null } };
  expect(fitted(rows).left).toEqual(["the samples picked by hand"]);
  expect(fitted({ ...NO_VIEW, checkpoint: long(9000) })).toEqual({ text: "", left: ["anything"] });
});

test("the share button tells what the address does not hold", async () => {
  const page: Opened = await opened({ layout: LAYOUT });
  const theme = followTheme(document.documentElement);
  stops.push(() => theme.stop(), () => page.close());
  const { session } = page;
  const shell = new Shell(session, theme);
  session.filter.add({ op: "bits", bits: new Uint32Array(5).fill(0xffffffff) });
  session.store.arrangement.edit((layout) => ({ ...layout, pages: layout.pages.slice(0, 1) }));
  const { address, left } = addressOf(shell, "http://here/");
  expect(left).toEqual(["1 filter of more than 100 chosen samples", "changes to the layout that are not saved"]);
  expect(address).toBe("http://here/");
  let copied = "";
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: (text: string) => Promise.resolve(void (copied = text)) } });
  session.store.split.value = "train";
  await page.click("Share");
  expect(copied).toContain("#split=train");
  expect(page.root.querySelector(".told")?.textContent).toBe("The address of this view is copied. It does not hold 1 filter of more than 100 chosen samples, changes to the layout that are not saved.");
});

/** Numbers that look random and are the same every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const HOSTILE = ["<script>alert(1)</script>", "javascript:alert(1)", "%", "%ZZ", "%00", "__proto__", "constructor", "\u202e", "{", "}", "NaN", "-1", "1e999", "'; drop table", "&", "=", "#", "\ud800", "null", "🙂", "filter=!:", "tile=confusion:{\"__proto__\":{\"x\":1}}", "tile=:{}", "pick=rows:zzzzzz-zzzzzz", "by=", "page="];

test("two hundred addresses, cut off or tampered with, and the page stands", async () => {
  const whole = toFragment(FULL);
  const roll = dice(7);
  const known = new Set(fieldsOf(description(3)).map(({ name }) => name));
  const errors: unknown[] = [];
  const failed = (event: ErrorEvent) => errors.push(event.error ?? event.message);
  window.addEventListener("error", failed);
  stops.push(() => window.removeEventListener("error", failed));
  for (let n = 0; n < 200; n++) {
    let text = whole;
    for (let change = 0; change <= roll(4); change++) {
      const at = roll(text.length + 1);
      const bit = HOSTILE[roll(HOSTILE.length)] ?? "";
      const ways = [text.slice(0, at), text.slice(at), text.slice(0, at) + bit + text.slice(at), text.slice(0, at) + encodeURIComponent(bit.replace("\ud800", "?")) + text.slice(at + roll(12)), `${text}&${bit}`, text.slice(0, at) + text.slice(at).split("").reverse().join("")];
      text = ways[roll(ways.length)] ?? text;
    }
    const host = new FakeHost();
    const session = new Session(host, await host.recording(), LAYOUT);
    session.start(`#${text}`, () => undefined);
    await settle(1);
    const view = session.store.view();
    expect(session.store.arrangement.current()?.tiles.length, text).toBe(1);
    expect([view.colorBy, ...view.groupBy].filter((name) => name !== null && !known.has(name)), text).toEqual([]);
    expect(fromFragment(toFragment(view)), text).toEqual({ ...view, fingerprint: toFragment(view) === "" ? null : view.fingerprint?.slice(0, 12), clauses: view.clauses.map((clause, i) => ({ ...clause, id: `c${i + 1}` })) });
    if (n % 10 === 0) {
      const page = await opened({ layout: LAYOUT, fragment: `#${text}` });
      expect(page.root.querySelectorAll(".tile").length, text).toBeGreaterThan(0);
      expect(page.root.querySelector(".failure"), text).toBeNull();
      page.close();
    }
    session.stop();
  }
  expect(errors).toEqual([]);
  expect(({} as { x?: number }).x).toBeUndefined();
}, 30_000);
