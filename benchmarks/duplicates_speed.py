"""How long duplicates among many small pictures take to find, how much memory that needs, and which it finds.

Makes 60,000 pictures of 28 pixels out of the demo's 8,000 (moved, flipped, with noise), plants 300 near-duplicates
and 300 exact copies, records them without a model, and runs the analysis in a process of its own. Then plants the
demo's faults with three seeds and prints recall and precision of the pixel tiers:

    python benchmarks/duplicates_speed.py [--samples 60000]
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from bathyscope.analyses import Duplicates
from bathyscope.demo.data import load_fashion
from bathyscope.demo.faults import near_duplicate, plant_faults
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.media import encode_png
from bathyscope.recording.results import silent

PLANTED = 300
SEEDS = (0, 1, 2)
TARGET_S = 60.0


def many_pictures(count: int) -> np.ndarray:
    """(count, 28, 28) uint8; the last 600 are copies of the first 600, of which every other one exact."""
    generator = np.random.default_rng(0)
    source = load_fashion().images
    out = np.empty((count, *source.shape[1:]), np.uint8)
    for index in range(count):
        picture = source[index % len(source)].astype(np.float32)
        picture = np.roll(picture, tuple(generator.integers(-4, 5, 2)), (0, 1))[:, :: generator.choice([-1, 1])]
        noisy = picture * generator.uniform(0.5, 1) + generator.normal(0, 12, picture.shape)
        out[index] = noisy.clip(0, 255)
    for index in range(2 * PLANTED):
        out[count - 1 - index] = out[index] if index % 2 else near_duplicate(out[index], generator)
    return out


def write(path: Path, images: np.ndarray) -> None:
    """A recording of pictures only."""
    with RecordingWriter.create(path, kind="image") as writer, writer.samples() as samples:
        for start in range(0, len(images), 1000):
            part = images[start : start + 1000]
            ids = [f"s{index}" for index in range(start, start + len(part))]
            samples.write(ids, media=[{"bytes": encode_png(image), "path": None} for image in part])


def found_pairs(path: Path) -> set[tuple[int, int]]:
    """Pairs that make clusters. Called directly: the pixel tiers need no checkpoint."""
    pairs = Duplicates().run(Recording(path), silent).pairs
    pairs = pairs.filter(pc.field("grouped"))
    return set(zip(pairs["a"].to_pylist(), pairs["b"].to_pylist(), strict=True))


def child(path: Path, count: int) -> None:
    """Run on the recording and print time, memory and recall."""
    marks: dict[str, float] = {}
    started = time.perf_counter()

    def note(done: float, message: str = "") -> None:
        marks.setdefault(message.split(" picture ")[0], time.perf_counter() - started)

    result = Duplicates().run(Recording(path), note)
    elapsed, worked = time.perf_counter() - started, time.process_time()
    grouped = result.pairs.filter(pc.field("grouped"))
    found = set(zip(grouped["a"].to_pylist(), grouped["b"].to_pylist(), strict=True))
    planted = {(index, count - 1 - index) for index in range(2 * PLANTED)}
    print(f"{'whole run, s':44}{elapsed:8.1f}   target < {TARGET_S:g}")
    print(f"{'time of the processors, s':44}{worked:8.1f}")
    for message, second in marks.items():
        print(f"  {message + ', begins at s':42}{second:8.1f}")
    print(f"{'peak memory of the process, MB':44}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f}")
    print(f"{'planted pairs found':44}{len(found & planted):8} of {len(planted)}; other pairs: {len(found - planted)}")


def faults(folder: Path) -> None:
    """Recall and precision on the demo's planted pairs."""
    for seed in SEEDS:
        data = plant_faults(load_fashion(), seed)
        index_of = {name: index for index, name in enumerate(data.sample_ids)}
        originals = data.truth["duplicate_of"].to_pylist()
        planted = {tuple(sorted((copy, index_of[name]))) for copy, name in enumerate(originals) if name is not None}
        write(folder / f"seed{seed}", data.images)
        found = found_pairs(folder / f"seed{seed}")
        hits = len(found & planted)
        print(f"demo, seed {seed}: recall {hits / len(planted):.3f}, precision {hits / len(found):.3f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--child", type=Path, default=None)
    options = parser.parse_args()
    if options.child is not None:
        child(options.child, options.samples)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{platform.processor() or platform.machine()}, {cores} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "many", many_pictures(options.samples))
        print(f"{options.samples:,} pictures of 28 × 28:", flush=True)
        command = [sys.executable, __file__, "--samples", str(options.samples), "--child", str(folder / "many")]
        subprocess.run(command, check=True)
        faults(folder)


if __name__ == "__main__":
    main()
