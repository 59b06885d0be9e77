"""Every component there is, in every host there is: it draws, says what it shows, and has no serious fault for axe."""

import re
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import bathyscope as bs
from e2e.axe import serious_faults
from e2e.foreign import Comm, ForeignHost
from e2e.waiting import comes_to
from recordings import write_recording

pytestmark = pytest.mark.browser

# Made from the list of definitions; a test of the page's own sees to it that it is never older.
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "components.md"
COMPONENTS = re.findall(r"^## (\S+)$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
HOSTS = ("server", "notebook", "report")
EXPLAINED = {"anywidget": "No module of the anywidget standard is registered."}
"""Components that have nothing to draw by default, and say what they need."""
FOCUS = 41
SIZE = {"width": 1280, "height": 12_000}  # nothing is far below the window, where it would not be drawn

SEEN = """() => {
  const frame = document.querySelector("[data-lm-suppress-shortcuts]")?.shadowRoot;
  const parts = (frame ?? document.querySelector(".views"))?.querySelectorAll(".part[data-component]") ?? [];
  const drawn = [...parts].filter((part) => part.shadowRoot);
  return Object.fromEntries(drawn.map((part) => {
    const texts = (selector) => [...part.shadowRoot.querySelectorAll(selector)]
      .filter((el) => el.checkVisibility({ visibilityProperty: true })).map((el) => el.innerText.trim());
    const { width, height } = part.getBoundingClientRect();
    return [part.dataset.component, {
      title: texts("h1, h2, h3")[0] ?? "",
      words: [...part.shadowRoot.children].map((child) => child.innerText ?? "").join(" ").trim(),
      failed: texts(".failure, [role=alert]"),
      waiting: texts(".waiting"),
      explained: texts(".explanation"),
      area: width * height,
    }];
  }));
}"""
DRAWN = f"""(count) => {{
  const seen = Object.values(({SEEN})());
  return seen.length === count && seen.every(({{ title, waiting }}) => title !== "" && waiting.length === 0);
}}"""


@dataclass
class Opened:
    """A page of all components in one host, and all that went wrong or was asked for in it."""

    page: Any
    origin: str
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @cached_property
    def seen(self) -> dict[str, Any]:
        """What each component shows, once all are drawn; to read it all takes a while."""
        return self.page.evaluate(SEEN)


def counts(said):
    """Whether a message on the console is a fault; the foreign host has no icon for its tab."""
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


@pytest.fixture(scope="module")
def everything(browser, tmp_path_factory):
    """The same recording and the same page of all components, open in all hosts at once."""
    folder = tmp_path_factory.mktemp("everything")
    write_recording(folder / "run").close()
    layout = bs.Layout("Everything")
    place = layout.page("All")
    for component in COMPONENTS:
        place.tile(component)
    with ExitStack() as closing:
        host = ForeignHost()
        closing.callback(host.close)
        patch = closing.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("comm.create_comm", lambda **given: Comm(host, uuid.uuid4().hex))
        hub = closing.enter_context(bs.Hub(folder / "run"))
        for analysis in ("familiarity", "duplicates", "trajectories", "recommend", "labels"):
            hub.run(analysis)
        hub.run("counterfactual", predicted="dog", split="test")  # what the view of neurons asks first
        hub.focus = FOCUS
        bs.export(folder / "run", folder / "report.html", layout=layout)
        served = closing.enter_context(bs.show(folder / "run", port=0, open_browser=False, layout=layout))

        def opened(url, origin, *, offline=False):
            context = browser.new_context(viewport=SIZE, reduced_motion="reduce", offline=offline)
            closing.callback(context.close)
            one = Opened(context.new_page(), origin)
            one.page.on("pageerror", lambda error: one.problems.append(str(error)))
            one.page.on("console", lambda said: one.problems.append(said.text) if counts(said) else None)
            one.page.on("request", lambda request: one.requests.append(request.url))
            one.page.goto(url)
            return one

        pages = {
            "server": opened(f"{served.url}#focus={FOCUS}", served.url.partition("?")[0]),
            "notebook": opened(host.url, host.url),
            "report": opened(f"{(folder / 'report.html').as_uri()}#focus={FOCUS}", folder.as_uri(), offline=True),
        }
        pages["notebook"].page.evaluate("ready")
        host.show(pages["notebook"].page, hub.page(list(COMPONENTS)))
        for one in pages.values():
            one.page.wait_for_function(DRAWN, arg=len(COMPONENTS), timeout=120_000, polling=250)  # reading is dear
        yield pages


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("host", HOSTS)
def test_it_draws_with_its_default_options(everything, host, component):
    seen = everything[host].seen[component]
    assert seen["failed"] == []
    assert len(seen["words"]) > len(seen["title"]) + 10
    assert seen["area"] > 300 * 40
    assert [text.partition("\n\n")[2].startswith(EXPLAINED.get(component, "…")) for text in seen["explained"]] == (
        [True] if component in EXPLAINED else []
    )


def test_it_says_the_same_in_every_host(everything):
    def titles():
        return [{name: seen["title"] for name, seen in one.page.evaluate(SEEN).items()} for one in everything.values()]

    def differing():
        found = titles()
        return {
            name: [each.get(name) for each in found]
            for name in COMPONENTS
            if len({each.get(name) for each in found}) > 1
        }

    comes_to(everything["server"].page, differing, {})
    assert sorted(titles()[0]) == sorted(COMPONENTS)
    assert titles()[0]["inspector"] == f"s/{FOCUS:04d}"


@pytest.mark.parametrize("host", ["server", "notebook"])  # around its views a report is the server's page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_any_of_them(everything, host, scheme):
    page = everything[host].page
    page.emulate_media(color_scheme=scheme)
    page.locator(f"[data-theme={scheme}]").first.wait_for()
    assert serious_faults(page, *(["#outputs"] if host == "notebook" else [])) == []


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_goes_wrong_and_nothing_is_asked_for_elsewhere(everything, host):
    one = everything[host]
    assert one.problems == []
    assert [url for url in one.requests if not url.startswith((one.origin, "data:", "blob:"))] == []
