"""Familiarity of the members of one group, and how far to trust it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.familiarity import density
from bathyscope.analyses.neighbours import nearest, own_places

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MOST_FITTED = 50_000
"""More are not compared with: the time would grow with the square of the samples."""

MOST_NEIGHBOURS = 8
"""So many of the nearest are kept for people to look at."""


@dataclass(frozen=True)
class Scores:
    """Of the M samples of one group.

    Attributes
    ----------
    familiarity : (M,) percentile rank of the density among the fitted samples, in [0, 1]; 0 is least typical
    log_density : (M,) natural logarithm
    n_fitted : samples that the density stands on
    dimensions : of the projected embedding
    variance_kept : by the projection
    fitted, held_out : mean log density of the fitted samples, each without itself, and of the others
    shift : Kolmogorov-Smirnov distance of the others' familiarity from that of the fitted, in [0, 1]; 0 is alike
    agreement : rank correlation of the densities that two halves of the fitted samples give, in [−1, 1]
    neighbours : (M, K) places in the group of the K ≤ 8 nearest fitted samples, nearest first, never the sample itself
    distances : (M, K) to them
    """

    familiarity: FloatArray
    log_density: FloatArray
    n_fitted: int
    dimensions: int
    variance_kept: float
    fitted: float
    held_out: float
    shift: float
    agreement: float
    neighbours: IntArray
    distances: FloatArray


def lots(sample_ids: Sequence[str]) -> npt.NDArray[np.uint32]:
    """(N,) a number for each sample that depends on its id only: the same draw, however the samples are ordered."""
    return np.fromiter((zlib.crc32(name.encode("utf-8", "surrogatepass")) for name in sample_ids), np.uint32)


def score(vectors: density.Vectors, fit: BoolArray, drawn: npt.NDArray[np.uint32], k: int) -> Scores:
    """Score the M samples of a group by the density of those among them that are fitted.

    Parameters
    ----------
    vectors : (M, D) of length 1
    fit : (M,) which are fitted; more than k
    drawn : (M,) as `lots` gives
    k : number of the neighbour whose distance counts
    """
    if fit.sum() > MOST_FITTED:
        fit = fit & (drawn <= np.sort(drawn[fit])[MOST_FITTED - 1])
    project = density.principal_directions(vectors[fit])
    points = project(vectors)
    n_fitted, dimensions = int(fit.sum()), points.shape[1]
    neighbours, lengths = nearest(points[fit], k, queries=points, own=own_places(fit))
    distances = lengths.astype(np.float64)
    logs = density.log_density(distances[:, -1], k, n_fitted - fit, dimensions)
    ranks = density.percentile_ranks(logs, logs[fit])
    return Scores(
        familiarity=ranks,
        log_density=logs,
        n_fitted=n_fitted,
        dimensions=dimensions,
        variance_kept=project.kept,
        fitted=float(logs[fit].mean()),
        held_out=float(logs[~fit].mean()) if (~fit).any() else float("nan"),
        shift=_distance_of_ranks(logs[fit], logs[~fit]),
        agreement=_agreement(points[fit], drawn[fit], k),
        neighbours=np.flatnonzero(fit)[neighbours[:, :MOST_NEIGHBOURS]],
        distances=distances[:, :MOST_NEIGHBOURS],
    )


def _distance_of_ranks(fitted: FloatArray, others: FloatArray) -> float:
    from scipy.stats import ks_2samp

    return float(ks_2samp(fitted, others, method="asymp").statistic) if len(others) else float("nan")


def _agreement(points: density.Vectors, drawn: npt.NDArray[np.uint32], k: int) -> float:
    """Densities at the fitted points by one half of them and by the other; NaN where halves are too small."""
    from scipy.stats import spearmanr

    half = drawn % 2 == 0
    k = max(k // 2, 1)
    if min(half.sum(), (~half).sum()) <= k:
        return float("nan")
    one, other = (density.neighbour_distances(points[part], points, k, part) for part in (half, ~half))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)
