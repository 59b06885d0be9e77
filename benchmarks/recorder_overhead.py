"""What recording a checkpoint costs beside the bare evaluation loop over the same images, in the same run."""

import os
import platform
import tempfile
import time

import numpy as np
import torch

import bathyscope as bs
from bathyscope.demo.model import SmallNet

N, BATCHES, PAIRS = 10_000, (256, 1000), 9


def bare_loop(model: torch.nn.Module, images: np.ndarray, size: int) -> None:
    """What people write themselves: batches, scaling, forward, predictions."""
    model.eval()
    with torch.no_grad():
        for start in range(0, len(images), size):
            batch = torch.from_numpy(images[start : start + size]).unsqueeze(1).float() / 255
            model(batch).argmax(1)
    model.train()


def seconds(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def compare(images: np.ndarray, size: int) -> None:
    model = SmallNet()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        classes = [str(index) for index in range(10)]
        with bs.Recorder(f"{folder}/run", images, classes=classes, batch_size=size) as recorder:
            bare_loop(model, images, size)
            recorder.checkpoint(model)
            # In turn, so that a machine that gets slower slows both.
            pairs = [
                (seconds(lambda: bare_loop(model, images, size)), seconds(lambda: recorder.checkpoint(model)))
                for _ in range(PAIRS)
            ]
    bare, recorded = (sorted(column)[PAIRS // 2] for column in zip(*pairs, strict=True))
    ratio = sorted(ours / plain for plain, ours in pairs)[PAIRS // 2]
    print(f"{size:5}{bare:14.3f}{recorded:23.3f}{ratio:9.2f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    pictures = np.random.default_rng(0).integers(0, 256, (N, 28, 28), dtype=np.uint8)
    print(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    print(f"{N:,} images of 28 × 28, the demo's network; median of {PAIRS} pairs; target of the ratio 1.15")
    print("batch   bare loop, s  recorder.checkpoint, s    ratio")
    for batch_size in BATCHES:
        compare(pictures, batch_size)
