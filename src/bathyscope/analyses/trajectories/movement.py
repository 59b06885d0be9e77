"""How each sample moved through the embedding, followed checkpoint by checkpoint."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_ROWS = 4096
BEYOND = 2.0
"""Standard deviations beyond the mean from which on a movement is significant."""


class Moved(NamedTuple):
    """Movement since the last checkpoint that held the sample: (N,) each, in the unit of the embedding.

    `speed` is a distance by the clock; NaN where there is nothing before. `approach` is how much nearer the sample came
    to where it ended (below 0 it went away), `significant` says for whom that is unusual.
    """

    speed: FloatArray
    approach: FloatArray
    significant: BoolArray


class Movement:
    """Follows the vectors of N samples; holds four of them for each sample, however many checkpoints there are.

    Parameters
    ----------
    final : (N, D) where each sample ended
    late : speeds from this time of the clock on count as late
    """

    def __init__(self, final: Vectors, late: float) -> None:
        n_samples = len(final)
        self._final, self._late = final, late
        self._first, self._previous = np.full_like(final, np.nan), np.full_like(final, np.nan)
        self._when, self._distance = np.full(n_samples, np.nan), np.full(n_samples, np.nan)
        self._path = np.zeros(n_samples)
        self._max_speed, self._max_at = np.full(n_samples, np.nan), np.full(n_samples, np.nan)
        self._late_speed, self._late_steps = np.zeros(n_samples), np.zeros(n_samples, np.int32)
        self._steps = np.zeros(n_samples, np.int32)
        self._spread: list[float] = []

    def update(self, vectors: Vectors, when: float) -> Moved:
        """Take in the next checkpoint: (N, D), rows that are not all finite count as absent."""
        present = finite_rows(vectors)
        gap = when - self._when
        length = distances(vectors, self._previous)
        with np.errstate(invalid="ignore", divide="ignore"):
            speed = np.where(present, length / gap, np.nan)
        moved = np.isfinite(speed)
        remaining = distances(vectors, self._final)
        approach = np.where(moved, self._distance - remaining, np.nan)
        self._path[moved] += length[moved]
        self._steps += moved
        faster = moved & ~(speed <= self._max_speed)
        self._max_speed[faster], self._max_at[faster] = speed[faster], when
        if when >= self._late:
            self._late_speed[moved] += speed[moved]
            self._late_steps += moved
        fresh = present & np.isnan(self._when)
        self._first[fresh] = vectors[fresh]
        self._previous[present], self._when[present] = vectors[present], when
        self._distance[present] = remaining[present]
        self._spread.append(spread(vectors[present]))
        return Moved(speed, approach, significant(approach))

    @property
    def scale(self) -> float:
        """Typical distance of a sample from the mean of its checkpoint; 1 if all samples lie on one spot."""
        known = [value for value in self._spread if np.isfinite(value)]
        size = float(np.sqrt(np.mean(np.square(known)))) if known else 0.0
        return size if np.isfinite(size) and size > 0 else 1.0

    def columns(self) -> dict[str, FloatArray]:
        """(N,) each, lengths in units of `scale`; NaN where the sample was seen less than twice."""
        moved = self._steps > 0
        net = distances(self._previous, self._first)
        with np.errstate(invalid="ignore", divide="ignore"):
            late = np.where(self._late_steps > 0, self._late_speed / self._late_steps, np.nan)
            straight = np.where(self._path > 0, np.minimum(net / self._path, 1.0), 1.0)
        return {
            "path_length": np.where(moved, self._path, np.nan) / self.scale,
            "net_displacement": np.where(moved, net, np.nan) / self.scale,
            "straightness": np.where(self._steps > 1, straight, np.nan),
            "max_speed": self._max_speed / self.scale,
            "max_speed_at": self._max_at,
            "late_speed": late / self.scale,
        }


def finite_rows(vectors: Vectors) -> BoolArray:
    """(N,) rows without NaN or infinity."""
    return np.asarray(np.isfinite(vectors).all(axis=1))


def distances(first: Vectors, second: Vectors) -> FloatArray:
    """(N,) Euclidean distance of the rows of two (N, D); in double precision, as squares overflow in half."""
    found = np.empty(len(first))
    for start in range(0, len(first), _ROWS):
        part = slice(start, start + _ROWS)
        with np.errstate(invalid="ignore", over="ignore"):
            difference = first[part].astype(np.float64) - second[part]
            found[part] = np.sqrt(np.einsum("nd,nd->n", difference, difference))
    return found


def spread(vectors: Vectors) -> float:
    """Root of the mean squared distance from the mean; NaN without samples."""
    if not len(vectors):
        return float("nan")
    centre = vectors.mean(axis=0, dtype=np.float64)
    return float(np.sqrt(np.mean(np.square(distances(vectors, np.broadcast_to(centre, vectors.shape))))))


def significant(approach: FloatArray) -> BoolArray:
    """Movements beyond mean + 2 standard deviations over the samples that move in the same sense (nearer, farther)."""
    found = np.zeros(len(approach), bool)
    for sense in (1.0, -1.0):
        along = approach * sense
        those = along > 0
        if those.any():
            found |= those & (along > along[those].mean() + BEYOND * along[those].std())
    return found


def distance_to_centroid(vectors: Vectors, groups: IntArray) -> FloatArray:
    """(N,) distance to the mean of one's own group, in units of the group's median distance.

    Parameters
    ----------
    vectors : (N, D); rows that are not finite get NaN
    groups : (N,) below 0 for none; in a group of one or on one spot there is no distance to speak of, so NaN
    """
    found = np.full(len(vectors), np.nan)
    members = finite_rows(vectors) & (groups >= 0)
    for group in np.unique(groups[members]):
        mine = np.flatnonzero(members & (groups == group))
        centre = vectors[mine].mean(axis=0, dtype=np.float64)
        away = distances(vectors[mine], np.broadcast_to(centre, (len(mine), vectors.shape[1])))
        usual = float(np.median(away))
        if len(mine) > 1 and usual > 0:
            found[mine] = away / usual
    return found
