"""Views of others and free charts, at work in a real browser under the page's own policy."""

import json
import re

import pytest
from playwright.sync_api import expect

import bathyscope as bs
from bathyscope.workbench.new_component import new_component
from recordings import write_recording

pytestmark = pytest.mark.browser

REPORT_POLICY = (
    "document.addEventListener('securitypolicyviolation',"
    " event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
)

HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1>',
    "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>",
    "[a](javascript:window.ran=1)",
    "![a](javascript:window.ran=1)",
    "<style>* { background: url(https://elsewhere.example) }</style>",
    "![pixel](https://elsewhere.example/pixel.png)",
    "<form action=https://elsewhere.example><button>go</button></form>",
    "<a href='data:text/html,<script>opener.ran=1</script>'>b</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1>",
    "`</code><script>window.ran = 1</script>`",
    '| a |\n|---|\n| <img src=x onerror="window.ran = 1"> |',
    "{{constructor.constructor('window.ran = 1')()}}",
)


@pytest.fixture
def hub(tmp_path):
    """A small recording with 60 samples, 20 of them in the test split."""
    write_recording(tmp_path / "run").close()
    with bs.Hub(tmp_path / "run") as hub:
        yield hub


@pytest.fixture
def open_tiles(hub, open_page):
    """Open the hub's page with these tiles; nothing may go wrong in it, and nothing be refused by its policy."""

    def open_tiles(*tiles, expect_problems=False):
        placed = [
            {"id": f"t{place}", "x": 6 * (place % 2), "y": place // 2, "w": 6, "h": 1, **tile}
            for place, tile in enumerate(tiles)
        ]
        layout = {"version": 1, "pages": [{"id": "own", "title": "Own", "tiles": placed, "dock": None}]}
        hub.recording.decisions.append("layout", {"layout": layout, "given": None}, author="ada")
        url = hub.url or hub.show(port=0, open_browser=False)
        return open_page(url, height=1600, expect_problems=expect_problems)

    return open_tiles


def shows(page, count):
    """Wait until the table of samples has so many."""
    page.get_by_role("heading", name=re.compile(f"^{count} samples, row by row")).wait_for()


def test_a_widget_from_pypi_filters_the_page_and_is_told_what_the_page_filters(hub, open_tiles):
    searchselect = pytest.importorskip("searchselect")
    hub.register_module("picker", searchselect.SearchSelect)
    tied = {"items": "classes", "selected": "filter:label", "theme": "theme"}
    options = {"module": "picker", "title": "Classes", "map": tied}
    page = open_tiles({"component": "anywidget", "options": options}, {"component": "table"})
    widget = page.get_by_role("region", name="Classes")
    shows(page, 20)
    widget.get_by_role("row", name=re.compile("dog")).get_by_role("checkbox").click()
    page.get_by_text("label = dog").first.wait_for()
    shows(page, 7)
    widget.get_by_text("1 selected").wait_for()
    page.get_by_role("button", name=re.compile("^Undo")).click()
    widget.get_by_text("0 selected").wait_for()
    shows(page, 20)
    assert "picker" not in page.url


def test_a_module_that_throws_fails_in_its_tile_only(hub, open_tiles):
    hub.register_module("broken", "export default { render() { throw new TypeError('no canvas here'); } };\n")
    hub.register_module("old", "export function render({ el }) {}\n")
    page = open_tiles(
        {"component": "anywidget", "options": {"module": "broken"}},
        {"component": "anywidget", "options": {"module": "old"}},
        {"component": "anywidget", "options": {"module": "nowhere"}},
        {"component": "table"},
    )
    page.get_by_text("TypeError: no canvas here The rest of the page works.").wait_for()
    page.get_by_text("exports “render” by name, a form that the anywidget standard has given up.").wait_for()
    page.get_by_text("This tile asks for the module “nowhere”, which is not registered.").wait_for()
    page.get_by_role("grid", name="Samples as a table").wait_for()


def test_the_template_of_a_component_works_as_written_and_a_saved_change_is_on_the_page(tmp_path, hub, open_tiles):
    new_component("kinds", tmp_path)
    file = tmp_path / "kinds" / "kinds.js"
    hub.register_component(file)
    page = open_tiles({"component": "outside:kinds"}, {"component": "table"})
    view = page.get_by_role("region", name="How many samples there are of each kind")
    view.get_by_title(re.compile("SHA-256 of the code: [0-9a-f]{64}")).wait_for()
    row = view.get_by_role("button", name=re.compile("^dog"))
    expect(row).to_have_text(re.compile(r"^\s*dog\s*7\s*$"))
    row.click()
    shows(page, 7)
    view.get_by_role("button", name=re.compile("^cat")).get_by_text("6").wait_for()  # it does not filter itself
    expect(row).to_have_attribute("aria-pressed", "true")
    file.write_text(file.read_text().replace("How many samples there are of each kind", "Another title"))
    hub.register_component(file)
    page.get_by_role("region", name="Another title").get_by_role("button", name=re.compile("^dog")).wait_for()


def test_a_chart_is_drawn_without_compiling_strings_and_leads_to_its_samples(open_tiles):
    page = open_tiles({"component": "chart", "options": {"title": "Own chart"}}, {"component": "table"})
    chart = page.get_by_role("region", name="Own chart")
    picture = chart.get_by_role("img", name=re.compile("How many samples for each label; 20 samples"))
    canvas = picture.locator("canvas")
    canvas.wait_for()
    painted = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
    page.wait_for_function(f"canvas => new Set({painted}).size > 10", arg=canvas.element_handle())
    chart.get_by_text("Figures").click()
    chart.locator(".figures tbody tr").nth(3).wait_for()
    figures = {
        row.locator("td").first.inner_text(): int(row.locator("td").last.inner_text().split(":")[0])
        for row in chart.locator(".figures tbody tr").all()
    }
    assert figures == {"cat": 6, "dog": 7, "owl": 6, "missing": 1}
    chart.locator(".figures tbody tr", has_text="owl").get_by_role("button").click()
    shows(page, 6)
    chart.get_by_label("Across").select_option("brightness")
    chart.get_by_role("img", name=re.compile("How many samples for each brightness; 20 samples")).wait_for()


@pytest.mark.parametrize("form", ["report.html", "report"])
def test_a_chart_and_a_text_are_in_a_report_too(tmp_path, browser, hub, form):
    tiles = [
        {"id": "c", "component": "chart", "x": 0, "y": 0, "w": 6, "h": 1},
        {"id": "m", "component": "markdown", "x": 6, "y": 0, "w": 6, "h": 1, "options": {"text": "It is **true**."}},
        {"id": "a", "component": "anywidget", "x": 0, "y": 1, "w": 6, "h": 1, "options": {"module": "picker"}},
    ]
    layout = {"version": 1, "pages": [{"id": "own", "title": "Own", "tiles": tiles, "dock": None}]}
    hub.recording.decisions.append("layout", {"layout": layout, "given": None}, author="ada")
    bs.export(hub.path, tmp_path / form)
    problems, requests = [], []
    single = form.endswith(".html")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=single)
    context.add_init_script(REPORT_POLICY)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    if not single:
        folder = tmp_path / form
        context.route(
            "http://report.test/**",
            lambda route: route.fulfill(path=folder / (route.request.url.split("/", 3)[3] or "index.html")),
        )
    page.goto((tmp_path / form).as_uri() if single else "http://report.test/")
    page.get_by_role("region", name="How many samples for each label").locator("canvas").wait_for()
    expect(page.locator(".text strong")).to_have_text("true")
    page.get_by_text("No module of the anywidget standard is registered.").wait_for()
    context.close()
    assert problems == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:", "http://report.test/"))] == []


def test_hostile_texts_and_charts_run_nothing_and_ask_for_nothing(open_tiles):
    values = [{"name": text, "n": place} for place, text in enumerate(HOSTILE)]
    encoding = {"x": {"field": "name", "type": "nominal"}, "y": {"field": "n", "type": "quantitative"}}
    charts = [
        {"data": {"values": values}, "mark": {"type": "bar", "tooltip": True}, "encoding": encoding},
        {
            "data": {"values": values},
            "mark": "text",
            "encoding": {**encoding, "href": {"value": "javascript:window.ran=1"}, "text": {"field": "name"}},
        },
        {
            "data": {"values": values},
            "mark": "image",
            "encoding": {**encoding, "url": {"value": "//elsewhere.example"}},
        },
        {"data": {"url": "https://elsewhere.example/data.json"}, "mark": "bar"},
        {
            "data": {"values": values},
            "transform": [{"calculate": "constructor.constructor('window.ran = 1')()", "as": "z"}],
            "mark": "bar",
            "encoding": encoding,
        },
    ]
    tiles = [{"component": "markdown", "options": {"title": text, "text": text}} for text in HOSTILE]
    tiles += [{"component": "chart", "options": {"title": f"chart {n}", "spec": spec}} for n, spec in enumerate(charts)]
    page = open_tiles(*tiles)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for n in range(len(charts)):
        region = page.get_by_role("region", name=f"chart {n}")
        region.scroll_into_view_if_needed()
        region.locator("canvas").or_(region.get_by_role("alert")).first.wait_for()
    first = page.get_by_role("region", name="chart 0").locator("canvas")
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    for step in range(12):
        page.mouse.move(box["x"] + box["width"] * (step + 1) / 13, box["y"] + box["height"] * 0.55)
        page.mouse.click(box["x"] + box["width"] * (step + 1) / 13, box["y"] + box["height"] * 0.55)
    expect(page.get_by_text("The chart asks for data at")).to_have_count(1)
    assert page.evaluate("window.ran") is None
    assert [url for url in asked if "elsewhere" in url] == []
    assert len(page.context.pages) == 1


def test_an_address_brings_no_text_chart_or_code(hub, open_tiles):
    page = open_tiles({"component": "markdown", "options": {"text": "as it was"}}, {"component": "chart"})
    page.get_by_text("as it was").wait_for()
    evil = [
        ("t0", {"text": "<img src=x onerror='window.ran = 1'>", "title": "Log in again"}),
        ("t1", {"title": "Evil", "spec": {"mark": "bar", "data": {"url": "https://elsewhere.example"}}}),
    ]
    page.evaluate(
        "tiles => { location.hash = new URLSearchParams(tiles.map(t => ['tile', t])).toString(); location.reload(); }",
        [f"{tile}:{json.dumps(options)}" for tile, options in evil],
    )
    page.get_by_text("texts, charts and code are never taken from an address").wait_for()
    page.get_by_text("as it was").wait_for()
    assert page.get_by_text("Log in again").count() == 0
    assert page.get_by_text("Evil").count() == 0
