"""Which class is called by the name of which other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SystematicRule:
    """When a pair of classes is called systematic.

    Attributes
    ----------
    least_count : samples in the cell
    least_confidence : mean confidence of the prediction there
        Not higher: a model that learnt from a class of which 30 % carry the wrong name cannot be surer than 0.7, and
        the mean over a training, early checkpoints included, is lower.
    times_median : estimated errors over the median of all cells that have any
    times_mirror : estimated errors over those of the mirrored cell: classes that are hard to tell apart have both
    deviations : standard deviations by which they exceed the mirrored ones, if both were chance (McNemar)
    """

    least_count: int = 10
    least_confidence: float = 0.45
    times_median: float = 5.0
    times_mirror: float = 1.25
    deviations: float = 3.0


@dataclass(frozen=True)
class ClassPairs:
    """The cells of given label (rows) and prediction (columns) for C classes; all arrays are (C, C).

    Attributes
    ----------
    count : samples in the cell
    disagreement_mass : sum of the prediction's confidence over the cell
    margin_mass : sum of the prediction's lead over the given label
    mean_confidence : of the prediction; NaN where the cell is empty
    estimated_errors : labels of this row that truly belong to this column, by confident learning
    systematic : the whole group probably carries the wrong name
    """

    count: IntArray
    disagreement_mass: FloatArray
    margin_mass: FloatArray
    mean_confidence: FloatArray
    estimated_errors: FloatArray
    systematic: npt.NDArray[np.bool_]


def class_pairs(
    labels: IntArray, probabilities: FloatArray, joint: FloatArray, rule: SystematicRule | None = None
) -> ClassPairs:
    """Sum up where predictions disagree with the labels, and how surely.

    Parameters
    ----------
    labels : (M,) class indices in 0 … C−1
    probabilities : (M, C), rows sum to 1
    joint : (C, C) joint distribution of given and true label

    References
    ----------
    Bäuerle, Neumann, Ropinski (2020), Classifier-Guided Visual Correction of Noisy Labels, Computer Graphics Forum
    39(3): the disagreement mass. Margin mass and the systematic badge are ours.
    """
    n_classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    cell = labels * n_classes + predicted
    confidence = probabilities[np.arange(len(labels)), predicted]
    lead = confidence - probabilities[np.arange(len(labels)), labels]

    def summed(weights: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(cell, weights, n_classes**2).reshape(n_classes, n_classes), np.float64)

    count, mass = summed(np.ones(len(labels))).astype(np.int64), summed(confidence)
    mean = np.divide(mass, count, out=np.full_like(mass, np.nan), where=count > 0)
    errors = joint * len(labels)
    np.fill_diagonal(errors, 0.0)
    return ClassPairs(
        count, mass, summed(lead), mean, errors, _systematic(count, errors, mean, rule or SystematicRule())
    )


def _systematic(count: IntArray, errors: FloatArray, mean: FloatArray, rule: SystematicRule) -> npt.NDArray[np.bool_]:
    some = errors[errors > 0]
    if not len(some):
        return np.zeros(errors.shape, bool)
    enough = (count >= rule.least_count) & (np.nan_to_num(mean) >= rule.least_confidence)
    one_way = (errors >= rule.times_mirror * errors.T) & (
        errors - errors.T >= rule.deviations * np.sqrt(errors + errors.T)
    )
    return enough & one_way & (errors > 0) & (errors >= rule.times_median * np.median(some))
