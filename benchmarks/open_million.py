"""How fast a recording of a million samples opens, and how much memory its server holds.

Makes the recording by script (a million samples, 20 columns of metadata, one checkpoint; about a minute, kept in a
folder for the next run), starts the server in a process of its own and prints a table:

    python benchmarks/open_million.py [--samples 1000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pyarrow as pa

from bathyscope.recording import RecordingWriter
from bathyscope.workbench.server import PAGE

N_CLASSES = 10
BATCH = 50_000
TARGETS = {"server ready, s": 2.0, "page ready, s": 3.0, "resident memory, MB": 600.0}

SERVER = """
import sys
from bathyscope.recording import Recording
from bathyscope.workbench import serve
serve(Recording(sys.argv[1]), port=0, on_ready=lambda url: sys.stdout.write(url + "\\n") and sys.stdout.flush())
"""


def metadata_schema() -> pa.Schema:
    """Twenty columns of the kinds that people have."""
    fields = [(f"category_{size}", pa.string()) for size in (2, 5, 20, 50, 500, 50_000)]
    fields += [(f"number_{index}", pa.float64()) for index in range(5)] + [("score_16", pa.float32())]
    fields += [(f"count_{index}", pa.int64()) for index in range(3)] + [("flag", pa.bool_())]
    fields += [("taken", pa.timestamp("us")), ("file", pa.string()), ("caption", pa.string()), ("station", pa.int32())]
    return pa.schema(fields)


def metadata_batch(start: int, count: int, generator: np.random.Generator) -> pa.Table:
    """Values for samples start … start + count − 1."""
    columns: dict[str, pa.Array] = {}
    for field in metadata_schema():
        kind, _, size = field.name.partition("_")
        if kind == "category":
            names = pa.array([f"value {code}" for code in range(int(size))])
            codes = pa.array(generator.integers(0, int(size), count), pa.int32())
            columns[field.name] = pa.DictionaryArray.from_arrays(codes, names).cast(pa.string())
        elif kind in ("file", "caption"):
            columns[field.name] = pa.array([f"{kind} of sample number {start + index}" for index in range(count)])
        elif kind == "flag":
            columns[field.name] = pa.array(generator.random(count) < 0.5)
        elif kind == "taken":
            columns[field.name] = pa.array(generator.integers(0, 1 << 50, count)).cast(field.type)
        elif pa.types.is_integer(field.type):
            columns[field.name] = pa.array(generator.integers(0, 1 << 30, count)).cast(field.type)
        else:
            columns[field.name] = pa.array(generator.normal(size=count)).cast(field.type)
    return pa.table(columns)


def make_recording(path: Path, n_samples: int) -> None:
    """Write the recording, batch by batch."""
    generator = np.random.default_rng(0)
    with RecordingWriter.create(path, classes=[f"class {label}" for label in range(N_CLASSES)]) as writer:
        with writer.samples(metadata=metadata_schema()) as samples:
            for start in range(0, n_samples, BATCH):
                count = min(BATCH, n_samples - start)
                samples.write(
                    [f"sample-{index:09d}" for index in range(start, start + count)],
                    splits=["train" if start + index < n_samples * 0.8 else "test" for index in range(count)],
                    labels=pa.array(generator.integers(0, N_CLASSES, count)),
                    metadata=metadata_batch(start, count, generator),
                )
        with writer.checkpoint(1, epoch=1, metrics={"loss": 0.5}) as checkpoint:
            for start in range(0, n_samples, BATCH):
                indices = np.arange(start, min(start + BATCH, n_samples))
                logits = generator.normal(size=(len(indices), N_CLASSES)).astype(np.float16)
                checkpoint.write_outputs(indices, logits)


def fetch(address: str, token: str) -> tuple[bytes, float]:
    """Content of an address, and the seconds it took."""
    started = time.perf_counter()
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        content: bytes = answer.read()
    return content, time.perf_counter() - started


def memory_mb(process: psutil.Process) -> float:
    """Resident memory now."""
    return float(process.memory_info().rss) / 1e6


def page_ready(url: str, n_samples: int) -> float | None:
    """Seconds until Chromium shows how many samples there are; None if the page or the browser is not there."""
    if not (PAGE / "index.html").is_file() or importlib.util.find_spec("playwright") is None:
        return None
    from browser import launch
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page()
        started = time.perf_counter()
        tab.goto(url)
        # The grid of samples says "… of 1,000,000 samples" once the columns it needs are there.
        tab.get_by_text(f"of {n_samples:,} samples").first.wait_for(timeout=60_000)
        elapsed = time.perf_counter() - started
        browser.close()
    return elapsed


def measure(folder: Path) -> dict[str, float | None]:
    """The table's rows."""
    started = time.perf_counter()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        parts = urlsplit(url)
        root, token = f"http://{parts.netloc}", parts.query.removeprefix("token=")
        fetch(f"{root}/api/status", token)
        rows: dict[str, float | None] = {"server ready, s": time.perf_counter() - started}
        process = psutil.Process(server.pid)
        rows["resident memory when ready, MB"] = memory_mb(process)
        content, rows["/api/recording, s"] = fetch(f"{root}/api/recording", token)
        _, rows["columns label and split, s"] = fetch(f"{root}/api/tables/samples?columns=label,split", token)
        rows["resident memory, MB"] = memory_mb(process)
        told = json.loads(content)
        rows["page ready, s"] = page_ready(url, told["n_samples"])
        rows["resident memory with the page open, MB"] = memory_mb(process)
        names = [column["name"] for column in told["columns"]]
        every = ",".join(names)
        _, rows["one sample, all columns, s"] = fetch(f"{root}/api/tables/samples?rows=7&columns={every}", token)
        _, rows["one sample, over the checkpoints, s"] = fetch(f"{root}/api/tables/course?sample=7", token)
        slowest = 0.0
        for name in names:
            slowest = max(slowest, fetch(f"{root}/api/tables/samples?columns={name}", token)[1])
        rows["slowest single column, s"] = slowest
        rows["resident memory after every column, MB"] = memory_mb(process)
        return rows
    finally:
        server.terminate()
        server.wait(20)


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bathyscope-million")
    options = parser.parse_args()
    folder = options.folder / str(options.samples)
    if not (folder / "checkpoints" / "000001").exists():
        print(f"Making a recording of {options.samples:,} samples in {folder} …", flush=True)
        make_recording(folder, options.samples)
    missed = 0
    print(f"{'':42}{'measured':>10}{'target':>10}")
    for name, value in measure(folder).items():
        target = TARGETS.get(name)
        missed += value is not None and target is not None and value > target
        print(f"{name:42}{'no page' if value is None else f'{value:.3g}':>10}{f'< {target:g}' if target else '':>10}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
