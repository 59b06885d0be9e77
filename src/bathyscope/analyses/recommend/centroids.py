"""Where a sample lay between the classes on its way, and how it lies inside its own: movement, in the embedding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.embedding import holding
from bathyscope.recording import Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MOST_CHECKPOINTS = 12
_CELLS = 1 << 22


def astray(recording: Recording, own: IntArray, references: IntArray, progress: Callable[[float], None]) -> FloatArray:
    """(N,) how much nearer a sample lay to the middle of another class than to that of its own, on average.

    Parameters
    ----------
    own : (N,) the class in question: the label, or without one the last prediction; −1 for none
    references : sample indices whose middles are taken

    Returns
    -------
    (N,) in units of the usual distance from the own middle at each checkpoint, over at most 12 of them; NaN if unknown
    """
    layer = recording.embedding_layer
    checkpoints = [one for one in holding(recording, layer) if one.n_samples]
    total, count = np.zeros(len(own)), np.zeros(len(own))
    picked = sorted({round(place) for place in np.linspace(0, len(checkpoints) - 1, MOST_CHECKPOINTS)})
    for number, which in enumerate(picked if checkpoints else ()):
        progress(number / len(picked))
        values = recording.activations(str(layer), checkpoints[which])
        lead = centroid_lead(values.reshape(len(values), -1).astype(np.float32), own, references)
        known = np.isfinite(lead)
        total[known] += lead[known]
        count += known
    with np.errstate(invalid="ignore"):
        return total / count


def centroid_lead(vectors: npt.NDArray[np.float32], own: IntArray, references: IntArray) -> FloatArray:
    """(N,) distance to the middle of one's own class minus that to the nearest other, over the usual own distance."""
    found = np.full(len(own), np.nan)
    usable = np.isfinite(vectors).all(axis=1) & (own >= 0)
    those = references[usable[references]]
    classes, codes = np.unique(own[those], return_inverse=True)
    if len(classes) < 2:
        return found
    counts = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    centres = np.add.reduceat(vectors[those[order]].astype(np.float64), starts, axis=0) / counts[:, None]
    rows = np.flatnonzero(usable & np.isin(own, classes))
    mine, other = np.empty(len(rows)), np.empty(len(rows))
    block = max(1, _CELLS // len(classes))
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        away = _distances(vectors[part].astype(np.float64), centres)
        column = np.searchsorted(classes, own[part])[:, None]
        mine[start : start + block] = np.take_along_axis(away, column, axis=1)[:, 0]
        np.put_along_axis(away, column, np.inf, axis=1)
        other[start : start + block] = away.min(axis=1)
    usual = float(np.median(mine))
    found[rows] = (mine - other) / usual if usual > 0 else 0.0
    return found


def _distances(points: FloatArray, centres: FloatArray) -> FloatArray:
    squares = np.square(points).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2 * points @ centres.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
