"""The clock of a run: epochs if they tell the checkpoints apart, else steps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.recording import Checkpoint

FloatArray = npt.NDArray[np.float64]


class Clock(NamedTuple):
    """When each of T checkpoints was recorded: (T,) rising, and in which unit."""

    times: FloatArray
    unit: Literal["epoch", "step"]


def clock_of(checkpoints: Sequence[Checkpoint]) -> Clock:
    """Epochs where every checkpoint has one and they rise, as gaps between epochs are what people think in; else steps.

    A repeated or missing epoch number would make a speed infinite or unknown, so one such is enough to take steps.
    """
    epochs = [checkpoint.epoch for checkpoint in checkpoints]
    known = [epoch for epoch in epochs if epoch is not None and np.isfinite(epoch)]
    if len(known) == len(epochs) and all(a < b for a, b in pairwise(known)):
        return Clock(np.asarray(known, np.float64), "epoch")
    return Clock(np.asarray([checkpoint.step for checkpoint in checkpoints], np.float64), "step")
