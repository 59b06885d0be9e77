import { afterEach, expect, test } from "vitest";
import { KEYS, caps, chordOf, pageKeys, takesText } from "./keys";

afterEach(() => localStorage.clear());

const press = (key: string, more: Partial<KeyboardEvent> = {}) => chordOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("a key is told as the sign it makes, whatever keyboard it is typed on", () => {
  expect(press("j")).toBe("j");
  expect(press("J")).toBe("j");
  expect(press("J", { shiftKey: true })).toBe("Shift+J");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("[", { ctrlKey: true, altKey: true })).toBe("[");
  expect(press("k", { metaKey: true })).toBe("Mod+K");
  expect(press("z", { ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+Z");
  expect(press("ArrowUp", { shiftKey: true })).toBe("Shift+ArrowUp");
  expect(press("Shift", { shiftKey: true })).toBeNull();
  expect(caps("Mod+Shift+Z")).toEqual(["Ctrl", "Shift", "Z"]);
  expect([caps("+"), caps("Mod++")]).toEqual([["+"], ["Ctrl", "+"]]);
});

test("no two actions share a key", () => {
  const all = KEYS.flatMap(({ keys }) => keys);
  expect(new Set(all).size).toBe(all.length);
});

test("another key is kept for the next visit; what is taken says by what", () => {
  const keys = pageKeys();
  expect(keys.bind("pin", "w")).toBeNull();
  expect([keys.find("w"), keys.find("p")]).toEqual(["pin", null]);
  expect(pageKeys().find("w")).toBe("pin");
  expect(keys.bind("tag", "w")).toBe("W is taken: “Pin the sample to compare others with it, or unpin”. Press another key, or change that one first.");
  expect(keys.bind("tag", "Enter")).toBe("Enter is needed by the browser or by views. Press another key.");
  expect(keys.bind("tag", "3")).toContain("is needed by the browser or by views");
  expect(keys.bind("back", "b")).toBe("Esc always goes back; it cannot be changed.");
  expect(keys.find("t")).toBe("tag");
  expect(keys.bind("tag", "p")).toBeNull();
  expect(keys.reset("pin")).toBe("P is taken: “Tag the samples that are selected”. Change that one first.");
  expect(keys.reset("tag")).toBeNull();
  expect(keys.reset("pin")).toBeNull();
  expect(localStorage.getItem("bathyscope.keys")).toBeNull();
});

test("what was kept and is not understood is left alone", () => {
  for (const kept of ["{", "null", "[]", '{"pin":3}', '{"pin":[]}', '{"__proto__":["z"]}']) {
    localStorage.setItem("bathyscope.keys", kept);
    expect(pageKeys().of("pin")).toEqual(["p"]);
  }
});

test("letters belong to what takes text", () => {
  const make = (html: string) => {
    const el = document.createElement("div");
    el.innerHTML = html;
    return el.firstElementChild ?? undefined;
  };
  expect(["<input>", "<input type=search>", "<textarea></textarea>", "<select></select>"].map((html) => takesText(make(html)))).toEqual([true, true, true, true]);
  expect(["<input type=checkbox>", "<input type=range>", "<button></button>"].map((html) => takesText(make(html)))).toEqual([false, false, false]);
});
