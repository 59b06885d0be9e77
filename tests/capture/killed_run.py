"""Record, and be killed at a random moment, twenty times over; run by test_kill in a process of its own.

Forking instead of starting anew keeps it quick: torch is imported once.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)

from bathyscope import Recorder, load  # noqa: E402 -- threads are set before anything runs

IMAGES = np.random.default_rng(0).integers(0, 256, (200, 6, 6), dtype=np.uint8)


def record_on(path, most=None):
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(64, 3))
    with Recorder(path, IMAGES, labels=np.arange(200) % 3, layers=["0"], batch_size=50, resume=True) as recorder:
        while most is None or len(recorder.steps) < most:
            recorder.checkpoint(net)


def kill_after(path, seconds):
    child = os.fork()
    if child == 0:
        record_on(path)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def leftovers(path):
    return len(list(path.rglob(".writing-*")))


def check(path):
    """Every checkpoint that a reader sees is whole; returns their number."""
    recording = load(path)
    for checkpoint in recording.checkpoints[-20:]:  # the older ones were looked at after an earlier kill
        embedding = recording.activations("embedding", checkpoint).astype(np.float32)
        head = recording.head(checkpoint)
        logits = recording.logits(checkpoint)
        assert checkpoint.n_samples == len(recording) == 200
        assert np.abs(embedding @ head.weight.T + head.bias - logits).max() < 0.01
        assert recording.activations("0", checkpoint).shape == (200, 4)
    assert [checkpoint.step for checkpoint in recording.checkpoints] == list(range(len(recording.checkpoints)))
    return len(recording.checkpoints)


def main(path):
    record_on(path.with_name("warm"), most=1)  # what is imported at first use is there for the children
    start = time.monotonic()
    record_on(path.with_name("timed"), most=2)
    latest = max(0.25, 2 * (time.monotonic() - start))  # where the machine is busy, so is the child
    random.seed(0)
    counts, half_done = [0], 0
    for _ in range(20):
        kill_after(path, random.uniform(0.01, latest))
        half_done += leftovers(path) > 0
        if (path / "recording.json").exists():
            counts.append(check(path))
            assert counts[-1] >= counts[-2], "a finished checkpoint was lost"
    record_on(path, most=counts[-1] + 1)
    assert check(path) == counts[-1] + 1, "the run cannot go on"
    sys.stdout.write(f"{counts[-1]} checkpoints, {half_done} kills in the middle of one\n")
    assert len(set(counts)) > 3, "the kills left no time to record: the test shows nothing"
    assert half_done, "no kill met a write: the test shows nothing"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
