"""A real browser on a real recording behind a real server."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import FileLock

import bathyscope as bs


@pytest.fixture(scope="session")
def demo_recording(tmp_path_factory) -> Path:
    """The demo's data and network, recorded for three epochs; once for all processes that share the tests."""
    from bathyscope.demo.run import train_and_record

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with FileLock(shared / "demo.lock"):
        if not (shared / "demo").exists():
            train_and_record(shared / "demo-unfinished" / "demo", epochs=3, seed=0)
            (shared / "demo-unfinished").rename(shared / "demo")
    path = tmp_path_factory.mktemp("demo") / "demo"
    shutil.copytree(shared / "demo" / "demo", path)
    return path


@pytest.fixture(scope="session")
def served(demo_recording):
    """The demo's recording, served."""
    with bs.show(demo_recording, port=0, open_browser=False) as server:
        yield server


@pytest.fixture
def show():
    """Serve a recording until the end of the test."""
    with ExitStack() as servers:
        yield lambda path, **options: servers.enter_context(bs.show(path, port=0, open_browser=False, **options))


@pytest.fixture
def open_page(browser, show):  # after `show`, so that pages close before their servers
    """Open an address in a fresh context; afterwards nothing may have gone wrong in the page."""
    contexts, problems = [], []

    def open_page(url, *, width=1280, height=800, dark=False, expect_problems=False):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        if not expect_problems:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
