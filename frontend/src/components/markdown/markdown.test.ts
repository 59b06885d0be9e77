import { afterEach, expect, test } from "vitest";
import type { Json } from "../../hosts/host";
import { mounted, settle, type Mounted } from "../mounted";
import { markdown } from "./markdown";
import "./sanitised";

let open: Mounted | null = null;
afterEach(() => {
  open?.close();
  open = null;
});

async function shown(options: { readonly [name: string]: Json } = {}, fragment = "") {
  open = await mounted(markdown, { options, id: "notes", fragment });
  return open;
}

test("the text stands under its title", async () => {
  const { root } = await shown({ title: "What we saw", text: "- one\n- **two**" });
  expect(root.querySelector("header h2")?.textContent).toBe("What we saw");
  expect([...root.querySelectorAll(".text li")].map((el) => el.textContent)).toEqual(["one", "two"]);
});

test("the text is edited in place, kept as an option, and undone", async () => {
  const { named, root, session, text } = await shown();
  expect(text()).toContain("Nothing is written here yet.");
  named("button", "Write").click();
  await settle();
  const area = root.querySelector("textarea") as HTMLTextAreaElement;
  area.value = "Shirts are *hard*.";
  area.dispatchEvent(new Event("input"));
  await settle();
  area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
  await settle();
  expect(session.store.arrangement.tile("notes")?.options).toEqual({ text: "Shirts are *hard*." });
  expect(root.querySelector("em")?.textContent).toBe("hard");
  session.history.undo();
  await settle();
  expect(text()).toContain("Nothing is written here yet.");
});

test("Escape leaves the text as it was", async () => {
  const { named, root, session } = await shown({ text: "old" });
  named("button", "Edit").click();
  await settle();
  const area = root.querySelector("textarea") as HTMLTextAreaElement;
  area.value = "new";
  area.dispatchEvent(new Event("input"));
  area.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  await settle();
  expect(session.store.arrangement.tile("notes")?.options).toEqual({ text: "old" });
  expect(root.querySelector("textarea")).toBeNull();
});

test("a text is never taken from an address, nor written into one", async () => {
  const fragment = new URLSearchParams({ tile: `notes:${JSON.stringify({ text: "<img src=x onerror=alert(1)>", title: "Log in again" })}` }).toString();
  const { session, text } = await shown({ text: "mine" }, fragment);
  expect(text()).toContain("mine");
  expect(session.store.arrangement.tile("notes")?.options).toEqual({ text: "mine" });
  expect(session.store.notices.value).toEqual(["Not everything in the address fits: texts, charts and code are never taken from an address."]);
  session.store.arrangement.set("notes", { text: "secret words" });
  expect(JSON.stringify(session.store.view())).not.toContain("secret");
});
