"""The recorded vectors of the samples that analyses compare: of the embedding, or of another layer that is named."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bathyscope.errors import UnknownLayerError
from bathyscope.recording import Checkpoint, Recording

Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


def layer_of(recording: Recording, name: str | None) -> str | None:
    """The layer of exactly this name; None takes the one of role "embedding", and gives None where there is none.

    Raises
    ------
    UnknownLayerError
        If no layer of that name was recorded.
    """
    if name is None:
        return recording.embedding_layer
    if name not in recording.layers:
        known = ", ".join(recording.layers) or "none"
        raise UnknownLayerError(f"No layer {name!r} was recorded. Recorded layers: {known}. Give one of them, or None.")
    return name


def holding(recording: Recording, layer: str | None) -> list[Checkpoint]:
    """The checkpoints that hold a layer, by step."""
    return [checkpoint for checkpoint in recording.checkpoints if layer in checkpoint.layers]


def unit_vectors(activations: npt.NDArray[np.floating]) -> tuple[Vectors, IntArray]:
    """Rows of length 1 and which they were; those with NaN, infinities or nothing but zeros have no direction."""
    vectors = activations.reshape(len(activations), -1).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.linalg.norm(vectors, axis=1)
    rows = np.flatnonzero(np.isfinite(length) & (length > 0))
    return vectors[rows] / length[rows, None], rows
