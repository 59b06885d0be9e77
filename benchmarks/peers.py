"""Opening one table in Bathyscope, Embedding Atlas and Spotlight: how long, how much code, how much memory.

The same Parquet file for all (written by this script: a million rows, 20 columns), one after the other, in headless
Chromium with software rendering. The others are run from environments of their own, so that nothing of theirs has to
be installed beside Bathyscope:

    python -m venv /tmp/atlas && /tmp/atlas/bin/pip install embedding-atlas
    python -m venv /tmp/spotlight && /tmp/spotlight/bin/pip install renumics-spotlight
    python benchmarks/peers.py --atlas /tmp/atlas --spotlight /tmp/spotlight [--rows 1000000]

"Server ready" is the time from the command until the page can be fetched with its data; "page ready" from opening the
address until the first chart shows the count of a class; a "click" is on that class' bar, until the number of rows that
pass is the new one. Spotlight has no bar to click on.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from browser import launch
from playwright.sync_api import Page, sync_playwright

PATIENCE_S = 180
CLICKS = 20
SETTLE_MS = 400

WATCH = """
(pattern) => {
  const counted = new RegExp(pattern);
  const deepest = () => [...document.querySelectorAll("body *")].filter((one) => counted.test(one.textContent)).at(-1);
  let place = deepest();
  const read = () => ((place?.isConnected ? place : (place = deepest()))?.textContent.match(counted) ?? [""])[0];
  const before = read();
  window.__clicked = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`still ${before} 30 s after the click`)), 30_000);
    let since = 0;
    addEventListener("pointerdown", () => { since ||= performance.now(); }, { capture: true, once: true });
    const look = () => {
      const now = read();
      const done = () => resolve([performance.now() - since, before, now]);
      requestAnimationFrame(since && now && now !== before ? done : look);
    };
    look();
  });
}
"""


@dataclass(frozen=True)
class Tool:
    """How one tool is started, and where its page shows what is measured."""

    name: str
    command: Callable[[Path, int], list[str]]
    ready: str
    """Path that answers 200 once the data are there."""
    first_chart: Callable[[Page, str], Any]
    bar: Callable[[Page, str], Any] | None
    counted: str = ""
    """What the number of rows that pass looks like in the page's text."""
    place: str = ""
    """What the address ends with: where the charts of all columns are, of all rows."""


def make_table(path: Path, rows: int) -> dict[str, int]:
    """Write the table unless it is there; rows by class."""
    if not path.exists():
        generator = np.random.default_rng(0)
        label = generator.integers(0, 10, rows)
        guess = np.where(generator.random(rows) < 0.85, label, generator.integers(0, 10, rows))
        names = np.array([f"class {index}" for index in range(10)])
        columns: dict[str, Any] = {
            "id": [f"s{index:07d}" for index in range(rows)],
            "label": names[label],
            "prediction": names[guess],
            "split": np.array(["train", "test"])[(generator.random(rows) < 0.2).astype(int)],
            "x": (np.cos(label * 0.63) * 4 + generator.normal(size=rows)).astype(np.float32),
            "y": (np.sin(label * 0.63) * 4 + generator.normal(size=rows)).astype(np.float32),
            "flag": generator.random(rows) < 0.5,
        }
        columns |= {f"number_{index}": generator.normal(size=rows) for index in range(6)}
        columns |= {f"count_{index}": generator.integers(0, 1000, rows) for index in range(2)}
        for size in (3, 5, 8, 12, 20):
            values = np.array([f"v{value}" for value in range(size)])
            columns[f"category_{size}"] = values[generator.integers(0, size, rows)]
        pq.write_table(pa.table(columns), path)
    counts = pq.read_table(path, columns=["label"])["label"].value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counts}


def _button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name).first


def tools(options: argparse.Namespace) -> list[Tool]:
    """Ours, and those that were given."""
    found = [
        Tool(
            "Bathyscope",
            lambda table, port: [
                str(Path(sys.executable).parent / "bathyscope"),
                *("open", str(table), "--port", str(port), "--no-browser"),
            ],
            "",
            lambda page, count: _button(page, "class 7").wait_for(timeout=PATIENCE_S * 1000),
            _button,
            r"^[\d,]+ (of [\d,]+|samples)",
            "#page=data&split=all",
        )
    ]
    if options.atlas:
        found.append(
            Tool(
                "Embedding Atlas",
                lambda table, port: [
                    f"{options.atlas}/bin/embedding-atlas",
                    *(str(table), "--x", "x", "--y", "y", "--host", "127.0.0.1", "--port", str(port)),
                ],
                "/",
                lambda page, count: page.get_by_text(count, exact=True).first.wait_for(timeout=PATIENCE_S * 1000),
                _button,
                r"[\d,]+ / [\d,]+ points",
            )
        )
    if options.spotlight:
        found.append(
            Tool(
                "Spotlight",
                lambda table, port: [
                    f"{options.spotlight}/bin/python",
                    "-c",
                    "import pandas as pd\nfrom renumics import spotlight\n"
                    f"spotlight.show(pd.read_parquet({str(table)!r}), host='127.0.0.1', port={port}, no_browser=True, "
                    "wait='forever')",
                ],
                "/api/table/",
                lambda page, count: page.get_by_text("s0000000").first.wait_for(timeout=PATIENCE_S * 1000),
                None,
            )
        )
    return found


@contextmanager
def started(tool: Tool, table: Path, port: int, home: Path) -> Iterator[tuple[psutil.Process, str, float]]:
    """Run the tool: its process, its address and the seconds until it answered."""
    log = home / "log"
    environment = {**os.environ, "HOME": str(home), "SPOTLIGHT_OPT_OUT": "true", "XDG_DATA_HOME": str(home)}
    since = time.perf_counter()
    with log.open("w") as out:
        command = tool.command(table, port)
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    try:
        yield psutil.Process(server.pid), _address(tool, port, log, server), time.perf_counter() - since
    finally:
        for child in psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []:
            child.terminate()
        server.terminate()
        server.wait(20)


def _address(tool: Tool, port: int, log: Path, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        if tool.ready == "":  # the address stands in what it prints once it serves
            found = [word for word in log.read_text().split() if word.startswith("http://")]
            if found:
                return found[0]
        else:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{tool.ready}", timeout=PATIENCE_S):
                    return f"http://127.0.0.1:{port}/"
            except (urllib.error.URLError, OSError):
                pass
        time.sleep(0.02)
    raise TimeoutError(f"not there after {PATIENCE_S} s: {log.read_text()[-200:].strip()}")


def memory_mb(process: psutil.Process) -> float:
    """Resident memory of a process and its children."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def measure(tool: Tool, table: Path, counts: dict[str, int], port: int) -> dict[str, str]:
    """One tool's column of the table."""
    home = Path(tempfile.mkdtemp(prefix="peers-"))
    rows: dict[str, str] = {}
    try:
        with started(tool, table, port, home) as (process, address, ready_s):
            rows["server ready, s"] = f"{ready_s:.1f}"
            with sync_playwright() as playwright:
                _in_browser(playwright, tool, address, counts, rows)
            rows["server memory, MB"] = f"{memory_mb(process):,.0f}"
    except TimeoutError as error:
        rows.setdefault("server ready, s", f"no ({str(error)[:24]})")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return rows


def _in_browser(playwright: Any, tool: Tool, address: str, counts: dict[str, int], rows: dict[str, str]) -> None:
    browser = launch(playwright)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    traffic = page.context.new_cdp_session(page)
    traffic.send("Network.enable")
    traffic.send("Performance.enable")
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    traffic.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    traffic.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    since = time.perf_counter()
    page.goto(address + tool.place)
    tool.first_chart(page, f"{counts['class 7']:,}")
    rows["page ready, s"] = f"{time.perf_counter() - since:.1f}"
    page.wait_for_timeout(3000)
    if tool.bar is not None:
        times = []
        for turn in range(CLICKS):
            page.evaluate(WATCH, tool.counted)
            tool.bar(page, f"class {(7, 5)[turn % 2]}").click()
            elapsed, before, after = page.evaluate("window.__clicked")
            assert before != after
            times.append(elapsed)
            page.wait_for_timeout(SETTLE_MS)
        rows[f"click to new count, ms (median of {CLICKS})"] = f"{statistics.median(times):.0f}"
        rows["click to new count, ms (slowest)"] = f"{max(times):.0f}"
    code = sum(size for request, size in sizes.items() if kinds.get(request) in ("Script", "Stylesheet"))
    rows["code sent, MB"] = f"{code / 1e6:.2f}"
    rows["data sent, MB"] = f"{(sum(sizes.values()) - code) / 1e6:.1f}"
    metrics = {entry["name"]: entry["value"] for entry in traffic.send("Performance.getMetrics")["metrics"]}
    rows["page's JavaScript heap, MB"] = f"{metrics.get('JSHeapUsedSize', 0) / 1e6:,.0f}"
    browser.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--atlas", type=Path, help="environment with embedding-atlas")
    parser.add_argument("--spotlight", type=Path, help="environment with renumics-spotlight")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bathyscope-peers")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    table = options.folder / f"rows-{options.rows}.parquet"
    counts = make_table(table, options.rows)
    print(f"{options.rows:,} rows, 20 columns; {platform.machine()}, {os.cpu_count()} cores, software rendering")
    columns = {tool.name: measure(tool, table, counts, 8470 + place) for place, tool in enumerate(tools(options))}
    names = list(dict.fromkeys(name for rows in columns.values() for name in rows))
    print(f"{'':44}" + "".join(f"{tool:>22}" for tool in columns))
    for name in names:
        print(f"{name:44}" + "".join(f"{rows.get(name, '–'):>22}" for rows in columns.values()))


if __name__ == "__main__":
    main()
