"""Territories: which class the model would predict at each place of the canvas, and how surely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

BOUNDARY = 0.15
"""Places whose two leading classes are closer than this are drawn as border."""

SUPPORT_PERCENTILE = 99
LEAST_CELLS = 3
"""The ground reaches at least so far beyond the dots: as far as tens of thousands are apart, it would lie hidden under
them."""
BYTE = 255


class Landscape(NamedTuple):
    """Planes of cells², row by row from the lowest y.

    Attributes
    ----------
    classes : uint16 class index
    confidence : uint8, softmax · 255
    gap : uint8, 0 on a border … 255
    support : uint8, 255 near dots, 0 where the decoder only extrapolates
    """

    classes: npt.NDArray[np.uint16]
    confidence: npt.NDArray[np.uint8]
    gap: npt.NDArray[np.uint8]
    support: npt.NDArray[np.uint8]


def raw_gap(logits: FloatArray) -> FloatArray:
    """(N,) lead of the first class over the second as a share of its lead over the last; 1 for a single class."""
    if logits.shape[1] < 2:
        return np.ones(len(logits), np.float32)
    highest, lowest = logits.max(axis=1), logits.min(axis=1)
    second = np.partition(logits, -2, axis=1)[:, -2]
    out = np.zeros(len(logits), np.float32)
    np.divide(highest - second, highest - lowest, out=out, where=highest > lowest)
    return out


def probabilities(logits: FloatArray) -> npt.NDArray[np.float32]:
    """(N, C) softmax."""
    out = np.exp(np.maximum(logits - logits.max(axis=1, keepdims=True), -80))
    out /= out.sum(axis=1, keepdims=True)
    chances: npt.NDArray[np.float32] = out.astype(np.float32)
    return chances


def supported(centres: FloatArray, dots: FloatArray, least: float) -> npt.NDArray[np.uint8]:
    """(M,) 255 where a dot is as near as dots are to each other, up to the 99th percentile; at least `least`."""
    from scipy.spatial import cKDTree

    if len(dots) < 2:
        return np.zeros(len(centres), np.uint8)
    tree = cKDTree(dots)
    apart = tree.query(dots, k=2)[0][:, 1]
    reach = max(float(np.percentile(apart, SUPPORT_PERCENTILE)), least)
    near = tree.query(centres, k=1, distance_upper_bound=reach)[0]
    return np.where(np.isfinite(near), BYTE, 0).astype(np.uint8)


def landscape(logits: FloatArray, centres: FloatArray, dots: FloatArray, cell: float) -> Landscape:
    """The planes of one checkpoint, from the logits at the centres of its cells and its dots."""
    best = probabilities(logits).max(axis=1)
    return Landscape(
        classes=logits.argmax(axis=1).astype(np.uint16),
        confidence=np.rint(best * BYTE).astype(np.uint8),
        gap=np.rint(raw_gap(logits) * BYTE).astype(np.uint8),
        support=supported(centres, dots, LEAST_CELLS * cell),
    )
