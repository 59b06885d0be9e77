"""Runs made of arrays: classes that leave the origin while a model trains."""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np
import pytest

import bathyscope as bs
from bathyscope.analyses import TimeTravel
from bathyscope.analyses.timetravel import modes, travel
from bathyscope.analyses.timetravel.fit import Settings


class Run(NamedTuple):
    """Vectors (T, N, D), decision layers, labels (N,) and splits (N,)."""

    vectors: np.ndarray
    heads: list
    labels: np.ndarray
    split: list


def blobs(n=120, *, d=8, t=3, classes=4, seed=0, spread=4.0):
    """Gaussian classes whose centres leave the origin; the decision layer takes the nearest centre."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = generator.normal(size=(classes, d))
    centres *= spread / np.linalg.norm(centres, axis=1, keepdims=True)
    noise = generator.normal(scale=0.5, size=(n, d))
    drift = generator.normal(scale=0.05, size=(t, n, d))
    vectors, heads = [], []
    for frame in range(t):
        here = centres * (frame + 1) / t
        vectors.append(here[labels] + noise + drift[frame])
        heads.append((here.astype(np.float32), (-(here**2).sum(axis=1) / 2).astype(np.float32)))
    split = ["train" if index % 5 else "test" for index in range(n)]
    return Run(np.array(vectors, np.float32), heads, labels, split)


def write(path, run, *, upto=None, **options):
    """The run, or its first checkpoints, as a recording."""
    vectors = run.vectors[:upto]
    logits = [np.nan_to_num(v) @ w.T + b for v, (w, b) in zip(vectors, run.heads, strict=False)]
    given = {
        "labels": run.labels,
        "split": run.split,
        "heads": run.heads[: len(vectors)],
        "classes": [f"class {number}" for number in range(run.heads[0][0].shape[0])],
        "activations": {"embedding": vectors},
        "dtype": "float32",
        "overwrite": True,
    }
    return bs.from_arrays(path, logits=np.array(logits), **(given | options))


@pytest.fixture
def make_blobs():
    """`blobs`."""
    return blobs


@pytest.fixture
def record(tmp_path):
    """Write a run, with options of `from_arrays`; `path` continues to the same folder."""
    count = itertools.count()
    return lambda run, path=None, **options: write(path or tmp_path / f"blobs{next(count)}", run, **options)


@pytest.fixture
def cheap_fit(monkeypatch):
    """A small network and few steps, for tests that do not ask how good the picture is."""
    monkeypatch.setattr(travel, "Settings", functools.partial(Settings, steps=30, batch=1024, width=24))
    monkeypatch.setattr(modes, "EPOCH_STEPS", 30)


@pytest.fixture(scope="module")
def travelled(tmp_path_factory):
    """A recording of moving classes and its map, fitted once for a module."""
    recording = write(tmp_path_factory.mktemp("runs") / "run", blobs(160, t=5))
    return recording, recording.run(TimeTravel(landscape=40))
