"""How fast the point canvas draws, moves, picks and selects, in Chromium with software rendering.

Builds the measuring page (frontend/src/draw/points/bench, no part of the product) into a temporary folder, opens it
and prints a table:

    python benchmarks/point_canvas.py [--gpu]
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import platform
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import launch
from playwright.sync_api import Page, sync_playwright

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
MILLION = 1_000_000
# Name, script, unit, target and whether less or more is better.
ROWS: list[tuple[str, str, str, float | None, str]] = [
    ("100,000 points interpolating", "bench.interpolate(100000, 4)", "frames/s", 8, "least"),
    ("the same, WebGL2 whatever it costs", "bench.interpolate(100000, 4, 'webgl2')", "frames/s", None, "least"),
    ("1,000,000 interpolating (in samples)", "bench.interpolate(1000000, 4)", "frames/s", None, "least"),
    ("1,000,000 points, first draw", f"bench.firstDraw({MILLION})", "ms", 1500, "most"),
    ("the same, WebGL2 whatever it costs", f"bench.firstDraw({MILLION}, 'webgl2')", "ms", None, "most"),
    ("hover pick of 1,000,000", f"bench.pick({MILLION}).then(r => r.pick)", "ms", 8, "most"),
    ("the same, half way between two sets", f"bench.pick({MILLION}, true).then(r => r.pick)", "ms", None, "most"),
    ("making the index, once, at rest", f"bench.pick({MILLION}).then(r => r.index)", "ms", None, "most"),
    ("lasso of 1,000,000", f"bench.lasso({MILLION}).then(r => r.ms)", "ms", 150, "most"),
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on loopback."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def build(folder: Path) -> None:
    """Build the measuring page."""
    config = "src/draw/points/bench/vite.config.ts"
    command = ["npx", "vite", "build", "--config", config, "--outDir", str(folder), "--logLevel", "error"]
    subprocess.run(command, cwd=FRONTEND, check=True)


def machine(page: Page, version: str) -> str:
    """What the figures were measured on."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    renderer = page.evaluate("bench.machine()")
    return f"{os.cpu_count()} × {processor}; {platform.system()}; Chromium {version}; {renderer}"


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="use the graphics processor instead of software rendering")
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        build(Path(folder))
        browser = launch(playwright, gpu=options.gpu)
        with served(Path(folder)) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(address)
            page.wait_for_function("window.bench !== undefined")
            print(machine(page, browser.version))
            print(f"{'':40}{'measured':>12}{'target':>16}")
            for name, script, unit, target, kind in ROWS:
                value = float(page.evaluate(script))
                good = target is None or (value >= target if kind == "least" else value <= target)
                missed += not good
                sign = "" if target is None else f"{'≥' if kind == 'least' else '≤'} {target:g} {unit}"
                print(f"{name:40}{value:>12.3g}{sign:>16}{'' if good else '  MISSED'}", flush=True)
        browser.close()
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
