"""Small recordings made from arrays, for every test of an analysis."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import bathyscope as bs
from bathyscope.recording import LayerInfo, Recording, RecordingWriter

SPLITS = ("train", "val")


def recording_of(
    path: Path,
    logits: dict[int, Any],
    *,
    labels: Any = None,
    task: str = "multiclass",
    splits: Any = None,
    classes: Any = None,
    metadata: dict[str, Any] | None = None,
    rows: dict[int, Any] | None = None,
    embedding: Any = None,
    layers: dict[str, Any] | None = None,
) -> Recording:
    """A recording with these logits (N, C) by step; `rows` says which samples a checkpoint holds.

    The embedding is called "pool"; `layers` holds the activations of further ones.
    """
    given = {**({} if embedding is None else {"pool": embedding}), **(layers or {})}
    first = next(iter(logits.values()), [])
    n_samples = len(first if labels is None else labels)
    table = pa.table(metadata or {})
    with RecordingWriter.create(path, task=task, classes=classes) as writer:
        with writer.samples(metadata=table.schema) as samples:
            samples.write([f"s{i}" for i in range(n_samples)], splits=splits, labels=labels, metadata=table)
        roles = {name: "embedding" if name == "pool" else "activation" for name in given}
        writer.set_layers([LayerInfo(name, a.shape[1:], "float32", roles[name], None) for name, a in given.items()])
        for step, values in logits.items():
            add_checkpoint(writer, step, values, task=task, rows=(rows or {}).get(step), layers=given)
    return Recording(path)


def add_checkpoint(
    writer: RecordingWriter,
    step: int,
    values: Any,
    *,
    task: str = "multiclass",
    rows: Any = None,
    layers: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Append one checkpoint, in two batches."""
    indices = np.arange(len(values)) if rows is None else np.asarray(rows)
    with writer.checkpoint(step, epoch=step, metrics={}) as checkpoint:
        for part in np.array_split(np.arange(len(values)), 2):
            if task == "multilabel":
                scored = [[{"label": a, "score": b} for a, b in values[i]] for i in part]
                kind = pa.list_(pa.struct([("label", pa.int32()), ("score", pa.float32())]))
                checkpoint.write_scores(indices[part], pa.array(scored, kind))
            else:
                checkpoint.write_outputs(indices[part], np.asarray(values, np.float32)[part])
            for name, activations in layers.items():
                checkpoint.write_activations(name, indices[part], activations[part])


@pytest.fixture(scope="session")
def recorded_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a recording of small pictures with the model that was recorded."""
    from torch import manual_seed, nn

    manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    images = np.random.default_rng(0).integers(0, 256, (24, 8, 8), dtype=np.uint8)
    path = tmp_path_factory.mktemp("program") / "run"
    bs.record(model, images, path, labels=[0, 1, 2] * 8, split=["train", "test"] * 12, export=True)
    return path


@pytest.fixture
def recording_with_program(recorded_program: Path, tmp_path: Path) -> Recording:
    """The same in a folder of this test."""
    return Recording(shutil.copytree(recorded_program, tmp_path / "program"))


@pytest.fixture
def record_arrays(tmp_path: Path) -> Callable[..., Recording]:
    """`recording_of` into a folder of this test."""
    count = iter(range(100))

    def make(logits: dict[int, Any], **options: Any) -> Recording:
        return recording_of(tmp_path / f"run{next(count)}", logits, **options)

    return make


@pytest.fixture
def write_arrays() -> Callable[..., None]:
    """`add_checkpoint` for tests that continue a recording."""
    return add_checkpoint
