"""When does a measure of the training turn bad, and not merely wobble?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

BURN_IN = 5
"""Checkpoints at the start that raise nothing: everything changes then."""

MEMORY = 10
TIMES_USUAL = 3.0


class Alert(NamedTuple):
    """At which checkpoint (0 … T−1) a measure turned bad, by how much since when."""

    at: int
    since: int
    change: float


def turns_bad(values: FloatArray, *, least: float) -> list[Alert]:
    """Find where a measure falls by more than its usual wobble; the first checkpoint of each fall that says so.

    Parameters
    ----------
    values : (T,) lower is worse; NaN where it is unknown
    least : smallest fall that counts

    Returns
    -------
    One alert for each fall. A fall lasts as long as every checkpoint is worse than the one before. It counts once it
    exceeds `least` and 3 standard deviations of the last 10 changes before it.
    """
    known = np.flatnonzero(np.isfinite(values))
    changes = np.diff(values[known])
    found: list[Alert] = []
    start = 0
    told = False
    for at, change in enumerate(changes):
        if change >= 0:
            start, told = at + 1, False
            continue
        before = changes[max(0, start - MEMORY) : start]
        usual = float(np.std(before)) if len(before) else 0.0
        fall = float(values[known[start]] - values[known[at + 1]])
        if not told and at + 1 >= BURN_IN and fall > max(least, TIMES_USUAL * usual):
            found.append(Alert(int(known[at + 1]), int(known[start]), -fall))
            told = True
    return found
