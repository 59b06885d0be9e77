"""Near-duplicates in the recorded embedding: pairs much nearer than neighbours usually are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

NEIGHBOURS = 10
SAME = 1e-6
"""Cosine distances below this are rounding: the vectors are equal."""


class EmbeddingPairs(NamedTuple):
    """Pairs (P, 2) of sample indices with cosine distances (P,), and the median distance to the nearest neighbour."""

    pairs: IntArray
    distances: FloatArray
    median: float


def near_in_embedding(vectors: FloatArray, rows: IntArray, times: float, first_copy: IntArray) -> EmbeddingPairs:
    """Pairs nearer than `times` the usual distance to the nearest neighbour.

    Parameters
    ----------
    vectors : (M, D) of length 1
    rows : (M,) sample index of each
    times : pairs up to this multiple of the median are returned
    first_copy : (N,) first sample with the same content; only such first ones are searched, and compared

    Notes
    -----
    The median is taken over samples that have no exact copy, in content or in embedding, since with many copies it
    would be 0 and near-duplicates would vanish. Equal vectors make one pair each, with the first of them.
    """
    from sklearn.neighbors import NearestNeighbors

    original = first_copy[rows] == rows
    vectors, rows = vectors[original], rows[original]
    _, first, which, counts = (
        np.unique(vectors, axis=0, return_index=True, return_inverse=True, return_counts=True)
        if len(rows)
        else (None, *(np.empty(0, np.int64),) * 3)
    )
    which = which.reshape(-1)
    repeated = np.flatnonzero(first[which] != np.arange(len(rows)))
    pairs = np.stack([rows[first[which[repeated]]], rows[repeated]], axis=1)
    distances = np.zeros(len(pairs), np.float32)
    k = min(NEIGHBOURS + 1, len(first))
    if k < 2:
        return EmbeddingPairs(np.sort(pairs, axis=1), distances, float("nan"))
    some, some_rows = vectors[first], rows[first]
    euclidean, near = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(some).kneighbors(some)
    others = near != np.arange(len(some))[:, None]
    cosine = (euclidean**2 / 2).astype(np.float32)
    nearest = np.where(others, cosine, np.inf).min(axis=1)
    copied = np.bincount(first_copy, minlength=len(first_copy))[some_rows] > 1
    alone = nearest[(counts == 1) & ~copied & (nearest > SAME)]
    median = float(np.median(alone)) if len(alone) else float("nan")
    close = others & ((cosine < times * median) | (cosine <= SAME))
    left, right = np.nonzero(close)
    found = np.stack([some_rows[left], some_rows[near[left, right]]], axis=1)
    pairs = np.sort(np.concatenate([pairs, found]), axis=1)
    pairs, kept = np.unique(pairs, axis=0, return_index=True)
    return EmbeddingPairs(pairs, np.concatenate([distances, cosine[left, right]])[kept], median)
