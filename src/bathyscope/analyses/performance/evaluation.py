"""What one checkpoint said about every sample, read batch by batch from a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bathyscope.analyses.performance import metrics
from bathyscope.analyses.performance.metrics import BoolArray, ClassCounts, FloatArray, IntArray
from bathyscope.errors import LabelError
from bathyscope.recording import Checkpoint, Progress, Recording

# Logits are worked on in double precision, this many at a time (8 MB a copy), whatever the batches in the file are.
_LOGITS_AT_ONCE = 2**20


@dataclass(frozen=True)
class Evaluation:
    """One checkpoint's answers: columns of length N, row i is sample_index i.

    Attributes
    ----------
    n_classes : C
    present : (N,) bool
        The checkpoint holds the sample.
    labelled : (N,) bool
    usable : (N,) bool
        There is a prediction: the sample is present and its outputs are numbers.
    broken : (N,) bool
        The sample is present, but its outputs are no numbers.
    prediction : (N,) int32; meaningless where not usable
    confidence : (N,) in [0, 1]; NaN where not usable
    has_loss : (N,) bool
        There are a label and outputs for every class. The loss is still NaN where these outputs are no numbers.
    loss, margin : (N,)
    correct : (N,) bool
        False also where there is a label but no prediction.
    labels : (N,) class indices; None for a multi-label task
    count_classes : from sample indices to the class counts over these samples
    """

    n_classes: int
    present: BoolArray
    labelled: BoolArray
    usable: BoolArray
    broken: BoolArray
    prediction: NDArray[np.int32]
    confidence: FloatArray
    has_loss: BoolArray
    loss: FloatArray
    margin: FloatArray
    correct: BoolArray
    labels: IntArray | None
    count_classes: Callable[[IntArray], ClassCounts]

    @property
    def judged(self) -> BoolArray:
        """Samples that count: present and labelled, (N,)."""
        return self.present & self.labelled


def evaluate_multiclass(recording: Recording, checkpoint: Checkpoint, progress: Progress) -> Evaluation:
    """Read the logits of a checkpoint once.

    Raises
    ------
    LabelError
        If a label has no logit.
    """
    n_samples = len(recording)
    labels = recording.labels.filled(0)
    labelled = ~np.ma.getmaskarray(recording.labels)
    n_classes = len(recording.classes)
    present, usable = np.zeros(n_samples, bool), np.zeros(n_samples, bool)
    prediction = np.zeros(n_samples, np.int32)
    confidence, loss, margin = (np.full(n_samples, np.nan) for _ in range(3))
    for indices, logits in _small_batches(recording, checkpoint, progress):
        n_classes = logits.shape[1]
        _check_labels(labels[indices], labelled[indices], n_classes, checkpoint)
        out = metrics.sample_outcomes(logits, labels[indices], labelled[indices])
        present[indices] = True
        usable[indices], prediction[indices], confidence[indices] = out.usable, out.prediction, out.confidence
        loss[indices], margin[indices] = out.loss, out.margin

    def count_classes(rows: IntArray) -> ClassCounts:
        return metrics.class_counts(labels[rows], prediction[rows], n_classes, usable[rows])

    return Evaluation(
        n_classes=n_classes,
        present=present,
        labelled=labelled,
        usable=usable,
        broken=present & ~usable,
        prediction=prediction,
        confidence=confidence,
        has_loss=present & labelled,
        loss=loss,
        margin=margin,
        correct=usable & labelled & (prediction == labels),
        labels=labels,
        count_classes=count_classes,
    )


def _small_batches(
    recording: Recording, checkpoint: Checkpoint, progress: Progress
) -> Iterator[tuple[IntArray, NDArray[np.float32]]]:
    done, total = 0, max(checkpoint.n_samples, 1)
    for indices, logits in recording.logit_batches(checkpoint):
        step = max(1, _LOGITS_AT_ONCE // max(logits.shape[1], 1))
        for start in range(0, len(indices), step):
            progress(min(done / total, 1.0) * 0.9, f"{done:,} of {total:,} samples")
            yield indices[start : start + step], logits[start : start + step]
            done += min(step, len(indices) - start)
    progress(0.9, "measuring")


def _check_labels(labels: IntArray, labelled: BoolArray, n_classes: int, checkpoint: Checkpoint) -> None:
    highest = int(labels[labelled].max(initial=0))
    if highest >= n_classes:
        raise LabelError(
            f"A sample is labelled {highest}, but checkpoint {checkpoint.name} holds logits of {n_classes} classes "
            f"(0 … {n_classes - 1}). Record labels as indices into the model's outputs."
        )
