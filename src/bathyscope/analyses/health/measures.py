"""Whether a checkpoint's classes are still told apart, and whether its numbers still are numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]


class Spread(NamedTuple):
    """Of one checkpoint's embedding; NaN where it cannot be told.

    Attributes
    ----------
    centroid_distance : mean distance between the centroids of two classes
    within_class : root mean square distance of the samples to their class's centroid
    finite : share of samples whose embedding is finite
    """

    centroid_distance: float
    within_class: float
    finite: float


def spread(batches: Iterable[tuple[IntArray, npt.NDArray[Any]]], labels: IntArray, n_classes: int) -> Spread:
    """How far apart the classes lie and how wide they are, in one pass.

    Parameters
    ----------
    batches : sample indices (B,) and their activations (B, …)
    labels : (N,) class indices; −1 for none
    """
    counts = np.zeros(n_classes)
    sums: FloatArray | None = None
    squares, n_seen, n_finite = 0.0, 0, 0
    for indices, activations in batches:
        vectors = activations.reshape(len(activations), -1).astype(np.float64)
        finite = np.isfinite(vectors).all(axis=1)
        n_seen, n_finite = n_seen + len(vectors), n_finite + int(finite.sum())
        kept = finite & (labels[indices] >= 0)
        vectors, own = vectors[kept], labels[indices][kept]
        if sums is None:
            sums = np.zeros((n_classes, vectors.shape[1]))
        np.add.at(sums, own, vectors)
        counts += np.bincount(own, minlength=n_classes)
        squares += float(np.einsum("nd,nd->", vectors, vectors))
    share = n_finite / n_seen if n_seen else np.nan
    there = counts > 0
    if sums is None or not there.any():
        return Spread(np.nan, np.nan, share)
    centroids = sums[there] / counts[there, None]
    inside = squares - float((counts[there] * np.einsum("cd,cd->c", centroids, centroids)).sum())
    return Spread(_mean_distance(centroids), float(np.sqrt(max(inside, 0.0) / counts.sum())), share)


def _mean_distance(centroids: FloatArray) -> float:
    if len(centroids) < 2:
        return float("nan")
    from scipy.spatial.distance import pdist

    return float(pdist(centroids).mean())


class Answers(NamedTuple):
    """Of one checkpoint's outputs; NaN where it cannot be told.

    Attributes
    ----------
    share_right : of the labelled samples
    commonest : share of the class that is predicted most often
    finite : share of samples whose outputs are finite
    """

    share_right: float
    commonest: float
    finite: float


def answers(batches: Iterable[tuple[IntArray, npt.NDArray[Any]]], labels: IntArray) -> Answers:
    """What one checkpoint predicts, in one pass; outputs that are no numbers are wrong."""
    n_seen, n_finite, n_labelled, n_right = 0, 0, 0, 0
    predicted: npt.NDArray[np.int64] | None = None
    for indices, logits in batches:
        finite = np.isfinite(logits).all(axis=1)
        said = np.where(finite, np.nan_to_num(logits.astype(np.float32)).argmax(axis=1), -1)
        n_seen, n_finite = n_seen + len(said), n_finite + int(finite.sum())
        labelled = labels[indices] >= 0
        n_labelled += int(labelled.sum())
        n_right += int((labelled & (said == labels[indices])).sum())
        counted = np.bincount(said[finite], minlength=logits.shape[1])
        predicted = counted if predicted is None else predicted + counted
    return Answers(
        n_right / n_labelled if n_labelled else np.nan,
        float(predicted.max()) / n_finite if predicted is not None and n_finite else np.nan,
        n_finite / n_seen if n_seen else np.nan,
    )
