"""How far the picture may be trusted: measures on arrays. A sample is never its own neighbour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.timetravel.graph import IntArray, Vectors, squared_distances

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

BLOCK = 256
"""Samples whose distances to all others are compared at one time."""

NEIGHBOURS = (10, 15, 20)
RANKED = 15
NEAR_CHECKPOINTS = 5
STILL_PERCENT = 2.0
"""Of the canvas: a sample that moved less has stayed where it was."""


def overlap(first: IntArray, second: IntArray) -> IntArray:
    """(N,) how many of each row's entries are in both, (N, k) each."""
    count: IntArray = (first[:, :, None] == second[:, None, :]).any(axis=2).sum(axis=1)
    return count


def neighbours_kept(first: IntArray, second: IntArray, k: int, *, legacy: bool = False) -> FloatArray:
    """(N,) how many of the k nearest in the first space are among the k nearest in the second.

    Parameters
    ----------
    first, second : (N, ≥ k) neighbours, nearest first, never the sample itself
    legacy : count the sample as its own nearest neighbour, as published tools do; then it is at least 1
    """
    if legacy:
        return overlap(first[:, : k - 1], second[:, : k - 1]).astype(np.float64) + 1
    return overlap(first[:, :k], second[:, :k]).astype(np.float64)


class Neighbourhoods:
    """Neighbours of some samples in both spaces, and the ranks that each has in the other.

    Parameters
    ----------
    vectors : (N, D) of all samples among which neighbours are sought
    positions : (N, 2)
    queries : (Q,) the samples that are judged
    """

    def __init__(self, vectors: Vectors, positions: Vectors, queries: IntArray) -> None:
        self.total, self.queries = len(vectors), queries
        k = min(max(NEIGHBOURS), self.total - 1)
        self.high = np.empty((len(queries), k), np.int64)
        self.low = np.empty((len(queries), k), np.int64)
        ranked = min(RANKED, k)
        self.false = np.zeros(len(queries))
        self.missed = np.zeros(len(queries))
        vectors = vectors - vectors.mean(axis=0)
        positions = positions - positions.mean(axis=0)
        for start in range(0, len(queries), BLOCK):
            part = slice(start, start + BLOCK)
            own = queries[part]
            apart = squared_distances(vectors[own], vectors)
            drawn = squared_distances(positions[own], positions)
            for distances in (apart, drawn):
                distances[np.arange(len(own)), own] = np.inf
            self.high[part], self.low[part] = _sorted(apart, k), _sorted(drawn, k)
            self.false[part] = _excess(apart, self.low[part, :ranked], ranked)
            self.missed[part] = _excess(drawn, self.high[part, :ranked], ranked)
        self.ranked = ranked

    def kept(self, k: int) -> FloatArray:
        """(Q,) share of the k nearest in D dimensions that are drawn among the k nearest."""
        k = min(k, self.total - 1)
        return neighbours_kept(self.high, self.low, k) / max(k, 1)

    def trustworthiness(self) -> float:
        """How little those drawn near are far in D dimensions, in [0, 1]."""
        return self._score(self.false)

    def continuity(self) -> float:
        """How little those near in D dimensions are drawn far, in [0, 1]."""
        return self._score(self.missed)

    def _score(self, excess: FloatArray) -> float:
        n, k = self.total, self.ranked
        worst = k * (2 * n - 3 * k - 1) / 2 if k < n / 2 else (n - k) * (n - k - 1) / 2
        return 1.0 - float(excess.mean()) / worst if worst > 0 and len(excess) else 1.0


def _sorted(distances: Vectors, k: int) -> IntArray:
    near = np.argpartition(distances, k - 1, axis=1)[:, :k] if k else np.empty((len(distances), 0), np.int64)
    order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1, kind="stable")
    out: IntArray = np.take_along_axis(near, order, axis=1)
    return out


def _excess(distances: Vectors, chosen: IntArray, k: int) -> FloatArray:
    """(Q,) sum over the chosen of how far their rank lies beyond k."""
    own = np.take_along_axis(distances, chosen, axis=1)
    ordered = np.sort(distances, axis=1)
    ranks = np.stack([np.searchsorted(row, mine) + 1 for row, mine in zip(ordered, own, strict=True)])
    out: FloatArray = np.maximum(ranks - k, 0).sum(axis=1).astype(np.float64)
    return out


def temporal_ranking(vectors: Vectors, positions: Vectors, frame: int) -> tuple[float, int]:
    """Whether checkpoints that are far for a sample are also drawn far: mean rank correlation, and how many had none.

    Parameters
    ----------
    vectors : (S, T, D) of some samples at all checkpoints
    positions : (S, T, 2)
    frame : the checkpoint from which distances are measured

    Notes
    -----
    A sample whose distances are all equal has no ranking; it counts as 0 and is counted.
    """
    others = np.delete(np.arange(vectors.shape[1]), frame)
    if len(others) < 2 or not len(vectors):
        return float("nan"), len(vectors)
    apart = np.linalg.norm(vectors[:, others] - vectors[:, [frame]], axis=2)
    drawn = np.linalg.norm(positions[:, others] - positions[:, [frame]], axis=2)
    value = rank_correlation(apart, drawn)
    undefined = np.isnan(value)
    return float(np.where(undefined, 0, value).mean()), int(undefined.sum())


def rank_correlation(first: FloatArray, second: FloatArray) -> FloatArray:
    """(N,) Spearman's correlation of rows; NaN where one of them is constant."""
    a, b = _ranks(first), _ranks(second)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    out = np.full(len(a), np.nan)
    np.divide((a * b).sum(axis=1), size, out=out, where=size > 0)
    return out


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks in each row, those of equal values averaged."""
    less = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    same = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ranks: FloatArray = less + (same + 1) / 2
    return ranks


def confidence_kept(before: FloatArray, after: FloatArray) -> FloatArray:
    """(N,) 1 − how far the probability of the predicted class is from that of the decoded vector, (N, C) each."""
    rows, chosen = np.arange(len(before)), before.argmax(axis=1)
    kept: FloatArray = 1 - np.abs(before[rows, chosen] - after[rows, chosen])
    return kept


def relative_error(vectors: Vectors, decoded: Vectors) -> float:
    """Mean distance of the decoded vectors from the true ones, as a share of that of their common mean."""
    spread = float(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).mean()) if len(vectors) else 0.0
    error = float(np.linalg.norm(vectors - decoded, axis=1).mean()) if len(vectors) else 0.0
    return error / spread if spread > 0 else float("nan")


def agreement(predictions: IntArray, on_border: BoolArray, territory: IntArray, border_here: BoolArray) -> BoolArray:
    """(N,) whether the territory under a dot is its prediction; for samples on a border, whether a border is there."""
    return np.where(on_border, border_here, territory == predictions)


def moving_invariant(changed: BoolArray, right_before: BoolArray, right_now: BoolArray) -> tuple[float, int]:
    """Of the samples whose prediction changed, the share that lies in the right territory before and after."""
    count = int(changed.sum())
    return (float((right_before & right_now)[changed].mean()) if count else float("nan")), count


def fixing_invariant(moved: FloatArray, drawn_percent: FloatArray, still: float) -> tuple[float, int]:
    """Of the samples that moved at most `still` in D dimensions, the share drawn within 2 % of the canvas."""
    quiet = moved <= still
    count = int(quiet.sum())
    return (float((drawn_percent[quiet] <= STILL_PERCENT).mean()) if count else float("nan")), count


def rating(values: dict[str, float], chance: float) -> tuple[str, str]:
    """How far to trust a picture, and why, from its measures by name; those that are missing are passed over.

    Parameters
    ----------
    values : neighbours_kept, trustworthiness, prediction_kept, landscape_agreement
    chance : neighbours_kept of random positions
    """
    poor: list[str] = []
    fair: list[str] = []
    kept = values.get("neighbours_kept", float("nan"))
    if np.isfinite(kept):
        said = f"{kept:.0%} of the nearest neighbours are drawn near"
        (poor if kept < max(0.02, 3 * chance) else fair if kept < max(0.12, 6 * chance) else []).append(said)
    for name, low, high, said in (
        ("trustworthiness", 0.85, 0.95, "dots drawn near each other are often far apart (trustworthiness {:.2f})"),
        ("prediction_kept", 0.85, 0.95, "the prediction is kept for {:.0%} of the samples only"),
        ("landscape_agreement", 0.8, 0.93, "the territory under a dot is its prediction for {:.0%} only"),
    ):
        value = values.get(name, float("nan"))
        if np.isfinite(value) and value < high:
            (poor if value < low else fair).append(said.format(value))
    if not np.isfinite(kept):
        return "poor", "Vectors are equal, or there are too few samples: nothing is known of neighbourhoods here."
    if poor:
        return "poor", "Do not read shapes or borders off this picture: " + "; ".join(poor + fair) + "."
    if fair:
        return "fair", "Groups can be trusted, details not: " + "; ".join(fair) + "."
    known = [f"{name.replace('_', ' ')} {value:.2f}" for name, value in values.items() if np.isfinite(value)]
    return "good", f"Groups and borders can be trusted ({', '.join(known)})."
