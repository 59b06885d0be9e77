"""From pairs to clusters, without letting a chain of small steps join what is far apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

WIDEST = 2.0
"""Two members of a cluster are at most so many cuts apart."""

MOST_MEMBERS = 500
"""Larger components are cut at half the distance, again and again, before their members are compared one by one."""

Between = Callable[[IntArray], FloatArray]


def clusters_of(pairs: IntArray, distances: FloatArray, n_samples: int, between: Between) -> IntArray:
    """Cluster of each sample, (N,) numbered from 0, −1 for samples in none.

    Parameters
    ----------
    pairs : (P, 2) sample indices
    distances : (P,) in cuts: 1 is just near enough
    between : the distance, in cuts, of each of some pairs (Q, 2) → (Q,)

    Notes
    -----
    Components of the graph of pairs. One in which two members are over 2 cuts apart is divided by complete linkage, so
    that a video, each frame near the next, does not become one cluster.
    """
    clusters = np.full(n_samples, -1, np.int64)
    found = 0
    work = [(pairs, distances)]
    while work:
        edges, lengths = work.pop()
        for members, inside in _components(edges, n_samples):
            if len(members) > MOST_MEMBERS and lengths[inside].max(initial=0) > 0:
                kept = inside[lengths[inside] <= lengths[inside].max() / 2]
                work.append((edges[kept], lengths[kept]))
                continue
            parts = _divided(members, between) if 2 < len(members) <= MOST_MEMBERS else [members]
            for part in parts:
                if len(part) > 1:
                    clusters[part] = found
                    found += 1
    return clusters


def _components(pairs: IntArray, n_samples: int) -> list[tuple[IntArray, IntArray]]:
    """Members of each connected component with two or more, and the positions of its pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(pairs):
        return []
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n_samples, n_samples))
    _, component = connected_components(graph, directed=False)
    return list(zip(_by_value(component, 2), _by_value(component[pairs[:, 0]], 1), strict=True))


def _by_value(values: IntArray, least: int) -> list[IntArray]:
    """Positions of each value that occurs `least` times, in order of value."""
    order = np.argsort(values, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(values[order])) + 1)
    return [part for part in parts if len(part) >= least]


def _divided(members: IntArray, between: Between) -> list[IntArray]:
    from scipy.cluster.hierarchy import fcluster, linkage

    first, second = np.triu_indices(len(members), 1)
    apart = np.minimum(between(np.stack([members[first], members[second]], axis=1)), 1e6)  # linkage takes no infinity
    if apart.max() <= WIDEST:
        return [members]
    return [members[part] for part in _by_value(fcluster(linkage(apart, "complete"), WIDEST, "distance"), 1)]
