"""How dense the samples lie around a point: the k-nearest-neighbour estimate, and its parts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from bathyscope.analyses.neighbours import nearest, own_places

FloatArray = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

COMPONENTS = 64
VARIANCE_KEPT = 0.99
NEAREST_TOLD_APART = 1e-3
"""Distances below this share of the usual one are taken for it: copies of one sample make no infinite density."""


class Projection(NamedTuple):
    """Main directions of some vectors: centre (D,), directions (D, Q) and the share of variance that they keep."""

    centre: Vectors
    directions: Vectors
    kept: float

    def __call__(self, vectors: Vectors) -> Vectors:
        """(M, D) → (M, Q)."""
        return np.asarray((vectors - self.centre) @ self.directions, np.float32)


def principal_directions(vectors: Vectors) -> Projection:
    """The directions that keep 99 % of the variance, at least one and at most 64."""
    centre = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - centre
    values, directions = np.linalg.eigh(centred.T @ centred)
    values, directions = values[::-1].clip(0), directions[:, ::-1]
    total = values.sum()
    kept = np.cumsum(values) / total if total > 0 else np.ones(len(values))
    count = min(int(np.searchsorted(kept, VARIANCE_KEPT)) + 1, COMPONENTS, len(values))
    return Projection(centre.astype(np.float32), directions[:, :count].astype(np.float32), float(kept[count - 1]))


def neighbour_distances(fitted: Vectors, points: Vectors, k: int, fitted_too: BoolArray) -> FloatArray:
    """(M,) distance of each point to its k-th nearest fitted one, not counting itself; see `nearest`."""
    _, distances = nearest(fitted, k, queries=points, own=own_places(fitted_too))
    return distances[:, -1].astype(np.float64)


def log_density(distances: FloatArray, k: int, n_fitted: FloatArray | IntArray | int, dimensions: int) -> FloatArray:
    """Natural logarithm of k / (n · volume of the ball up to the k-th neighbour).

    Parameters
    ----------
    distances : (M,) to the k-th of n_fitted other samples
    dimensions : of the space
    """
    positive = distances[distances > 0]
    usual = float(np.median(positive)) if len(positive) else 1.0
    radius = np.maximum(distances, NEAREST_TOLD_APART * usual)
    ball = dimensions / 2 * np.log(np.pi) - gammaln(dimensions / 2 + 1)
    return np.asarray(np.log(k) - np.log(n_fitted) - ball - dimensions * np.log(radius), np.float64)


def percentile_ranks(values: FloatArray, among: FloatArray) -> FloatArray:
    """(M,) share of `among` that is lower, ties counted half, in [0, 1]; a member of `among` ties with itself."""
    ordered = np.sort(among)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + up_to) / (2 * len(ordered)), np.float64)
