"""The main directions of a run: fewer numbers for the same predictions, on one scale for all checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bathyscope.analyses.timetravel.frames import apply_head
from bathyscope.analyses.timetravel.graph import Vectors
from bathyscope.recording import Head

STEPS = (8, 16, 32, 48, 64, 96, 128, 192, 256)
KEPT_PREDICTIONS = 0.995
MOST_VECTORS = 8000
KEPT_VARIANCE = 0.99
"""Where no decision layer says how many directions are enough."""


class Basis(NamedTuple):
    """inputs = (vector − mean) · directionsᵀ / scale: mean (D,), directions (Q, D), scale (Q,)."""

    mean: Vectors
    directions: Vectors
    scale: Vectors

    def inputs(self, vectors: Vectors) -> Vectors:
        """(N, Q)."""
        out: Vectors = ((vectors - self.mean) @ self.directions.T / self.scale).astype(np.float32)
        return out

    def vectors(self, inputs: Vectors) -> Vectors:
        """(N, D) back."""
        out: Vectors = ((inputs * self.scale) @ self.directions + self.mean).astype(np.float32)
        return out


def plain_basis(vectors: Vectors) -> Basis:
    """All directions as they are, on one scale: for a run whose later checkpoints are not known yet."""
    mean = vectors.mean(axis=0)
    scale = np.float32(max(float((vectors - mean).std()), 1e-6))
    n = vectors.shape[1]
    return Basis(mean, np.eye(n, dtype=np.float32), np.full(n, scale, np.float32))


def basis_of(clouds: Sequence[Vectors], heads: Sequence[Head | None]) -> Basis:
    """The fewest directions, of those tried, that keep 99.5 % of the predictions at every checkpoint.

    Parameters
    ----------
    clouds : T arrays (M_t, D)
    heads : T decision layers; where there is none, directions must keep 99 % of the variance
    """
    pooled = np.concatenate(list(clouds))
    mean = pooled.mean(axis=0, dtype=np.float64).astype(np.float32)
    few = pooled[:: max(1, len(pooled) // MOST_VECTORS)] - mean
    _, spread, directions = np.linalg.svd(few, full_matrices=False)
    spread = spread / np.sqrt(max(len(few), 1))
    directions = (
        directions * np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, None]
    )
    total = max(float((spread**2).sum()), 1e-30)
    for count in [*(step for step in STEPS if step < len(directions)), len(directions)]:
        chosen = directions[:count]
        if (
            (spread[:count] ** 2).sum() / total >= KEPT_VARIANCE
            if all(head is None for head in heads)
            else _keeps(clouds, heads, mean, chosen)
        ):
            break
    # Between leaving the scales, where small directions drown, and levelling them, where noise counts like signal.
    level = max(float(np.sqrt((spread[:count] ** 2).mean())), 1e-6)
    scale = np.sqrt(level * np.maximum(spread[:count], max(1e-3 * float(spread[0]), 1e-6)))
    return Basis(mean, chosen.astype(np.float32), scale.astype(np.float32))


def _keeps(clouds: Sequence[Vectors], heads: Sequence[Head | None], mean: Vectors, directions: Vectors) -> bool:
    for vectors, head in zip(clouds, heads, strict=True):
        if head is None or not len(vectors):
            continue
        before = apply_head(head, vectors)
        back = ((vectors - mean) @ directions.T @ directions + mean).astype(np.float32)
        after = apply_head(head, back)
        if (before.argmax(axis=1) == after.argmax(axis=1)).mean() < KEPT_PREDICTIONS:
            return False
    return True
