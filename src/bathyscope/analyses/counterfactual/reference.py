"""How the neurons behave on the reference split: what counts as one step of each, and which values it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
AnyFloats = npt.NDArray[np.floating]

DEAD = 1e-8
"""A neuron whose deviation is below this share of the largest one never moves."""

RANGE = (0.005, 0.995)
REDUNDANT, NEARLY_COLLINEAR = 0.9, 0.95

LEAST_FOR_CORRELATION = 100
"""Among fewer samples neurons of a wide layer agree by chance, or because one and the same sample excites them."""

LEAST_CLASSES_FOR_WEIGHTS = 10
"""With fewer classes nearly all columns of the head are collinear, which then says nothing."""

_BLOCK = 256


@dataclass(frozen=True)
class Reference:
    """Of the U neurons, (U,) each.

    Attributes
    ----------
    mean, std : over the reference split
    low, high : the range that counts as possible: quantiles 0.5 % and 99.5 %; low is 0 where nothing is ever below
    dead : neurons that never move; they are never changed
    """

    mean: FloatArray
    std: FloatArray
    low: FloatArray
    high: FloatArray
    dead: BoolArray


def reference_of(features: AnyFloats) -> Reference:
    """Statistics of the pooled activations (N, U) of a reference split of at least one sample."""
    mean = features.mean(axis=0, dtype=np.float64)
    std = np.empty(features.shape[1])
    bounds = np.empty((2, features.shape[1]))
    for start in range(0, features.shape[1], _BLOCK):  # in parts, so that no second array of the size is held
        part = features[:, start : start + _BLOCK].astype(np.float64)
        std[start : start + _BLOCK] = part.std(axis=0)
        bounds[:, start : start + _BLOCK] = np.quantile(part, RANGE, axis=0)
    low = np.where(features.min(axis=0) >= 0, 0.0, bounds[0])
    return Reference(mean, std, low, bounds[1], std <= DEAD * std.max())


@dataclass(frozen=True)
class Families:
    """Neurons that go together, (U,) each.

    Attributes
    ----------
    family : smallest neuron of its family; −1 for a neuron that stands alone
    mirror : whether it goes against that neuron, not with it
    """

    family: IntArray
    mirror: BoolArray


def families_of(features: AnyFloats, weight: AnyFloats, reference: Reference) -> Families:
    """Connected components of the neurons whose activations, or whose columns of the head, nearly coincide.

    Parameters
    ----------
    features : (N, U) of the reference split
    weight : (C, U)

    Notes
    -----
    Joined are |correlation| ≥ 0.9 over 100 samples or more and, with 10 classes or more, |cosine| of the columns ≥
    0.95. A mirror is a neuron whose correlation with the first of its family is negative.
    """
    n_neurons = features.shape[1]
    alive = np.flatnonzero(~reference.dead)
    standard = (features[:, alive] - reference.mean[alive]) / reference.std[alive]
    correlation = _gram(standard.astype(np.float32)) / max(len(features), 1)
    joined = (np.abs(correlation) >= REDUNDANT) & (len(features) >= LEAST_FOR_CORRELATION)
    if len(weight) >= LEAST_CLASSES_FOR_WEIGHTS:
        columns = weight[:, alive].astype(np.float32)
        length = np.linalg.norm(columns, axis=0)
        joined |= np.abs(_gram((columns / np.where(length > 0, length, 1)).astype(np.float32))) >= NEARLY_COLLINEAR
    rows, others = np.nonzero(joined)
    graph = coo_array((np.ones(len(rows), np.int8), (rows, others)), shape=joined.shape)
    _, component = connected_components(graph, directed=False)
    _, first, place, size = np.unique(component, return_index=True, return_inverse=True, return_counts=True)
    family, mirror = np.full(n_neurons, -1, np.int64), np.zeros(n_neurons, bool)
    together = size[place] > 1
    family[alive[together]] = alive[first[place[together]]]
    mirror[alive[together]] = correlation[np.flatnonzero(together), first[place[together]]] < 0
    return Families(family, mirror)


def families_note(n_samples: int) -> list[str]:
    """A note where samples are too few to tell families by."""
    if n_samples >= LEAST_FOR_CORRELATION:
        return []
    return [f"Families are told from {LEAST_FOR_CORRELATION} samples on: among {n_samples:,} neurons agree by chance."]


def _gram(columns: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(columns.T @ columns, np.float32)
