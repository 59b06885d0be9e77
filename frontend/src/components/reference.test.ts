import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { COMPONENTS } from "./all";
import { defineComponent } from "./component";
import { checked } from "./options";
import { namesOf, referenceOf } from "./reference";

const PAGE = resolve(process.cwd(), "../docs/reference/components.md");
const NAMES = resolve(process.cwd(), "../src/bathyscope/workbench/views.json");

test.each([[PAGE, referenceOf(COMPONENTS)], [NAMES, namesOf(COMPONENTS)]])("what is told of the views in %s is fresh", (path, told) => {
  if (process.env["BATHYSCOPE_WRITE_REFERENCE"] === "1") writeFileSync(path, told);
  expect(readFileSync(path, "utf8"), "Write it again with: python tools/component_reference.py").toBe(told);
});

test("every view says in a few words what it answers, and every option what it is, in a sentence", () => {
  for (const { type, title, options } of COMPONENTS) {
    expect(title.length, type).toBeGreaterThan(3);
    for (const [name, { says }] of Object.entries(options)) expect(says, `${type}.${name}`).toMatch(/^[A-Z“].*\.$/s);
  }
  expect(new Set(COMPONENTS.map(({ type }) => type)).size).toBe(COMPONENTS.length);
});

test("the default of every option is itself what the option takes", () => {
  for (const { type, options } of COMPONENTS) {
    const defaults = Object.fromEntries(Object.entries(options).filter(([, { default: value }]) => value !== null).map(([name, spec]) => [name, spec.default]));
    expect(checked(options, defaults).wrong, type).toEqual([]);
  }
});

test("kinds, defaults and what stays in the layout are told; a bar in a sentence does not end its cell", () => {
  const odd = defineComponent({
    type: "odd", title: "What is odd", needs: ["labels"], styles: "", applies: () => true, mount: () => () => undefined,
    options: {
      by: { type: "choice", default: "loss", choices: ["loss", "time"], says: "Sorted by a | b." },
      text: { type: "text", default: null, private: true, says: "Some text." },
    },
  });
  const page = referenceOf([odd]);
  expect(page.slice(page.indexOf("## odd"))).toBe(
    "## odd\n\nWhat is odd.\n\nNeeds labels.\n\n| option | kind | default | what it says |\n|---|---|---|---|\n| `by` | one of `loss`, `time` | `\"loss\"` | Sorted by a \\| b. |\n| `text` | text | chosen by the view | Some text. Layout only. |\n",
  );
});
