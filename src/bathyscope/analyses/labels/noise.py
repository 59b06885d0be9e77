"""How do labels go wrong in this data: by chance, or one class into another?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

QUANTILES = (0.5, 0.7, 0.8, 0.9, 0.95)
LEAST_TAIL = 30
"""A class must have so many samples above a quantile for it to be looked at; above the lowest one, fewer will do."""

LEAST_SHARE = 0.01
"""Share of each class that carries any other label at least, so that a pair never seen is unlikely, not impossible."""

DOUBT = 8
"""Power of the share of structured errors: where chance explains nearly half of what is found, pairs of classes that
stand out are mostly those that the model confuses, and are not believed."""

SHARPENINGS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
TINY = 1e-12


class Noise(NamedTuple):
    """How given labels come from true ones, for C classes.

    Attributes
    ----------
    of_true : (C, C) probability of the given label (row) where the true class is the column; columns sum to 1
    structure : in [0, 1], how far single pairs of classes are believed; 0 is noise by chance alone
    """

    of_true: FloatArray
    structure: float


def label_noise(labels: IntArray, probabilities: FloatArray) -> Noise:
    """Estimate how labels go wrong.

    A sample of the true class c that carries the label l looks to a model like any other of class c: among those of
    label l, their number is at most the count above a quantile of the scores for c, divided by the share of class c
    above it. Of several quantiles the least counts, as high ones leave out samples of class l that only resemble c.
    What is the same for all pairs is noise by chance; what single pairs have beyond it is believed as far as it
    dominates, since a weak model confuses some pairs of classes whatever the noise.

    Parameters
    ----------
    labels : (M,) class indices in 0 … C−1
    probabilities : (M, C) of a model that did not learn from the sample, rows sum to 1

    References
    ----------
    Blanchard, Lee, Scott (2010), Semi-Supervised Novelty Detection, JMLR 11: the proportion of a mixture from its
    tails. The split into chance and structure is ours.
    """
    counts, lowest = _wrong_labels(labels, probabilities)
    n_classes = len(counts)
    of_label = np.bincount(labels, minlength=n_classes).astype(np.float64)
    off = ~np.eye(n_classes, dtype=bool)
    rates = np.sort((lowest / np.maximum(of_label, 1))[off])
    chance = float(rates[: len(rates) // 2 + 1].mean()) * of_label[None, :]
    excess = float(np.maximum(counts - chance - 1, 0)[off].sum())
    everywhere = float(np.broadcast_to(chance, counts.shape)[off].sum())
    structure = (excess / (excess + everywhere)) ** DOUBT if excess > 0 else 0.0
    floor = np.maximum(chance, LEAST_SHARE * of_label[None, :] / (n_classes - 1))
    joint = np.where(off, floor + structure * np.maximum(counts - floor, 0), 0.0)
    np.fill_diagonal(joint, np.maximum(of_label - joint.sum(axis=1), 1.0))
    return Noise(joint / joint.sum(axis=0, keepdims=True), structure)


def wrong_label_probability(labels: IntArray, probabilities: FloatArray, noise: Noise) -> FloatArray:
    """(M,) probability that each label is wrong, under the noise.

    Where noise comes by chance, the predictions are made as sharp as makes the given labels likeliest: a model that
    is less sure than it could be blurs the order. Where it has structure they stay, as they have learnt it.
    """
    power = 1 + (_sharpening(labels, probabilities, noise) - 1) * (1 - noise.structure)
    weighted = noise.of_true[labels] * sharpened(probabilities, power)
    total = weighted.sum(axis=1)
    right = weighted[np.arange(len(labels)), labels]
    return np.asarray(1 - np.divide(right, total, out=np.ones_like(total), where=total > 0), np.float64)


def sharpened(probabilities: FloatArray, power: float) -> FloatArray:
    """(M, C) probabilities to a power, summing to 1 again."""
    if power == 1:
        return probabilities
    raised = (probabilities / probabilities.max(axis=1, keepdims=True)) ** power
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def _sharpening(labels: IntArray, probabilities: FloatArray, noise: Noise) -> float:
    def likelihood(power: float) -> float:
        return float(np.log((noise.of_true[labels] * sharpened(probabilities, power)).sum(axis=1) + TINY).mean())

    return max(SHARPENINGS, key=likelihood) if noise.structure < 1 else 1.0


def _wrong_labels(labels: IntArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(C, C) samples of the given label (row) that may truly be of the column.

    The least over the quantiles, and what the lowest of them says, above which most samples are.
    """
    n_classes = probabilities.shape[1]
    least, lowest = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes))
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(n_classes + 1))
    for true in range(n_classes):
        scores = probabilities[:, true]
        own = np.sort(scores[order[starts[true] : starts[true + 1]]])
        if not len(own):
            continue
        found = []
        for number, quantile in enumerate(QUANTILES):
            if number and (1 - quantile) * len(own) < LEAST_TAIL:
                break
            threshold = own[int(quantile * len(own))]
            above = np.bincount(labels[scores >= threshold], minlength=n_classes)
            found.append(above * len(own) / above[true])
        least[:, true], lowest[:, true] = np.min(found, axis=0), found[0]
    return least, lowest
