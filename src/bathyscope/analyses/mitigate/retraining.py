"""Decision layers fitted anew: what stands beside the edits, with and without group labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from bathyscope.analyses.mitigate.training import Head

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

AFR_RATE, AFR_STEPS = 0.01, 500
DFR_SUBSETS, DFR_STEPS = 10, 200
FEWEST_OF_EITHER = 3


def afr(
    start: Head, features: FloatArray, labels: IntArray, *, gamma: float, pull: float = 0.0, steps: int = AFR_STEPS
) -> Head:
    """Refit with weights exp(−γ · probability of the label), equal between classes.

    Parameters
    ----------
    features, labels : (N, U) and (N,) of samples that the head was not trained on, if there are such
    gamma : how much the samples that the head gets wrong weigh
    pull : λ of ‖W − W₀‖²

    References
    ----------
    Qiu, Potapczynski, Izmailov, Wilson (2023), Simple and fast group robustness by automatic feature reweighting, ICML.
    """
    rows = np.arange(len(labels))
    own = np.exp(log_softmax(start(features), axis=1)[rows, labels])
    importance = np.exp(-gamma * own)
    importance *= _balance(labels, start.bias.shape[0])
    importance /= importance.sum()
    weight, bias = start.weight.copy(), start.bias.copy()
    for _ in range(steps):
        error = np.exp(log_softmax(features @ weight.T + bias, axis=1))
        error[rows, labels] -= 1
        error *= importance[:, None]
        by_weight = error.T @ features + 2 * pull * (weight - start.weight)
        by_bias = error.sum(axis=0) + 2 * pull * (bias - start.bias)
        length = float(np.sqrt((by_weight**2).sum() + (by_bias**2).sum()))
        shrink = min(1.0, 1 / length) if length > 0 else 1.0
        weight -= AFR_RATE * shrink * by_weight
        bias -= AFR_RATE * shrink * by_bias
    return Head(weight, bias)


def dfr(
    start: Head, features: FloatArray, labels: IntArray, groups: IntArray, *, inverse: float, seed: int = 0
) -> Head:
    """Refit from nothing on subsets in which all groups are equally frequent, and average.

    Parameters
    ----------
    groups : (N,) group of each sample
    inverse : C of the L1 logistic regression; the smaller, the fewer weights remain

    References
    ----------
    Kirichenko, Izmailov, Wilson (2023), Last layer re-training is sufficient for robustness to spurious correlations,
    ICLR.
    """
    generator = np.random.default_rng(seed)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    smallest = np.unique(groups, return_counts=True)[1].min()
    total = Head(np.zeros_like(start.weight), np.zeros_like(start.bias))
    for _ in range(DFR_SUBSETS):
        drawn = [generator.choice(np.flatnonzero(groups == group), smallest, False) for group in np.unique(groups)]
        rows = np.concatenate(drawn)
        fitted = _sparse_logistic((features[rows] - mean) / scale, labels[rows], len(start.bias), inverse)
        total = Head(total.weight + fitted.weight / DFR_SUBSETS, total.bias + fitted.bias / DFR_SUBSETS)
    weight = total.weight / scale
    return Head(weight, total.bias - weight @ mean)


def neurontune(features: FloatArray, labels: IntArray, predictions: IntArray, classes: IntArray) -> IntArray:
    """Neurons that are stronger in mistakes than in correct samples, by median, for some class; at most half of all.

    Of more the ones with the largest differences in deviations are taken. A class with fewer than three mistakes or
    correct samples says nothing.

    References
    ----------
    Zheng, Ye, Zhang (2025), NeuronTune: towards self-guided spurious bias mitigation, ICML.
    """
    above = np.zeros(features.shape[1])
    std = features.std(axis=0)
    for label in classes:
        mine = labels == label
        wrong, right = mine & (predictions != label), mine & (predictions == label)
        if min(wrong.sum(), right.sum()) >= FEWEST_OF_EITHER:
            difference = np.median(features[wrong], axis=0) - np.median(features[right], axis=0)
            above = np.maximum(above, difference / np.where(std > 0, std, np.inf))
    first = np.argsort(-above, kind="stable")[: features.shape[1] // 2]
    return np.sort(first[above[first] > 0])


def _balance(labels: IntArray, n_classes: int) -> FloatArray:
    """(N,) one over the frequency of a sample's class."""
    return np.asarray(1.0 / np.maximum(np.bincount(labels, minlength=n_classes), 1)[labels], np.float64)


def _sparse_logistic(features: FloatArray, labels: IntArray, n_classes: int, inverse: float) -> Head:
    """Multinomial logistic regression with C · Σ loss + ‖W‖₁, by accelerated proximal gradients."""
    n_samples, n_neurons = features.shape
    weight, bias = np.zeros((n_classes, n_neurons)), np.zeros(n_classes)
    wanted = np.eye(n_classes)[labels]
    # The softmax's curvature is at most 1/2 in any direction.
    step = 1 / (0.5 * (float(np.linalg.norm(features, 2)) ** 2 + n_samples) / n_samples + 1e-12)
    penalty = step / (inverse * n_samples)
    ahead, ahead_bias, momentum = weight, bias, 1.0
    for _ in range(DFR_STEPS):
        error = (np.exp(log_softmax(features @ ahead.T + ahead_bias, axis=1)) - wanted) / n_samples
        moved = ahead - step * (error.T @ features)
        next_weight = np.sign(moved) * np.maximum(np.abs(moved) - penalty, 0)
        next_bias = ahead_bias - step * error.sum(axis=0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        further = (momentum - 1) / following
        ahead = next_weight + further * (next_weight - weight)
        ahead_bias = next_bias + further * (next_bias - bias)
        weight, bias, momentum = next_weight, next_bias, following
    return Head(weight, bias)
