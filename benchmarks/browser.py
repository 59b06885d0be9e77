"""The browser that the measurements drive, started as the tests start it, with WebGL2 drawn in software."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))
from chromium import FLAGS, SOFTWARE_WEBGL, find


def launch(playwright: Any, path: str | None = None, *, gpu: bool = False) -> Any:
    """A headless Chromium: the one at `path`, the system's, or Playwright's own."""
    drawing = () if gpu else SOFTWARE_WEBGL
    return playwright.chromium.launch(executable_path=path or find(), args=[*FLAGS, *drawing])
