"""A training is played, and twenty recommendations are answered by keyboard: nothing that was answered is lost."""

import re
import shutil

import pytest
from playwright.sync_api import expect

import bathyscope as bs
from bathyscope.analyses.timetravel import TimeTravel
from e2e.waiting import comes_to

pytestmark = [pytest.mark.browser, pytest.mark.webgl]

# PCA is placed in seconds; what the page does with the result is the same for every mode.
MODE = "pca"


@pytest.fixture(scope="module")
def travelled(demo_recording, tmp_path_factory):
    """A copy of the demo's recording with its samples placed, in which a test may decide."""
    own = shutil.copytree(demo_recording, tmp_path_factory.mktemp("travelled") / "demo")
    bs.load(own).run(TimeTravel(mode=MODE))
    return own


def answers_in(path) -> list[tuple[str, str]]:
    """What the log on disk says now, oldest first."""
    events = bs.load(path).decisions.active()
    return [(event.payload["sample_id"], event.payload["verdict"]) for event in events if event.kind == "answer"]


def test_play_scrub_answer_undo_and_reload(travelled, show, open_page):
    layout = bs.Layout()
    layout.page("Time travel").tile("timetravel", options={"mode": MODE}).beside("recommend")
    page = open_page(show(travelled, layout=layout).url)
    view, panel = page.locator(".of-timetravel"), page.locator(".of-recommend")
    slider = view.get_by_role("slider", name="Time")
    slider.wait_for()
    expect(slider).to_have_attribute("aria-valuenow", "3")
    # Every other view stands where time does.
    slider.press("Home")
    page.get_by_text("checkpoint 1 of 3").first.wait_for()
    view.get_by_role("combobox", name="Speed").select_option("8")
    view.get_by_role("button", name="Play").click()
    page.get_by_text("checkpoint 3 of 3").first.wait_for()
    slider.click()  # in the middle
    page.get_by_text("checkpoint 2 of 3").first.wait_for()

    view.get_by_role("button", name=re.compile("^Picture:")).wait_for()
    current = panel.locator(".item[aria-current=true]")
    current.wait_for()
    current.focus()
    given = []
    for place in range(20):
        verdict, key = ("no", "2") if place % 5 == 4 else ("yes", "1")
        name = current.locator("b").first
        given.append((name.inner_text(), verdict))
        page.keyboard.press(key)
        if place < 19:
            expect(name).not_to_have_text(given[-1][0])
    panel.get_by_text("20 answers saved").wait_for()
    panel.get_by_text("precision so far 80").wait_for()
    comes_to(page, lambda: answers_in(travelled), given)

    page.keyboard.press("Control+z")
    panel.get_by_text("19 answers saved").wait_for()
    comes_to(page, lambda: answers_in(travelled), given[:-1])
    # What was taken back stands at the top again, to be answered.
    expect(panel.locator(".item b").first).to_have_text(given[-1][0])
    page.reload()
    panel.get_by_text("19 answers saved").wait_for()
    panel.locator(".item").first.wait_for()
    shown = [item.locator("b").first.inner_text() for item in panel.locator(".item").all()]
    assert not {sample for sample, _ in given[:-1]} & set(shown)
