"""A set of mistakes as one: a shift that they share, how far the first neurons alone carry, and the way there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from bathyscope.analyses.counterfactual.explaining import Explanation, demands_of
from bathyscope.analyses.counterfactual.linear import Demands, smallest_steps
from bathyscope.analyses.counterfactual.reference import Reference

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CANDIDATES = 30
STRIDES = (0.25, 0.5, 1.0)
MOST_STRIDES = 60
POINTS = 21
RIVALS = 20
"""Classes that are looked at beside the target; the others are far behind."""


@dataclass(frozen=True)
class Head:
    """The decision layer: weight (C, U), bias (C,)."""

    weight: FloatArray
    bias: FloatArray

    def __call__(self, features: FloatArray) -> FloatArray:
        """(N, U) → (N, C) logits."""
        return np.asarray(features @ self.weight.T + self.bias, np.float64)


@dataclass(frozen=True)
class Shared:
    """One shift (U,) for all, and the share of the samples that it flips, in [0, 1]."""

    shift: FloatArray
    flipped: float


def shared_shift(
    features: FloatArray,
    targets: IntArray,
    head: Head,
    reference: Reference,
    *,
    candidates: IntArray,
    share: float = 0.5,
) -> Shared:
    """A shift of few neurons that flips at least a share of the samples, where one is found.

    Parameters
    ----------
    features, targets : (N, U) and (N,)
    candidates : neurons that may move, such as the first of the ranking

    Notes
    -----
    Greedy: the stride of ¼, ½ or 1 deviation of one neuron that, per deviation, takes most from what the samples lack;
    again, until enough have flipped or no stride helps. Each sample's activations stay in their range, so the shift
    counts for it only as far as it can go.
    """
    candidates = candidates[~reference.dead[candidates]][:CANDIDATES]
    shift = np.zeros(features.shape[1])
    if not len(features) or not len(candidates):
        return Shared(shift, 0.0)
    low, high = np.minimum(reference.low, features), np.maximum(reference.high, features)
    lead, gains = _leads(features, targets, head, candidates)
    for _ in range(MOST_STRIDES):
        now = np.clip(features[:, candidates] + shift[candidates], low[:, candidates], high[:, candidates])
        if (lead.min(axis=1) > 0).mean() >= share:
            break
        best: tuple[float, int, float] = (1e-9, -1, 0.0)
        lacking = np.maximum(-lead.min(axis=1), 0)
        for place, neuron in enumerate(candidates):
            for stride in (*STRIDES, *(-one for one in STRIDES)):
                further = features[:, neuron] + shift[neuron] + stride * reference.std[neuron]
                change = np.clip(further, low[:, neuron], high[:, neuron]) - now[:, place]
                left = np.maximum(-(lead + change[:, None] * gains[place]).min(axis=1), 0)
                gained = float((lacking - left).mean()) / abs(stride)
                if gained > best[0]:
                    best = (gained, place, stride)
        if best[1] < 0:
            break
        moved = candidates[best[1]]
        shift[moved] += best[2] * reference.std[moved]
        reached = np.clip(features[:, moved] + shift[moved], low[:, moved], high[:, moved])
        lead = lead + (reached - now[:, best[1]])[:, None] * gains[best[1]]
    flipped = head(np.clip(features + shift, low, high)).argmax(axis=1) == targets
    return Shared(shift, float(flipped.mean()))


def _leads(features: FloatArray, targets: IntArray, head: Head, neurons: IntArray) -> tuple[FloatArray, FloatArray]:
    """(N, R) lead of each target over its strongest rivals, and (K, N, R) what one unit of a neuron adds to it."""
    logits = head(features)
    rows = np.arange(len(logits))
    own = logits[rows, targets].copy()
    logits[rows, targets] = -np.inf
    rivals = np.argsort(-logits, axis=1, kind="stable")[:, : min(RIVALS, logits.shape[1] - 1)]
    lead = own[:, None] - np.take_along_axis(logits, rivals, axis=1)
    gains = np.stack([head.weight[targets, neuron][:, None] - head.weight[rivals, neuron] for neuron in neurons])
    return lead, gains


def minimal_counts(
    features: FloatArray,
    targets: IntArray,
    head: Head,
    reference: Reference,
    *,
    order: IntArray,
    margin: float = 1e-3,
) -> IntArray:
    """(N,) smallest t for which the t first neurons of `order` can flip a sample alone; len(order) + 1 if none can."""
    scale = np.where(reference.dead, 0.0, reference.std)
    scaled = head.weight * scale
    counts = np.empty(len(features), np.int64)
    for sample, target in enumerate(targets):
        demands = demands_of(features[sample], (scaled, head.weight, head.bias), int(target), reference, margin=margin)
        counts[sample] = _fewest(demands, order)
    return counts


def path_of(explanation: Explanation, features: FloatArray, head: Head) -> tuple[FloatArray, FloatArray]:
    """Shares of the effort (P,) and the mean probability of the target (P,) on the straight way of the used samples."""
    ways = np.linspace(0, 1, POINTS)
    used = explanation.used
    if not len(used):
        return ways[:0], ways[:0]
    start, change = head(features[used]), explanation.shifts[used] @ head.weight.T
    places = np.arange(len(used)), explanation.targets[used]
    return ways, np.asarray([softmax(start + way * change, axis=1)[places].mean() for way in ways])


def _fewest(demands: Demands, order: IntArray) -> int:
    """By bisection: what t neurons can, t + 1 can."""
    low, high = 0, len(order) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _enough(demands, order[:middle]) else (middle, high)
    return high


def _enough(demands: Demands, neurons: IntArray) -> bool:
    part = replace(demands, weight=demands.weight[:, neurons], down=demands.down[neurons], up=demands.up[neurons])
    lead = part.weight[part.target] - part.weight
    if ((np.maximum(lead, 0) @ part.up + np.maximum(-lead, 0) @ part.down) < demands.gap).any():
        return False  # not even each demand alone can be met
    first = int(part.gap.argmax())
    furthest = np.where(lead[first] > 0, part.up, -part.down)
    return bool((part.short(furthest) <= 0).all()) or smallest_steps(part) is not None
