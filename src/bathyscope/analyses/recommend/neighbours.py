"""What the nearest neighbours in the embedding say of a sample's label: cheap, deterministic, self never counted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.familiarity.density import Vectors, principal_directions
from bathyscope.analyses.neighbours import nearest, own_places

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MOST_REFERENCES = 20_000
"""More samples than so many are compared with a fixed share of them, as exact neighbours cost N²."""

CHANCE = 3.0
"""Standard deviations up to which a difference of two counts is taken for chance."""

_CELLS = 1 << 22


class Near(NamedTuple):
    """The K nearest references of each of M rows: which (M, K), into all samples, and how far (M, K)."""

    which: IntArray
    distances: FloatArray


def near(vectors: Vectors, rows: IntArray, references: IntArray, k: int) -> Near:
    """Neighbours among the references, in the directions that keep 99 % of their variance.

    Parameters
    ----------
    vectors : (M, D) of length 1, of the samples `rows`
    rows : (M,) sample indices, rising
    references : sample indices that may be neighbours; those not among the rows have no vector and are left out
    """
    reference = np.isin(rows, references)
    k = min(k, int(reference.sum()) - 1)
    if k < 1:
        return Near(np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0)))
    project = principal_directions(vectors[reference])
    points = project(vectors)
    found, distances = nearest(points[reference], k, queries=points, own=own_places(reference))
    return Near(rows[reference][found], distances.astype(np.float64))


def thinned(samples: IntArray) -> IntArray:
    """At most `MOST_REFERENCES` of the samples, spread evenly over their order."""
    if len(samples) <= MOST_REFERENCES:
        return samples
    return samples[np.linspace(0, len(samples) - 1, MOST_REFERENCES).astype(np.int64)]


def label_lead(near_by: Near, labels: IntArray, labelled: BoolArray, own: IntArray) -> FloatArray:
    """(M,) in [−1, 1]: share of the neighbours with one's own label minus that of the strongest other label.

    Parameters
    ----------
    labels, labelled : (N,)
    own : (M,) the label in question; below 0 for none, which gives NaN
    """
    k = near_by.which.shape[1]
    lead = np.full(len(own), np.nan)
    if not k:
        return lead
    weight = nearer_more(near_by.which.shape) * labelled[near_by.which]
    said = labels[near_by.which]
    total = weight.sum(axis=1)
    mine = (weight * (said == own[:, None])).sum(axis=1)
    best, _ = favourite(np.where(said == own[:, None], 0.0, weight), said)
    known = (own >= 0) & (total > 0)
    lead[known] = (mine[known] - best[known]) / total[known]
    return lead


def average_lead(near_by: Near, values: FloatArray, place_of: IntArray, own: IntArray) -> FloatArray:
    """(M,) how far the neighbours, taken together, put one's own label before the strongest other class.

    Parameters
    ----------
    values : (R, C) of the references, for instance their mean logits; a row with NaN says nothing
    place_of : (N,) row of `values` of each sample; −1 for none
    own : (M,) the label in question; below 0 for none, which gives NaN
    """
    lead = np.full(len(own), np.nan)
    n_classes = values.shape[1]
    if not near_by.which.shape[1] or n_classes < 2:
        return lead
    usable: BoolArray = np.asarray(np.isfinite(values).all(axis=1), bool)
    filled = np.where(usable[:, None], values, 0.0)
    rows = max(1, _CELLS // (n_classes * near_by.which.shape[1]))
    for start in range(0, len(own), rows):
        part = slice(start, start + rows)
        places = place_of[near_by.which[part]]
        weight = nearer_more(places.shape) * (usable[places] & (places >= 0))
        total = weight.sum(axis=1)
        mean = np.einsum("mk,mkc->mc", weight, filled[places])
        label = own[part]
        inside = (label >= 0) & (label < n_classes) & (total > 0)
        mean, each = mean[inside], np.arange(int(inside.sum()))
        mine = mean[each, label[inside]].copy()
        mean[each, label[inside]] = -np.inf
        lead[start : start + rows][inside] = (mine - mean.max(axis=1)) / total[inside]
    return lead


def nearer_more(shape: tuple[int, ...]) -> FloatArray:
    """(M, K) weights 1 / (1 + rank / 4): steadier than a kernel, as it needs no scale of distances."""
    return np.broadcast_to(1.0 / (1.0 + np.arange(shape[1]) / 4.0), shape)


def favourite(weight: FloatArray, classes: IntArray) -> tuple[FloatArray, IntArray]:
    """(M,) weight of the heaviest class of each row and which it is, without a table of all classes."""
    order = np.argsort(classes, axis=1, kind="stable")
    ordered, sums = np.take_along_axis(classes, order, axis=1), np.take_along_axis(weight, order, axis=1).cumsum(axis=1)
    ends = np.ones(ordered.shape, bool)
    ends[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    before = np.zeros_like(sums)
    before[:, 1:] = np.maximum.accumulate(np.where(ends, sums, 0.0), axis=1)[:, :-1]
    by_class = np.where(ends, sums - before, 0.0)
    best = by_class.argmax(axis=1)[:, None]
    return np.take_along_axis(by_class, best, axis=1)[:, 0], np.take_along_axis(ordered, best, axis=1)[:, 0]


def one_way(labels: IntArray, others: IntArray) -> FloatArray:
    """(M,) how much more samples of one's label look like one's other class than the other way round, as a z-score.

    Parameters
    ----------
    labels, others : (M,) the label, and the other class that a sample looks like more; −1 for none, which gives 0

    Notes
    -----
    Classes that are hard to tell apart are taken for each other about as often; labels that went wrong by one rule go
    one way. With f samples there and b back, z = (f − b) / √(f + b + 1); |z| up to 3 is chance and counts as 0.
    """
    looks = (labels >= 0) & (others >= 0)
    size = int(max(labels.max(initial=0), others.max(initial=0))) + 1
    keys = labels[looks] * size + others[looks]
    pairs, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    back = (pairs % size) * size + pairs // size
    place = np.minimum(np.searchsorted(pairs, back), max(len(pairs) - 1, 0))
    returned = np.where(pairs[place] == back, counts[place], 0) if len(pairs) else counts
    score = (counts - returned) / np.sqrt(counts + returned + 1.0)
    found = np.zeros(len(labels))
    found[looks] = np.where(np.abs(score) > CHANCE, score, 0.0)[which]
    return found
