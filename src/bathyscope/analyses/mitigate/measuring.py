"""Before and after an edit: what got better, what got worse, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from bathyscope.analyses.mitigate.groups import Groups
from bathyscope.analyses.performance.metrics import Z_95, calibration_cells, expected_calibration_error

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_ECE_BINS = 15


@dataclass(frozen=True)
class Measure:
    """One number before and after; low and high are the 95 % interval of the difference, NaN where there is none.

    Attributes
    ----------
    name, group : what it is, and of which class or group; None for all samples
    count : samples behind it
    """

    name: str
    group: str | None
    before: float
    after: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Outcome:
    """Samples of a split before and after an edit.

    Attributes
    ----------
    before, after : (N, C) logits
    labels : (N,)
    groups : of the N samples
    weights : (G,) share of each group in training, for the mean that the literature quotes; NaN where unknown
    """

    before: FloatArray
    after: FloatArray
    labels: IntArray
    groups: Groups
    weights: FloatArray

    @property
    def right(self) -> tuple[BoolArray, BoolArray]:
        """(N,) and (N,) whether each sample was right before and is right after."""
        return self.before.argmax(axis=1) == self.labels, self.after.argmax(axis=1) == self.labels


def measures_of(outcome: Outcome, classes: Sequence[str], edited: IntArray) -> Iterator[Measure]:
    """Everything that is told of one split.

    Parameters
    ----------
    classes : C names
    edited : classes that the edit is about

    Notes
    -----
    fixed and broken count samples; `mcnemar_p` is the exact chance that as unequal numbers arise when the edit does
    nothing. Worst classes and groups are each the worst before and the worst after, not the same one.
    """
    from scipy.stats import binomtest

    before, after = outcome.right
    n = len(before)
    yield _share("accuracy", None, before, after)
    yield _plain("accuracy_train_weighted", None, _weighted(outcome, before), _weighted(outcome, after), count=n)
    labels = np.unique(outcome.labels)
    by_class = [(before[outcome.labels == label], after[outcome.labels == label]) for label in labels]
    was, now = (np.asarray([one[at].mean() for one in by_class]) for at in (0, 1))
    yield _plain("macro_accuracy", None, float(was.mean()), float(now.mean()), count=n)
    yield _plain("worst_class", None, float(was.min()), float(now.min()), count=n)
    yield _plain("worst_group", None, outcome.groups.worst(before), outcome.groups.worst(after), count=n)
    for label, (old, new) in zip(labels, by_class, strict=True):
        if label in edited:
            yield _share("class_accuracy", classes[label], old, new)
    fixed, broken = int((after & ~before).sum()), int((before & ~after).sum())
    yield _plain("fixed", None, 0.0, fixed, count=n)
    yield _plain("broken", None, 0.0, broken, count=n)
    chance = binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    yield _plain("mcnemar_p", None, 1.0, float(chance), count=n)
    yield _plain("ece", None, _ece(outcome.before, before), _ece(outcome.after, after), count=n)


def retention_measures(
    before: FloatArray, after: FloatArray, targets: FloatArray, names: Sequence[str], *, labels: IntArray, of: IntArray
) -> Iterator[Measure]:
    """Median ratio, and mean distance from the target, of each class over the samples of that label.

    Parameters
    ----------
    before, after : (N, K) retention ratios
    targets, names, of : (K,) of the classes
    """
    for place, label in enumerate(of):
        mine = labels == label
        if not mine.any():
            continue
        was, now = before[mine, place], after[mine, place]
        yield _plain(
            "retention_ratio", names[place], float(np.median(was)), float(np.median(now)), count=int(mine.sum())
        )
        distances = [float(np.abs(ratio - targets[place]).mean()) for ratio in (was, now)]
        yield _plain("retention_distance", names[place], distances[0], distances[1], count=int(mine.sum()))


def _share(name: str, group: str | None, before: BoolArray, after: BoolArray) -> Measure:
    """A share of right samples; the interval is that of paired shares."""
    n = len(before)
    fixed, broken = int((after & ~before).sum()), int((before & ~after).sum())
    delta = (fixed - broken) / n
    # One half is added to either, so that no change does not claim certainty.
    half = Z_95 * np.sqrt(max(fixed + broken + 1 - (fixed - broken) ** 2 / n, 0.0)) / n
    return Measure(
        name, group, float(before.mean()), float(after.mean()), max(-1.0, delta - half), min(1.0, delta + half), n
    )


def _plain(name: str, group: str | None, before: float, after: float, *, count: int) -> Measure:
    return Measure(name, group, before, after, float("nan"), float("nan"), count)


def _weighted(outcome: Outcome, right: BoolArray) -> float:
    by_group = outcome.groups.accuracies(right)
    there = np.isfinite(by_group) & np.isfinite(outcome.weights)
    total = outcome.weights[there].sum()
    return float(by_group[there] @ outcome.weights[there] / total) if total > 0 else float("nan")


def _ece(logits: FloatArray, right: BoolArray) -> float:
    confidence = softmax(logits, axis=1).max(axis=1)
    one = np.zeros(len(right), np.int64)
    cells = calibration_cells(confidence, right, one, n_groups=1, bins=_ECE_BINS)
    return float(expected_calibration_error(cells).value[0])
