"""How soon the page shows something, and how it keeps up: first view, table of a million rows, a thousand classes.

    python benchmarks/page.py [--only paint table confusion] [--samples 100000] [--rows 1000000] [--classes 1000]

In headless Chromium with software rendering, on recordings made by script (kept in a folder for the next run).

"First view" is the time from opening the address until the accuracy of the run is there; "for the first time" its
analysis has still to run. "Code" is what the browser had asked for by then of JavaScript.
"Scrolled" is the time from a jump to another part of the table until every row in sight is drawn with its values;
"rows fetched" is how much of it was the request, and the rest the frames of this browser; "sorted" is the time from the
click on a column's head until the rows in sight are in order. "Confusion" is the time from choosing another order
of the classes until the matrix stands there anew.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from open_million import make_recording

import bathyscope as bs
from bathyscope.recording import RecordingWriter
from bathyscope.workbench.server import PAGE

TARGETS = {
    "first view, for the first time, ms": 1500,
    "first view, again, ms": 1500,
    "code before it, kB after gzip": 200,
    "table scrolled, ms": 60,
    "rows fetched, ms": 60,
    "table sorted, ms": 1000,
    "confusion drawn, ms": 200,
}
JUMPS = 20

SCROLL = """(grid, share) => new Promise((done) => {
  const started = performance.now();
  grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
  const look = () => {
    const { top, bottom } = grid.getBoundingClientRect();
    const seen = [...grid.querySelectorAll("[role=row]:not(.head)")].filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom > top && box.top < bottom;
    });
    const there = seen.length > 5 && seen.every((row) => row.textContent && !row.textContent.includes("…"));
    const asked = performance.getEntriesByType("resource").filter(({ name }) => name.includes("samples?")).at(-1);
    if (there) requestAnimationFrame(() => done([performance.now() - started, asked?.duration ?? 0]));
    else requestAnimationFrame(look);
  };
  performance.clearResourceTimings();
  requestAnimationFrame(look);
})"""

SORT = """([grid, name, wanted]) => new Promise((done) => {
  const head = grid.querySelector(`[role=columnheader][data-column="${name}"]`);
  const at = head.getAttribute("aria-colindex");
  const started = performance.now();
  head.querySelector("button.sort").click();
  const look = () => {
    const cells = [...grid.querySelectorAll(`[role=gridcell][aria-colindex="${at}"]`)].slice(0, 10);
    const values = cells.map((cell) => Number(cell.textContent.replace("−", "-").replaceAll(",", "")));
    const way = wanted === "ascending" ? 1 : -1;
    const now = head.isConnected ? head : grid.querySelector(`[role=columnheader][data-column="${name}"]`);
    const ordered = values.length > 5 && values.every((value, i) => i === 0 || way * (value - values[i - 1]) >= 0);
    if (now.getAttribute("aria-sort") === wanted && ordered) done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""

REORDER = """([select, value]) => new Promise((done) => {
  const started = performance.now();
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
})"""


@contextmanager
def opened(path: Path, layout: Any = None) -> Iterator[tuple[Any, Any]]:
    """A tab of a fresh browser, and the server of a recording."""
    from browser import launch
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, bs.show(path, port=0, open_browser=False, layout=layout) as server:
        browser = launch(playwright)
        tab = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce").new_page()
        tab.set_default_timeout(120_000)
        yield tab, server
        browser.close()


def first_view(path: Path) -> tuple[float, float]:
    """Milliseconds until the accuracy is there, and kB of code that came before."""
    with opened(path) as (tab, server):
        scripts: list[str] = []
        tab.on("requestfinished", lambda one: one.resource_type == "script" and scripts.append(one.url))
        tab.goto(server.url, wait_until="commit")
        tab.locator("[data-component=run-header] .door, [data-component=run-header] button").first.wait_for()
        took = tab.evaluate("performance.now()")
        return took, sum(len(gzip.compress((PAGE / urlsplit(one).path[1:]).read_bytes())) for one in scripts) / 1e3


def measure_paint(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Rows about the first view."""
    path = made(folder, options.samples)
    shutil.rmtree(path / "analyses", ignore_errors=True)
    anew, code = first_view(path)
    again = statistics.median(first_view(path)[0] for _ in range(3))
    return {
        "first view, for the first time, ms": anew,
        "first view, again, ms": again,
        "code before it, kB after gzip": code,
    }


def measure_table(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Rows about the table."""
    path = made(folder, options.rows)
    with opened(path, alone("table")) as (tab, server):
        tab.goto(server.url)
        tab.get_by_role("button", name="all splits").or_(tab.get_by_role("radio", name="all splits")).first.click()
        grid = tab.locator("[role=grid][aria-label='Samples as a table']")
        grid.locator("[role=row]").nth(8).wait_for()
        handle = grid.element_handle()
        shares = np.random.default_rng(0).random(JUMPS)
        jumps, fetches = zip(*(handle.evaluate(SCROLL, share) for share in shares), strict=True)
        handle.evaluate(SCROLL, 0)
        # Columns far to the right are not there until somebody looks: those of numbers that are.
        heads = grid.locator("[role=columnheader].numeric").evaluate_all("all => all.map((el) => el.dataset.column)")
        sorts = [float(tab.evaluate(SORT, [handle, name, "ascending"])) for name in heads]
        return {
            "table scrolled, ms": statistics.median(jumps),
            "table scrolled, slowest, ms": max(jumps),
            "rows fetched, ms": statistics.median(fetches),
            "table sorted, ms": statistics.median(sorts),
        }


def measure_confusion(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """The row about many classes."""
    path = folder / f"classes-{options.classes}"
    if not (path / "checkpoints" / "000001").exists():
        generator = np.random.default_rng(0)
        n_samples, n_classes = 20 * options.classes, options.classes
        labels = generator.integers(0, n_classes, n_samples)
        with RecordingWriter.create(path, classes=[f"class {label}" for label in range(n_classes)]) as writer:
            with writer.samples() as samples:
                samples.write([f"sample-{index}" for index in range(n_samples)], labels=labels)
            with writer.checkpoint(1) as checkpoint:
                for rows in np.array_split(np.arange(n_samples), 20):
                    logits = generator.normal(size=(len(rows), n_classes)).astype(np.float16)
                    logits[np.arange(len(rows)), labels[rows]] += 4
                    checkpoint.write_outputs(rows, logits)
    with opened(path, alone("confusion")) as (tab, server):
        tab.goto(server.url)
        choose = tab.get_by_label("Order of the classes")
        choose.wait_for()
        part = tab.locator("[data-component=confusion]")
        part.locator("canvas").first.wait_for()
        names = [value for value in choose.evaluate("el => [...el.options].map((one) => one.value)") if value]
        took = []
        for index in range(10):
            order = names[(index + 1) % len(names)]
            took.append(float(tab.evaluate(REORDER, [choose.element_handle(), order])))
        return {"confusion drawn, ms": statistics.median(took), "confusion drawn, slowest, ms": max(took)}


def alone(component: str) -> dict[str, Any]:
    """A layout of one view."""
    return {"version": 1, "pages": [{"title": component, "tiles": [{"component": component, "h": 15}]}]}


def made(folder: Path, n_samples: int) -> Path:
    """The recording with so many samples."""
    path = folder / str(n_samples)
    if not (path / "checkpoints" / "000001").exists():
        make_recording(path, n_samples)
    return path


MEASURES = {"paint": measure_paint, "table": measure_table, "confusion": measure_confusion}


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(MEASURES), choices=MEASURES)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bathyscope-million")
    options = parser.parse_args()
    missed = 0
    print(f"{'':42}{'measured':>10}{'target':>10}")
    for name in options.only:
        for row, value in MEASURES[name](options.folder, options).items():
            target = TARGETS.get(row)
            missed += target is not None and value > target
            print(f"{row:42}{value:>10.0f}{f'< {target:g}' if target else '':>10}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
