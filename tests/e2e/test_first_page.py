"""The main job, done by a person with a mouse or a keyboard in a real browser."""

import re
from itertools import count
from time import monotonic

import numpy as np
import pytest
from playwright.sync_api import expect

import bathyscope as bs
from e2e.axe import serious_faults
from e2e.waiting import PATIENCE
from photographs import copy_photographs, efficientnet_lite0
from recordings import write_checkpoint, write_recording

pytestmark = pytest.mark.browser

FOCUSED_ROLE = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.getAttribute("role");
}"""


SCROLL = """(list, by) => {
  let box = list;
  while (box.scrollHeight <= box.clientHeight + 1 || getComputedStyle(box).overflowY === "visible") {
    box = box.parentElement;
  }
  box.scrollTop += by;
}"""


def worst_cell(recording, split="test"):
    """(label, prediction) of the largest confusion and its samples, counted by plain numpy from logits and labels."""
    prediction = recording.logits("last").argmax(axis=1)
    here = np.array(recording.column("split").to_pylist()) == split
    labels = recording.labels.filled(-1)
    cells = {}
    for index in np.flatnonzero(here & (labels >= 0) & (labels != prediction)):
        cells.setdefault((labels[index], prediction[index]), []).append(int(index))
    (label, predicted), samples = max(cells.items(), key=lambda cell: len(cell[1]))
    return recording.classes[label], recording.classes[predicted], set(samples)


def shown_samples(page):
    """Sample indices in the image grid, scrolled from its top to its end."""
    grid = page.get_by_role("listbox", name="Samples")
    options = grid.locator("[role=option]")
    options.first.wait_for()
    found, deadline = set(), monotonic() + PATIENCE
    for step in count():
        # Again from the top now and then: a slow machine may draw some rows only after they were scrolled past.
        grid.evaluate(SCROLL, 120 if step % 40 else -100_000)
        page.wait_for_timeout(60)
        names = options.evaluate_all("options => options.map(option => option.getAttribute('aria-label'))")
        found |= {int(re.search(r"sample ([\d,]+)", name)[1].replace(",", "")) for name in names}
        if len(found) == int(options.first.get_attribute("aria-setsize")) or monotonic() > deadline:
            break
    return found


def test_the_worst_confusion_leads_to_its_samples_and_into_the_inspector_and_back(served, demo_recording, open_page):
    recording = bs.load(demo_recording)
    label, predicted, samples = worst_cell(recording)
    page = open_page(served.url)
    page.get_by_role("gridcell", name=f"{len(samples)} {label} called {predicted}", exact=True).click()
    heading = page.get_by_role("region", name="Samples", exact=True).get_by_role("heading")
    expect(heading).to_have_text(f"{len(samples)} {label} called {predicted}")
    assert shown_samples(page) == samples

    page.get_by_role("listbox", name="Samples").evaluate(SCROLL, -100_000)
    option = page.get_by_role("listbox", name="Samples").locator("[role=option][aria-posinset='1']")
    index = int(re.search(r"sample ([\d,]+)", option.get_attribute("aria-label"))[1].replace(",", ""))
    option.click()
    inspector = page.get_by_role("complementary")
    sample_id = recording.sample_ids[index].as_py()
    inspector.get_by_role("heading", name=sample_id).wait_for()
    for field in recording.metadata.column_names:
        inspector.get_by_text(field).first.wait_for()
    inspector.get_by_text(f"of {len(samples)}").wait_for()

    page.keyboard.press("Escape")
    inspector.get_by_role("heading", name=sample_id).wait_for(state="detached")
    expect(heading).to_have_text(f"{len(samples)} {label} called {predicted}")


def test_the_same_by_keyboard_alone(served, demo_recording, open_page):
    label, predicted, samples = worst_cell(bs.load(demo_recording))
    page = open_page(served.url)
    page.get_by_role("gridcell").first.wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_ROLE) in ("grid", "gridcell"):
            break
    else:
        pytest.fail("Tab never reaches the confusion matrix")
    classes = bs.load(demo_recording).classes
    page.keyboard.press("Control+Home")
    for _ in range(classes.index(predicted)):
        page.keyboard.press("ArrowRight")
    for _ in range(classes.index(label)):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{len(samples)} {label} called {predicted}").wait_for()


def test_the_slider_changes_every_view_to_that_checkpoint(served, demo_recording, open_page):
    page = open_page(served.url)
    slider = page.get_by_role("slider", name="Checkpoint")
    slider.focus()
    page.keyboard.press("Home")
    page.get_by_text("checkpoint 1 of 3", exact=True).wait_for()
    recording = bs.load(demo_recording)
    test = np.array(recording.column("split").to_pylist()) == "test"
    wrong = int((recording.logits(1).argmax(axis=1) != recording.labels)[test].sum())
    page.get_by_role("region", name="Where the network is wrong").get_by_text(f"{wrong} of 1,000").wait_for()


def test_a_new_checkpoint_appears_without_reload(tmp_path, show, open_page):
    with write_recording(tmp_path / "live", n_checkpoints=2) as writer:
        server = show(tmp_path / "live")
        page = open_page(server.url)
        page.get_by_text("checkpoint 1 of 2").or_(page.get_by_text("checkpoint 2 of 2")).first.wait_for()
        page.evaluate("window.notReloaded = true")
        write_checkpoint(writer, 2)
        page.get_by_text("of 3").first.wait_for()
        assert page.evaluate("window.notReloaded")
        page.get_by_role("slider", name="Checkpoint").focus()
        page.keyboard.press("End")
        page.get_by_text("checkpoint 3 of 3", exact=True).wait_for()
        recording = bs.load(tmp_path / "live")
        test = np.array(recording.column("split").to_pylist()) == "test"
        judged = test & ~np.ma.getmaskarray(recording.labels)
        wrong = int((recording.logits("last").argmax(axis=1) != recording.labels.filled(-1))[judged].sum())
        confusion = page.get_by_role("region", name="Where the network is wrong")
        confusion.get_by_text(f"{wrong} of {judged.sum()}").wait_for()


def test_a_pretrained_network_on_photographs_without_labels(tmp_path, show, open_page):
    model, transform = efficientnet_lite0()
    folder = copy_photographs(tmp_path / "photographs")
    bs.record(model, folder, tmp_path / "imagenet", transform=transform, batch_size=4)
    server = show(tmp_path / "imagenet")
    page = open_page(server.url)
    page.get_by_role("button", name=re.compile("show all samples")).click()
    picture = page.get_by_role("listbox", name="Samples").locator("[role=option] img").first
    picture.wait_for()
    page.wait_for_function("picture => picture.naturalWidth > 0", arg=picture.element_handle())
    page.get_by_role("listbox", name="Samples").locator("[role=option]").first.click()
    page.get_by_role("complementary").get_by_role("list", name="Probabilities").wait_for()


def test_an_unreadable_picture_is_a_placeholder_with_its_reason(tmp_path, show, open_page):
    with write_recording(tmp_path / "broken", n_samples=6, broken=(2,)):
        pass
    server = show(tmp_path / "broken")
    page = open_page(server.url, expect_problems=True)
    page.get_by_role("button", name=re.compile("show all samples")).click()
    page.get_by_text("is in no format that can be shown").first.wait_for()


def test_a_wrong_token_says_how_to_get_the_right_address(served, open_page):
    page = open_page(served.url.split("token=")[0] + "token=wrong", expect_problems=True)
    expect(page.locator("body")).to_contain_text("address")


def test_axe_finds_no_serious_fault_and_nothing_is_cut_off(served, open_page):
    page = open_page(served.url, width=390)
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_role("listbox", name="Samples").locator("[role=option]").first.click()
    page.get_by_role("complementary").wait_for()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
            assert serious_faults(page) == []
            page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
