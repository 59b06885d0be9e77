"""How each sample's predictions spread over the classes in the course of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_CELLS = 1 << 22


class Histogram(NamedTuple):
    """How often which class was predicted: (N,) each.

    Parameters
    ----------
    entropy : in nats
    rival : the class other than the own that was predicted most often, of equals the lowest; −1 if there is none
    share : of the rival, among the checkpoints that said something
    """

    entropy: FloatArray
    rival: IntArray
    share: FloatArray


def histogram(predictions: Sequence[npt.NDArray[np.integer]], usable: Sequence[BoolArray], own: IntArray) -> Histogram:
    """Histogram of T predictions of each of N samples, whatever the number of classes.

    Parameters
    ----------
    predictions, usable : T arrays (N,)
    own : (N,) the class that is no rival; −1 for none
    """
    n_samples, n_frames = len(own), max(len(predictions), 1)
    out = Histogram(np.full(n_samples, np.nan), np.full(n_samples, -1, np.int64), np.full(n_samples, np.nan))
    rows = max(1, _CELLS // n_frames)
    for start in range(0, n_samples, rows):
        part = slice(start, start + rows)
        said = [np.where(there[part], what[part], -1) for what, there in zip(predictions, usable, strict=True)]
        if said:
            _fill(
                Histogram(out.entropy[part], out.rival[part], out.share[part]),
                np.sort(np.stack(said, axis=1), axis=1),
                own[part],
            )
    return out


def _fill(out: Histogram, ordered: npt.NDArray[np.integer], own: IntArray) -> None:
    """Runs of equal classes in (B, T) sorted rows, −1 for nothing said."""
    starts = np.ones(ordered.shape, bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    begins = np.flatnonzero(starts)
    counts = np.diff(np.append(begins, ordered.size))
    rows, classes = begins // ordered.shape[1], ordered.ravel()[begins]
    said = classes >= 0
    rows, classes, counts = rows[said], classes[said], counts[said]
    totals = np.bincount(rows, weights=counts, minlength=len(ordered))
    shares = counts / totals[rows]
    entropy = -np.bincount(rows, weights=shares * np.log(shares), minlength=len(ordered))
    out.entropy[:] = np.where(totals > 0, np.maximum(entropy, 0.0), np.nan)
    other = classes != own[rows]
    rows, classes, shares = rows[other], classes[other], shares[other]
    best = np.lexsort((classes, -shares, rows))
    first = best[np.unique(rows[best], return_index=True)[1]]
    out.rival[rows[first]] = classes[first]
    out.share[:] = np.where(totals > 0, 0.0, np.nan)
    out.share[rows[first]] = shares[first]
