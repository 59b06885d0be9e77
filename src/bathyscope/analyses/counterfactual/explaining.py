"""From activations, a decision layer and targets to the shift of each sample, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.counterfactual.linear import (
    Demands,
    Steps,
    shortest_steps,
    smallest_steps,
    smallest_widening,
    winnable,
)
from bathyscope.analyses.counterfactual.published import MAX_STEPS, descend
from bathyscope.analyses.counterfactual.reference import Reference
from bathyscope.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
AnyFloats = npt.NDArray[np.floating]

Mode = Literal["feasible", "paper", "l2"]
STATUSES = ("flipped", "already_correct", "unreachable_in_range", "unargmaxable", "not_converged")

OUTSIDE = 1e-6
"""So many deviations beyond its range count as impossible."""


@dataclass(frozen=True)
class Explanation:
    """What would have to change for N samples.

    Attributes
    ----------
    mode : how the shifts were found
    targets : (N,) classes that were to win
    status : (N,) places in `STATUSES`
    shifts : (N, U) added to the activations; 0 for all but flipped and not converged samples
    effort : (N,) feasible: Σ|shift|/std; paper: steps of descent; l2: length of the shift
    margin_before, margin_after : (N,) logit of the target minus the strongest other
    at_bound : (N, U) neurons that went as far as they can
    infeasible : (N,) number of neurons that the shift takes out of their range
    binding : for each sample the classes that hold the target back
    widening : (N,) deviations by which all ranges must grow for an unreachable target; NaN elsewhere
    """

    mode: Mode
    targets: IntArray
    status: IntArray
    shifts: FloatArray
    effort: FloatArray
    margin_before: FloatArray
    margin_after: FloatArray
    at_bound: BoolArray
    infeasible: IntArray
    binding: tuple[tuple[int, ...], ...]
    widening: FloatArray

    @property
    def used(self) -> IntArray:
        """Places of the samples that were flipped by a change."""
        return np.flatnonzero((self.status == STATUSES.index("flipped")) & (self.effort > 0))

    def sparse_entry(self, sample: int) -> list[tuple[int, float]]:
        """Neurons that move and by how much, the largest first."""
        moved = np.flatnonzero(self.shifts[sample])
        order = moved[np.argsort(-np.abs(self.shifts[sample, moved]), kind="stable")]
        return [(int(neuron), float(self.shifts[sample, neuron])) for neuron in order]


def explain(
    features: AnyFloats,
    weight: AnyFloats,
    bias: AnyFloats,
    targets: IntArray,
    *,
    reference: Reference,
    mode: Mode = "feasible",
    margin: float = 1e-3,
    max_steps: int = MAX_STEPS,
    tell: Callable[[float], None] = lambda done: None,
) -> Explanation:
    """Which change of the pooled activations would make each target win?

    Parameters
    ----------
    features : (N, U) pooled activations after the non-linearity
    weight, bias : (C, U) and (C,) the decision layer, logits = features @ weight.T + bias
    targets : (N,) class indices
    reference : of the U neurons
    mode : feasible: the smallest Σ|shift|/std within each neuron's range, exactly; paper: gradient descent from 0 until
        the target wins, whatever is possible; l2: the shortest shift, whatever is possible
    margin : by which the target must win; the paper's mode stops as soon as it wins at all
    max_steps : of the paper's mode
    tell : told the share that is done

    Raises
    ------
    InputError
        If arrays do not fit together, hold NaN, or a target is no class.
    """
    z, W, b, y = checked(features, weight, bias, targets, reference=reference)
    logits = z @ W.T + b
    already = logits.argmax(axis=1) == y
    status = np.full(len(z), STATUSES.index("flipped"))
    status[already] = STATUSES.index("already_correct")
    possible = winnable(W, b, y[~already], margin)
    never = ~already & ~np.asarray([possible.get(int(target), True) for target in y], bool)
    status[never] = STATUSES.index("unargmaxable")
    asked = np.flatnonzero(~already & ~never)
    found = _Found(np.zeros_like(z), np.zeros(len(z)), status, np.full(len(z), np.nan), [()] * len(z))
    if mode == "paper":
        _publish(found, asked, (z, W, b, y), max_steps, tell=tell)
    else:
        _solve(found, asked, (z, W, b, y), reference, how=(mode, margin), tell=tell)
    return _pack(found, mode, (z, W, b, y), reference)


@dataclass
class _Found:
    shifts: FloatArray
    effort: FloatArray
    status: IntArray
    widening: FloatArray
    binding: list[tuple[int, ...]]


_Arrays = tuple[FloatArray, FloatArray, FloatArray, IntArray]


def _publish(found: _Found, asked: IntArray, arrays: _Arrays, max_steps: int, *, tell: Callable[[float], None]) -> None:
    z, W, b, y = arrays
    descent = descend(z[asked], W, b, y[asked], max_steps=max_steps, tell=tell)
    found.shifts[asked], found.effort[asked] = descent.shifts, descent.effort
    found.status[asked[~descent.flipped]] = STATUSES.index("not_converged")


def _solve(
    found: _Found,
    asked: IntArray,
    arrays: _Arrays,
    reference: Reference,
    *,
    how: tuple[Mode, float],
    tell: Callable[[float], None],
) -> None:
    z, W, b, y = arrays
    mode, margin = how
    scale = np.where(reference.dead, 0.0, reference.std) if mode == "feasible" else np.ones(z.shape[1])
    scaled = W * scale
    for done, sample in enumerate(asked):
        if done % 10 == 0:
            tell(done / len(asked))
        demands = demands_of(z[sample], (scaled, W, b), int(y[sample]), reference, margin=margin)
        steps: Steps | None = smallest_steps(demands) if mode == "feasible" else shortest_steps(demands)
        if steps is None and mode == "l2":
            found.status[sample] = STATUSES.index("not_converged")  # the solver failed: something is always enough
            continue
        if steps is None:
            found.status[sample] = STATUSES.index("unreachable_in_range")
            widening = smallest_widening(demands)
            found.widening[sample] = np.nan if widening is None else widening
            continue
        found.shifts[sample] = steps.steps * scale
        found.binding[sample] = steps.binding
        length = np.abs(steps.steps).sum() if mode == "feasible" else np.linalg.norm(steps.steps)
        found.effort[sample] = length


def demands_of(
    z: FloatArray,
    head: tuple[FloatArray, FloatArray, FloatArray],
    target: int,
    reference: Reference,
    *,
    margin: float,
) -> Demands:
    """What must hold so that a target wins at activations (U,); the head is (weight per step, weight, bias)."""
    scaled, weight, bias = head
    logits = weight @ z + bias
    gap = logits - logits[target] + margin
    gap[target] = -np.inf
    step = np.where(reference.dead, 1.0, reference.std)
    up = np.where(reference.dead, 0.0, np.maximum(reference.high - z, 0) / step)
    down = np.where(reference.dead, 0.0, np.maximum(z - reference.low, 0) / step)
    return Demands(scaled, target, gap, down, up)


def _pack(found: _Found, mode: Mode, arrays: _Arrays, reference: Reference) -> Explanation:
    z, W, b, y = arrays
    step = np.where(reference.std > 0, reference.std, 1.0)
    after = z + found.shifts
    low, high = np.minimum(reference.low, z), np.maximum(reference.high, z)
    moved = found.shifts != 0
    beyond = moved & (((after - high) / step > OUTSIDE) | ((low - after) / step > OUTSIDE))
    near = (np.abs(after - high) / step <= OUTSIDE) | (np.abs(after - low) / step <= OUTSIDE)
    return Explanation(
        mode,
        y,
        found.status,
        found.shifts,
        found.effort,
        margins(z @ W.T + b, y),
        margins(after @ W.T + b, y),
        moved & near,
        beyond.sum(axis=1),
        tuple(found.binding),
        found.widening,
    )


def margins(logits: FloatArray, targets: IntArray) -> FloatArray:
    """(N,) logit of the target minus the strongest other."""
    rows = np.arange(len(logits))
    others = logits.copy()
    others[rows, targets] = -np.inf
    return np.asarray(logits[rows, targets] - others.max(axis=1), np.float64)


def checked(
    features: AnyFloats, weight: AnyFloats, bias: AnyFloats, targets: npt.NDArray[np.integer], *, reference: Reference
) -> _Arrays:
    """The arrays in double precision, or an error that says what does not fit."""
    z, W, b = (np.asarray(array, np.float64) for array in (features, weight, bias))
    y = np.asarray(targets)
    if W.ndim != 2 or b.shape != W.shape[:1] or z.ndim != 2 or z.shape[1] != W.shape[1] or y.shape != z.shape[:1]:
        raise InputError(
            f"Activations {z.shape}, weight {W.shape}, bias {b.shape} and targets {y.shape} do not fit together. Give "
            "(N, U), (C, U), (C,) and (N,)."
        )
    if len(W) < 2:
        raise InputError(f"The decision layer has {len(W)} output; a counterfactual needs ≥ 2 classes.")
    if y.dtype.kind not in "iu":
        raise InputError(f"Targets are class indices 0 … {len(W) - 1}; {y.dtype} was given. Give whole numbers.")
    if len(y) and (y.min() < 0 or y.max() >= len(W)):
        raise InputError(
            f"A target is class {y.max() if y.max() >= len(W) else y.min()}; classes run over 0 … {len(W) - 1}."
        )
    if reference.std.shape != W.shape[1:]:
        raise InputError(f"The reference describes {len(reference.std)} neurons; the decision layer has {W.shape[1]}.")
    for name, array in (("weight", W), ("bias", b)):
        if not np.isfinite(array).all():
            raise InputError(
                f"The {name} of the decision layer holds NaN or infinities. Explain a checkpoint that is sound."
            )
    broken = np.flatnonzero(~np.isfinite(z).all(axis=1))
    if len(broken):
        rows = ", ".join(map(str, broken[:5].tolist()))
        raise InputError(
            f"{len(broken):,} samples have activations that are NaN or infinite: rows {rows}. Leave them out."
        )
    return z, W, b, y.astype(np.int64)
