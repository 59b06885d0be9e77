"""The recommender of the paper, as its public code does it, for comparison on equal input."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CLUSTERS = 30
THRESHOLD, BRANCHING = 0.5, 50
MOST_LEAVES = 4000
"""Ward's method holds all distances between the leaves; beyond so many the threshold is doubled, and a note says so."""


class Abnormality(NamedTuple):
    """Share of samples outside each one's own cluster, in [0, 1): (N,) each, by velocity, acceleration, position."""

    velocity: FloatArray
    acceleration: FloatArray
    position: FloatArray
    threshold: float

    def combined(self, uncertainty: FloatArray) -> FloatArray:
        """(N,) mean of the three and the uncertainty at the end."""
        return np.asarray((uncertainty + self.position + self.velocity + self.acceleration) / 4)


def encode(positions: npt.NDArray[np.floating]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Position (N, 2P), velocity (N, 2(P−1)) and acceleration (N, 2(P−2)) over the last P = ⌊2T/3⌋ of T frames.

    Parameters
    ----------
    positions : (N, T, 2)
    """
    late = positions[:, positions.shape[1] - 2 * positions.shape[1] // 3 :].astype(np.float64)
    velocity = np.diff(late, axis=1)
    acceleration = np.diff(velocity, axis=1)
    return tuple(part.reshape(len(part), -1) for part in (late, velocity, acceleration))  # type: ignore[return-value]


def abnormality(positions: npt.NDArray[np.floating]) -> Abnormality:
    """Members of small clusters are abnormal; with too few frames for a vector it tells nobody apart: 0."""
    position, velocity, acceleration = encode(positions)
    found = [rarity(vectors) for vectors in (velocity, acceleration, position)]
    scores = [score for score, _ in found]
    return Abnormality(scores[0], scores[1], scores[2], max(used for _, used in found))


def rarity(vectors: FloatArray) -> tuple[FloatArray, float]:
    """(N,) 1 − size of one's own cluster / N, and the threshold that was used.

    BIRCH, then Ward's method on its leaves down to 30 clusters.
    """
    from sklearn.cluster import Birch

    if vectors.shape[1] == 0 or len(vectors) < 2:
        return np.zeros(len(vectors)), THRESHOLD
    threshold = THRESHOLD
    leaves = Birch(threshold=threshold, branching_factor=BRANCHING, n_clusters=None).fit(vectors)
    while len(leaves.subcluster_centers_) > MOST_LEAVES:
        threshold *= 2
        leaves = Birch(threshold=threshold, branching_factor=BRANCHING, n_clusters=None).fit(vectors)
    if len(leaves.subcluster_centers_) > CLUSTERS:
        leaves.set_params(n_clusters=CLUSTERS).partial_fit()
    members = np.asarray(leaves.predict(vectors))
    return 1 - np.bincount(members)[members] / len(vectors), threshold


def cold_start(scores: FloatArray, size: int, generator: np.random.Generator) -> IntArray:
    """A batch drawn without replacement, with probability in proportion to the score."""
    total = scores.sum()
    chances = scores / total if total > 0 else np.full(len(scores), 1 / max(len(scores), 1))
    size = min(size, int((chances > 0).sum()))
    return np.asarray(generator.choice(len(scores), size, replace=False, p=chances), np.int64)


def feedback(features: FloatArray, answered: IntArray, answers: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Ridge regression on all answers: predictions (N,) and coefficients (4,) of uncertainty, velocity, …, position."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=1.0).fit(features[answered], answers.astype(np.float64))
    return np.asarray(model.predict(features)), np.asarray(model.coef_)
