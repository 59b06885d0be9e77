"""The counterfactuals of the paper: gradient descent on the decision layer until the target wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

RATE, MOMENTUM = 0.01, 0.9
L1, L2 = 0.1, 0.01
MAX_STEPS = 10_000


class Descent(NamedTuple):
    """What came of N samples: shifts (N, U), steps taken (N,), and whether the target won (N,)."""

    shifts: FloatArray
    effort: IntArray
    flipped: BoolArray


def descend(
    features: FloatArray,
    weight: FloatArray,
    bias: FloatArray,
    targets: IntArray,
    *,
    max_steps: int = MAX_STEPS,
    tell: Callable[[float], None] = lambda done: None,
) -> Descent:
    """Shift each sample's activations down the gradient of CE(target) + 0.1·‖ω‖₁/U + 0.01·‖ω‖₂/U.

    Parameters
    ----------
    features : (N, U)
    weight, bias : (C, U) and (C,)
    targets : (N,)
    tell : told the share of samples that are done

    Notes
    -----
    All samples go together, each as if it went alone; one that has flipped goes no further. The subgradient of both
    norms at 0 is 0. The paper's release has no limit of steps.
    """
    n_samples, n_neurons = features.shape
    shifts, effort = np.zeros_like(features), np.full(n_samples, max_steps)
    flipped = np.zeros(n_samples, bool)
    on = np.arange(n_samples)
    start, wanted = features @ weight.T + bias, np.asarray(targets)
    shift, velocity = np.zeros_like(features), np.zeros_like(features)
    for step in range(max_steps + 1):
        logits = start + shift @ weight.T
        won = logits.argmax(axis=1) == wanted
        if won.any():
            shifts[on[won]], effort[on[won]], flipped[on[won]] = shift[won], step, True
            stay = ~won
            on, start, wanted, shift, velocity, logits = (
                part[stay] for part in (on, start, wanted, shift, velocity, logits)
            )
            tell(1 - len(on) / n_samples)
        if not len(on) or step == max_steps:
            break
        error = softmax(logits, axis=1)
        error[np.arange(len(on)), wanted] -= 1
        length = np.linalg.norm(shift, axis=1, keepdims=True)
        gradient = error @ weight
        gradient += (L1 / n_neurons) * np.sign(shift)
        gradient += (L2 / n_neurons) * shift / np.where(length > 0, length, 1)
        velocity *= MOMENTUM
        velocity += gradient
        shift -= RATE * velocity
        if step % 50 == 0:
            tell(1 - len(on) / n_samples)
    shifts[on] = shift
    return Descent(shifts, effort, flipped)
