"""A recording from arrays that another program made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from bathyscope.capture.head import EMBEDDING, Matrix, agree
from bathyscope.capture.labels import Task
from bathyscope.capture.opening import Opened, begin
from bathyscope.capture.precision import Dtype, Numbers
from bathyscope.capture.samples import NO_METADATA, Described, Inputs, Kind, Source, spans
from bathyscope.capture.scores import Sparsity, sparse_scores
from bathyscope.capture.sources import ColumnSource, as_source
from bathyscope.capture.transforms import own_tensor
from bathyscope.errors import HeadNotFoundError, ShapeError
from bathyscope.recording import CheckpointWriter, LayerInfo, Recording

ROWS = 4096
"""Rows taken at once, so that memory-mapped arrays larger than memory can be given."""


class NoSamples:
    """N samples of which nothing is known but that they exist."""

    kind: Kind | None = None
    classes: tuple[str, ...] | None = None
    task: Task | None = None
    metadata_schema = NO_METADATA

    def __init__(self, n_samples: int) -> None:
        self._n_samples = n_samples
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return self._n_samples

    def described(self, size: int) -> Iterator[Described]:
        """Batches without contents."""
        for start, stop in spans(len(self), size):
            yield Described(start, np.zeros(stop - start, np.uint32))

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Nothing: there is nothing to run a model on."""
        return iter(())


def from_arrays(
    path: str | Path,
    *,
    logits: npt.NDArray[Any] | Sequence[Any],
    labels: Any = None,
    activations: Mapping[str, Any] | None = None,
    heads: Sequence[tuple[Any, Any]] | None = None,
    samples: Any = None,
    classes: Sequence[str] | None = None,
    split: Any = None,
    metadata: Any = None,
    sample_ids: Sequence[str] | None = None,
    epochs: Sequence[float] | None = None,
    steps: Sequence[int] | None = None,
    metrics: Sequence[Mapping[str, float]] | None = None,
    dtype: Dtype = "float16",
    task: Task | None = None,
    kind: Kind | None = None,
    to_image: Any = None,
    overwrite: bool = False,
    top_labels: int = 50,
    least_score: float = 0.01,
    provenance: Mapping[str, Any] | None = None,
) -> Recording:
    """Record what another program has already computed.

    Parameters
    ----------
    path : folder of the recording
    logits : (T, N, C) for T checkpoints, or (N, C) for one; an array, a tensor or a list of T arrays
    labels : as for `Recorder`
    activations : (T, N, …) or (N, …) by layer name; "embedding" is the input of the decision layer
    heads : T decision layers as (weight (C, D), bias (C,)), where logits = embedding · weightᵀ + bias
    samples : what the N samples are, as for `Recorder`; None if that is not known
    classes, split, metadata, sample_ids, task, kind, to_image, overwrite, provenance : as for `Recorder`
    epochs : (T,), where they are known
    steps : (T,) distinct whole numbers; by default the epochs if these are whole, else 0 … T−1
    metrics : T dicts of numbers
    dtype : of activations on disk; a layer that goes beyond float16 is kept as float32, with a warning
    top_labels, least_score : multi-label scores kept per sample, as for `Recorder`

    Returns
    -------
    The recording.

    Raises
    ------
    ShapeError
        If the arrays do not belong together.
    HeadNotFoundError
        If a head does not give the logits.
    """
    given = Arrays.checked(logits, activations or {}, heads)
    course = _course(given.n_checkpoints, epochs, steps, metrics)
    columns = {"labels": labels, "split": split, "metadata": metadata, "sample_ids": sample_ids, "task": task}
    if samples is None:
        source: Source = ColumnSource(NoSamples(given.n_samples), **columns)
    else:
        source = as_source(samples, **columns, kind=kind, to_image=to_image)
    if len(source) != given.n_samples:
        raise ShapeError(f"{len(source):,} samples came with logits for {given.n_samples:,}. Give one row per sample.")
    opened = begin(path, source, classes=classes, provenance=provenance, overwrite=overwrite)
    numbers = Numbers(dtype)
    try:
        opened.settle_classes(given.n_classes)
        for number, (step, epoch, told) in enumerate(course):
            with opened.writer.checkpoint(step, epoch=epoch, metrics=told) as checkpoint:
                given.write(number, checkpoint, opened, numbers=numbers, sparsity=Sparsity(top_labels, least_score))
        opened.writer.set_layers(given.layers(numbers))
    finally:
        opened.writer.close()
    numbers.remarks.tell(opened.name_of)
    return Recording(path)


@dataclass(frozen=True)
class Arrays:
    """Arrays of T checkpoints that belong together."""

    logits: Any
    activations: Mapping[str, Any]
    heads: Sequence[Matrix] | None
    n_checkpoints: int
    n_samples: int
    n_classes: int

    @classmethod
    def checked(cls, logits: Any, activations: Mapping[str, Any], heads: Sequence[tuple[Any, Any]] | None) -> Self:
        """Bring all arrays to one axis of checkpoints, or say which does not fit."""
        one = np.ndim(logits[0]) == 1
        stacked = [logits] if one else logits
        shape = (len(stacked), *np.shape(stacked[0]))
        if len(shape) != 3:
            raise ShapeError(f"Logits have the shape {np.shape(logits)}; (T, N, C) or (N, C) is expected.")
        n_checkpoints, n_samples, n_classes = shape
        layers = {
            name: [values] if one and len(values) == n_samples else values for name, values in activations.items()
        }
        for name, values in [("logits", stacked), *layers.items()]:
            for number in range(len(values)):
                if len(values) != n_checkpoints or len(values[number]) != n_samples:
                    raise ShapeError(
                        f"{name!r} has {len(values)} checkpoints of {len(values[number]):,} samples, but the logits "
                        f"have {n_checkpoints} of {n_samples:,}. Give (T, N, …) for all, or (N, …) for one checkpoint."
                    )
        if heads is not None and len(heads) != n_checkpoints:
            raise ShapeError(
                f"{len(heads)} heads came with {n_checkpoints} checkpoints. Give one (weight, bias) for each."
            )
        matrices = None if heads is None else [Matrix(_tensor(w).float(), _tensor(b).float()) for w, b in heads]
        return cls(stacked, layers, matrices, n_checkpoints, n_samples, n_classes)

    def write(
        self, number: int, checkpoint: CheckpointWriter, opened: Opened, *, numbers: Numbers, sparsity: Sparsity
    ) -> None:
        """Write one checkpoint in batches of rows."""
        name = checkpoint.folder.name.rpartition("-")[2]
        own = opened.label_lists() if opened.task == "multilabel" else None
        for start, stop in spans(self.n_samples, ROWS):
            indices = np.arange(start, stop)
            logits = _tensor(self.logits[number][start:stop]).float()
            numbers.inspect_outputs(logits, indices, name)
            if own is not None:
                checkpoint.write_scores(indices, sparse_scores(logits, own.slice(start, stop - start), sparsity))
            else:
                checkpoint.write_outputs(indices, logits.numpy())
            for layer, values in self.activations.items():
                part = _tensor(values[number][start:stop])
                checkpoint.write_activations(layer, indices, numbers.kept(layer, part, indices, name))
        if self.heads is not None:
            self._write_head(number, checkpoint)

    def _write_head(self, number: int, checkpoint: CheckpointWriter) -> None:
        assert self.heads is not None
        head = self.heads[number]
        if EMBEDDING in self.activations:
            logits = _tensor(self.logits[number][:8])
            computed = head.apply(_tensor(self.activations[EMBEDDING][number][:8]).flatten(1))
            if not agree(logits.to(torch.float16), computed):  # arrays that were kept as float16 agree only so far
                raise HeadNotFoundError(
                    f"The head of checkpoint {number} does not give the logits: embedding · weightᵀ + bias differs "
                    f"from them by up to {float((logits.float() - computed).abs().max()):.3g}. Check the order of "
                    "heads and classes."
                )
        checkpoint.write_head(head.weight.numpy(), head.bias.numpy())

    def layers(self, numbers: Numbers) -> list[LayerInfo]:
        """What the checkpoints hold."""
        return [
            LayerInfo(
                name,
                tuple(np.shape(values[0])[1:]),
                numbers.dtype_of(name),
                "embedding" if name == EMBEDDING else "activation",
            )
            for name, values in self.activations.items()
        ]


def _tensor(values: Any) -> torch.Tensor:
    return values.detach().cpu() if isinstance(values, torch.Tensor) else own_tensor(np.asarray(values))


def _course(
    n_checkpoints: int,
    epochs: Sequence[float] | None,
    steps: Sequence[int] | None,
    metrics: Sequence[Mapping[str, float]] | None,
) -> list[tuple[int, float | None, Mapping[str, float]]]:
    """Step, epoch and metrics of each checkpoint."""
    for name, values in (("epochs", epochs), ("steps", steps), ("metrics", metrics)):
        if values is not None and len(values) != n_checkpoints:
            raise ShapeError(f"{len(values)} {name} came with {n_checkpoints} checkpoints. Give one for each.")
    if steps is None:
        whole = epochs is not None and all(float(epoch).is_integer() and epoch >= 0 for epoch in epochs)
        steps = [int(epoch) for epoch in epochs] if whole and epochs is not None else range(n_checkpoints)
    if len(set(steps)) < n_checkpoints:
        raise ShapeError(f"Steps must be distinct, but {list(steps)} repeats some. Give each checkpoint its own step.")
    told: Sequence[Mapping[str, float]] = metrics if metrics is not None else [{}] * n_checkpoints
    return [(int(steps[at]), None if epochs is None else float(epochs[at]), told[at]) for at in range(n_checkpoints)]
