"""Edits that need no training: seen in milliseconds."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.mitigate.training import Head

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloats = npt.NDArray[np.floating]

Instant = Literal["zero", "mean", "class_zero", "scale", "clamp", "reactive"]
INSTANT: tuple[Instant, ...] = ("zero", "mean", "class_zero", "scale", "clamp", "reactive")
OF_THE_INPUT: tuple[Instant, ...] = ("clamp", "reactive")
"""They change what comes into the decision layer, not the layer itself, so no patch can hold them."""


def edited_head(
    head: Head, method: Instant, neurons: IntArray, classes: IntArray, *, mean: FloatArray, strength: float = 0.0
) -> Head:
    """The decision layer after an edit of its columns.

    Parameters
    ----------
    method : zero: the neurons' columns are 0; mean: the same, and what they gave on average goes into the bias;
        class_zero: only the rows of the classes; scale: the columns times the strength
    mean : (U,) of the reference split
    """
    weight, bias = head.weight.copy(), head.bias.copy()
    if method == "class_zero":
        weight[np.ix_(classes, neurons)] = 0
    elif method == "scale":
        weight[:, neurons] *= strength
    else:
        weight[:, neurons] = 0
        if method == "mean":
            bias += head.weight[:, neurons] @ mean[neurons]
    return Head(weight, bias)


def edited_logits(
    head: Head, method: Instant, neurons: IntArray, features: AnyFloats, *, bounds: FloatArray, logits: FloatArray
) -> FloatArray:
    """Logits (N, C) after an edit of what comes into the decision layer.

    Parameters
    ----------
    method : clamp: activations above the bound are set to it; reactive: to 0
    bounds : (K,) of the K neurons
    logits : (N, C) unedited; they are not computed anew
    """
    now = np.asarray(features[:, neurons], np.float64)
    after = np.minimum(now, bounds) if method == "clamp" else np.where(now > bounds, 0.0, now)
    return np.asarray(logits + (after - now) @ head.weight[:, neurons].T, np.float64)


def changed_logits(head: Head, edited: Head, features: AnyFloats, logits: FloatArray) -> FloatArray:
    """Logits of an edited head from those of the unedited one: only the columns that changed are multiplied."""
    change = edited.weight - head.weight
    columns = np.flatnonzero(change.any(axis=0))
    if 2 * len(columns) > change.shape[1]:
        return edited(features)
    part = np.asarray(features[:, columns], change.dtype)
    return np.asarray(logits + part @ change[:, columns].T + (edited.bias - head.bias), logits.dtype)
