"""Fixtures that many tests share."""

import asyncio
import os
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from chromium import FLAGS, SOFTWARE_WEBGL, WITHOUT_GPU, find

from bathyscope.recording import Recording, RecordingWriter
from e2e.waiting import PATIENCE
from recordings import PAGE_CODE, write_recording

LONG = ("timeout", "browser")
"""Marks of tests that take seconds."""


def pytest_collection_modifyitems(items):
    """Each process begins with whole modules of long tests: at the end, short ones are left to share out.

    Every process is first given an equal run of the list, and takes from the ends of the others' when it is done.
    """
    n_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if any(map(item.get_closest_marker, LONG))]
    long.sort(key=lambda item: item.get_closest_marker("timeout") is None)
    short = iter([item for item in items if not any(map(item.get_closest_marker, LONG))])
    modules = dict.fromkeys(item.path for item in long)
    ordered = []
    for process in range(n_processes):
        mine = set(list(modules)[process::n_processes])
        begun = [item for item in long if item.path in mine]
        ordered += begun
        ordered += islice(short, max(0, len(items) * (process + 1) // n_processes - len(ordered)))
    items[:] = [*ordered, *short]


@pytest.fixture(scope="session")
def browsers():
    """Starts a headless Chromium once for each list of flags: the system's if there is one, else Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=1000 * PATIENCE)
    running = {}

    def patient(browser):
        opened = browser.new_context

        def new_context(**options):
            context = opened(**options)
            context.set_default_timeout(1000 * PATIENCE)
            return context

        browser.new_context = new_context
        return browser

    with playwright.sync_playwright() as started:
        loop = asyncio.get_running_loop()

        def launch(*flags):
            asyncio._set_running_loop(loop)
            if flags not in running:
                try:
                    running[flags] = patient(started.chromium.launch(executable_path=find(), args=[*FLAGS, *flags]))
                except playwright.Error as error:
                    asyncio._set_running_loop(None)
                    said = str(error).splitlines()[0]
                    pytest.skip(f"No Chromium could be started ({said}). Install one: apt install chromium")
            return running[flags]

        yield launch
        asyncio._set_running_loop(loop)
        for one in running.values():
            one.close()


@pytest.fixture(scope="module")
def browser(request, browsers):
    """Headless Chromium for a module; those marked `webgl` get one with WebGL2.

    Playwright keeps an event loop in this thread, which tests of other modules must not find: it is put away between.
    """
    yield browsers(*(SOFTWARE_WEBGL if request.node.get_closest_marker("webgl") else WITHOUT_GPU))
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that nobody writes to: to copy it takes a tenth of the time that writing it again would."""
    path = tmp_path_factory.mktemp("written") / "run"
    write_recording(path).close()
    return path


@pytest.fixture
def recording_path(written: Path, tmp_path: Path) -> Path:
    """Folder of a finished recording: 60 pictures, 3 classes, 3 checkpoints, 3 missing labels."""
    return Path(shutil.copytree(written, tmp_path / "run"))


@pytest.fixture
def recording(recording_path: Path) -> Recording:
    """The same, opened."""
    return Recording(recording_path)


@pytest.fixture
def make_recording(tmp_path: Path) -> Callable[..., RecordingWriter]:
    """Make a recording in a folder of its own; the writer is still open."""

    def make(name: str = "run", **options: object) -> RecordingWriter:
        return write_recording(tmp_path / name, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def small_page(tmp_path, monkeypatch) -> Path:
    """A page as Vite builds it, but tiny; reports are made of it."""
    from bathyscope.workbench import report

    folder = tmp_path / "page"
    files = {
        "index.html": '<!doctype html><link rel="icon" type="image/svg+xml" href="./assets/mark.svg" />'
        '<script src="./assets/theme.js"></script>'
        '<script type="module" crossorigin src="./assets/index-1.js"></script>'
        '<link rel="stylesheet" crossorigin href="./assets/index-1.css">',
        "report.js": PAGE_CODE,
        "assets/mark.svg": "<svg/>",
        "assets/theme.js": "1;\r\n2;",
        "assets/index-1.js": PAGE_CODE,
        "assets/index-1.css": "a{}",
    }
    (folder / "assets").mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    monkeypatch.setattr(report, "PAGE", folder)
    return folder
