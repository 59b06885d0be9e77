"""When each sample was learnt and how often it was lost again, followed checkpoint by checkpoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bathyscope.analyses.performance.metrics import BoolArray
from bathyscope.errors import ShapeError


class LearningCourse:
    """Follows N samples over the checkpoints; its state grows with N, not with the number of checkpoints.

    Attributes
    ----------
    seen : (N,) bool
        Whether the sample was ever judged; without that, the other two mean nothing.
    learnt : (N,) bool
        Whether any checkpoint predicted the label.
    first_learnt : (N,) int64
        Step of the first checkpoint that did; 0 where not learnt.
    flips : (N,) int32
        How often correct turned wrong or wrong correct between two checkpoints that follow each other. A checkpoint
        that does not hold the sample is passed over.
    """

    def __init__(self, n_samples: int) -> None:
        self.seen: BoolArray = np.zeros(n_samples, bool)
        self.learnt: BoolArray = np.zeros(n_samples, bool)
        self.first_learnt: NDArray[np.int64] = np.zeros(n_samples, np.int64)
        self.flips: NDArray[np.int32] = np.zeros(n_samples, np.int32)
        self._last: BoolArray = np.zeros(n_samples, bool)

    def update(self, step: int, correct: BoolArray, judged: BoolArray) -> None:
        """Take in the next checkpoint.

        Parameters
        ----------
        step : step of the checkpoint, higher than all before
        correct : (N,) whether the label was predicted
        judged : (N,) whether the checkpoint holds the sample and the sample a label
        """
        if not correct.shape == judged.shape == self.seen.shape:
            raise ShapeError(
                f"The checkpoint at step {step} judges {len(correct)} samples, the ones before it {len(self.seen)}. "
                "Give one entry for each sample of the recording."
            )
        self.flips += judged & self.seen & (correct != self._last)
        fresh = judged & correct & ~self.learnt
        self.first_learnt[fresh] = step
        self.learnt |= fresh
        self._last[judged] = correct[judged]
        self.seen |= judged
