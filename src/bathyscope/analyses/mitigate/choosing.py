"""Which of the edits to take: the one whose worst group is best, not the one with the highest average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.mitigate.groups import Groups

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """What an edit does on the samples that are chosen by: accuracy and that of the worst group, in [0, 1]."""

    accuracy: float
    worst_group: float


def judge(logits: FloatArray, labels: IntArray, groups: Groups) -> Judged:
    """Accuracy of logits (N, C), over all and in the worst group; NaN logits are wrong."""
    right = (logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)
    return Judged(float(right.mean()) if len(right) else float("nan"), groups.worst(right))


def choose(unedited: Judged, edits: Sequence[Judged], loss_cap: float) -> int | None:
    """Place of the edit with the best worst group that costs at most so much accuracy; None if none is better.

    Of equal ones the more accurate is taken, then the first.
    """
    best, place = (unedited.worst_group, unedited.accuracy), None
    for number, edit in enumerate(edits):
        allowed = unedited.accuracy - edit.accuracy <= loss_cap + 1e-12
        better = (edit.worst_group, edit.accuracy) > best and edit.worst_group > unedited.worst_group
        if allowed and better:
            best, place = (edit.worst_group, edit.accuracy), number
    return place
