"""Exact nearest neighbours among the vectors of samples; nobody is a neighbour of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]

NOT_AMONG = -1
"""In place of its own index: a query that is none of the points."""


def nearest(
    points: Vectors, k: int, *, queries: Vectors | None = None, own: IntArray | None = None
) -> tuple[IntArray, Vectors]:
    """The k nearest points of each query by Euclidean distance, nearest first.

    Parameters
    ----------
    points : (N, D), more than k
    queries : (Q, D); None compares the points with each other
    own : (Q,) which point each query is, so that it does not count as its own neighbour; −1 if it is none of them, and
        None if none is

    Returns
    -------
    (Q, k) indices and (Q, k) distances
    """
    from sklearn.neighbors import NearestNeighbors

    if queries is None:
        queries, own = points, np.arange(len(points))
    if not len(queries):
        return np.empty((0, k), np.int64), np.empty((0, k), points.dtype)
    searched = k if own is None else k + 1
    distances, found = NearestNeighbors(n_neighbors=searched, algorithm="brute").fit(points).kneighbors(queries)
    if own is not None:
        others = found != own[:, None]
        # One that is none of the points, or has more copies than fit into the list, does not find itself.
        others[others.all(axis=1), -1] = False
        shape = (len(queries), k)
        found, distances = found[others].reshape(shape), distances[others].reshape(shape)
    return found.astype(np.int64), distances


def own_places(among: npt.NDArray[np.bool_]) -> IntArray:
    """(Q,) which point each query is, where the points are the queries of this mask, in the same order."""
    return np.where(among, np.cumsum(among) - 1, NOT_AMONG)
