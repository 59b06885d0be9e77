"""Which samples make the next batch: most of it the best, some to learn from, some unlike the rest."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Part = Literal["top", "explore", "diverse", "again"]

EXPLORE, DIVERSE = 0.3, 0.15
"""Share of a batch by which the model learns, if it knows nothing yet; where its best are sure, they are shown."""

DIVERSE_AMONG, MOST_AMONG = 0.05, 1000
AGAIN_FROM, AGAIN = 100, 0.02
"""After so many answers, so large a share of a batch asks again, which tells how many answers are wrong."""


class Pick(NamedTuple):
    """Places in the pool, best first, and why each is there."""

    places: IntArray
    parts: list[Part]


def choose(
    scores: FloatArray,
    drawn: FloatArray,
    open_: BoolArray,
    size: int,
    *,
    coordinates: npt.NDArray[np.floating] | None = None,
    doubtful: IntArray | None = None,
) -> Pick:
    """The next batch.

    Parameters
    ----------
    scores : (P,) in [0, 1], the probabilities of a yes
    drawn : (P,) scores by weights drawn from what is believed of them; where that is unsure they differ
    open_ : (P,) not answered yet
    size : of the batch; less if less is open
    coordinates : (P, Q) or None; "diverse" means far from each other here
    doubtful : answered places that may be asked again, the most doubtful first
    """
    again = (doubtful if doubtful is not None else np.empty(0, np.int64))[: _times(size, AGAIN)]
    left = open_.copy()
    n_open = min(size - len(again), int(left.sum()))
    unsure = 1.0 - _mean(scores[best(scores, left, n_open)])
    n_explore, n_diverse = _times(n_open, EXPLORE * unsure), _times(n_open, DIVERSE * unsure)
    if coordinates is None or not coordinates.shape[1]:
        n_diverse = 0
    top = best(scores, left, n_open - n_explore - n_diverse)
    left[top] = False
    explore = best(drawn, left, n_explore)
    left[explore] = False
    chosen = np.concatenate([top, explore])
    diverse = np.empty(0, np.int64)
    if n_diverse and coordinates is not None:
        among = best(scores, left, max(n_diverse, min(MOST_AMONG, int(DIVERSE_AMONG * left.sum()))))
        diverse = farthest(coordinates, among, chosen, n_diverse)
    places = np.concatenate([chosen, diverse, again]).astype(np.int64)
    parts: list[Part] = ["top"] * len(top)
    parts += ["explore"] * len(explore)
    parts += ["diverse"] * len(diverse)
    parts += ["again"] * len(again)
    return Pick(places, parts)


def best(scores: FloatArray, among: BoolArray, size: int) -> IntArray:
    """Places of the highest scores, of equals the lower place first."""
    places = np.flatnonzero(among)
    size = min(size, len(places))
    if size <= 0:
        return np.empty(0, np.int64)
    values = scores[places]
    if size < len(places):
        least = np.partition(values, len(values) - size)[len(values) - size]
        places = places[values >= least]
        values = values[values >= least]
    return places[np.lexsort((places, -values))][:size]


def farthest(coordinates: npt.NDArray[np.floating], among: IntArray, chosen: IntArray, size: int) -> IntArray:
    """Places, each the farthest from all that were chosen before it."""
    from scipy.spatial.distance import cdist

    picked: list[int] = []
    points = coordinates[among].astype(np.float64)
    distance = np.full(len(among), np.inf)
    if len(chosen):
        distance = cdist(points, coordinates[chosen].astype(np.float64), "sqeuclidean").min(axis=1)
    for _ in range(min(size, len(among))):
        next_one = int(np.argmax(distance))
        picked.append(int(among[next_one]))
        distance = np.minimum(distance, np.square(points - points[next_one]).sum(axis=1))
        distance[next_one] = -np.inf
    return np.asarray(picked, np.int64)


def _times(size: int, share: float) -> int:
    """A share of a batch, rounded."""
    return round(size * share)


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else 1.0
