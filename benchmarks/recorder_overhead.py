"""What recording a checkpoint costs beside the bare evaluation loop over the same images, in the same run."""

import os
import platform
import tempfile
import time

import numpy as np
import torch

import bathyscope as bs
from bathyscope.demo.model import SmallNet

N, BATCH, PAIRS = 10_000, 256, 9


def bare_loop(model: torch.nn.Module, images: np.ndarray) -> None:
    """What people write themselves: batches, scaling, forward, predictions."""
    model.eval()
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(images[start : start + BATCH]).unsqueeze(1).float() / 255
            model(batch).argmax(1)
    model.train()


def seconds(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    torch.manual_seed(0)
    images = np.random.default_rng(0).integers(0, 256, (N, 28, 28), dtype=np.uint8)
    model = SmallNet()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}; {N:,} images of 28 × 28, small CNN"
    )
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        bs.Recorder(f"{folder}/run", images, classes=[str(index) for index in range(10)], batch_size=BATCH) as recorder,
    ):
        bare_loop(model, images)
        recorder.checkpoint(model)
        # In turn, so that a machine that gets slower slows both.
        pairs = [
            (seconds(lambda: bare_loop(model, images)), seconds(lambda: recorder.checkpoint(model)))
            for _ in range(PAIRS)
        ]
    bare, recorded = (sorted(column)[PAIRS // 2] for column in zip(*pairs, strict=True))
    ratio = sorted(ours / plain for plain, ours in pairs)[PAIRS // 2]
    print(f"bare loop            {bare:.3f} s")
    print(f"recorder.checkpoint  {recorded:.3f} s")
    print(f"ratio                {ratio:.2f}  (target 1.15; median of {PAIRS} pairs)")


if __name__ == "__main__":
    main()
