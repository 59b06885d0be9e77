"""What the model said of each sample, followed checkpoint by checkpoint; memory grows with N, not with T."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.performance.dynamics import LearningCourse
from bathyscope.analyses.performance.metrics import sample_outcomes
from bathyscope.recording import Checkpoint, Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_LOGITS_AT_ONCE = 2**20
"""Worked on in double precision: 8 MB a copy, whatever the batches in the file are."""


class Given(NamedTuple):
    """Labels as they were given: (N,) class indices, meaningless where not labelled."""

    labels: IntArray
    labelled: BoolArray


class Said(NamedTuple):
    """What one checkpoint said: (N,) each; NaN, or prediction 0, where it said nothing usable.

    `lead` is the logit of the label minus the highest other one.
    """

    present: BoolArray
    usable: BoolArray
    prediction: npt.NDArray[np.int32]
    confidence: FloatArray
    loss: FloatArray
    lead: FloatArray


class Changes(NamedTuple):
    """Which samples changed between the last checkpoint that held them and this one: (N,) each."""

    flipped: BoolArray
    learned: BoolArray
    forgotten: BoolArray
    before: npt.NDArray[np.int32]
    jump: FloatArray


def read_outputs(recording: Recording, checkpoint: Checkpoint, given: Given) -> Said:
    """Read the logits of a checkpoint once; one that holds none says nothing of any sample."""
    said = nothing_said(len(recording))
    if not checkpoint.has_outputs:
        return said
    for indices, logits in recording.logit_batches(checkpoint):
        rows = max(1, _LOGITS_AT_ONCE // max(logits.shape[1], 1))
        for start in range(0, len(indices), rows):
            part = slice(start, start + rows)
            _fill(said, indices[part], logits[part].astype(np.float64), given)
    return said


def nothing_said(n_samples: int) -> Said:
    """What a checkpoint without outputs says."""
    absent, unusable = np.zeros(n_samples, bool), np.zeros(n_samples, bool)
    confidence, loss, lead = (np.full(n_samples, np.nan) for _ in range(3))
    return Said(absent, unusable, np.zeros(n_samples, np.int32), confidence, loss, lead)


def _fill(said: Said, where: npt.NDArray[np.integer], logits: FloatArray, given: Given) -> None:
    labels = given.labels[where]
    labelled = given.labelled[where] & (labels < logits.shape[1])
    out = sample_outcomes(logits, np.where(labelled, labels, 0), labelled)
    said.present[where] = True
    said.usable[where], said.prediction[where] = out.usable, out.prediction
    said.confidence[where], said.loss[where] = out.confidence, out.loss
    said.lead[where] = _lead(logits, labels, out.usable & labelled)


def _lead(logits: FloatArray, labels: IntArray, measured: BoolArray) -> FloatArray:
    lead = np.full(len(logits), np.nan)
    if logits.shape[1] > 1 and measured.any():
        values, rows = logits[measured], np.arange(int(measured.sum()))
        own = values[rows, labels[measured]]
        values[rows, labels[measured]] = -np.inf
        with np.errstate(invalid="ignore"):
            # A probability of exactly 0 is a logit of −inf; an infinite mean would rank such samples all alike.
            lead[measured] = np.clip(np.nan_to_num(own - values.max(axis=1)), -1e6, 1e6)
    return lead


class OutputCourse:
    """Follows the outputs of N samples over the checkpoints.

    Parameters
    ----------
    given : labels of the N samples
    early : so many of the first checkpoints count as early
    """

    def __init__(self, given: Given, early: int) -> None:
        n_samples = len(given.labels)
        self.given = given
        self.learning = LearningCourse(n_samples)
        self.frames_seen = np.zeros(n_samples, np.int32)
        self.flips = np.zeros(n_samples, np.int32)
        self.forgotten = np.zeros(n_samples, np.int32)
        self.last_flip = np.full(n_samples, np.nan)
        self.last_said: Said | None = None
        self._early, self._taken = early, 0
        self._judged, self._correct, self._judged_early = (np.zeros(n_samples, np.int32) for _ in range(3))
        self._sum, self._squares, self._lead, self._sum_early = (np.zeros(n_samples) for _ in range(4))
        self._prediction = np.zeros(n_samples, np.int32)
        self._watched = np.full(n_samples, np.nan)
        self.last_loss, self.last_confidence = np.full(n_samples, np.nan), np.full(n_samples, np.nan)

    def update(self, said: Said, step: int, when: float) -> Changes:
        """Take in the next checkpoint, at a step higher than all before, and tell what changed."""
        judged = said.usable & self.given.labelled & np.isfinite(said.loss)
        correct = judged & (said.prediction == self.given.labels)
        turns = self.learning.flips.copy()
        self.learning.update(step, correct, judged)
        turned = self.learning.flips > turns
        flipped = said.usable & (self.frames_seen > 0) & (said.prediction != self._prediction)
        # The probability of the label tells of a jump; without a label that of the prediction does.
        watched = np.where(self.given.labelled, np.exp(-said.loss), said.confidence)
        changes = Changes(
            flipped=flipped,
            learned=turned & correct,
            forgotten=turned & ~correct,
            before=self._prediction.copy(),
            jump=np.nan_to_num(watched - self._watched),
        )
        self.flips += flipped
        self.forgotten += changes.forgotten
        self.last_flip[flipped] = when
        self._add(said, judged, correct, watched)
        return changes

    def _add(self, said: Said, judged: BoolArray, correct: BoolArray, watched: FloatArray) -> None:
        probability = np.where(judged, np.exp(-np.where(judged, said.loss, 0.0)), 0.0)
        self._judged += judged
        self._correct += correct
        self._sum += probability
        self._squares += np.square(probability)
        self._lead += np.where(judged, np.nan_to_num(said.lead), 0.0)
        if self._taken < self._early:
            self._judged_early += judged
            self._sum_early += probability
        self._taken += 1
        self.frames_seen += said.usable
        self._prediction = np.where(said.usable, said.prediction, self._prediction)
        self._watched = np.where(np.isfinite(watched), watched, self._watched)
        self.last_loss = np.where(judged, said.loss, self.last_loss)
        self.last_confidence = np.where(said.usable, said.confidence, self.last_confidence)

    @property
    def last_prediction(self) -> npt.NDArray[np.int32]:
        """(N,) what the last checkpoint that held each sample took it for; meaningless where `frames_seen` is 0."""
        return self._prediction

    def means(self) -> dict[str, FloatArray]:
        """(N,) each, over the checkpoints that judged the sample; NaN where none did."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self._sum / self._judged
            return {
                "correct_share": self._correct / self._judged,
                "mean_label_probability": mean,
                "std_label_probability": np.sqrt(np.maximum(self._squares / self._judged - np.square(mean), 0.0)),
                "early_label_probability": self._sum_early / self._judged_early,
                "aum": self._lead / self._judged,
            }
