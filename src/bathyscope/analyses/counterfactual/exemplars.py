"""Natural pictures of a neuron, and how its activation differs between mistakes and correct samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloats = npt.NDArray[np.floating]

Kind = Literal["overall", "class", "contribution"]
EACH = 9
BINS = 20


@dataclass(frozen=True)
class Exemplar:
    """One picture of a neuron: place (in the reference split) and activation."""

    neuron: int
    kind: Kind
    rank: int
    place: int
    activation: float


@dataclass(frozen=True)
class Pool:
    """The R samples that exemplars are taken from.

    Attributes
    ----------
    features : (R, U)
    labels : (R,) class indices, −1 for none
    strongest : (R, 2) the two classes of highest logit
    """

    features: AnyFloats
    labels: IntArray
    strongest: IntArray


def exemplars_of(neuron: int, label: int, pool: Pool, weight: FloatArray, *, opposing: bool) -> list[Exemplar]:
    """The samples that excite a neuron most: of all, of a class, and by what they contribute to deciding for the class.

    Parameters
    ----------
    neuron : of which
    label : class that the neuron is looked at for
    weight : (C, U)
    opposing : whether the largest contributions against the class are sought, not those for it

    Notes
    -----
    A contribution is activation · (weight of the class − weight of the strongest other class of that sample).
    """
    activation = np.asarray(pool.features[:, neuron], np.float64)
    rival = np.where(pool.strongest[:, 0] == label, pool.strongest[:, 1], pool.strongest[:, 0])
    contribution = activation * (weight[label, neuron] - weight[rival, neuron])
    everybody = np.arange(len(activation))
    own = np.flatnonzero(pool.labels == label)
    kinds: tuple[tuple[Kind, IntArray, FloatArray], ...] = (
        ("overall", everybody, activation),
        ("class", own, activation),
        ("contribution", everybody, -contribution if opposing else contribution),
    )
    return [
        Exemplar(neuron, kind, rank, int(place), float(activation[place]))
        for kind, among, score in kinds
        for rank, place in enumerate(_highest(score, among))
    ]


@dataclass(frozen=True)
class Histogram:
    """Counts (B,) of correct samples and mistakes between B + 1 edges."""

    edges: FloatArray
    correct: IntArray
    mistakes: IntArray


def histogram(correct: AnyFloats, mistakes: AnyFloats) -> Histogram:
    """How often a neuron has which activation among correct samples (K,) and mistakes (M,)."""
    both = np.concatenate([correct, mistakes]).astype(np.float64)
    edges = np.histogram_bin_edges(both, BINS) if len(both) else np.linspace(0, 1, BINS + 1)
    return Histogram(edges, np.histogram(correct, edges)[0], np.histogram(mistakes, edges)[0])


def _highest(score: FloatArray, among: IntArray) -> IntArray:
    """Places of the highest scores, of equal ones the first."""
    values = score[among]
    if len(values) > EACH:
        least = np.partition(values, len(values) - EACH)[len(values) - EACH]
        among = among[values >= least]
    return among[np.argsort(-score[among], kind="stable")][:EACH]
