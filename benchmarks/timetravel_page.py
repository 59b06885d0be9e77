"""How fast the page plays a training: 100,000 samples at 20 checkpoints, in Chromium with software rendering.

Nothing is fitted: a recording of noise is written, and a result of the projection and of the trajectories beside it, as
an analysis would store them. Then the real page is served, played, scrubbed and listened to:

    python benchmarks/timetravel_page.py [--samples 100000] [--checkpoints 20] [--page FOLDER]
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import uvicorn
from browser import launch
from playwright.sync_api import Page, sync_playwright

import bathyscope as bs
from bathyscope.analyses.timetravel import TimeTravel, TimeTravelResult
from bathyscope.analyses.trajectories import Trajectories
from bathyscope.recording import Recording
from bathyscope.workbench import create_app
from bathyscope.workbench.server import PAGE

CLASSES = 10
CELLS = 200
TOKEN = "measure" * 5
# A frame counts when the playhead stands elsewhere than at the frame before.
PLAYED = """seconds => new Promise(resolve => {
  const head = () => {
    for (const part of document.querySelectorAll('.of-timetravel .part')) {
      const found = part.shadowRoot && part.shadowRoot.querySelector('.playhead');
      if (found) return found.style.transform;
    }
    return null;
  };
  let frames = 0, before = head();
  const since = performance.now();
  const step = now => {
    const at = head();
    if (at !== before) frames++;
    before = at;
    if (now - since < 1000 * seconds) requestAnimationFrame(step);
    else resolve(frames / ((now - since) / 1000));
  };
  requestAnimationFrame(step);
})"""
# From the key to the second animation frame after it: the first one draws, at the second it has been shown. Then until
# the slider says that the page stands at the other checkpoint, and that has been shown, too.
STEPPED = """key => new Promise(resolve => {
  const part = [...document.querySelectorAll('.of-timetravel .part')].find(one => one.shadowRoot);
  const slider = part.shadowRoot.querySelector('[role=slider]');
  const before = slider.getAttribute('aria-valuenow');
  const since = performance.now();
  const shown = then => requestAnimationFrame(() => requestAnimationFrame(() => then(performance.now() - since)));
  const follow = first => slider.getAttribute('aria-valuenow') !== before
    ? shown(rest => resolve([first, rest])) : requestAnimationFrame(() => follow(first));
  slider.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true }));
  shown(follow);
})"""


def recording_of(path: Path, n: int, t: int) -> Recording:
    """Samples of noise whose logits lean to a class a little more at every checkpoint."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, n)
    lean = np.eye(CLASSES, dtype=np.float32)[labels]
    logits = np.stack([random.normal(size=(n, CLASSES)).astype(np.float32) + 0.3 * step * lean for step in range(t)])
    embedding = np.repeat(random.normal(size=(1, n, 4)).astype(np.float32), t, axis=0)
    bs.from_arrays(path, labels=labels, logits=logits, activations={"embedding": embedding})
    return Recording(path)


def positions_of(names: list[str], labels: np.ndarray) -> pa.Table:
    """Clouds that leave the middle, as codes."""
    random = np.random.default_rng(1)
    n = len(labels)
    noise = random.normal(scale=2600, size=(n, 2))
    angle = 2 * np.pi * labels / CLASSES
    goal = 21000 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    columns = {}
    for step, name in enumerate(names):
        codes = np.clip(32768 + noise + goal * step / len(names), 0, 65535).astype(np.uint16)
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(codes.ravel()), 2)
    return pa.table(columns)


def landscapes_of(names: list[str]) -> pa.Table:
    """Wedges, one a class."""
    y, x = np.mgrid[0:CELLS, 0:CELLS] - CELLS / 2
    turn = (np.arctan2(y, x) / (2 * np.pi) * CLASSES + CLASSES + 0.5) % CLASSES
    classes = turn.astype("<u2").tobytes()
    gap = np.clip(510 * np.minimum(turn % 1, 1 - turn % 1), 0, 255).astype(np.uint8).tobytes()
    full = np.full(CELLS * CELLS, 255, np.uint8).tobytes()
    planes = {"classes": classes, "confidence": full, "gap": gap, "support": full}
    return pa.table(
        {
            "checkpoint": names,
            "cells": pa.array([CELLS] * len(names), pa.int32()),
            **{name: pa.array([plane] * len(names), pa.binary()) for name, plane in planes.items()},
        }
    )


def result_of(recording: Recording) -> TimeTravelResult:
    """What a projection would store, without one."""
    names = [checkpoint.name for checkpoint in recording.checkpoints]
    labels = np.asarray(recording.labels.filled(0))
    t, n = len(names), len(labels)
    steps = list(range(1, t + 1))
    made: dict[str, Any] = {
        "frames": pa.table(
            {
                "checkpoint": names,
                "step": steps,
                "epoch": np.array(steps, np.float64),
                "x": np.full(t, -1.0),
                "y": np.full(t, -1.0),
                "size": np.full(t, 2.0),
                "n_samples": [n] * t,
                "motion": np.full(t, 0.05),
                "seconds": np.full(t, 0.0),
            }
        ),
        "positions": positions_of(names, labels),
        "landscapes": landscapes_of(names),
        "misplaced": pa.table({name: np.zeros(n, bool) for name in names}),
        "quality": pa.table(
            {
                "checkpoint": names,
                "split": ["all"] * t,
                "measure": ["prediction_kept"] * t,
                "neighbours": pa.nulls(t, pa.int32()),
                "value": np.full(t, 0.97),
                "count": [n] * t,
                "random": np.full(t, 0.1),
            }
        ),
        "rating": pa.table({"checkpoint": pa.array([None], pa.string()), "rating": ["good"], "reason": ["Made up."]}),
    }
    for field in dataclasses.fields(TimeTravelResult):
        made.setdefault(field.name, pa.table({"text": pa.array([], pa.string())}))
    return TimeTravelResult(**{field.name: made[field.name] for field in dataclasses.fields(TimeTravelResult)})


def store(recording: Recording) -> None:
    """Keep the results where the page looks for them: `Recording.run` stores what an analysis gives back."""

    class Given(TimeTravel):
        """The projection, given instead of fitted."""

        def run(self, recording: Recording, progress: Any) -> TimeTravelResult:
            return result_of(recording)

    recording.run(Given())
    recording.run(Trajectories())


def serve(app: Any) -> tuple[uvicorn.Server, str]:
    """Answer on a free port of loopback, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{port}/?token={TOKEN}#page=time"


class Wire:
    """What the frames cost on their way: bytes of answers by table."""

    def __init__(self, page: Page) -> None:
        self.positions: list[int] = []
        self.landscapes: list[int] = []
        page.on("requestfinished", self._hear)

    def _hear(self, request: Any) -> None:
        """Count the body of an answer, as it came over the wire."""
        for kept, table in ((self.positions, "/positions?columns="), (self.landscapes, "/landscapes?")):
            if table in request.url and "," not in request.url.partition("columns=")[2].partition("&")[0]:
                kept.append(request.sizes()["responseBodySize"])


def measured(page: Page, n: int) -> list[tuple[str, float, str, str]]:
    """Rows of the table: what, value, unit, target."""
    wire = Wire(page)
    view = page.locator(".of-timetravel")
    view.locator(".play").wait_for(timeout=60_000)
    page.wait_for_timeout(8_000)
    slider = view.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1_500)
    view.locator(".play").click()
    played = page.evaluate(PLAYED, 8)
    view.locator(".play").click()
    steps, followed = [], []
    for key in ["ArrowRight", "ArrowLeft"] * 5:
        page.wait_for_timeout(1_500)  # the picture and the page have come to rest
        shown, rest = page.evaluate(STEPPED, key)
        steps.append(shown)
        followed.append(rest)
    return [
        ("playing", played, "frames/s", "≥ 8"),
        ("a step to a frame that is here, median", statistics.median(steps), "ms", "≤ 100"),
        ("the same, slowest of ten", max(steps), "ms", ""),
        ("until the rest of the page has followed, median", statistics.median(followed), "ms", ""),
        ("places over the wire", max(wire.positions) / n, "bytes a point a frame", "≤ 4"),
        ("landscape over the wire", max(wire.landscapes, default=0) / 1000, "kB a frame", ""),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--checkpoints", type=int, default=20)
    parser.add_argument("--page", type=Path, default=PAGE, help="folder of the built page")
    parser.add_argument("--browser", help="path of another Chromium")
    parser.add_argument("--picture", type=Path, help="where a picture of the page is saved")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = recording_of(Path(folder) / "noise", given.samples, given.checkpoints)
        store(recording)
        server, url = serve(create_app(recording, page=given.page, token=TOKEN))
        with sync_playwright() as playwright:
            browser = launch(playwright, given.browser)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            rows = measured(page, given.samples)
            if given.picture:
                page.screenshot(path=str(given.picture))
            browser.close()
        server.should_exit = True
    lines = [f"{given.samples:,} samples × {given.checkpoints} checkpoints, {platform.machine()}, software rendering"]
    lines += [f"{name:45} {value:10.3g} {unit:24} {target}" for name, value, unit, target in rows]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
