"""The page around the views: pages, arranging, the palette, keys, addresses; in a real browser."""

import re
import shutil

import pytest
from playwright.sync_api import expect

import bathyscope as bs
from e2e.axe import serious_faults
from e2e.test_first_page import FOCUSED_ROLE, worst_cell
from e2e.waiting import at_rest, comes_to
from recordings import write_recording

pytestmark = pytest.mark.browser

PLACES = "() => [...document.querySelectorAll('.views [data-place]')].map(tile => tile.dataset.place)"
BEGIN_WITH = f"places => places.every((place, i) => ({PLACES})()[i] === place)"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
COLUMNS = """n => new Set([...document.querySelectorAll('.views > .tile')]
  .map(tile => tile.getBoundingClientRect().left)).size === n"""
FIRST_TILES = ["run-header", "curves", "confusion"]


@pytest.fixture
def own(demo_recording, tmp_path):
    """A copy of the demo's recording, in which a test may decide."""
    return shutil.copytree(demo_recording, tmp_path / "demo")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small recording, served: for what is around the views."""
    path = tmp_path_factory.mktemp("small") / "small"
    write_recording(path).close()
    with bs.show(path, port=0, open_browser=False) as server:
        yield server


def begin_with(page, places):
    """Wait until the first tiles are these."""
    page.wait_for_function(BEGIN_WITH, arg=places)


def find(page, text):
    """Do what the palette finds first."""
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name=re.compile("Find an action")).wait_for()  # before it, letters are shortcuts
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def decisions(path):
    return [(event.kind, event.payload) for event in bs.load(path).decisions.active()]


def test_a_whole_task_by_keyboard_alone(own, show, open_page):
    recording = bs.load(own)
    label, predicted, samples = worst_cell(recording)
    page = open_page(show(own).url)
    page.get_by_role("gridcell").first.wait_for()
    find(page, "where the network is wrong view")
    page.wait_for_function("() => document.activeElement?.dataset.place === 'confusion'")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_ROLE) == "gridcell":
            break
    page.keyboard.press("Control+Home")
    for key, name in (("ArrowDown", label), ("ArrowRight", predicted)):
        for _ in range(recording.classes.index(name)):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{len(samples)} {label} called {predicted}").wait_for()

    page.keyboard.press("j")
    page.get_by_role("complementary", name="Inspector").get_by_text(f"1 of {len(samples)}").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("complementary", name="Inspector").wait_for(state="detached")

    page.keyboard.press("f")
    page.get_by_label(f"{len(samples)} of 1,000 samples pass the filter").wait_for()
    page.keyboard.press("Control+z")
    page.get_by_label("samples pass the filter").wait_for(state="detached")

    page.keyboard.press("t")
    page.keyboard.type("look again")
    page.keyboard.press("Enter")
    page.get_by_text(f"Tag {len(samples)} as look again: saved.").wait_for(state="attached")
    comes_to(page, lambda: [(kind, payload["tag"]) for kind, payload in decisions(own)], [("tag", "look again")])
    ((_, payload),) = decisions(own)
    assert {recording.index_of(name) for name in payload["samples"]} == samples
    page.keyboard.press("Escape")  # out of the field, in which keys are letters
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.get_by_text(f"Undone: Tag {len(samples)} as look again").wait_for(state="attached")
    comes_to(page, lambda: [kind for kind, _ in decisions(own) if kind == "tag"], [])


def test_an_arranged_page_is_saved_and_opens_so_again(own, show, open_page):
    page = open_page(show(own).url)
    page.get_by_role("gridcell").first.wait_for()
    begin_with(page, FIRST_TILES)
    first = page.evaluate(PLACES)
    page.keyboard.press("e")

    # By keyboard: one up, two columns narrower.
    page.get_by_role("button", name="Move Where the network is wrong", exact=True).focus()
    for key in ("ArrowUp", "Shift+ArrowLeft", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    begin_with(page, ["run-header", "confusion", "curves"])
    # By mouse: to the top.
    handle = page.get_by_role("button", name="Move Where the network is wrong", exact=True)
    at_rest(page)
    handle.hover()
    page.mouse.down()
    place = handle.bounding_box()
    x = place["x"] + place["width"] / 2
    page.mouse.move(x, place["y"] - 100, steps=3)
    page.locator(".landing").wait_for()
    page.mouse.move(x, page.locator("[data-place=run-header]").bounding_box()["y"] + 4, steps=3)
    page.mouse.up()
    begin_with(page, ["confusion", "run-header", "curves"])
    page.get_by_role("button", name="Remove How it learned").click()
    page.get_by_label("Name of this page").fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save layout").click()
    page.get_by_text("The layout is saved.").first.wait_for()

    arranged = page.evaluate(PLACES)
    page.reload()
    page.get_by_role("gridcell").first.wait_for()
    assert arranged == ["confusion", "run-header", *first[3:]]
    comes_to(page, lambda: page.evaluate(PLACES), arranged)
    expect(page.get_by_role("tab").first).to_have_text("Mine")
    expect(page.locator("[data-place=confusion]")).to_have_css("grid-column-end", "span 10")

    find(page, "back to the first layout")
    page.get_by_role("tab", name="First look").wait_for()
    comes_to(page, lambda: page.evaluate(PLACES), first)
    page.get_by_text("Forget the saved layout: saved.").wait_for(state="attached")
    page.reload()
    page.get_by_role("tab", name="First look").wait_for()
    comes_to(page, lambda: page.evaluate(PLACES), first)


def test_pages_have_addresses_and_the_browsers_way_back(small, open_page):
    page = open_page(small.url)
    page.get_by_role("tab", name="Data").click()
    page.wait_for_function("() => document.title.startsWith('Data · small')")
    page.wait_for_url(re.compile("page=data"))
    page.keyboard.press("1")
    page.wait_for_function("() => document.title.startsWith('First look')")
    page.go_back()
    page.wait_for_function("() => document.title.startsWith('Data')")
    page.go_forward()
    page.wait_for_function("() => document.title.startsWith('First look')")
    # An address that is pasted is another view altogether, and says what of it does not fit.
    page.evaluate("location.hash = '#page=data&split=train&checkpoint=999999&of=ffffffffffff'")
    page.get_by_text("the address was made for another recording; checkpoint 999999 is not recorded").wait_for()
    expect(page.get_by_role("tab", name="Data")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="train", exact=True)).to_have_attribute("aria-pressed", "true")


CRAFTED = [
    "page=<script>alert(1)</script>&by=<img src=x onerror=alert(1)>&colour=javascript:alert(1)"
    '&tile=confusion:{"__proto__":{"x":1},"order":["<svg onload=alert(1)>"]}&tile=:{}&tile=%ZZ',
    "filter=bar:label+%3D+%22%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22&filter=!&filter=%00:%00"
    "&pick=rows:zzzzzz-zzzzzz&in=__proto__&at=constructor&focus=999999999&pinned=-1",
    "pick=slice:" + "[" * 500 + "&in=test",
    "x" * 100_000,
]


def test_crafted_addresses_run_nothing_and_break_nothing(small, open_page):
    page = open_page("about:blank")
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    for fragment in CRAFTED:
        page.goto("about:blank")
        page.goto(f"{small.url}#{fragment}")
        page.get_by_text("Connected", exact=True).wait_for()
        page.locator(".views .tile").first.wait_for()
        assert page.evaluate("document.querySelectorAll('.failure, main script, main img[onerror]').length") == 0
        assert page.evaluate("({}).x === undefined && document.querySelector('.faults b') === null")
    assert said == []


def test_a_layout_from_python_says_on_its_tiles_what_is_wrong(demo_recording, show, open_page):
    layout = bs.Layout("Tides")
    layout.page("One").tile("weather", w=6).tile("confusion", w=6, options={"nonsense": 1}).beside("grid")
    layout.page("Two").tile("classes", h=9).page("Two and a half").tile("curves")
    page = open_page(show(demo_recording, layout=layout).url)
    page.get_by_text("asks for a view called “weather”").wait_for()
    page.get_by_text("There is no option “nonsense”.").first.wait_for()
    page.get_by_role("gridcell").first.wait_for()
    expect(page).to_have_title("One · Tides · demo · Bathyscope")
    page.keyboard.press("2")
    page.get_by_role("tab", name="Two and a half").click()
    page.get_by_role("slider", name="Checkpoint").wait_for()


def test_axe_finds_no_serious_fault_while_arranging_in_menus_in_the_palette_and_in_the_sheet(small, open_page):
    page = open_page(small.url)
    page.get_by_role("gridcell").first.wait_for()

    def serious_in_both(*parts):
        found = []
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
            found += serious_faults(page, *parts)
        return found

    page.keyboard.press("e")
    page.get_by_role("button", name="What to do with Where the network is wrong").click()
    assert serious_in_both(".bars", ".tile-bar", ".menu", ".feet") == []
    page.keyboard.press("Escape")
    page.locator(".menu").wait_for(state="detached")
    for key, name in (("Control+k", "Find an action"), ("?", "Shortcuts")):
        page.keyboard.press(key)
        page.get_by_role("dialog", name=re.compile(name)).wait_for()
        assert serious_in_both("dialog") == []
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")


def test_nothing_is_cut_off_from_a_telephone_to_a_wall(served, open_page):
    page = open_page(served.url)
    page.get_by_role("gridcell").first.wait_for()
    sizes = page.evaluate(
        "() => ['.bars', '.feet'].map(part => document.querySelector(part).getBoundingClientRect().height)"
    )
    assert 800 - sum(sizes) >= 500
    for width, height in ((390, 844), (720, 900), (900, 700), (1280, 800), (1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITS)  # once the views have heard of their new size
        page.wait_for_function(COLUMNS, arg=2 if width >= 1920 else 1)
