"""A report does its job by itself: opened from disk, with the network off, in a real browser."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import bathyscope as bs
from bathyscope.recording import RecordingWriter
from recordings import write_recording

pytestmark = pytest.mark.browser


@pytest.fixture
def open_offline(browser):
    """Open a file without a network; afterwards nothing was asked for, refused by the policy, or went wrong."""
    contexts, requests, problems = [], [], []

    def open_offline(path):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True, reduced_motion="reduce")
        contexts.append(context)
        context.route(re.compile("^(https?|wss?):"), lambda route: route.abort())
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield open_offline
    for context in contexts:
        context.close()
    assert problems == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


def cell(page):
    """A cell of the confusion matrix that is not empty, as (count, words)."""
    found = page.get_by_role("gridcell", name=re.compile(r"^\d+ \w+ called \w+"))
    found.first.wait_for()
    words = found.first.get_attribute("aria-label") or found.first.inner_text()
    return found.first, int(re.match(r"\d+", words)[0])


def test_a_single_file_leads_from_a_confusion_to_its_pictures_and_into_the_inspector(tmp_path, open_offline):
    write_recording(tmp_path / "run").close()
    bs.export(tmp_path / "run", tmp_path / "report.html")
    page = open_offline(tmp_path / "report.html")
    door, count = cell(page)
    door.click()
    options = page.get_by_role("listbox", name="Samples").locator("[role=option]")
    expect(options.first).to_have_attribute("aria-setsize", str(count))
    picture = options.first.locator("img")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
    options.first.click()
    inspector = page.get_by_role("complementary")
    inspector.get_by_role("heading", name=re.compile("^s.[0-9]{4}$")).wait_for()
    inspector.get_by_role("heading", name="How it got there").wait_for()
    assert inspector.locator("img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
    page.get_by_role("contentinfo").get_by_text("report · 60 samples · recorded 20").wait_for()
    expect(page.get_by_text(re.compile("Connect"))).to_have_count(0)


def test_a_breakdown_and_an_earlier_checkpoint_are_there_too(tmp_path, open_offline):
    write_recording(tmp_path / "run").close()
    bs.export(tmp_path / "run", tmp_path / "report.html")
    page = open_offline(tmp_path / "report.html")
    cell(page)
    page.get_by_role("button", name="Previous checkpoint").click()
    page.locator(".of-metrics").scroll_into_view_if_needed()
    page.get_by_label("Break down by").select_option("camera")
    page.get_by_role("region", name="By camera").get_by_text("left").first.wait_for()
    page.wait_for_function("() => location.hash.includes('checkpoint=000001')")  # told a moment later


def test_a_report_within_a_small_size_says_what_it_lacks(tmp_path, open_offline):
    write_recording(tmp_path / "run", n_samples=1500).close()
    whole = bs.export(tmp_path / "run", tmp_path / "report.html").n_bytes
    told = bs.export(tmp_path / "run", tmp_path / "report.html", max_bytes=whole * 9 // 10)
    page = open_offline(tmp_path / "report.html")
    page.get_by_role("contentinfo").locator("summary").click()
    for note in told.notes:
        page.get_by_role("contentinfo").get_by_role("listitem").filter(has_text=note).wait_for()
    page.get_by_role("button", name=re.compile("show all samples")).click()
    page.get_by_label("Order", exact=True).select_option(label="In recorded order")
    page.get_by_text("is not in the report, to keep it small.").first.wait_for()


def test_hostile_names_run_nothing(tmp_path, open_offline):
    hostile = "</script><img src=x onerror=alert(1)>"
    with RecordingWriter.create(tmp_path / "run", classes=[hostile, "<!--<script>"]) as writer:
        with writer.samples() as samples:
            samples.write([hostile, "b", "c"], labels=[0, 1, 0], splits=[hostile, hostile, "b"])
        with writer.checkpoint(0) as checkpoint:
            checkpoint.write_outputs(np.arange(3), np.array([[0, 1], [0, 1], [1, 0]], np.float32))
    bs.export(tmp_path / "run", tmp_path / "report.html")
    page = open_offline(tmp_path / "report.html")
    page.get_by_text(hostile).first.wait_for()
    assert page.locator("img").count() == 0
