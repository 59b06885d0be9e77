"""Which samples the map is fitted to: the same at every checkpoint, so that their movement can be followed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.timetravel.graph import IntArray, Vectors

CENTRES_SHARE = 0.25
"""Of the landmarks chosen to lie far from each other; the rest are drawn evenly from the classes."""

TELLING_SHARE = 0.25
"""At most so many are there because the prediction is wrong or changed."""


def k_centres(vectors: Vectors, count: int, start: IntArray) -> IntArray:
    """Rows that lie farthest from all chosen before, one after the other, beginning from `start`; (count,)."""
    if count <= 0 or not len(vectors):
        return np.empty(0, np.int64)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    distance = np.full(len(vectors), np.inf, np.float32)
    for begin in range(0, len(start), 256):
        chosen = vectors[start[begin : begin + 256]]
        part = squares[:, None] - 2 * vectors @ chosen.T + np.einsum("ij,ij->i", chosen, chosen)
        distance = np.minimum(distance, part.min(axis=1))
    distance[start] = -np.inf
    out = np.empty(min(count, len(vectors) - len(start)), np.int64)
    for place in range(len(out)):
        far = int(distance.argmax())
        out[place] = far
        np.minimum(distance, squares - 2 * (vectors @ vectors[far]) + squares[far], out=distance)
        distance[far] = -np.inf
    return out


def stratified(groups: IntArray, pool: IntArray, count: int, generator: np.random.Generator) -> IntArray:
    """`count` rows of `pool`, drawn so that every group has its share."""
    shuffled = generator.permutation(pool)
    order = np.argsort(groups[shuffled], kind="stable")
    ordered = shuffled[order]
    return ordered[np.unique(np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(np.int64))]


def choose(
    count: int,
    *,
    pool: IntArray,
    groups: IntArray,
    telling: npt.NDArray[np.bool_],
    vectors: Vectors,
    seed: int,
) -> IntArray:
    """At most `count` samples to fit on, ascending.

    Parameters
    ----------
    pool : samples that may be fitted on: never those of other splits
    groups : (N,) class of each sample, that every class have its share
    telling : (N,) whether the prediction is wrong, or changed during training
    vectors : (N, D) of the last checkpoint, for those that lie far from all others
    """
    if len(pool) <= count:
        return np.sort(pool)
    generator = np.random.default_rng([seed, 1])
    special = generator.permutation(pool[telling[pool]])[: int(TELLING_SHARE * count)]
    rest = np.setdiff1d(pool, special)
    centres = int(CENTRES_SHARE * count)
    drawn = stratified(groups, rest, count - centres - len(special), generator)
    chosen = np.concatenate([special, drawn])
    place = np.searchsorted(np.sort(pool), chosen)
    pool = np.sort(pool)
    far = pool[k_centres(vectors[pool], centres, place)]
    return np.unique(np.concatenate([chosen, far]))
