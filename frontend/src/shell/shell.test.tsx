import { render } from "preact";
import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { settle } from "../components/mounted";
import { Session } from "../state/session";
import { followTheme } from "../state/theme";
import { Page } from "./page";

let close: (() => void) | null = null;
afterEach(() => close?.());

async function page(host = new FakeHost()): Promise<{ host: FakeHost; session: Session; root: HTMLElement }> {
  const session = new Session(host, await host.recording());
  const theme = followTheme(document.documentElement);
  const root = document.createElement("div");
  document.body.append(root);
  render(<Page session={session} theme={theme} />, root);
  session.start("", () => undefined);
  await settle();
  close = () => {
    render(null, root);
    session.stop();
    theme.stop();
    root.remove();
    localStorage.clear();
  };
  return { host, session, root };
}

const press = async (key: string) => {
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await settle();
};

const button = (root: HTMLElement, start: string) => {
  const found = [...root.querySelectorAll("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent ?? "").startsWith(start));
  if (!found) throw new Error(`no button "${start}"`);
  return found;
};

test("brackets step through the checkpoints, a question mark opens the shortcuts", async () => {
  const { session, root } = await page();
  await press("[");
  expect(session.store.checkpoint.value?.name).toBe("000002");
  await press("]");
  expect(session.store.following()).toBe(true);
  await press("?");
  expect(root.querySelector("dialog")?.getAttribute("aria-label")).toBe("Shortcuts");
});

test("the theme goes round auto, light, dark and is kept", async () => {
  const { root } = await page();
  button(root, "Theme: as the system").click();
  await settle();
  expect([document.documentElement.dataset["theme"], localStorage.getItem("bathyscope.theme")]).toEqual(["light", "light"]);
  button(root, "Theme: light").click();
  await settle();
  expect([document.documentElement.dataset["theme"], localStorage.getItem("bathyscope.theme")]).toEqual(["dark", "dark"]);
  button(root, "Theme: dark").click();
  await settle();
  expect(localStorage.getItem("bathyscope.theme")).toBeNull();
});

test("what is printed is light, and the screen is dark again afterwards", async () => {
  const { root } = await page();
  button(root, "Theme: as the system").click();
  await settle();
  button(root, "Theme: light").click();
  await settle();
  const shown = () => document.documentElement.dataset["theme"];
  window.dispatchEvent(new Event("beforeprint"));
  const printed = shown();
  window.dispatchEvent(new Event("afterprint"));
  expect([printed, shown()]).toEqual(["light", "dark"]);
});

test("a lost server is said with what is safe, and can be tried at once", async () => {
  const { host, root } = await page();
  host.tell({ type: "connection", connection: { state: "lost", retryAt: Date.now() + 4000, reason: "The server does not answer." } });
  await settle();
  expect(root.querySelector("footer")?.textContent).toContain("The server does not answer. What is shown stays. Trying again in 4 s");
  button(root, "Try now").click();
  expect(host.asked).toContain("reconnect");
  host.tell({ type: "connection", connection: { state: "connected" } });
  await settle();
  expect(root.querySelector("footer")?.textContent).toContain("Connected");
});

test("a live run says whether it is followed, and following can be taken up again", async () => {
  const { session, root } = await page(new FakeHost(3, { writing: true }));
  expect(root.querySelector("footer")?.textContent).toContain("Live: following");
  session.store.choose(0);
  await settle();
  expect(root.querySelector("footer")?.textContent).toContain("Live: held at checkpoint 1 of 3");
  button(root, "Follow").click();
  expect(session.store.following()).toBe(true);
});

test("what was found is announced, and an unknown event is shown rather than dropped", async () => {
  const { host, session, root } = await page();
  await session.pick({ kind: "cell", label: 0, prediction: 1 }, "confusion");
  host.tell({ type: "unknown", name: "weather" });
  await settle();
  expect(root.querySelector("[aria-live]")?.textContent).toBe("1 T-shirt called Shirt");
  expect(root.querySelector(".notice")?.textContent).toContain('sent "weather", which this page does not know');
});

test("the inspector is a panel that opens with a sample and closes with Escape", async () => {
  const { session, root } = await page();
  session.store.focus.value = 3;
  await settle();
  expect(root.querySelector("aside")?.getAttribute("aria-label")).toBe("Inspector");
  await press("Escape");
  expect(root.querySelector("aside")).toBeNull();
});

test("closing the inspector takes the focus from nobody who has got it meanwhile", async () => {
  const { session, root } = await page();
  const [opener, field] = [button(root, "Shortcuts"), document.createElement("input")];
  root.append(field);
  const closed = async (between: () => void) => {
    opener.focus();
    session.store.focus.value = 3;
    await settle();
    session.store.focus.value = null;
    (document.activeElement as HTMLElement).blur();
    between();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return document.activeElement;
  };
  expect(await closed(() => undefined)).toBe(opener);
  expect(await closed(() => field.focus())).toBe(field);
});

test("choosing a split asks the opening question of it", async () => {
  const { session, root } = await page();
  button(root, "train").click();
  await new Promise((resolve) => setTimeout(resolve, 260));
  await settle();
  expect(session.store.selection.value?.split).toBe("train");
});
