"""Several labels a sample: what one checkpoint said, kept sparse, so that 10⁵ classes work."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from bathyscope.analyses.performance.evaluation import Evaluation
from bathyscope.analyses.performance.metrics import BoolArray, ClassCounts, FloatArray, IntArray
from bathyscope.recording import Checkpoint, Progress, Recording

THRESHOLD = 0.5
"""A label is predicted where its score is at least this."""

_EPSILON = float(np.finfo(np.float32).eps)
_STRIDE = 1 << 31  # a (row, label) pair as one number: row · 2³¹ + label


class Judgement(NamedTuple):
    """What a batch of scores says, against its labels: (B,) columns and pairs of (row, label) as one number each."""

    usable: BoolArray
    broken: BoolArray
    prediction: NDArray[np.int32]
    confidence: FloatArray
    complete: BoolArray
    loss: FloatArray
    hits: IntArray
    false_positives: IntArray
    false_negatives: IntArray


def judge(scores: pa.Array, labels: pa.Array, n_classes: int) -> Judgement:
    """Compare the scored labels of each sample with its own labels.

    Parameters
    ----------
    scores : (B,) lists of {label, score}, scores in [0, 1]; a label that is not listed is not predicted
    labels : (B,) lists of class indices; null where missing
    n_classes : C

    Returns
    -------
    Judgement
        `prediction` is the label of highest score, `confidence` that score. `broken` says that a score is no number,
        `usable` that there is a score and none is broken. `complete` says that all C labels are scored; only there is
        `loss` the mean binary cross entropy over the classes, with scores cut to [ε, 1 − ε] of float32 as in
        scikit-learn.
    """
    size = len(scores)
    rows = pc.list_parent_indices(scores).to_numpy().astype(np.int64)
    entries = scores.flatten()
    scored = rows * _STRIDE + entries.field("label").to_numpy()
    values = entries.field("score").to_numpy(zero_copy_only=False).astype(np.float64)
    own = np.unique(pc.list_parent_indices(labels).to_numpy().astype(np.int64) * _STRIDE + labels.flatten().to_numpy())
    broken = np.bincount(rows[~np.isfinite(values)], minlength=size) > 0
    prediction, confidence, any_score = _highest(rows, entries.field("label").to_numpy(), values, size)
    claimed = np.unique(scored[(values >= THRESHOLD) & ~broken[rows]])
    known = labels.is_valid().to_numpy(zero_copy_only=False)
    claimed = claimed[known[claimed // _STRIDE]]
    complete = np.bincount(np.unique(scored) // _STRIDE, minlength=size) == n_classes
    return Judgement(
        usable=any_score & ~broken,
        broken=broken,
        prediction=prediction,
        confidence=np.where(broken, np.nan, confidence),
        complete=complete & (n_classes > 0),
        loss=_cross_entropy(rows, values, np.isin(scored, own), size) / max(n_classes, 1),
        hits=np.intersect1d(claimed, own, assume_unique=True),
        false_positives=np.setdiff1d(claimed, own, assume_unique=True),
        false_negatives=np.setdiff1d(own, claimed, assume_unique=True),
    )


def _highest(
    rows: IntArray, labels: IntArray, values: FloatArray, size: int
) -> tuple[NDArray[np.int32], FloatArray, BoolArray]:
    """Label of highest score of each row, the lowest label where scores tie."""
    order = np.lexsort((labels, -values, rows))
    found, first = np.unique(rows[order], return_index=True)
    prediction, confidence = np.zeros(size, np.int32), np.full(size, np.nan)
    prediction[found], confidence[found] = labels[order][first], values[order][first]
    there = np.zeros(size, bool)
    there[found] = True
    return prediction, confidence, there


def _cross_entropy(rows: IntArray, values: FloatArray, true: BoolArray, size: int) -> FloatArray:
    cut = np.clip(values, _EPSILON, 1 - _EPSILON)
    return np.bincount(rows, weights=-np.log(np.where(true, cut, 1 - cut)), minlength=size).astype(np.float64)


def evaluate_multilabel(recording: Recording, checkpoint: Checkpoint, progress: Progress) -> Evaluation:
    """Read the scores of a checkpoint once. Memory grows with the labels given and predicted, not with N · C."""
    n_samples, n_classes = len(recording), len(recording.classes)
    all_labels = recording.label_lists.combine_chunks()
    present = np.zeros(n_samples, bool)
    usable, broken, complete = (np.zeros(n_samples, bool) for _ in range(3))
    prediction = np.zeros(n_samples, np.int32)
    confidence, loss = (np.full(n_samples, np.nan) for _ in range(2))
    pairs = _Pairs([], [], [])
    done, total = 0, max(checkpoint.n_samples, 1)
    for indices, scores in recording.score_batches(checkpoint):
        progress(min(done / total, 1.0) * 0.9, f"{done:,} of {total:,} samples")
        done += len(indices)
        out = judge(scores, all_labels.take(pa.array(indices)), n_classes)
        present[indices], broken[indices], complete[indices] = True, out.broken, out.complete
        usable[indices], prediction[indices], confidence[indices] = out.usable, out.prediction, out.confidence
        loss[indices] = out.loss
        for kept, found in zip(pairs, (out.hits, out.false_positives, out.false_negatives), strict=True):
            kept.append(indices[found // _STRIDE] * _STRIDE + found % _STRIDE)  # (row, label) → (sample, label)
    progress(0.9, "measuring")
    labelled = all_labels.is_valid().to_numpy(zero_copy_only=False)
    hits, claimed, missed = (_matrix(found, n_samples, n_classes) for found in pairs)
    wrong = (np.diff(claimed.indptr) > 0) | (np.diff(missed.indptr) > 0)
    return Evaluation(
        n_classes=n_classes,
        present=present,
        labelled=labelled,
        usable=usable,
        broken=broken,
        prediction=prediction,
        confidence=confidence,
        has_loss=complete & labelled,
        loss=loss,
        margin=np.full(n_samples, np.nan),
        correct=present & labelled & ~broken & ~wrong,
        labels=None,
        count_classes=lambda rows: ClassCounts(
            *(np.bincount(pairs_of[rows].indices, minlength=n_classes) for pairs_of in (hits, claimed, missed))
        ),
    )


class _Pairs(NamedTuple):
    """Pairs of (sample, label) as one number each, batch by batch."""

    hits: list[IntArray]
    false_positives: list[IntArray]
    false_negatives: list[IntArray]


def _matrix(found: list[IntArray], n_samples: int, n_classes: int) -> Any:
    """Pairs as a sparse (N, C) matrix, to pick rows from."""
    pairs = np.concatenate(found) if found else np.empty(0, np.int64)
    where = (pairs // _STRIDE, pairs % _STRIDE)
    return sparse.csr_array((np.ones(len(pairs), np.int8), where), shape=(n_samples, n_classes))
