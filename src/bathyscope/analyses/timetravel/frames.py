"""The checkpoints as the analysis sees them: vectors that can be compared, and what the model made of them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.embedding import holding, layer_of
from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.errors import MissingInputError, ShapeError
from bathyscope.recording import Checkpoint, Head, Recording

MOST_DIMENSIONS = 20_000
"""Longer vectors of maps are averaged over their positions."""


class Frame(NamedTuple):
    """One checkpoint.

    Attributes
    ----------
    rows : (n,) samples that it holds with finite vectors, ascending
    vectors : (n, D)
    logits : (n, C) that its decision layer gives for them; None if none was recorded
    """

    rows: IntArray
    vectors: Vectors
    logits: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class Frames:
    """All checkpoints of a recording that hold a layer; each is read when it is asked for.

    Attributes
    ----------
    shape : of one sample's activation
    heads : (T,) decision layers, None where it cannot be applied to this layer
    """

    recording: Recording
    layer: str
    checkpoints: tuple[Checkpoint, ...]
    shape: tuple[int, ...]
    heads: tuple[Head | None, ...]

    def __len__(self) -> int:
        return len(self.checkpoints)

    @property
    def averaged(self) -> bool:
        """Whether maps are averaged over their positions."""
        return len(self.shape) > 1 and math.prod(self.shape) > MOST_DIMENSIONS

    @property
    def dimensions(self) -> int:
        """D."""
        return self.shape[0] if self.averaged else math.prod(self.shape)

    def some(self, which: npt.NDArray[np.bool_]) -> Frames:
        """Those of some checkpoints, (T,)."""
        picked = np.flatnonzero(which)
        checkpoints = tuple(self.checkpoints[frame] for frame in picked)
        return dataclasses.replace(self, checkpoints=checkpoints, heads=tuple(self.heads[frame] for frame in picked))

    def clock(self) -> npt.NDArray[np.float64]:
        """(T,) epochs, or steps where an epoch is unknown."""
        epochs = [checkpoint.epoch for checkpoint in self.checkpoints]
        given = [one.step for one in self.checkpoints] if any(epoch is None for epoch in epochs) else epochs
        return np.array(given, np.float64)

    def read(self, frame: int) -> Frame:
        """Samples, vectors and logits at one checkpoint."""
        given = self.recording.activations(self.layer, self.checkpoints[frame])
        if self.averaged:
            given = given.mean(axis=tuple(range(2, given.ndim)), dtype=np.float32)
        vectors = given.reshape(len(given), -1).astype(np.float32)
        if vectors.shape[1] != self.dimensions:
            raise ShapeError(
                f"Checkpoint {self.checkpoints[frame].name} has vectors of {vectors.shape[1]} dimensions in layer "
                f"{self.layer!r}, but {self.dimensions} were recorded for it. Record the run again with one model."
            )
        rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
        vectors = vectors if len(rows) == len(vectors) else vectors[rows]
        head = self.heads[frame]
        return Frame(rows, vectors, None if head is None else apply_head(head, vectors))


def apply_head(head: Head, vectors: Vectors) -> npt.NDArray[np.float32]:
    """(N, C) logits."""
    out: npt.NDArray[np.float32] = vectors @ head.weight.T.astype(np.float32) + head.bias.astype(np.float32)
    return out


def frames_of(recording: Recording, name: str | None) -> Frames:
    """The checkpoints that hold a layer; None takes that of role "embedding".

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    MissingInputError
        If no checkpoint holds it.
    """
    layer = layer_of(recording, name)
    checkpoints = tuple(holding(recording, layer))
    if layer is None or not checkpoints:
        what = "an embedding" if name is None else f"the layer {name!r}"
        raise MissingInputError(
            f"No checkpoint of {recording.path} holds {what}, so there is nothing to map. "
            "Record one with embedding='name of the layer', or name a recorded layer."
        )
    shape = tuple(recording.layers[layer].shape)
    own = layer == recording.embedding_layer
    heads = [recording.head(one) if own else None for one in checkpoints]
    fitting = [head if head is not None and head.weight.shape[1] == math.prod(shape) else None for head in heads]
    return Frames(recording, layer, checkpoints, shape, tuple(fitting))
