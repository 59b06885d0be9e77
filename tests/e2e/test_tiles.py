"""What stands in a tile fills it; in a real browser, since only that lays pages out."""

import pytest

import bathyscope as bs
from e2e.waiting import at_rest
from recordings import write_recording

pytestmark = pytest.mark.browser

VIEWS = ("table", "scatter", "curves", "chart")
ROOM = """() => Object.fromEntries([...document.querySelectorAll('.views [data-place]')].map(tile => {
  const part = tile.querySelector('.part');
  const view = part.shadowRoot.querySelector('section');
  const { height, bottom } = tile.getBoundingClientRect();
  return [tile.dataset.place, {
    tile: height,
    tall: view.querySelector('.fills').getBoundingClientRect().height,
    spare: bottom - view.lastElementChild.getBoundingClientRect().bottom,
    scrolls: part.scrollHeight > part.clientHeight,
  }];
}))"""
READY = """n => [...document.querySelectorAll('.views .part')]
  .filter(part => part.shadowRoot?.querySelector('.fills')).length === n"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiles") / "small"
    write_recording(path).close()
    return path


@pytest.fixture
def room(small, show, open_page):
    def room(w, h):
        layout = bs.Layout()
        page = layout.page("All")
        for view in VIEWS:
            page.tile(view, w=w, h=h)
        page = open_page(show(small, layout=layout).url, height=2400)
        page.wait_for_function(READY, arg=len(VIEWS))
        page.locator("[data-component=chart] canvas").wait_for()
        at_rest(page)
        found = page.evaluate(ROOM)
        assert not any(each["scrolls"] for each in found.values())
        return {place.split("-")[0]: each for place, each in found.items()}

    return room


def test_a_view_fills_a_tile_of_a_given_height(room):
    found = room(w=6, h=16)
    # 16 rows of 28 pixels with 12 between them; heading, controls and legend leave the view the rest.
    assert {each["tile"] for each in found.values()} == {628}
    assert all(each["spare"] < 24 and each["tall"] > 400 for each in found.values())


def test_without_a_given_height_it_is_as_tall_as_usual(room):
    found = room(w=12, h=1)
    assert {name: round(each["tall"]) for name, each in found.items()} == {
        "table": 420,
        "scatter": 620,
        "curves": 220,
        "chart": 260,
    }


def test_beside_a_taller_one_it_fills_the_row(room):
    found = room(w=6, h=1)
    assert found["table"]["tile"] == found["scatter"]["tile"]
    assert found["table"]["spare"] < 24 < found["table"]["tall"] - 420


def test_on_a_telephone_the_samples_have_most_of_the_window(small, show, open_page):
    page = open_page(show(small).url, width=390, height=844)
    samples = page.get_by_role("listbox", name="Samples")
    samples.get_by_role("option").first.wait_for()
    at_rest(page)
    room = samples.evaluate("list => list.closest('.scroll').clientHeight")
    assert 0.5 * 844 < room < 844
