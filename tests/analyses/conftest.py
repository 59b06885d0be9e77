"""Small recordings made from arrays, for every test of an analysis."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

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
