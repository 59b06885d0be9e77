// @vitest-environment jsdom
// The sanitiser asks much of a document; happy-dom parses HTML too loosely to tell what it lets through.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { clean, nodesOf } from "./sanitised";

function boxed(nodes: DocumentFragment): HTMLElement {
  const box = document.createElement("div");
  box.append(nodes);
  return box;
}

function drawn(text: string): HTMLElement {
  return boxed(nodesOf(text));
}

test("weakness 7: HTML in a text is shown as it was typed, and runs nothing", () => {
  const box = drawn("a <b onclick=x>word</b>\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>");
  expect([...box.querySelectorAll("*")].map((el) => el.tagName)).toEqual(["P"]);
  expect(box.textContent).toContain("a <b onclick=x>word</b>");
  expect(box.textContent).toContain("<script>alert(1)</script>");
  expect(box.textContent).toContain("<img src=x onerror=alert(1)>");
});

test("markdown becomes headings, lists, tables and code", () => {
  const box = drawn("# Found\n\n- one\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code`");
  expect([...box.querySelectorAll("h1, li, strong, td, code")].map((el) => `${el.tagName} ${el.textContent}`)).toEqual(["H1 Found", "LI one", "LI two", "STRONG two", "TD 1", "TD 2", "CODE code"]);
});

test("links go to the web or to mail, in a tab of their own that knows nothing of this one; others are words", () => {
  const links = [...drawn("[a](https://example.org) [b](mailto:a@b.c) [c](javascript:alert(1)) [d](/api/recording) [e](#pick=all) [f](data:text/html,x) [g](vbscript:x) [h](//elsewhere.example)").querySelectorAll("a")];
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://example.org", "mailto:a@b.c", null, null, null, null, null, null]);
  for (const link of links.slice(0, 2)) expect([link.getAttribute("rel"), link.getAttribute("target")]).toEqual(["noopener noreferrer", "_blank"]);
});

test("pictures come as data or are those of samples, never from elsewhere", () => {
  const pictures = [...drawn("![a](data:image/png;base64,AAAA) ![b](/api/media/3?size=96) ![c](https://elsewhere.example/pixel.png) ![d](//elsewhere.example/x) ![e](data:image/svg+xml;base64,AAAA) ![f](blob:x) ![g](/api/recording) ![h](x.png) ![i](/api/media/../recording)").querySelectorAll("img")];
  expect(pictures.map((picture) => picture.getAttribute("src"))).toEqual(["data:image/png;base64,AAAA", "/api/media/3?size=96", null, null, null, null, null, null, null]);
});

test.each(["<script>alert(1)</script>", "<style>*{display:none}</style>", "<iframe src=x></iframe>", "<form action=x><input name=a></form>", "<svg><a href=x></a></svg>", "<math><mtext></mtext></math>", "<object data=x></object>", "<base href=//x>", "<link rel=stylesheet href=x>", "<meta http-equiv=refresh content=0>", "<button onclick=x>b</button>", "<template><b></b></template>"])("%s does not get past the sanitiser either", (html) => {
  const tags = [...boxed(clean(`<p>before</p>${html}<p>after</p>`)).querySelectorAll("*")].map((el) => el.tagName.toLowerCase());
  expect(tags.filter((tag) => !["p", "b"].includes(tag))).toEqual([]);
});

test("no attribute but those of links, pictures and tables gets through", () => {
  const box = boxed(clean('<p onclick="x" style="color:red" class="a" id="b" data-x="1" aria-label="c">text</p><a href="https://a.b" onmouseover="x" ping="https://c.d" download>l</a>'));
  const names = [...box.querySelectorAll("*")].flatMap((el) => el.getAttributeNames()).sort();
  expect(names).toEqual(["href", "rel", "target"]);
});

test("no other file of the page makes nodes from HTML", () => {
  const makes = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|dangerouslySetInnerHTML|DOMParser|setHTMLUnsafe|\bsanitize\(/;
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && !file.includes(".test.")).map((file) => `src/${file}`);
  expect(files.filter((file) => makes.test(readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""))).map((file) => file.replaceAll("\\", "/"))).toEqual(["src/components/markdown/sanitised.ts"]);
});
