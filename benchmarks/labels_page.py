"""How fast labels are corrected in the page: key to disk and picture, scrolling, and a reviewer who knows the truth.

    python benchmarks/labels_page.py [--demo runs/demo] [--keys 200] [--pause 300] [--decided 0]
        [--only keys,scroll,review]

The demo is copied first, nothing in it is changed. "keys": from a key on the desk until the decision is on disk and
drawn as saved, and until the next picture stands there; between two keys somebody looks for `--pause` milliseconds.
"scroll": 10,000 pictures of noise that nobody has seen yet go by at a steady speed, whether the page keeps up or not;
how long a tile in sight stays blank. "review": a script judges through the page, by keys alone and with the planted
truth as its eyes, 5 % of the samples that were trained on: first conflicting duplicates, then systematic pairs as long
as half of the last 20 were wrong, then single labels. Beside it the same number of samples in a random order and in
the order of cleanlab's self-confidence, for the probabilities of the last checkpoint and for those the page stands on.
The load of the machine is told beside.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import uvicorn
from browser import launch
from cleanlab.rank import get_self_confidence_for_each_label
from playwright.sync_api import Page, sync_playwright
from scipy.special import softmax

import bathyscope as bs
from bathyscope.analyses import Duplicates, Labels
from bathyscope.recording import Recording
from bathyscope.workbench import create_app
from bathyscope.workbench.server import PAGE

TOKEN = "measure" * 5
SHARE = 0.05
LAST = 20
SPEEDS = (1000, 3000, 9000)
"""Pixels a second: reading along, a brisk wheel, a flick."""
SCROLL_S = 5
DESK = "document.querySelector('.of-labels .part').shadowRoot"
# Told at the animation frame after the one that drew it: then it has been shown.
KEYED = f"""key => new Promise(resolve => {{
  const desk = {DESK}, scroller = desk.querySelector('[data-tiles]');
  const at = scroller.getAttribute('aria-activedescendant'), before = desk.querySelector('.stage .id').textContent;
  const since = performance.now();
  let next = null;
  scroller.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, composed: true, cancelable: true }}));
  const look = () => {{
    const now = performance.now() - since;
    if (next === null && desk.querySelector('.stage .id').textContent !== before) next = now;
    const tile = desk.getElementById(at);
    if (next !== null && tile && /kept|changed/.test(tile.className)) resolve([next, now]);
    else if (now > 20000) resolve([now, now]);
    else requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}})"""
# By the clock, not by the frame: a page that is late scrolls further at once. A tile is known by its sample, and one
# that left the window before it had a picture was blank until then, too.
SCROLLED = f"""([from, speed, seconds]) => new Promise(resolve => {{
  const scroller = {DESK}.querySelector('[data-tiles]');
  scroller.scrollTop = from;
  const blank = new Map(), since = performance.now();
  let longest = 0, frames = 0, before = since, slowest = 0, tiles = new Set();
  const look = () => {{
    const now = performance.now(), box = scroller.getBoundingClientRect(), waiting = new Set();
    slowest = Math.max(slowest, now - before);
    before = now;
    frames++;
    for (const tile of scroller.querySelectorAll('.tile')) {{
      const {{ top, bottom }} = tile.getBoundingClientRect(), image = tile.querySelector('img');
      if (bottom <= box.top || top >= box.bottom) continue;
      const key = tile.getAttribute('aria-label').split(',')[0];
      tiles.add(key);
      if (image && image.complete && image.naturalWidth > 0) continue;
      waiting.add(key);
      if (!blank.has(key)) blank.set(key, now);
    }}
    const drawn = scroller.querySelector('.tiles').getBoundingClientRect();
    if (drawn.top > box.top + 40 || drawn.bottom < box.bottom - 40) {{
      waiting.add('nothing drawn');
      if (!blank.has('nothing drawn')) blank.set('nothing drawn', now);
    }}
    for (const [key, began] of blank) {{
      longest = Math.max(longest, now - began);
      if (!waiting.has(key)) blank.delete(key);
    }}
    if (now - since > 1000 * seconds) resolve([longest, frames, slowest, tiles.size]);
    else {{ scroller.scrollTop = from + speed * (now - since) / 1000; requestAnimationFrame(look); }}
  }};
  requestAnimationFrame(look);
}})"""
CURRENT = f"{DESK}.querySelector('.stage .id').firstChild.textContent.trim()"
CHOICES = f"[...{DESK}.querySelectorAll('.choices .name')].map(one => one.textContent)"
COPIES = f"[...{DESK}.querySelectorAll('.copies .like')].map(one => one.getAttribute('aria-label').slice(5))"


class Served:
    """A recording on a free port of loopback, in a thread."""

    def __init__(self, recording: Recording, page: Path) -> None:
        app = create_app(recording, page=page, token=TOKEN)
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        threading.Thread(target=self._server.run, daemon=True).start()
        while not self._server.started:
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/?token={TOKEN}#page=labels"

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True


def opened(browser: Any, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(url)
    page.locator(".of-labels .couple").first.wait_for(timeout=120_000)
    return page


def tab(page: Page, name: str) -> None:
    page.locator(".of-labels").get_by_role("tab", name=name).click()
    page.locator(".of-labels [data-tiles] .tile").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)


def keys(page: Page, n: int, pause_ms: int) -> list[tuple[str, float, str, str]]:
    """Decide n times, one after the other, and wait for the disk each time."""
    tab(page, "Single labels")
    page.evaluate(KEYED, "k")
    page.wait_for_timeout(2000)  # the first screen of pictures
    told = []
    for place in range(n):
        told.append(page.evaluate(KEYED, "1" if place % 3 else "k"))
        page.wait_for_timeout(pause_ms)
    nexts, saved = ([pair[which] for pair in told] for which in (0, 1))
    return [
        ("key to next picture, median", statistics.median(nexts), "ms", "within a frame"),
        ("key to saved on disk and drawn, median", statistics.median(saved), "ms", "≤ 100"),
        ("the same, 95th percentile", float(np.quantile(saved, 0.95)), "ms", ""),
        ("the same, last 20", statistics.median(saved[-20:]), "ms", ""),
    ]


def noise(path: Path, n: int = 10_000) -> Recording:
    """Pictures of noise with labels that a model of noise judges."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, n)
    logits = generator.normal(size=(3, n, 10)).astype(np.float32) + 2 * np.eye(10, dtype=np.float32)[labels]
    images = generator.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    return bs.from_arrays(path, logits=logits, labels=labels, samples=images)


def scroll(page: Page) -> list[tuple[str, float, str, str]]:
    """A steady wheel at three speeds, each where nothing was seen before."""
    tab(page, "Single labels")
    rows = []
    start = 0
    for speed in SPEEDS:
        page.evaluate(f"from => {{ {DESK}.querySelector('[data-tiles]').scrollTop = from; }}", start)
        page.wait_for_timeout(2000)
        longest, frames, slowest, tiles = page.evaluate(SCROLLED, [start, speed, SCROLL_S])
        rows.append((f"longest blank tile at {speed:,} px/s, {tiles:,} tiles", longest, "ms", "≤ 200"))
        rows.append((f"the same: slowest of {frames} frames", slowest, "ms", ""))
        start += speed * SCROLL_S + 5000
    return rows


class Reviewer:
    """Judges what stands on the desk, by keys, as somebody who knows every true label."""

    def __init__(self, page: Page, recording: Recording, budget: int) -> None:
        table = pq.read_table(recording.path / "truth.parquet")
        names = np.array(recording.classes)
        self.page, self.budget = page, budget
        self.true = dict(zip(table["sample_id"].to_pylist(), names[table["true_label"].to_numpy()], strict=True))
        self.given = dict(zip(recording.sample_ids.to_pylist(), names[np.asarray(recording.labels)], strict=True))
        self.seen: set[str] = set()

    @property
    def left(self) -> int:
        """Samples that may still be looked at."""
        return self.budget - len(self.seen)

    def one(self) -> tuple[str, bool] | None:
        """Judge the sample at hand; None when it was judged before and only confirmed again."""
        sample = str(self.page.evaluate(CURRENT))
        if sample in self.seen:
            return None
        true = self.true[sample]
        choices = self.page.evaluate(CHOICES)
        if true in choices:
            self.page.keyboard.press("k" if choices.index(true) == 0 else str(choices.index(true)))
        else:
            self.page.keyboard.press("/")
            self.page.keyboard.type(true)
            self.page.keyboard.press("Enter")
        self.page.wait_for_function(f"before => {CURRENT} !== before", arg=sample)
        return sample, self.given[sample] != true

    def judge(self, most: int, go_on: Any = lambda found: True) -> None:
        """Judge one after the other, as long as it goes on."""
        found: list[bool] = []
        for _ in range(min(most, self.left)):
            told = self.one()
            if told is None or not go_on(found):
                return
            self.seen.add(told[0])
            found.append(told[1])

    def groups(self, n: int) -> None:
        """Conflicting copies: one decision for each group, which counts as many samples as it has."""
        for _ in range(n):
            copies = self.page.evaluate(COPIES)
            if self.one() is None or self.left < len(copies):
                return
            self.seen |= set(copies)


def review(page: Page, recording: Recording) -> list[tuple[str, float, str, str]]:
    """Review 5 % in the order that the page guides through; the same number in other orders, without a page."""
    trained = np.flatnonzero(np.asarray(recording.column("split").to_pylist()) == "train")
    truth = pq.read_table(recording.path / "truth.parquet")
    wrong = truth["wrong_label"].to_numpy(zero_copy_only=False)
    budget = round(SHARE * len(trained))
    reviewer = Reviewer(page, recording, budget)
    result = recording.run(Labels())
    pairs = [row for row in result.class_pairs.to_pylist() if row["systematic"] and row["basis"] == "training dynamics"]
    conflicts = sum(row["label_conflict"] for row in recording.run(Duplicates()).clusters.to_pylist())
    since = time.perf_counter()
    tab(page, "Duplicates")
    reviewer.groups(conflicts)
    for pair in pairs:
        page.locator(".of-labels").get_by_role("tab", name="Class pairs").click()
        label, other = recording.classes[pair["label"]], recording.classes[pair["prediction"]]
        page.locator(".of-labels").get_by_role("button", name=f"{label} that may be {other}:").click()
        page.locator(".of-labels .stage .id").wait_for()
        reviewer.judge(reviewer.left, lambda found: len(found) < LAST or sum(found[-LAST:]) >= LAST / 2)
    tab(page, "Single labels")
    reviewer.judge(reviewer.left)
    minutes = (time.perf_counter() - since) / 60
    ids = {name: at for at, name in enumerate(recording.sample_ids.to_pylist())}
    total = int(wrong[trained].sum())
    mine = sum(wrong[ids[name]] for name in reviewer.seen) / total
    rows = [
        ("items a minute, the script's own time included", len(reviewer.seen) / minutes, "items/min", "≥ 60"),
        (f"found of {total} planted after {len(reviewer.seen)} samples, guided", 100 * mine, "%", ""),
    ]
    for name, order in orders(recording, trained, result).items():
        rows.append((f"the same, {name}", 100 * wrong[order[:budget]].sum() / total, "%", ""))
    return rows


def orders(recording: Recording, trained: Any, result: Any) -> dict[str, Any]:
    """Other orders in which the same samples could be looked at."""
    labels = np.asarray(recording.labels)[trained]
    last = softmax(recording.logits(recording.checkpoints[-1]).astype(np.float64)[trained], axis=1)
    own = np.asarray(result.samples["self_confidence"])[trained]
    suspicion = np.asarray(result.samples["suspicion"])[trained]
    shuffled = list(trained)
    random.Random(0).shuffle(shuffled)
    return {
        "in a random order": np.array(shuffled),
        "by cleanlab, last checkpoint": trained[np.argsort(get_self_confidence_for_each_label(labels, last))],
        "by cleanlab, what the page stands on": trained[np.argsort(own)],
        "by the list of single labels alone": trained[np.argsort(-suspicion)],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("runs/demo"))
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--pause", type=int, default=300, help="milliseconds between two keys")
    parser.add_argument("--decided", type=int, default=0, help="decisions that the log holds before the first key")
    parser.add_argument("--only", default="keys,scroll,review")
    parser.add_argument("--page", type=Path, default=PAGE, help="folder of the built page")
    parser.add_argument("--browser", help="path of another Chromium")
    given = parser.parse_args()
    wanted = given.only.split(",")
    rows: list[tuple[str, float, str, str]] = []
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright, given.browser)
        for part in wanted:
            path = Path(folder) / part
            recording = noise(path) if part == "scroll" else copied(given.demo, path)
            recording.run(Labels())
            for number in range(given.decided if part == "keys" else 0):
                payload = {"samples": [f"train/{number % 6000:05d}"], "action": "keep"}
                recording.decisions.append("label", payload, author="before")
            served = Served(recording, given.page)
            page = opened(browser, served.url)
            if part == "keys":
                rows += keys(page, given.keys, given.pause)
            else:
                rows += scroll(page) if part == "scroll" else review(page, recording)
            page.close()
            served.close()
        browser.close()
    load = " and ".join(f"{one:.1f}" for one in (before, os.getloadavg()[0]))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {load} before and after"
    lines = [f"{machine}, Chromium with software rendering, {given.decided:,} decisions before"]
    lines += [f"{name:62} {value:10.4g} {unit:10} {target}" for name, value, unit, target in rows]
    print("\n".join(lines))


def copied(demo: Path, path: Path) -> Recording:
    """The demo without what was decided about it."""
    shutil.copytree(demo, path, ignore=shutil.ignore_patterns("decisions.sqlite*"))
    return Recording(path)


if __name__ == "__main__":
    main()
