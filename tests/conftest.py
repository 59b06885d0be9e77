"""Fixtures that many tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from chromium import FLAGS, SOFTWARE_WEBGL, WITHOUT_GPU, find

from bathyscope.recording import Recording, RecordingWriter
from recordings import PAGE_CODE, write_recording


def pytest_collection_modifyitems(items):
    """Tests that are given more time come first: at the end no process has to wait for another."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


# Playwright keeps an event loop running in this thread, which other tests must not find: hence no session scope.
@pytest.fixture(scope="module")
def browser(request):
    """Headless Chromium: the system's if there is one, else Playwright's own. Modules marked `webgl` get WebGL2."""
    playwright = pytest.importorskip("playwright.sync_api")
    drawing = SOFTWARE_WEBGL if request.node.get_closest_marker("webgl") else WITHOUT_GPU
    with playwright.sync_playwright() as started:
        try:
            running = started.chromium.launch(executable_path=find(), args=[*FLAGS, *drawing])
        except playwright.Error as error:
            pytest.skip(
                f"No Chromium could be started ({str(error).splitlines()[0]}). Install one: apt install chromium"
            )
        yield running
        running.close()


@pytest.fixture
def recording_path(tmp_path: Path) -> Path:
    """Folder of a finished recording: 60 pictures, 3 classes, 3 checkpoints, 3 missing labels."""
    write_recording(tmp_path / "run").close()
    return tmp_path / "run"


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
