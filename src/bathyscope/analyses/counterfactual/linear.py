"""The smallest change of one sample's activations that lets a class win: exactly, within what the neurons can do.

Everything here is in steps: one is a deviation of the neuron, so that rescaling a neuron changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TOLERANCE = 1e-6
"""By so much a demand may be missed, in units of the largest gap; the solver itself guarantees 1e-7."""


@dataclass(frozen=True)
class Demands:
    """A target that must beat every other of the C classes: `gains(k) @ steps ≥ gap[k]`.

    Attributes
    ----------
    weight : (C, U) of the decision layer, per step
    target : class that is to win
    gap : (C,) by how much the target is behind each class, margin included; −inf for the target itself
    down, up : (U,) steps that each neuron can go, ≥ 0
    """

    weight: FloatArray
    target: int
    gap: FloatArray
    down: FloatArray
    up: FloatArray

    @property
    def tolerance(self) -> float:
        """What counts as nothing beside these gaps."""
        finite = self.gap[np.isfinite(self.gap)]
        return TOLERANCE * max(1.0, float(np.abs(finite).max(initial=0)))

    def gains(self, classes: list[int]) -> FloatArray:
        """(K, U) by how much one step of each neuron moves the target ahead of each of these classes."""
        return np.asarray(self.weight[self.target] - self.weight[classes], np.float64)

    def short(self, steps: FloatArray) -> FloatArray:
        """(C,) by how much each demand is missed."""
        gained = self.weight @ steps
        return np.asarray(self.gap - (gained[self.target] - gained), np.float64)


@dataclass(frozen=True)
class Steps:
    """A solution: (U,) steps, and the classes whose demands bind."""

    steps: FloatArray
    binding: tuple[int, ...]


def smallest_steps(demands: Demands) -> Steps | None:
    """The steps of the smallest Σ|steps| that meet all demands; None if none within the ranges do.

    Notes
    -----
    The demands are taken up one at a time, the most violated next. One alone is a continuous knapsack, several are a
    linear programme.
    """

    def solve(active: list[int]) -> FloatArray | None:
        if len(active) == 1:
            return knapsack(demands.gains(active)[0], float(demands.gap[active[0]]), demands.down, demands.up)
        return _programme(demands, active)

    return _one_demand_after_another(demands, solve)


def shortest_steps(demands: Demands) -> Steps | None:
    """The steps of the smallest Euclidean length that meet all demands, whatever the ranges; None if there are none.

    References
    ----------
    Lawson, Hanson (1974), Solving least squares problems, chapter 23: least distance programming.
    """
    from scipy.optimize import nnls

    def solve(active: list[int]) -> FloatArray | None:
        gains, gap = demands.gains(active), demands.gap[active]
        if len(active) == 1:
            squared = float(gains[0] @ gains[0])
            return None if squared == 0 else gains[0] * (gap[0] / squared)
        wanted = np.append(np.zeros(gains.shape[1]), 1.0)
        stacked = np.vstack([gains.T, gap])
        multipliers, distance = nnls(stacked, wanted)
        residual = stacked @ multipliers - wanted
        return None if distance < TOLERANCE else -residual[:-1] / residual[-1]

    return _one_demand_after_another(demands, solve)


def smallest_widening(demands: Demands) -> float | None:
    """By how many deviations all ranges must grow on either side so that the demands can be met; None if nothing helps.

    Neurons that can go nowhere stay where they are.
    """
    from scipy.optimize import linprog

    moving = np.flatnonzero(demands.down + demands.up > 0)

    def solve(active: list[int]) -> FloatArray | None:
        # Variables: a step of each neuron that moves, and last the widening, which alone costs.
        gains = demands.gains(active)[:, moving]
        wider = np.ones((len(moving), 1))
        eye = np.eye(len(moving))
        rows = np.vstack([np.hstack([-gains, np.zeros((len(active), 1))]), np.hstack([eye, -wider])])
        rows = np.vstack([rows, np.hstack([-eye, -wider])])
        limits = np.concatenate([-demands.gap[active], demands.up[moving], demands.down[moving]])
        bounds = [(None, None)] * len(moving) + [(0, None)]
        found = linprog(np.append(np.zeros(len(moving)), 1.0), rows, limits, bounds=bounds, method="highs")
        if found.status != 0:
            return None
        steps = np.zeros(len(demands.down))
        steps[moving] = found.x[:-1]
        widening[0] = float(found.x[-1])
        return steps

    widening = [0.0]
    return None if _one_demand_after_another(demands, solve) is None else widening[0]


def winnable(weight: FloatArray, bias: FloatArray, targets: IntArray, margin: float) -> dict[int, bool]:
    """Whether any activations at all let a class win by a margin; not so where its row lies within the others'.

    Parameters
    ----------
    weight, bias : (C, U) and (C,)
    targets : classes to tell of
    """
    distinct = np.unique(targets)
    along = weight[distinct] - weight.mean(axis=0)
    scores = along @ weight.T
    places = np.arange(len(distinct))
    own = scores[places, distinct].copy()
    scores[places, distinct] = -np.inf
    # Far enough in the direction of its own row it wins: nearly always that settles it.
    enough = own - scores.max(axis=1, initial=-np.inf) > 1e-9 * np.abs(scores[np.isfinite(scores)]).max(initial=1e-300)
    return {
        int(target): bool(sure) or _can_win(weight, bias, int(target), margin)
        for target, sure in zip(distinct, enough, strict=True)
    }


def _can_win(weight: FloatArray, bias: FloatArray, target: int, margin: float) -> bool:
    rivals = bias.copy()
    rivals[target] = -np.inf
    active = [int(rivals.argmax())]
    while True:
        ahead, where = _furthest_ahead(weight, bias, target, active, margin=margin)
        if ahead < margin - 1e-9:
            return False
        lead = (weight[target] - weight) @ where + bias[target] - bias
        lead[active] = lead[target] = np.inf
        worst = int(lead.argmin())
        if lead[worst] >= ahead - TOLERANCE:
            return True
        active.append(worst)


def knapsack(gain: FloatArray, gap: float, down: FloatArray, up: FloatArray) -> FloatArray | None:
    """The steps of the smallest Σ|steps| with `gain @ steps = gap > 0`; of equal neurons the first moves.

    Parameters
    ----------
    gain : (U,)
    down, up : (U,) how far each may go
    """
    room = np.where(gain > 0, up, down)
    order = np.argsort(-np.abs(gain), kind="stable")
    reached = np.cumsum((np.abs(gain) * room)[order])
    if not len(reached) or reached[-1] < gap:
        return None
    last = int(np.searchsorted(reached, gap))
    steps = np.zeros(len(gain))
    steps[order[:last]] = room[order[:last]]
    before = reached[last - 1] if last else 0.0
    steps[order[last]] = (gap - before) / np.abs(gain[order[last]])
    return np.asarray(np.sign(gain) * steps + 0.0, np.float64)


def _programme(demands: Demands, active: list[int]) -> FloatArray | None:
    """The linear programme of some demands, each step split into a part up and a part down."""
    from scipy.optimize import linprog

    gains = demands.gains(active)
    n_neurons = gains.shape[1]
    limits = np.column_stack([np.zeros(2 * n_neurons), np.concatenate([demands.up, demands.down])])
    found: Any = linprog(
        np.ones(2 * n_neurons), np.hstack([-gains, gains]), -demands.gap[active], bounds=limits, method="highs"
    )
    return None if found.status != 0 else np.asarray(found.x[:n_neurons] - found.x[n_neurons:], np.float64)


def _one_demand_after_another(demands: Demands, solve: Callable[[list[int]], FloatArray | None]) -> Steps | None:
    active = [int(demands.gap.argmax())]
    while True:
        steps = solve(active)
        if steps is None:
            return None
        short = demands.short(steps)
        binding = tuple(k for k in active if short[k] >= -demands.tolerance)
        short[active] = -np.inf
        worst = int(short.argmax())
        if short[worst] <= demands.tolerance:
            return Steps(steps, binding)
        active.append(worst)


def _furthest_ahead(
    weight: FloatArray, bias: FloatArray, target: int, active: list[int], *, margin: float
) -> tuple[float, FloatArray]:
    """By how much the target can be ahead of some classes, at most ten margins, and activations where it is."""
    from scipy.optimize import linprog

    gains = weight[target] - weight[active]
    n_neurons = gains.shape[1]
    found: Any = linprog(
        np.append(np.zeros(n_neurons), -1.0),
        np.hstack([-gains, np.ones((len(active), 1))]),
        bias[target] - bias[active],
        bounds=[(None, None)] * n_neurons + [(None, 10 * margin)],
        method="highs",
    )
    if found.status != 0:
        return -np.inf, np.zeros(n_neurons)
    return float(found.x[-1]), np.asarray(found.x[:-1], np.float64)
