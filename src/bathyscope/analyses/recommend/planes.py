"""The abnormality of the published recommender on a plane of the recording's own, computed once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.embedding import holding
from bathyscope.analyses.recommend import published
from bathyscope.analyses.recommend.features import split_rows
from bathyscope.errors import MissingInputError
from bathyscope.recording import Progress, Recording, Tables

FloatArray = npt.NDArray[np.float64]

CANVAS = 20.0
"""Side of the plane: its clusters have an absolute size, so the plane must have the size of those it was made for."""


@dataclass(frozen=True)
class PlaneScoresResult(Tables):
    """Abnormality of each sample of the pool: velocity, acceleration, position; one row of settings."""

    scores: pa.Table
    settings: pa.Table

    def matrix(self) -> FloatArray:
        """(P, 3)."""
        return np.stack([column.to_numpy() for column in self.scores.columns], axis=1)


@dataclass(frozen=True)
class PlaneScores:
    """Rarity of the courses on the plane of the two main directions over all checkpoints."""

    name: ClassVar[str] = "recommend-plane"
    question: ClassVar[str] = "How rare is the course of each sample on a plane?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    result: ClassVar[type[PlaneScoresResult]] = PlaneScoresResult

    split: str | None = None

    def run(self, recording: Recording, progress: Progress) -> PlaneScoresResult:
        """Lay the plane, cluster the courses.

        Raises
        ------
        MissingInputError
            If no checkpoint holds the embedding.
        """
        progress(0.0, "laying the plane")
        pool = split_rows(recording, self.split)
        positions = plane(recording, pool)
        progress(0.3, "clustering the courses")
        found = published.abnormality(positions)
        names = ("velocity", "acceleration", "position")
        return PlaneScoresResult(
            scores=pa.table({name: getattr(found, name) for name in names}),
            settings=pa.table({"threshold": [found.threshold]}),
        )


def plane(recording: Recording, pool: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """(P, T, 2) positions on the main plane of all checkpoints together; absent samples lie in the middle."""
    layer = recording.embedding_layer
    checkpoints = [one for one in holding(recording, layer) if one.n_samples]
    if layer is None or not checkpoints:
        raise MissingInputError(
            f"The published recommender follows samples on a plane, and {recording.path} holds no embedding. "
            "Record one with embedding='name of the layer'."
        )
    sums, products, count = np.zeros(1), np.zeros((1, 1)), 0
    for checkpoint in checkpoints:
        vectors = _finite(recording, layer, checkpoint.name, pool)
        sums, products, count = sums + vectors.sum(axis=0), products + vectors.T @ vectors, count + len(vectors)
    centre = sums / max(count, 1)
    _, directions = np.linalg.eigh(products / max(count, 1) - np.outer(centre, centre))
    main = directions[:, ::-1][:, :2]
    frames = [(_finite(recording, layer, one.name, pool) - centre) @ main for one in checkpoints]
    positions = np.stack([np.pad(frame, ((0, 0), (0, 2 - frame.shape[1]))) for frame in frames], axis=1)
    side = float(np.ptp(positions, axis=(0, 1)).max())
    return (positions * (CANVAS / side if side > 0 else 1.0)).astype(np.float32)


def _finite(recording: Recording, layer: str, checkpoint: str, pool: npt.NDArray[np.int64]) -> FloatArray:
    values = recording.activations(layer, checkpoint)
    flat = values.reshape(len(values), -1)[pool].astype(np.float64)
    usable = np.isfinite(flat).all(axis=1)
    flat[~usable] = flat[usable].mean(axis=0) if usable.any() else 0.0
    return flat
