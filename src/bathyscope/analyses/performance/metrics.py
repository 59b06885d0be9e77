"""The measures of a classifier, each with its 95 % interval: free functions on arrays.

Inside this module NaN means "undefined" (a share of nothing). The one NaN that means something else is a log loss or a
calibration error over samples for which a diverged model gave no probabilities.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import log_softmax

from bathyscope.errors import ShapeError

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

BOOTSTRAP_DRAWS = 200
# Draws of a bootstrap are held in memory at once up to this many counts (4 MB).
_BOOTSTRAP_CELLS = 500_000


class Estimate(NamedTuple):
    """A measured value and its 95 % interval; NaN where undefined."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


class ClassCounts(NamedTuple):
    """Hits and misses of each class: (C,) each."""

    hits: IntArray
    false_positives: IntArray
    false_negatives: IntArray

    @property
    def support(self) -> IntArray:
        """How many samples are labelled so: (C,)."""
        return self.hits + self.false_negatives

    @property
    def predicted(self) -> IntArray:
        """How many samples are predicted so: (C,)."""
        return self.hits + self.false_positives

    @property
    def present(self) -> IntArray:
        """Indices of the classes that occur as a label or as a prediction: (K,)."""
        return np.flatnonzero(self.support + self.false_positives)


class Outcomes(NamedTuple):
    """What a model said about each sample of a batch: (B,) each."""

    usable: BoolArray
    prediction: NDArray[np.int32]
    confidence: FloatArray
    loss: FloatArray
    margin: FloatArray


def sample_outcomes(logits: NDArray[np.floating[Any]], labels: IntArray, labelled: BoolArray) -> Outcomes:
    """Prediction, confidence, loss and margin of each sample.

    Parameters
    ----------
    logits : (B, C)
        −inf means probability 0; a row with NaN or +inf, or of −inf only, holds no prediction.
    labels : (B,) class indices in 0 … C−1; anything where not labelled
    labelled : (B,)

    Returns
    -------
    Outcomes
        `usable` is false where the logits are no numbers; everything else is then meaningless (prediction 0) or NaN.
        `prediction` is the first class of highest logit, `confidence` its probability in [0, 1], `loss` −ln of the
        label's probability, `margin` the label's probability minus the best other one, in [−1, 1].

    Raises
    ------
    ShapeError
        If the lengths differ.
    """
    if logits.ndim != 2 or not len(logits) == len(labels) == len(labelled):
        raise ShapeError(
            f"Logits of shape {logits.shape} do not go with {len(labels)} labels. "
            "Give logits of shape (samples, classes) and one label for each sample."
        )
    highest = logits.max(axis=1)  # NaN and +inf propagate, so one look at it tells all three ways to be unusable
    usable = np.isfinite(highest)
    log_probabilities = log_softmax(np.where(usable[:, None], logits, 0.0).astype(np.float64), axis=1)
    rows = np.arange(len(logits))
    prediction = np.argmax(np.where(usable[:, None], logits, 0.0), axis=1).astype(np.int32)
    confidence = np.exp(log_probabilities[rows, prediction])
    measured = usable & labelled
    own = np.where(labelled, labels, 0)
    log_own = log_probabilities[rows, own]
    log_probabilities[rows, own] = -np.inf
    margin = np.exp(log_own) - np.exp(log_probabilities.max(axis=1))
    return Outcomes(
        usable=usable,
        prediction=prediction,
        confidence=np.where(usable, confidence, np.nan),
        loss=np.where(measured, 0.0 - log_own, np.nan),
        margin=np.where(measured, margin, np.nan),
    )


def confusion_counts(labels: IntArray, predictions: IntArray, n_classes: int) -> tuple[IntArray, IntArray, IntArray]:
    """The cells of the confusion matrix that are not empty, in order of label, then prediction.

    Parameters
    ----------
    labels, predictions : (N,) class indices in 0 … C−1
    n_classes : C; the cost grows with N + C, not with C²

    Returns
    -------
    label, prediction, count : (K,) each, counts ≥ 1
    """
    ones = np.ones(len(labels), dtype=np.int64)
    matrix = sparse.coo_array((ones, (labels, predictions)), shape=(n_classes, n_classes)).tocsr()
    matrix.sum_duplicates()
    cells = matrix.tocoo()
    return cells.row.astype(np.int32), cells.col.astype(np.int32), cells.data


def class_counts(labels: IntArray, predictions: IntArray, n_classes: int, usable: BoolArray) -> ClassCounts:
    """Hits, false positives and false negatives of each class.

    Parameters
    ----------
    labels, predictions : (N,) class indices in 0 … C−1
    n_classes : C
    usable : (N,)
        A sample without a usable prediction is a false negative of its class and a false positive of none.
    """
    right = usable & (labels == predictions)
    hits = np.bincount(labels[right], minlength=n_classes)
    return ClassCounts(
        hits=hits,
        false_positives=np.bincount(predictions[usable & ~right], minlength=n_classes),
        false_negatives=np.bincount(labels[~right], minlength=n_classes),
    )


def wilson(successes: IntArray, trials: IntArray) -> Estimate:
    """Share of successes with its Wilson score interval; NaN without trials.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    """
    k, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = k / n
        shrink = 1 + Z_95**2 / n
        centre = (share + Z_95**2 / (2 * n)) / shrink
        half = Z_95 * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)) / shrink
    # At the ends the formula gives the end itself but for rounding.
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    return Estimate(share, np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan))


def precision(counts: ClassCounts) -> Estimate:
    """Share of the predictions of each class that are right: (C,); NaN for a class never predicted."""
    return wilson(counts.hits, counts.predicted)


def recall(counts: ClassCounts) -> Estimate:
    """Share of the labels of each class that are found: (C,); NaN for a class without labels."""
    return wilson(counts.hits, counts.support)


def f1(counts: ClassCounts) -> Estimate:
    """F1 of each class: (C,); NaN for a class neither labelled nor predicted.

    Notes
    -----
    F1 = 2J / (1 + J) rises with the Jaccard index J = TP / (TP + FP + FN), which is a share of samples. So the Wilson
    interval of J, carried over, is an interval of F1.
    """
    jaccard = wilson(counts.hits, counts.hits + counts.false_positives + counts.false_negatives)
    return Estimate(*(2 * j / (1 + j) for j in jaccard))


def macro(classes: Estimate) -> Estimate:
    """Plain mean over classes, where an undefined value counts as 0, as it does in scikit-learn: scalars.

    Parameters
    ----------
    classes : (K,) over the classes that occur as a label or as a prediction

    Notes
    -----
    The interval combines those of the classes by the method of variance estimates recovery, as if classes were
    independent: low = mean − √Σ(vₖ − lowₖ)² / K, high likewise. Undefined classes add no width.

    References
    ----------
    Zou, Donner (2008), Construction of confidence limits about effect measures, Statistics in Medicine 27.
    """
    if classes.value.size == 0:
        return Estimate(*(np.array(np.nan) for _ in range(3)))
    value, low, high = (np.nan_to_num(part) for part in classes)
    mean = value.mean()
    below, above = (np.sqrt(np.square(value - end).sum()) / value.size for end in (low, high))
    return Estimate(mean, np.maximum(mean - below, 0.0), np.minimum(mean + above, 1.0))


def log_loss(losses: FloatArray, groups: IntArray, n_groups: int) -> Estimate:
    """Mean loss of each group with its normal interval: (G,).

    Parameters
    ----------
    losses : (N,) ≥ 0; NaN for a sample without usable logits makes its group's mean NaN
    groups : (N,) in 0 … G−1
    n_groups : G

    Notes
    -----
    The interval is mean ± 1.96 · s / √n, cut at 0, with the sample standard deviation s; NaN below two samples.
    """
    n = np.bincount(groups, minlength=n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(groups, weights=losses, minlength=n_groups) / n
        squares = np.bincount(groups, weights=np.square(losses - mean[groups]), minlength=n_groups)
        half = Z_95 * np.sqrt(squares / (n - 1) / n)
    half = np.where(n > 1, half, np.nan)
    return Estimate(mean, np.maximum(mean - half, 0.0), mean + half)


class CalibrationCells(NamedTuple):
    """Samples counted by confidence bin and by wrong or right: (G, bins, 2) each."""

    counts: IntArray
    confidence_sums: FloatArray


def calibration_cells(
    confidence: FloatArray, correct: BoolArray, groups: IntArray, *, n_groups: int, bins: int
) -> CalibrationCells:
    """Count samples by group, bin of confidence, and correctness.

    Parameters
    ----------
    confidence : (N,) in [0, 1]
        Bin b of B holds b/B < confidence ≤ (b+1)/B, the first also 0.
    correct : (N,)
    groups : (N,) in 0 … G−1
    n_groups, bins : G, B
    """
    placed = np.clip(np.ceil(np.nan_to_num(confidence) * bins).astype(np.int64) - 1, 0, bins - 1)
    cells = (groups.astype(np.int64) * bins + placed) * 2 + correct
    size, shape = n_groups * bins * 2, (n_groups, bins, 2)
    return CalibrationCells(
        counts=np.bincount(cells, minlength=size).reshape(shape),
        confidence_sums=np.bincount(cells, weights=confidence, minlength=size).astype(np.float64).reshape(shape),
    )


def expected_calibration_error(cells: CalibrationCells, *, draws: int = BOOTSTRAP_DRAWS, seed: int = 0) -> Estimate:
    """Mean distance between confidence and accuracy over equal-width bins of confidence: (G,) in [0, 1].

    Returns
    -------
    Estimate
        ECE = Σ_b (n_b / n) · |accuracy_b − mean confidence_b|. NaN for an empty group.

    Notes
    -----
    The interval comes from a seeded multinomial bootstrap of the cells. ECE is a sum of absolute values and therefore
    too high in small samples; resampling adds the same error once more, so that plain percentiles exclude the truth of
    a well calibrated model every time. Instead: low = ECE − q₉₇.₅ of Σ_b |gap*_b − gap_b|, which bounds the distance
    to the truth from above (triangle inequality); high = ECE + 1.96 · standard deviation of ECE*. Simulated coverage
    is 96 to 100 %, so it is rather too wide than too narrow. NaN below two samples.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks, ICML. Kumar, Liang, Ma (2019),
    Verified uncertainty calibration, NeurIPS, on the bias.
    """
    totals = cells.counts.sum(axis=(1, 2))
    gaps = _gaps(cells.counts, cells.confidence_sums, totals[:, None])
    value = np.abs(gaps).sum(axis=1)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    rng = np.random.default_rng(seed)
    drawn = np.flatnonzero((totals > 1) & np.isfinite(value))
    step = max(1, _BOOTSTRAP_CELLS // (draws * cells.counts[0].size)) if len(value) else 1
    for start in range(0, len(drawn), step):
        part = drawn[start : start + step]
        resampled = _resampled_gaps(cells.counts[part], cells.confidence_sums[part], draws, rng)
        again = np.abs(resampled).sum(axis=-1)
        distance = np.abs(resampled - gaps[part, None]).sum(axis=-1)
        low[part] = np.maximum(value[part] - np.quantile(distance, 0.975, axis=1), 0.0)
        high[part] = np.minimum(value[part] + Z_95 * again.std(axis=1), 1.0)
    return Estimate(value, low, high)


def _gaps(counts: IntArray, confidence_sums: FloatArray, totals: IntArray) -> FloatArray:
    """(right − Σ confidence) / n of each bin, from (…, bins, 2)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps: FloatArray = (counts[..., 1] - confidence_sums.sum(axis=-1)) / totals
    return gaps


def _resampled_gaps(counts: IntArray, sums: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Gaps of `draws` resamples: (G, draws, bins); a cell keeps its mean confidence."""
    flat = counts.reshape(len(counts), -1)
    totals = flat.sum(axis=1)
    # NumPy draws cell after cell until none is left, so full cells first is several times faster for small groups.
    order = np.argsort(-flat, axis=1, kind="stable")
    shares = np.take_along_axis(flat, order, axis=1) / totals[:, None]
    drawn = rng.multinomial(totals[:, None], shares[:, None, :], size=(len(flat), draws))
    back = np.argsort(order, axis=1)
    resampled = np.take_along_axis(drawn, back[:, None, :], axis=2).reshape(len(flat), draws, *counts.shape[1:])
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    sums_again = resampled.astype(np.float64) * means[:, None]
    return _gaps(resampled, sums_again, totals[:, None, None])
