"""Maps to compare with: the main plane of the run, and UMAP for each checkpoint by itself."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.analyses.timetravel.maps import Plane
from bathyscope.errors import require

FEWEST = 4
"""UMAP finds no neighbours among fewer."""


def main_plane(clouds: Sequence[Vectors]) -> Plane:
    """The two directions along which the vectors of all checkpoints spread most; zeros where there are none."""
    pooled = np.concatenate(list(clouds)).astype(np.float64)
    mean = pooled.mean(axis=0)
    _, directions = np.linalg.eigh((pooled - mean).T @ (pooled - mean))
    two = np.zeros((2, pooled.shape[1]))
    found = directions.T[::-1][:2]
    two[: len(found)] = found * np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])[:, None]
    return Plane(mean.astype(np.float32), two.astype(np.float32))


def procrustes(moving: Vectors, fixed: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """Rotation or reflection (2, 2) and the two means that lay `moving` on `fixed` best: (y − m) @ r + f.

    The size is left alone: a frame that shrinks should be seen to shrink.
    """
    from_mean, to_mean = moving.mean(axis=0), fixed.mean(axis=0)
    left, _, right = np.linalg.svd((moving - from_mean).T @ (fixed - to_mean))
    return left @ right, from_mean, to_mean


def umap_frame(vectors: Vectors, neighbours: int, seed: int) -> Vectors:
    """UMAP of one checkpoint, (n, 2); all at one spot where there are too few samples for it."""
    if len(vectors) < FEWEST:
        return np.zeros((len(vectors), 2), np.float32)
    umap = require("umap", extra="umap", purpose="The mode 'umap'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a single thread, which a fixed seed asks for
        fitted = umap.UMAP(n_neighbors=min(neighbours, len(vectors) - 1), random_state=seed).fit_transform(vectors)
    out = np.asarray(fitted, np.float32)
    return np.where(np.isfinite(out), out, 0).astype(np.float32)


def aligned(before: tuple[IntArray, Vectors] | None, rows: IntArray, positions: Vectors) -> Vectors:
    """Positions turned onto those of the frame before, as well as the samples in both allow."""
    if before is None:
        return positions - positions.mean(axis=0) if len(positions) else positions
    _, a, b = np.intersect1d(before[0], rows, assume_unique=True, return_indices=True)
    if len(a) < 2:
        return positions
    turn, middle, onto = procrustes(positions[b], before[1][a])
    out: Vectors = ((positions - middle) @ turn + onto).astype(np.float32)
    return out


def aligned_umap(clouds: Sequence[tuple[IntArray, Vectors]], neighbours: int, seed: int) -> list[Vectors]:
    """UMAP of all checkpoints at once, tied where a sample is in two that follow each other."""
    umap: Any = require("umap", extra="umap", purpose="The mode 'aligned_umap'")
    if len(clouds) < 2 or min(len(rows) for rows, _ in clouds) < FEWEST:
        return [umap_frame(vectors, neighbours, seed) for _, vectors in clouds]
    relations = []
    for (first, _), (second, _) in itertools.pairwise(clouds):
        _, a, b = np.intersect1d(first, second, assume_unique=True, return_indices=True)
        relations.append(dict(zip(a.tolist(), b.tolist(), strict=True)))
    fewest = min(len(rows) for rows, _ in clouds) - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tool = umap.AlignedUMAP(n_neighbors=min(neighbours, fewest), random_state=seed)
        fitted = tool.fit([vectors for _, vectors in clouds], relations=relations)
    return [np.asarray(one, np.float32) for one in fitted.embeddings_]
