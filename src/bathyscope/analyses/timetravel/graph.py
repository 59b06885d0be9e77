"""Neighbours, and the fuzzy graph over them that tells how strongly two samples of one checkpoint belong together."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from bathyscope.analyses.neighbours import nearest

FloatArray = npt.NDArray[np.floating]
Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

SEARCH_STEPS = 64
LEAST_BANDWIDTH = 1e-3
"""Of the mean distance: below it copies would bind nothing but themselves."""


def squared_distances(queries: Vectors, points: Vectors) -> Vectors:
    """(Q, N) squared Euclidean distances, never below 0."""
    out: Vectors = queries @ points.T
    out *= -2
    out += np.einsum("ij,ij->i", points, points)
    out += np.einsum("ij,ij->i", queries, queries)[:, None]
    np.maximum(out, 0, out=out)
    return out


def bandwidths(distances: Vectors) -> tuple[Vectors, Vectors]:
    """Distance ρ to the nearest neighbour that is no copy, and the σ that makes the weights sum to log2 k, (N,) each.

    Parameters
    ----------
    distances : (N, k) to the neighbours, nearest first
    """
    given = distances.astype(np.float64)
    apart = np.where(given > 0, given, np.inf)
    rho = apart.min(axis=1)
    rho = np.where(np.isfinite(rho), rho, 0.0)
    beyond = np.maximum(given - rho[:, None], 0)
    target = np.log2(given.shape[1])
    low, high = np.zeros(len(given)), np.full(len(given), np.inf)
    sigma = np.ones(len(given))
    for _ in range(SEARCH_STEPS):
        total = np.exp(-beyond / sigma[:, None]).sum(axis=1)
        above = total > target
        high, low = np.where(above, sigma, high), np.where(above, low, sigma)
        sigma = np.where(np.isfinite(high), (low + np.minimum(high, 1e300)) / 2, sigma * 2)
    floor = LEAST_BANDWIDTH * max(float(given.mean()), 1e-12) if given.size else 1.0
    return rho.astype(np.float32), np.maximum(np.minimum(sigma, 1e30), floor).astype(np.float32)


class Near(NamedTuple):
    """Who the k nearest of each of N samples are, (N, k), how far away, (N, k), and their `bandwidths`, (N,) each."""

    who: IntArray
    distances: Vectors
    rho: Vectors
    sigma: Vectors


def near_of(points: Vectors, k: int) -> Near:
    """The k nearest of each point; nothing where there are none."""
    if k < 1:
        none = np.zeros(len(points), np.float32)
        return Near(np.empty((len(points), 0), np.int64), np.empty((len(points), 0), np.float32), none, none)
    index, distances = nearest(points, k)
    return Near(index, distances, *bandwidths(distances))


def directed_weights(distances: Vectors, scale: tuple[Vectors, Vectors] | None = None) -> Vectors:
    """(N, k) strengths in [0, 1] with which each sample is tied to its neighbours; 1 for the nearest.

    Parameters
    ----------
    scale : ρ and σ of `bandwidths`, where they are known
    """
    rho, sigma = bandwidths(distances) if scale is None else scale
    out: Vectors = np.exp(-np.maximum(distances - rho[:, None], 0) / sigma[:, None])
    return out


def symmetric(weights: sp.csr_array) -> sp.csr_array:
    """Probability that at least one of two directed edges is there: w + wᵀ − w·wᵀ."""
    other = weights.T.tocsr()
    return sp.csr_array(weights + other - weights.multiply(other))


def neighbour_graph(near: Near) -> sp.csr_array:
    """Symmetric fuzzy graph over the nearest neighbours of each of N points, (N, N)."""
    shape = (len(near.who), len(near.who))
    if not near.who.shape[1]:
        return sp.csr_array(shape, dtype=np.float32)
    return symmetric(_matrix(near.who, directed_weights(near.distances, (near.rho, near.sigma)), shape))


def boundary_graph(points: Vectors, boundary: Vectors, k: int) -> sp.csr_array:
    """Ties of N samples and B boundary samples to their k nearest boundary samples, (N + B, N + B), symmetric."""
    n, total = len(points), len(points) + len(boundary)
    everything = np.concatenate([points, boundary])
    own = np.concatenate([np.full(n, -1), np.arange(len(boundary))])
    index, distances = _nearest_others(boundary, k, everything, own)
    return symmetric(_matrix(index + n, directed_weights(distances), (total, total)))


def _nearest_others(points: Vectors, k: int, queries: Vectors, own: IntArray) -> tuple[IntArray, Vectors]:
    """As `nearest`, where some queries (own ≥ 0) are points themselves."""
    outside, inside = np.flatnonzero(own < 0), np.flatnonzero(own >= 0)
    index = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.float32)
    index[outside], distances[outside] = nearest(points, k, queries=queries[outside])
    index[inside], distances[inside] = nearest(points, k, queries=queries[inside], own=own[inside])
    return index, distances


def _matrix(index: IntArray, weights: Vectors, shape: tuple[int, int]) -> sp.csr_array:
    rows = np.repeat(np.arange(len(index)), index.shape[1])
    return sp.csr_array((weights.ravel(), (rows, index.ravel())), shape=shape, dtype=np.float32)


@functools.cache
def curve(min_dist: float = 0.1, spread: float = 1.0) -> tuple[float, float]:
    """The a and b with which 1 / (1 + a·d^2b) comes nearest to 1 up to `min_dist` and exponential decay beyond it."""
    from scipy.optimize import curve_fit

    x = np.linspace(0, 3 * spread, 300)
    wanted = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist) / spread))
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), x, wanted)
    return float(a), float(b)


def similarity(squared: FloatArray) -> FloatArray:
    """How alike two positions are, in (0, 1]: 1 / (1 + a·d^2b) of their squared distance."""
    a, b = curve()
    return 1 / (1 + a * squared**b)
