"""Sixty hostile strings through every door: nothing runs, nothing is asked for, the policy has nothing to report."""

import json
import re
from itertools import cycle, islice
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest

import bathyscope as bs
from bathyscope.recording import RecordingWriter
from hostile import HOSTILE

pytestmark = pytest.mark.browser

WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = () => { window.harmed = name; };
"""
N_COPIES = 3


@pytest.fixture
def watched(browser):
    """Open addresses in a page that tells whatever went wrong in it."""
    contexts, requests, problems = [], [], []

    def opened(url, *, offline=False):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=offline, reduced_motion="reduce")
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            assert [frame.evaluate("window.harmed") for frame in page.frames] == [None]
        context.close()
    assert problems == []
    assert [url for url in requests if "127.0.0.1:9/" in url or "://x/" in url] == []


@pytest.fixture(scope="module")
def hostile_recording(tmp_path_factory):
    """Every string as class, id, text, value, tag and note; forty of them as columns, some as splits and metrics."""
    path = tmp_path_factory.mktemp("hostile") / "run"
    count = len(HOSTILE) * N_COPIES
    columns = HOSTILE[::3]
    values = list(islice(cycle(HOSTILE), count))
    classes = np.arange(count) % len(HOSTILE)
    with RecordingWriter.create(path, kind="text", classes=HOSTILE) as writer:
        with writer.samples(metadata=pa.schema([(name, pa.string()) for name in columns])) as samples:
            samples.write(
                [f"{value}{index}" for index, value in enumerate(values)],
                splits=[HOSTILE[index % 2] for index in range(count)],
                labels=classes.tolist(),
                media=values,
                metadata={name: values[shift:] + values[:shift] for shift, name in enumerate(columns)},
            )
        for step in range(2):
            with writer.checkpoint(step, metrics={HOSTILE[2]: 0.5, HOSTILE[3]: 0.25}) as checkpoint:
                logits = np.eye(len(HOSTILE), dtype=np.float32)[(classes + (np.arange(count) % 4 == step)) % 60] * 4
                checkpoint.write_outputs(np.arange(count), logits)
    log = bs.load(path).decisions
    ids = bs.load(path).column("sample_id").to_pylist()
    for index, text in enumerate(HOSTILE):
        log.append("tag", {"tag": text, "samples": ids[index : index + 2]}, author=f"person {index}")
        log.append("note", {"sample": ids[index], "text": text}, author="me")
    return path


def walk(page):
    """Open every page and let each tile draw; then a sample."""
    page.get_by_role("contentinfo").wait_for()
    for tab in range(1, 10):
        page.keyboard.press(str(tab))
        tiles = page.locator("[data-component]")
        tiles.first.wait_for()
        for place in range(tiles.count()):
            tiles.nth(place).scroll_into_view_if_needed()
    page.keyboard.press("1")
    options = page.get_by_role("listbox", name="Samples").locator("[role=option]")
    options.first.wait_for()
    options.first.click()
    page.get_by_role("complementary", name="Inspector").get_by_role("heading").first.wait_for()


def test_names_values_texts_tags_and_notes_run_nothing_on_the_page(hostile_recording, show, watched):
    page = watched(show(hostile_recording).url)
    walk(page)
    page.get_by_text(HOSTILE[0]).first.wait_for()


def test_nor_in_a_report_from_disk(hostile_recording, tmp_path, watched):
    bs.export(hostile_recording, tmp_path / "report.html")
    page = watched((tmp_path / "report.html").as_uri(), offline=True)
    walk(page)
    page.get_by_text(HOSTILE[0]).first.wait_for()


def test_nor_from_the_address(hostile_recording, show, watched):
    served = show(hostile_recording)
    words = ("checkpoint", "split", "pick", "in", "at", "focus", "by", "colour", "page", "tile", "filter", "of")
    page = None
    for turn in range(6):
        # Ten strings further each time: every string comes, some of them in two parameters.
        texts = {word: HOSTILE[(turn * 10 + place) % len(HOSTILE)] for place, word in enumerate(words)}
        options = dict.fromkeys(("x", "text", "spec"), texts["tile"])
        texts |= {"tile": f"scatter:{json.dumps(options)}", "filter": f"bar:{texts['filter']}"}
        fragment = "&".join(f"{word}={quote(text, safe='')}" for word, text in texts.items())
        if page is None:
            page = watched(f"{served.url}#{fragment}")
        else:  # as if it were pasted into the page's address
            page.evaluate("fragment => { location.hash = fragment; }", fragment)
        told = re.escape(f"checkpoint {texts['checkpoint']} is not recorded")
        page.get_by_text(re.compile(f"Not everything in the address fits: .*{told}")).first.wait_for()
        assert page.evaluate("window.harmed ?? null") is None


def test_nor_from_a_layout_or_its_markdown(hostile_recording, show, watched):
    tiles = [
        {"id": "text", "component": "markdown", "options": {"text": "\n\n".join(HOSTILE), "title": HOSTILE[0]}},
        {"id": "chart", "component": "chart", "options": {"spec": {"mark": "bar", "title": list(HOSTILE)}}},
        *({"id": text, "component": text, "options": {text: text}} for text in HOSTILE[:6]),
    ]
    placed = [{"x": 0, "y": place, "w": 12, "h": 1, **tile} for place, tile in enumerate(tiles)]
    pages = [{"id": HOSTILE[1], "title": HOSTILE[2], "tiles": placed}]
    page = watched(show(hostile_recording, layout={"version": 1, "pages": pages}).url)
    page.locator("[data-component=markdown]").wait_for()
    tiles = page.locator(".tile")
    for place in range(tiles.count()):
        tiles.nth(place).scroll_into_view_if_needed()
    page.locator("[data-component=markdown] .text").wait_for()
    links = page.locator("[data-component=markdown] a")
    assert {link.get_attribute("href") for link in links.all()} <= {None}
