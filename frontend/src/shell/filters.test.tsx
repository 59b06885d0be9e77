import { render } from "preact";
import { afterEach, expect, test } from "vitest";
import { FakeHost } from "../hosts/fake";
import { settle } from "../components/mounted";
import { Session } from "../state/session";
import { followTheme } from "../state/theme";
import { Page } from "./page";

let close: (() => void) | null = null;
afterEach(() => close?.());

async function page(fragment = ""): Promise<{ session: Session; root: HTMLElement; click: (name: string) => Promise<void>; write: (text: string) => Promise<void> }> {
  const host = new FakeHost();
  const session = new Session(host, await host.recording());
  const theme = followTheme(document.documentElement);
  const root = document.createElement("div");
  document.body.append(root);
  render(<Page session={session} theme={theme} />, root);
  session.start(fragment, () => undefined);
  await settle();
  close = () => {
    render(null, root);
    session.stop();
    theme.stop();
    root.remove();
  };
  const named = (name: string) => {
    const found = [...root.querySelectorAll<HTMLElement>("button, input[type=checkbox]")].find((one) => (one.getAttribute("aria-label") ?? one.textContent ?? "").trim().startsWith(name));
    if (!found) throw new Error(`nothing called "${name}"`);
    return found;
  };
  return {
    session,
    root,
    click: async (name) => {
      named(name).click();
      await settle();
    },
    write: async (text) => {
      const field = root.querySelector<HTMLInputElement>("[aria-label='Filter as text']");
      if (!field) throw new Error("no field");
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await settle();
    },
  };
}

test("a written filter says how many match, or where it stops making sense, before it is applied", async () => {
  const { session, root, click, write } = await page();
  await click("Add a filter");
  await write("label = Shirt");
  expect(root.querySelector("#filter-draft")?.textContent).toBe("2 of 7 match");
  await write("label = Shirt and");
  expect(root.querySelector("#filter-draft")?.textContent).toContain("At 18: Expected a column, “not” or “(”, found the end.");
  await write("nothing_like_it = 3");
  expect(root.querySelector("#filter-draft")?.textContent).toContain("There is no column “nothing_like_it”.");
  await write("label = Shirt");
  await click("Filter");
  expect(root.querySelector(".counted")?.textContent).toBe("2 of 7");
  expect(session.history.undoable.value).toBe("Filter label = Shirt");
});

test("a chip switches off, changes and goes; undo brings it back", async () => {
  const { session, root, click, write } = await page("#filter=bar:label+%3D+Shirt");
  expect(session.history.undoable.value).toBeNull();
  await click("Apply filter label = Shirt");
  expect(root.querySelector(".counted")?.textContent).toBe("7 of 12 samples");
  await click("Edit filter label = Shirt");
  await write("label = Bag");
  await click("Change filter");
  expect(root.querySelector(".counted")?.textContent).toBe("3 of 7");
  await click("Remove filter label = Bag");
  expect(session.store.clauses.value).toEqual([]);
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "z", ctrlKey: true, bubbles: true }));
  await settle();
  expect(root.querySelector(".counted")?.textContent).toBe("3 of 7");
  await click("Redo: Remove filter label = Bag");
  expect(session.store.clauses.value).toEqual([]);
});

test("the beginning of a column's name narrows the columns, and Enter picks the first", async () => {
  const { session, root, click, write } = await page();
  await click("Add a filter");
  await write("dev");
  expect([...root.querySelectorAll(".columns .value-name")].map((name) => name.textContent)).toEqual(["device"]);
  expect(root.querySelector("#filter-draft")?.textContent).toBe("Enter picks device; or write on, such as “= …”.");
  root.querySelector("[aria-label='Filter as text']")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await settle();
  root.querySelector<HTMLInputElement>("[aria-label='Values of device'] input")?.click();
  await settle();
  await click("Filter");
  expect(session.store.clauses.value[0]?.expr).toEqual({ op: "in", column: "device", values: ["b"] });
});

test("a written filter is completed: columns where one is wanted, values of the column before them", async () => {
  const { session, root, click, write } = await page();
  await click("Add a filter");
  const field = () => root.querySelector<HTMLInputElement>("[aria-label='Filter as text']") as HTMLInputElement;
  const press = async (key: string) => {
    field().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await settle();
  };
  const offered = () => [...root.querySelectorAll(".columns .value-name")].map((name) => name.textContent);
  await write("device = ");
  expect(offered()).toEqual(["a", "b"]);
  await press("ArrowDown");
  expect(root.querySelector("#filter-draft")?.textContent).toBe("Enter writes b, ↑ ↓ choose another.");
  await press("Enter");
  expect(field().value).toBe('device = "b"');
  await write('device = "b" and not lab');
  await press("Enter");
  expect(field().value).toBe('device = "b" and not label ');
  // What can be read is applied by Enter, unless one of the offers is chosen.
  await write('label in (Shirt, "Ba');
  expect(offered()).toEqual(["Bag"]);
  await write("label = Shir");
  expect([offered(), root.querySelector("#filter-draft")?.textContent]).toEqual([["Shirt", "T-shirt"], "0 of 7 match"]);
  await write("label = Shirt");
  expect(offered()).not.toContain("Shirt");
  await press("Enter"); // nothing is chosen: left to the form
  root.querySelector<HTMLFormElement>("[role=dialog] form")?.requestSubmit();
  await settle();
  expect(session.store.clauses.value[0]?.expr).toEqual({ op: "eq", column: "label", value: "Shirt" });
});

test("a column's values are picked with their counts", async () => {
  const { session, root, click } = await page();
  await click("Add a filter");
  await click("device");
  root.querySelector<HTMLInputElement>("[aria-label='Values of device'] input")?.click();
  await settle();
  await click("Filter");
  expect(session.store.clauses.value[0]?.expr).toEqual({ op: "in", column: "device", values: ["b"] });
});
