"""How doubtful is each label, given what a model that did not learn from it says?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.labels.noise import expected_errors, label_noise, wrong_label_probability

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

SMOOTHING = 1e-3
"""Share of the joint that is given to every pair of classes, so that a pair never seen is unlikely, not impossible."""

SUGGESTIONS = 3


@dataclass(frozen=True)
class LabelScores:
    """What the probabilities say of each label, for M samples and C classes.

    Attributes
    ----------
    self_confidence : (M,) in [0, 1], probability of the given label; low is suspect
    normalized_margin : (M,) in [0, 1], its lead over the strongest other class, moved and halved; low is suspect
    pair_posterior : (M,) in [0, 1], probability that the label is wrong, where the noise goes from class to class
    suspicion : (M,) in [0, 1], probability that the label is wrong, under the noise that the data show; high is suspect
    expected_errors : (M,) in [0, 1], the same, made to be summed and not to be ordered by
    suggestions : (M, 3) classes that fit better than the given one, best first; −1 where there are no more classes
    joint : (C, C) estimated joint distribution of given (rows) and true label (columns), sums to 1
    """

    self_confidence: FloatArray
    normalized_margin: FloatArray
    pair_posterior: FloatArray
    suspicion: FloatArray
    expected_errors: FloatArray
    suggestions: IntArray
    joint: FloatArray


def label_scores(labels: IntArray, probabilities: FloatArray, counted: FloatArray | None = None) -> LabelScores:
    """Score every label by the predictions of a model that did not learn from it.

    Parameters
    ----------
    labels : (M,) class indices in 0 … C−1
    probabilities : (M, C), rows sum to 1
    counted : (M, C), those that errors are counted by, where they are others

    References
    ----------
    Northcutt, Jiang, Chuang (2021), Confident Learning, JAIR 70: the joint and the scores, as cleanlab computes them.
    The pair posterior is ours: under class-systematic noise a flat order by self-confidence is nearly blind.
    """
    from cleanlab.rank import get_normalized_margin_for_each_label, get_self_confidence_for_each_label

    self_confidence = np.asarray(get_self_confidence_for_each_label(labels, probabilities))
    joint = estimated_joint(labels, probabilities)
    posterior = true_label_posterior(labels, probabilities, joint)
    wrong = 1.0 - posterior[np.arange(len(labels)), labels]
    noise = label_noise(labels, probabilities)
    return LabelScores(
        self_confidence=self_confidence,
        normalized_margin=np.asarray(get_normalized_margin_for_each_label(labels, probabilities)),
        pair_posterior=wrong,
        suspicion=wrong_label_probability(labels, probabilities, noise),
        expected_errors=expected_errors(labels, probabilities, noise)
        if counted is None
        else expected_errors(labels, counted, label_noise(labels, counted)),
        suggestions=suggestions(labels, posterior),
        joint=joint,
    )


def estimated_joint(labels: IntArray, probabilities: FloatArray) -> FloatArray:
    """(C, C) joint distribution of given and true label, by confident learning."""
    from cleanlab.count import compute_confident_joint

    counted: npt.NDArray[Any] = compute_confident_joint(labels, probabilities, calibrate=True)
    return np.asarray(counted / max(counted.sum(), 1), np.float64)


def true_label_posterior(labels: IntArray, probabilities: FloatArray, joint: FloatArray) -> FloatArray:
    """(M, C) probability of each class to be the true one, given label, prediction and how classes are confused.

    By Bayes: proportional to P(given label | true class) times the predicted probability of the class.
    """
    n_classes = probabilities.shape[1]
    given = np.bincount(labels, minlength=n_classes) / len(labels)
    smooth = (1 - SMOOTHING) * joint + SMOOTHING * given[:, None] / n_classes
    of_true = smooth / smooth.sum(axis=0, keepdims=True)
    weighted = of_true[labels] * probabilities
    total = weighted.sum(axis=1, keepdims=True)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1.0), probabilities)


def suggestions(labels: IntArray, posterior: FloatArray) -> IntArray:
    """(M, 3) classes by falling posterior, the given one left out; −1 where there are none left."""
    others = posterior.copy()
    others[np.arange(len(labels)), labels] = -1.0
    found = np.argsort(-others, axis=1, kind="stable")[:, :SUGGESTIONS]
    missing = np.take_along_axis(others, found, axis=1) < 0
    chosen = np.where(missing, -1, found)
    return np.pad(chosen, ((0, 0), (0, SUGGESTIONS - chosen.shape[1])), constant_values=-1).astype(np.int64)
