"""The views' own code, taken from their widgets, at work in a page that knows nothing of Jupyter or of us."""

import re
import threading
import uuid

import pytest
from playwright.sync_api import expect

import bathyscope as bs
from e2e.foreign import Comm, ForeignHost
from e2e.waiting import PATIENCE, comes_to
from recordings import write_recording

pytestmark = pytest.mark.browser


@pytest.fixture
def host(monkeypatch):
    """A running foreign host that carries the messages of every widget made in the test."""
    running = ForeignHost()
    # Widgets of earlier tests are collected late, and take whatever has their name from the list of widgets.
    monkeypatch.setattr("comm.create_comm", lambda **given: Comm(running, uuid.uuid4().hex))
    yield running
    running.close()


@pytest.fixture
def hub(host, tmp_path):
    """A hub over sixty pictures of three classes."""
    write_recording(tmp_path / "run").close()
    with bs.Hub(tmp_path / "run") as hub:
        yield hub


@pytest.fixture
def open_host(host, browser):
    """Open the foreign page; afterwards nothing may have gone wrong in it."""
    contexts, problems = [], []

    def open_host(age="today", *, dark=False, width=900):
        context = browser.new_context(
            viewport={"width": width, "height": 1100},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{host.url}?host={age}")
        page.evaluate("ready")
        return page

    yield open_host
    for context in contexts:
        context.close()
    assert [problem for problem in problems if "favicon" not in problem and "404" not in problem] == []


def cell(page, output):
    """A cell of the confusion matrix that is not empty, and its count."""
    found = page.locator(f"#{output}").get_by_role("gridcell", name=re.compile(r"^\d+ \w+ called \w+")).first
    found.wait_for()
    words = None
    while (now := found.get_attribute("aria-label") or found.inner_text()) != words:  # until it is at rest
        words = now
        page.wait_for_timeout(250)
    return found, int(re.match(r"\d+", words)[0])


def heading(page, output):
    return page.locator(f"#{output} .titles :is(h1, h2, h3)").first


def shows(locator, pattern):
    locator.filter(has_text=re.compile(pattern)).wait_for()


@pytest.mark.parametrize("age", ["today", "old"])
def test_two_views_are_linked_in_the_browser_with_or_without_the_host_s_help(hub, host, open_host, age):
    views = [hub.view("confusion"), hub.view("grid", height=400)]
    page = open_host(age)
    if age == "old":  # such a host makes every model as soon as Python does, and lets no view ask for another
        page.evaluate("(id) => { made(id); }", views[0].hub.model_id)
    confusion, grid = (host.show(page, view) for view in views)
    page.locator(f"#{grid} img").first.wait_for()
    door, count = cell(page, confusion)
    before = len(host.asked)
    door.click()
    shows(heading(page, grid), f"^{count} ")
    # Which samples these are was known in the browser: what was asked of Python are their pictures.
    asked = [
        request["path"]
        for message in host.asked[before:]
        for request in (message.get("custom") or {}).get("requests", [])
    ]
    # (A figure that was asked for before the click may still be on its way.)
    known = ("/api/media/", "/api/state", "/api/tables/samples?", "/api/tables/results/performance/")
    assert all(path.startswith(known) for path in asked), asked
    shown = page.locator(f"#{grid} img").first
    page.wait_for_function("(image) => image.complete && image.naturalWidth > 0", arg=shown.element_handle())
    assert shown.get_attribute("src").startswith("blob:")


def test_python_and_the_page_tell_each_other_and_nobody_hears_an_echo(hub, host, open_host):
    page = open_host()
    grid = host.show(page, hub.view("grid"))
    shows(heading(page, grid), "it gets wrong")
    heard, arrived = [], threading.Semaphore(0)

    def observer(change):
        heard.append(sorted(change.fields))
        arrived.release()

    hub.observe(observer)
    hub.filter = "camera = 'right'"
    shows(page.locator(f"#{grid} .strip.filtered"), "camera = right")
    hub.select([4, 8])
    hub.focus = "s/0008"
    shows(heading(page, grid), "^2 samples")
    page.locator(f"#{grid}").get_by_role("button", name="Clear filter").click()
    assert arrived.acquire(timeout=PATIENCE)
    assert heard == [["filter"]]
    assert hub.filter == ""
    posted = [
        request["body"]
        for message in host.asked
        for request in (message.get("custom") or {}).get("requests", [])
        if request["path"] == "/api/state"
    ]
    assert [sorted(body.keys() - {"by"}) for body in posted] == [["filter"]]
    assert (hub.selection.indices.tolist(), hub.focus) == ([4, 8], 8)


def test_a_second_page_shows_what_the_first_one_does(hub, host, open_host):
    first, second = open_host(), open_host()
    grids = [host.show(page, hub.view("grid")) for page in (first, second)]
    confusion = host.show(first, hub.view("confusion"))
    door, count = cell(first, confusion)
    door.click()
    for page, grid in zip((first, second), grids, strict=True):
        shows(heading(page, grid), rf"^{count} ")


def test_a_view_shown_twice_cleared_and_shown_again_keeps_what_was_chosen(hub, host, open_host):
    view = hub.view("grid", height=300)
    page = open_host()
    one, two = host.show(page, view), host.show(page, view)
    for output in (one, two):
        shows(heading(page, output), "it gets wrong")
    hub.select([1, 2, 3])
    for output in (one, two):
        shows(heading(page, output), "^3 samples")
    page.evaluate("(name) => clear(name)", one)
    page.evaluate("(name) => clear(name)", two)
    expect(page.locator(".frame")).to_have_count(0)
    again = host.show(page, view)
    shows(heading(page, again), "^3 samples")
    view.height = 260
    page.wait_for_function("() => document.querySelector('[data-lm-suppress-shortcuts]').offsetHeight === 260")


def test_a_page_of_views_lies_side_by_side_and_an_unknown_one_says_so(hub, host, open_host):
    page = open_host(width=1200)
    view = hub.page(["confusion", {"type": "grid"}])
    view.options = {"tiles": [*view.options["tiles"], {"type": "scater", "options": {}}]}
    output = host.show(page, view)
    shows(page.locator(f"#{output} .explanation"), "There is no view called “scater”. Views: .*confusion")
    cell(page, output)
    # Asked for together: a page that is still being laid out moves between two questions.
    boxes = "tiles => tiles.map(tile => tile.getBoundingClientRect().toJSON())"

    def lie_side_by_side():
        left, right = page.locator(f"#{output} .tile").evaluate_all(boxes)[:2]
        return left["y"] == right["y"] and right["x"] >= left["x"] + left["width"]

    comes_to(page, lie_side_by_side, True)


def test_options_are_the_same_in_python_and_in_every_display(hub, host, open_host):
    view = hub.view("confusion", order="name")
    page = open_host()
    one, two = host.show(page, view), host.show(page, view)
    choices = [page.locator(f"#{output} select").first for output in (one, two)]
    for output in (one, two):
        cell(page, output)
    for choice in choices:
        expect(choice).to_have_value("name")
    saved = threading.Event()
    view.observe(lambda change: saved.set(), "options")
    choices[0].select_option("given")
    assert saved.wait(PATIENCE)
    assert view.options.get("order", "given") == "given"
    expect(choices[1]).to_have_value("given")
    # Undo takes back what was done in the view, and nobody loses a tile by it.
    saved.clear()
    page.locator(f"#{one} button").first.focus()
    page.keyboard.press("Control+z")
    assert saved.wait(PATIENCE)
    assert view.options == {"order": "name"}
    view.options = {"order": "size"}
    for choice in choices:
        expect(choice).to_have_value("size")
    # Told once for each change that a person made, and never back what Python said.
    updates = [message["update"] for message in host.asked if "update" in message]
    assert updates == [{"options": {}}, {"options": {"order": "name"}}]


def test_the_dashboard_and_the_notebook_are_linked(hub, host, open_host, browser):
    page = open_host()
    grid = host.show(page, hub.view("grid"))
    shows(heading(page, grid), "it gets wrong")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    dashboard = context.new_page()
    dashboard.goto(hub.show(port=0, open_browser=False))
    door = dashboard.get_by_role("gridcell", name=re.compile(r"^\d+ \w+ called \w+")).first
    door.wait_for()
    count = int(re.match(r"\d+", door.get_attribute("aria-label") or door.inner_text())[0])
    door.click()
    shows(heading(page, grid), f"^{count} ")
    hub.filter = "camera = 'left'"
    shows(page.locator(f"#{grid} .strip.filtered"), "camera = left")
    shows(dashboard.locator(".chip"), "camera = left")
    context.close()


def test_a_chart_brings_its_library_over_the_same_line(hub, host, open_host):
    page = open_host()
    output = host.show(page, hub.view("chart", height=420))
    page.locator(f"#{output} .part svg, #{output} .part canvas").first.wait_for()
    asked = [
        request["path"]
        for message in host.asked
        for request in (message.get("custom") or {}).get("requests", [])
        if request["path"].startswith("/assets/")
    ]
    assert len(asked) == 1
    assert re.fullmatch(r"/assets/[\w-]+\.js", asked[0])


def test_a_closed_hub_leaves_the_picture_and_says_how_to_go_on(hub, host, open_host):
    page = open_host()
    confusion = host.show(page, hub.view("confusion"))
    door, _ = cell(page, confusion)
    hub.close()
    shows(page.locator(f"#{confusion} .strip.lost"), "run the cell that makes the hub and then this one")
    expect(door).to_be_visible()


@pytest.mark.parametrize("age", ["today", "old"])
def test_a_view_without_its_hub_says_how_to_run_it_again(hub, host, open_host, age):
    view = hub.view("confusion")
    hub.close()
    page = open_host(age)
    page.clock.install()
    output = host.show(page, view)
    page.clock.run_for(25_000)
    shows(page.locator(f"#{output} [role=alert]"), r"This view needs its kernel\..*hub = bs\.Hub")


def test_the_notebook_s_keys_and_wheel_stay_out_and_its_style_too(hub, host, open_host):
    page = open_host()
    output = host.show(page, hub.view("confusion"))
    door, _ = cell(page, output)
    page.evaluate(
        """() => {
            window.heard = [];
            for (const kind of ["keydown", "wheel"])
                document.addEventListener(kind, (event) => heard.push(event.key ?? kind));
        }"""
    )
    door.hover()
    page.mouse.wheel(0, 1)
    page.wait_for_function("() => heard.includes('wheel')")
    door.focus()
    page.mouse.wheel(0, 1)
    for key in ("d", "Escape", "ArrowDown"):
        page.keyboard.press(key)
    page.locator(f"#{output} button").first.focus()
    for key in ("x", "Shift+Enter", "Control+s"):  # the last two run the cell and save the notebook
        page.keyboard.press(key)
    page.wait_for_function("() => heard.includes('s')")
    assert page.evaluate("heard") == ["wheel", "Enter", "s"]
    style = page.locator(f"#{output} .frame").evaluate("(frame) => getComputedStyle(frame)['letter-spacing']")
    assert style == "normal"


THEMES = {
    "document.body.dataset.jpThemeLight = 'false'": "delete document.body.dataset.jpThemeLight",
    "document.body.style.setProperty('--jp-layout-color0', '#111111')": "document.body.style = ''",
    "document.body.classList.add('vscode-dark')": "document.body.classList.remove('vscode-dark')",
    "document.documentElement.classList.add('dark')": "document.documentElement.classList.remove('dark')",
    "document.documentElement.setAttribute('theme', 'dark')": "document.documentElement.removeAttribute('theme')",
}
"""How hosts say that they turn dark, and that they are light again."""


def test_the_theme_around_is_followed(hub, host, open_host):
    page = open_host()
    output = host.show(page, hub.view("grid"))
    frame = page.locator(f"#{output} .frame")
    expect(frame).to_have_attribute("data-theme", "light")
    for darken, lighten in THEMES.items():
        for change, theme in ((darken, "dark"), (lighten, "light")):
            page.evaluate(f"() => {{ {change} }}")
            page.locator(f"#{output} .frame[data-theme={theme}]").wait_for()


def test_where_nobody_says_the_system_s_theme_is_taken(hub, host, open_host):
    page = open_host(dark=True)
    output = host.show(page, hub.view("grid"))
    expect(page.locator(f"#{output} .frame")).to_have_attribute("data-theme", "dark")


def test_a_notebook_opened_without_its_kernel_shows_the_stored_view_or_how_to_run_it(hub, host, browser, tmp_path):
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    said, _ = hub.view("confusion")._repr_mimebundle_()
    exported = tmp_path / "notebook.html"
    exported.write_text(said["text/html"])
    page.goto(exported.as_uri())
    assert page.inner_text("body") == (
        "This view of Bathyscope lives only as long as its notebook's kernel. Run the cell that makes the hub, then "
        "this one."
    )
    data, _ = hub.page(["confusion", "grid"], stored=True)._repr_mimebundle_()
    assert len(data["text/html"]) < 5_000_000
    exported.write_text(f'<meta charset="utf-8">{data["text/html"]}')
    page.goto(exported.as_uri())
    inside = page.frame_locator("iframe[title='Stored view']")
    door = inside.get_by_role("gridcell", name=re.compile(r"^\d+ \w+ called \w+")).first
    door.wait_for()
    count = int(re.match(r"\d+", door.get_attribute("aria-label") or door.inner_text())[0])
    door.click()
    shows(inside.locator(".of-grid .titles :is(h1, h2, h3)").first, f"^{count} ")
    image = inside.locator(".of-grid img").first
    image.wait_for()
    context.close()
